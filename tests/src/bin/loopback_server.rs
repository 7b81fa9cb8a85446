//! The embedded XMPP server of the demo and the tests, on 127.0.0.1 until stdin ends or a TERM comes.
//!
//! Prints one line, `ready c2s=PORT tls=PORT ca=PATH domain=DOMAIN [proxy=HOST:PORT[,HOST:PORT]...]`, when clients can log in.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use lexopt::prelude::{Long, Short, ValueExt};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use xft_tests::loopback::{Loopback, Setup, Stopper};
use xft_tests::router::{LimitsElement, Mechanism, ProxyConfig, Rate, Refused, RouterConfig, Tls};

const USAGE: &str = "usage: loopback_server --account USER:PASSWORD... [--domain D] [--cert-dir DIR] [--port N] [--tls-port N]
  --domain D           the domain served (hospital.test)
  --certificate NAME   the name in the certificate, where the domain is not ASCII (the domain)
  --cert-dir DIR       where ca.pem, server.crt and server.key are written (a temporary folder)
  --port N             port for streams that begin in plain text, 0 for a free one (0)
  --tls-port N         port for direct TLS, 0 for a free one (0)
  --plain              no STARTTLS: log in over plain text, for tests only
  --mechanism NAME     offer only these SASL mechanisms, in this order (all)
  --stanza-bytes N     largest stanza taken (262144), announced as XEP-0478 limits
  --rate N             read at most N bytes per second from each client
  --keep-lost MS       a stream that breaks stays bound for MS and swallows what is sent there, then it is gone untold
  --echo               repeat the payload in error stanzas
  --refuse             refuse every login
  --proxy WORDS        a proxy for bytestreams, once for each wanted (on); words joined by commas:
                         none         no proxy at all
                         on           one that works
                         unlisted     discovery does not name it
                         closed       it tells an address where nobody listens
                         address:C    the query for its address gets error condition C
                         refuse[:C]   every activation gets error condition C (not-allowed)
                         silent       it accepts and never answers
                         dies:N       both streams break after N payload bytes
                         node:TEXT    its address has this resource, as at ejabberd
                         at:HOST:PORT the address that it is told to have, whoever listens there";

fn main() -> ExitCode {
    // Lives as long as the server, and goes with it.
    let temporary = match tempfile::tempdir() {
        Ok(temporary) => temporary,
        Err(error) => {
            eprintln!("loopback_server: cannot make a temporary folder: {error}; name one with --cert-dir");
            return ExitCode::FAILURE;
        }
    };
    let setup = match arguments(temporary.path()) {
        Ok(Some(setup)) => setup,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("loopback_server: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let domain = setup.router.domain.clone();
    let served = Loopback::start(setup).map_err(|error| error.to_string()).and_then(|server| {
        end_when_told(server.stopper()).map_err(|error| format!("cannot wait for signals: {error}"))?;
        let proxies: Vec<String> = server.proxy_addresses.iter().map(ToString::to_string).collect();
        let proxies =
            if proxies.is_empty() { String::new() } else { format!(" proxy={}", proxies.join(",")) };
        println!(
            "ready c2s={} tls={} ca={} domain={domain}{proxies}",
            server.c2s_port,
            server.tls_port,
            server.ca.display()
        );
        server.run().map_err(|error| error.to_string())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loopback_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn end_when_told(stopper: Stopper) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let by_signal = stopper.clone();
    thread::spawn(move || {
        signals.forever().next();
        by_signal.stop();
    });
    thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut sink = [0; 256];
        // An unreadable stdin is an ended one.
        while stdin.read(&mut sink).is_ok_and(|count| count > 0) {}
        stopper.stop();
    });
    Ok(())
}

fn arguments(temporary: &Path) -> Result<Option<Setup>, lexopt::Error> {
    let router = RouterConfig::new("hospital.test", &[], seed());
    let mut setup =
        Setup { router, c2s_port: 0, tls_port: 0, cert_dir: temporary.to_owned(), certificate: None };
    let (mut mechanisms, mut proxies) = (Vec::new(), Vec::new());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("account") => {
                let text = parser.value()?.string()?;
                let (user, password) = text.split_once(':').ok_or("--account takes USER:PASSWORD")?;
                setup.router.accounts.push((user.to_ascii_lowercase(), password.to_owned()));
            }
            Long("domain") => setup.router.domain = parser.value()?.string()?.to_ascii_lowercase(),
            Long("cert-dir") => setup.cert_dir = PathBuf::from(parser.value()?),
            Long("certificate") => setup.certificate = Some(parser.value()?.string()?),
            Long("port") => setup.c2s_port = parser.value()?.parse()?,
            Long("tls-port") => setup.tls_port = parser.value()?.parse()?,
            Long("plain") => setup.router.tls = Tls::None,
            Long("mechanism") => {
                let name = parser.value()?.string()?;
                let known = Mechanism::ALL.into_iter().find(|m| m.name() == name);
                mechanisms.push(known.ok_or_else(|| format!("unknown mechanism {name}"))?);
            }
            Long("stanza-bytes") => {
                setup.router.stanza_bytes = parser.value()?.parse()?;
                setup.router.announce_limits = Some(LimitsElement { max_bytes: true, idle_seconds: None });
            }
            Long("rate") => {
                let bytes_per_s = parser.value()?.parse()?;
                setup.router.rate = Some(Rate { bytes_per_s, burst_bytes: bytes_per_s.max(4096) });
            }
            Long("keep-lost") => setup.router.keeps_lost_ms = Some(parser.value()?.parse()?),
            Long("echo") => setup.router.echo_payload = true,
            Long("refuse") => setup.router.refuse_logins = Some(Refused::TemporaryAuthFailure),
            Long("proxy") => proxies.push(parser.value()?.string()?),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if !mechanisms.is_empty() {
        setup.router.mechanisms = mechanisms;
    }
    setup.router.proxies = wanted_proxies(proxies)?;
    Ok(Some(setup))
}

/// The proxies `proxy`, `proxy2`, ... for the words of each `--proxy`.
fn wanted_proxies(mut words: Vec<String>) -> Result<Vec<ProxyConfig>, String> {
    if words.is_empty() {
        words.push("on".into());
    }
    if words.iter().any(|words| words == "none") {
        return if words.len() == 1 { Ok(Vec::new()) } else { Err("--proxy none stands alone".into()) };
    }
    let mut proxies = words.iter().map(|words| words.parse()).collect::<Result<Vec<ProxyConfig>, _>>()?;
    for (at, proxy) in proxies.iter_mut().enumerate().skip(1) {
        proxy.name = format!("proxy{}", at + 1);
    }
    Ok(proxies)
}

/// Unpredictable, since nonces come from it: the hasher's keys are the system's randomness.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}
