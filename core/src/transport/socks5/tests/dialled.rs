//! The side that dials a streamhost.

use super::*;

#[test]
fn s5b_20_the_greeting_waits_for_tcp_and_the_request_for_the_method() {
    let mut slot = StreamSlot::EMPTY;
    slot.dial(KEY, 9, at(4000));
    assert!(slot.is_handshaking() && !slot.is_accepted() && !slot.is_counted() && slot.owes_connect());
    assert!(!slot.connected(), "the owner has not been asked to connect");
    assert_eq!(say(&mut slot), Say::Connect);
    assert!(!slot.owes_connect());
    assert_eq!(say(&mut slot), Say::Nothing);
    assert!(slot.connected());
    assert!(!slot.connected(), "it is up already");
    assert_eq!(sent(&mut slot), GREETING);
    assert_eq!(say(&mut slot), Say::Nothing);
    assert_eq!(slot.read(&METHOD_ACCEPTED[..1], None), (1, Heard::More));
    assert_eq!(say(&mut slot), Say::Nothing);
    assert_eq!(slot.read(&METHOD_ACCEPTED[1..], None), (1, Heard::More));
    assert_eq!(sent(&mut slot), frame(1));
    assert_eq!(slot.read(&frame(0), None), (47, Heard::Ready));
    assert!(slot.is_open() && !slot.is_handshaking());
    assert_eq!((slot.transfer, slot.host, slot.deadline), (Some(KEY), 9, None));
}

#[test]
fn s5b_23_payload_behind_the_reply_stays_with_the_caller_however_it_is_split() {
    let ipv4 = [5, 0, 0, 1, 127, 0, 0, 1, 0, 0].to_vec();
    let ipv6 = [&[5, 0, 0, 4], &[0; 18][..]].concat();
    for reply in [frame(0), ipv4, ipv6] {
        let line = [reply.as_slice(), &PAYLOAD].concat();
        for cut in 0..=line.len() {
            let mut slot = requested();
            let (first, second) = line.split_at(cut);
            let (used, heard) = slot.read(first, None);
            let rest = if heard == Heard::Ready {
                [&first[used..], second].concat()
            } else {
                assert_eq!((used, heard), (cut, Heard::More));
                let (used, heard) = slot.read(second, None);
                assert_eq!(heard, Heard::Ready);
                second[used..].to_vec()
            };
            assert_eq!(rest, PAYLOAD, "cut at {cut} of {}", line.len());
            assert_eq!(slot.read(&rest, None), (0, Heard::Payload));
        }
    }
}

#[test]
fn s5b_21_an_answer_to_what_was_not_sent_yet_ends_the_attempt() {
    let mut greeted = dialling();
    greeted.connected();
    sent(&mut greeted);
    let glued = [METHOD_ACCEPTED.as_slice(), &frame(0)].concat();
    fails(greeted, &glued, HostFailure::NotSocks5);

    let mut chosen = dialling();
    chosen.connected();
    sent(&mut chosen);
    chosen.read(&METHOD_ACCEPTED, None);
    fails(chosen, &frame(0), HostFailure::NotSocks5);

    let mut silent = dialling();
    silent.connected();
    fails(silent, &METHOD_ACCEPTED, HostFailure::NotSocks5);
    fails(dialling(), &METHOD_ACCEPTED, HostFailure::NotSocks5);
}

#[test]
fn every_refusal_of_a_method_has_its_failure() {
    for (answer, why) in [
        ([5, 0xff], HostFailure::PasswordWanted), // SK-05
        ([5, 2], HostFailure::PasswordWanted),
        ([5, 1], HostFailure::NotSocks5),
        ([4, 0], HostFailure::NotSocks5),
        (*b"HT", HostFailure::NotSocks5),
    ] {
        let mut slot = dialling();
        slot.connected();
        sent(&mut slot);
        fails(slot, &answer, why);
    }
}

#[test]
fn every_refusal_of_a_request_has_its_failure() {
    for rep in 1..=u8::MAX {
        fails(requested(), &frame(rep), HostFailure::Rejected(rep)); // SK-06
    }
    fails(requested(), &[5, 1, 0, 3, 0, 0, 0], HostFailure::Rejected(1)); // SK-13
    fails(requested(), &[5, 1], HostFailure::Rejected(1)); // SK-14
    fails(requested(), &[0], HostFailure::NotSocks5);
    fails(requested(), &[5, 0, 0, 2], HostFailure::NotSocks5);
}

/// Whole and byte by byte.
fn fails(slot: StreamSlot, answer: &[u8], why: HostFailure) {
    for piece in [answer.len(), 1] {
        let mut slot = slot.clone();
        let heard: Vec<_> = answer.chunks(piece).map(|part| (part.len(), slot.read(part, None))).collect();
        let failed = heard.iter().filter(|(bytes, heard)| *heard == (*bytes, Heard::Failed(why)));
        assert_eq!(failed.count(), 1, "{answer:?}: {heard:?}");
        assert!(!slot.is_handshaking() && !slot.is_open());
        assert_eq!(slot.transfer, Some(KEY), "known until Close is said");
        assert_eq!(say(&mut slot), Say::Close);
        assert!(slot.is_free());
    }
}

