//! A link with its reader, driven the way the session drives it.

use xft_core::internals::stanza::{Fed, StanzaReader};
use xft_core::internals::xml::Limits;
use xft_core::internals::{Account, Failure, Link, LinkConfig, LinkOutput, Step};
use xft_core::{ChannelBinding, Instant, Reason, Sasl, StreamCondition, Times, Tls};
use xft_tests::router::{Effect, Router, StreamNo};

pub const ACCOUNT: Account<'static> = Account {
    local: "ct1",
    domain: "hospital.test",
    bare: "ct1@hospital.test",
    password: "secret",
    resource: "gw",
};

/// What the nonce in [`config`] becomes on the wire in the first attempt.
pub const NONCE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA";

pub const PLAIN_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='hospital.test' version='1.0' xml:lang='en'>";
pub const TLS_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' from='ct1@hospital.test' to='hospital.test' version='1.0' \
    xml:lang='en'>";
pub const SERVER_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='hospital.test' version='1.0'>";
pub const BIND_FEATURE: &str =
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
pub const CLOSED: &str = "</stream:stream>[close]";

pub fn config(tls: Tls) -> LinkConfig {
    LinkConfig {
        tls,
        sasl: Sasl { rounds_per_poll: 5000, ..Sasl::default() },
        times: Times::default(),
        stanza_bytes: 10_000,
        priority: 0,
        nonce: [7; 24],
        id_prefix: [0xab; 8],
    }
}

/// `<stream:features>` with these mechanisms and binding types.
pub fn mechanisms(names: &[&str], types: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("<mechanism>{name}</mechanism>")).collect();
    let kinds: String = types.iter().map(|kind| format!("<channel-binding type='{kind}'/>")).collect();
    let announced = match types {
        [] => String::new(),
        _ => format!("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>{kinds}</sasl-channel-binding>"),
    };
    format!(
        "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{names}</mechanisms>{announced}</stream:features>"
    )
}

/// A SASL element around raw text.
pub fn sasl(name: &str, text: &str) -> String {
    format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{text}</{name}>")
}

pub struct Client {
    pub link: Link,
    reader: StanzaReader<'static>,
    pub now: u64,
    pub account: Account<'static>,
    pub steps: Vec<Step>,
    /// Local names of the stanzas that were for the session.
    pub stanzas: Vec<String>,
    pub failure: Option<Failure>,
    /// Polls that said [`LinkOutput::Again`].
    pub again: usize,
}

impl Client {
    pub fn new(cfg: LinkConfig) -> Self {
        Self::of(Link::new(cfg))
    }

    pub fn of(link: Link) -> Self {
        // What `Needs::of` asks for.
        let memory = |bytes| vec![0u8; bytes].leak() as &'static mut [u8];
        let reader = StanzaReader::new(memory(2048), memory(3072), memory(4096), Limits::default());
        Self {
            link,
            reader,
            now: 0,
            account: ACCOUNT,
            steps: Vec::new(),
            stanzas: Vec::new(),
            failure: None,
            again: 0,
        }
    }

    pub fn enter_hosted(&mut self) {
        self.reader.enter_hosted();
    }

    /// Transport up, first output drained.
    pub fn opened(cfg: LinkConfig) -> Self {
        let mut client = Self::new(cfg);
        client.link.opened(client.at()).unwrap();
        client.drain();
        client
    }

    /// Direct TLS, server header and features taken.
    pub fn at_features(cfg: LinkConfig, features: &str) -> (Self, String) {
        let mut client = Self::opened(cfg);
        let answer = client.ask(&format!("{SERVER_HEADER}{features}"));
        (client, answer)
    }

    /// Online at time 0 after a scripted login by PLAIN; everything drained.
    pub fn online(mut cfg: LinkConfig) -> Self {
        Self::online_after(&mut cfg, BIND_FEATURE)
    }

    pub fn online_after(cfg: &mut LinkConfig, features: &str) -> Self {
        let (mut client, _) = Self::at_bind(cfg, features);
        client.ask(&bound("ct1@hospital.test/gw"));
        assert!(client.link.is_online(), "{:?}", client.failure);
        client
    }

    /// Authenticated by PLAIN, features of the second stream taken; gives the answer to them.
    pub fn at_bind(cfg: &mut LinkConfig, features: &str) -> (Self, String) {
        cfg.tls = Tls::Direct;
        cfg.sasl.plain = true;
        let (mut client, _) = Self::at_features(*cfg, &mechanisms(&["PLAIN"], &[]));
        assert_eq!(client.ask(&sasl("success", "")), TLS_HEADER);
        let answer = client.ask(&format!("{SERVER_HEADER}{features}"));
        (client, answer)
    }

