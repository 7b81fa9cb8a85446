//! The XMPP stream seen from the client: header, features, TLS hand-over, SASL, binding, liveness, the end.
//!
//! A step function: the session feeds it first-level elements, time and facts about the transport, and drains
//! what the stream itself has to send, one [`LinkOutput`] at a time. It knows nothing of peers and files.

mod bind;
mod end;
mod exchange;
mod failure;
mod features;
mod liveness;
pub mod locate;
mod mechanism;
mod outgoing;
mod sasl;
mod stream;
mod timers;
mod write;

pub use self::failure::Failure;

use self::exchange::Exchange;
use self::liveness::Liveness;
use self::mechanism::Bindings;
use self::outgoing::{Outgoing, Send};
use crate::config::{ChannelBinding, JID_BYTES, Sasl, Times, Tls};
use crate::error::{Argument, Error, Reason, StreamCondition};
use crate::output::Timer;
use crate::time::Instant;
use crate::wire::jid::Jid;
use crate::wire::scram::Scram;
use crate::wire::stanza::{Element, Ns};

/// First-level elements nobody knows, one after another, before the stream ends (XML-06).
const UNKNOWN_IN_A_ROW: u8 = 16;

/// Views of the account the stream logs in as; the session owns the strings.
#[derive(Clone, Copy)]
pub struct Account<'t> {
    /// Local part, prepared.
    pub local: &'t str,
    /// Domain part.
    pub domain: &'t str,
    /// `local@domain`
    pub bare: &'t str,
    /// Password, or empty when a certificate is used.
    pub password: &'t str,
    /// Wanted resource; empty lets the server choose.
    pub resource: &'t str,
}

/// What is decided before the stream starts.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfig {
    /// How the stream is secured.
    pub tls: Tls,
    /// Which mechanisms may be used.
    pub sasl: Sasl,
    /// Deadlines.
    pub times: Times,
    /// Largest stanza the server takes unless it says so itself, bytes (LIM-02).
    pub stanza_bytes: u32,
    /// Presence priority.
    pub priority: i8,
    /// Fresh entropy for the SCRAM nonce (SASL-04).
    pub nonce: [u8; 24],
    /// Fresh entropy for the ids of our requests (STZ-01).
    pub id_prefix: [u8; 8],
}

/// What became of a first-level element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It belonged to the stream; poll.
    Taken,
    /// A new XML stream starts: the reader must be restarted (STR-07); poll.
    Restart,
    /// TLS starts: no byte may follow (STR-08); restart the reader; poll.
    Proceed,
    /// The stream just came online; poll.
    Online,
    /// A stanza for the session.
    Stanza,
    /// Dropped and counted.
    Ignored,
}

/// The next thing the stream itself needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkOutput {
    /// Nothing before input or the deadline.
    Idle,
    /// That many bytes of the buffer are to be sent.
    Transmit(usize),
    /// Start TLS now.
    StartTls,
    /// Close the transport; nothing follows.
    Close,
    /// Key derivation goes on with the next poll.
    Again,
}

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The transport is not up yet.
    Idle,
    /// Our header is out or queued; the server's is awaited.
    Header,
    /// The server's header came; features must follow.
    Features,
    /// `<starttls/>` is out.
    StartTls,
    /// The owner's TLS handshake runs.
    Handshake,
    /// SASL runs.
    Sasl,
    /// The bind request is out.
    Bind,
    /// The session request of old servers is out.
    Session,
    /// Stanzas flow.
    Online,
    /// Our closing tag is out or queued; the server's is awaited (STR-10).
    Closing,
    /// Nothing more comes in; what is queued still goes out.
    Over,
}

/// The client side of one XMPP stream.
#[derive(Debug)]
pub struct Link {
    cfg: LinkConfig,
    /// The host owns the stream: no login, no timers, no output.
    hosted: bool,
    state: State,
    encrypted: bool,
    authenticated: bool,
    /// Stanzas were exchanged, so they still are while closing.
    was_online: bool,
    outgoing: Outgoing,
    bindings: Bindings,
    exchange: Exchange,
    scram: Option<Scram>,
    /// Our closing tag is out: nothing may follow it.
    tag_sent: bool,
    /// Stream error to send before the closing tag.
    error: Option<StreamCondition>,
    jid: heapless::String<JID_BYTES>,
    /// The bind request goes without resource: none is wanted, or the wanted one was refused (BND-02).
    no_resource: bool,
    session_needed: bool,
    /// The server's header is not that of the wanted domain: what follows may say why (SER-03), but is not answered.
    bad_header: bool,
    /// Advertised by the server (LIM-01).
    max_bytes: Option<u32>,
    liveness: Liveness,
    /// Requests that were made more than once, for ids that are always fresh.
    asked_again: u16,
    unknown: u8,
    ignored: u32,
    /// What the server said beside the condition, as printable ASCII.
    detail: heapless::Vec<u8, DETAIL_BYTES>,
}

