//! The conditions of RFC 6120 as numbers: 100.. in a stanza error, 200.. in a stream error, 300.. in a SASL failure.

use core::ffi::CStr;
use xft_core::{Condition, SaslCondition, StanzaCondition, StreamCondition};

/// The condition that an error carried on the wire. Together with the reason it tells an administrator what the
/// other side said; `xft_condition_name` gives the word as it stood in the XML.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_condition {
    /// The wire carried none.
    XFT_CONDITION_NONE = 0,
    /// A stanza error (RFC 6120 8.3.3): `bad-request`.
    XFT_CONDITION_STANZA_BAD_REQUEST = 100,
    /// A stanza error (RFC 6120 8.3.3): `conflict`.
    XFT_CONDITION_STANZA_CONFLICT = 101,
    /// A stanza error (RFC 6120 8.3.3): `feature-not-implemented`.
    XFT_CONDITION_STANZA_FEATURE_NOT_IMPLEMENTED = 102,
    /// A stanza error (RFC 6120 8.3.3): `forbidden`.
    XFT_CONDITION_STANZA_FORBIDDEN = 103,
    /// A stanza error (RFC 6120 8.3.3): `gone`.
    XFT_CONDITION_STANZA_GONE = 104,
    /// A stanza error (RFC 6120 8.3.3): `internal-server-error`.
    XFT_CONDITION_STANZA_INTERNAL_SERVER_ERROR = 105,
    /// A stanza error (RFC 6120 8.3.3): `item-not-found`.
    XFT_CONDITION_STANZA_ITEM_NOT_FOUND = 106,
    /// A stanza error (RFC 6120 8.3.3): `jid-malformed`.
    XFT_CONDITION_STANZA_JID_MALFORMED = 107,
    /// A stanza error (RFC 6120 8.3.3): `not-acceptable`.
    XFT_CONDITION_STANZA_NOT_ACCEPTABLE = 108,
    /// A stanza error (RFC 6120 8.3.3): `not-allowed`.
    XFT_CONDITION_STANZA_NOT_ALLOWED = 109,
    /// A stanza error (RFC 6120 8.3.3): `not-authorized`.
    XFT_CONDITION_STANZA_NOT_AUTHORIZED = 110,
    /// A stanza error (RFC 6120 8.3.3): `policy-violation`.
    XFT_CONDITION_STANZA_POLICY_VIOLATION = 111,
    /// A stanza error (RFC 6120 8.3.3): `recipient-unavailable`.
    XFT_CONDITION_STANZA_RECIPIENT_UNAVAILABLE = 112,
    /// A stanza error (RFC 6120 8.3.3): `redirect`.
    XFT_CONDITION_STANZA_REDIRECT = 113,
    /// A stanza error (RFC 6120 8.3.3): `registration-required`.
    XFT_CONDITION_STANZA_REGISTRATION_REQUIRED = 114,
    /// A stanza error (RFC 6120 8.3.3): `remote-server-not-found`.
    XFT_CONDITION_STANZA_REMOTE_SERVER_NOT_FOUND = 115,
    /// A stanza error (RFC 6120 8.3.3): `remote-server-timeout`.
    XFT_CONDITION_STANZA_REMOTE_SERVER_TIMEOUT = 116,
    /// A stanza error (RFC 6120 8.3.3): `resource-constraint`.
    XFT_CONDITION_STANZA_RESOURCE_CONSTRAINT = 117,
    /// A stanza error (RFC 6120 8.3.3): `service-unavailable`.
    XFT_CONDITION_STANZA_SERVICE_UNAVAILABLE = 118,
    /// A stanza error (RFC 6120 8.3.3): `subscription-required`.
    XFT_CONDITION_STANZA_SUBSCRIPTION_REQUIRED = 119,
    /// A stanza error (RFC 6120 8.3.3): `undefined-condition`.
    XFT_CONDITION_STANZA_UNDEFINED_CONDITION = 120,
    /// A stanza error (RFC 6120 8.3.3): `unexpected-request`.
    XFT_CONDITION_STANZA_UNEXPECTED_REQUEST = 121,
    /// A stream error (RFC 6120 4.9.3): `bad-format`.
    XFT_CONDITION_STREAM_BAD_FORMAT = 200,
    /// A stream error (RFC 6120 4.9.3): `bad-namespace-prefix`.
    XFT_CONDITION_STREAM_BAD_NAMESPACE_PREFIX = 201,
    /// A stream error (RFC 6120 4.9.3): `conflict`.
    XFT_CONDITION_STREAM_CONFLICT = 202,
    /// A stream error (RFC 6120 4.9.3): `connection-timeout`.
    XFT_CONDITION_STREAM_CONNECTION_TIMEOUT = 203,
    /// A stream error (RFC 6120 4.9.3): `host-gone`.
    XFT_CONDITION_STREAM_HOST_GONE = 204,
    /// A stream error (RFC 6120 4.9.3): `host-unknown`.
    XFT_CONDITION_STREAM_HOST_UNKNOWN = 205,
    /// A stream error (RFC 6120 4.9.3): `improper-addressing`.
    XFT_CONDITION_STREAM_IMPROPER_ADDRESSING = 206,
    /// A stream error (RFC 6120 4.9.3): `internal-server-error`.
    XFT_CONDITION_STREAM_INTERNAL_SERVER_ERROR = 207,
    /// A stream error (RFC 6120 4.9.3): `invalid-from`.
    XFT_CONDITION_STREAM_INVALID_FROM = 208,
    /// A stream error (RFC 6120 4.9.3): `invalid-namespace`.
    XFT_CONDITION_STREAM_INVALID_NAMESPACE = 209,
    /// A stream error (RFC 6120 4.9.3): `invalid-xml`.
    XFT_CONDITION_STREAM_INVALID_XML = 210,
    /// A stream error (RFC 6120 4.9.3): `not-authorized`.
    XFT_CONDITION_STREAM_NOT_AUTHORIZED = 211,
    /// A stream error (RFC 6120 4.9.3): `not-well-formed`.
    XFT_CONDITION_STREAM_NOT_WELL_FORMED = 212,
    /// A stream error (RFC 6120 4.9.3): `policy-violation`.
    XFT_CONDITION_STREAM_POLICY_VIOLATION = 213,
    /// A stream error (RFC 6120 4.9.3): `remote-connection-failed`.
    XFT_CONDITION_STREAM_REMOTE_CONNECTION_FAILED = 214,
    /// A stream error (RFC 6120 4.9.3): `reset`.
    XFT_CONDITION_STREAM_RESET = 215,
    /// A stream error (RFC 6120 4.9.3): `resource-constraint`.
    XFT_CONDITION_STREAM_RESOURCE_CONSTRAINT = 216,
    /// A stream error (RFC 6120 4.9.3): `restricted-xml`.
    XFT_CONDITION_STREAM_RESTRICTED_XML = 217,
    /// A stream error (RFC 6120 4.9.3): `see-other-host`.
    XFT_CONDITION_STREAM_SEE_OTHER_HOST = 218,
    /// A stream error (RFC 6120 4.9.3): `system-shutdown`.
    XFT_CONDITION_STREAM_SYSTEM_SHUTDOWN = 219,
    /// A stream error (RFC 6120 4.9.3): `undefined-condition`.
    XFT_CONDITION_STREAM_UNDEFINED_CONDITION = 220,
    /// A stream error (RFC 6120 4.9.3): `unsupported-encoding`.
    XFT_CONDITION_STREAM_UNSUPPORTED_ENCODING = 221,
    /// A stream error (RFC 6120 4.9.3): `unsupported-feature`.
    XFT_CONDITION_STREAM_UNSUPPORTED_FEATURE = 222,
    /// A stream error (RFC 6120 4.9.3): `unsupported-stanza-type`.
    XFT_CONDITION_STREAM_UNSUPPORTED_STANZA_TYPE = 223,
    /// A stream error (RFC 6120 4.9.3): `unsupported-version`.
    XFT_CONDITION_STREAM_UNSUPPORTED_VERSION = 224,
    /// A SASL failure (RFC 6120 6.5): `aborted`.
    XFT_CONDITION_SASL_ABORTED = 300,
    /// A SASL failure (RFC 6120 6.5): `account-disabled`.
    XFT_CONDITION_SASL_ACCOUNT_DISABLED = 301,
    /// A SASL failure (RFC 6120 6.5): `credentials-expired`.
    XFT_CONDITION_SASL_CREDENTIALS_EXPIRED = 302,
    /// A SASL failure (RFC 6120 6.5): `encryption-required`.
    XFT_CONDITION_SASL_ENCRYPTION_REQUIRED = 303,
    /// A SASL failure (RFC 6120 6.5): `incorrect-encoding`.
    XFT_CONDITION_SASL_INCORRECT_ENCODING = 304,
    /// A SASL failure (RFC 6120 6.5): `invalid-authzid`.
    XFT_CONDITION_SASL_INVALID_AUTHZID = 305,
    /// A SASL failure (RFC 6120 6.5): `invalid-mechanism`.
    XFT_CONDITION_SASL_INVALID_MECHANISM = 306,
    /// A SASL failure (RFC 6120 6.5): `malformed-request`.
    XFT_CONDITION_SASL_MALFORMED_REQUEST = 307,
    /// A SASL failure (RFC 6120 6.5): `mechanism-too-weak`.
    XFT_CONDITION_SASL_MECHANISM_TOO_WEAK = 308,
    /// A SASL failure (RFC 6120 6.5): `not-authorized`.
    XFT_CONDITION_SASL_NOT_AUTHORIZED = 309,
    /// A SASL failure (RFC 6120 6.5): `temporary-auth-failure`.
    XFT_CONDITION_SASL_TEMPORARY_AUTH_FAILURE = 310,
    /// A condition that this version of the library has no number for.
    XFT_CONDITION_OTHER = 999,
}

