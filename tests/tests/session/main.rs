//! A session as its owner and its peers see it: configuration, memory, login, offers, files in band, and every ending.

/// A sender, set up in `with`, and the memory it lives in.
macro_rules! sender {
    ($s:ident) => {
        sender!($s, |_cfg: &mut Config<'_>| {});
    };
    ($s:ident, $with:expr) => {
        let mut cfg = config(ME);
        $with(&mut cfg);
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut $s = Hosted::new(&cfg, &mut memory);
    };
}

mod acks;
mod answers;
mod config;
mod deadlines;
mod first_file;
mod foreign_stanzas;
mod login;
mod memory;
mod offers;
mod over;
mod pair;
mod peers;
mod prefix;
mod receive;
mod rules;
mod send;
mod settle_receiver;
mod settle_sender;
mod silence;
mod slow_path;
mod stream;
mod stream_rules;
mod suspects;
mod times;
mod turns;
