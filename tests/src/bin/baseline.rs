//! What plain sockets need for a file: over loopback directly, or through a server's proxy for bytestreams.
//!
//! `baseline tcp [OPTIONS] FILE OUT` or `baseline socks5 --server HOST:PORT --ca PATH --domain D --account USER:PASSWORD
//! [OPTIONS] FILE OUT` prints a line `WAY bytes=N block=N sha256=yes|no fsync=yes|no setup=S seconds=S` for each round.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use xft_tests::plain::{Account, How, carry, mediated_pair, tcp_pair};

const USAGE: &str = "usage: baseline tcp|socks5 [OPTIONS] FILE OUT
  --block N            bytes of each read and write (65536)
  --sha256             both sides hash what passes
  --fsync              the time ends when the disk has the file
  --rounds N           how often (1)
  and for socks5, which logs in over direct TLS and takes the first proxy that the domain lists:
  --server HOST:PORT   the server's port for direct TLS
  --ca PATH            the CA of its certificate
  --domain D           its domain
  --account USER:PASSWORD";

struct Wanted {
    /// The way through a proxy needs an account.
    account: Option<Account>,
    how: How,
    rounds: u32,
    file: PathBuf,
    out: PathBuf,
}

fn main() -> ExitCode {
    let wanted = match arguments() {
        Ok(Some(wanted)) => wanted,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("baseline: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    for _ in 0..wanted.rounds {
        if let Err(error) = round(&wanted) {
            eprintln!("baseline: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn round(wanted: &Wanted) -> std::io::Result<()> {
    let (way, pair, setup) = match &wanted.account {
        Some(account) => {
            let (sending, receiving, took) = mediated_pair(account)?;
            ("socks5", (sending, receiving), took)
        }
        None => ("tcp", tcp_pair()?, Duration::ZERO),
    };
    let carried = carry(pair, &wanted.file, &wanted.out, wanted.how)?;
    let yes = |said: bool| if said { "yes" } else { "no" };
    println!(
        "{way} bytes={} block={} sha256={} fsync={} setup={:.6} seconds={:.6}",
        carried.bytes,
        wanted.how.block_bytes,
        yes(wanted.how.sha256),
        yes(wanted.how.fsync),
        setup.as_secs_f64(),
        carried.took.as_secs_f64(),
    );
    Ok(())
}

fn arguments() -> Result<Option<Wanted>, lexopt::Error> {
    let mut how = How { block_bytes: 65_536, sha256: false, fsync: false };
    let mut rounds = 1;
    let (mut server, mut ca, mut domain, mut login) = (None, None, None, None);
    let mut words: Vec<PathBuf> = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("block") => how.block_bytes = parser.value()?.parse()?,
            Long("sha256") => how.sha256 = true,
            Long("fsync") => how.fsync = true,
            Long("rounds") => rounds = parser.value()?.parse()?,
            Long("server") => server = Some(parser.value()?.string()?),
            Long("ca") => ca = Some(PathBuf::from(parser.value()?)),
            Long("domain") => domain = Some(parser.value()?.string()?),
            Long("account") => login = Some(parser.value()?.string()?),
            Long("help") | Short('h') => return Ok(None),
            Value(word) => words.push(word.into()),
            other => return Err(other.unexpected()),
        }
    }
    let Ok([way, file, out]) = <[PathBuf; 3]>::try_from(words) else {
        return Err("a way, a file and where it goes".into());
    };
    let account = match way.to_str() {
        Some("tcp") => None,
        Some("socks5") => {
            let login = login.ok_or("socks5 takes --account")?;
            let (user, password) = login.split_once(':').ok_or("--account takes USER:PASSWORD")?;
            Some(Account {
                address: server.ok_or("socks5 takes --server")?,
                ca: ca.ok_or("socks5 takes --ca")?,
                domain: domain.ok_or("socks5 takes --domain")?,
                user: user.to_owned(),
                password: password.to_owned(),
            })
        }
        _ => return Err("the way is tcp or socks5".into()),
    };
    Ok(Some(Wanted { account, how, rounds, file, out }))
}
