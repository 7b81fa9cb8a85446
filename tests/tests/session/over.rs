//! What a session says before its stream is up and after its end: the same word from every call.

use xft_core::*;
use xft_tests::owned::*;

type Call = (&'static str, fn(&mut Session<'_>, TransferId) -> Result<(), Error>);

/// Every call that does something or asks for something; `jid`, `detail` and `ignored` cannot fail.
const CALLS: [Call; 20] = [
    ("stream_open", |s, _| s.stream_open(StreamId::XMPP)),
    ("stream_open of another", |s, _| s.stream_open(StreamId(1))),
    ("stream_accepted", |s, _| s.stream_accepted(1).map(|_| ())),
    ("stream_in", |s, _| s.stream_in(StreamId::XMPP, &mut [b' ']).map(|_| ())),
    ("stanza_in", |s, _| s.stanza_in(&mut []).map(|_| ())),
    ("stream_end", |s, _| s.stream_end(StreamId::XMPP, StreamEnd::Lost)),
    ("stream_end of another", |s, _| s.stream_end(StreamId(1), StreamEnd::Lost)),
    ("tls_done", |s, _| s.tls_done(&ChannelBinding::default())),
    ("tick", |s, _| s.tick(Instant::from_ms(1 << 40))),
    ("poll", |s, _| s.poll(&mut []).map(|_| ())),
    ("supply", |s, t| s.supply(t, 0, b"x", &mut []).map(|_| ())),
    ("offer", |s, _| s.offer(&file()).map(|_| ())),
    ("accept", |s, t| s.accept(t, 0)),
    ("prefix", |s, t| s.prefix(t, 0, b"x")),
    ("decline", |s, t| s.decline(t, Decline::Busy)),
    ("cancel", |s, t| s.cancel(t, Cancel::Wish)),
    ("stored", |s, t| s.stored(t, 0)),
    ("sent", |s, t| s.sent(t, 0)),
    ("progress", |s, t| s.progress(t).map(|_| ())),
    ("close", |s, _| s.close()),
];

/// Those that a session without SOCKS5 answers too.
const OF_ADDRESSES: [Call; 3] = [
    ("add_address", |s, _| s.add_address("192.0.2.1", 1080)),
    ("clear_addresses", |s, _| s.clear_addresses()),
    ("add_proxy", |s, _| s.add_proxy("proxy.hospital.test", "192.0.2.1", 1080)),
];

fn file() -> Offer<'static> {
    Offer {
        to: PEER,
        name: "a.dcm",
        size: 10,
        date: None,
        mime_type: None,
        sha256: None,
        md5: None,
        methods: None,
    }
}

