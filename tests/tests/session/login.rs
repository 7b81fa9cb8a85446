//! What a session makes of a login that goes wrong, seen from its owner.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xft_core::*;
use xft_tests::world::Memory;

/// Runs `script` on a fresh session whose stream is open.
fn with_session(cfg: &Config<'_>, script: impl FnOnce(&mut Session<'_>)) {
    let mut memory = Memory::new(cfg, 1, 1);
    let mut session = Session::new(cfg, memory.storage(), Instant::from_ms(0)).unwrap();
    session.stream_open(StreamId::XMPP).unwrap();
    script(&mut session);
}

/// Everything the session has to say until it waits or is over.
fn drained(session: &mut Session<'_>) -> Vec<String> {
    let (mut said, mut out) = (Vec::new(), vec![0; 4096]);
    loop {
        match session.poll(&mut out) {
            Ok(Output::Transmit { bytes, .. }) => said.push(String::from_utf8(bytes.to_vec()).unwrap()),
            Ok(Output::Wait { .. }) => return said,
            Ok(other) => said.push(format!("{other:?}")),
            Err(error) => {
                said.push(format!("{error:?}"));
                return said;
            }
        }
    }
}

const FEATURES: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
    id='1' from='hospital.test' version='1.0'><stream:features>\
    <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

