//! An XMPP client that logs in over direct TLS, asks questions one after another and reads nothing but the answers.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{PATIENCE, broken};
use crate::router::{Element, Framer, Item, NS_CLIENT, NS_STREAM, escape};

const INFO: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";
const BYTESTREAMS: &str = "http://jabber.org/protocol/bytestreams";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";

/// Who logs in where.
#[derive(Debug, Clone)]
pub struct Account {
    /// `HOST:PORT` for direct TLS.
    pub address: String,
    /// The CA of the server's certificate.
    pub ca: PathBuf,
    /// The server's domain.
    pub domain: String,
    /// Local part.
    pub user: String,
    /// Password.
    pub password: String,
}

/// Where a proxy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streamhost {
    /// The address that activates.
    pub jid: String,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A client that is online.
pub struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    framer: Framer,
    /// What was received and not read.
    input: Vec<u8>,
    jid: String,
    domain: String,
    asked: u32,
}

impl Client {
    /// Logs in with PLAIN over TLS and binds a resource.
    pub fn login(account: &Account) -> io::Result<Self> {
        let socket = TcpStream::connect(&account.address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self {
            stream: StreamOwned::new(tls(account)?, socket),
            framer: Framer::new(1 << 20),
            input: Vec::new(),
            jid: String::new(),
            domain: account.domain.clone(),
            asked: 0,
        };
        client.open()?;
        let secret = STANDARD.encode(format!("\0{}\0{}", account.user, account.password));
        client.say(&format!("<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>"))?;
        let answer = client.element()?;
        if !answer.is(SASL, "success") {
            return Err(broken(format!("the login was answered with {answer:?}")));
        }
        client.framer = Framer::new(1 << 20);
        client.open()?;
        let bound =
            client.ask("set", None, &format!("<bind xmlns='{BIND}'><resource>plain</resource></bind>"))?;
        let jid = bound.child(BIND, "bind").and_then(|bind| bind.child(BIND, "jid"));
        client.jid = jid.map(|jid| jid.text.clone()).ok_or_else(|| broken("no address was bound"))?;
        Ok(client)
    }

    /// The full address bound.
    pub fn jid(&self) -> &str {
        &self.jid
    }

    /// The first proxy that the domain lists and that tells where it is.
    pub fn proxy(&mut self) -> io::Result<Option<Streamhost>> {
        let domain = self.domain.clone();
        let items = self.ask("get", Some(&domain), &format!("<query xmlns='{ITEMS}'/>"))?;
        let items = items.child(ITEMS, "query").map_or(&[][..], |query| &query.children);
        for jid in items.iter().filter_map(|item| item.attr("jid")) {
            let info = self.ask("get", Some(jid), &format!("<query xmlns='{INFO}'/>"))?;
            let identities = info.child(INFO, "query").map_or(&[][..], |query| &query.children);
            let proxy = |e: &Element| {
                e.name == "identity"
                    && e.attr("category") == Some("proxy")
                    && e.attr("type") == Some("bytestreams")
            };
            if !identities.iter().any(proxy) {
                continue;
            }
            let answer = self.ask("get", Some(jid), &format!("<query xmlns='{BYTESTREAMS}'/>"))?;
            let host =
                answer.child(BYTESTREAMS, "query").and_then(|query| query.child(BYTESTREAMS, "streamhost"));
            let host = host.ok_or_else(|| broken(format!("{jid} does not tell its address: {answer:?}")))?;
            let value = |name: &str| host.attr(name).unwrap_or_default().to_owned();
            let port = value("port").parse().map_err(|_| broken(format!("{jid} tells no port")))?;
            return Ok(Some(Streamhost { jid: value("jid"), host: value("host"), port }));
        }
        Ok(None)
    }

    /// Has the proxy join the two streams of that id.
    pub fn activate(&mut self, proxy: &str, sid: &str, target: &str) -> io::Result<()> {
        let query = format!("<query xmlns='{BYTESTREAMS}' sid='{sid}'><activate>{target}</activate></query>");
        let answer = self.ask("set", Some(proxy), &query)?;
        match answer.attr("type") {
            Some("result") => Ok(()),
            _ => Err(broken(format!("activation was answered with {answer:?}"))),
        }
    }

    fn open(&mut self) -> io::Result<()> {
        let header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='{NS_CLIENT}' xmlns:stream='{NS_STREAM}' to='{}' version='1.0'>",
            self.domain
        );
        self.say(&header)?;
        let features = self.element()?;
        if features.is(NS_STREAM, "features") {
            Ok(())
        } else {
            Err(broken(format!("no features: {features:?}")))
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        self.stream.flush()
    }

    /// Sends a request and waits for its answer, a result or an error.
    fn ask(&mut self, kind: &str, to: Option<&str>, payload: &str) -> io::Result<Element> {
        self.asked += 1;
        let id = format!("p{}", self.asked);
        let mut text = format!("<iq type='{kind}' id='{id}'");
        if let Some(to) = to {
            text.push_str(" to='");
            escape(&mut text, to);
            text.push('\'');
        }
        self.say(&format!("{text}>{payload}</iq>"))?;
        loop {
            let element = self.element()?;
            if element.is(NS_CLIENT, "iq") && element.attr("id") == Some(&id) {
                return Ok(element);
            }
        }
    }

    fn element(&mut self) -> io::Result<Element> {
        loop {
            let mut rest = &self.input[..];
            let item = self.framer.next(&mut rest);
            let used = self.input.len() - rest.len();
            self.input.drain(..used);
            match item {
                Ok(Some(Item::Element(element))) => return Ok(element.root),
                Ok(Some(Item::Header(..))) => continue,
                Ok(Some(Item::End)) => return Err(broken("the server ended the stream")),
                Err(error) => return Err(broken(format!("the server's XML: {error:?}"))),
                Ok(None) => {}
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.input.extend_from_slice(&bytes[..count]);
        }
    }
}

fn tls(account: &Account) -> io::Result<ClientConnection> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(&account.ca).map_err(|error| broken(error.to_string()))?;
    roots.add(ca).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(account.domain.clone()).map_err(io::Error::other)?;
    ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
}