type End = (Reason, fn(&mut Owned<'_>));

/// The ways a session can end, and the reason that each gives.
const ENDS: [End; 3] = [
    (Reason::StreamEnded, |s| s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap()),
    (Reason::Closed, |s| {
        s.session.close().unwrap();
        s.poll();
        s.feed("</stream:stream>");
    }),
    (Reason::NotWellFormed, |s| s.feed("<a></b>")),
];

#[test]
fn after_the_end_every_call_says_why_it_came() {
    for (reason, end) in ENDS {
        for methods in [Methods::IN_BAND, Methods::DEFAULT] {
            let mut cfg = config();
            cfg.methods = methods;
            let mut memory = Memory::new(&cfg, 2, 2);
            let mut s = Owned::new(&cfg, "", &mut memory);
            let transfer = s.session.offer(&file()).unwrap();
            s.poll();
            end(&mut s);
            s.poll();
            assert!(
                matches!(s.events.last(), Some(Event::Offline { reason: told, .. }) if *told == reason),
                "{:?}",
                s.events
            );
            for (name, call) in CALLS.iter().chain(&OF_ADDRESSES) {
                assert_eq!(call(&mut s.session, transfer), Err(Error::Closed(reason)), "{name}");
            }
            assert_eq!((s.session.jid(), s.session.detail()), (ME, ""));
        }
    }
}

/// The end is there, but was not told yet: commands are refused, what leads to the event goes on.
#[test]
fn until_the_end_is_told_only_the_way_to_it_is_open() {
    const OPEN: [&str; 3] = ["tick", "poll", "progress"];
    for (name, call) in CALLS {
        let cfg = config();
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Owned::new(&cfg, "", &mut memory);
        let transfer = s.session.offer(&file()).unwrap();
        s.poll();
        s.session.stream_end(StreamId::XMPP, StreamEnd::Lost).unwrap();
        let said = call(&mut s.session, transfer);
        match name {
            // The SOCKS5 streams are still to be closed by their numbers.
            "stream_end of another" => assert_eq!(said, Err(Error::Argument(Argument::Stream))),
            _ if OPEN.contains(&name) => assert_eq!(said, Ok(()), "{name}"),
            _ => assert_eq!(said, Err(Error::Closed(Reason::StreamEnded)), "{name}"),
        }
    }
}

#[test]
fn nothing_comes_on_a_stream_that_was_not_said_to_be_up() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::unopened(&cfg, &mut memory);
    for bytes in [&b"<stream:stream"[..], b" ", b""] {
        let said = s.session.stream_in(StreamId::XMPP, &mut bytes.to_vec()).map(|_| ());
        assert_eq!(said, Err(Error::State));
    }
    s.session.stream_open(StreamId::XMPP).unwrap();
    assert_eq!(s.poll().len(), 1, "what was refused has changed nothing");
    assert_eq!(s.events, []);
}

/// STR-08: what comes between the order to start TLS and its being up is not the server's XML.
#[test]
fn nothing_comes_on_a_stream_whose_tls_is_under_way() {
    let mut cfg = config();
    cfg.tls = Tls::StartTls;
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut session = Session::new(&cfg, memory.storage(), Instant::from_ms(0)).unwrap();
    let mut out = vec![0; 4096];
    session.stream_open(StreamId::XMPP).unwrap();
    let mut feed = |session: &mut Session<'_>, text: &str| {
        while let Ok(Output::Transmit { .. }) = session.poll(&mut out) {}
        session.stream_in(StreamId::XMPP, &mut text.as_bytes().to_vec()).map(|_| ())
    };
    feed(
        &mut session,
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' \
         from='hospital.test' version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\
         </stream:features>",
    )
    .unwrap();
    feed(&mut session, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").unwrap();
    assert_eq!(session.poll(&mut []), Ok(Output::StartTls));
    assert_eq!(feed(&mut session, "\x16\x03\x03"), Err(Error::State));
    session.tls_done(&ChannelBinding::default()).unwrap();
    assert!(matches!(session.poll(&mut [0; 512]), Ok(Output::Transmit { .. })), "the new header");
}

#[test]
fn a_session_that_stays_in_band_takes_no_addresses() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Owned::new(&cfg, "", &mut memory);
    let none = TransferId::from_bits(0);
    let said = OF_ADDRESSES.map(|(_, call)| call(&mut s.session, none));
    assert_eq!(said, [Err(Error::NoStreams), Ok(()), Err(Error::NoStreams)]);
}

#[test]
fn what_a_new_session_refuses_its_configuration_and_its_needs_refuse() {
    let wrong: [fn(&mut Config<'_>); 4] = [
        |cfg| cfg.owner = StreamOwner::Host { jid: "ct1@hospital.test" },
        |cfg| cfg.owner = StreamOwner::Host { jid: "" },
        |cfg| cfg.client_name = "a name of more than 32 bytes, which is too long",
        |cfg| cfg.client_name = "a\nb",
    ];
    for change in wrong {
        let mut cfg = config();
        change(&mut cfg);
        let mut memory = Memory::new(&cfg, 2, 2);
        let refused = Session::new(&cfg, memory.storage(), Instant::from_ms(0)).map(|_| ());
        assert!(matches!(refused, Err(Error::Argument(_))) && refused == cfg.check(), "{refused:?}");
    }
    let mut cfg = config();
    cfg.methods = Methods::DEFAULT;
    let needs = Needs::of(&cfg, 2, 2);
    assert_eq!(needs.check(&cfg), Ok(()));
    for lacking in
        [Needs { streams: 0, ..needs }, Needs { hosts_bytes: 255, ..needs }, Needs { xml_bytes: 0, ..needs }]
    {
        let mut memory = Memory::of(lacking);
        let refused = Session::new(&cfg, memory.storage(), Instant::from_ms(0)).map(|_| ());
        assert!(
            matches!(refused, Err(Error::Storage { .. })) && refused == lacking.check(&cfg),
            "{refused:?}"
        );
    }
}