/// Most bytes kept of what a server says beside a condition (ATK-62): the longest name of a host and its port (SER-03).
const DETAIL_BYTES: usize = 264;

impl Link {
    /// A stream whose transport is not up yet.
    #[must_use]
    pub fn new(cfg: LinkConfig) -> Self {
        Self {
            cfg,
            hosted: false,
            state: State::Idle,
            encrypted: false,
            authenticated: false,
            was_online: false,
            outgoing: Outgoing::default(),
            bindings: Bindings::default(),
            exchange: Exchange::default(),
            scram: None,
            tag_sent: false,
            error: None,
            jid: heapless::String::new(),
            no_resource: false,
            session_needed: false,
            bad_header: false,
            max_bytes: None,
            liveness: Liveness::new(cfg.times),
            asked_again: 0,
            unknown: 0,
            ignored: 0,
            detail: heapless::Vec::new(),
        }
    }

    /// A stream that the host owns and has bound as `full_jid`: online from the start, sends nothing of its own.
    /// `stanza_bytes` is the largest stanza its server takes.
    ///
    /// # Errors
    /// [`Argument::Resource`] if that is no full JID or too long.
    pub fn hosted(full_jid: &str, stanza_bytes: u32) -> Result<Self, Error> {
        let wrong = Error::Argument(Argument::Resource);
        let jid = Jid::parse(full_jid).ok().filter(Jid::is_full);
        let jid = jid.and_then(|jid| jid.prepared()).ok_or(wrong)?;
        let mut link = Self::new(LinkConfig {
            tls: Tls::Direct,
            sasl: Sasl::default(),
            times: Times::default(),
            stanza_bytes,
            priority: 0,
            nonce: [0; 24],
            id_prefix: [0; 8],
        });
        link.jid = jid;
        link.hosted = true;
        link.was_online = true;
        link.state = State::Online;
        Ok(link)
    }

    /// The transport is up; with direct TLS so is TLS.
    ///
    /// # Errors
    /// [`Error::State`] if it was up before.
    pub fn opened(&mut self, now: Instant) -> Result<(), Error> {
        if self.state != State::Idle {
            return Err(Error::State);
        }
        self.encrypted = self.cfg.tls == Tls::Direct;
        self.liveness.login_starts(now);
        self.new_header(now);
        Ok(())
    }

    /// TLS is up. With [`Tls::Direct`] this may be called before [`opened`](Self::opened), to give the bindings.
    ///
    /// # Errors
    /// [`Error::State`] at any other time, [`Argument::ChannelBinding`].
    pub fn tls_done(&mut self, binding: &ChannelBinding<'_>, now: Instant) -> Result<(), Error> {
        let early = self.state == State::Idle && self.cfg.tls == Tls::Direct;
        if !early && self.state != State::Handshake {
            return Err(Error::State);
        }
        self.bindings = Bindings::new(binding).ok_or(Error::Argument(Argument::ChannelBinding))?;
        if !early {
            self.encrypted = true;
            self.new_header(now);
        }
        Ok(())
    }

    /// A first-level element came.
    ///
    /// # Errors
    /// The stream is over: drain [`poll`](Self::poll), then report the failure.
    pub fn element(
        &mut self,
        element: Element<'_>,
        account: &Account<'_>,
        now: Instant,
    ) -> Result<Step, Failure> {
        // What a login that was given up still hears means nothing any more.
        if self.state == State::Over || (self.state == State::Closing && !self.was_online) {
            return Ok(Step::Ignored);
        }
        if let Some(limit) = element.oversized() {
            self.ignored = self.ignored.saturating_add(1);
            // Without a name it was skipped as a whole: no element of the server's own has such a name.
            match (element.ns(), element.name()) {
                (_, "") => return Ok(Step::Ignored),
                (Ns::Client, "iq" | "message" | "presence") => {}
                _ => return Err(self.refuse(limit)),
            }
        }
        if element.is(Ns::Streams, "error") {
            return Err(self.stream_error(element));
        }
        match (self.state, element.ns()) {
            (State::Idle | State::Header | State::Handshake, _) => self.unexpected(),
            (State::Features, Ns::Streams) => self.features(element, now),
            (State::StartTls, Ns::Tls) => self.starttls_answer(element, now),
            (State::Sasl, Ns::Sasl) => self.sasl(element, account, now),
            (State::Bind | State::Session, Ns::Client) => self.bind_answer(element, account, now),
            (State::Online | State::Closing, _) => self.in_session(element, account),
            (_, Ns::Client | Ns::Other) => self.ignore(),
            _ => self.unexpected(),
        }
    }

    /// A first-level element is under way, or none is (ATK-04).
    pub fn reading(&mut self, under_way: bool, now: Instant) {
        self.liveness.reading(under_way, now);
    }

