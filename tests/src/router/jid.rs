//! Addresses as the server compares them.

use std::fmt;

/// An address with local and domain part in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Jid {
    /// Local part; absent for the domain itself.
    pub local: Option<String>,
    /// Domain part.
    pub domain: String,
    /// Resource part.
    pub resource: Option<String>,
}

impl Jid {
    /// Splits and checks an address; `None` when it breaks RFC 7622's lengths or forbidden characters.
    pub fn parse(text: &str) -> Option<Self> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        let sized = |part: &str| (1..=1023).contains(&part.len()) && !part.chars().any(char::is_control);
        let forbidden = |c: char| " \"&'/:<>@".contains(c);
        if !sized(domain) || domain.contains(forbidden) {
            return None;
        }
        if local.is_some_and(|l| !sized(l) || l.contains(forbidden)) || resource.is_some_and(|r| !sized(r)) {
            return None;
        }
        Some(Self {
            local: local.map(str::to_ascii_lowercase),
            domain: domain.to_ascii_lowercase(),
            resource: resource.map(str::to_owned),
        })
    }

    /// The address without its resource, as text.
    pub fn bare(&self) -> String {
        match &self.local {
            Some(local) => format!("{local}@{}", self.domain),
            None => self.domain.clone(),
        }
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bare())?;
        match &self.resource {
            Some(resource) => write!(f, "/{resource}"),
            None => Ok(()),
        }
    }
}