use xft_condition::*;

impl From<Option<Condition>> for xft_condition {
    fn from(condition: Option<Condition>) -> Self {
        match condition {
            None => XFT_CONDITION_NONE,
            Some(Condition::Stanza(it)) => stanza(it),
            Some(Condition::Stream(it)) => stream(it),
            Some(Condition::Sasl(it)) => sasl(it),
            Some(_) => XFT_CONDITION_OTHER,
        }
    }
}

const fn stanza(condition: StanzaCondition) -> xft_condition {
    use StanzaCondition as C;
    match condition {
        C::BadRequest => XFT_CONDITION_STANZA_BAD_REQUEST,
        C::Conflict => XFT_CONDITION_STANZA_CONFLICT,
        C::FeatureNotImplemented => XFT_CONDITION_STANZA_FEATURE_NOT_IMPLEMENTED,
        C::Forbidden => XFT_CONDITION_STANZA_FORBIDDEN,
        C::Gone => XFT_CONDITION_STANZA_GONE,
        C::InternalServerError => XFT_CONDITION_STANZA_INTERNAL_SERVER_ERROR,
        C::ItemNotFound => XFT_CONDITION_STANZA_ITEM_NOT_FOUND,
        C::JidMalformed => XFT_CONDITION_STANZA_JID_MALFORMED,
        C::NotAcceptable => XFT_CONDITION_STANZA_NOT_ACCEPTABLE,
        C::NotAllowed => XFT_CONDITION_STANZA_NOT_ALLOWED,
        C::NotAuthorized => XFT_CONDITION_STANZA_NOT_AUTHORIZED,
        C::PolicyViolation => XFT_CONDITION_STANZA_POLICY_VIOLATION,
        C::RecipientUnavailable => XFT_CONDITION_STANZA_RECIPIENT_UNAVAILABLE,
        C::Redirect => XFT_CONDITION_STANZA_REDIRECT,
        C::RegistrationRequired => XFT_CONDITION_STANZA_REGISTRATION_REQUIRED,
        C::RemoteServerNotFound => XFT_CONDITION_STANZA_REMOTE_SERVER_NOT_FOUND,
        C::RemoteServerTimeout => XFT_CONDITION_STANZA_REMOTE_SERVER_TIMEOUT,
        C::ResourceConstraint => XFT_CONDITION_STANZA_RESOURCE_CONSTRAINT,
        C::ServiceUnavailable => XFT_CONDITION_STANZA_SERVICE_UNAVAILABLE,
        C::SubscriptionRequired => XFT_CONDITION_STANZA_SUBSCRIPTION_REQUIRED,
        C::UndefinedCondition => XFT_CONDITION_STANZA_UNDEFINED_CONDITION,
        C::UnexpectedRequest => XFT_CONDITION_STANZA_UNEXPECTED_REQUEST,
        _ => XFT_CONDITION_OTHER,
    }
}

