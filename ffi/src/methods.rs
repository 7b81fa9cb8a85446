//! The ways for a file's bytes, and why one was not taken, as numbers and as English text. Numbers are never reused.

use crate::codes::xft_status::{self, XFT_ERR_METHODS};
use crate::texts::{Texts, texts};
use xft_core::{HostFailure, Method, Methods, Skip};

/// A way for a file's bytes: in `methods` of `xft_config` and `xft_file`, and the field `method` of `xft_output`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_method {
    /// None, or the end of a list.
    XFT_METHOD_NONE = 0,
    /// A SOCKS5 bytestream through a proxy (XEP-0065).
    XFT_METHOD_MEDIATED = 1,
    /// A SOCKS5 bytestream from the receiver to the sender (XEP-0065).
    XFT_METHOD_DIRECT = 2,
    /// An in-band bytestream, inside the XMPP stream (XEP-0047).
    XFT_METHOD_IN_BAND = 3,
    /// A method that this version of the library has no number for.
    XFT_METHOD_OTHER = 999,
}

use xft_method::*;

impl From<Method> for xft_method {
    fn from(method: Method) -> Self {
        match method {
            Method::Mediated => XFT_METHOD_MEDIATED,
            Method::Direct => XFT_METHOD_DIRECT,
            Method::InBand => XFT_METHOD_IN_BAND,
        }
    }
}

const MEDIATED: u32 = XFT_METHOD_MEDIATED as u32;
const DIRECT: u32 = XFT_METHOD_DIRECT as u32;
const IN_BAND: u32 = XFT_METHOD_IN_BAND as u32;

/// The list of a C structure; `None` if it is empty.
pub(crate) fn from_c(list: &[u32; 3]) -> Result<Option<Methods>, xft_status> {
    let known = |number: u32| match number {
        MEDIATED => Some(Method::Mediated),
        DIRECT => Some(Method::Direct),
        IN_BAND => Some(Method::InBand),
        _ => None,
    };
    // 0 ends the list: nothing stands behind it.
    let given = match list.map(known) {
        [None, None, None] if *list == [0; 3] => return Ok(None),
        [Some(first), None, None] if list.ends_with(&[0, 0]) => Methods::of(&[first]),
        [Some(first), Some(second), None] if list.ends_with(&[0]) => Methods::of(&[first, second]),
        [Some(first), Some(second), Some(third)] => Methods::of(&[first, second, third]),
        _ => None,
    };
    given.map(Some).ok_or(XFT_ERR_METHODS)
}

/// The list for a C structure.
pub(crate) fn to_c(methods: &Methods) -> [u32; 3] {
    let mut list = [0; 3];
    for (place, method) in list.iter_mut().zip(methods.iter()) {
        *place = xft_method::from(method) as u32;
    }
    list
}

/// Why a method did not carry a file; the fields `why_direct`, `why_mediated` and `why_in_band` of `xft_output`.
/// `xft_skip_text` says in English what to do next.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_skip {
    /// It was not needed: it carried the file, or another one did before.
    XFT_SKIP_UNNEEDED = 0,
    /// The configuration or the offer excludes it.
    XFT_SKIP_POLICY = 1,
    /// The peer does not offer it, or chose another.
    XFT_SKIP_NOT_CHOSEN = 2,
    /// The program gave no address to listen at.
    XFT_SKIP_NO_ADDRESS = 3,
    /// The server offers no proxy, and none is configured.
    XFT_SKIP_NO_PROXY = 4,
    /// The server has proxies, but none told where it listens.
    XFT_SKIP_PROXY_REFUSED = 5,
    /// The server did not tell its proxies in time.
    XFT_SKIP_PROXY_SILENT = 6,
    /// This end could not connect to any streamhost of this kind; `XFT_EVENT_HOST_FAILED` told more.
    XFT_SKIP_NOT_REACHED = 7,
    /// The peer could not connect to any streamhost this end offered.
    XFT_SKIP_PEER_FAILED = 8,
    /// The peer did not answer in time.
    XFT_SKIP_PEER_SILENT = 9,
    /// The proxy did not activate the stream.
    XFT_SKIP_ACTIVATION_FAILED = 10,
    /// The peer refused.
    XFT_SKIP_REFUSED = 11,
    /// It carried bytes and broke, or the peer broke the rules.
    XFT_SKIP_BROKEN = 12,
    /// The server has proxies, but where they say they listen nobody can connect to.
    XFT_SKIP_PROXY_UNUSABLE = 13,
    /// A cause that this version of the library has no number for.
    XFT_SKIP_OTHER = 999,
}

use xft_skip::*;

impl From<Skip> for xft_skip {
    fn from(why: Skip) -> Self {
        match why {
            Skip::Unneeded => XFT_SKIP_UNNEEDED,
            Skip::Policy => XFT_SKIP_POLICY,
            Skip::NotChosen => XFT_SKIP_NOT_CHOSEN,
            Skip::NoAddress => XFT_SKIP_NO_ADDRESS,
            Skip::NoProxy => XFT_SKIP_NO_PROXY,
            Skip::ProxyRefused => XFT_SKIP_PROXY_REFUSED,
            Skip::ProxySilent => XFT_SKIP_PROXY_SILENT,
            Skip::ProxyUnusable => XFT_SKIP_PROXY_UNUSABLE,
            Skip::NotReached => XFT_SKIP_NOT_REACHED,
            Skip::PeerFailed => XFT_SKIP_PEER_FAILED,
            Skip::PeerSilent => XFT_SKIP_PEER_SILENT,
            Skip::ActivationFailed => XFT_SKIP_ACTIVATION_FAILED,
            Skip::Refused => XFT_SKIP_REFUSED,
            Skip::Broken => XFT_SKIP_BROKEN,
            _ => XFT_SKIP_OTHER,
        }
    }
}

