//! Two sessions and every way between them: direct, through a proxy, in band after SOCKS5 failed.

use xft_core::*;
use xft_tests::hosted::pair::*;
use xft_tests::hosted::wired::streamed;
use xft_tests::hosted::*;

/// Two ends with every method, changed by `with`.
macro_rules! pair {
    ($p:ident) => {
        pair!($p, |_a: &mut Config<'_>, _b: &mut Config<'_>| {});
    };
    ($p:ident, $with:expr) => {
        let (mut cfg_a, mut cfg_b) = (streamed(ME), streamed(PEER));
        $with(&mut cfg_a, &mut cfg_b);
        let (mut memory_a, mut memory_b) = (Memory::new(&cfg_a, 2, 2), Memory::new(&cfg_b, 2, 2));
        let mut $p = Pair::new([&cfg_a, &cfg_b], [&mut memory_a, &mut memory_b]);
    };
}

const SIZE: u64 = 150_000;
const DONE: [Ending; 2] = [Ending::Done, Ending::Done];

#[test]
fn a_file_goes_straight_from_the_sender_to_the_receiver() {
    pair!(p);
    p.listens("192.0.2.1", 5280);
    p.offer(SIZE);
    p.run(60_000);
    assert_eq!(p.ended(), DONE, "{:?}", p.log);
    assert_eq!(p.stored, p.ends[0].file[..SIZE as usize]);
    assert_eq!(p.methods(), [Some(Method::Direct); 2]);
    assert_eq!((p.started(0), p.started(1)), (vec![(Method::Direct, 0)], vec![(Method::Direct, 0)]));
    assert_eq!(p.finished(0)[0].1.mediated, Skip::NoProxy);
    assert_eq!((p.open_streams(), p.ends[0].now), (0, 0));
}

#[test]
fn a_file_goes_through_the_proxy_of_the_server() {
    pair!(p);
    p.proxy = Proxy::Works;
    p.listens("192.0.2.1", 5280);
    p.offer(SIZE);
    p.run(60_000);
    assert_eq!(p.ended(), DONE, "{:?}", p.log);
    assert_eq!(p.stored, p.ends[0].file[..SIZE as usize]);
    assert_eq!(p.methods(), [Some(Method::Mediated); 2]);
    assert_eq!((p.started(0), p.started(1)), (vec![(Method::Mediated, 0)], vec![(Method::Mediated, 0)]));
    assert_eq!(p.finished(0)[0].1.direct, Skip::NotChosen);
    assert_eq!((p.open_streams(), p.ends[0].now), (0, 0));
}

#[test]
fn si_21_a_file_goes_in_band_under_the_same_id_when_nobody_can_be_reached() {
    pair!(p);
    p.proxy = Proxy::Closed;
    p.ends[0].session.add_address("192.0.2.1", 5280).unwrap();
    p.offer(SIZE);
    p.run(60_000);
    assert_eq!(p.ended(), DONE, "{:?}", p.log);
    assert_eq!(p.stored, p.ends[0].file[..SIZE as usize]);
    assert_eq!(p.methods(), [Some(Method::InBand); 2]);
    for n in 0..2 {
        assert!(
            p.events[n].iter().any(|e| matches!(e, Event::FellBack { again: false, .. })),
            "{:?}",
            p.events[n]
        );
        assert!(matches!(p.started(n)[..], [(Method::InBand, 1..)]), "{:?}", p.events[n]);
    }
    let failed =
        p.events[1].iter().filter(|e| matches!(e, Event::HostFailed { why: HostFailure::Refused, .. }));
    assert_eq!(failed.count(), 2);
    let (a, b) = (p.finished(0)[0].1, p.finished(1)[0].1);
    assert_eq!((a.direct, a.mediated, a.in_band), (Skip::PeerFailed, Skip::PeerFailed, Skip::Unneeded));
    assert_eq!((b.direct, b.mediated, b.in_band), (Skip::NotReached, Skip::NotReached, Skip::Unneeded));
    assert_eq!((p.open_streams(), p.ends[0].now), (0, 0));
}