#[test]
fn s5b_23_strict_mode_wants_the_request_back() {
    let other = Dst::parse(b"other").unwrap();
    assert_eq!(requested().read(&frame(0), Some(dst())), (47, Heard::Ready));
    assert_eq!(requested().read(&frame(0), Some(other)).1, Heard::Failed(HostFailure::NotSocks5));
    assert_eq!(requested().read(&frame(0), None), (47, Heard::Ready));
}

#[test]
fn the_end_of_a_dialled_stream_tells_what_was_wrong_with_the_host() {
    for (end, down, up) in [
        (StreamEnd::Refused, HostFailure::Refused, HostFailure::Refused),
        (StreamEnd::Unreachable, HostFailure::Unreachable, HostFailure::Unreachable),
        (StreamEnd::Unresolved, HostFailure::Unresolved, HostFailure::Unresolved),
        (StreamEnd::TimedOut, HostFailure::TimedOut, HostFailure::TimedOut),
        (StreamEnd::Forbidden, HostFailure::Forbidden, HostFailure::Forbidden),
        (StreamEnd::Lost, HostFailure::Unreachable, HostFailure::Ended),
        (StreamEnd::TlsFailed, HostFailure::Unreachable, HostFailure::Ended),
        (StreamEnd::Ended, HostFailure::Unreachable, HostFailure::Ended),
    ] {
        for (mut slot, why) in [(dialling(), down), (requested(), up)] {
            let generation = slot.generation;
            assert_eq!(slot.ended(end), Some(why), "{end:?}");
            assert!(slot.is_free() && slot.generation != generation);
            assert_eq!(say(&mut slot), Say::Nothing, "the owner has closed it");
        }
    }
}

#[test]
fn an_end_after_the_failure_was_told_is_not_told_again() {
    let mut slot = requested();
    slot.read(&frame(5), None);
    assert_eq!(slot.ended(StreamEnd::Ended), None);
    assert!(slot.is_free());
}

#[test]
fn s5b_24_a_deadline_closes_the_stream_and_fails_its_host() {
    for mut slot in [dialling(), requested()] {
        assert_eq!(slot.deadline, Some(at(4000)));
        assert_eq!(slot.expire(), Some(HostFailure::TimedOut));
        assert_eq!(slot.deadline, None);
        assert_eq!(slot.expire(), None);
        assert_eq!(say(&mut slot), Say::Close);
        assert!(slot.is_free());
    }
}

#[test]
fn a_stream_that_the_owner_never_heard_of_is_given_up_in_silence() {
    let mut slot = StreamSlot::EMPTY;
    slot.dial(KEY, 9, at(4000));
    slot.close();
    assert!(slot.is_free());
    assert_eq!(say(&mut slot), Say::Nothing);
    let mut slot = dialling();
    slot.close();
    assert_eq!(say(&mut slot), Say::Close, "the owner is connecting");
}

#[test]
fn close_takes_the_place_of_a_frame_that_was_owed() {
    let mut slot = dialling();
    slot.connected();
    slot.close();
    assert_eq!(say(&mut slot), Say::Close);
    assert!(slot.is_free());
}

#[test]
fn a_stream_whose_transfer_is_gone_closes_instead_of_asking() {
    let mut slot = dialling();
    slot.connected();
    sent(&mut slot);
    slot.read(&METHOD_ACCEPTED, None);
    assert_eq!(slot.poll(None, &mut [0; 300]), Ok(Say::Close));
    assert!(slot.is_free());
}

#[test]
fn a_frame_that_does_not_fit_is_said_whole_later() {
    let mut slot = dialling();
    slot.connected();
    assert_eq!(slot.poll(Some(dst()), &mut [0; 2]), Err(3));
    assert_eq!(sent(&mut slot), GREETING);
    slot.read(&METHOD_ACCEPTED, None);
    assert_eq!(slot.poll(Some(dst()), &mut [0; 46]), Err(47));
    assert_eq!(slot.poll(Some(dst()), &mut [0; 47]), Ok(Say::Transmit(47)));
}

#[test]
fn s5b_22_a_foreign_destination_has_its_own_length() {
    for bytes in [1, 40, 255] {
        let text = [b'x'].repeat(bytes);
        let foreign = Dst::parse(&text).unwrap();
        let mut slot = dialling();
        slot.connected();
        sent(&mut slot);
        slot.read(&METHOD_ACCEPTED, None);
        let mut out = [0; REQUEST_BYTES_MAX];
        assert_eq!(slot.poll(Some(foreign), &mut out[..bytes + 6]), Err(bytes + 7));
        assert_eq!(slot.poll(Some(foreign), &mut out), Ok(Say::Transmit(bytes + 7)));
        assert_eq!(usize::from(out[4]), bytes);
        out[1] = 0;
        assert_eq!(slot.read(&out[..bytes + 7], Some(foreign)), (bytes + 7, Heard::Ready));
    }
}
