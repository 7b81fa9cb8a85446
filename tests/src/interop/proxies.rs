//! The servers' proxies, with plain clients that share nothing with the library: what ours can rely on.

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use super::endpoint::{Endpoint, Tls, Which};
use super::files::FileSet;
use super::matrix::note;
use super::report::{Moved, Report};
use crate::plain::{Client, How, carry, destination, dial, mediated_pair};
use crate::servers::Kind;

/// Around the sizes whose tail one proxy holds back until the half-close (S5B-19).
const SIZES: [u64; 7] = [0, 1, 4096, 8192, 65_536, 5_000_000, 20_000_000];
const HOW: How = How { block_bytes: 65_536, sha256: false, fsync: false };
const TARGET: &str = "nobody@hospital.test/target";

type Claim = fn(&Endpoint) -> Result<Moved, String>;

const CLAIMS: [(&str, &str, Claim); 5] = [
    ("on", "a bare SOCKS5 pair passes files through the proxy", passes),
    ("on", "activation with a side missing is refused, then granted", activates),
    ("on", "one end of a pair closes, the other sees the end", ends),
    ("none", "a server without a proxy lists none", lists_none),
    ("closed", "a proxy that is told to be elsewhere refuses connections", refuses),
];

/// Holds every claim against every server.
pub fn run(report: &mut Report) -> Result<(), String> {
    for which in Which::ALL {
        for proxy in ["on", "none", "closed"] {
            let endpoint = Endpoint::with_proxy(which, proxy)?;
            for (_, what, claim) in CLAIMS.iter().filter(|(wanted, ..)| *wanted == proxy) {
                note(report, &endpoint, Tls::Direct, what, claim(&endpoint));
            }
        }
    }
    Ok(())
}

fn passes(at: &Endpoint) -> Result<Moved, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let files = FileSet::random("", dir.path(), &SIZES)?;
    let began = Instant::now();
    for path in &files.paths {
        let one = |error: std::io::Error| format!("{}: {error}", path.display());
        let out = PathBuf::from(format!("{}.out", path.display()));
        let (sending, receiving, _) = mediated_pair(&at.account()).map_err(one)?;
        carry((sending, receiving), path, &out, HOW).map_err(one)?;
        if std::fs::read(path).map_err(one)? != std::fs::read(&out).map_err(one)? {
            return Err(format!("{} arrived changed", path.display()));
        }
    }
    Ok(Moved { bytes: files.bytes, seconds: began.elapsed().as_secs_f64() })
}

fn activates(at: &Endpoint) -> Result<Moved, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut client = Client::login(&at.account()).map_err(text)?;
    let host = client.proxy().map_err(text)?.ok_or("the server offers no proxy")?;
    let full = host.jid.contains('/');
    if full != (at.which == Which::Real(Kind::Ejabberd)) {
        return Err(format!("the streamhost is {} (QRK-22)", host.jid));
    }
    let (sid, address) = ("activates-1", format!("{}:{}", host.host, host.port));
    let to = destination(sid, client.jid(), TARGET);
    let refused = |outcome: std::io::Result<()>, when: &str| match outcome {
        Ok(()) => Err(format!("activated with {when} (S5B-09)")),
        Err(error) => Ok(error.to_string()),
    };
    refused(client.activate(&host.jid, sid, TARGET), "nobody connected")?;
    let _target = dial(&address, &to).map_err(text)?;
    let one = refused(client.activate(&host.jid, sid, TARGET), "one side connected")?;
    if !one.contains("\"not-allowed\"") && !one.contains("\"item-not-found\"") {
        return Err(format!("one side missing: {one}"));
    }
    let _requester = dial(&address, &to).map_err(text)?;
    client.activate(&host.jid, sid, TARGET).map_err(text)?;
    Ok(Moved::default())
}

fn ends(at: &Endpoint) -> Result<Moved, String> {
    let text = |error: std::io::Error| error.to_string();
    for requester_ends in [true, false] {
        let (requester, target, _) = mediated_pair(&at.account()).map_err(text)?;
        let (ending, mut other) = if requester_ends { (requester, target) } else { (target, requester) };
        drop(ending);
        match other.read(&mut [0; 16]).map_err(text)? {
            0 => {}
            count => return Err(format!("{count} bytes came out of nothing")),
        }
    }
    Ok(Moved::default())
}

fn lists_none(at: &Endpoint) -> Result<Moved, String> {
    let mut client = Client::login(&at.account()).map_err(|error| error.to_string())?;
    match client.proxy().map_err(|error| error.to_string())? {
        None => Ok(Moved::default()),
        Some(host) => Err(format!("it lists {host:?}")),
    }
}

fn refuses(at: &Endpoint) -> Result<Moved, String> {
    match mediated_pair(&at.account()) {
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(Moved::default()),
        Err(error) => Err(format!("another failure: {error}")),
        Ok(_) => Err("somebody listens there".into()),
    }
}
