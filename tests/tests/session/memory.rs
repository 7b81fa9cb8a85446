//! Memory that is too small, files and offers that are too large, commands that come too early, and stanzas that are none: each
//! is refused by its name.

use xft_core::*;
use xft_tests::hosted::{self, Hosted};
use xft_tests::owned::*;

/// Shortens one part of the memory by one.
type Shorten = fn(&mut Memory);

fn every_method() -> Config<'static> {
    let mut cfg = config();
    cfg.methods = Methods::DEFAULT;
    cfg
}

#[test]
fn a_part_of_the_memory_that_is_too_small_is_named_with_what_it_needs() {
    let cfg = every_method();
    let needs = Needs::of(&cfg, 1, 1);
    // Fewer streams and addresses than usual are allowed, none are not.
    let parts: [(Part, usize, Shorten); 9] = [
        (Part::Transfers, 1, |m| m.transfers.clear()),
        (Part::Contacts, 1, |m| m.contacts.clear()),
        (Part::Xml, needs.xml_bytes, |m| m.xml.truncate(m.xml.len() - 1)),
        (Part::Stanza, needs.stanza_bytes, |m| m.stanza.truncate(m.stanza.len() - 1)),
        (Part::Block, needs.block_bytes, |m| m.block.truncate(m.block.len() - 1)),
        (Part::Outbox, needs.outbox_bytes, |m| m.outbox.truncate(m.outbox.len() - 1)),
        (Part::Acks, needs.acks_bytes, |m| m.acks.truncate(m.acks.len() - 1)),
        (Part::Streams, 1, |m| m.streams.clear()),
        (Part::Hosts, 256, |m| m.hosts.truncate(255)),
    ];
    for (part, needed, shorten) in parts {
        let mut memory = Memory::of(needs);
        assert!(Session::new(&cfg, memory.storage(), Instant::from_ms(0)).is_ok());
        let mut memory = Memory::of(needs);
        shorten(&mut memory);
        let refused = Session::new(&cfg, memory.storage(), Instant::from_ms(0));
        assert_eq!(refused.err(), Some(Error::Storage { part, needed }), "{part:?}");
    }
}

#[test]
fn in_band_alone_needs_neither_streams_nor_addresses() {
    let cfg = config();
    let mut memory = Memory::of(Needs { streams: 0, hosts_bytes: 0, ..Needs::of(&every_method(), 1, 1) });
    assert!(Session::new(&cfg, memory.storage(), Instant::from_ms(0)).is_ok());
}

#[test]
fn an_offer_before_the_login_is_over_is_refused_for_now() {
    let cfg = config();
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Owned::unopened(&cfg, &mut memory);
    let file = hosted::peer::file(1);
    assert_eq!(s.session.offer(&file), Err(Error::Offline));
    s.session.stream_open(StreamId::XMPP).unwrap();
    s.poll();
    assert_eq!(s.session.offer(&file), Err(Error::Offline));
}

#[test]
fn what_is_not_one_whole_stanza_is_refused_and_the_next_one_taken() {
    let cfg = hosted::config(hosted::ME);
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Hosted::new(&cfg, &mut memory);
    let presence = "<presence xmlns='jabber:client' from='a@b/c'/>";
    for wrong in [
        "",
        " ",
        "<presence xmlns='jabber:client'",
        "<presence xmlns='jabber:client'>",
        "x",
        "</a>",
        "<a></b>",
    ] {
        assert_eq!(s.try_give(wrong), Err(Error::Argument(Argument::Stanza)), "{wrong:?}");
        assert!(s.try_give(presence).is_ok(), "{wrong:?}");
    }
    let two = format!("{presence}{presence}");
    assert_eq!(s.try_give(&two), Err(Error::Argument(Argument::Stanza)));
    assert!(s.try_give(&format!("{presence}\r\n")).is_ok(), "white space behind it is none of it");
    // ATK-07: a header is no stanza.
    let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'/>";
    assert_eq!(s.try_give(header), Err(Error::Argument(Argument::Stanza)));
    assert!(s.try_give(presence).is_ok());
}

#[test]
fn lim_04_an_offer_of_exactly_the_servers_limit_goes_and_one_byte_less_is_refused() {
    let cfg = config();
    // Whether it is taken, and how long the stanza is that goes out then.
    let try_with = |limit: usize| {
        let limits =
            format!("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>{limit}</max-bytes></limits>");
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut s = Owned::new(&cfg, &limits, &mut memory);
        s.session.offer(&hosted::peer::file(10))?;
        let sent = s.poll();
        let question = sent.iter().find(|stanza| stanza.contains("disco#info")).expect("a question");
        let id = hosted::attr(question, "id").to_owned();
        Ok::<usize, Error>(s.ask(&hosted::result(PEER, &id, hosted::DISCO)).len())
    };
    let smallest = (300..2000).find(|limit| try_with(*limit).is_ok()).expect("a limit that does");
    assert_eq!(try_with(smallest - 1), Err(Error::TooLarge));
    assert_eq!(try_with(1), Err(Error::TooLarge));
    // Counted with the longest number that a request can have.
    let sent = try_with(smallest).unwrap();
    assert!(sent <= smallest && smallest - sent < 10, "{sent} of {smallest}");
}

#[test]
fn si_10_the_largest_size_can_be_offered_and_no_larger_one() {
    let cfg = hosted::config(hosted::ME);
    let mut memory = Memory::new(&cfg, 2, 2);
    let mut s = Hosted::new(&cfg, &mut memory);
    let largest = i64::MAX as u64;
    assert_eq!(s.session.offer(&hosted::peer::file(largest + 1)), Err(Error::Argument(Argument::Size)));
    let offer = hosted::peer::offering(&mut s, largest);
    assert!(offer.contains(&format!("size='{largest}'")), "{offer}");
}

/// XML-07
#[test]
fn a_stanza_that_breaks_a_limit_is_the_hosts_to_refuse_and_the_next_one_is_taken() {
    let cfg = hosted::config(hosted::ME);
    let mut memory = Memory::new(&cfg, 1, 1);
    let mut s = Hosted::new(&cfg, &mut memory);
    let presence = "<presence xmlns='jabber:client' from='a@b/c'/>";
    let deep = format!("{}{}", "<x>".repeat(500), "</x>".repeat(500));
    for inside in [deep, format!("<x a='{}'/>", "y".repeat(100_000))] {
        let stanza = format!("<message xmlns='jabber:client' from='a@b/c'>{inside}</message>");
        assert_eq!(s.try_give(&stanza), Err(Error::Argument(Argument::Oversized)), "{}", inside.len());
        assert!(s.try_give(presence).is_ok() && s.poll().is_empty());
    }
}
