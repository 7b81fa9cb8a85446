//! Memory that is too small, commands that come too early, and stanzas that are none: each is refused by its name.

#![allow(missing_docs)]

mod hosted;
mod owned;

use hosted::Hosted;
use owned::*;
use xft_core::*;

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
