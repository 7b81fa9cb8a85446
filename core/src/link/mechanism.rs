//! What can be negotiated: SASL mechanisms, what the server offers of them, what TLS gives to bind to.

use crate::config::ChannelBinding;
use crate::wire::scram::{BINDING_BYTES, Hash};
use crate::wire::stanza::{Element, Ns};

/// Mechanisms in the order of preference (SASL-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Mechanism {
    External,
    Sha256Plus,
    Sha1Plus,
    Sha256,
    Sha1,
    Plain,
}

impl Mechanism {
    pub(super) const ALL: [Self; 6] =
        [Self::External, Self::Sha256Plus, Self::Sha1Plus, Self::Sha256, Self::Sha1, Self::Plain];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::Sha256Plus => "SCRAM-SHA-256-PLUS",
            Self::Sha1Plus => "SCRAM-SHA-1-PLUS",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Plain => "PLAIN",
        }
    }

    pub(super) const fn bit(self) -> u8 {
        1u8.wrapping_shl(self as u32)
    }

    pub(super) const fn hash(self) -> Option<Hash> {
        match self {
            Self::Sha256Plus | Self::Sha256 => Some(Hash::Sha256),
            Self::Sha1Plus | Self::Sha1 => Some(Hash::Sha1),
            Self::External | Self::Plain => None,
        }
    }

    pub(super) const fn binds(self) -> bool {
        matches!(self, Self::Sha256Plus | Self::Sha1Plus)
    }
}

/// What the server offers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offer {
    mechanisms: u8,
    /// A mechanism with channel binding, maybe one unknown here (SASL-08).
    pub(super) any_plus: bool,
    /// Channel-binding types are announced (XEP-0440).
    pub(super) announced: bool,
    pub(super) exporter: bool,
    pub(super) server_end_point: bool,
}

impl Offer {
    pub(super) fn read(mechanisms: Element<'_>, bindings: Option<Element<'_>>) -> Self {
        let mut offer = Self::default();
        for child in mechanisms.children().filter(|child| child.is(Ns::Sasl, "mechanism")) {
            let name = child.text();
            offer.any_plus |= name.ends_with("-PLUS");
            let known = Mechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name);
            offer.mechanisms |= known.map_or(0, Mechanism::bit);
        }
        let Some(bindings) = bindings else {
            return offer;
        };
        for child in bindings.children().filter(|child| child.is(Ns::SaslCb, "channel-binding")) {
            offer.announced = true;
            match child.attr("type") {
                Some("tls-exporter") => offer.exporter = true,
                Some("tls-server-end-point") => offer.server_end_point = true,
                _ => {}
            }
        }
        offer
    }

    pub(super) const fn has(&self, mechanism: Mechanism) -> bool {
        self.mechanisms & mechanism.bit() != 0
    }
}

/// Channel-binding data of the TLS layer, copied.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bindings {
    exporter: Option<Data>,
    server_end_point: Option<Data>,
}

#[derive(Clone, Copy, Debug)]
struct Data {
    bytes: [u8; BINDING_BYTES],
    length: usize,
}

impl Data {
    /// Outer `None`: too long.
    fn new(data: Option<&[u8]>) -> Option<Option<Self>> {
        let Some(data) = data.filter(|data| !data.is_empty()) else {
            return Some(None);
        };
        let mut bytes = [0; BINDING_BYTES];
        bytes.get_mut(..data.len())?.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
        Some(Some(Self { bytes, length: data.len() }))
    }

    fn get(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Bindings {
    /// `None` if the data is too long.
    pub(super) fn new(binding: &ChannelBinding<'_>) -> Option<Self> {
        Some(Self {
            exporter: Data::new(binding.exporter)?,
            server_end_point: Data::new(binding.server_end_point)?,
        })
    }

    pub(super) fn exporter(&self) -> Option<&[u8]> {
        self.exporter.as_ref().map(Data::get)
    }

    pub(super) fn server_end_point(&self) -> Option<&[u8]> {
        self.server_end_point.as_ref().map(Data::get)
    }

    pub(super) const fn any(&self) -> bool {
        self.exporter.is_some() || self.server_end_point.is_some()
    }
}