    pub fn at(&self) -> Instant {
        Instant::from_ms(self.now)
    }

    pub fn ask(&mut self, text: &str) -> String {
        self.feed(text.as_bytes());
        self.drain()
    }

    /// Feeds bytes as the session does, up to the first failure.
    pub fn feed(&mut self, bytes: &[u8]) {
        let now = self.at();
        if !bytes.is_empty() {
            self.link.heard(now);
        }
        let mut input = bytes.to_vec();
        let mut rest = input.as_mut_slice();
        while self.failure.is_none() {
            let fed = match self.reader.feed(rest) {
                Ok((used, fed)) => {
                    rest = &mut rest[used..];
                    fed
                }
                Err(error) => {
                    self.failure = Some(self.link.refuse(error));
                    return;
                }
            };
            let result = match fed {
                Fed::More => return,
                Fed::Space => continue,
                Fed::Header => self.link.header(self.reader.element(), &self.account, now),
                Fed::End => Err(self.link.ended(now)),
                Fed::Element => self.element(rest.len(), now),
            };
            self.failure = result.err();
        }
    }

    fn element(&mut self, following: usize, now: Instant) -> Result<(), Failure> {
        let element = self.reader.element();
        let step = self.link.element(element, &self.account, now)?;
        self.steps.push(step);
        match step {
            Step::Stanza => self.stanzas.push(element.name().to_owned()),
            Step::Restart => self.reader.restart(),
            // STR-08: the session sees the bytes, the link does not.
            Step::Proceed if following > 0 => {
                return Err(self.link.refuse_with(StreamCondition::PolicyViolation, Reason::TlsInjected));
            }
            Step::Proceed => self.reader.restart(),
            _ => {}
        }
        Ok(())
    }

    /// Everything the link has to say as one text; what is not bytes stands in brackets.
    pub fn drain(&mut self) -> String {
        let mut text = String::new();
        let mut out = [0u8; 2048];
        for _ in 0..1_000_000 {
            match self.link.poll(&mut out, &self.account, Instant::from_ms(self.now)).unwrap() {
                LinkOutput::Idle => return text,
                LinkOutput::Transmit(length) => text += std::str::from_utf8(&out[..length]).unwrap(),
                LinkOutput::StartTls => text += "[tls]",
                LinkOutput::Close => text += "[close]",
                LinkOutput::Again => self.again += 1,
            }
        }
        panic!("the link never says Idle");
    }

    pub fn tick(&mut self, now: u64) -> String {
        self.now = now;
        self.link.tick(Instant::from_ms(now));
        // Nothing more had come by then.
        if let Err(failure) = self.link.judge(Instant::from_ms(now)) {
            self.failure = Some(failure);
        }
        self.drain()
    }

    pub fn tls_done(&mut self, exporter: Option<&[u8]>, server_end_point: Option<&[u8]>) -> String {
        let binding = ChannelBinding { exporter, server_end_point };
        self.link.tls_done(&binding, self.at()).unwrap();
        self.drain()
    }

    pub fn reason(&self) -> Reason {
        self.failure.expect("the stream should have failed").reason
    }

    /// Talks to the router until both are silent; gives everything the client said.
    pub fn talk(
        &mut self,
        router: &mut Router,
        no: StreamNo,
        exporter: Option<[u8; 32]>,
        end_point: Option<Vec<u8>>,
    ) -> String {
        let mut said = String::new();
        loop {
            let ours = self.drain();
            said += &ours;
            let bytes = ours.replace("[tls]", "").replace("[close]", "");
            router.input(self.now, no, bytes.as_bytes());
            let theirs = router.take_output(self.now, no);
            if ours.is_empty() && theirs.is_empty() {
                return said;
            }
            self.feed(&theirs);
            if router.effect(no) == Some(Effect::StartTls) {
                assert_eq!(self.drain(), "[tls]");
                said += "[tls]";
                router.tls_done(self.now, no, exporter, end_point.clone());
                let server_end_point = end_point.as_deref();
                let binding =
                    ChannelBinding { exporter: exporter.as_ref().map(|e| e.as_slice()), server_end_point };
                self.link.tls_done(&binding, self.at()).unwrap();
            }
        }
    }
}

pub fn bound(jid: &str) -> String {
    format!(
        "<iq type='result' id='babababababababab0000'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{jid}</jid></bind></iq>"
    )
}
