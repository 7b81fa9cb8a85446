//! Our own listener: who comes to it, and who of them is the peer (S5B-30 to S5B-37).

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

/// Somebody comes and has said nothing yet.
fn stranger(s: &mut Wired<'_>, source: u64) -> StreamId {
    s.session.stream_accepted(source).unwrap()
}

/// A digest that is right in its form only.
fn wrong() -> String {
    digest("some other stream", ME, PEER)
}

#[test]
fn s5b_30_two_strangers_of_one_source_and_six_in_all() {
    session!(s);
    hosting(&mut s, 10);
    for source in [1, 1, 2, 2] {
        stranger(&mut s, source);
    }
    assert_eq!(s.session.stream_accepted(1), Err(Error::Full));
    assert_eq!(s.session.stream_accepted(2), Err(Error::Full));
    // Unknown sources are not one source; a quarter of the slots is kept for our own dialling.
    stranger(&mut s, 0);
    stranger(&mut s, 0);
    assert_eq!(s.session.stream_accepted(0), Err(Error::Full));
    assert_eq!(s.session.stream_accepted(3), Err(Error::Full));
}

#[test]
fn s5b_30_who_shows_no_digest_in_five_seconds_is_closed() {
    session!(s);
    hosting(&mut s, 10);
    let silent = stranger(&mut s, 1);
    let slow = stranger(&mut s, 1);
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Handshake, Some(5000)));
    // ATK-28: byte by byte does not buy time.
    let frames = [GREETING, &frame(1, &wrong())].concat();
    for byte in &frames[..49] {
        s.hear(slow, &[*byte]);
        assert_eq!(s.wait_ms(100), []);
    }
    assert_eq!(s.wait_ms(100), [Said::Close(silent), Said::Close(slow)]);
    assert_eq!(s.take_events(), [], "the transfer goes on");
    stranger(&mut s, 1);
}

#[test]
fn s5b_31_a_greeting_without_our_method_is_refused_and_closed() {
    for (greeting, answer) in [
        (&[5, 1, 2][..], &[5, 0xff][..]),
        (&[5, 2, 1, 2], &[5, 0xff]),
        (&[5, 3, 2, 0, 1], &[5, 0]),
        (&[4, 1, 0, 80], &[]),
        (b"GET / HTTP/1.1\r\n", &[]),
    ] {
        session!(s);
        hosting(&mut s, 10);
        let stream = stranger(&mut s, 1);
        let mut want = Vec::new();
        if !answer.is_empty() {
            want.push(Said::Bytes(stream, answer.to_vec()));
        }
        if answer != [5, 0] {
            want.push(Said::Close(stream));
        }
        assert_eq!(s.hear(stream, greeting), want, "{greeting:?}");
    }
}

#[test]
fn s5b_32_requests_that_are_not_ours_get_their_code_and_the_end() {
    let good = |hosts: &str| frame(1, &ours(hosts));
    type Change = fn(&mut Vec<u8>);
    let cases: [(Change, u8); 6] = [
        (|f| f[1] = 2, 7),
        (|f| f[1] = 3, 7),
        (|f| f[46] = 1, 2),
        (|f| f[5] ^= 1, 2),
        // No case folding.
        (|f| f[5..45].make_ascii_uppercase(), 2),
        (
            |f| {
                f.remove(44);
                f[4] = 39
            },
            2,
        ),
    ];
    for (n, (change, rep)) in cases.into_iter().enumerate() {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let mut request = good(&hosts);
        change(&mut request);
        let stream = stranger(&mut s, 1);
        s.hear(stream, GREETING);
        let said = s.hear(stream, &request);
        let mut reply = request.clone();
        reply[1] = rep;
        assert_eq!(said, [Said::Bytes(stream, reply), Said::Close(stream)], "{n}");
        // The peer itself may still come.
        let peer = admitted(&mut s, 2, &ours(&hosts));
        let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
        assert!(matches!(said[..], [Said::SendRaw { stream, .. }] if stream == peer), "{said:?}");
    }
}

#[test]
fn atk_29_guesses_count_against_their_source_until_their_time_is_over() {
    session!(s);
    hosting(&mut s, 10);
    for _ in 0..2 {
        let stream = stranger(&mut s, 9);
        s.hear(stream, GREETING);
        let said = s.hear(stream, &frame(1, &wrong()));
        assert_eq!(said, [Said::Bytes(stream, frame(2, &wrong())), Said::Close(stream)]);
    }
    assert_eq!(s.session.stream_accepted(9), Err(Error::Full));
    stranger(&mut s, 8);
    s.wait_ms(4999);
    assert_eq!(s.session.stream_accepted(9), Err(Error::Full));
    s.wait_ms(1);
    stranger(&mut s, 9);
}

#[test]
fn atk_29_a_flood_of_strangers_keeps_nobody_from_the_other_methods() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    let mut open = 0;
    for source in 0..1000 {
        open += usize::from(s.session.stream_accepted(source).is_ok());
    }
    assert_eq!(open, 6);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert_eq!(connects(&said).len(), 1, "{said:?}");
}

