//! The data phase over SOCKS5 in both roles: exactly the announced bytes, in any pieces, and every way it can end.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

fn failed(reason: Reason) -> Ending {
    Ending::Failed(reason, None)
}

/// A receipt of the file's first `size` bytes, from the peer.
fn receipt(s: &Wired<'_>, hosts: &str, size: usize) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(&s.file[..size]));
    let sid = attr(hosts, "sid");
    let receipt = format!(
        "<receipt xmlns='urn:libxft:receipt:0' sid='{sid}' size='{size}'>\
         <hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash></receipt>"
    );
    set(PEER, "r1", &receipt)
}

/// A sender with its grant, and our streamhosts, which name the stream id.
fn sending(s: &mut Wired<'_>, offer: &Offer<'_>, range: &str) -> (String, StreamId, Said) {
    let si = offering(s, offer);
    let said = s.ask(&result(PEER, attr(&si, "id"), &picks(S5B, range)));
    let hosts = stanza(&said).to_owned();
    let stream = admitted(s, 7, &ours(&hosts));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    s.take_events();
    (hosts, stream, said[0].clone())
}

fn grant_of(said: &Said) -> (TransferId, u64, u64) {
    let Said::SendRaw { transfer, offset, max, .. } = said else { panic!("{said:?}") };
    (*transfer, *offset, *max)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

#[test]
fn si_15_every_way_of_cutting_the_stream_gives_the_same_file() {
    let file: Vec<u8> = (0..300u32).map(|n| (n * 7) as u8).collect();
    // The reply and the payload are one run of bytes; cut everywhere, once.
    for cut in 0..=350 {
        session!(s);
        let (_, said) = connecting(&mut s, 300, &[HOST]);
        let stream = connects(&said)[0].0;
        let reply = shake(&mut s, stream, &theirs());
        let all = [&reply[..], &file].concat();
        let (head, tail) = all.split_at(cut.min(all.len()));
        let mut got = s.feed(stream, head);
        if cut % 2 == 0 {
            s.poll();
        }
        got.extend(s.feed(stream, tail));
        assert_eq!(got, file, "{cut}");
        s.poll();
        assert!(matches!(s.take_events()[..], [Event::Started { .. }]), "{cut}");
    }
}

#[test]
fn a_stream_that_comes_byte_by_byte_is_the_same_file() {
    session!(s);
    let (transfer, said) = connecting(&mut s, 300, &[HOST]);
    let stream = connects(&said)[0].0;
    s.up(stream);
    let file: Vec<u8> = (0..300u32).map(|n| (n * 11) as u8).collect();
    let mut got = Vec::new();
    for byte in METHOD {
        s.hear(stream, &[*byte]);
    }
    for byte in frame(0, &theirs()).iter().chain(&file) {
        got.extend(s.feed(stream, &[*byte]));
        if got.len() % 7 == 0 {
            s.poll();
        }
    }
    assert_eq!(got, file);
    s.session.stored(transfer, 300).unwrap();
    assert_eq!(s.end(stream, StreamEnd::Ended), [Said::Close(stream)]);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn s5b_15_a_full_close_at_exactly_the_size_is_the_end_and_an_earlier_one_a_failure() {
    for (bytes, end, want) in [
        (10, StreamEnd::Ended, Ending::Unverified),
        // Whatever broke behind the last byte, it is here.
        (10, StreamEnd::Lost, Ending::Unverified),
        (9, StreamEnd::Ended, failed(Reason::TooFewBytes)),
        (9, StreamEnd::Lost, failed(Reason::BytestreamLost)),
        (0, StreamEnd::Ended, failed(Reason::TooFewBytes)),
        (0, StreamEnd::Lost, failed(Reason::BytestreamLost)),
    ] {
        session!(s);
        let (transfer, stream) = flowing(&mut s, 10);
        s.feed(stream, &b"0123456789"[..bytes]);
        s.session.stored(transfer, bytes as u64).unwrap();
        let said = s.end(stream, end);
        let closes = if end == StreamEnd::Ended { vec![Said::Close(stream)] } else { vec![] };
        assert_eq!(said, closes, "{bytes} {end:?}");
        let (ending, route) = s.finished();
        assert_eq!(ending, want, "{bytes} {end:?}");
        let skip = if bytes == 10 { Skip::Unneeded } else { Skip::Broken };
        assert_eq!((route.method, route.direct), (Some(Method::Direct), skip), "SI-17, SI-23");
    }
}

#[test]
fn si_17_atk_41_one_byte_too_many_fails_however_it_comes() {
    for pieces in [&[11][..], &[10, 1], &[5, 6], &[1, 200]] {
        session!(s);
        let (transfer, stream) = flowing(&mut s, 10);
        let mut stored = 0;
        let mut said = Vec::new();
        for piece in pieces {
            stored += s.feed(stream, &vec![b'x'; *piece]).len();
            s.session.stored(transfer, stored as u64).unwrap();
            said.extend(s.poll());
        }
        assert_eq!(said, [Said::Close(stream)], "{pieces:?}");
        assert_eq!(s.ending(), failed(Reason::TooManyBytes), "{pieces:?}");
    }
}

#[test]
fn the_end_of_the_stream_waits_for_the_disk() {
    session!(s);
    let (transfer, stream) = flowing(&mut s, 10);
    s.feed(stream, b"0123456789");
    assert_eq!(s.end(stream, StreamEnd::Ended), []);
    s.session.stored(transfer, 9).unwrap();
    assert_eq!((s.poll(), s.take_events()), (vec![], vec![]));
    s.session.stored(transfer, 10).unwrap();
    assert_eq!(s.poll(), [Said::Close(stream)]);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn s5b_15_a_sender_that_never_ends_its_stream_is_waited_for_five_seconds() {
    session!(s);
    let (transfer, stream) = flowing(&mut s, 10);
    s.feed(stream, b"0123456789");
    s.session.stored(transfer, 10).unwrap();
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Finish, Some(5000)));
    assert_eq!((s.wait_ms(4999), s.take_events()), (vec![], vec![]));
    assert_eq!(s.wait_ms(1), [Said::Close(stream)]);
    assert_eq!(s.ending(), Ending::Unverified);
}

#[test]
fn atk_17_a_sender_that_stays_silent_is_given_up() {
    session!(s);
    let (transfer, stream) = flowing(&mut s, 10);
    s.feed(stream, b"01234");
    s.session.stored(transfer, 5).unwrap();
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Progress, Some(300_000)));
    assert_eq!(s.wait_ms(300_000), [Said::Close(stream)]);
    let (ending, route) = s.finished();
    assert_eq!((ending, route.direct), (failed(Reason::Stalled), Skip::Broken));
}

