//! Stanzas that came in, sorted to whom they concern. Every get and set gets exactly one answer (STZ-04),
//! answers get none (ATK-14).

use super::ids::Origin;
use super::state::State;
use crate::contact::{Told, disco};
use crate::error::StanzaCondition;
use crate::transfer::receipt::STORE_FAILED;
use crate::transport::socks5::Step;
use crate::wire::base64::Base64Error;
use crate::wire::stanza::{
    Element, ErrorType, IqType, Kind, MessageType, Ns, PresenceType, Stanza, error_says, open_iq, read_error,
    stanza, write_disco_query, write_error, write_result,
};

/// What a stanza came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing for the owner.
    Done,
    /// A block for the owner to store, at this offset of the transfer in this slot.
    Data { index: usize, offset: u64 },
    /// An offer the owner has to answer.
    Offer { index: usize },
    /// An offer there was no room for.
    NoRoom,
    /// Not ours; the host's, if it owns the stream.
    NotMine,
}

/// The decoded block that came with a stanza, if it has one.
pub(crate) type Block<'b> = Option<Result<&'b [u8], Base64Error>>;

/// How far a piece of input was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// Bytes that were used.
    pub(crate) used: usize,
    /// Where what was fed last begins: the bytes of a block stand behind it.
    pub(crate) from: usize,
    /// What the owner gets of it.
    pub(crate) taken: Taken,
}

