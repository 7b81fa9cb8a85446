//! Every deadline (STR-10, STR-12, STR-13, PNG-02).

use crate::client::*;
use xft_core::{Instant, Reason, Timer, Times, Tls};

const PING: &str = "<iq type='get' id='pabababababababab0001'><ping xmlns='urn:xmpp:ping'/></iq>";

fn deadline(client: &Client) -> Option<(u64, Timer)> {
    client.link.deadline().map(|(at, why)| (at.ms(), why))
}

/// STR-13
#[test]
fn every_step_of_the_login_has_its_deadline() {
    let starttls = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
    let steps: [&dyn Fn(&mut Client); 5] = [
        &|_| {},
        &|client| _ = client.ask(SERVER_HEADER),
        &|client| _ = client.ask(starttls),
        &|client| _ = client.ask("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        &|client| _ = client.tls_done(None, None),
    ];
    for last in 0..steps.len() {
        let mut client = Client::opened(config(Tls::StartTls));
        for step in &steps[..=last] {
            client.now += 1000;
            step(&mut client);
        }
        let end = if last == 0 { 15_000 } else { client.now + 15_000 };
        assert_eq!(deadline(&client), Some((end, Timer::Login)), "step {last}");
        assert_eq!(client.tick(end - 1), "");
        let said = client.tick(end);
        assert_eq!(client.reason(), Reason::LoginTimeout);
        // In the handshake nothing can be written.
        assert_eq!(said, if last == 3 { "[close]" } else { CLOSED }, "step {last}");
    }
}

/// STR-13
#[test]
fn whole_login_has_a_deadline_that_steps_do_not_move() {
    let mut client = Client::opened(config(Tls::StartTls));
    for (now, text) in [
        (14_000, SERVER_HEADER),
        (28_000, "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
        (42_000, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ] {
        client.now = now;
        client.ask(text);
    }
    client.now = 56_000;
    client.tls_done(None, None);
    assert_eq!(deadline(&client), Some((60_000, Timer::Login)));
    client.tick(60_000);
    assert_eq!(client.reason(), Reason::LoginTimeout);
}

#[test]
fn stanzas_and_noise_do_not_keep_a_login_step_alive() {
    let mut client = Client::opened(config(Tls::Direct));
    client.ask(SERVER_HEADER);
    for second in 1..15 {
        client.now = second * 1000;
        client.ask(" <message/>");
    }
    client.tick(15_000);
    assert_eq!(client.reason(), Reason::LoginTimeout);
}

/// SASL-06
#[test]
fn key_derivation_wants_to_be_polled_at_once_and_keeps_the_step_alive() {
    use xft_core::internals::LinkOutput;
    let mut cfg = config(Tls::Direct);
    cfg.sasl.rounds_per_poll = 1;
    let (mut client, _) = Client::at_features(cfg, &mechanisms(&["SCRAM-SHA-1"], &[]));
    // "r=<nonce>srv,s=c2FsdA==,i=4096" as base64, from the vectors' shape
    use base64::Engine as _;
    let first = base64::engine::general_purpose::STANDARD.encode(format!("r={NONCE}srv,s=c2FsdA==,i=4096"));
    client.feed(sasl("challenge", &first).as_bytes());
    let mut out = [0u8; 1024];
    for now in [0, 10_000, 20_000, 30_000] {
        let polled = client.link.poll(&mut out, &ACCOUNT, Instant::from_ms(now));
        assert_eq!(polled, Ok(LinkOutput::Again));
        assert_eq!(deadline(&client), Some((now, Timer::KeyDerivation)));
        client.link.tick(Instant::from_ms(now));
        assert!(client.link.judge(Instant::from_ms(now)).is_ok());
    }
    assert_eq!(client.link.judge(Instant::from_ms(60_000)).unwrap_err().reason, Reason::LoginTimeout);
}

/// STR-13, PNG-02
#[test]
fn silent_server_is_probed_and_then_given_up() {
    let mut client = Client::online(config(Tls::Direct));
    assert_eq!(deadline(&client), Some((120_000, Timer::Keepalive)));
    assert_eq!(client.tick(119_999), "");
    assert_eq!(client.tick(120_000), PING);
    assert_eq!(deadline(&client), Some((150_000, Timer::Probe)));
    assert_eq!(client.tick(149_999), "");
    assert_eq!(client.tick(150_000), "[close]");
    assert_eq!(client.reason(), Reason::ServerSilent);
}

/// PNG-02
#[test]
fn any_answer_to_the_probe_proves_the_stream_alive() {
    // PNG-02
    let error = "<iq type='error' id='pabababababababab0001' from='hospital.test'><error type='cancel'>\
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    for answer in ["<iq type='result' id='pabababababababab0001'/>", error, "<message/>", " "] {
        let mut client = Client::online(config(Tls::Direct));
        assert_eq!(client.tick(120_000), PING);
        client.now = 140_000;
        client.ask(answer);
        assert_eq!(client.stanzas.len(), usize::from(answer == "<message/>"), "{answer}");
        assert_eq!(client.tick(150_000), "");
        assert_eq!(deadline(&client), Some((260_000, Timer::Keepalive)));
    }
}

#[test]
fn probe_answers_of_others_are_stanzas_of_the_session() {
    let mut client = Client::online(config(Tls::Direct));
    client.tick(120_000);
    client.ask("<iq type='result' id='pabababababababab0001' from='eve@hospital.test/x'/>");
    assert_eq!(client.stanzas, ["iq"]);
}

/// STR-12
#[test]
fn blank_is_sent_after_our_own_silence_only() {
    // STR-12
    let mut client = Client::online(config(Tls::Direct));
    for now in [100_000, 200_000, 239_999] {
        client.now = now;
        client.link.heard(client.at());
        assert_eq!(client.tick(now), "");
    }
    assert_eq!(client.tick(240_000), " ");
    assert_eq!(client.tick(240_000), "");
    client.now = 300_000;
    client.link.heard(client.at());
    client.link.sent(client.at());
    client.now = 400_000;
    client.link.heard(client.at());
    assert_eq!(deadline(&client), Some((520_000, Timer::Keepalive)));
    assert_eq!(client.tick(480_000), "");
    client.link.heard(Instant::from_ms(480_000));
    assert_eq!(deadline(&client), Some((540_000, Timer::Keepalive)));
    assert_eq!(client.tick(540_000), " ");
}

#[test]
fn blank_is_never_sent_during_the_login() {
    let mut cfg = config(Tls::Direct);
    cfg.times.keepalive_ms = 100;
    let mut client = Client::opened(cfg);
    client.ask(SERVER_HEADER);
    assert_eq!(client.tick(10_000), "");
}

#[test]
fn early_ticks_and_time_going_backwards_do_nothing() {
    let mut client = Client::online(config(Tls::Direct));
    client.tick(100_000);
    assert_eq!(client.tick(50_000), "");
    client.link.heard(Instant::from_ms(0));
    assert_eq!(deadline(&client), Some((220_000, Timer::Keepalive)));
    assert_eq!(client.tick(219_999), "");
}

/// STZ-01
#[test]
fn every_probe_has_an_id_of_its_own() {
    let mut client = Client::online(config(Tls::Direct));
    assert_eq!(client.tick(120_000), PING);
    client.now = 121_000;
    client.ask("<iq type='result' id='pabababababababab0001'/>");
    let again = client.tick(241_000);
    assert!(again.contains(" id='pabababababababab0002'"), "{again}");
    // The first answer once more is the answer to nothing.
    client.now = 242_000;
    client.ask("<iq type='result' id='pabababababababab0001'/>");
    assert_eq!(client.stanzas, ["iq"]);
}

/// Machines have been up for days when they log in.
#[test]
fn str_13_str_10_every_deadline_counts_from_its_own_beginning() {
    const START: u64 = 1_000_000;
    let mut cfg = config(Tls::Direct);
    cfg.sasl.plain = true;
    let mut client = Client::new(cfg);
    client.now = START;
    client.link.opened(client.at()).unwrap();
    client.drain();
    assert_eq!(deadline(&client), Some((START + 15_000, Timer::Login)));
    assert_eq!(client.tick(START + 14_000), "");
    client.ask(&format!("{SERVER_HEADER}{}", mechanisms(&["PLAIN"], &[])));
    assert_eq!(client.tick(START + 28_000), "");
    client.ask(&sasl("success", ""));
    client.ask(&format!("{SERVER_HEADER}{BIND_FEATURE}"));
    assert_eq!(client.tick(START + 42_000), "");
    client.ask(&bound("ct1@hospital.test/gw"));
    assert_eq!(deadline(&client), Some((START + 162_000, Timer::Keepalive)));
    client.tick(START + 100_000);
    client.link.close(client.at());
    client.drain();
    let end = START + 100_000 + u64::from(Times::default().close_ms);
    assert_eq!(deadline(&client), Some((end, Timer::Close)));
    assert_eq!((client.tick(end - 1), client.tick(end)), (String::new(), "[close]".to_owned()));
}

#[test]
fn png_02_when_blank_and_probe_are_due_at_once_the_probe_is_what_is_waited_for() {
    let mut cfg = config(Tls::Direct);
    (cfg.times.keepalive_ms, cfg.times.probe_ms) = (30_000, 30_000);
    let mut client = Client::online(cfg);
    for now in [30_000, 60_000, 90_000] {
        assert_eq!(client.tick(now), " ");
        client.link.sent(client.at());
    }
    assert_eq!(client.tick(120_000), PING);
    client.link.sent(client.at());
    assert_eq!(deadline(&client), Some((150_000, Timer::Probe)));
}