#[test]
fn atk_31_a_changed_byte_is_a_mismatch() {
    for wrong in [false, true] {
        session!(s);
        let hash = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(sha256(b"0123456789"))
        };
        let hashed = format!("<range/><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{hash}</hash>");
        let offer = si_of(SID, 10, &[S5B]).replace("<range/>", &hashed);
        let transfer = offered(s.give(&set(PEER, "o1", &offer)));
        s.session.accept(transfer, 0).unwrap();
        s.poll();
        let said = s.ask(&set(PEER, "h1", &query(SID, &[HOST])));
        let stream = connects(&said)[0].0;
        let reply = shake(&mut s, stream, &theirs());
        s.hear(stream, &reply);
        s.feed(stream, if wrong { b"0123456788" } else { b"0123456789" });
        s.session.stored(transfer, 10).unwrap();
        s.end(stream, StreamEnd::Ended);
        assert_eq!(s.ending(), if wrong { failed(Reason::HashMismatch) } else { Ending::Done });
    }
}

#[test]
fn si_13_the_rest_of_a_file_comes_and_goes_over_socks5() {
    // To us.
    session!(s);
    let transfer = offered(s.give(&set(PEER, "o1", &si_of(SID, 10, &[S5B]))));
    s.session.accept(transfer, 4).unwrap();
    assert!(stanza(&s.poll()).contains("<range offset='4'"));
    let said = s.ask(&set(PEER, "h1", &query(SID, &[HOST])));
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &theirs());
    s.hear(stream, &reply);
    let (used, received) = s
        .session
        .stream_in(stream, &mut b"456789".to_vec())
        .map(|(used, received)| {
            let Received::Data { offset, bytes, .. } = received else { panic!("{received:?}") };
            (used, (offset, bytes.to_vec()))
        })
        .unwrap();
    assert_eq!((used, received), (6, (4, b"456789".to_vec())));
    s.session.stored(transfer, 10).unwrap();
    s.end(stream, StreamEnd::Ended);
    assert_eq!(s.ending(), Ending::Unverified);
    // From us.
    for (range, from, to) in [
        ("<range offset='4'/>", 4, 10),
        ("<range offset='2' length='3'/>", 2, 5),
        ("<range offset='10'/>", 10, 10),
    ] {
        session!(s);
        let (_, stream, grant) = sending(&mut s, &file(10), range);
        if from == to {
            assert_eq!(grant, Said::Half(stream));
            continue;
        }
        let (_, offset, max) = grant_of(&grant);
        assert_eq!((offset, offset + max), (from, to));
        let (sent, said) = s.supply_all(&grant, 4);
        assert_eq!(sent, s.file[from as usize..to as usize]);
        assert_eq!(said, [Said::Half(stream)]);
        s.end(stream, StreamEnd::Ended);
        assert_eq!(s.ending(), Ending::Delivered, "no receipt speaks of a range");
    }
}