const fn stream(condition: StreamCondition) -> xft_condition {
    use StreamCondition as C;
    match condition {
        C::BadFormat => XFT_CONDITION_STREAM_BAD_FORMAT,
        C::BadNamespacePrefix => XFT_CONDITION_STREAM_BAD_NAMESPACE_PREFIX,
        C::Conflict => XFT_CONDITION_STREAM_CONFLICT,
        C::ConnectionTimeout => XFT_CONDITION_STREAM_CONNECTION_TIMEOUT,
        C::HostGone => XFT_CONDITION_STREAM_HOST_GONE,
        C::HostUnknown => XFT_CONDITION_STREAM_HOST_UNKNOWN,
        C::ImproperAddressing => XFT_CONDITION_STREAM_IMPROPER_ADDRESSING,
        C::InternalServerError => XFT_CONDITION_STREAM_INTERNAL_SERVER_ERROR,
        C::InvalidFrom => XFT_CONDITION_STREAM_INVALID_FROM,
        C::InvalidNamespace => XFT_CONDITION_STREAM_INVALID_NAMESPACE,
        C::InvalidXml => XFT_CONDITION_STREAM_INVALID_XML,
        C::NotAuthorized => XFT_CONDITION_STREAM_NOT_AUTHORIZED,
        C::NotWellFormed => XFT_CONDITION_STREAM_NOT_WELL_FORMED,
        C::PolicyViolation => XFT_CONDITION_STREAM_POLICY_VIOLATION,
        C::RemoteConnectionFailed => XFT_CONDITION_STREAM_REMOTE_CONNECTION_FAILED,
        C::Reset => XFT_CONDITION_STREAM_RESET,
        C::ResourceConstraint => XFT_CONDITION_STREAM_RESOURCE_CONSTRAINT,
        C::RestrictedXml => XFT_CONDITION_STREAM_RESTRICTED_XML,
        C::SeeOtherHost => XFT_CONDITION_STREAM_SEE_OTHER_HOST,
        C::SystemShutdown => XFT_CONDITION_STREAM_SYSTEM_SHUTDOWN,
        C::UndefinedCondition => XFT_CONDITION_STREAM_UNDEFINED_CONDITION,
        C::UnsupportedEncoding => XFT_CONDITION_STREAM_UNSUPPORTED_ENCODING,
        C::UnsupportedFeature => XFT_CONDITION_STREAM_UNSUPPORTED_FEATURE,
        C::UnsupportedStanzaType => XFT_CONDITION_STREAM_UNSUPPORTED_STANZA_TYPE,
        C::UnsupportedVersion => XFT_CONDITION_STREAM_UNSUPPORTED_VERSION,
        _ => XFT_CONDITION_OTHER,
    }
}

