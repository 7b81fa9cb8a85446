//! What follows when SOCKS5 does not come about, as long as no byte of the file was sent (SI-20, SI-22, SI-23).

use crate::error::{Reason, StanzaCondition};

/// Why no SOCKS5 bytestream came about, as the sender of the file sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socks5Failure {
    /// The peer refused our streamhosts.
    Refused(StanzaCondition),
    /// The peer reached none of our streamhosts.
    Unreached,
    /// The peer did not answer in time (QRK-47).
    NoAnswer,
    /// The proxy did not activate the stream (S5B-09).
    Activation,
    /// We did not reach the proxy the peer uses.
    ProxyUnreached,
    /// There is no streamhost to offer after all.
    NothingToOffer,
    /// Somebody else used the digest, and the peer came too late (ATK-30).
    Intruded,
}

/// What the sender does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Open in band with the same stream id.
    SameSid,
    /// Offer the file anew, in band only and under a new id.
    NewOffer,
    /// Give up.
    Fail(Reason),
}

/// After SOCKS5 failed (SI-22). `in_band_allowed`: by policy (SI-24). `in_band_offered`: the offer listed it, so the peer may
/// take it under the same id. `retried`: this already is the second offer.
pub(crate) fn after_socks5(
    why: Socks5Failure,
    in_band_allowed: bool,
    in_band_offered: bool,
    retried: bool,
) -> Next {
    let reason = match why {
        // The answer for "none reached" has a meaning of its own; everything else is a refusal.
        Socks5Failure::Refused(StanzaCondition::ItemNotFound) => Reason::NotReached,
        Socks5Failure::Refused(condition) => match final_word(condition) {
            Some(reason) => return Next::Fail(reason),
            None => Reason::Refused,
        },
        Socks5Failure::Unreached | Socks5Failure::ProxyUnreached | Socks5Failure::Intruded => {
            Reason::NotReached
        }
        Socks5Failure::NoAnswer => Reason::OpenTimeout,
        Socks5Failure::Activation => Reason::ActivationFailed,
        Socks5Failure::NothingToOffer => Reason::NoStreamhost,
    };
    match (in_band_allowed, in_band_offered) {
        (false, _) => Next::Fail(reason),
        (true, true) => Next::SameSid,
        // SI-21: under the same id a peer takes only what was offered.
        (true, false) if !retried => Next::NewOffer,
        (true, false) => Next::Fail(reason),
    }
}

/// After the peer refused to open in band under the id of the failed SOCKS5 attempt (SI-22): most peers take only
/// the method they chose (QRK-10), one sends errors without a condition (QRK-06), and one says that it does not know
/// what it does know after the next offer.
pub(crate) fn after_same_sid(condition: StanzaCondition, retried: bool) -> Next {
    use StanzaCondition::*;
    match condition {
        ItemNotFound | NotAcceptable | ServiceUnavailable | FeatureNotImplemented | UndefinedCondition
            if !retried =>
        {
            Next::NewOffer
        }
        ItemNotFound | NotAcceptable | ServiceUnavailable | UndefinedCondition => {
            Next::Fail(Reason::NotReached)
        }
        FeatureNotImplemented => Next::Fail(Reason::Unsupported),
        other => Next::Fail(final_word(other).unwrap_or(Reason::Refused)),
    }
}

/// Why nothing else is to be tried after this refusal: the peer does not want the file, or is not there any more.
pub(crate) fn final_word(condition: StanzaCondition) -> Option<Reason> {
    use StanzaCondition::*;
    match condition {
        // SI-22: `not-acceptable` is not among them; it speaks of the bytestream.
        Forbidden | NotAllowed | NotAuthorized | PolicyViolation => Some(Reason::Refused),
        RecipientUnavailable | Gone | RemoteServerNotFound | RemoteServerTimeout => Some(Reason::PeerGone),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn si_20_si_22_qrk_10_in_band_follows_under_the_same_id_and_then_once_by_a_new_offer() {
        use Socks5Failure::*;
        for why in [Unreached, NoAnswer, Activation, ProxyUnreached, NothingToOffer, Intruded] {
            assert_eq!(after_socks5(why, true, true, false), Next::SameSid, "{why:?}");
            assert_eq!(after_socks5(why, true, false, false), Next::NewOffer, "SI-21: {why:?}");
        }
        use StanzaCondition::{ItemNotFound, NotAcceptable, ServiceUnavailable};
        for condition in [ItemNotFound, NotAcceptable, ServiceUnavailable] {
            assert_eq!(after_same_sid(condition, false), Next::NewOffer, "{condition:?}");
            assert_eq!(after_same_sid(condition, true), Next::Fail(Reason::NotReached), "{condition:?}");
        }
    }

    #[test]
    fn si_24_without_in_band_every_failure_has_its_own_name() {
        for (why, reason) in [
            (Socks5Failure::Unreached, Reason::NotReached),
            (Socks5Failure::ProxyUnreached, Reason::NotReached),
            // ATK-30: the peer itself reached nothing; the event tells of the intruder.
            (Socks5Failure::Intruded, Reason::NotReached),
            (Socks5Failure::NoAnswer, Reason::OpenTimeout),
            (Socks5Failure::Activation, Reason::ActivationFailed),
            (Socks5Failure::NothingToOffer, Reason::NoStreamhost),
            (Socks5Failure::Refused(StanzaCondition::ItemNotFound), Reason::NotReached),
            (Socks5Failure::Refused(StanzaCondition::InternalServerError), Reason::Refused),
        ] {
            for offered in [true, false] {
                assert_eq!(after_socks5(why, false, offered, false), Next::Fail(reason), "{why:?}");
            }
            assert_eq!(after_socks5(why, true, false, true), Next::Fail(reason), "{why:?} of a second offer");
        }
    }

    #[test]
    fn si_22_a_refusal_of_the_file_is_no_failure_of_the_method() {
        use StanzaCondition::*;
        for (condition, reason) in [
            (Forbidden, Some(Reason::Refused)),
            (NotAllowed, Some(Reason::Refused)),
            (RecipientUnavailable, Some(Reason::PeerGone)),
            (ItemNotFound, None),
            // XEP-0065 has it for "unwilling" to take these streamhosts.
            (NotAcceptable, None),
            // Peers that chose SOCKS5 without being able to do it, or stumbled over our streamhosts.
            (FeatureNotImplemented, None),
            (ServiceUnavailable, None),
            (BadRequest, None),
            (UndefinedCondition, None),
        ] {
            let want = reason.map_or(Next::SameSid, Next::Fail);
            let found = after_socks5(Socks5Failure::Refused(condition), true, true, false);
            assert_eq!(found, want, "{condition:?}");
        }
    }

    #[test]
    fn no_answer_of_any_peer_leads_to_a_third_attempt() {
        for condition in StanzaCondition::ALL {
            assert!(matches!(after_same_sid(*condition, true), Next::Fail(_)), "{condition:?}");
            let why = Socks5Failure::Refused(*condition);
            assert!(matches!(after_socks5(why, true, false, true), Next::Fail(_)), "{condition:?}");
        }
    }

    #[test]
    fn qrk_06_an_error_without_a_condition_is_no_last_word() {
        assert_eq!(after_same_sid(StanzaCondition::UndefinedCondition, false), Next::NewOffer);
        let none = |retried| after_same_sid(StanzaCondition::FeatureNotImplemented, retried);
        assert_eq!((none(false), none(true)), (Next::NewOffer, Next::Fail(Reason::Unsupported)));
        let full = after_same_sid(StanzaCondition::ResourceConstraint, false);
        assert_eq!(full, Next::Fail(Reason::Refused));
    }
}
