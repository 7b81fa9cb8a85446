//! Whole logins against the router, which shares no code with the library.

use crate::client::*;
use xft_core::internals::base64;
use xft_core::internals::{LinkConfig, Step};
use xft_core::{Reason, ScramFloor, Tls};
use xft_tests::router::{Conflict, LegacySession, LimitsElement, Mechanism, Refused, Router, RouterConfig};
use xft_tests::scripted;

const EXPORTER: [u8; 32] = [9; 32];

fn server() -> RouterConfig {
    let mut config = scripted::config();
    config.tls = xft_tests::router::Tls::Required;
    config
}

/// Logs in over STARTTLS with the exporter binding at hand; gives the client and everything it said.
fn log_in(server: RouterConfig, cfg: LinkConfig) -> (Client, String) {
    let mut router = Router::new(server);
    let no = router.open(0);
    let mut client = Client::new(cfg);
    client.link.opened(client.at()).unwrap();
    let said = client.talk(&mut router, no, Some(EXPORTER), None);
    (client, said)
}

fn mechanism(said: &str) -> &str {
    said.split_once("mechanism='").unwrap().1.split_once('\'').unwrap().0
}

/// BND-04, STR-04
#[test]
fn login_over_starttls_binds_and_announces_presence() {
    let (client, said) = log_in(server(), config(Tls::StartTls));
    assert!(client.link.is_online(), "{:?} after {said}", client.failure);
    assert!(said.contains(" from='ct1@hospital.test'"), "{said}");
    assert_eq!(client.link.jid(), "ct1@hospital.test/gw");
    assert_eq!(client.steps.iter().filter(|step| **step == Step::Online).count(), 1);
    // BND-04: bind, then presence, nothing between or after.
    assert!(said.ends_with(
        "<iq type='set' id='babababababababab0000'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>gw</resource></bind></iq>\
         <presence id='aabababababababab0000'/>"
    ));
    // STR-04: the address only under TLS; STR-07: three headers, none closed.
    let headers: Vec<_> = said.match_indices("<stream:stream ").collect();
    assert_eq!(headers.len(), 3);
    assert!(said.starts_with(PLAIN_HEADER));
    assert_eq!(said.matches(" from='ct1@hospital.test'").count(), 2);
    assert!(!said.contains("</stream:stream>"));
}

#[test]
fn every_mechanism_logs_in() {
    for offered in Mechanism::ALL {
        for signature_in_challenge in [false, true] {
            let mut server = server();
            server.mechanisms = vec![offered];
            server.signature_in_challenge = signature_in_challenge;
            // A server that takes no binding does not announce types either (SASL-09).
            server.announce_bindings = offered.name().ends_with("-PLUS");
            let mut cfg = config(Tls::StartTls);
            cfg.sasl.plain = true;
            let (client, said) = log_in(server, cfg);
            assert!(client.link.is_online(), "{}: {:?}", offered.name(), client.failure);
            assert_eq!(mechanism(&said), offered.name());
        }
    }
}

#[test]
fn server_end_point_binding_logs_in() {
    let mut server = server();
    server.mechanisms = vec![Mechanism::ScramSha256Plus];
    let mut router = Router::new(server);
    let no = router.open(0);
    let mut client = Client::new(config(Tls::StartTls));
    client.link.opened(client.at()).unwrap();
    let said = client.talk(&mut router, no, None, Some(vec![3; 48]));
    assert!(client.link.is_online(), "{:?} after {said}", client.failure);
}

#[test]
fn direct_tls_logs_in_without_starttls() {
    let mut router = Router::new(server());
    let no = router.open_tls(0, Some(EXPORTER), None);
    let mut client = Client::new(config(Tls::Direct));
    client.tls_done(Some(&EXPORTER), None);
    client.link.opened(client.at()).unwrap();
    let said = client.talk(&mut router, no, None, None);
    assert!(client.link.is_online(), "{:?}", client.failure);
    assert_eq!(mechanism(&said), "SCRAM-SHA-256-PLUS");
    assert!(said.starts_with(TLS_HEADER));
    assert!(!said.contains("starttls"));
}

#[test]
fn plain_stream_logs_in_only_when_told_that_it_may() {
    let mut server = server();
    server.tls = xft_tests::router::Tls::None;
    let (client, said) = log_in(server.clone(), config(Tls::UnsafePlain));
    assert!(client.link.is_online(), "{:?}", client.failure);
    assert!(!said.contains(" from="));
    // STR-09
    let (client, said) = log_in(server, config(Tls::StartTls));
    assert_eq!(client.reason(), Reason::TlsMissing);
    assert!(said.ends_with(CLOSED));
}