#[test]
fn s5b_19_the_sender_half_closes_right_behind_its_last_byte_and_reads_on() {
    for own in [true, false] {
        session!(s);
        let (hosts, stream, grant) = sending(&mut s, &file(50_000), "");
        let (transfer, ..) = grant_of(&grant);
        let said = if own {
            s.session.sent(transfer, 49_999).unwrap();
            assert_eq!(s.poll(), []);
            s.session.sent(transfer, 50_000).unwrap();
            s.poll()
        } else {
            let (sent, said) = s.supply_all(&grant, 777);
            assert_eq!(sent, s.file[..50_000]);
            said
        };
        assert_eq!(said, [Said::Half(stream)]);
        assert_eq!(s.poll(), [], "said once");
        // What the receiver says on it is of no interest.
        assert_eq!(s.feed(stream, b"thanks"), b"");
        let said = s.ask(&receipt(&s, &hosts, 50_000));
        assert_eq!((attr(stanza(&said), "id"), said.contains(&Said::Close(stream))), ("r1", true));
        assert_eq!(s.ending(), if own { Ending::Delivered } else { Ending::Done });
    }
}

#[test]
fn bytes_that_the_owner_moved_itself_are_vouched_for_by_the_offers_hash_alone() {
    session!(s);
    let hash = sha256(&s.file[..1000]);
    let (hosts, _, grant) = sending(&mut s, &Offer { sha256: Some(hash), ..file(1000) }, "");
    s.session.sent(grant_of(&grant).0, 1000).unwrap();
    s.poll();
    s.ask(&receipt(&s, &hosts, 1000));
    assert_eq!(s.ending(), Ending::Done);
    // By turns: hashed in part, which proves nothing.
    session!(s);
    let (hosts, stream, grant) = sending(&mut s, &file(1000), "");
    s.session.sent(grant_of(&grant).0, 400).unwrap();
    let rest = Said::SendRaw { transfer: grant_of(&grant).0, stream, offset: 400, max: 600 };
    let (sent, _) = s.supply_all(&rest, 600);
    assert_eq!(sent, s.file[400..1000]);
    s.ask(&receipt(&s, &hosts, 1000));
    assert_eq!(s.ending(), Ending::Delivered);
    // A receipt of something else is a mismatch.
    session!(s);
    let (hosts, _, grant) = sending(&mut s, &file(1000), "");
    s.supply_all(&grant, 1000);
    s.ask(&receipt(&s, &hosts, 999));
    assert_eq!(s.ending(), failed(Reason::HashMismatch));
}

#[test]
fn what_was_not_granted_or_is_out_of_order_is_refused_and_changes_nothing() {
    session!(s);
    let hosts = hosting(&mut s, 1000);
    let mut out = [0; 64];
    let stream = admitted(&mut s, 7, &ours(&hosts));
    let bytes = s.file.clone();
    let events = s.take_events();
    assert_eq!(events, []);
    let transfer = TransferId::from_bits(1 << 16);
    assert_eq!(s.session.sent(transfer, 10), Err(Error::State));
    assert_eq!(s.session.supply(transfer, 0, &bytes[..10], &mut out), Err(Error::State));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    assert_eq!(said, [Said::SendRaw { transfer, stream, offset: 0, max: 1000 }]);
    assert_eq!(s.session.sent(transfer, 1001), Err(Error::Argument(Argument::Offset)));
    for (offset, count, wrong) in [
        (1, 10, Argument::Offset),
        (0, 0, Argument::Bytes),
        (0, 1001, Argument::Bytes),
        (u64::MAX, 10, Argument::Offset),
    ] {
        let refused = s.session.supply(transfer, offset, &bytes[..count], &mut out).map(|_| ());
        assert_eq!(refused, Err(Error::Argument(wrong)), "{offset} {count}");
    }
    s.session.sent(transfer, 600).unwrap();
    s.session.sent(transfer, 600).unwrap();
    s.session.sent(transfer, 10).unwrap();
    assert_eq!(s.session.progress(transfer).unwrap().moved, 600, "what is sent is sent");
    assert_eq!(s.poll(), [], "a grant is said once");
    s.session.sent(transfer, 1000).unwrap();
    assert_eq!(s.poll(), [Said::Half(stream)]);
    assert_eq!(s.session.sent(transfer, 1000), Ok(()), "late is harmless");
    assert_eq!(s.session.supply(transfer, 1000, &bytes[..1], &mut out).map(|_| ()), Err(Error::State));
    s.session.cancel(transfer, Cancel::Wish).unwrap();
    s.poll();
    assert_eq!(s.session.sent(transfer, 1000), Err(Error::Stale));
}