#[test]
fn s5b_33_success_is_the_request_with_one_byte_replaced_in_one_write() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    let stream = stranger(&mut s, 1);
    s.hear(stream, GREETING);
    let request = frame(1, &ours(&hosts));
    let (head, tail) = request.split_at(20);
    assert_eq!(s.hear(stream, head), []);
    let said = s.hear(stream, tail);
    let [Said::Bytes(to, reply)] = &said[..] else { panic!("{said:?}") };
    assert_eq!((*to, reply.len(), reply[1], &reply[2..]), (stream, 47, 0, &request[2..]));
}

#[test]
fn s5b_34_a_second_stream_with_the_digest_is_refused_and_the_first_stays() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    let dst = ours(&hosts);
    let first = admitted(&mut s, 1, &dst);
    let second = stranger(&mut s, 2);
    s.hear(second, GREETING);
    assert_eq!(s.hear(second, &frame(1, &dst)), [Said::Bytes(second, frame(2, &dst)), Said::Close(second)]);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert!(matches!(said[..], [Said::SendRaw { stream, .. }] if stream == first), "{said:?}");
}

#[test]
fn s5b_34_who_comes_after_the_first_one_broke_is_refused_as_well() {
    for end in [StreamEnd::Lost, StreamEnd::Ended] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let dst = ours(&hosts);
        let first = admitted(&mut s, 1, &dst);
        s.end(first, end);
        let second = stranger(&mut s, 2);
        s.hear(second, GREETING);
        assert_eq!(
            s.hear(second, &frame(1, &dst)),
            [Said::Bytes(second, frame(2, &dst)), Said::Close(second)]
        );
    }
}

#[test]
fn s5b_07_a_stream_of_the_peer_that_broke_before_its_answer_came_is_lost() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    let stream = admitted(&mut s, 1, &ours(&hosts));
    s.end(stream, StreamEnd::Lost);
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert!(!said.iter().any(|s| matches!(s, Said::SendRaw { .. })), "{said:?}");
    assert_eq!(s.ending(), Ending::Failed(Reason::BytestreamLost, None));
}

#[test]
fn atk_30_a_peer_that_gave_up_and_closed_its_own_stream_is_no_intruder() {
    for end in [StreamEnd::Ended, StreamEnd::Lost] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let stream = admitted(&mut s, 66, &ours(&hosts));
        s.end(stream, end);
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"));
        assert!(
            said.iter().any(|each| matches!(each, Said::Stanza(open) if open.contains("<open "))),
            "{said:?}"
        );
        let events = s.take_events();
        assert!(matches!(events[..], [Event::FellBack { again: false, .. }]), "{end:?}: {events:?}");
    }
}

/// S5B-37: from wherever it comes, who shows the digest is let in.
#[test]
fn atk_30_a_peer_that_failed_while_somebody_has_its_digest_means_an_intruder() {
    for word in ["item-not-found", "internal-server-error"] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let intruder = admitted(&mut s, 66, &ours(&hosts));
        let said = s.ask(&error(PEER, attr(&hosts, "id"), "cancel", word));
        assert!(said.contains(&Said::Close(intruder)), "{said:?}");
        assert!(stanza(&said).contains("<open "), "in band does not go to the intruder: {said:?}");
        let events = s.take_events();
        assert!(
            matches!(events[..], [Event::Intruded { .. }, Event::FellBack { again: false, .. }]),
            "{events:?}"
        );
    }
    // Nobody came: it could just not reach us.
    session!(s);
    let hosts = hosting(&mut s, 10);
    stranger(&mut s, 1);
    s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"));
    assert!(!s.take_events().iter().any(|e| matches!(e, Event::Intruded { .. })));
}

#[test]
fn a_peer_that_came_and_then_chose_the_proxy_leaves_its_stream_to_be_closed() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    let loser = admitted(&mut s, 1, &ours(&hosts));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    assert!(said.contains(&Said::Close(loser)) && connects(&said).len() == 1, "{said:?}");
    assert_eq!(s.take_events(), []);
}

#[test]
fn s5b_35_the_digest_is_void_once_the_query_failed_or_its_time_is_over() {
    for over in ["error", "time", "cancel", "gone"] {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let early = stranger(&mut s, 1);
        s.hear(early, GREETING);
        match over {
            "error" => drop(s.ask(&error(PEER, attr(&hosts, "id"), "cancel", "item-not-found"))),
            "time" => drop((s.wait_ms(58_000), s.session.stream_accepted(3).map(|_| s.wait_ms(2000)))),
            "cancel" => {
                s.session.cancel(TransferId::from_bits(1 << 16), Cancel::Wish).unwrap();
                s.poll();
            }
            _ => drop(s.ask(&format!("<presence from='{PEER}' type='unavailable'/>"))),
        }
        assert_eq!(s.session.stream_accepted(2), Err(Error::State), "{over}");
        if over != "time" {
            let dst = ours(&hosts);
            assert_eq!(
                s.hear(early, &frame(1, &dst)),
                [Said::Bytes(early, frame(2, &dst)), Said::Close(early)]
            );
        }
    }
}

