//! Files over SOCKS5: streamhosts, the own listener, proxies, the bytes, and what follows when it comes to nothing.

/// A session with every method, set up in `with`.
macro_rules! session {
    ($s:ident) => {
        session!($s, |_cfg: &mut Config<'_>| {});
    };
    ($s:ident, $with:expr) => {
        let mut cfg = streamed(ME);
        $with(&mut cfg);
        let mut memory = Memory::new(&cfg, 2, 2);
        let mut $s = Wired::new(&cfg, &mut memory);
    };
}

mod bytes;
mod cost;
mod fallback;
mod hostile;
mod identity;
mod listener;
mod owned;
mod pair;
mod proxies;
mod receiver;
mod sender;
mod shares;
mod words;
