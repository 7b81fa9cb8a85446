//! What a peer's refusal, or a server's in its place, means: decided by the condition, never by the error's type (STZ-06).

use crate::error::{Reason, StanzaCondition};

/// Why a peer, or a server in its place, refuses. Decided by the condition, never by the error's type (STZ-06).
pub(crate) fn reason_of_refusal(condition: StanzaCondition) -> Reason {
    use StanzaCondition::*;
    match condition {
        ServiceUnavailable | RecipientUnavailable | ItemNotFound | RemoteServerNotFound
        | RemoteServerTimeout | Gone => Reason::PeerUnknown,
        FeatureNotImplemented => Reason::Unsupported,
        _ => Reason::Refused,
    }
}

/// Why a peer that accepted the offer does not open the bytestream (IBB-04, STZ-11).
pub(crate) fn reason_of_open_refusal(condition: StanzaCondition) -> Reason {
    use StanzaCondition::*;
    match condition {
        FeatureNotImplemented => Reason::Unsupported,
        NotAcceptable | ResourceConstraint => Reason::Refused,
        other => reason_of_block_error(other),
    }
}

/// Why a block came back (IBB-23).
pub(crate) fn reason_of_block_error(condition: StanzaCondition) -> Reason {
    use StanzaCondition::*;
    match condition {
        RecipientUnavailable | RemoteServerTimeout | RemoteServerNotFound | ServiceUnavailable => {
            Reason::PeerGone
        }
        ItemNotFound => Reason::PeerCancelled,
        _ => Reason::Refused,
    }
}
