//! One peer: what it can, whether it is there, and what it taught us.
//!
//! What it can, a table of states and inputs; whatever is not in a cell changes nothing:
//!
//! | state | somebody needs it | the question goes out | a result | says it is absent | another error | no answer in time | it goes |
//! |---|---|---|---|---|---|---|---|
//! | Nothing | Wanted | - | - | - | - | - | Nothing |
//! | Wanted | Wanted | Asked | - | - | - | - | Nothing |
//! | Asked | Asked | - | Yes | Nothing | Unsaid | Unsaid | Nothing |
//! | Yes | Yes | Yes, asked whether it is still there | Yes | gone: Nothing | Yes | Yes | Nothing |
//! | Unsaid | Unsaid | - | Yes, late | Nothing | Unsaid | - | Nothing |

use crate::config::{JID_BYTES, Method};
use crate::contact::disco::{self, Features};
use crate::contact::silence::Silence;
use crate::error::{Error, StanzaCondition};
use crate::time::Instant;
use crate::wire::jid::{bare, concat};
use crate::wire::stanza::{Element, IqType, Ns, open_iq, write_disco_query};
use crate::wire::xml::Writer;

/// What is known of one peer. Kept while a transfer needs it, and after that until the room is needed.
#[derive(Clone, Debug)]
pub struct ContactSlot {
    /// Full JID, as the server stamps it; empty in a free slot.
    jid: heapless::String<JID_BYTES>,
    known: Known,
    features: Features,
    /// Number of the disco request under way: what it can, or once that is known, whether it is still there.
    request: u32,
    /// When it was asked what it can.
    asked_at: Instant,
    /// Our presence was sent to it, so that it hears when we go (PRS-05).
    greeted: bool,
    owes_greeting: bool,
    /// It answered blocks out of order: one at a time for it (IBB-15).
    one_block: bool,
    /// Largest block it took so far, 0 when unknown (IBB-05).
    block_ceiling: u16,
    /// The way of the last file to it that went over SOCKS5: its streamhosts are offered first (S5B-04).
    worked: Option<Method>,
    /// Since when nothing comes from it.
    silence: Silence,
    /// It is to be asked whether it is still there; the question is again what it can (PNG-03).
    owes_question: bool,
    /// When it was last needed, in uses of the table.
    used: u32,
}

/// How much is known of a peer's features (DSC-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    /// The question is to be sent.
    Wanted,
    Asked,
    Yes,
    /// It answered with an error, or not in time; the answer to an offer tells (SI-01, QRK-50). In time to come it may
    /// still say.
    Unsaid,
}

/// What an answer to one of our questions tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing but that it is there.
    Alive,
    /// What it can, or that it does not say; or that it is not there.
    Features,
    /// It was there, and is not any more.
    Gone,
}

/// Numbers and ids for one stanza, used up only if it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered<'i> {
    pub(crate) number: u32,
    /// For a request.
    pub(crate) request: &'i str,
    /// For what nobody answers.
    pub(crate) unanswered: &'i str,
}

impl ContactSlot {
    /// A free slot.
    pub const EMPTY: Self = Self {
        jid: heapless::String::new(),
        known: Known::Nothing,
        features: Features::NONE,
        request: 0,
        asked_at: Instant::from_ms(0),
        greeted: false,
        owes_greeting: false,
        one_block: false,
        block_ceiling: 0,
        worked: None,
        silence: Silence::NONE,
        owes_question: false,
        used: 0,
    };

    /// Takes the slot for a peer; `None`: the address is too long.
    pub(crate) fn begin(&mut self, jid: &str) -> Option<()> {
        *self = Self { jid: concat(&[jid])?, ..Self::EMPTY };
        Some(())
    }

    pub(crate) fn jid(&self) -> &str {
        &self.jid
    }

    /// Whether that full address is its own.
    pub(crate) fn is(&self, jid: &str) -> bool {
        !self.jid.is_empty() && self.jid == jid
    }

    /// Whether it speaks of this peer, from its full address or for every resource of its bare one (PRS-06).
    pub(crate) fn is_meant_by(&self, from: &str) -> bool {
        self.is(from) || (!from.is_empty() && bare(from) == from && bare(&self.jid) == from)
    }

    /// It is needed now, by the count of the table's uses.
    pub(crate) fn uses(&mut self, count: u32) {
        self.used = count;
    }

    /// How long ago it was needed, in uses. Age, not the count itself: the count may have come round.
    pub(crate) fn age(&self, count: u32) -> u32 {
        if self.jid.is_empty() { u32::MAX } else { count.wrapping_sub(self.used) }
    }

