//! The loopback server's proxies from outside: plain clients find them, are joined, and meet the faults asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use xft_tests::plain::{Account, Client, How, carry, destination, dial, mediated_pair};

/// The program; ends with its stdin.
struct Program {
    child: Child,
    account: Account,
    /// Where it says that its proxies listen.
    proxies: Vec<String>,
    dir: tempfile::TempDir,
}

impl Program {
    fn start(options: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_loopback_server"))
            .args(["--account", "ct1:secret", "--cert-dir"])
            .arg(dir.path())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let value = |key: &str| line.split_whitespace().find_map(|w| w.strip_prefix(key));
        let account = Account {
            address: format!("127.0.0.1:{}", value("tls=").unwrap()),
            ca: dir.path().join("ca.pem"),
            domain: value("domain=").unwrap().into(),
            user: "ct1".into(),
            password: "secret".into(),
        };
        let proxies = value("proxy=").map_or(vec![], |all| all.split(',').map(str::to_owned).collect());
        Self { child, account, proxies, dir }
    }

    /// Sends a file of that size through the proxy.
    fn send(&self, bytes: usize) -> std::io::Result<()> {
        let (file, out) = (self.dir.path().join("file"), self.dir.path().join("out"));
        std::fs::write(&file, noise(bytes)).unwrap();
        let (sending, receiving, _) = mediated_pair(&self.account)?;
        carry((sending, receiving), &file, &out, How { block_bytes: 65_536, sha256: false, fsync: false })?;
        assert!(std::fs::read(&file).unwrap() == std::fs::read(&out).unwrap(), "the file arrived changed");
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..bytes).map(|_| next()).collect()
}

fn failure(program: &Program) -> String {
    program.send(100_000).expect_err("the transfer went through").to_string()
}

fn ended(mut socket: &TcpStream) -> bool {
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    matches!(socket.read(&mut [0; 16]), Ok(0))
        || socket.read(&mut [0; 16]).is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset)
}

#[test]
fn files_of_all_sizes_pass_the_proxy_that_is_there_by_default() {
    let program = Program::start(&[]);
    assert_eq!(program.proxies.len(), 1);
    for bytes in [0, 1, 4096, 65_535, 65_536, 65_537, 1_000_003, 30_000_000] {
        program.send(bytes).unwrap_or_else(|error| panic!("{bytes} bytes: {error}"));
    }
}

#[test]
fn both_directions_run_at_the_same_time() {
    let program = Program::start(&[]);
    let (one, two, _) = mediated_pair(&program.account).unwrap();
    let data = noise(5_000_000);
    std::thread::scope(|scope| {
        for (mut from, mut to) in [(&one, &two), (&two, &one)] {
            let (data, size) = (&data, data.len());
            scope.spawn(move || from.write_all(data).unwrap());
            scope.spawn(move || {
                let mut got = vec![0; size];
                to.read_exact(&mut got).unwrap();
                assert!(got == *data);
            });
        }
    });
    one.shutdown(Shutdown::Write).unwrap();
    assert!(ended(&two) && ended(&one), "the end of one side ends both (QRK-23)");
}

#[test]
fn a_reader_that_pauses_stops_the_writer_and_loses_nothing() {
    let program = Program::start(&[]);
    let (mut sending, mut receiving, _) = mediated_pair(&program.account).unwrap();
    let data = noise(40_000_000);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            sending.write_all(&data).unwrap();
            sending.shutdown(Shutdown::Write).unwrap();
        });
        std::thread::sleep(Duration::from_millis(700));
        let mut got = Vec::new();
        receiving.read_to_end(&mut got).unwrap();
        assert!(got == data, "{} of {} bytes came", got.len(), data.len());
    });
}

#[test]
fn a_server_without_a_proxy_lists_none() {
    let program = Program::start(&["--proxy", "none"]);
    assert!(program.proxies.is_empty());
    assert_eq!(failure(&program), "the server offers no proxy");
    let program = Program::start(&["--proxy", "unlisted"]);
    assert_eq!(failure(&program), "the server offers no proxy");
}

