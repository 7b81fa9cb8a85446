//! The side that listens.

use super::*;

#[test]
fn s5b_33_success_repeats_the_request_in_one_write_and_opens_the_stream() {
    let mut slot = accepted();
    assert!(slot.is_accepted() && slot.is_handshaking() && slot.is_counted());
    assert_eq!((slot.transfer, slot.source, slot.deadline), (None, 77, Some(at(5000))));
    assert_eq!(slot.read(&[5, 3, 1, 2, 0], None), (5, Heard::More)); // SK-07
    assert_eq!(sent(&mut slot), METHOD_ACCEPTED);
    assert_eq!(slot.dst(), None);
    assert_eq!(slot.read(&frame(1), None), (47, Heard::Asked));
    assert_eq!(slot.dst(), Some(dst()));
    assert_eq!(say(&mut slot), Say::Nothing, "somebody has to decide");
    assert!(slot.is_counted());
    slot.admit(Some(KEY));
    assert!(!slot.is_counted() && !slot.is_open(), "the answer is owed");
    assert_eq!((slot.transfer, slot.deadline), (Some(KEY), None));
    assert_eq!(slot.poll(None, &mut [0; 46]), Err(47));
    assert_eq!(sent(&mut slot), frame(0));
    assert!(slot.is_open() && !slot.is_handshaking() && slot.is_accepted());
}

