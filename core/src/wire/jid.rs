//! XMPP addresses (RFC 7622): parts, and comparison in the two ways STZ-12 asks for.
//!
//! Addresses stamped by the server are prepared and compared byte for byte (`==` on their text). Addresses from
//! the host or from payloads are folded first: ASCII letters of the local and domain part; resources never.

/// Longest part, bytes (RFC 7622 section 3.1).
pub const PART_BYTES: usize = 1023;

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JidError {
    /// A part is empty although its separator is there, or there is no domain.
    Empty,
    /// A part has more than 1023 bytes.
    TooLong,
    /// A character that this part cannot hold.
    Character,
}

/// An address and views of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jid<'j> {
    text: &'j str,
    local: Option<&'j str>,
    domain: &'j str,
    resource: Option<&'j str>,
}

impl<'j> Jid<'j> {
    /// Splits and checks an address.
    ///
    /// # Errors
    /// See [`JidError`]. Characters outside ASCII are taken as they are, except control characters.
    pub fn parse(text: &'j str) -> Result<Self, JidError> {
        // The first slash ends the bare part; the resource may hold more of both separators.
        let (bare, resource) = match split_at_byte(text, b'/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match split_at_byte(bare, b'@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        local.map_or(Ok(()), |part| check(part, is_local))?;
        check(domain, is_domain)?;
        resource.map_or(Ok(()), |part| check(part, is_resource))?;
        Ok(Self { text, local, domain, resource })
    }

    /// The whole address.
    #[must_use]
    pub const fn as_str(&self) -> &'j str {
        self.text
    }

    /// The part before `@`.
    #[must_use]
    pub const fn local(&self) -> Option<&'j str> {
        self.local
    }

    /// The domain part.
    #[must_use]
    pub const fn domain(&self) -> &'j str {
        self.domain
    }

    /// The address without resource.
    #[must_use]
    pub fn bare(&self) -> &'j str {
        bare(self.text)
    }

    /// True with a resource: the only kind that file transfer asks (STZ-10).
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.resource.is_some()
    }

    /// Equality of addresses that were not stamped: local and domain part without regard to ASCII case and to a
    /// final dot of the domain, resource exactly (STZ-12).
    #[must_use]
    pub fn matches(&self, other: &Jid<'_>) -> bool {
        let local = match (self.local, other.local) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (None, None) => true,
            _ => false,
        };
        local
            && without_dot(self.domain).eq_ignore_ascii_case(without_dot(other.domain))
            && self.resource == other.resource
    }

    /// The folded address as a string of its own, for later comparison byte for byte; `None` when longer than `N`.
    #[must_use]
    pub fn prepared<const N: usize>(&self) -> Option<heapless::String<N>> {
        let mut out = heapless::Vec::new();
        let (local, at) = self.local.map_or(("", ""), |local| (local, "@"));
        for part in [local, at, without_dot(self.domain)] {
            part.bytes().try_for_each(|byte| out.push(byte.to_ascii_lowercase()).ok())?;
        }
        let (slash, resource) = self.resource.map_or(("", ""), |resource| ("/", resource));
        for part in [slash, resource] {
            part.bytes().try_for_each(|byte| out.push(byte).ok())?;
        }
        heapless::String::from_utf8(out).ok()
    }
}

/// What stands before and after the first such ASCII character. `str::split_once` would leave a panic path in the
/// archive.
pub(crate) fn split_at_byte(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(separator, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at.checked_add(1)?..)?))
}

/// The parts one after another as a bounded string; `None` when longer than `N`.
///
/// Byte by byte on purpose: `push_str` of the string adds its length unchecked against its capacity, and with that
/// leaves a panic path in the archive.
pub(crate) fn concat<const N: usize>(parts: &[&str]) -> Option<heapless::String<N>> {
    let mut out = heapless::Vec::new();
    for part in parts {
        part.bytes().try_for_each(|byte| out.push(byte).ok())?;
    }
    heapless::String::from_utf8(out).ok()
}

/// The form in which an address that somebody spelled comes back in what its owner sends (STZ-12).
pub(crate) fn prepared<const N: usize>(text: &str) -> Option<heapless::String<N>> {
    Jid::parse(text).ok()?.prepared()
}