fn feed(session: &mut Session<'_>, text: &str) {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        match session.stream_in(StreamId::XMPP, &mut bytes[at..]) {
            Ok((used, _)) => at += used,
            Err(Error::Closed(_)) => return,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[test]
fn str_08_bytes_glued_to_the_go_ahead_end_the_stream_and_close_it() {
    for glued in [" ", "<stream:features/>", "\u{16}\u{3}\u{1}"] {
        with_session(&Config::new("ct1@hospital.test", "secret", [3; 32]), |session| {
            drained(session);
            feed(session, FEATURES);
            assert!(drained(session).iter().any(|said| said.starts_with("<starttls")));
            feed(session, &format!("{PROCEED}{glued}"));
            let said = drained(session);
            assert!(!said.iter().any(|said| said.contains("StartTls")), "{said:?}");
            assert!(said.iter().any(|said| said.starts_with("Close")), "{said:?}");
            assert!(said.iter().any(|said| said.contains("Offline { reason: TlsInjected")), "{said:?}");
            assert!(said.last().unwrap().contains("Closed(TlsInjected)"), "{said:?}");
        });
    }
}

#[test]
fn str_08_the_go_ahead_alone_starts_tls() {
    with_session(&Config::new("ct1@hospital.test", "secret", [3; 32]), |session| {
        drained(session);
        feed(session, FEATURES);
        drained(session);
        feed(session, PROCEED);
        assert_eq!(drained(session), ["StartTls"]);
        session.tls_done(&ChannelBinding::default()).unwrap();
        assert!(drained(session)[0].contains("from='ct1@hospital.test'"));
    });
}

#[test]
fn str_09_a_server_without_starttls_is_left_before_any_password() {
    with_session(&Config::new("ct1@hospital.test", "secret", [3; 32]), |session| {
        drained(session);
        let plain =
            FEATURES.replace("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>", "");
        feed(session, &plain);
        let said = drained(session);
        assert!(said.iter().any(|said| said.contains("Offline { reason: TlsMissing")), "{said:?}");
        assert!(!said.iter().any(|said| said.contains("<auth")), "{said:?}");
    });
}

#[test]
fn a_lost_transport_ends_the_session_once_and_for_all() {
    with_session(&Config::new("ct1@hospital.test", "secret", [3; 32]), |session| {
        drained(session);
        session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
        let said = drained(session);
        assert_eq!(
            said.iter().filter(|said| said.contains("Offline { reason: StreamEnded")).count(),
            1,
            "{said:?}"
        );
        for _ in 0..3 {
            assert_eq!(session.poll(&mut [0; 64]), Err(Error::Closed(Reason::StreamEnded)));
            assert_eq!(
                session.stream_in(StreamId::XMPP, &mut [b'<']).map(|_| ()),
                Err(Error::Closed(Reason::StreamEnded))
            );
            assert_eq!(session.stream_open(StreamId::XMPP), Err(Error::Closed(Reason::StreamEnded)));
        }
    });
}

const TLS_FEATURES: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
    id='1' from='hospital.test' version='1.0'><stream:features><mechanisms \
    xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism><mechanism>PLAIN</mechanism>\
    </mechanisms></stream:features>";

/// What a session over direct TLS says first in the login, decoded.
fn first_message(account: &str) -> String {
    let mut cfg = Config::new(account, "secret", [3; 32]);
    cfg.tls = Tls::Direct;
    let mut message = String::new();
    with_session(&cfg, |session| {
        let header = drained(session);
        assert!(header[0].contains(" to='hospital.test'"), "{header:?}");
        feed(session, TLS_FEATURES);
        let said = drained(session);
        let text = said[0].split_once('>').unwrap().1.split_once('<').unwrap().0;
        message = String::from_utf8(STANDARD.decode(text).unwrap()).unwrap();
    });
    message
}

/// SASL-03, STZ-12
#[test]
fn sasl_03_the_user_name_is_the_prepared_local_part_escaped_and_nobody_else_is_meant() {
    for (account, name) in [
        ("ct1@hospital.test", "ct1"),
        ("CT1@Hospital.Test", "ct1"),
        ("A,b=C@hospital.test.", "a=2Cb=3Dc"),
        // XEP-0106 keeps its capitals and backslashes; beyond ASCII nothing is touched.
        ("b\\40Clinic@hospital.test", "b\\40clinic"),
        ("\u{e4}RZTE@hospital.test", "\u{e4}rzte"),
    ] {
        let said = first_message(account);
        // No authorization identity between the two commas, and one nonce of at least 18 bytes behind the name (SASL-04).
        let nonce = said.strip_prefix(&format!("n,,n={name},r=")).unwrap_or_else(|| panic!("{said}"));
        assert!(nonce.len() >= 24 && !nonce.contains([',', ' ']), "{said}");
    }
}

/// SASL-03
#[test]
fn sasl_03_the_password_goes_as_its_owner_prepared_it() {
    with_session(
        &{
            let mut cfg = Config::new("CT1@hospital.test", "Gr\u{fc}\u{df}e a b~", [3; 32]);
            (cfg.tls, cfg.sasl.plain) = (Tls::Direct, true);
            cfg
        },
        |session| {
            drained(session);
            feed(session, &TLS_FEATURES.replace("<mechanism>SCRAM-SHA-256</mechanism>", ""));
            let said = drained(session)[0].clone();
            let text = said.split_once('>').unwrap().1.split_once('<').unwrap().0;
            assert_eq!(STANDARD.decode(text).unwrap(), "\0ct1\0Gr\u{fc}\u{df}e a b~".as_bytes());
        },
    );
}

/// BND-01, STZ-12
#[test]
fn an_account_typed_with_capitals_is_the_one_that_the_server_binds() {
    let mut cfg = Config::new("CT1@Hospital.Test", "secret", [3; 32]);
    (cfg.tls, cfg.sasl.plain) = (Tls::Direct, true);
    for (bound, online) in [("ct1@hospital.test/Gw", true), ("ct2@hospital.test/Gw", false)] {
        with_session(&cfg, |session| {
            drained(session);
            feed(session, &TLS_FEATURES.replace("<mechanism>SCRAM-SHA-256</mechanism>", ""));
            drained(session);
            feed(session, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
            drained(session);
            let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
            let header = TLS_FEATURES.split_once("<stream:features>").unwrap().0;
            feed(session, &format!("{header}<stream:features>{bind}</stream:features>"));
            let asked = drained(session)[0].clone();
            let id = asked.split(" id='").nth(1).unwrap().split('\'').next().unwrap();
            let jid = format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{bound}</jid></bind>");
            feed(session, &format!("<iq type='result' id='{id}'>{jid}</iq>"));
            let said = drained(session).concat();
            assert_eq!(said.contains("Online"), online, "{said}");
            assert_eq!(said.contains("BindMismatch"), !online, "{said}");
        });
    }
}
