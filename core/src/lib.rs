//! XMPP file transfer as a sans-IO state machine without heap, clock, sockets or callbacks.
//!
//! One [`Session`] is one XMPP identity and every file it sends and takes. The program that owns it carries bytes and
//! tells the time; the session speaks XMPP. Nothing here waits, allocates, panics, or calls back.
//!
//! # The contract
//!
//! Read in this order; everything else of the crate is private.
//!
//! | what | types |
//! |---|---|
//! | who we are, and what is allowed | [`Config`], with [`StreamOwner`], [`Tls`], [`Sasl`], [`ScramFloor`], [`Methods`] of [`Method`], [`Carrier`], [`Times`] |
//! | the memory that is lent | [`Needs`] says how much, [`Storage`] is it: bytes, and [`TransferSlot`], [`ContactSlot`], [`StreamSlot`] |
//! | the time | [`Instant`] |
//! | the session: bytes and commands in | [`Session`]; [`StreamId`], [`StreamEnd`], [`ChannelBinding`]; [`Offer`], [`Decline`], [`Cancel`], [`TransferId`] |
//! | what it answers | [`Output`] by [`Session::poll`], with [`Event`] and [`Timer`]; [`Received`] by [`Session::stream_in`], with [`Offered`]; [`Progress`] |
//! | how things end | [`Ending`], [`Reason`], [`Condition`] of [`StreamCondition`], [`SaslCondition`], [`StanzaCondition`]; [`Route`], [`Skip`], [`HostFailure`] |
//! | what a call did not do | [`Error`], with [`Argument`] and [`Part`] |
//! | where the server is | [`locate`]: SRV names, and the order to try what they say; it needs no session |
//! | a host with an XMPP stream of its own | [`StreamOwner::Host`], [`Session::stanza_in`], [`FEATURES`] |
//!
//! # The loop
//!
//! 1. [`Session::tick`] with the time, then hand in what has come: [`Session::stream_in`], or [`Session::stanza_in`].
//! 2. [`Session::poll`] until it says [`Output::Wait`], and do each thing it asks for.
//! 3. Sleep until bytes come or the time of `Wait`, whichever is first.
//!
//! # What is promised
//!
//! - Bytes are acknowledged only after the owner said [`Session::stored`], and the last word only after
//!   [`Session::settled`]: [`Ending::Done`] at the sender means that the file has its place at the receiver.
//! - A transfer ends with exactly one [`Event::Finished`]; what is stored is a prefix of the file, whatever happened.
//! - [`Error::NoSpace`] and [`Error::Full`] change nothing: make room, call again.
//! - All memory is lent at the start. No input makes the session need more, wait for ever, or panic.
//!
//! The wire rules that are kept, and where, are in `RULES.md` beside this crate's `README.md`.
//!
//! # A whole transfer
//!
//! Two sessions in one program; what stands between them is all that a server would do.
//!
//! ```
//! use xft_core::*;
//!
//! const CT: &str = "ct1@hospital.test/gw";
//! const PACS: &str = "pacs@hospital.test/in";
//!
//! /// One end: a session in memory of its own, and what became of it.
//! struct End {
//!     session: Session<'static>,
//!     file: Vec<u8>,
//!     ending: Option<Ending>,
//! }
//!
//! impl End {
//!     fn new(jid: &'static str, file: Vec<u8>) -> Result<Self, Error> {
//!         let account = jid.split('/').next().unwrap_or(jid);
//!         let entropy = [jid.len() as u8; 32]; // a real program takes them from the system
//!         let mut cfg = Config::new(account, "", entropy);
//!         cfg.owner = StreamOwner::Host { jid }; // stanzas, without login
//!         cfg.methods = Methods::IN_BAND;
//!         let needs = Needs::of(&cfg, 1, 1);
//!         let bytes = |count| vec![0; count].leak();
//!         let storage = Storage {
//!             transfers: vec![TransferSlot::EMPTY; needs.transfers].leak(),
//!             contacts: vec![ContactSlot::EMPTY; needs.contacts].leak(),
//!             streams: &mut [], // SOCKS5 only
//!             hosts: &mut [],
//!             xml: bytes(needs.xml_bytes),
//!             stanza: bytes(needs.stanza_bytes),
//!             block: bytes(needs.block_bytes),
//!             outbox: bytes(needs.outbox_bytes),
//!             acks: bytes(needs.acks_bytes),
//!         };
//!         let session = Session::new(&cfg, storage, Instant::from_ms(0))?;
//!         Ok(Self { session, file, ending: None })
//!     }
//!
//!     /// Does what the session asks for until it waits, and gives the stanzas that go out.
//!     fn poll(&mut self) -> Result<Vec<String>, Error> {
//!         let (mut out, mut sent) = (vec![0; 16_384], Vec::new());
//!         loop {
//!             let output = match self.session.poll(&mut out)? {
//!                 Output::NeedData { transfer, offset, max } => {
//!                     let bytes = &self.file[offset as usize..][..max];
//!                     self.session.supply(transfer, offset, bytes, &mut out)?
//!                 }
//!                 output => output,
//!             };
//!             match output {
//!                 Output::Transmit { bytes, .. } => sent.push(String::from_utf8_lossy(bytes).into_owned()),
//!                 // All is stored: sync it and give it its name, then say so.
//!                 Output::Event(Event::Settle { transfer, .. }) => self.session.settled(transfer)?,
//!                 Output::Event(Event::Finished { ending, .. }) => self.ending = Some(ending),
//!                 Output::Wait { .. } => return Ok(sent),
//!                 _ => {}
//!             }
//!         }
//!     }
//!
//!     /// Takes one stanza.
//!     fn give(&mut self, stanza: String) -> Result<(), Error> {
//!         match self.session.stanza_in(&mut stanza.into_bytes())? {
//!             Received::Offer(offer) => {
//!                 let transfer = offer.transfer;
//!                 self.session.accept(transfer, 0)
//!             }
//!             Received::Data { transfer, offset, bytes } => {
//!                 assert_eq!(offset, self.file.len() as u64);
//!                 self.file.extend_from_slice(bytes); // store first, then say so
//!                 self.session.stored(transfer, self.file.len() as u64)
//!             }
//!             _ => Ok(()),
//!         }
//!     }
//! }
//!
//! /// A server stamps who a stanza is from.
//! fn stamped(stanza: &str, from: &str) -> String {
//!     stanza.replacen(' ', &format!(" from='{from}' "), 1)
//! }
//!
//! /// The host of an XMPP stream answers itself what it can; these are the features to name.
//! fn features(question: &str) -> String {
//!     let id = question.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("");
//!     let features: String = FEATURES.iter().map(|var| format!("<feature var='{var}'/>")).collect();
//!     format!(
//!         "<iq xmlns='jabber:client' type='result' from='{PACS}' id='{id}'>\
//!          <query xmlns='http://jabber.org/protocol/disco#info'>{features}</query></iq>"
//!     )
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let image: Vec<u8> = (0..100_000u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
//! let mut ct = End::new(CT, image.clone())?;
//! let mut pacs = End::new(PACS, Vec::new())?;
//! ct.session.offer(&Offer {
//!     to: PACS,
//!     name: "ct.dcm",
//!     size: image.len() as u64,
//!     date: None,
//!     mime_type: Some("application/dicom"),
//!     sha256: None,
//!     md5: None,
//!     methods: None,
//! })?;
//! while ct.ending.is_none() || pacs.ending.is_none() {
//!     let (from_ct, from_pacs) = (ct.poll()?, pacs.poll()?);
//!     assert!(!from_ct.is_empty() || !from_pacs.is_empty() || ct.ending.is_some());
//!     for stanza in from_ct {
//!         if stanza.contains("disco#info") {
//!             ct.give(features(&stanza))?;
//!         } else {
//!             pacs.give(stamped(&stanza, CT))?;
//!         }
//!     }
//!     for stanza in from_pacs {
//!         ct.give(stamped(&stanza, PACS))?;
//!     }
//! }
//! assert_eq!((ct.ending, pacs.ending), (Some(Ending::Done), Some(Ending::Done)));
//! assert_eq!(pacs.file, image);
//! # Ok(())
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]
// A test that is wrong may end in a panic; nothing else here may.
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

