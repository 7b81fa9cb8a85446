//! What a session makes of a login that goes wrong, seen from its owner.

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
