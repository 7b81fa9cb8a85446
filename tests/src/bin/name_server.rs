//! A name server on 127.0.0.1 that knows SRV records and nothing else, until stdin ends.
//!
//! Prints `ready 127.0.0.1:PORT`, and `asked NAME` for every question. Written from RFC 1035 and RFC 2782.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::UdpSocket;
use std::process::ExitCode;

const USAGE: &str = "usage: name_server [NAME=PRIORITY,WEIGHT,PORT,TARGET]... [NAME=silent]...
  every other name does not exist; a silent one is never answered; TARGET . is the root";

const SRV: [u8; 2] = [0, 33];

/// The records of one name; `None`: silence.
type Zone = BTreeMap<String, Option<Vec<Vec<u8>>>>;

fn main() -> ExitCode {
    let mut zone = Zone::new();
    for word in std::env::args().skip(1) {
        let Some((name, text)) = word.split_once('=') else {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        };
        let records = zone.entry(name.to_ascii_lowercase()).or_insert_with(|| Some(Vec::new()));
        match record(text) {
            _ if text == "silent" => *records = None,
            Some(record) => records.get_or_insert_default().push(record),
            None => {
                eprintln!("name_server: '{word}'\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port on loopback");
    println!("ready {}", socket.local_addr().expect("an address"));
    std::thread::spawn(move || serve(&socket, &zone));
    let mut sink = [0; 64];
    while std::io::stdin().read(&mut sink).is_ok_and(|count| count > 0) {}
    ExitCode::SUCCESS
}

/// The data of one SRV record.
fn record(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split(',');
    let mut data = Vec::new();
    for _ in 0..3 {
        data.extend(parts.next()?.parse::<u16>().ok()?.to_be_bytes());
    }
    for label in parts.next()?.split('.').filter(|label| !label.is_empty()) {
        data.push(u8::try_from(label.len()).ok()?);
        data.extend(label.as_bytes());
    }
    data.push(0);
    Some(data)
}

fn serve(socket: &UdpSocket, zone: &Zone) {
    let mut question = [0; 512];
    while let Ok((count, from)) = socket.recv_from(&mut question) {
        if let Some(answer) = answer(&question[..count], zone) {
            // A question that cannot be answered is lost, as with any UDP.
            let _ = socket.send_to(&answer, from);
        }
    }
}

fn answer(question: &[u8], zone: &Zone) -> Option<Vec<u8>> {
    let (mut name, mut at) = (String::new(), 12);
    while let Some(&length) = question.get(at).filter(|length| **length != 0) {
        let label = question.get(at + 1..at + 1 + usize::from(length))?;
        name = format!("{name}{}{}", if name.is_empty() { "" } else { "." }, String::from_utf8_lossy(label));
        at += 1 + usize::from(length);
    }
    let (kind, asked) = (question.get(at + 1..at + 3)?, question.get(12..at + 5)?);
    println!("asked {name}");
    let records = match zone.get(&name.to_ascii_lowercase()) {
        None => return Some(message(question.get(..2)?, asked, 3, &[])),
        Some(records) => records.as_ref()?,
    };
    let records = if kind == SRV { records.as_slice() } else { &[] };
    Some(message(question.get(..2)?, asked, 0, records))
}

/// An authoritative answer; every record is about the name asked for.
fn message(id: &[u8], asked: &[u8], code: u8, records: &[Vec<u8>]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend([0x85, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    out.extend(asked);
    for data in records {
        out.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
    }
    out
}
