//! Bytes of the XMPP stream: read element by element, as long as what each of them asks for has room.

use super::Session;
use super::incoming::{Read, Taken};
use super::state::State;
use crate::error::Error;
use crate::transfer::TransferSlot;
use crate::wire::stanza::Fed;

/// Room for the answers to one stanza; without it nothing is read, so that no answer is ever lost.
const ANSWER_BYTES: usize = disco_answer_bytes();
/// Room for the id of one block.
const ACK_ID_BYTES: usize = 128;

const fn disco_answer_bytes() -> usize {
    crate::contact::disco::INFO_BYTES.saturating_add(crate::JID_BYTES).saturating_add(200)
}

impl Session<'_> {
    /// Reads until something is for the owner, or all is read.
    pub(super) fn read(&mut self, input: &mut [u8]) -> Result<Read, Error> {
        self.state.link.heard(self.state.now);
        let mut read = Read { used: 0, from: 0, taken: Taken::Done };
        loop {
            if !self.has_room() {
                if read.used == 0 {
                    // That the rest of an element waits is no fault of the server.
                    self.state.link.reading(false, self.state.now);
                    self.state.link.reading(!self.stanzas.between(), self.state.now);
                    return Err(Error::Full);
                }
                break;
            }
            if !self.read_on(input, &mut read) {
                break;
            }
        }
        self.state.link.reading(!self.stanzas.between(), self.state.now);
        Ok(read)
    }

    /// Reads what is left up to the end of an element; `false`: no further.
    fn read_on(&mut self, input: &mut [u8], read: &mut Read) -> bool {
        read.from = read.used;
        let Some(rest) = input.get_mut(read.from..) else { return false };
        let fed = match self.stanzas.feed(rest) {
            Ok((count, fed)) => {
                read.used = read.used.saturating_add(count);
                fed
            }
            Err(error) => {
                self.state.malformed(error);
                read.used = input.len();
                return false;
            }
        };
        match fed {
            Fed::More => return false,
            Fed::Space => {}
            Fed::Header | Fed::Element | Fed::End => {
                let block = self.stanzas.block(input.get(read.from..).unwrap_or(&[]));
                let more = read.used < input.len();
                let (taken, restart) = self.state.first_level(fed, &self.stanzas, block, more);
                if restart {
                    self.stanzas.restart();
                }
                // From binding on, anybody may be the sender of what comes (XML-07).
                if !self.state.link.jid().is_empty() {
                    self.stanzas.skip_oversized();
                }
                read.taken = taken;
            }
        }
        if read.taken == Taken::Done && self.state.check_alive().is_err() {
            read.used = input.len();
            return false;
        }
        read.taken == Taken::Done
    }

    /// Whether the answers to one more stanza fit, and a slot that is over does not keep an offer away: the owner has to
    /// hear of its end first.
    pub(super) fn has_room(&self) -> bool {
        let State { outbox, transfers, acks, .. } = &self.state;
        let told = transfers.iter().any(TransferSlot::is_free) || transfers.iter().all(TransferSlot::is_live);
        // Behind our closing tag no answer goes out, so none needs room; the server's tag must still be read.
        !self.state.link.is_online()
            || told && outbox.room() >= ANSWER_BYTES.min(outbox.capacity()) && acks.fits(ACK_ID_BYTES)
    }
}
