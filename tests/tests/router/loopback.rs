//! The loopback server from outside: the program's one line, both ports, TLS, channel binding, a block across, the end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use xft_tests::scripted::*;

/// The program; ends with its stdin.
struct Program {
    child: Child,
    c2s: u16,
    tls: u16,
}

impl Program {
    fn start(dir: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loopback_server"))
            .args(["--account", "ct1:secret", "--account", "pacs:store", "--cert-dir"])
            .arg(dir)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let value = |key: &str| {
            let word = line.split_whitespace().find_map(|w| w.strip_prefix(key));
            word.unwrap_or_else(|| panic!("no {key} in {line}")).to_owned()
        };
        assert!(line.starts_with("ready ") && value("domain=") == DOMAIN, "{line}");
        assert_eq!(Path::new(&value("ca=")), dir.join("ca.pem"));
        Self { child, c2s: value("c2s=").parse().unwrap(), tls: value("tls=").parse().unwrap() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    got: String,
}

fn connect(port: u16) -> TcpStream {
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

fn read_until(from: &mut impl Read, got: &mut String, mark: &str) -> String {
    let mut buffer = vec![0; 1 << 16];
    loop {
        if let Some(at) = got.find(mark) {
            let rest = got.split_off(at + mark.len());
            return std::mem::replace(got, rest);
        }
        let count = from.read(&mut buffer).unwrap();
        assert!(count > 0, "ended before {mark}: {got}");
        got.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

impl Client {
    fn over(socket: TcpStream, dir: &Path) -> Self {
        Self::try_over(socket, dir).unwrap()
    }

    fn try_over(mut socket: TcpStream, dir: &Path) -> std::io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(dir.join("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = versions.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(DOMAIN).unwrap();
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        Ok(Self { stream: StreamOwned::new(tls, socket), got: String::new() })
    }

    fn ask(&mut self, text: &str, mark: &str) -> String {
        self.stream.write_all(text.as_bytes()).unwrap();
        read_until(&mut self.stream, &mut self.got, mark)
    }

    /// SCRAM-SHA-256-PLUS with that binding, then bind.
    fn log_in(&mut self, user: &str, password: &str, binding: (&str, &[u8])) {
        self.ask(HEADER, "</stream:features>");
        let (gs2, first) = (format!("p={},,", binding.0), format!("n={user},r=nonce"));
        let challenge = self.ask(&auth("SCRAM-SHA-256-PLUS", &format!("{gs2}{first}")), "</challenge>");
        let (last, signature) = scram_final(password, &gs2, binding.1, &first, &sasl_text(&challenge));
        let success = self.ask(&response(&last), "</success>");
        assert_eq!(sasl_text(&success), signature);
        self.ask(HEADER, "</stream:features>");
        self.ask(&bind("r"), "</iq>");
    }
}

fn start_tls(program: &Program, dir: &Path) -> Client {
    let mut socket = connect(program.c2s);
    let mut got = String::new();
    socket.write_all(HEADER.as_bytes()).unwrap();
    let features = read_until(&mut socket, &mut got, "</stream:features>");
    assert!(features.contains("<required/>") && !features.contains("<mechanism>"), "{features}");
    socket.write_all(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").unwrap();
    read_until(&mut socket, &mut got, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    Client::over(socket, dir)
}

#[test]
fn two_clients_bind_to_tls_and_a_large_block_crosses() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let mut ct1 = start_tls(&program, dir.path());
    let exporter =
        ct1.stream.conn.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
    ct1.log_in("ct1", "secret", ("tls-exporter", &exporter));

    let mut pacs = Client::over(connect(program.tls), dir.path());
    let end_point = {
        use sha2::Digest;
        sha2::Sha256::digest(&pacs.stream.conn.peer_certificates().unwrap()[0])
    };
    pacs.log_in("pacs", "store", ("tls-server-end-point", &end_point));

    let block = "QUJD".repeat(21_845);
    let text = format!("<message to='pacs@{DOMAIN}/r'><d xmlns='x'>{block}</d></message>");
    for _ in 0..50 {
        ct1.stream.write_all(text.as_bytes()).unwrap();
    }
    let expected = text.replace("'><d", &format!("' from='ct1@{DOMAIN}/r'><d"));
    for _ in 0..50 {
        assert!(pacs.ask("", "</message>") == expected, "a block arrived changed");
    }
    let request = format!("<iq type='set' id='1' to='pacs@{DOMAIN}/r'><d xmlns='x'>{block}</d></iq>");
    for _ in 0..200 {
        ct1.stream.write_all(request.as_bytes()).unwrap();
        pacs.ask("", "</iq>");
        pacs.stream.write_all(format!("<iq type='result' id='1' to='ct1@{DOMAIN}/r'/>").as_bytes()).unwrap();
        ct1.ask("", "/>");
    }
    let answer = pacs.ask("</stream:stream>", "</stream:stream>");
    assert_eq!(answer, "</stream:stream>");
    assert_eq!(pacs.stream.read(&mut [0; 16]).unwrap(), 0, "TLS is closed in order");
}

#[test]
fn clients_hear_of_the_end_and_a_wrong_ca_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut program = Program::start(dir.path(), &[]);
    let _foreign = Program::start(other.path(), &[]);
    let refused = Client::try_over(connect(program.tls), other.path()).err().unwrap().to_string();
    assert!(refused.contains("invalid peer certificate"), "{refused}");

    let mut ct1 = Client::over(connect(program.tls), dir.path());
    ct1.ask(HEADER, "</stream:features>");
    drop(program.child.stdin.take());
    let last = ct1.ask("", "</stream:stream>");
    assert!(last.contains("<system-shutdown "), "{last}");
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn plain_and_refusing_server_is_what_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["--plain", "--refuse", "--mechanism", "PLAIN", "--stanza-bytes", "20000"];
    let program = Program::start(dir.path(), &options);
    let mut socket = connect(program.c2s);
    let mut got = String::new();
    socket.write_all(HEADER.as_bytes()).unwrap();
    let features = read_until(&mut socket, &mut got, "</stream:features>");
    assert!(!features.contains("starttls") && features.contains("<limits "), "{features}");
    assert_eq!(features.matches("<mechanism>").count(), 1);
    socket.write_all(auth("PLAIN", "\0ct1\0secret").as_bytes()).unwrap();
    let failure = read_until(&mut socket, &mut got, "</failure>");
    assert!(failure.contains("<temporary-auth-failure/>"), "{failure}");
}
