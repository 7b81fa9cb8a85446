//! Bytes and values: the XML reader and writer, stanzas, base64, SCRAM, addresses, dates and SOCKS5 frames.

mod socks5;
mod stanza;
mod values;
mod xml;
