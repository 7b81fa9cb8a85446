//! The router's behaviour, by scripts of a client that knows nothing but strings.

#![allow(missing_docs)]

use xft_tests::router::*;

const DOMAIN: &str = "hospital.test";
const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='hospital.test' version='1.0'>";
const UNAVAILABLE: &str = "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";

fn config() -> RouterConfig {
    let mut config = RouterConfig::new(DOMAIN, &[("ct1", "secret"), ("pacs", "store"), ("ws", "view")], 7);
    config.tls = Tls::None;
    config
}

/// A router and the bytes each stream got and nobody has looked at yet.
struct World {
    router: Router,
    now: u64,
}

impl World {
    fn new(config: RouterConfig) -> Self {
        Self { router: Router::new(config), now: 0 }
    }

    fn send(&mut self, no: StreamNo, text: &str) {
        self.router.input(self.now, no, text.as_bytes());
    }

    fn got(&mut self, no: StreamNo) -> String {
        String::from_utf8(self.router.take_output(self.now, no)).unwrap()
    }

    fn ask(&mut self, no: StreamNo, text: &str) -> String {
        self.send(no, text);
        self.got(no)
    }

    /// Logs in by PLAIN and binds; gives the stream with its output read.
    fn login(&mut self, user: &str, password: &str, resource: &str) -> StreamNo {
        use base64::Engine as _;
        let no = self.router.open(self.now);
        let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        assert!(self.ask(no, HEADER).contains("<mechanism>PLAIN</mechanism>"));
        let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
        assert_eq!(self.ask(no, &auth), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'></success>");
        assert!(self.ask(no, HEADER).contains("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"));
        let answer = self.ask(no, &bind(resource));
        assert!(answer.contains(&format!("<jid>{user}@{DOMAIN}/{resource}</jid>")), "{answer}");
        no
    }

    fn pair(&mut self) -> (StreamNo, StreamNo) {
        (self.login("ct1", "secret", "gw"), self.login("pacs", "store", "in"))
    }
}

fn bind(resource: &str) -> String {
    format!(
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>"
    )
}

#[test]
fn stanzas_between_full_addresses_arrive_stamped_and_in_order() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    w.send(ct1, "<iq type='set' id='1' to='pacs@hospital.test/in'><a xmlns='x'/></iq> <message to='pacs@hospital.test/in'><body>&lt;</body></message>");
    assert_eq!(
        w.got(pacs),
        "<iq type='set' id='1' to='pacs@hospital.test/in' from='ct1@hospital.test/gw'><a xmlns='x'/></iq>\
         <message to='pacs@hospital.test/in' from='ct1@hospital.test/gw'><body>&lt;</body></message>"
    );
    w.send(pacs, "<iq id='1' to='ct1@hospital.test/gw' type='result'/>");
    assert_eq!(
        w.got(ct1),
        "<iq id='1' to='ct1@hospital.test/gw' type='result' from='pacs@hospital.test/in'/>"
    );
}

#[test]
fn requests_nobody_can_answer_get_service_unavailable() {
    let mut w = World::new(config());
    let (ct1, _) = w.pair();
    for to in ["pacs@hospital.test/gone", "pacs@hospital.test", "nobody@hospital.test/x"] {
        let answer = w.ask(ct1, &format!("<iq type='get' id='q' to='{to}'><a xmlns='x'/></iq>"));
        assert!(
            answer.starts_with(&format!("<iq type='error' id='q' from='{to}' to='ct1@hospital.test/gw'>"))
        );
        assert!(answer.contains(UNAVAILABLE) && !answer.contains("<a "), "{answer}");
    }
    w.router.config_mut().echo_payload = true;
    let answer = w.ask(ct1, "<iq type='set' id='q' to='pacs@hospital.test/gone'><a xmlns='x'>AAAA</a></iq>");
    assert!(answer.contains("<a xmlns='x'>AAAA</a><error type='cancel'>"), "{answer}");
    assert_eq!(w.ask(ct1, "<iq type='result' id='q' to='pacs@hospital.test/gone'/>"), "");
}