impl State<'_> {
    /// Takes one stanza.
    pub(crate) fn stanza(&mut self, element: Element<'_>, block: Block<'_>) -> Taken {
        let s = match stanza(element) {
            Ok(s) => s,
            // What is wrong for us may be right for another part of the host.
            Err(_) if self.settings.hosted => return Taken::NotMine,
            Err(malformed) => {
                let oversized = element.oversized().is_some();
                let id = element.attr("id").filter(|_| malformed.answerable && element.name() == "iq");
                if let Some(id) = id {
                    self.refuse_to(
                        element.attr("from"),
                        id,
                        ErrorType::Modify,
                        if oversized { StanzaCondition::NotAcceptable } else { StanzaCondition::BadRequest },
                        None,
                    );
                }
                return Taken::Done;
            }
        };
        if element.oversized().is_some() && !self.settings.hosted && self.refuses_oversized(&s) {
            return Taken::Done;
        }
        // What is left of a block would be a hole in the file.
        let block = if element.oversized().is_some() { Some(Err(Base64Error::TooLong)) } else { block };
        self.hears(&s);
        match s.kind {
            Kind::IqGet => self.get(&s),
            Kind::IqSet => self.set(&s, block),
            Kind::IqResult | Kind::IqError => self.answer(&s),
            Kind::Message(kind) => self.message(&s, kind, block),
            Kind::Presence(kind) => self.presence(&s, kind),
        }
    }

    /// A question or an order of which something was left out (XML-07). What moves a file counts all the same, as long as
    /// what it needs is there.
    fn refuses_oversized(&mut self, s: &Stanza<'_>) -> bool {
        let moves_files = s.payload.is_some_and(|payload| {
            matches!(payload.ns(), Ns::Si | Ns::Ibb | Ns::S5b | Ns::Receipt0 | Ns::Receipt1)
        });
        let refused = match s.kind {
            Kind::IqGet => true,
            Kind::IqSet => !moves_files,
            _ => false,
        };
        if refused {
            self.refuse(s, ErrorType::Modify, StanzaCondition::NotAcceptable);
        }
        refused
    }

    fn get(&mut self, s: &Stanza<'_>) -> Taken {
        let Some(payload) = s.payload else { return Taken::Done };
        // A host that owns the stream answers for its own client.
        if self.settings.hosted {
            return Taken::NotMine;
        }
        match payload.ns() {
            // PNG-01
            Ns::Ping if payload.name() == "ping" => self.result(s),
            Ns::DiscoInfo | Ns::DiscoItems if payload.name() == "query" => self.disco(s, &payload),
            _ => self.refuse_unknown(s, &payload),
        }
        Taken::Done
    }

    /// DSC-01, DSC-02.
    fn disco(&mut self, s: &Stanza<'_>, payload: &Element<'_>) {
        if payload.attr("node").is_some() {
            self.refuse(s, ErrorType::Cancel, StanzaCondition::ItemNotFound);
            return;
        }
        let (to, id, ns) = (s.from, s.id.unwrap_or(""), payload.ns());
        let (name, methods) = (self.me.client_name.as_str(), self.settings.methods);
        let receipts = self.settings.receipts;
        let _ = self.outbox.push(|w| {
            open_iq(w, IqType::Result, to, id);
            if ns == Ns::DiscoInfo {
                disco::write_info(w, name, &methods, receipts);
            } else {
                write_disco_query(w, ns);
            }
            w.close("iq");
        });
    }

    fn set(&mut self, s: &Stanza<'_>, block: Block<'_>) -> Taken {
        let Some(payload) = s.payload else { return Taken::Done };
        match (payload.ns(), payload.name()) {
            (Ns::Ibb, "data") => self.block_in(s, &payload, block),
            (Ns::Ibb, "open") => self.open_in(s, &payload),
            (Ns::Ibb, "close") => self.close_in(s, &payload),
            (Ns::Si, "si") => self.offer_in(s, &payload),
            (Ns::S5b, "query") => self.hosts_in(s, &payload),
            (Ns::Receipt1, "digest") => self.digest_in(s, &payload),
            (Ns::Receipt0, "receipt") => self.receipt_in(s, &payload),
            _ if self.settings.hosted => Taken::NotMine,
            _ => {
                self.refuse_unknown(s, &payload);
                Taken::Done
            }
        }
    }

    /// STZ-04: what a namespace we know does not know is not implemented, anything else is no service of ours; a
    /// change of the contact list neither (ATK-12).
    fn refuse_unknown(&mut self, s: &Stanza<'_>, payload: &Element<'_>) {
        let known = matches!(
            payload.ns(),
            Ns::Ping
                | Ns::DiscoInfo
                | Ns::DiscoItems
                | Ns::Ibb
                | Ns::S5b
                | Ns::Si
                | Ns::Receipt0
                | Ns::Receipt1
        );
        let condition =
            if known { StanzaCondition::FeatureNotImplemented } else { StanzaCondition::ServiceUnavailable };
        self.refuse(s, ErrorType::Cancel, condition);
    }

    /// A result or an error. It counts only if its id is ours and it comes from whom was asked (STZ-02, ATK-11).
    fn answer(&mut self, s: &Stanza<'_>) -> Taken {
        let Some(origin) = s.id.and_then(|id| self.ids.origin(id)) else {
            return if self.settings.hosted { Taken::NotMine } else { self.misfit() };
        };
        // Nobody that is asked by address may leave it out; only the own domain may (STZ-02).
        let (from, error) = (s.from.unwrap_or(""), self.error_of(s));
        match origin {
            Origin::Block { slot, generation, count, upto } => {
                let index = usize::from(slot);
                let current = self.transfers.get(index).is_some_and(|t| t.generation == generation);
                if !current || !self.is_from_peer(index, from) {
                    return self.misfit();
                }
                let store_failed = error_says(s.element, Ns::Receipt1, STORE_FAILED);
                self.block_answered(index, count, upto, error.map(|error| (error, store_failed)));
            }
            Origin::Request(number) => match self.awaiting(number) {
                Some(index) if self.is_from_asked(index, from) => self.request_answered(index, s, error),
                Some(_) => return self.misfit(),
                None if self.question_answered(number, from, s, error) => {}
                None => self.disco_answered(number, from, s, error),
            },
            // STZ-09: an answer nobody waits for, or not any more.
            Origin::Other => {}
        }
        Taken::Done
    }

    /// An answer that fits no request: dropped and counted, whatever it waits for still does (STZ-02).
    fn misfit(&mut self) -> Taken {
        self.link.dropped();
        Taken::Done
    }

    fn error_of(&self, s: &Stanza<'_>) -> Option<StanzaCondition> {
        (s.kind == Kind::IqError).then(|| read_error(s.element))
    }

    /// The request under way went to the peer, or to the proxy that is to activate the stream (S5B-08).
    fn is_from_asked(&self, index: usize, from: &str) -> bool {
        let proxy = self.transfers.get(index).filter(|t| t.attempt.step == Step::Activating);
        match proxy.and_then(|t| self.hosts.get(t.attempt.host)) {
            Some(proxy) => proxy.jid == from,
            None => self.is_from_peer(index, from),
        }
    }

    pub(super) fn is_from_peer(&self, index: usize, from: &str) -> bool {
        self.transfers.get(index).is_some_and(|t| !t.is_free() && self.peer(t) == from)
    }

    fn disco_answered(&mut self, number: u32, from: &str, s: &Stanza<'_>, error: Option<StanzaCondition>) {
        let Some(index) = self.contacts.iter().position(|contact| contact.awaits(number, from)) else {
            self.misfit();
            return;
        };
        let Some(contact) = self.contacts.get_mut(index) else { return };
        match contact.hear(error.map_or(Ok(s.payload), Err)) {
            Told::Alive => {}
            Told::Gone => self.gone(index, error),
            Told::Features => self.contact_known(u16::try_from(index).unwrap_or(u16::MAX), error),
        }
    }

    /// Blocks in message stanzas, and their bounces (IBB-17). Nothing is answered to a message (STZ-13).
    fn message(&mut self, s: &Stanza<'_>, kind: MessageType, block: Block<'_>) -> Taken {
        if kind == MessageType::Error {
            let origin = s.id.and_then(|id| self.ids.origin(id));
            if let (Some(Origin::Block { slot, generation, .. }), Some(from)) = (origin, s.from) {
                let index = usize::from(slot);
                // A late bounce must not end the next transfer in the same slot.
                let current = self.transfers.get(index).is_some_and(|t| t.generation == generation);
                if current && self.is_from_peer(index, from) {
                    self.block_bounced(index, read_error(s.element));
                }
                return Taken::Done;
            }
        } else if let Some(data) = s.element.child(Ns::Ibb, "data") {
            return self.block_in(s, &data, block);
        }
        if self.settings.hosted { Taken::NotMine } else { Taken::Done }
    }

    /// A peer says that it goes, or its server for it.
    fn presence(&mut self, s: &Stanza<'_>, kind: PresenceType) -> Taken {
        if let (PresenceType::Unavailable, Some(from)) = (kind, s.from) {
            for index in 0..self.contacts.len() {
                if self.contacts.get(index).is_some_and(|contact| contact.is_meant_by(from)) {
                    self.gone(index, None);
                }
            }
        }
        if self.settings.hosted { Taken::NotMine } else { Taken::Done }
    }

    /// Whether a stream that is named is for another part of the host. One that is not named is nobody's.
    pub(crate) fn belongs_elsewhere(&self, s: &Stanza<'_>, payload: &Element<'_>) -> bool {
        let (from, sid) = (s.from.unwrap_or(""), payload.attr("sid").unwrap_or(""));
        self.settings.hosted && !sid.is_empty() && self.find(from, sid, |_| true).is_none()
    }

    /// Answers with an empty result.
    pub(crate) fn result(&mut self, s: &Stanza<'_>) {
        let (to, id) = (s.from, s.id.unwrap_or(""));
        let _ = self.outbox.push(|w| write_result(w, to, id));
    }

    /// Answers with an error; messages get none (STZ-13).
    pub(crate) fn refuse(&mut self, s: &Stanza<'_>, kind: ErrorType, condition: StanzaCondition) {
        self.refuse_with(s, kind, condition, None);
    }

    /// The same with an application's own element.
    pub(crate) fn refuse_with(
        &mut self,
        s: &Stanza<'_>,
        kind: ErrorType,
        condition: StanzaCondition,
        app: Option<(Ns, &str)>,
    ) {
        if let (Kind::IqGet | Kind::IqSet, Some(id)) = (s.kind, s.id) {
            self.refuse_to(s.from, id, kind, condition, app);
        }
    }

    fn refuse_to(
        &mut self,
        to: Option<&str>,
        id: &str,
        kind: ErrorType,
        condition: StanzaCondition,
        app: Option<(Ns, &str)>,
    ) {
        let app = app.map(|(ns, name)| (ns.uri(), name));
        // An id or address too large for the whole outbox cannot be echoed: the request stays unanswered.
        let _ = self.outbox.push(|w| write_error(w, to, id, kind, condition, None, app, true));
    }
}

/// A stanza of a host that breaks no limit, or the offer of a file, of which only what is optional may be so large.
pub(crate) fn is_readable(element: Element<'_>) -> bool {
    element.oversized().is_none() || element.child(Ns::Si, "si").is_some()
}
