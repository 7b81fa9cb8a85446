//! What waits to be sent, as a set: the order never varies, so no queue is needed.

/// Something the stream sends, in the order it goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Send {
    Header,
    StartTls,
    /// Not bytes: the owner starts TLS.
    Tls,
    Auth,
    Response,
    Abort,
    Bind,
    Session,
    Presence,
    Ping,
    Blank,
    Error,
    CloseTag,
    /// Not bytes: the owner closes the transport.
    Close,
}

impl Send {
    const ALL: [Self; 14] = [
        Self::Header,
        Self::StartTls,
        Self::Tls,
        Self::Auth,
        Self::Response,
        Self::Abort,
        Self::Bind,
        Self::Session,
        Self::Presence,
        Self::Ping,
        Self::Blank,
        Self::Error,
        Self::CloseTag,
        Self::Close,
    ];

    const fn bit(self) -> u16 {
        1u16.wrapping_shl(self as u32)
    }
}

/// A set of [`Send`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outgoing(u16);

impl Outgoing {
    pub(super) fn add(&mut self, send: Send) {
        self.0 |= send.bit();
    }

    pub(super) fn remove(&mut self, send: Send) {
        self.0 &= !send.bit();
    }

    pub(super) const fn has(self, send: Send) -> bool {
        self.0 & send.bit() != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Forgets everything but these.
    pub(super) fn only(&mut self, kept: &[Send]) {
        let mask = kept.iter().fold(0, |mask, send| mask | send.bit());
        self.0 &= mask;
    }

    pub(super) fn first(self) -> Option<Send> {
        Send::ALL.into_iter().find(|send| self.has(*send))
    }
}