#[test]
fn plain_is_never_sent_without_tls_even_when_it_is_allowed() {
    let mut server = server();
    server.tls = xft_tests::router::Tls::None;
    server.mechanisms = vec![Mechanism::Plain];
    let mut cfg = config(Tls::UnsafePlain);
    cfg.sasl.plain = true;
    let (client, said) = log_in(server, cfg);
    assert_eq!(client.reason(), Reason::NoMechanism);
    assert!(!said.contains("<auth"));
}

/// SASL-01
#[test]
fn plain_is_off_by_default_and_below_every_raised_floor() {
    let mut server = server();
    server.mechanisms = vec![Mechanism::Plain];
    server.announce_bindings = false;
    let (client, _) = log_in(server.clone(), config(Tls::StartTls));
    assert_eq!(client.reason(), Reason::NoMechanism);
    let mut cfg = config(Tls::StartTls);
    cfg.sasl.plain = true;
    cfg.sasl.floor = ScramFloor::Sha256;
    let (client, _) = log_in(server, cfg);
    assert_eq!(client.reason(), Reason::NoMechanism);
}

#[test]
fn floor_keeps_weaker_mechanisms_out() {
    let mut server = server();
    server.mechanisms = vec![Mechanism::ScramSha1, Mechanism::ScramSha256];
    server.announce_bindings = false;
    for (floor, expected) in [
        (ScramFloor::Sha1, Some("SCRAM-SHA-256")),
        (ScramFloor::Sha256, Some("SCRAM-SHA-256")),
        (ScramFloor::Sha1Plus, None),
        (ScramFloor::Sha256Plus, None),
    ] {
        let mut cfg = config(Tls::StartTls);
        cfg.sasl.floor = floor;
        let (client, said) = log_in(server.clone(), cfg);
        match expected {
            Some(name) => assert_eq!(mechanism(&said), name),
            None => assert_eq!(client.reason(), Reason::NoMechanism),
        }
    }
}

/// SASL-10
#[test]
fn wrong_password_is_final() {
    let mut router = Router::new(server());
    let no = router.open(0);
    let mut client = Client::new(config(Tls::StartTls));
    client.account.password = "other";
    client.link.opened(client.at()).unwrap();
    let said = client.talk(&mut router, no, Some(EXPORTER), None);
    assert_eq!(client.reason(), Reason::NotAuthorized);
    // SASL-10: no weaker mechanism afterwards.
    assert_eq!(said.matches("<auth ").count(), 1);
    assert!(said.ends_with(CLOSED));
}

/// SASL-07
#[test]
fn forged_server_signature_ends_the_login() {
    for signature_in_challenge in [false, true] {
        let mut server = server();
        server.spoil_signature = true;
        server.signature_in_challenge = signature_in_challenge;
        let (client, said) = log_in(server, config(Tls::StartTls));
        // SC-18, SASL-07
        assert_eq!(client.reason(), Reason::ServerNotProven);
        assert!(said.ends_with(&format!("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>{CLOSED}")));
    }
}

#[test]
fn refused_logins_say_why() {
    use xft_core::{Condition, SaslCondition};
    for (refused, reason, condition) in [
        (Refused::AccountDisabled, Reason::AuthFailed, SaslCondition::AccountDisabled),
        (Refused::CredentialsExpired, Reason::AuthFailed, SaslCondition::CredentialsExpired),
        (Refused::TemporaryAuthFailure, Reason::AuthFailed, SaslCondition::TemporaryAuthFailure),
        (Refused::NotAuthorized, Reason::NotAuthorized, SaslCondition::NotAuthorized),
    ] {
        let mut server = server();
        server.refuse_logins = Some(refused);
        let (client, said) = log_in(server, config(Tls::StartTls));
        let failure = client.failure.unwrap();
        assert_eq!((failure.reason, failure.condition), (reason, Some(Condition::Sasl(condition))));
        assert_eq!(said.matches("<auth ").count(), 1, "{condition:?} must be final");
    }
}

