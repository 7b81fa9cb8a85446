//! What is said in words beside a stream of a file's own, and to whom: only to a peer that still listens for it.

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

const V0: &str = "<receipt xmlns='urn:libxft:receipt:0'/>";
const V1: &str = "<receipt xmlns='urn:libxft:receipt:1'/>";
const INFO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
    <feature var='http://jabber.org/protocol/si'/>\
    <feature var='http://jabber.org/protocol/si/profile/file-transfer'/></query>";

/// A file from a peer that knows these receipts, on its own stream, which is up when `replied`.
fn coming(s: &mut Wired<'_>, receipts: &str) -> (TransferId, StreamId, Vec<u8>) {
    let si = si_of(SID, 10, &[S5B, IBB]).replace("<range/>", &format!("<range/>{receipts}"));
    let transfer = offered(s.give(&set(PEER, "o1", &si)));
    s.session.accept(transfer, 0).unwrap();
    s.poll();
    let said = s.ask(&set(PEER, "h1", &query(SID, &[HOST])));
    let stream = connects(&said)[0].0;
    let reply = shake(s, stream, &theirs());
    (transfer, stream, reply)
}

/// A file to a peer that says this of itself, on the stream that it came to; gives that, and the grant.
fn going(s: &mut Wired<'_>, disco: &str) -> (TransferId, StreamId, Said) {
    s.session.add_address("192.0.2.1", 5280).unwrap();
    let methods = Methods::of(&[Method::Direct]);
    let transfer = s.session.offer(&Offer { methods, ..file(10) }).unwrap();
    let said = s.poll();
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), disco));
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    let hosts = stanza(&said).to_owned();
    let stream = admitted(s, 7, &ours(&hosts));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), ME)));
    let [grant @ Said::SendRaw { .. }] = &said[..] else { panic!("{said:?}") };
    (transfer, stream, grant.clone())
}

fn closes(said: &[Said]) -> usize {
    stanzas(said).iter().filter(|text| text.contains("<close ")).count()
}

#[test]
fn a_receiver_that_gives_up_tells_it_a_peer_that_knows_receipts() {
    for (receipts, told) in [("", 0), (V0, 1), (V1, 1)] {
        session!(s);
        let (transfer, stream, reply) = coming(&mut s, receipts);
        s.hear(stream, &reply);
        s.hear(stream, b"01234");
        s.session.cancel(transfer, Cancel::Wish).unwrap();
        let said = s.poll();
        assert!(said.contains(&Said::Close(stream)), "{said:?}");
        assert_eq!(closes(&said), told, "{receipts}: {said:?}");
    }
}

#[test]
fn a_sender_that_gives_up_tells_it_a_peer_that_waits_for_its_last_word() {
    for (disco, told) in [(INFO, 0), (DISCO, 0), (DISCO_1, 1)] {
        session!(s);
        let (transfer, stream, _) = going(&mut s, disco);
        s.session.cancel(transfer, Cancel::ReadFailed).unwrap();
        let said = s.poll();
        assert!(said.contains(&Said::Close(stream)), "{said:?}");
        assert_eq!(closes(&said), told, "{disco}: {said:?}");
    }
    // Its last word is out, and nothing of it is taken back.
    session!(s);
    let (transfer, _, grant) = going(&mut s, DISCO_1);
    let (_, said) = s.supply_all(&grant, 10);
    assert!(stanzas(&said).concat().contains("<digest "), "{said:?}");
    s.session.cancel(transfer, Cancel::SourceChanged).unwrap();
    let said = s.poll();
    assert_eq!(closes(&said), 0, "{said:?}");
}

#[test]
fn a_last_word_before_our_answer_is_out_is_nobodys() {
    session!(s);
    let (_, stream, reply) = coming(&mut s, V1);
    s.feed(stream, &reply);
    let word = format!("<digest xmlns='urn:libxft:receipt:1' sid='{SID}' size='10'/>");
    let said = s.ask(&set(PEER, "w1", &word));
    let answers = stanzas(&said);
    let of = |id: &str| answers.iter().find(|text| attr(text, "id") == id).unwrap();
    assert!(of("h1").contains("<streamhost-used "), "{said:?}");
    assert!(of("w1").contains("<item-not-found "), "{said:?}");
}

#[test]
fn a_receiver_whose_stream_broke_says_that_the_file_is_incomplete() {
    for (receipts, told) in [("", false), (V0, true), (V1, true)] {
        session!(s);
        let (_, stream, reply) = coming(&mut s, receipts);
        s.hear(stream, &reply);
        s.hear(stream, b"01234");
        let said = s.end(stream, StreamEnd::Lost);
        let incomplete = stanzas(&said).concat().contains("<incomplete xmlns='urn:libxft:receipt:1'/>");
        assert_eq!(incomplete, told, "{receipts}: {said:?}");
    }
}