const fn sasl(condition: SaslCondition) -> xft_condition {
    use SaslCondition as C;
    match condition {
        C::Aborted => XFT_CONDITION_SASL_ABORTED,
        C::AccountDisabled => XFT_CONDITION_SASL_ACCOUNT_DISABLED,
        C::CredentialsExpired => XFT_CONDITION_SASL_CREDENTIALS_EXPIRED,
        C::EncryptionRequired => XFT_CONDITION_SASL_ENCRYPTION_REQUIRED,
        C::IncorrectEncoding => XFT_CONDITION_SASL_INCORRECT_ENCODING,
        C::InvalidAuthzid => XFT_CONDITION_SASL_INVALID_AUTHZID,
        C::InvalidMechanism => XFT_CONDITION_SASL_INVALID_MECHANISM,
        C::MalformedRequest => XFT_CONDITION_SASL_MALFORMED_REQUEST,
        C::MechanismTooWeak => XFT_CONDITION_SASL_MECHANISM_TOO_WEAK,
        C::NotAuthorized => XFT_CONDITION_SASL_NOT_AUTHORIZED,
        C::TemporaryAuthFailure => XFT_CONDITION_SASL_TEMPORARY_AUTH_FAILURE,
        _ => XFT_CONDITION_OTHER,
    }
}

/// The word of a number. Numbers were given in the order of the core's lists (a test holds them against each other),
/// so that no second list of words is needed.
pub(crate) fn name(number: u32) -> Option<&'static CStr> {
    let (family, index) = (number / 100, usize::try_from(number % 100).ok()?);
    match family {
        1 => StanzaCondition::ALL.get(index).map(|it| it.c_name()),
        2 => StreamCondition::ALL.get(index).map(|it| it.c_name()),
        3 => SaslCondition::ALL.get(index).map(|it| it.c_name()),
        _ => None,
    }
}