#[test]
fn si_22_qrk_10_a_file_goes_in_band_by_a_new_offer_when_the_peer_wants_one() {
    for word in ["item-not-found", "not-acceptable", "service-unavailable"] {
        pair!(p);
        p.ends[0].session.add_address("192.0.2.1", 5280).unwrap();
        p.open_refused = Some(word);
        p.offer(SIZE);
        p.settle();
        assert!(
            p.events[0].iter().any(|e| matches!(e, Event::FellBack { again: true, .. })),
            "{:?}",
            p.events[0]
        );
        assert_eq!(p.stored, p.ends[0].file[..SIZE as usize], "{:?}", p.log);
        assert_eq!(p.finished(0).len(), 1);
        assert_eq!((p.finished(0)[0].0, p.finished(0)[0].1.method), (Ending::Done, Some(Method::InBand)));
        let offers: Vec<&str> = p
            .log
            .iter()
            .filter(|s| s.contains("<si ") && s.starts_with('0'))
            .map(|s| attr(s.split_once("<si").unwrap().1, "id"))
            .collect();
        assert!(offers.len() == 2 && offers[0] != offers[1], "{offers:?}");
    }
}

#[test]
fn qrk_22_activation_failures_fall_back_in_band() {
    for word in [
        "item-not-found",
        "not-allowed",
        "not-authorized",
        "internal-server-error",
        "resource-constraint",
        "conflict",
        "forbidden",
        "bad-request",
        "jid-malformed",
    ] {
        pair!(p);
        p.proxy = Proxy::Refuses(word);
        p.offer(SIZE);
        p.run(60_000);
        assert_eq!(p.ended(), DONE, "{word}: {:?}", p.log);
        assert_eq!(p.stored, p.ends[0].file[..SIZE as usize], "{word}");
        assert_eq!(p.methods(), [Some(Method::InBand); 2], "{word}");
        assert_eq!(p.finished(0)[0].1.mediated, Skip::ActivationFailed, "{word}");
        assert_eq!((p.open_streams(), p.ends[0].now), (0, 0));
    }
}

#[test]
fn a_receiver_that_gives_up_is_no_delivery() {
    for (moves, why) in
        [(Moves::Supply(SIZE as usize), Cancel::Wish), (Moves::Itself(SIZE as usize), Cancel::StoreFailed)]
    {
        pair!(p);
        p.listens("192.0.2.1", 5280);
        // Everything is on its way at once; the receiver reads a part of it.
        (p.moves, p.piece, p.cancels_at) = (moves, 40_000, Some((80_000, why)));
        p.offer(SIZE);
        p.run(100_000);
        let [a, b] = p.ended();
        let want = if why == Cancel::Wish { Reason::PeerCancelled } else { Reason::PeerStoreFailed };
        assert!(matches!(a, Ending::Failed(reason, _) if reason == want), "{a:?} {:?}", p.log);
        assert!(matches!(b, Ending::Failed(Reason::Cancelled | Reason::StoreFailed, None)));
        assert_eq!((p.open_streams(), p.ends[0].now), (0, 0));
    }
}

#[test]
fn a_stream_that_breaks_behind_the_last_byte_is_no_delivery_without_a_receipt() {
    pair!(p);
    p.listens("192.0.2.1", 5280);
    (p.piece, p.breaks_at) = (40_000, Some(80_000));
    p.offer(SIZE);
    p.run(100_000);
    let [a, b] = p.ended();
    assert_eq!(b, Ending::Failed(Reason::BytestreamLost, None));
    let gone = Some(Condition::Stanza(StanzaCondition::ItemNotFound));
    assert_eq!(a, Ending::Failed(Reason::BytestreamLost, gone), "its word is faster than the time");
}

#[test]
fn s5b_15_any_split_of_the_streams_and_any_way_to_move_the_bytes_give_the_same_file() {
    for proxy in [false, true] {
        for moves in [Moves::Supply(1 << 20), Moves::Supply(4097), Moves::Itself(30_000), Moves::Both(9999)] {
            for piece in [1, 2, 3, 46, 47, 48, 50, 1000, 65_536, usize::MAX] {
                pair!(p);
                if proxy {
                    p.proxy = Proxy::Works;
                } else {
                    p.listens("192.0.2.1", 5280);
                }
                (p.moves, p.piece) = (moves, piece);
                // Enough for many pieces, little enough for single bytes.
                let size = if piece < 10 { 3000 } else { SIZE };
                p.offer(size);
                p.run(60_000);
                assert_eq!(p.stored, p.ends[0].file[..size as usize], "{moves:?} {piece}");
                let [a, b] = p.ended();
                if matches!(moves, Moves::Supply(_)) {
                    assert_eq!([a, b], DONE, "{piece}");
                } else {
                    // Nobody has a hash to vouch for what the owner moved itself.
                    assert_eq!([a, b], [Ending::Delivered, Ending::Unverified], "{moves:?} {piece}");
                }
                assert_eq!((p.open_streams(), p.ends[0].now), (0, 0));
            }
        }
    }
}