/// The part of an address before the resource; right for every text [`Jid::parse`] accepts.
#[must_use]
pub fn bare(text: &str) -> &str {
    split_at_byte(text, b'/').map_or(text, |(bare, _)| bare)
}

/// RFC 7622 section 3.2: a final dot is no part of the domain.
fn without_dot(domain: &str) -> &str {
    domain.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(domain)
}

fn check(part: &str, legal: fn(char) -> bool) -> Result<(), JidError> {
    if part.is_empty() {
        return Err(JidError::Empty);
    }
    if part.len() > PART_BYTES {
        return Err(JidError::TooLong);
    }
    if !part.chars().all(legal) {
        return Err(JidError::Character);
    }
    Ok(())
}

/// Control characters end up in logs and on screens (ATK-62), so no part may hold them.
fn is_resource(c: char) -> bool {
    !matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

fn is_domain(c: char) -> bool {
    is_resource(c) && !matches!(c, ' ' | '"' | '&' | '\'' | '/' | '<' | '>' | '@')
}

/// RFC 7622 section 3.3.1 names the characters that a local part cannot hold.
fn is_local(c: char) -> bool {
    is_domain(c) && c != ':'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<&str>, &str, Option<&str>) {
        let jid = Jid::parse(text).unwrap();
        (jid.local(), jid.domain(), jid.resource)
    }

    #[test]
    fn addresses_split_at_the_first_slash_and_the_first_at_before_it() {
        assert_eq!(parts("rad.example"), (None, "rad.example", None));
        assert_eq!(parts("ct1@rad.example"), (Some("ct1"), "rad.example", None));
        assert_eq!(parts("ct1@rad.example/gw-1"), (Some("ct1"), "rad.example", Some("gw-1")));
        assert_eq!(parts("rad.example/a@b/c"), (None, "rad.example", Some("a@b/c")));
        assert_eq!(parts("ct1@[::1]/x y"), (Some("ct1"), "[::1]", Some("x y")));
        assert_eq!(Jid::parse("ct1@rad.example/gw-1").unwrap().bare(), "ct1@rad.example");
        assert!(!Jid::parse("ct1@rad.example").unwrap().is_full());
    }

    #[test]
    fn broken_addresses_are_refused() {
        for text in ["", "@rad.example", "ct1@", "rad.example/", "/gw", "@", "ct1@/gw"] {
            assert_eq!(Jid::parse(text), Err(JidError::Empty), "{text}");
        }
        for text in [
            "a b@x",
            "a:b@x",
            "a@b@c",
            "a<b@x",
            "a@x y",
            "a@x/\n",
            "a\u{7f}@x",
            "a'@x",
            "a@x/\u{0}",
            "a@x/\u{85}",
        ] {
            assert_eq!(Jid::parse(text), Err(JidError::Character), "{text:?}");
        }
    }

    #[test]
    fn parts_up_to_1023_bytes_are_taken() {
        let part = heapless::String::<1024>::try_from(core::str::from_utf8(&[b'a'; 1023]).unwrap()).unwrap();
        let mut whole = heapless::String::<4096>::new();
        for piece in [part.as_str(), "@", &part, "/", &part] {
            whole.push_str(piece).unwrap();
        }
        assert_eq!(whole.len(), 3071);
        assert!(Jid::parse(&whole).is_ok());
        whole.push('a').unwrap();
        assert_eq!(Jid::parse(&whole), Err(JidError::TooLong));
    }

    #[test]
    fn comparison_folds_local_and_domain_but_not_resource() {
        let jid = Jid::parse("CT1@Rad.Example./GW").unwrap();
        assert!(jid.matches(&Jid::parse("ct1@rad.example/GW").unwrap()));
        assert!(!jid.matches(&Jid::parse("ct1@rad.example/gw").unwrap()));
        assert!(!jid.matches(&Jid::parse("rad.example/GW").unwrap()));
        assert_eq!(jid.prepared::<32>().unwrap(), "ct1@rad.example/GW");
        assert_eq!(jid.prepared::<8>(), None);
    }
}
