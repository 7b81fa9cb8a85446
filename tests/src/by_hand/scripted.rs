//! A client that knows nothing but strings, to drive the router with.

use crate::router::{Router, RouterConfig, StreamNo, Tls};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub const DOMAIN: &str = "hospital.test";
pub const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='hospital.test' version='1.0'>";

pub fn config() -> RouterConfig {
    let mut config = RouterConfig::new(DOMAIN, &[("ct1", "secret"), ("pacs", "store"), ("ws", "view")], 7);
    config.tls = Tls::None;
    config
}

pub struct World {
    pub router: Router,
    pub now: u64,
}

impl World {
    pub fn new(config: RouterConfig) -> Self {
        Self { router: Router::new(config), now: 0 }
    }

    pub fn send(&mut self, no: StreamNo, text: &str) {
        self.router.input(self.now, no, text.as_bytes());
    }

    pub fn got(&mut self, no: StreamNo) -> String {
        String::from_utf8(self.router.take_output(self.now, no)).unwrap()
    }

    pub fn ask(&mut self, no: StreamNo, text: &str) -> String {
        self.send(no, text);
        self.got(no)
    }

    /// Logs in by PLAIN and binds; nothing is left to read.
    pub fn login(&mut self, user: &str, resource: &str) -> StreamNo {
        let no = self.authenticated(user);
        let answer = self.ask(no, &bind(resource));
        assert!(answer.contains(&format!("<jid>{user}@{DOMAIN}/{resource}</jid>")), "{answer}");
        no
    }

    pub fn authenticated(&mut self, user: &str) -> StreamNo {
        let no = self.router.open(self.now);
        let accounts = &self.router.config_mut().accounts;
        let password = accounts.iter().find(|(u, _)| u == user).unwrap().1.clone();
        assert!(self.ask(no, HEADER).contains("<mechanism>PLAIN</mechanism>"));
        let answer = self.ask(no, &auth("PLAIN", &format!("\0{user}\0{password}")));
        assert_eq!(answer, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'></success>");
        assert!(self.ask(no, HEADER).contains("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"));
        no
    }

    pub fn pair(&mut self) -> (StreamNo, StreamNo) {
        (self.login("ct1", "gw"), self.login("pacs", "in"))
    }
}

pub fn bind(resource: &str) -> String {
    format!(
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>"
    )
}

pub fn auth(mechanism: &str, message: &str) -> String {
    let text = STANDARD.encode(message);
    format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{text}</auth>")
}

pub fn response(message: &str) -> String {
    format!("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</response>", STANDARD.encode(message))
}

/// The text of a SASL element, decoded.
pub fn sasl_text(element: &str) -> String {
    let text = element.split_once('>').unwrap().1.split_once('<').unwrap().0;
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

/// The client's final SCRAM-SHA-256 message and the server's that must follow.
pub fn scram_final(
    password: &str,
    gs2: &str,
    binding: &[u8],
    first_bare: &str,
    server_first: &str,
) -> (String, String) {
    let mut parts = server_first.split(',');
    let nonce = parts.next().unwrap().strip_prefix("r=").unwrap();
    let salt = STANDARD.decode(parts.next().unwrap().strip_prefix("s=").unwrap()).unwrap();
    let rounds = parts.next().unwrap().strip_prefix("i=").unwrap().parse().unwrap();
    let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), &salt, rounds);
    let bound = STANDARD.encode([gs2.as_bytes(), binding].concat());
    let without_proof = format!("c={bound},r={nonce}");
    let auth_message = format!("{first_bare},{server_first},{without_proof}");
    let client_key = mac(&salted, b"Client Key");
    let signature = mac(&Sha256::digest(&client_key), auth_message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(k, s)| k ^ s).collect();
    let verifier = mac(&mac(&salted, b"Server Key"), auth_message.as_bytes());
    (format!("{without_proof},p={}", STANDARD.encode(proof)), format!("v={}", STANDARD.encode(verifier)))
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}
