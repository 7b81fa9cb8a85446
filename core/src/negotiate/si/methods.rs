//! The stream methods of an offer: what is listed, and what is chosen from it (SI-05, SI-08).

use crate::config::{Method, Methods};
use crate::wire::stanza::Ns;

/// A stream method as the wire knows it. Mediated and direct are one: the streamhosts make the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamMethod {
    /// SOCKS5 bytestreams (XEP-0065).
    Socks5,
    /// In-band bytestreams (XEP-0047).
    InBand,
}

impl StreamMethod {
    /// The value on the wire.
    pub(crate) const fn uri(self) -> &'static str {
        match self {
            Self::Socks5 => Ns::S5b.uri(),
            Self::InBand => Ns::Ibb.uri(),
        }
    }

    /// The method of that value; others exist (SI-26) and mean nothing here.
    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        match Ns::from_uri(uri) {
            Ns::S5b => Some(Self::Socks5),
            Ns::Ibb => Some(Self::InBand),
            _ => None,
        }
    }
}

/// Stream methods in order, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamMethods([Option<StreamMethod>; 2]);

impl StreamMethods {
    pub(crate) const NONE: Self = Self([None, None]);
    /// The usual order.
    #[cfg(test)]
    pub(crate) const BOTH: Self = Self([Some(StreamMethod::Socks5), Some(StreamMethod::InBand)]);
    #[cfg(test)]
    pub(crate) const IN_BAND: Self = Self([Some(StreamMethod::InBand), None]);

    /// What the policy allows, in its order; SOCKS5 only where there is something it can be done with.
    pub(crate) fn of(methods: &Methods, socks5_possible: bool) -> Self {
        let allowed = methods.iter().filter_map(|method| match method {
            Method::InBand => Some(StreamMethod::InBand),
            Method::Mediated | Method::Direct => Some(StreamMethod::Socks5).filter(|_| socks5_possible),
        });
        allowed.collect()
    }

    pub(crate) fn has(self, method: StreamMethod) -> bool {
        self.0.contains(&Some(method))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = StreamMethod> {
        self.0.into_iter().flatten()
    }

    /// The others.
    #[cfg(test)]
    pub(crate) fn without(self, method: StreamMethod) -> Self {
        self.iter().filter(|other| *other != method).collect()
    }
}

impl FromIterator<StreamMethod> for StreamMethods {
    fn from_iter<I: IntoIterator<Item = StreamMethod>>(methods: I) -> Self {
        let mut all = Self::NONE;
        for method in methods {
            // Two places for two methods: the last is free when one of them is missing.
            if !all.has(method)
                && let Some(free) = all.0.iter_mut().find(|place| place.is_none())
            {
                *free = Some(method);
            }
        }
        all
    }
}

/// What the receiver of an offer takes: the first of its own order that is offered (SI-08, QRK-11).
pub(crate) fn choose(ours: StreamMethods, theirs: StreamMethods) -> Option<StreamMethod> {
    ours.iter().find(|method| theirs.has(*method))
}

#[cfg(test)]
mod tests {
    use super::StreamMethod::{InBand, Socks5};
    use super::*;

    fn list(methods: &[StreamMethod]) -> StreamMethods {
        methods.iter().copied().collect()
    }

    #[test]
    fn both_kinds_of_socks5_are_one_stream_method_at_the_place_of_the_first() {
        use Method::{Direct, InBand as Band, Mediated};
        for (policy, possible, want) in [
            (&[Mediated, Direct, Band][..], true, &[Socks5, InBand][..]),
            (&[Mediated, Direct, Band], false, &[InBand]),
            (&[Band, Mediated, Direct], true, &[InBand, Socks5]),
            (&[Direct, Band, Mediated], true, &[Socks5, InBand]),
            (&[Direct, Mediated], true, &[Socks5]),
            (&[Direct], false, &[]),
            (&[Band], true, &[InBand]),
        ] {
            let policy = Methods::of(policy).unwrap();
            assert_eq!(StreamMethods::of(&policy, possible), list(want), "{policy:?} {possible}");
        }
    }

    #[test]
    fn si_08_qrk_11_the_receivers_own_order_decides() {
        let (both, turned) = (list(&[Socks5, InBand]), list(&[InBand, Socks5]));
        assert_eq!(choose(both, turned), Some(Socks5));
        assert_eq!(choose(turned, both), Some(InBand));
        assert_eq!(choose(StreamMethods::IN_BAND, both), Some(InBand));
        assert_eq!(choose(both, StreamMethods::IN_BAND), Some(InBand));
        assert_eq!(choose(StreamMethods::IN_BAND, list(&[Socks5])), None);
        assert_eq!(choose(StreamMethods::NONE, both), None);
    }

    #[test]
    fn si_26_unknown_methods_are_none_and_doubled_ones_count_once() {
        let known: StreamMethods = [Ns::Ibb.uri(), "jabber:iq:oob", "", Ns::S5b.uri(), Ns::Ibb.uri()]
            .into_iter()
            .filter_map(StreamMethod::from_uri)
            .collect();
        assert_eq!(known, list(&[InBand, Socks5]));
        assert_eq!(known.without(Socks5), StreamMethods::IN_BAND);
        assert_eq!(known.without(Socks5).without(InBand), StreamMethods::NONE);
    }
}