#[test]
fn s5b_10_what_the_receiver_says_on_its_stream_is_read_and_thrown_away() {
    session!(s);
    let hosts = hosting(&mut s, 10);
    let stream = stranger(&mut s, 1);
    // Everything at once, and bytes that nobody asked for.
    let all = [GREETING, &frame(1, &ours(&hosts)), b"early"].concat();
    assert_eq!(s.feed(stream, &all), b"");
    let said = s.poll();
    assert_eq!(said, [Said::Bytes(stream, METHOD.to_vec()), Said::Bytes(stream, frame(0, &ours(&hosts)))]);
    assert_eq!(s.feed(stream, &[0; 1000]), b"");
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert!(matches!(said[..], [Said::SendRaw { offset: 0, max: 10, .. }]), "{said:?}");
}

#[test]
fn s5b_16_proxy_only_never_tells_an_address_and_takes_nobody_in() {
    session!(s, |cfg: &mut Config<'_>| cfg.methods =
        Methods::of(&[Method::Mediated, Method::InBand]).unwrap());
    s.session.add_proxy("own.hospital.test", "203.0.113.5", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    assert!(!hosts.contains("192.0.2.1"), "{hosts}");
    // Somebody guessed where we listen, and has the digest.
    if let Ok(stream) = s.session.stream_accepted(1) {
        s.hear(stream, GREETING);
        let said = s.hear(stream, &frame(1, &ours(&hosts)));
        assert_eq!(said, [Said::Bytes(stream, frame(2, &ours(&hosts))), Said::Close(stream)]);
    }
    s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert_eq!(s.ending(), Ending::Failed(Reason::BadAnswer, None));
}

#[test]
fn two_files_to_one_peer_have_a_digest_each() {
    session!(s);
    let first = hosting(&mut s, 10);
    s.session.offer(&file(20)).unwrap();
    let offer = stanza(&s.poll()).to_owned();
    let second = stanza(&s.ask(&result(PEER, attr(&offer, "id"), &picks(S5B, "")))).to_owned();
    let b = admitted(&mut s, 1, &ours(&second));
    let a = admitted(&mut s, 1, &ours(&first));
    let said = s.ask(&result(PEER, attr(&first, "id"), &used(attr(&first, "sid"), ME)));
    assert!(matches!(said[..], [Said::SendRaw { stream, max: 10, .. }] if stream == a), "{said:?}");
    let said = s.ask(&result(PEER, attr(&second, "id"), &used(attr(&second, "sid"), ME)));
    assert!(matches!(said[..], [Said::SendRaw { stream, max: 20, .. }] if stream == b), "{said:?}");
}

#[test]
fn ids_of_streams_that_are_over_are_void_whatever_is_said_about_them() {
    session!(s);
    hosting(&mut s, 10);
    let old = stranger(&mut s, 1);
    s.session.stream_end(old, StreamEnd::Lost).unwrap();
    let void = Error::Argument(Argument::Stream);
    for _ in 0..2 {
        assert_eq!(s.session.stream_end(old, StreamEnd::Ended), Err(void));
        assert_eq!(s.session.stream_open(old), Err(void));
        assert_eq!(s.session.stream_in(old, &mut [5, 1, 0]).map(|_| ()), Err(void));
        // The same slot with another stream.
        assert_ne!(stranger(&mut s, 1), old);
    }
    for never in [StreamId(9), StreamId(0x1ff), StreamId(u16::MAX), StreamId(0x100)] {
        assert_eq!(s.session.stream_end(never, StreamEnd::Lost), Err(void), "{never:?}");
    }
    assert_eq!(s.poll(), []);
}

#[test]
fn every_way_of_cutting_a_handshake_gives_the_same_answers() {
    let shake = |cut: Option<usize>, change: fn(&mut Vec<u8>)| {
        session!(s);
        let hosts = hosting(&mut s, 10);
        let stream = stranger(&mut s, 1);
        let mut all = [GREETING, &frame(1, &ours(&hosts))].concat();
        change(&mut all);
        let pieces: Vec<&[u8]> = match cut {
            Some(at) => vec![&all[..at], &all[at..]],
            None => all.chunks(1).collect(),
        };
        let mut said: Vec<Said> = Vec::new();
        for piece in pieces {
            // Closed: what still comes is not handed in any more.
            if !said.contains(&Said::Close(stream)) {
                said.extend(s.hear(stream, piece));
            }
        }
        said
    };
    let changes: [fn(&mut Vec<u8>); 4] = [|_| {}, |all| all[2] = 2, |all| all[4] = 2, |all| all[12] ^= 1];
    for (n, change) in changes.into_iter().enumerate() {
        let want = shake(None, change);
        assert!(want.len() >= 2, "{want:?}");
        for cut in 0..=50 {
            assert_eq!(shake(Some(cut), change), want, "{n} {cut}");
        }
    }
}