#[test]
fn refusals_arrive_as_asked_for() {
    let refused = failure(&Program::start(&["--proxy", "refuse:forbidden"]));
    assert!(refused.contains("activation") && refused.contains("\"forbidden\""), "{refused}");
    let refused = failure(&Program::start(&["--proxy", "address:item-not-found"]));
    assert!(refused.contains("address") && refused.contains("\"item-not-found\""), "{refused}");
    let refused = failure(&Program::start(&["--proxy", "at:127.0.0.1:1"]));
    assert!(refused.contains("refused"), "{refused}");
}

#[test]
fn a_silent_proxy_takes_the_greeting_and_says_nothing() {
    let program = Program::start(&["--proxy", "silent"]);
    let mut socket = TcpStream::connect(&program.proxies[0]).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    socket.write_all(&[5, 1, 0]).unwrap();
    let silence = socket.read(&mut [0; 2]).expect_err("an answer came");
    assert_eq!(silence.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_proxy_that_dies_hands_over_exactly_so_many_bytes() {
    let program = Program::start(&["--proxy", "dies:1000000"]);
    let (mut sending, mut receiving, _) = mediated_pair(&program.account).unwrap();
    let data = noise(20_000_000);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| sending.write_all(&data));
        let mut got = Vec::new();
        let mut block = vec![0; 65_536];
        while let Ok(count @ 1..) = receiving.read(&mut block) {
            got.extend_from_slice(&block[..count]);
        }
        assert!(got == data[..1_000_000], "{} bytes came", got.len());
        assert!(writer.join().unwrap().is_err(), "the sender learns of it");
    });
}

#[test]
fn a_second_proxy_works_beside_a_first_that_does_not() {
    let program = Program::start(&["--proxy", "refuse:conflict", "--proxy", "node:6151"]);
    assert_eq!(program.proxies.len(), 2);
    assert!(failure(&program).contains("\"conflict\""));
    let mut client = Client::login(&program.account).unwrap();
    let (jid, sid) = ("proxy2.hospital.test/6151", "s1");
    let to = destination(sid, client.jid(), "pacs@hospital.test/in");
    let (mut target, mut requester) =
        (dial(&program.proxies[1], &to).unwrap(), dial(&program.proxies[1], &to).unwrap());
    client.activate(jid, sid, "pacs@hospital.test/in").unwrap();
    requester.write_all(b"file").unwrap();
    let mut got = [0; 4];
    target.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"file");
}

#[test]
fn the_baseline_program_tells_its_seconds() {
    let program = Program::start(&[]);
    let (file, out) = (program.dir.path().join("file"), program.dir.path().join("out"));
    std::fs::write(&file, noise(3_000_000)).unwrap();
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    let account = &program.account;
    let login =
        ["--server", &account.address, "--ca", &at(&account.ca), "--domain", "hospital.test", "--account"];
    for (way, more) in [("tcp", vec![]), ("socks5", [&login[..], &["ct1:secret"]].concat())] {
        let run = Command::new(env!("CARGO_BIN_EXE_baseline"))
            .arg(way)
            .args(more)
            .args(["--block", "4096", "--sha256", "--fsync", "--rounds", "2"])
            .args([&file, &out])
            .output()
            .unwrap();
        let said = String::from_utf8(run.stdout).unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert!(
                line.starts_with(&format!("{way} bytes=3000000 block=4096 sha256=yes fsync=yes setup=")),
                "{line}"
            );
            let seconds: f64 = line.split("seconds=").nth(1).unwrap().parse().unwrap();
            assert!(seconds > 0.0, "{line}");
        }
        assert!(std::fs::read(&file).unwrap() == std::fs::read(&out).unwrap());
        std::fs::remove_file(&out).unwrap();
    }
}
