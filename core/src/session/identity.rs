//! The session's own copies of what it was configured with.

use zeroize::Zeroize;

use crate::config::{CLIENT_NAME_BYTES, Carrier, Config, JID_BYTES, Methods, StreamOwner, Times};
use crate::error::{Argument, Error};
use crate::link::Account;
use crate::wire::jid::{concat, prepared, split_at_byte};

/// Who we are. The password is wiped when the login is over, or the session goes.
#[derive(Clone)]
pub(crate) struct Identity {
    bare: heapless::String<JID_BYTES>,
    password: heapless::Vec<u8, JID_BYTES>,
    resource: heapless::String<JID_BYTES>,
    pub(crate) client_name: heapless::String<CLIENT_NAME_BYTES>,
}

impl Identity {
    pub(crate) fn new(cfg: &Config<'_>) -> Result<Self, Error> {
        let copy = |text: &str, argument| concat(&[text]).ok_or(Error::Argument(argument));
        // Empty where a host owns the stream; else checked before.
        let bare = prepared(cfg.account).unwrap_or_default();
        let resource = copy(cfg.resource, Argument::Resource)?;
        let client_name = concat(&[cfg.client_name]).ok_or(Error::Argument(Argument::Text))?;
        Ok(Self { bare, password: heapless::Vec::new(), resource, client_name })
    }

    /// Copies the password to its place, when everything else is made: the unused room of what is made later could be where
    /// a copy was on its way. The one before is overwritten.
    pub(crate) fn learn_password(&mut self, password: &str) -> Result<(), Error> {
        let wrong = Error::Argument(Argument::Password);
        self.forget_password();
        password.bytes().try_for_each(|byte| self.password.push(byte).map_err(|_| wrong))
    }

    /// The login is over. There is no second one, so nobody needs the password any more.
    pub(crate) fn forget_password(&mut self) {
        self.password.as_mut_slice().zeroize();
        self.password.clear();
    }

    pub(crate) fn account(&self) -> Account<'_> {
        let (local, domain) = split_at_byte(&self.bare, b'@').unwrap_or(("", ""));
        let password = core::str::from_utf8(&self.password).unwrap_or("");
        Account { local, domain, bare: &self.bare, password, resource: &self.resource }
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.forget_password();
    }
}

impl core::fmt::Debug for Identity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Identity")
    }
}

/// The settings that rule transfers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) block_bytes: u16,
    pub(crate) chunk_bytes: u16,
    pub(crate) window_bytes: u32,
    pub(crate) carrier: Carrier,
    pub(crate) message_rate: u32,
    pub(crate) compat_blocks: bool,
    pub(crate) offers_per_peer: u8,
    pub(crate) least_rate: u32,
    pub(crate) md5: bool,
    pub(crate) methods: Methods,
    pub(crate) receipts: bool,
    pub(crate) hashes: bool,
    pub(crate) strict_replies: bool,
    pub(crate) accepted_per_source: u8,
    pub(crate) times: Times,
    /// The host owns the stream: stanzas in, whole stanzas out.
    pub(crate) hosted: bool,
}

impl Settings {
    pub(crate) fn of(cfg: &Config<'_>) -> Self {
        Self {
            block_bytes: cfg.block_bytes,
            chunk_bytes: cfg.chunk_bytes,
            window_bytes: cfg.window_bytes,
            carrier: cfg.carrier,
            message_rate: cfg.message_rate,
            compat_blocks: cfg.compat_blocks,
            offers_per_peer: cfg.offers_per_peer,
            least_rate: cfg.least_rate,
            md5: cfg.md5,
            methods: cfg.methods,
            receipts: cfg.receipts,
            hashes: cfg.hashes,
            strict_replies: cfg.strict_replies,
            accepted_per_source: cfg.accepted_per_source,
            times: cfg.times,
            hosted: matches!(cfg.owner, StreamOwner::Host { .. }),
        }
    }
}