#[test]
fn a_thousand_files_leave_nothing_behind() {
    pair!(p);
    p.proxy = Proxy::Works;
    p.listens("192.0.2.1", 5280);
    for n in 0..1000u64 {
        // Direct, mediated, in band after both failed, refused, declined, cancelled: by turns.
        p.proxy = [Proxy::Works, Proxy::Closed, Proxy::Refuses("not-allowed")][n as usize % 3];
        p.listening = if n % 2 == 0 { vec![("192.0.2.1", 5280, 0)] } else { vec![] };
        p.accepts = n % 7 != 0;
        p.cancels_at = (n % 11 == 0).then_some((500, Cancel::Wish));
        p.stored.clear();
        p.events = [Vec::new(), Vec::new()];
        p.log.clear();
        p.offer(if n % 13 == 0 { 0 } else { 1000 });
        p.run(400_000);
        assert_eq!(p.finished(0).len(), 1, "{n}: {:?} {:?}", p.events, p.log);
        assert_eq!(p.open_streams(), 0, "{n}: {:?}", p.log);
        if p.accepts && n % 11 != 0 {
            assert_eq!(p.ended(), DONE, "{n}: {:?}", p.log);
            // A slot or an address that was not given back would show as in band.
            let want = match p.proxy {
                _ if n % 13 == 0 => Method::InBand,
                Proxy::Works => Method::Mediated,
                Proxy::Closed if n % 2 == 0 => Method::Direct,
                _ => Method::InBand,
            };
            // DSC-10: a proxy that refused twice stands behind our own address until it works again.
            let late = n > 5 && n % 2 == 0 && n % 13 != 0;
            let found = p.methods();
            assert!(found == [Some(want); 2] || late && found == [Some(Method::Direct); 2], "{n}: {found:?}");
        }
        for (n, end) in p.ends.iter_mut().enumerate() {
            assert_eq!(end.poll(), [], "{n}");
            assert_eq!((end.wait, end.why), (None, Timer::None), "{n}");
        }
    }
}

#[test]
fn si_05_the_order_of_the_methods_decides_between_socks5_and_in_band() {
    use Method::{Direct, InBand, Mediated};
    for (a, b, want) in [
        (&[Mediated, Direct, InBand][..], &[Mediated, Direct, InBand][..], Mediated),
        (&[Direct, Mediated, InBand], &[Mediated, Direct, InBand], Direct),
        (&[InBand, Direct, Mediated], &[Mediated, Direct, InBand], Direct),
        (&[Mediated, Direct, InBand], &[InBand, Mediated, Direct], InBand),
        (&[Mediated, Direct, InBand], &[Direct, InBand], Direct),
        (&[Mediated, Direct, InBand], &[Mediated, InBand], Mediated),
        (&[Direct], &[Mediated, Direct, InBand], Direct),
        (&[Mediated], &[Mediated, Direct, InBand], Mediated),
        (&[InBand], &[Mediated, Direct, InBand], InBand),
    ] {
        pair!(p, |x: &mut Config<'_>, y: &mut Config<'_>| {
            (x.methods, y.methods) = (Methods::of(a).unwrap(), Methods::of(b).unwrap());
        });
        p.proxy = Proxy::Works;
        if a != [InBand] {
            p.listens("192.0.2.1", 5280);
        }
        p.offer(1000);
        p.run(60_000);
        assert_eq!((p.ended(), p.methods()), (DONE, [Some(want); 2]), "{a:?} {b:?}: {:?}", p.log);
    }
}

