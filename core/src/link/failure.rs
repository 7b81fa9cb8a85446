//! Why the XMPP stream ended.

use crate::error::{Condition, Reason, StreamCondition};
use crate::wire::xml::XmlError;

/// Why the stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In the owner's terms.
    pub reason: Reason,
    /// What the wire said, or what we said to it.
    pub condition: Option<Condition>,
}

impl From<XmlError> for Failure {
    fn from(error: XmlError) -> Self {
        let reason = match error {
            XmlError::RestrictedXml => Reason::RestrictedXml,
            XmlError::NotWellFormed | XmlError::BadNamespacePrefix | XmlError::UnsupportedEncoding => {
                Reason::NotWellFormed
            }
            XmlError::BadFormat => Reason::BadFormat,
            _ => Reason::LimitExceeded,
        };
        let condition = StreamCondition::from_name(error.stream_condition());
        Self { reason, condition: condition.map(Condition::Stream) }
    }
}