/// Why a streamhost could not be used; the field `host_failure` of `xft_output`. `xft_host_failure_text` says in
/// English what to do next.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum xft_host_failure {
    /// The output is no failure of a streamhost.
    XFT_HOST_NONE = 0,
    /// Its name has no address.
    XFT_HOST_UNRESOLVED = 1,
    /// Nobody listens there.
    XFT_HOST_REFUSED = 2,
    /// No route, or the network failed.
    XFT_HOST_UNREACHABLE = 3,
    /// It did not answer in time.
    XFT_HOST_TIMED_OUT = 4,
    /// The program does not allow that address.
    XFT_HOST_FORBIDDEN = 5,
    /// It closed the stream in the handshake.
    XFT_HOST_ENDED = 6,
    /// It does not speak SOCKS5, or not as it must.
    XFT_HOST_NOT_SOCKS5 = 7,
    /// It wants user name and password.
    XFT_HOST_PASSWORD_WANTED = 8,
    /// It refused with the code in `host_reply`; 2 is what a streamhost says when it does not know the transfer.
    XFT_HOST_REJECTED = 9,
    /// A failure that this version of the library has no number for.
    XFT_HOST_OTHER = 999,
}

use xft_host_failure::*;

impl From<HostFailure> for xft_host_failure {
    fn from(why: HostFailure) -> Self {
        match why {
            HostFailure::Unresolved => XFT_HOST_UNRESOLVED,
            HostFailure::Refused => XFT_HOST_REFUSED,
            HostFailure::Unreachable => XFT_HOST_UNREACHABLE,
            HostFailure::TimedOut => XFT_HOST_TIMED_OUT,
            HostFailure::Forbidden => XFT_HOST_FORBIDDEN,
            HostFailure::Ended => XFT_HOST_ENDED,
            HostFailure::NotSocks5 => XFT_HOST_NOT_SOCKS5,
            HostFailure::PasswordWanted => XFT_HOST_PASSWORD_WANTED,
            HostFailure::Rejected(_) => XFT_HOST_REJECTED,
            _ => XFT_HOST_OTHER,
        }
    }
}

/// Every method with its name for people.
pub(crate) const METHODS: Texts = texts! {
    "unknown method; header and library may differ in version",
    (XFT_METHOD_NONE, "none"),
    (XFT_METHOD_MEDIATED, "through a proxy"),
    (XFT_METHOD_DIRECT, "direct"),
    (XFT_METHOD_IN_BAND, "in band"),
};

/// Why a method was not taken, each with its text.
pub(crate) const SKIPS: Texts = texts! {
    "unknown cause; header and library may differ in version",
    (XFT_SKIP_UNNEEDED, "not needed"),
    (XFT_SKIP_POLICY, "switched off for this file; add it to methods if it is wanted"),
    (XFT_SKIP_NOT_CHOSEN, "the other side has it not, or chose another way; look there if that is wrong"),
    (XFT_SKIP_NO_ADDRESS, "no address to listen at was given; give one that the other side can reach"),
    (XFT_SKIP_NO_PROXY, "proxy not found: the server offers none; ask for mod_proxy65 or give one"),
    (XFT_SKIP_PROXY_REFUSED, "the server's proxy refuses this account; have its access rules checked"),
    (XFT_SKIP_PROXY_SILENT, "the server's proxy did not answer; have it checked, or give another one"),
    (XFT_SKIP_PROXY_UNUSABLE, "the server's proxy names an unusable address; have its address and port set right"),
    (XFT_SKIP_NOT_REACHED, "none of its hosts was reached from here; see each host's failure, check the firewall"),
    (XFT_SKIP_PEER_FAILED, "the other side reached none of the addresses it was given; check the firewall between"),
    (XFT_SKIP_PEER_SILENT, "the other side did not answer in time; check that it is still online"),
    (XFT_SKIP_ACTIVATION_FAILED, "the proxy refused to relay; have its access rules and limits checked"),
    (XFT_SKIP_REFUSED, "the other side refused it; look into its log"),
    (XFT_SKIP_BROKEN, "the stream broke; see what the other side says, check the network"),
};

/// Every failure of a streamhost with its text.
pub(crate) const HOST_FAILURES: Texts = texts! {
    "unknown failure; header and library may differ in version",
    (XFT_HOST_NONE, "no failure"),
    (XFT_HOST_UNRESOLVED, "its name has no address; check the name and the DNS server"),
    (XFT_HOST_REFUSED, "nobody listens there; check host, port and that the proxy runs"),
    (XFT_HOST_UNREACHABLE, "no route to it; check network and firewall"),
    (XFT_HOST_TIMED_OUT, "no answer in time; a firewall may drop it, open the port there"),
    (XFT_HOST_FORBIDDEN, "this program may not connect there; allow the address if it is right"),
    (XFT_HOST_ENDED, "it hung up in the handshake; check the proxy's log"),
    (XFT_HOST_NOT_SOCKS5, "it does not speak SOCKS5; check that the port is the proxy's"),
    (XFT_HOST_PASSWORD_WANTED, "it wants a password, which XMPP proxies never do; check the port"),
    (XFT_HOST_REJECTED, "it refused this transfer; check clocks and names at both ends, then send again"),
};