#[test]
fn whatever_happens_when_both_ends_come_to_an_end_that_is_true() {
    use Method::{Direct, InBand, Mediated};
    const ORDERS: [&[Method]; 6] = [
        &[Mediated, Direct, InBand],
        &[Direct, InBand],
        &[Mediated, InBand],
        &[InBand, Direct],
        &[Direct],
        &[Mediated],
    ];
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..1500 {
        let mut chance = Chance(seed);
        let (a, b) = (ORDERS[chance.below(6) as usize], ORDERS[chance.below(6) as usize]);
        pair!(p, |x: &mut Config<'_>, y: &mut Config<'_>| {
            (x.methods, y.methods) = (Methods::of(a).unwrap(), Methods::of(b).unwrap());
        });
        p.proxy = match chance.below(5) {
            0 => Proxy::None,
            1 => Proxy::Closed,
            2 => Proxy::Refuses("internal-server-error"),
            _ => Proxy::Works,
        };
        if chance.below(2) == 0 {
            p.listens("192.0.2.1", 5280);
        } else if chance.below(2) == 0 {
            p.ends[0].session.add_address("192.0.2.1", 5280).unwrap();
        }
        let size = [0, 1, 5000, 60_000][chance.below(4) as usize];
        p.piece = [1000, 5000, usize::MAX][chance.below(3) as usize];
        p.moves = [Moves::Supply(7000), Moves::Itself(7000), Moves::Both(900)][chance.below(3) as usize];
        let at = chance.below(size + 1);
        match chance.below(12) {
            8 => {
                p.strikes_at = Some((at, |s| {
                    s.session.cancel(TransferId::from_bits(1 << 16), Cancel::Wish).unwrap_or(())
                }));
            }
            9 => {
                p.strikes_at =
                    Some((at, |s| drop(s.give(&format!("<presence from='{PEER}' type='unavailable'/>")))))
            }
            0 => p.cancels_at = Some((at, Cancel::Wish)),
            1 => p.breaks_at = Some(at),
            2 => p.open_refused = Some("item-not-found"),
            3 => p.accepts = false,
            _ => {}
        }
        let struck = p.strikes_at.is_some();
        let undisturbed = p.cancels_at.is_none()
            && p.breaks_at.is_none()
            && p.strikes_at.is_none()
            && p.accepts
            && p.open_refused.is_none();
        p.ends.iter_mut().for_each(|end| end.stingy = chance.below(4) == 0);
        use sha2::Digest as _;
        let hash = sha2::Sha256::digest(&p.ends[0].file[..size as usize]).into();
        let sha256 = Some(hash).filter(|_| chance.below(2) == 0);
        p.chance = Some(chance);
        p.ends[0].session.offer(&Offer { sha256, ..peer::file(size) }).unwrap();
        p.run(1_000_000);
        let about = || format!("{seed}: {:?} {:#?}", p.events, p.log);
        let (a, b) = (p.finished(0), p.finished(1));
        assert!(a.len() == 1 && b.len() <= 2, "{}", about());
        let whole = p.stored == p.ends[0].file[..size as usize];
        let succeeded = |ending: Ending| !matches!(ending, Ending::Failed(..));
        let last = b.last().map(|(ending, _)| *ending);
        if a[0].0 == Ending::Done {
            assert!(whole && last == Some(Ending::Done), "{}", about());
        }
        // Handed over is no more than that where something went wrong behind the last byte.
        if succeeded(a[0].0) {
            assert!(
                whole || (matches!(a[0].0, Ending::Delivered | Ending::Unconfirmed) && !undisturbed),
                "{}",
                about()
            );
        }
        if last.is_some_and(succeeded) {
            // An empty file is whole whatever became of its stream, and a sender may give up behind the last byte.
            assert!(whole && (succeeded(a[0].0) || size == 0 || struck), "{}", about());
        }
        let in_band =
            a[0].1.in_band != Skip::Policy && b.first().is_some_and(|b| b.1.in_band != Skip::Policy);
        if undisturbed && in_band {
            assert!(succeeded(a[0].0), "nothing forbids in band: {}", about());
        }
        assert_eq!(p.open_streams(), 0, "{}", about());
        *seen.entry(format!("{:?}", a[0].1.method)).or_insert(0) += 1;
    }
    assert!(seen.values().all(|count| *count > 50) && seen.len() == 4, "{seen:?}");
}

#[test]
fn without_receipts_at_either_end_the_file_arrives_and_nobody_says_it_was_compared() {
    for (a, b) in [(false, true), (true, false), (false, false)] {
        pair!(p, |cfg_a: &mut Config<'_>, cfg_b: &mut Config<'_>| (cfg_a.receipts, cfg_b.receipts) = (a, b));
        p.listens("192.0.2.1", 5280);
        p.offer(SIZE);
        p.run(61_000);
        // Its host says for it that it confirms files.
        let handed_over = if a { Ending::Unconfirmed } else { Ending::Delivered };
        assert_eq!(p.ended(), [handed_over, Ending::Unverified], "{a} {b}");
        assert_eq!(p.stored, p.ends[0].file[..SIZE as usize]);
        assert!(!p.log.iter().any(|said| said.contains("<receipt ") && said.contains("sha-256")), "{a} {b}");
    }
}
