//! Runs a real XMPP server for the tests until stdin ends or a TERM comes.
//!
//! `server prosody|ejabberd [--cert-dir DIR] [--domain D] [--account USER:PASSWORD]... [--limited] [--plain]
//! [--proxy none|on|closed|at:HOST]` prints one line, `ready c2s=PORT tls=PORT ca=PATH domain=DOMAIN [proxy=HOST:PORT]`, when
//! clients can log in. The proxy works (`on`) unless it is to tell an address where nobody listens (`closed`), or another host.

use std::io::Read;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use xft_tests::servers::{Kind, Proxy, Server, Setup};

const USAGE: &str = "usage: server prosody|ejabberd [--cert-dir DIR] [--domain D] [--account USER:PASSWORD]... [--limited] [--plain] [--proxy none|on|closed|at:HOST]";

fn main() -> ExitCode {
    match arguments() {
        Ok(setup) => run(&setup),
        Err(error) => {
            eprintln!("server: {error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(setup: &Setup) -> ExitCode {
    let end = match told_to_end() {
        Ok(end) => end,
        Err(error) => {
            eprintln!("server: cannot wait for signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut server = match Server::start(setup) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("server: {error}");
            return ExitCode::FAILURE;
        }
    };
    let proxy = match setup.proxy {
        Proxy::Works => format!(" proxy=127.0.0.1:{}", server.proxy_port),
        _ => String::new(),
    };
    println!(
        "ready c2s={} tls={} ca={} domain={}{proxy}",
        server.c2s_port,
        server.tls_port,
        server.ca.display(),
        server.domain
    );
    while end.recv_timeout(Duration::from_millis(200)) == Err(RecvTimeoutError::Timeout) {
        if !server.is_running() {
            eprintln!("server: {} ended by itself\n{}", setup.kind.name(), server.log_tail(30));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn arguments() -> Result<Setup, lexopt::Error> {
    let mut setup = None;
    let mut parser = lexopt::Parser::from_env();
    let (mut accounts, mut domain, mut certs, mut limited, mut plain, mut proxy) =
        (Vec::new(), None, None, false, false, Proxy::Works);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(name) if setup.is_none() => {
                let kind =
                    name.to_str().and_then(Kind::of_name).ok_or("the server is `prosody` or `ejabberd`")?;
                setup = Some(Setup::new(kind));
            }
            Long("cert-dir") => {
                certs = Some(std::path::absolute(parser.value()?).map_err(|error| error.to_string())?)
            }
            Long("domain") => domain = Some(parser.value()?.string()?),
            Long("account") => {
                let text = parser.value()?.string()?;
                let (user, password) = text.split_once(':').ok_or("an account is USER:PASSWORD")?;
                accounts.push((user.to_owned(), password.to_owned()));
            }
            Long("limited") => limited = true,
            Long("plain") => plain = true,
            Long("proxy") => {
                let words = parser.value()?.string()?;
                proxy = Proxy::of_words(&words).ok_or("the proxy is none, on, closed or at:HOST")?;
            }
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected()),
        }
    }
    let mut setup = setup.ok_or("which server?")?;
    setup.domain = domain.unwrap_or(setup.domain);
    Ok(Setup { accounts, limited, plain, proxy, cert_dir: certs, ..setup })
}

/// Something arrives here at the end of stdin or with the first signal to end.
fn told_to_end() -> std::io::Result<Receiver<()>> {
    let (stdin_ended, end) = channel();
    let signalled = stdin_ended.clone();
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    thread::spawn(move || {
        signals.forever().next();
        let _ = signalled.send(());
    });
    thread::spawn(move || {
        let mut buffer = [0; 256];
        let mut stdin = std::io::stdin();
        while !matches!(stdin.read(&mut buffer), Ok(0) | Err(_)) {}
        let _ = stdin_ended.send(());
    });
    Ok(end)
}