mod config;
mod contact;
mod error;
mod link;
mod negotiate;
mod output;
mod session;
mod storage;
mod time;
mod transfer;
mod transport;
mod wire;

pub use config::{
    Carrier, ChannelBinding, Config, JID_BYTES, Method, Methods, NAME_BYTES, Sasl, ScramFloor, StreamOwner,
    Times, Tls,
};
pub use contact::ContactSlot;
pub use contact::disco::FEATURES;
pub use error::{
    Argument, Condition, Ending, Error, Part, Reason, SaslCondition, StanzaCondition, StreamCondition,
};
pub use link::locate;
pub use output::{
    Event, HostFailure, Offered, Output, Received, Route, Skip, StreamEnd, StreamId, Timer, TransferId,
};
pub use session::{Cancel, Decline, Offer, Progress, Session};
pub use storage::{Needs, Storage};
pub use time::Instant;
pub use transfer::TransferSlot;
pub use transport::socks5::StreamSlot;

/// What the project's own tests reach into; no part of the contract, and only there with the feature `internals`.
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals {
    pub use crate::link::{Account, Failure, Link, LinkConfig, LinkOutput, Step};
    pub use crate::transfer::name::harmless;
    pub use crate::wire::{base64, date, jid, scram, socks5, stanza, xml};
}
