//! Calls in any order with any bytes: nothing panics, and what is said stays lawful.

use super::*;
use crate::wire::socks5::write_request;

/// xorshift64: the same calls on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// A piece that often is what the handshake waits for, and sometimes anything.
fn piece(dice: &mut Dice, slot: &StreamSlot) -> Vec<u8> {
    let mut bytes = match (dice.roll(8), slot.is_accepted()) {
        (0 | 1, true) => GREETING.to_vec(),
        (2..5, true) => frame(1),
        (5 | 6, true) => [&GREETING[..], &frame(1)].concat(),
        (0..4, false) => METHOD_ACCEPTED.to_vec(),
        (4..7, false) => frame(0),
        _ => (0..dice.roll(300)).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect(),
    };
    if dice.roll(8) == 0 {
        bytes.truncate(dice.roll(bytes.len() + 1));
    }
    if dice.roll(8) == 0 && !bytes.is_empty() {
        let at = dice.roll(bytes.len());
        bytes[at] = u8::try_from(dice.roll(256)).unwrap();
    }
    if dice.roll(8) == 0 {
        bytes.extend_from_slice(&PAYLOAD);
    }
    bytes
}

/// What one stream has seen and said, from its dial or accept on.
#[derive(Default)]
struct Life {
    half_closed: bool,
    opened: bool,
    refused: bool,
}

#[test]
fn any_calls_in_any_order_keep_the_promises() {
    let (mut dice, mut slot, mut life) = (Dice(0x5eed), StreamSlot::EMPTY, Life::default());
    let (mut opened, mut punished, mut failed) = (0, 0, 0);
    for _ in 0..2_000_000 {
        let generation = slot.generation;
        match dice.roll(24) {
            0..8 => {
                let (bytes, echo) = (piece(&mut dice, &slot), (dice.roll(4) == 0).then(dst));
                let (used, heard) = slot.read(&bytes, echo);
                assert!(used <= bytes.len());
                match heard {
                    Heard::More | Heard::Failed(_) | Heard::Turned | Heard::Ignored => {
                        assert_eq!(used, bytes.len());
                    }
                    Heard::Payload => assert_eq!(used, 0),
                    Heard::Ready => assert!(slot.is_open() && !slot.is_accepted()),
                    Heard::Asked => assert!(slot.dst().is_some() && slot.is_accepted()),
                }
                failed += usize::from(matches!(heard, Heard::Failed(_)));
                life.refused |= heard == Heard::Turned;
                assert_eq!(slot.generation, generation, "reading voids no id");
            }
            8..18 => poll(&mut slot, &mut dice, &mut life),
            18 | 19 => {
                let known = dice.roll(3) > 0;
                let refuses = slot.dst().is_some() && !known && slot.deadline.is_some();
                slot.admit(known.then_some(KEY));
                life.refused |= refuses && slot.is_counted();
            }
            20 => drop(slot.connected()),
            21 => slot.half_close(),
            22 => match dice.roll(8) {
                0 => slot.close(),
                1 => drop(slot.ended(StreamEnd::Ended)),
                2 => drop(slot.ended(StreamEnd::Refused)),
                3 => drop(slot.expire()),
                _ => {}
            },
            _ => {}
        }
        assert!(!(slot.is_open() && slot.is_handshaking()));
        opened += usize::from(slot.is_open() && !life.opened);
        life.opened |= slot.is_open();
        if slot.is_free() {
            assert!(slot.transfer.is_none() && slot.deadline.is_none() && !slot.is_counted());
            punished += usize::from(life.refused);
            life = Life::default();
            match dice.roll(2) {
                0 => slot.dial(KEY, 1, at(1)),
                _ => slot.accept(5, at(1)),
            }
            assert!(slot.is_handshaking() && slot.deadline.is_some());
        }
    }
    assert!(opened > 1000 && punished > 1000 && failed > 1000, "{opened} {punished} {failed}");
}

fn poll(slot: &mut StreamSlot, dice: &mut Dice, life: &mut Life) {
    let (generation, was_counted) = (slot.generation, slot.is_counted());
    let mut out = [0; REQUEST_BYTES_MAX];
    let room = dice.roll(out.len() + 1).max(dice.roll(out.len() + 1));
    let dst = (dice.roll(16) > 0).then(dst);
    match slot.poll(dst, &mut out[..room]) {
        Err(needed) => assert!(needed > room && needed <= REQUEST_BYTES_MAX && slot.generation == generation),
        Ok(Say::Transmit(bytes)) => {
            assert!(bytes > 0 && bytes <= room);
            let mut request = [0; REQUEST_BYTES_MAX];
            if !slot.is_accepted() {
                // ATK-25: only these two ever reach a host that a peer has named.
                let length = write_request(dst.unwrap_or_else(super::dst), &mut request).unwrap();
                assert!(out[..bytes] == GREETING || out[..bytes] == request[..length]);
            }
            assert_eq!(out[0], 5);
        }
        Ok(Say::HalfClose) => {
            assert!(slot.is_open() && !life.half_closed, "twice, or too early");
            life.half_closed = true;
        }
        Ok(Say::Close) => {
            assert!(slot.generation != generation && !slot.is_open() && !slot.is_handshaking());
            assert!(slot.is_free() || (slot.is_counted() && was_counted && life.refused));
        }
        Ok(Say::Connect) => assert!(slot.is_handshaking() && !slot.is_accepted() && !slot.owes_connect()),
        Ok(Say::Nothing) => assert_eq!(slot.generation, generation),
    }
}
