//! The namespaces this library speaks, interned to one byte.

macro_rules! namespaces {
    ($($(#[$doc:meta])* $variant:ident = $uri:literal,)*) => {
        /// A namespace this library knows, or [`Ns::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Ns {
            $($(#[$doc])* $variant,)*
            /// Any namespace not listed, and no namespace at all.
            Other,
        }

        impl Ns {
            /// Every known namespace in the order of their numbers, [`Ns::Other`] last.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* Self::Other];

            /// The namespace of that name.
            #[must_use]
            pub fn from_uri(uri: &str) -> Self {
                Self::from_bytes(uri.as_bytes())
            }

            /// The same for a name that nobody checked to be UTF-8, which the known ones are.
            pub(in crate::wire) fn from_bytes(uri: &[u8]) -> Self {
                $(if uri == $uri.as_bytes() {
                    return Self::$variant;
                })*
                Self::Other
            }

            /// The namespace name, empty for [`Ns::Other`].
            #[must_use]
            pub const fn uri(self) -> &'static str {
                match self {
                    $(Self::$variant => $uri,)*
                    Self::Other => "",
                }
            }
        }
    };
}

// The two of every data stanza come first, because names are compared in this order.
namespaces! {
    /// Stanzas of a client (RFC 6120 4.8.2).
    Client = "jabber:client",
    /// In-band bytestreams (XEP-0047).
    Ibb = "http://jabber.org/protocol/ibb",
    /// The stream root, its features and its errors (RFC 6120 4.8.1).
    Streams = "http://etherx.jabber.org/streams",
    /// Stream error conditions (RFC 6120 4.9.2).
    StreamErrors = "urn:ietf:params:xml:ns:xmpp-streams",
    /// STARTTLS (RFC 6120 5).
    Tls = "urn:ietf:params:xml:ns:xmpp-tls",
    /// SASL (RFC 6120 6).
    Sasl = "urn:ietf:params:xml:ns:xmpp-sasl",
    /// Channel-binding types (XEP-0440).
    SaslCb = "urn:xmpp:sasl-cb:0",
    /// Resource binding (RFC 6120 7).
    Bind = "urn:ietf:params:xml:ns:xmpp-bind",
    /// Session establishment of old servers (RFC 3921 3).
    Session = "urn:ietf:params:xml:ns:xmpp-session",
    /// Stream limits (XEP-0478).
    Limits = "urn:xmpp:stream-limits:0",
    /// Stanza error conditions (RFC 6120 8.3).
    Stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas",
    /// Service discovery, identity and features (XEP-0030).
    DiscoInfo = "http://jabber.org/protocol/disco#info",
    /// Service discovery, items (XEP-0030).
    DiscoItems = "http://jabber.org/protocol/disco#items",
    /// Ping (XEP-0199).
    Ping = "urn:xmpp:ping",
    /// SOCKS5 bytestreams (XEP-0065).
    S5b = "http://jabber.org/protocol/bytestreams",
    /// Stream initiation (XEP-0095).
    Si = "http://jabber.org/protocol/si",
    /// File-transfer profile of stream initiation (XEP-0096).
    Sift = "http://jabber.org/protocol/si/profile/file-transfer",
    /// Feature negotiation (XEP-0020).
    Fneg = "http://jabber.org/protocol/feature-neg",
    /// Data forms (XEP-0004).
    Xdata = "jabber:x:data",
    /// Hashes (XEP-0300).
    Hashes = "urn:xmpp:hashes:2",
    /// Entity capabilities (XEP-0115).
    Caps = "http://jabber.org/protocol/caps",
    /// Contact list (RFC 6121 2).
    Roster = "jabber:iq:roster",
    /// Our confirmation that a file was stored and its hash matched.
    Receipt0 = "urn:libxft:receipt:0",
    /// Our confirmation that a file has its place and its hash matched.
    Receipt1 = "urn:libxft:receipt:1",
    /// Advanced message processing (XEP-0079), tolerated around blocks in messages (IBB-17).
    Amp = "http://jabber.org/protocol/amp",
    /// Delayed delivery (XEP-0203).
    Delay = "urn:xmpp:delay",
}

impl Ns {
    /// The namespace of that number in [`Ns::ALL`].
    pub(super) fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Other)
    }

    /// The inverse of [`Ns::from_number`].
    pub(super) const fn number(self) -> u8 {
        self as u8
    }
}
