//! The XMPP stream's part of the input: headers, first-level elements, the end, and what is no XML.

use super::incoming::{Block, Taken};
use super::state::{Life, State};
use crate::error::{Reason, StanzaCondition, StreamCondition};
use crate::link::Step;
use crate::wire::stanza::{ErrorType, Fed, StanzaReader, stanza};
use crate::wire::xml::XmlError;

impl State<'_> {
    /// A stream header, a first-level element, or the stream's end. Also tells whether the XML stream starts anew.
    pub(crate) fn first_level(
        &mut self,
        fed: Fed,
        stanzas: &StanzaReader<'_>,
        block: Block<'_>,
        more: bool,
    ) -> (Taken, bool) {
        self.link.reading(false, self.now);
        let account = self.me.account();
        let step = match fed {
            Fed::Header => self.link.header(stanzas.element(), &account, self.now).map(|()| Step::Taken),
            Fed::Element => self.link.element(stanzas.element(), &account, self.now),
            _ => Err(self.link.ended(self.now)),
        };
        match step {
            Ok(Step::Stanza) if !self.link.is_online() => {
                // STR-10: behind our closing tag nothing can be answered any more.
                if self.life == Life::Running
                    && let Ok(s) = stanza(stanzas.element())
                {
                    self.refuse(&s, ErrorType::Wait, StanzaCondition::ResourceConstraint);
                }
                (Taken::Done, false)
            }
            Ok(Step::Stanza) => (self.stanza(stanzas.element(), block), false),
            Ok(Step::Restart) => {
                self.me.forget_password();
                (Taken::Done, true)
            }
            Ok(Step::Proceed) => {
                // STR-08: whoever can glue bytes to the go-ahead could speak for the server inside TLS.
                if more {
                    self.injected();
                }
                (Taken::Done, true)
            }
            Ok(Step::Online) => {
                self.news_online = true;
                (Taken::Done, false)
            }
            Ok(Step::Taken | Step::Ignored) => (Taken::Done, false),
            Err(failure) => {
                self.me.forget_password();
                self.fail(failure.reason, failure.condition);
                (Taken::Done, false)
            }
        }
    }

    /// Bytes came between the go-ahead and TLS (STR-08, ATK-08).
    pub(crate) fn injected(&mut self) {
        let failure = self.link.refuse_with(StreamCondition::PolicyViolation, Reason::TlsInjected);
        self.fail(failure.reason, None);
    }

    /// The bytes are no XML we take: say so and leave (SER-02).
    pub(crate) fn malformed(&mut self, error: XmlError) {
        let failure = self.link.refuse(error);
        self.fail(failure.reason, failure.condition);
    }

    /// The owner wants to leave.
    pub(crate) fn leave(&mut self) {
        if self.life != Life::Running {
            return;
        }
        self.life = Life::Leaving;
        for slot in self.transfers.iter_mut().filter(|slot| !slot.is_free()) {
            slot.abandon(Reason::Cancelled, None);
        }
        if !self.settings.hosted && !self.link.is_online() {
            self.link.close(self.now);
            if self.link.is_over() {
                self.fail(Reason::Closed, None);
            }
        }
    }
}
