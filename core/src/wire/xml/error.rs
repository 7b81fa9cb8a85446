//! What the reader refuses, what the writer refuses, and the limits that bound both.

use crate::error::Error;

/// Hard limits of the reader, each with its own error (XML-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open elements at the same time, the stream root included.
    pub depth: u8,
    /// Attributes of one element, namespace declarations included.
    pub attributes: u8,
    /// Bytes of one element or attribute name as written, prefix included.
    pub name_bytes: u8,
    /// Bytes of one attribute value after references are resolved; namespace names count as values.
    pub value_bytes: u16,
    /// Namespace declarations in scope at the same time.
    pub namespaces: u8,
    /// Bytes of one first-level element from its `<` to its last `>`; also of everything up to the root's `>`.
    pub element_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 32,
            attributes: 32,
            name_bytes: 255,
            value_bytes: 8192,
            namespaces: 32,
            element_bytes: 65536,
        }
    }
}

/// Why the reader stopped, which ends the stream; or which limit an element broke that it skipped
/// ([`Reader::broken`](super::Reader::broken)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlError {
    /// Not well-formed, or a byte sequence that is not UTF-8 or not an XML `Char`.
    NotWellFormed,
    /// A comment, processing instruction, DOCTYPE or unknown entity (XML-02).
    RestrictedXml,
    /// A prefix that is not declared, or a reserved prefix or namespace bound wrongly (XML-04).
    BadNamespacePrefix,
    /// The XML declaration names an encoding other than UTF-8 (XML-01).
    UnsupportedEncoding,
    /// Text directly under the stream root (XML-06).
    BadFormat,
    /// More open elements than [`Limits::depth`].
    TooDeep,
    /// More attributes than [`Limits::attributes`].
    TooManyAttributes,
    /// A name longer than [`Limits::name_bytes`].
    NameTooLong,
    /// An attribute value longer than [`Limits::value_bytes`], or an endless XML declaration.
    ValueTooLong,
    /// More declarations in scope than [`Limits::namespaces`].
    TooManyNamespaces,
    /// A first-level element or stream header longer than [`Limits::element_bytes`].
    ElementTooLarge,
    /// Open element names, declarations and the start tag being read do not fit the scratch memory.
    ScratchFull,
}

impl XmlError {
    /// The defined condition of the stream error to send (RFC 6120 section 4.9.3).
    #[must_use]
    pub fn stream_condition(self) -> &'static str {
        match self {
            Self::NotWellFormed => "not-well-formed",
            Self::RestrictedXml => "restricted-xml",
            Self::BadNamespacePrefix => "bad-namespace-prefix",
            Self::UnsupportedEncoding => "unsupported-encoding",
            Self::BadFormat => "bad-format",
            Self::TooDeep
            | Self::TooManyAttributes
            | Self::NameTooLong
            | Self::ValueTooLong
            | Self::TooManyNamespaces
            | Self::ElementTooLarge
            | Self::ScratchFull => "policy-violation",
        }
    }
}

impl XmlError {
    /// The limit that was broken, for people; empty where none was.
    #[must_use]
    pub fn limit(self) -> &'static str {
        match self {
            Self::TooDeep => "more than 32 levels",
            Self::TooManyAttributes => "more than 32 attributes",
            Self::NameTooLong => "a name of more than 255 bytes",
            Self::ValueTooLong => "an attribute of more than 8192 bytes",
            Self::TooManyNamespaces => "more than 32 namespaces",
            Self::ElementTooLarge => "more than element_bytes",
            Self::ScratchFull => "start tags larger than the memory for XML",
            _ => "",
        }
    }
}

/// Why [`Writer::finish`](super::Writer::finish) gave no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The output is too small; `needed` bytes are enough for the same calls.
    NoSpace {
        /// Exact length of the whole output in bytes.
        needed: usize,
    },
    /// A code point outside the XML `Char` production was given (XML-09).
    Invalid,
}

/// The call error of a refused write.
impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NoSpace { needed } => Self::NoSpace { needed },
            // Everything that is written was checked when it was taken.
            WriteError::Invalid => Self::State,
        }
    }
}
