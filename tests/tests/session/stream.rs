//! What only a session that owns its stream meets: the ends of the stream, a second header, and offers that no other
//! part of the program could take.

use xft_core::*;
use xft_tests::owned::*;

const SI: &str = "http://jabber.org/protocol/si";

fn offline(s: &mut Owned<'_>) -> Reason {
    s.poll();
    let reasons: Vec<Reason> = std::mem::take(&mut s.events)
        .into_iter()
        .filter_map(|event| if let Event::Offline { reason, .. } = event { Some(reason) } else { None })
        .collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons[0]
}

/// An offer with this profile.
fn offer(profile: &str) -> String {
    let field = "<field var='stream-method' type='list-single'><option><value>http://jabber.org/protocol/ibb</value>\
                 </option></field>";
    format!(
        "<iq xmlns='jabber:client' type='set' from='{PEER}' to='{ME}' id='o1'><si xmlns='{SI}' id='s1'{profile}>\
         <file xmlns='{SI}/profile/file-transfer' name='a' size='10'/>\
         <feature xmlns='http://jabber.org/protocol/feature-neg'><x xmlns='jabber:x:data' type='form'>{field}</x>\
         </feature></si></iq>"
    )
}

#[test]
fn si_09_an_offer_of_another_profile_is_refused_by_that_name() {
    for profile in [" profile='urn:x:tree'", "", " profile=''"] {
        let cfg = config();
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Owned::new(&cfg, "", &mut memory);
        let said = s.ask(&offer(profile));
        assert!(said.contains(" id='o1'") && said.contains("<error type='modify'"), "{said}");
        assert!(said.contains("<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"), "{said}");
        assert!(said.contains(&format!("<bad-profile xmlns='{SI}'/>")), "{said}");
        assert!(s.offers.is_empty() && s.events.is_empty());
        // The next one is taken.
        s.ask(&offer(&format!(" profile='{SI}/profile/file-transfer'")));
        assert_eq!(s.offers.len(), 1);
    }
}

#[test]
fn str_09_a_tls_handshake_that_fails_is_told_as_that_and_ends_the_session() {
    let mut cfg = config();
    cfg.tls = Tls::StartTls;
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::unopened(&cfg, &mut memory);
    s.session.stream_open(StreamId::XMPP).unwrap();
    s.poll();
    s.session.stream_end(StreamId::XMPP, StreamEnd::TlsFailed).unwrap();
    assert_eq!(offline(&mut s), Reason::TlsFailed);
    let closed = Error::Closed(Reason::TlsFailed);
    assert_eq!(s.session.stream_open(StreamId::XMPP), Err(closed));
    assert_eq!(s.session.tls_done(&ChannelBinding::default()), Err(closed));
    assert_eq!(s.session.poll(&mut [0; 100]), Err(closed));
}

/// TLS may also break later; then it took transfers with it.
#[test]
fn ibb_36_every_end_of_the_stream_has_its_name_and_ends_what_was_under_way() {
    use StreamEnd::*;
    for (end, reason) in [
        (Ended, Reason::StreamEnded),
        (Lost, Reason::StreamEnded),
        (TlsFailed, Reason::TlsFailed),
        (TimedOut, Reason::StreamEnded),
    ] {
        let cfg = config();
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Owned::new(&cfg, "", &mut memory);
        s.ask(&offer(&format!(" profile='{SI}/profile/file-transfer'")));
        s.session.accept(s.offers[0], 0).unwrap();
        s.poll();
        s.session.stream_end(StreamId::XMPP, end).unwrap();
        s.poll();
        let lost = Ending::Failed(Reason::StreamLost, None);
        assert!(
            matches!(s.events[..], [Event::Finished { ending, .. }, Event::Offline { .. }] if ending == lost),
            "{end:?}: {:?}",
            s.events
        );
        assert_eq!(offline(&mut s), reason, "{end:?}");
    }
}

#[test]
fn atk_07_a_second_header_ends_the_stream_at_once() {
    const AGAIN: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
        id='2' from='hospital.test' version='1.0'>";
    let cfg = config();
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let said = s.ask(AGAIN);
    assert!(said.contains("<bad-format xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"), "{said}");
    assert!(said.ends_with("</stream:stream>") && s.closed, "{said}");
    assert_eq!(offline(&mut s), Reason::BadFormat);
    // What would follow it is nobody's.
    s.feed("<stream:features/>");
    assert_eq!(s.session.poll(&mut [0; 100]), Err(Error::Closed(Reason::BadFormat)));
}

#[test]
fn atk_07_a_header_inside_a_stanza_is_content_like_any_other() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let inside = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='2' version='1.0'/>";
    let said = s.ask(&format!("<message xmlns='jabber:client' from='{PEER}'>{inside}</message>"));
    assert!(said.is_empty() && s.events.is_empty(), "{said}");
}

#[test]
fn atk_04_an_unfinished_element_is_what_is_waited_for_until_it_is_complete() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let waits = |s: &mut Owned<'_>| match s.session.poll(&mut [0; 1000]) {
        Ok(Output::Wait { until, why }) => (until.map(Instant::ms), why),
        other => panic!("{other:?}"),
    };
    s.feed("<message from='u@h/x'><body>");
    assert_eq!(waits(&mut s), (Some(u64::from(cfg.times.element_ms)), Timer::Element));
    s.feed("x</body></message>");
    assert_eq!(waits(&mut s), (Some(u64::from(cfg.times.idle_ms)), Timer::Keepalive));
}

/// STZ-04: an old server wants a session asked for behind binding; who knows our address may ask something by then.
#[test]
fn a_request_that_comes_before_the_old_server_s_session_is_answered_once_it_is_there() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let session = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>";
    let mut s = Owned::bound(&cfg, session, &mut memory);
    let asked = s.poll().concat();
    let id = asked.split(" id='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    assert!(asked.contains(session), "{asked}");
    s.feed(&format!(
        "<iq from='{PEER}' type='get' id='q1'><ping xmlns='urn:xmpp:ping'/></iq>\
         <iq from='{PEER}' type='set' id='q2'><x xmlns='urn:x'/></iq>\
         <message from='{PEER}'><body>m</body></message><iq from='{PEER}' type='result' id='q3'/>"
    ));
    assert_eq!(s.poll().concat(), "", "nothing goes out before");
    s.feed(&format!("<iq type='result' id='{id}'/>"));
    let sent = s.poll().concat();
    let (presence, q1) = (sent.find("<presence").unwrap(), sent.find("id='q1'").unwrap());
    assert!(presence < q1 && q1 < sent.find("id='q2'").unwrap(), "{sent}");
    // Not yet here, so that it is tried again.
    assert_eq!(sent.matches("<resource-constraint ").count(), 2, "{sent}");
    assert!(!sent.contains("q3") && sent.matches("type='wait'").count() == 2, "{sent}");
    assert_eq!(s.events, [Event::Online]);
}