#[test]
fn s5b_31_the_handshake_comes_in_pieces_of_any_size() {
    let line = [&GREETING[..], &frame(1), &PAYLOAD].concat();
    for cut in 0..=line.len() {
        for single in [false, true] {
            let mut slot = accepted();
            let (first, second) = line.split_at(cut);
            let pieces: Vec<&[u8]> = if single { line.chunks(1).collect() } else { [first, second].to_vec() };
            let mut payload = Vec::new();
            for piece in pieces {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (used, heard) = slot.read(rest, None);
                    rest = &rest[used..];
                    match heard {
                        Heard::More => assert!(rest.is_empty()),
                        Heard::Asked => slot.admit(Some(KEY)),
                        Heard::Payload => {
                            payload.extend_from_slice(rest);
                            rest = &[];
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert_eq!(payload, PAYLOAD);
            assert_eq!(sent(&mut slot), METHOD_ACCEPTED, "each answer in its own write");
            assert_eq!(sent(&mut slot), frame(0));
            assert!(slot.is_open());
        }
    }
}

#[test]
fn nothing_is_lost_while_a_request_waits_for_its_decision() {
    let mut slot = asked();
    assert_eq!(slot.read(&PAYLOAD, None), (0, Heard::Asked));
    slot.admit(Some(KEY));
    assert_eq!(slot.read(&PAYLOAD, None), (0, Heard::Payload));
}

#[test]
fn s5b_32_an_unknown_destination_is_refused_closed_and_punished() {
    let mut slot = asked();
    slot.admit(None);
    slot.admit(Some(KEY));
    assert!(slot.transfer.is_none(), "decided once");
    assert_eq!(slot.read(&PAYLOAD, None), (4, Heard::Ignored));
    assert_eq!(sent(&mut slot), frame(2)); // SK-06
    let generation = slot.generation;
    assert_eq!(say(&mut slot), Say::Close);
    assert!(slot.generation != generation, "the id is void");
    assert!(slot.is_counted() && !slot.is_free() && !slot.is_handshaking() && !slot.is_open());
    assert_eq!((slot.source, slot.deadline), (77, Some(at(5000))));
    assert_eq!(say(&mut slot), Say::Nothing);
    slot.close();
    assert_eq!(slot.ended(StreamEnd::Ended), None);
    assert_eq!(slot.read(&PAYLOAD, None), (4, Heard::Ignored));
    assert!(slot.is_counted(), "only the deadline ends it");
    assert_eq!(slot.expire(), None);
    assert!(slot.is_free() && !slot.is_counted());
    assert_eq!(say(&mut slot), Say::Nothing);
}

#[test]
fn what_is_no_request_of_ours_is_answered_as_the_rules_say() {
    let port = [&[5, 1, 0, 3, 40], DIGEST.as_slice(), &[0, 1]].concat(); // SK-16
    let ipv4 = [5, 1, 0, 1, 127, 0, 0, 1, 0, 0].to_vec();
    let unknown = [5, 1, 0, 9].to_vec();
    for (request, answer) in [
        (frame(3), Some(frame(7))), // SK-15
        (port.clone(), Some([&[5, 2], &port[2..]].concat())),
        (ipv4.clone(), Some([&[5, 8], &ipv4[2..]].concat())),
        (unknown, Some([5, 8, 0, 1, 0, 0, 0, 0, 0, 0].to_vec())),
        ([4].to_vec(), None),
    ] {
        for piece in [request.len(), 1] {
            let mut slot = accepted();
            slot.read(&GREETING, None);
            sent(&mut slot);
            turned(slot, &request, piece, answer.as_deref());
        }
    }
}

#[test]
fn s5b_31_what_is_no_greeting_of_ours_is_answered_as_the_rules_say() {
    for (greeting, answer) in [
        (&[5, 2, 1, 2][..], Some(&METHOD_REFUSED[..])), // SK-08
        (&[5, 0], Some(&METHOD_REFUSED)),               // SK-09
        (&[4, 1, 0, 0x50, 0x7f, 0, 0, 1, 0], None),     // SK-10
        (b"GET / HTTP/1.1\r\n", None),
    ] {
        for piece in [greeting.len(), 1] {
            turned(accepted(), greeting, piece, answer);
        }
    }
}

fn turned(mut slot: StreamSlot, bytes: &[u8], piece: usize, answer: Option<&[u8]>) {
    let heard: Vec<_> = bytes.chunks(piece).map(|part| slot.read(part, None).1).collect();
    assert_eq!(heard.iter().filter(|heard| **heard == Heard::Turned).count(), 1, "{bytes:?}: {heard:?}");
    assert!(slot.is_counted());
    slot.admit(Some(KEY));
    if let Some(answer) = answer {
        assert_eq!(slot.poll(None, &mut []), Err(answer.len()));
        assert_eq!(sent(&mut slot), answer);
    }
    assert_eq!(say(&mut slot), Say::Close);
    assert!(slot.is_counted(), "it counts until its deadline (ATK-29)");
    assert_eq!(slot.expire(), None);
    assert!(slot.is_free());
}

#[test]
fn s5b_32_the_answers_come_in_order_when_both_frames_came_at_once() {
    let mut slot = accepted();
    let line = [&GREETING[..], &frame(1)].concat();
    assert_eq!(slot.read(&line, None), (50, Heard::Asked));
    slot.admit(None);
    assert_eq!(slot.poll(None, &mut [0; 1]), Err(2));
    assert_eq!(sent(&mut slot), METHOD_ACCEPTED);
    assert_eq!(sent(&mut slot), frame(2));
    assert_eq!(say(&mut slot), Say::Close);
}

#[test]
fn a_refused_stream_that_ends_before_its_answer_is_punished_all_the_same() {
    let mut slot = asked();
    slot.admit(None);
    assert_eq!(slot.ended(StreamEnd::Lost), None);
    assert!(slot.is_counted());
    assert_eq!(say(&mut slot), Say::Nothing, "nobody is there to answer");
    slot.expire();
    assert!(slot.is_free());
}

#[test]
fn a_refused_stream_that_is_closed_before_its_answer_is_punished_all_the_same() {
    let mut slot = asked();
    slot.admit(None);
    slot.close();
    assert_eq!(say(&mut slot), Say::Close);
    assert!(slot.is_counted());
}

#[test]
fn a_stream_that_asked_for_nothing_leaves_no_trace() {
    for mut slot in [accepted(), asked()] {
        assert_eq!(slot.ended(StreamEnd::Ended), None);
        assert!(slot.is_free() && !slot.is_counted());
    }
}

#[test]
fn s5b_30_who_is_too_slow_is_closed_without_answer() {
    let mut slow = accepted();
    slow.read(&GREETING[..2], None);
    let mut refused = asked();
    refused.admit(None);
    for mut slot in [accepted(), slow, asked(), refused] {
        assert_eq!(slot.expire(), None);
        assert_eq!(slot.read(&PAYLOAD, None), (4, Heard::Ignored));
        assert_eq!(say(&mut slot), Say::Close);
        assert!(slot.is_free());
    }
}

#[test]
fn sk_17_case_is_not_folded() {
    let mut slot = accepted();
    slot.read(&GREETING, None);
    let mut request = frame(1);
    request.make_ascii_uppercase();
    assert_eq!(slot.read(&request, None), (47, Heard::Asked));
    assert!(slot.dst() != Some(dst()));
}

#[test]
fn atk_28_a_domain_of_full_length_fits_and_is_repeated() {
    let mut slot = accepted();
    slot.read(&GREETING, None);
    sent(&mut slot);
    let request = [&[5, 1, 0, 3, 255], [b'x'].repeat(255).as_slice(), &[0, 0]].concat();
    assert_eq!(slot.read(&request, None), (262, Heard::Asked));
    slot.admit(None);
    assert_eq!(sent(&mut slot), [&[5, 2], &request[2..]].concat());
}

#[test]
fn a_penalty_without_end_is_none() {
    let mut slot = asked();
    slot.admit(None);
    slot.deadline = None;
    sent(&mut slot);
    assert_eq!(say(&mut slot), Say::Close);
    assert!(slot.is_free(), "nothing would ever free it");
}