    /// Any byte came in: the stream lives.
    pub fn heard(&mut self, now: Instant) {
        self.liveness.heard(now);
    }

    /// The session sent something of its own.
    pub fn sent(&mut self, now: Instant) {
        self.liveness.sent(now);
    }

    /// Time goes on: what is to be said by then is queued, and nothing is judged.
    pub fn tick(&mut self, now: Instant) {
        self.timers(now);
    }

    /// Everything that had come by `read` was taken: deadlines up to then are judged.
    ///
    /// # Errors
    /// The stream is over: the login took too long or the server is silent.
    pub fn judge(&mut self, read: Instant) -> Result<(), Failure> {
        self.missed(read)
    }

    /// When to call [`tick`](Self::tick) or [`poll`](Self::poll) again, and what for.
    #[must_use]
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        self.next_timer()
    }

    /// True while stanzas may be sent.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.state == State::Online
    }

    /// True from the server's go-ahead until the owner is told to start TLS (STR-08).
    #[must_use]
    pub fn awaits_tls(&self) -> bool {
        self.state == State::Handshake && self.outgoing.has(Send::Tls)
    }

    /// True while the owner still has to bring up the transport, or its TLS: no byte can have come through it.
    #[must_use]
    pub fn awaits_owner(&self) -> bool {
        matches!(self.state, State::Idle | State::Handshake)
    }

    /// True when nothing is queued and nothing is awaited any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over && self.outgoing.is_empty()
    }

    /// Our full JID, byte for byte as bound (BND-01); empty before.
    #[must_use]
    pub fn jid(&self) -> &str {
        &self.jid
    }

    /// Largest stanza the server takes, bytes (LIM-01, LIM-02).
    #[must_use]
    pub fn stanza_bytes(&self) -> u32 {
        self.max_bytes.unwrap_or(self.cfg.stanza_bytes)
    }

    /// First-level elements that were dropped (XML-06, STZ-02).
    #[must_use]
    pub fn ignored(&self) -> u32 {
        self.ignored
    }

    /// What the server said beside the condition when the stream failed: the text of its error, the other host, or
    /// the name of the feature nobody knows (STR-06, SER-03); or the limit of ours that it broke. Printable ASCII, 264
    /// bytes at most; the server's word only.
    #[must_use]
    pub fn detail(&self) -> &str {
        core::str::from_utf8(&self.detail).unwrap_or("")
    }

    /// Keeps the beginning of what the server said, with everything but printable ASCII made harmless (ATK-62).
    fn note_detail(&mut self, text: &str) {
        self.detail = heapless::Vec::new();
        let harmless = |byte: u8| if byte == b' ' || byte.is_ascii_graphic() { byte } else { b'?' };
        // A full buffer ends it.
        let _ = text.bytes().try_for_each(|byte| self.detail.push(harmless(byte)));
    }
}

impl Link {
    /// A new XML stream: what was learnt from the old one is void (STR-07).
    fn new_header(&mut self, now: Instant) {
        self.max_bytes = None;
        self.session_needed = false;
        self.bad_header = false;
        self.liveness.idle_limit(None);
        self.next(State::Header, Send::Header, now);
    }

    /// Goes to a step of the login and queues what starts it.
    fn next(&mut self, state: State, send: Send, now: Instant) {
        self.state = state;
        self.outgoing.add(send);
        self.liveness.step_starts(now);
    }

    /// An element that its sender must know does not belong here (ATK-07).
    fn unexpected(&mut self) -> Result<Step, Failure> {
        Err(self.refuse_with(StreamCondition::BadFormat, Reason::BadFormat))
    }

    /// A stanza that the session dropped, because it answers nothing or comes from the wrong address (STZ-02).
    pub fn dropped(&mut self) {
        self.ignored = self.ignored.saturating_add(1);
    }

    /// An element nobody knows (XML-06), or that nobody switched on (ATK-15).
    fn ignore(&mut self) -> Result<Step, Failure> {
        self.ignored = self.ignored.saturating_add(1);
        self.unknown = self.unknown.saturating_add(1);
        if self.unknown > UNKNOWN_IN_A_ROW {
            let condition = StreamCondition::UnsupportedStanzaType;
            return Err(self.refuse_with(condition, Reason::BadFormat));
        }
        Ok(Step::Ignored)
    }

    fn in_session(&mut self, element: Element<'_>, account: &Account<'_>) -> Result<Step, Failure> {
        match (element.ns(), element.name()) {
            (Ns::Client, "iq" | "message" | "presence") => {
                self.unknown = 0;
                if self.is_probe_answer(element, account) {
                    return Ok(Step::Taken);
                }
                Ok(Step::Stanza)
            }
            // Late features change nothing (ATK-07).
            (Ns::Streams, "features") => self.ignore(),
            (Ns::Streams | Ns::Sasl | Ns::Tls, _) => self.unexpected(),
            _ => self.ignore(),
        }
    }
}