    /// Nothing more is waited for: it said what it can, or does not say.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self.known, Known::Yes | Known::Unsaid)
    }

    /// It said what it can.
    pub(crate) const fn has_said(&self) -> bool {
        matches!(self.known, Known::Yes)
    }

    pub(crate) const fn features(&self) -> Features {
        self.features
    }

    /// What it can is to be known.
    pub(crate) fn want(&mut self) {
        if self.known == Known::Nothing {
            self.known = Known::Wanted;
        }
    }

    /// Our presence goes to it once, so that it hears at once when we are gone (PRS-05).
    pub(crate) fn greet(&mut self) {
        self.owes_greeting = !self.greeted;
    }

    /// Whether [`say`](Self::say) has something to say.
    pub(crate) fn owes(&self) -> bool {
        self.owes_greeting || self.owes_question || self.known == Known::Wanted
    }

    /// Writes what is owed to it: our presence, or a question (DSC-04, PNG-03). `None`: nothing. A refused write changes
    /// nothing.
    pub(crate) fn say(
        &mut self,
        ids: Numbered<'_>,
        mut w: Writer<'_>,
        now: Instant,
    ) -> Result<Option<usize>, Error> {
        if self.owes_greeting {
            w.open("presence").attr("to", &self.jid).attr("id", ids.unanswered).close("presence");
            let bytes = w.finish()?;
            (self.owes_greeting, self.greeted) = (false, true);
            return Ok(Some(bytes));
        }
        if !self.owes() {
            return Ok(None);
        }
        open_iq(&mut w, IqType::Get, Some(&self.jid), ids.request);
        write_disco_query(&mut w, Ns::DiscoInfo);
        w.close("iq");
        let bytes = w.finish()?;
        self.request = ids.number;
        if !core::mem::take(&mut self.owes_question) {
            (self.known, self.asked_at) = (Known::Asked, now);
        }
        Ok(Some(bytes))
    }

    /// Whether an answer under that number is to one of our questions.
    pub(crate) fn awaits(&self, number: u32, from: &str) -> bool {
        number != 0 && self.request == number && self.is(from)
    }

    /// The answer, a payload or an error.
    pub(crate) fn hear(&mut self, answer: Result<Option<Element<'_>>, StanzaCondition>) -> Told {
        self.request = 0;
        let told = match (self.known, answer) {
            (Known::Yes, Err(condition)) if is_gone(condition) => Told::Gone,
            (Known::Yes, _) => Told::Alive,
            _ => Told::Features,
        };
        if told == Told::Features {
            (self.known, self.features) = match answer {
                Ok(info) => {
                    let info = info.filter(|info| info.is(Ns::DiscoInfo, "query"));
                    (Known::Yes, info.map(|info| disco::read_info(&info)).unwrap_or_default())
                }
                Err(condition) if is_absence(condition) => (Known::Nothing, self.features),
                Err(_) => (Known::Unsaid, self.features),
            };
        }
        told
    }

    /// When to call [`expire`](Self::expire).
    pub(crate) fn due(&self, disco_ms: u32) -> Option<Instant> {
        (self.known == Known::Asked).then(|| self.asked_at.after(disco_ms))
    }

    /// It did not say in time what it can. Its number stays: an answer that comes late still tells.
    pub(crate) fn expire(&mut self) {
        if self.known == Known::Asked {
            self.known = Known::Unsaid;
        }
    }

    /// Its presence session ended: what it can may be different in the next one (DSC-04).
    pub(crate) fn forget_presence(&mut self) {
        self.known = Known::Nothing;
        self.features = Features::NONE;
        self.request = 0;
        self.greeted = false;
        self.owes_greeting = false;
        self.owes_question = false;
    }

    /// It answered blocks out of order (IBB-15).
    pub(crate) fn narrow(&mut self) {
        self.one_block = true;
    }

    pub(crate) const fn takes_one_block(&self) -> bool {
        self.one_block
    }

    /// It took no larger block (IBB-05).
    pub(crate) fn learn_ceiling(&mut self, block: u16) {
        self.block_ceiling = block;
    }

    /// The largest block that it may take, for all we know.
    pub(crate) const fn ceiling(&self) -> u16 {
        if self.block_ceiling == 0 { u16::MAX } else { self.block_ceiling }
    }

    /// A file to it goes over SOCKS5 that way (S5B-04).
    pub(crate) fn goes_by(&mut self, method: Method) {
        self.worked = Some(method);
    }

    pub(crate) const fn worked(&self) -> Option<Method> {
        self.worked
    }

    /// A file in band begins: nothing is known of its path. What the peer can is to be known for later, if it is `long`.
    pub(crate) fn file_begins(&mut self, long: bool) {
        self.silence.begin();
        if long {
            self.want();
        }
    }

    /// From now on its word is awaited.
    pub(crate) fn silence_starts(&mut self, now: Instant, ask_ms: u32) {
        self.silence.starts(now, ask_ms);
    }

    /// It said something, which was `awaited` or not.
    pub(crate) fn silence_ends(&mut self, now: Instant, ask_ms: u32, awaited: impl FnOnce() -> bool) {
        self.silence.ends(now, ask_ms, awaited);
    }

    /// When it is to be asked whether it is still there: only who said before what it can, since a server answers like one
    /// that does not know the question (STZ-11).
    pub(crate) fn asks_at(&self, now: Instant) -> Option<Instant> {
        (self.has_said() && !self.owes_question).then(|| self.silence.due(now))
    }

    /// It is asked now. An earlier question counts no more.
    pub(crate) fn ask(&mut self, now: Instant, ask_ms: u32) {
        self.owes_question = true;
        self.silence.asked(now, ask_ms);
    }
}

/// Whether an answer to the question what a peer can says that it is not there; any other one says nothing about files
/// (SI-01).
pub(crate) fn is_absence(condition: StanzaCondition) -> bool {
    use StanzaCondition::*;
    matches!(condition, ItemNotFound | RemoteServerNotFound | RecipientUnavailable | Gone)
}

/// Whether that answer for a peer which told before what it can says that it is gone (STZ-11).
fn is_gone(condition: StanzaCondition) -> bool {
    use StanzaCondition::{RemoteServerTimeout, ServiceUnavailable};
    is_absence(condition) || matches!(condition, ServiceUnavailable | RemoteServerTimeout)
}

#[cfg(test)]
mod tests {
    use super::ContactSlot;

    #[test]
    fn a_contact_takes_no_more_than_its_address_and_some_words() {
        assert!(size_of::<ContactSlot>() <= 304, "{} bytes", size_of::<ContactSlot>());
    }
}
