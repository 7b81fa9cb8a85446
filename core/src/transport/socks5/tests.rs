use super::*;
use crate::wire::socks5::{GREETING, METHOD_ACCEPTED, METHOD_REFUSED, REQUEST_BYTES_MAX};
use std::vec::Vec;

mod accepted;
mod dialled;
mod storm;

/// The destination of SK-03.
const DIGEST: &[u8; 40] = b"98b8d688d0f5d895fd41c5e7309a2e9e33ba32ff";
const KEY: TransferKey = (3, 7);
const PAYLOAD: [u8; 4] = [0xde, 0xad, 0xbe, 0xef];

fn dst() -> Dst<'static> {
    Dst::parse(DIGEST).unwrap()
}

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

/// SK-03, and SK-04, SK-06, SK-15 with another second byte.
fn frame(second: u8) -> Vec<u8> {
    [&[5, second, 0, 3, 40], DIGEST.as_slice(), &[0, 0]].concat()
}

fn say(slot: &mut StreamSlot) -> Say {
    slot.poll(Some(dst()), &mut [0; REQUEST_BYTES_MAX]).unwrap()
}

/// What has to be one write.
fn sent(slot: &mut StreamSlot) -> Vec<u8> {
    let mut out = [0; REQUEST_BYTES_MAX];
    match slot.poll(Some(dst()), &mut out).unwrap() {
        Say::Transmit(bytes) => out[..bytes].to_vec(),
        other => panic!("{other:?}"),
    }
}

fn dialling() -> StreamSlot {
    let mut slot = StreamSlot::EMPTY;
    slot.dial(KEY, 9, at(4000));
    assert_eq!(say(&mut slot), Say::Connect);
    slot
}

/// The request is out.
fn requested() -> StreamSlot {
    let mut slot = dialling();
    assert!(slot.connected());
    assert_eq!(sent(&mut slot), GREETING);
    assert_eq!(slot.read(&METHOD_ACCEPTED, None), (2, Heard::More));
    assert_eq!(sent(&mut slot), frame(1));
    slot
}

fn accepted() -> StreamSlot {
    let mut slot = StreamSlot::EMPTY;
    slot.accept(77, at(5000));
    slot
}

/// The request is complete, and only its answer is owed.
fn asked() -> StreamSlot {
    let mut slot = accepted();
    assert_eq!(slot.read(&GREETING, None), (3, Heard::More));
    assert_eq!(sent(&mut slot), METHOD_ACCEPTED);
    assert_eq!(slot.read(&frame(1), None), (47, Heard::Asked));
    slot
}

#[test]
fn a_slot_is_small() {
    assert!(size_of::<StreamSlot>() <= 340, "{} bytes", size_of::<StreamSlot>());
}

#[test]
fn both_sides_understand_each_other_in_pieces_of_any_size() {
    for piece in 1..=48 {
        for echo in [None, Some(dst())] {
            let (mut client, mut server) = (dialling(), accepted());
            assert!(client.connected());
            let (mut up, mut down) = (Vec::new(), Vec::new());
            for _ in 0..100 {
                for (slot, line) in [(&mut client, &mut up), (&mut server, &mut down)] {
                    let mut out = [0; 47];
                    if let Say::Transmit(bytes) = slot.poll(Some(dst()), &mut out).unwrap() {
                        line.extend_from_slice(&out[..bytes]);
                    }
                }
                for (slot, line) in [(&mut client, &mut down), (&mut server, &mut up)] {
                    let bytes = line.len().min(piece);
                    let (used, heard) = slot.read(&line[..bytes], echo);
                    line.drain(..used);
                    if heard == Heard::Asked {
                        assert_eq!(slot.dst(), Some(dst()));
                        slot.admit(Some(KEY));
                    }
                }
            }
            assert!(client.is_open() && server.is_open(), "pieces of {piece}");
            assert!(up.is_empty() && down.is_empty());
            assert_eq!((client.deadline, server.deadline), (None, None));
        }
    }
}

#[test]
fn an_open_stream_takes_nothing_and_closes_its_half_once() {
    for mut slot in [opened_by_us(), opened_by_them()] {
        assert_eq!(slot.read(&PAYLOAD, None), (0, Heard::Payload));
        assert_eq!(say(&mut slot), Say::Nothing);
        slot.half_close();
        slot.half_close();
        assert_eq!(say(&mut slot), Say::HalfClose);
        assert_eq!(slot.read(&PAYLOAD, None), (0, Heard::Payload), "reading goes on");
        slot.half_close();
        assert_eq!(say(&mut slot), Say::Nothing);
        slot.close();
        assert_eq!(slot.read(&PAYLOAD, None), (4, Heard::Ignored));
        let generation = slot.generation;
        assert_eq!(say(&mut slot), Say::Close);
        assert!(slot.is_free() && slot.generation == generation + 1 && slot.transfer.is_none());
        assert_eq!(say(&mut slot), Say::Nothing);
    }
}

fn opened_by_us() -> StreamSlot {
    let mut slot = requested();
    assert_eq!(slot.read(&frame(0), None), (47, Heard::Ready));
    slot
}

fn opened_by_them() -> StreamSlot {
    let mut slot = asked();
    slot.admit(Some(KEY));
    assert_eq!(sent(&mut slot), frame(0));
    slot
}

#[test]
fn a_half_is_not_closed_before_the_stream_is_open() {
    let mut slots = [dialling(), requested(), accepted(), asked()];
    for slot in &mut slots {
        slot.half_close();
        assert_eq!(say(slot), Say::Nothing);
    }
}

#[test]
fn close_goes_before_the_half_close_that_was_owed() {
    let mut slot = opened_by_us();
    slot.half_close();
    slot.close();
    assert_eq!(say(&mut slot), Say::Close);
    assert_eq!(say(&mut slot), Say::Nothing);
}

#[test]
fn an_open_stream_that_the_owner_ends_is_free() {
    for mut slot in [opened_by_us(), opened_by_them()] {
        let generation = slot.generation;
        assert_eq!(slot.ended(StreamEnd::Lost), None);
        assert!(slot.is_free() && slot.generation != generation);
        assert_eq!(say(&mut slot), Say::Nothing);
    }
}

#[test]
fn a_free_slot_does_nothing_and_keeps_its_generation() {
    let mut slot = StreamSlot::EMPTY;
    slot.close();
    slot.half_close();
    slot.admit(Some(KEY));
    assert!(!slot.connected());
    assert_eq!((slot.expire(), slot.ended(StreamEnd::Ended)), (None, None));
    assert_eq!(slot.read(&GREETING, None), (3, Heard::Ignored));
    assert_eq!(say(&mut slot), Say::Nothing);
    assert!(slot.is_free() && slot.generation == 0 && slot.transfer.is_none());
}

#[test]
fn generations_go_round() {
    let mut slot = StreamSlot::EMPTY;
    for generation in 0..=600_u16 {
        assert_eq!(u16::from(slot.generation), generation % 256);
        slot.dial(KEY, 1, at(0));
        slot.ended(StreamEnd::Refused);
    }
}

#[test]
fn an_empty_piece_changes_nothing() {
    let mut greeting_owed = dialling();
    greeting_owed.connected();
    let mut request_owed = greeting_owed.clone();
    sent(&mut request_owed);
    request_owed.read(&METHOD_ACCEPTED, None);
    for mut slot in [dialling(), greeting_owed, request_owed, requested(), accepted()] {
        assert_eq!(slot.read(&[], None), (0, Heard::More));
        assert!(slot.is_handshaking());
    }
}
