//! Streamhosts and servers that mean no good, or know no better: what is refused, what is skipped, and what never is sent.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

/// A transfer that is being connected; gives its first stream.
fn dialled(s: &mut Wired<'_>) -> StreamId {
    let (_, said) = connecting(s, 10, &[HOST, RELAY]);
    connects(&said)[0].0
}

fn raw(sid: &str, attrs: &str, inner: &str) -> String {
    set(PEER, "h1", &format!("<query xmlns='{S5B}' sid='{sid}'{attrs}>{inner}</query>"))
}

const GOOD: &str = "<streamhost jid='pacs@hospital.test/in' host='192.0.2.7' port='5000'/>";

#[test]
fn s5b_01_s5b_02_s5b_03_queries_that_cannot_be_used_are_refused_and_another_may_follow() {
    let cases = [
        (raw(SID, "", ""), "bad-request"),
        (raw("", "", GOOD), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='192.0.2.7' port='0'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='192.0.2.7' port='65536'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='192.0.2.7' port='-1'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='192.0.2.7' port='5000x'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='' port='1'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='a b' port='1'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b/c' host='[2001:db8::1]' port='1'/>"), "bad-request"),
        (raw(SID, "", "<streamhost host='192.0.2.7' port='1'/>"), "bad-request"),
        (raw(SID, "", "<streamhost jid='a@b@c' host='192.0.2.7' port='1'/>"), "bad-request"),
        (raw(SID, " dstaddr=''", GOOD), "bad-request"),
        (raw(SID, " dstaddr='a b'", GOOD), "bad-request"),
        (raw(SID, " mode='udp'", GOOD), "not-acceptable"),
    ];
    for (stanza_in, word) in cases {
        session!(s);
        waiting(&mut s, 10, &[S5B, IBB]);
        let said = s.ask(&stanza_in);
        assert_eq!((condition(stanza(&said)), attr(stanza(&said), "id")), (word, "h1"), "{stanza_in}");
        // The refused one used nothing up.
        let said = s.ask(&raw(SID, "", GOOD));
        assert_eq!(connects(&said).len(), 1, "{stanza_in}");
    }
}

#[test]
fn atk_34_streamhosts_come_from_the_offering_address_after_the_acceptance_and_for_a_known_id() {
    session!(s);
    let transfer = offered(s.give(&set(PEER, "o1", &si_of(SID, 10, &[S5B, IBB]))));
    let said = s.ask(&raw(SID, "", GOOD));
    assert_eq!(condition(stanza(&said)), "not-acceptable", "before the owner said yes");
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    for from in ["pacs@hospital.test/other", "pacs@hospital.test", "eve@hospital.test/x"] {
        assert_eq!(s.give(&set(from, "h1", &query(SID, &[HOST]))), Got::NotMine, "{from}");
    }
    assert_eq!(s.give(&set(PEER, "h1", &query("other", &[HOST]))), Got::NotMine, "the host's, perhaps");
    assert_eq!(s.poll(), []);
    let said = s.ask(&raw(SID, "", GOOD));
    assert_eq!(connects(&said).len(), 1);
}

#[test]
fn si_18_a_receiver_that_chose_in_band_takes_no_streamhosts() {
    session!(s);
    let transfer = offered(s.give(&set(PEER, "o1", &si_of(SID, 10, &[IBB]))));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    let said = s.ask(&raw(SID, "", GOOD));
    assert_eq!(condition(stanza(&said)), "not-acceptable");
}

#[test]
fn atk_26_of_a_thousand_streamhosts_sixteen_are_tried_each_place_once() {
    for same in [false, true] {
        session!(s, |cfg: &mut Config<'_>| cfg.times.stagger_ms = 1);
        waiting(&mut s, 10, &[S5B, IBB]);
        let hosts: String = (0..1000u32)
            .map(|n| {
                let port = if same { 1 } else { n + 1 };
                format!("<streamhost jid='a@b/c' host='h' port='{port}'/>")
            })
            .collect();
        let mut said = s.ask(&raw(SID, "", &hosts));
        let mut tried = Vec::new();
        while stanzas(&said).is_empty() {
            for (stream, _, port) in connects(&said) {
                tried.push(port);
                s.session.stream_end(stream, StreamEnd::Refused).unwrap();
            }
            said = s.wait_ms(1);
        }
        assert_eq!(condition(stanza(&said)), "item-not-found");
        let want: Vec<u16> = if same { vec![1] } else { (1..=16).collect() };
        assert_eq!(tried, want);
    }
}

#[test]
fn atk_25_addresses_that_the_owner_forbids_are_skipped_and_the_peer_hears_one_answer() {
    session!(s);
    let (transfer, said) =
        connecting(&mut s, 10, &[(PEER, "127.0.0.1", 22), (PEER, "169.254.1.1", 80), HOST]);
    let a = connects(&said)[0].0;
    let said = s.end(a, StreamEnd::Forbidden);
    let b = connects(&said)[0].0;
    let said = s.end(b, StreamEnd::Forbidden);
    assert_eq!(connects(&said)[0].1, HOST.1);
    assert!(stanzas(&said).is_empty(), "which ports are open is nothing for the peer");
    let why = HostFailure::Forbidden;
    assert_eq!(
        s.take_events(),
        [Event::HostFailed { transfer, stream: a, why }, Event::HostFailed { transfer, stream: b, why }]
    );
}

#[test]
fn atk_25_only_the_two_fixed_frames_go_to_a_host_that_a_peer_named() {
    // Whatever the host says: a greeting, and at most one request of 47 bytes.
    for answer in [&b"\x05\x00"[..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x05\xff", b""]
    {
        session!(s);
        let stream = dialled(&mut s);
        let mut bytes = 0;
        let mut said = s.up(stream);
        said.extend(s.hear(stream, answer));
        for each in &said {
            if let Said::Bytes(to, sent) = each
                && *to == stream
            {
                bytes += sent.len();
            }
        }
        assert_eq!(bytes, if answer == b"\x05\x00" { 50 } else { 3 }, "{answer:?}");
    }
}

#[test]
fn s5b_20_s5b_21_s5b_23_servers_that_do_not_keep_to_socks5_are_named_and_the_next_is_tried() {
    let mut cut = frame(0, &theirs());
    cut[3] = 9;
    let cases: [(&[u8], &[u8], HostFailure); 13] = [
        (b"\x04\x00", b"", HostFailure::NotSocks5),
        (b"HTTP", b"", HostFailure::NotSocks5),
        (b"\x05\x01", b"", HostFailure::NotSocks5),
        (b"\x05\x02", b"", HostFailure::PasswordWanted),
        (b"\x05\xff", b"", HostFailure::PasswordWanted),
        // An answer to a request that was not made.
        (b"\x05\x00\x05\x00\x00\x03", b"", HostFailure::NotSocks5),
        (METHOD, b"\x04\x00\x00\x03", HostFailure::NotSocks5),
        (METHOD, b"\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00", HostFailure::Rejected(1)),
        (METHOD, b"\x05\x02\x00\x03\x00\x00\x00", HostFailure::Rejected(2)),
        (METHOD, b"\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00", HostFailure::Rejected(8)),
        (METHOD, b"\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00", HostFailure::Rejected(0x63)),
        (METHOD, &cut, HostFailure::NotSocks5),
        (METHOD, b"", HostFailure::Ended),
    ];
    for (method, reply, why) in cases {
        session!(s);
        let stream = dialled(&mut s);
        s.up(stream);
        let mut said = s.hear(stream, method);
        if why == HostFailure::Ended {
            said.extend(s.end(stream, StreamEnd::Ended));
        } else if !reply.is_empty() {
            said.extend(s.hear(stream, reply));
        }
        assert!(said.contains(&Said::Close(stream)), "{method:?} {reply:?}: {said:?}");
        assert!(matches!(connects(&said)[..], [(_, "192.0.2.8", 7777)]), "{method:?} {reply:?}: {said:?}");
        let events = s.take_events();
        assert!(
            matches!(events[..], [Event::HostFailed { why: found, .. }] if found == why),
            "{why:?}: {events:?}"
        );
    }
}

#[test]
fn s5b_23_replies_need_not_repeat_the_request_unless_that_is_wanted() {
    let echo = frame(0, &theirs());
    let v4 = [5, 0, 0, 1, 192, 0, 2, 7, 0x13, 0x88].to_vec();
    let v6 = [&[5, 0, 0, 4][..], &[0; 18]].concat();
    let other = frame(0, "another.name");
    for strict in [false, true] {
        for (reply, passes) in [(&echo, true), (&v4, !strict), (&v6, !strict), (&other, !strict)] {
            session!(s, |cfg: &mut Config<'_>| cfg.strict_replies = strict);
            let stream = dialled(&mut s);
            shake(&mut s, stream, &theirs());
            let mut all = reply.clone();
            all.extend_from_slice(b"0123");
            let got = s.feed(stream, &all);
            let said = s.poll();
            assert_eq!(got, if passes { &b"0123"[..] } else { b"" }, "{strict} {reply:?}");
            assert_eq!(!stanzas(&said).is_empty(), passes, "{strict} {reply:?}");
        }
    }
}

#[test]
fn atk_28_replies_that_come_twice_or_glued_to_payload_are_payload() {
    session!(s);
    let stream = dialled(&mut s);
    let reply = shake(&mut s, stream, &theirs());
    // SI-17: forty-seven more bytes for a file of ten.
    s.feed(stream, &[&reply[..], &reply].concat());
    s.poll();
    assert_eq!(s.ending(), Ending::Failed(Reason::TooManyBytes, None));
}

#[test]
fn s5b_12_a_foreign_destination_is_asked_for_in_place_of_the_digest() {
    for dst in ["room-digest", &"x".repeat(255)] {
        for strict in [false, true] {
            session!(s, |cfg: &mut Config<'_>| cfg.strict_replies = strict);
            waiting(&mut s, 4, &[S5B]);
            let said = s.ask(&raw(SID, &format!(" dstaddr='{dst}'"), GOOD));
            let stream = connects(&said)[0].0;
            let reply = shake(&mut s, stream, dst);
            assert_eq!(s.feed(stream, &[&reply[..], b"abcd"].concat()), b"abcd");
        }
    }
    // Ours is never foreign.
    session!(s);
    assert!(!hosting(&mut s, 10).contains("dstaddr"));
}

#[test]
fn s5b_11_the_digest_is_of_the_addresses_as_the_server_stamps_them() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    assert_eq!(ours(&hosts), digest(attr(&hosts, "sid"), ME, PEER));
    assert!(attr(&hosts, "mode") == "tcp" && attr(&hosts, "sid").len() == 32, "S5B-13");
    assert!(hosts.contains(&format!("<streamhost jid='{ME}' host='192.0.2.1' port='5280'/>")), "{hosts}");
}

#[test]
fn a_peer_with_long_streamhosts_does_not_take_the_room_of_our_own_proxies() {
    session!(s);
    waiting(&mut s, 10, &[S5B, IBB]);
    let long = "h".repeat(63);
    let host = format!("{long}.{long}.{long}.{long}");
    let hosts: String = (1..17)
        .map(|n| {
            let host = if n < 8 { host.as_str() } else { "h" };
            format!("<streamhost jid='a@b/c' host='{host}' port='{n}'/>")
        })
        .collect();
    let said = s.ask(&raw(SID, "", &hosts));
    assert_eq!(connects(&said).len(), 1);
    s.session.add_address("192.0.2.1", 5280).unwrap();
    s.session.add_proxy("proxy.hospital.test", "203.0.113.5", 7777).unwrap();
}

#[test]
fn names_that_resolve_slowly_cost_their_own_time_only() {
    session!(s);
    let (_, said) = connecting(&mut s, 10, &[(PEER, "slow.example", 1), (PEER, "slower.example", 1), HOST]);
    assert_eq!(connects(&said)[0].1, "slow.example");
    s.wait_ms(200);
    let said = s.wait_ms(200);
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &theirs());
    let said = s.hear(stream, &reply);
    assert_eq!(said.iter().filter(|s| matches!(s, Said::Close(_))).count(), 2, "ATK-26");
    assert!(stanza(&said).contains("streamhost-used"));
}

#[test]
fn a_file_waits_for_a_free_stream_and_not_for_ever() {
    let mut cfg = streamed(ME);
    cfg.methods = Methods::DEFAULT;
    let mut needs = Needs::of(&cfg, 2, 2);
    needs.streams = 1;
    let mut memory = Memory::of(needs);
    let mut s = Wired::new(&cfg, &mut memory);
    let (_, said) = connecting(&mut s, 10, &[HOST, RELAY]);
    let first = connects(&said)[0].0;
    assert_eq!(s.wait_ms(1000), [], "there is one slot");
    let said = s.end(first, StreamEnd::Refused);
    let second = connects(&said)[0].0;
    let reply = shake(&mut s, second, &theirs());
    assert!(stanza(&s.hear(second, &reply)).contains("streamhost-used"));
    // A sender takes the place of whoever came to its own listener.
    s.session.cancel(TransferId::from_bits(1 << 16), Cancel::Wish).unwrap();
    s.poll();
    s.take_events();
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    let peer = admitted(&mut s, 1, &ours(&hosts));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert!(said.contains(&Said::Close(peer)), "{said:?}");
    assert!(matches!(connects(&said)[..], [(_, "203.0.113.5", 7777)]), "{said:?}");
}

#[test]
fn qrk_24_every_message_of_a_handshake_is_a_write_of_its_own() {
    // As requester towards a proxy, as target, and as streamhost: one Transmit each, whole, and nothing glued to it.
    session!(s);
    let stream = dialled(&mut s);
    assert_eq!(s.up(stream), [Said::Bytes(stream, GREETING.to_vec())]);
    // Byte by byte: nothing follows a half of it.
    assert_eq!(s.hear(stream, &METHOD[..1]), []);
    assert_eq!(s.hear(stream, &METHOD[1..]), [Said::Bytes(stream, frame(1, &theirs()))]);
    session!(s);
    let hosts = hosting(&mut s, 10);
    let stream = s.session.stream_accepted(1).unwrap();
    // A small buffer is an error that changes nothing, never a part of a message.
    s.feed(stream, GREETING);
    let mut small = [0; 1];
    assert_eq!(s.session.poll(&mut small), Err(Error::NoSpace { needed: 2 }));
    assert_eq!(s.poll(), [Said::Bytes(stream, METHOD.to_vec())]);
    s.feed(stream, &frame(1, &ours(&hosts)));
    let mut small = [0; 46];
    assert_eq!(s.session.poll(&mut small), Err(Error::NoSpace { needed: 47 }));
    assert_eq!(s.poll(), [Said::Bytes(stream, frame(0, &ours(&hosts)))]);
}

#[test]
fn qrk_25_peers_that_hash_other_bytes_of_an_address_are_reached_in_band() {
    session!(s);
    let odd = "pächter@hospital.test/büro";
    let transfer = offered(s.give(&set(odd, "o1", &si_of(SID, 6, &[S5B, IBB]))));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    let said = s.ask(&set(odd, "h1", &query(SID, &[(odd, "192.0.2.7", 5000)])));
    let stream = connects(&said)[0].0;
    // UTF-8 is what is hashed (S5B-11); that peer's listener does not know it.
    shake(&mut s, stream, &digest(SID, odd, ME));
    let said = s.hear(stream, &frame(2, &digest(SID, odd, ME)));
    assert_eq!(condition(stanza(&said)), "item-not-found");
    assert!(
        s.take_events().iter().any(|e| matches!(e, Event::HostFailed { why: HostFailure::Rejected(2), .. }))
    );
    assert!(stanza(&s.ask(&set(odd, "b1", &open(SID, 4096)))).contains("type='result'"));
}

#[test]
fn qrk_20_lim_04_the_longest_list_of_streamhosts_fits_a_stanza() {
    let me = format!("{}@{}.test/{}", "m".repeat(60), "d".repeat(60), "r".repeat(256 - 60 - 60 - 7));
    assert_eq!(me.len(), 256);
    let mut cfg = streamed(&me);
    cfg.stanza_bytes = 10_000;
    let mut needs = Needs::of(&cfg, 2, 2);
    needs.hosts_bytes = 16_384;
    let mut memory = Memory::of(needs);
    let mut s = Wired::new(&cfg, &mut memory);
    let label = "h".repeat(63);
    for port in 1..40 {
        s.session.add_address(&format!("{label}.{label}.{label}.{}", "h".repeat(61)), port).unwrap();
    }
    let offer = offering(&mut s, &file(10));
    let said = s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")));
    let hosts = stanza(&said);
    assert!(hosts.matches("<streamhost ").count() >= 2, "{hosts}");
    assert!(hosts.len() + me.len() + 8 <= 4096, "{}", hosts.len());
    // Short ones are bounded by their number (S5B-03).
    session!(s);
    for port in 1..40 {
        s.session.add_address("192.0.2.1", port).unwrap();
    }
    let hosts = hosting(&mut s, 10);
    assert_eq!(hosts.matches("<streamhost ").count(), 16);
}