#[test]
fn an_owner_that_moves_nothing_is_stalled() {
    session!(s);
    let (_, stream, grant) = sending(&mut s, &file(1000), "");
    s.wait_ms(200_000);
    s.session.sent(grant_of(&grant).0, 1).unwrap();
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Progress, Some(500_000)));
    assert_eq!(s.wait_ms(300_000), [Said::Close(stream)]);
    let (ending, route) = s.finished();
    assert_eq!((ending, route.direct), (failed(Reason::Stalled), Skip::Broken));
}

#[test]
fn a_sender_knows_that_its_stream_broke() {
    for (sent, end, want) in [
        // A receiver that gave up may say so a moment later.
        (500, StreamEnd::Lost, None),
        (0, StreamEnd::Lost, None),
        // The receiver may end its half; a broken stream will tell.
        (500, StreamEnd::Ended, None),
        // Everything went, and the receipt may come yet.
        (1000, StreamEnd::Ended, None),
        (1000, StreamEnd::Lost, None),
    ] {
        session!(s);
        let (_, stream, grant) = sending(&mut s, &file(1000), "");
        s.session.sent(grant_of(&grant).0, sent).unwrap();
        s.poll();
        assert!(stanzas(&s.end(stream, end)).is_empty());
        let ending = s.take_events().into_iter().find_map(|e| match e {
            Event::Finished { ending, .. } => Some(ending),
            _ => None,
        });
        assert_eq!(ending, want, "{sent} {end:?}");
        if sent == 1000 {
            // Nothing came: what broke behind the last byte may have arrived or not.
            s.wait_ms(60_000);
            assert_eq!(s.ending(), Ending::Unconfirmed, "{end:?}");
        } else if end == StreamEnd::Lost {
            assert_eq!((s.why, s.wait), (Timer::Finish, Some(5_000)));
            s.wait_ms(5_000);
            assert_eq!(s.ending(), failed(Reason::BytestreamLost), "{sent}");
        }
    }
}

#[test]
fn without_receipts_the_receivers_close_is_all_there_is() {
    for (end, want) in [
        (Some(StreamEnd::Ended), Ending::Delivered),
        // What broke behind the last byte may have arrived whole.
        (Some(StreamEnd::Lost), Ending::Delivered),
        (None, Ending::Delivered),
    ] {
        session!(s);
        s.session.add_address("192.0.2.1", 5280).unwrap();
        s.session.offer(&file(10)).unwrap();
        let plain = DISCO.replace("<feature var='urn:libxft:receipt:0'/>", "");
        let mut said = s.poll();
        for question in stanzas(&said.clone()) {
            let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
            let to = attr(question, "to");
            said = s.ask(&result(to, attr(question, "id"), if to == PEER { &plain } else { items }));
        }
        let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
        let hosts = stanza(&said).to_owned();
        let stream = admitted(&mut s, 7, &ours(&hosts));
        let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
        s.supply_all(&said[0], 10);
        match end {
            Some(end) => drop(s.end(stream, end)),
            None => drop(s.wait_ms(60_000)),
        }
        assert_eq!(s.ending(), want, "{end:?}");
    }
}

#[test]
fn qrk_48_an_empty_file_goes_in_band_unless_that_is_excluded() {
    session!(s);
    let offer = offering(&mut s, &file(0));
    assert!(offer.contains(IBB) && !offer.contains(S5B), "{offer}");
    session!(s, |cfg: &mut Config<'_>| cfg.methods = Methods::of(&[Method::Direct]).unwrap());
    let (_, stream, first) = sending(&mut s, &file(0), "");
    assert_eq!(first, Said::Half(stream), "nothing is granted for nothing");
}

#[test]
fn atk_22_an_answer_to_a_block_that_never_was_changes_nothing() {
    for forged in ["result", "error"] {
        session!(s);
        let (hosts, stream, grant) = sending(&mut s, &file(1000), "");
        s.session.sent(grant_of(&grant).0, 500).unwrap();
        s.poll();
        let (wait, prefix) = (s.wait, attr(&hosts, "id").split_once('-').unwrap().0);
        let id = format!("{prefix}-d0.1.1.1f4");
        let stanza = if forged == "result" {
            result(PEER, &id, "")
        } else {
            error(PEER, &id, "cancel", "item-not-found")
        };
        assert_eq!(s.ask(&stanza), [], "{forged}");
        assert_eq!((s.take_events(), s.wait), (vec![], wait), "{forged}");
        s.session.sent(grant_of(&grant).0, 1000).unwrap();
        assert_eq!(s.poll(), [Said::Half(stream)]);
        let (wait, id) = (s.wait, format!("{prefix}-d0.1.1.3e8"));
        let stanza = if forged == "result" {
            result(PEER, &id, "")
        } else {
            error(PEER, &id, "cancel", "item-not-found")
        };
        assert_eq!(s.ask(&stanza), [], "{forged}");
        assert_eq!((s.take_events(), s.wait), (vec![], wait), "{forged}");
    }
}
