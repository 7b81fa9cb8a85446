//! Stanza errors, read and written (STZ-05..07).

use super::{Element, IqType, Ns, open_iq};
use crate::error::StanzaCondition;
use crate::wire::xml::Writer;

/// What we suggest with an error of ours to do (RFC 6120 8.3.2). That of others is not read: peers get it wrong (STZ-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// Do not retry.
    Cancel,
    /// Retry after changing the data.
    Modify,
    /// Retry later.
    Wait,
}

impl ErrorType {
    /// The value on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }
}

/// The condition of an error stanza; whatever is missing or unknown is `undefined-condition` (STZ-07).
#[must_use]
pub fn read_error(stanza: Element<'_>) -> StanzaCondition {
    let Some(error) = stanza.child(Ns::Client, "error") else {
        return StanzaCondition::UndefinedCondition;
    };
    let condition = error.children().find(|child| child.ns() == Ns::Stanzas && child.name() != "text");
    match condition {
        Some(condition) => StanzaCondition::from_name(condition.name()),
        None => error.attr("code").and_then(from_legacy_code),
    }
    .unwrap_or(StanzaCondition::UndefinedCondition)
}

/// Whether an error stanza holds that application element (RFC 6120 8.3.4).
#[must_use]
pub fn error_says(stanza: Element<'_>, ns: Ns, name: &str) -> bool {
    stanza.child(Ns::Client, "error").is_some_and(|error| error.child(ns, name).is_some())
}

/// Writes a whole iq error: the condition, then text, then an application element given as namespace and name.
///
/// `legacy_code` adds the number that clients older than XMPP 1.0 read (XEP-0086).
#[expect(
    clippy::too_many_arguments,
    reason = "one call writes one stanza; a struct would be built to be taken apart"
)]
pub fn write_error(
    w: &mut Writer<'_>,
    to: Option<&str>,
    id: &str,
    kind: ErrorType,
    condition: StanzaCondition,
    text: Option<&str>,
    app: Option<(&str, &str)>,
    legacy_code: bool,
) {
    open_iq(w, IqType::Error, to, id);
    w.open("error").attr("type", kind.name());
    if let Some(code) = legacy_code_of(condition).filter(|_| legacy_code) {
        w.attr("code", code);
    }
    w.open(condition.name()).attr("xmlns", Ns::Stanzas.uri()).close(condition.name());
    if let Some(text) = text {
        w.open("text").attr("xmlns", Ns::Stanzas.uri()).text(text).close("text");
    }
    if let Some((ns, name)) = app {
        w.open(name).attr("xmlns", ns).close(name);
    }
    w.close("error").close("iq");
}

/// The mapping of XEP-0086 section 3 from number to condition.
fn from_legacy_code(code: &str) -> Option<StanzaCondition> {
    Some(match code {
        "400" => StanzaCondition::BadRequest,
        "401" => StanzaCondition::NotAuthorized,
        "403" => StanzaCondition::Forbidden,
        "404" => StanzaCondition::ItemNotFound,
        "405" => StanzaCondition::NotAllowed,
        "406" => StanzaCondition::NotAcceptable,
        "500" => StanzaCondition::InternalServerError,
        "501" => StanzaCondition::FeatureNotImplemented,
        "503" => StanzaCondition::ServiceUnavailable,
        "504" => StanzaCondition::RemoteServerTimeout,
        _ => return None,
    })
}

/// The mapping of XEP-0086 section 2 from condition to number; conditions newer than it have none.
fn legacy_code_of(condition: StanzaCondition) -> Option<&'static str> {
    Some(match condition {
        StanzaCondition::BadRequest | StanzaCondition::JidMalformed | StanzaCondition::UnexpectedRequest => {
            "400"
        }
        StanzaCondition::NotAuthorized => "401",
        StanzaCondition::Forbidden => "403",
        StanzaCondition::ItemNotFound
        | StanzaCondition::RecipientUnavailable
        | StanzaCondition::RemoteServerNotFound => "404",
        StanzaCondition::NotAllowed => "405",
        StanzaCondition::NotAcceptable => "406",
        StanzaCondition::RegistrationRequired | StanzaCondition::SubscriptionRequired => "407",
        StanzaCondition::Conflict => "409",
        StanzaCondition::Gone | StanzaCondition::Redirect => "302",
        StanzaCondition::InternalServerError
        | StanzaCondition::ResourceConstraint
        | StanzaCondition::UndefinedCondition => "500",
        StanzaCondition::FeatureNotImplemented => "501",
        StanzaCondition::ServiceUnavailable => "503",
        StanzaCondition::RemoteServerTimeout => "504",
        StanzaCondition::PolicyViolation => return None,
    })
}