#[test]
fn key_derivation_is_spread_over_polls() {
    let mut server = server();
    server.scram_rounds = 10_000;
    let mut cfg = config(Tls::StartTls);
    cfg.sasl.rounds_per_poll = 1000;
    let (client, _) = log_in(server, cfg);
    assert!(client.link.is_online());
    // SASL-06: the first iteration comes with the salt, the other 9999 in ten portions, of which nine are not the last.
    assert_eq!(client.again, 9);
}

/// BND-03
#[test]
fn session_of_old_servers_is_asked_for_when_required() {
    for (session, asked) in
        [(LegacySession::Required, 1), (LegacySession::Optional, 0), (LegacySession::Absent, 0)]
    {
        let mut server = server();
        server.session = session;
        let (client, said) = log_in(server, config(Tls::StartTls));
        assert!(client.link.is_online(), "{:?}", client.failure);
        assert_eq!(said.matches("<session ").count(), asked, "{session:?}");
    }
}

/// BND-05
#[test]
fn resource_of_the_server_is_taken_as_given() {
    let mut server = server();
    server.own_resources = true;
    let (client, _) = log_in(server, config(Tls::StartTls));
    let resource = client.link.jid().strip_prefix("ct1@hospital.test/").unwrap();
    assert!(!resource.is_empty() && resource != "gw");
}

#[test]
fn resource_in_use_is_tried_once_more_without_one() {
    let mut server = server();
    server.conflict = Conflict::Refuse;
    let mut router = Router::new(server);
    let mut clients = Vec::new();
    for _ in 0..2 {
        let no = router.open(0);
        let mut client = Client::new(config(Tls::StartTls));
        client.link.opened(client.at()).unwrap();
        let said = client.talk(&mut router, no, Some(EXPORTER), None);
        clients.push((client, said));
    }
    // BND-02
    let (second, said) = &clients[1];
    assert!(second.link.is_online(), "{:?}", second.failure);
    assert_eq!(said.matches("<bind ").count(), 2);
    assert_ne!(second.link.jid(), clients[0].0.link.jid());
}

#[test]
fn second_login_under_the_same_resource_replaces_the_first() {
    let mut router = Router::new(server());
    let first_no = router.open(0);
    let mut first = Client::new(config(Tls::StartTls));
    first.link.opened(first.at()).unwrap();
    first.talk(&mut router, first_no, Some(EXPORTER), None);
    let no = router.open(0);
    let mut second = Client::new(config(Tls::StartTls));
    second.link.opened(second.at()).unwrap();
    second.talk(&mut router, no, Some(EXPORTER), None);
    let said = first.talk(&mut router, first_no, None, None);
    assert_eq!(first.reason(), Reason::Replaced);
    assert_eq!(said, CLOSED);
}

#[test]
fn advertised_limits_are_kept() {
    let mut server = server();
    server.stanza_bytes = 20_000;
    server.announce_limits = Some(LimitsElement { max_bytes: true, idle_seconds: Some(60) });
    let (mut client, _) = log_in(server, config(Tls::StartTls));
    // LIM-01
    assert_eq!(client.link.stanza_bytes(), 20_000);
    assert_eq!(client.tick(44_999), "");
    assert_eq!(client.tick(45_000), " ");
    let (client, _) = log_in(self::server(), config(Tls::StartTls));
    assert_eq!(client.link.stanza_bytes(), 10_000, "LIM-02");
}

#[test]
fn login_survives_any_size_of_input_pieces() {
    let mut server = server();
    server.session = LegacySession::Required;
    let mut router = Router::new(server);
    let no = router.open_tls(0, Some(EXPORTER), None);
    let mut client = Client::new(config(Tls::Direct));
    client.tls_done(Some(&EXPORTER), None);
    client.link.opened(client.at()).unwrap();
    for _ in 0..20 {
        router.input(0, no, client.drain().as_bytes());
        for byte in router.take_output(0, no) {
            client.feed(&[byte]);
        }
    }
    assert!(client.link.is_online(), "{:?}", client.failure);
}

/// SASL-04
#[test]
fn nonce_is_at_least_18_random_bytes_of_text() {
    let (_, said) = log_in(server(), config(Tls::StartTls));
    let text = said.split_once("-PLUS'>").unwrap().1.split_once('<').unwrap().0;
    let mut first = [0u8; 256];
    let length = base64::decode_strict(text.as_bytes(), &mut first).unwrap();
    let first = std::str::from_utf8(&first[..length]).unwrap();
    // SASL-04: 24 bytes as base64 and the attempt.
    assert_eq!(first, format!("p=tls-exporter,,n=ct1,r={NONCE}"));
}
