//! The router from the stream header to the bound resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xft_tests::router::*;
use xft_tests::scripted::*;

const FIRST: &str = "n=ct1,r=clientnonce";

fn under_tls(exporter: Option<[u8; 32]>, end_point: Option<Vec<u8>>) -> (World, StreamNo, String) {
    let mut w = World::new(config());
    let no = w.router.open_tls(0, exporter, end_point);
    let features = w.ask(no, HEADER);
    (w, no, features)
}

/// One SCRAM-SHA-256 exchange; gives the server's last element and the signature it should hold.
fn scram(w: &mut World, no: StreamNo, mechanism: &str, gs2: &str, binding: &[u8]) -> (String, String) {
    let challenge = w.ask(no, &auth(mechanism, &format!("{gs2}{FIRST}")));
    assert!(challenge.starts_with("<challenge "), "{challenge}");
    let (last, signature) = scram_final("secret", gs2, binding, FIRST, &sasl_text(&challenge));
    (w.ask(no, &response(&last)), signature)
}

fn failure(condition: &str) -> String {
    format!("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}/></failure>")
}

struct Vector {
    id: &'static str,
    hash: Hash,
    plus: bool,
    password: &'static str,
    salt: Vec<u8>,
    rounds: u32,
    first: &'static str,
    server_nonce: &'static str,
    last: &'static str,
    signature: &'static str,
}

fn vectors() -> Vec<Vector> {
    let sha256 = |id, plus, rounds, first, last, signature| Vector {
        id,
        hash: Hash::Sha256,
        plus,
        password: "pencil",
        salt: STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(),
        rounds,
        first,
        server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        last,
        signature,
    };
    vec![
        Vector {
            id: "SC-01",
            hash: Hash::Sha1,
            plus: false,
            password: "pencil",
            salt: STANDARD.decode("QSXCR+Q6sek8bf92").unwrap(),
            rounds: 4096,
            first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            server_nonce: "3rfcNHYJY1ZVvWVs7j",
            last: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            signature: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        },
        sha256(
            "SC-02",
            false,
            4096,
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
        sha256(
            "SC-03",
            true,
            4096,
            "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
            "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=",
        ),
        sha256(
            "SC-04",
            true,
            4096,
            "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=nY1Wus9a+gM2DrbQ1msXFgyhW6KM5ktOxWiU+/P/EGY=",
            "v=RwppMGddhz/J0lFYaRReBjXcQeNUFP5Qc76Lo5Exrig=",
        ),
        sha256(
            "SC-05",
            false,
            4096,
            "y,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
            "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=",
        ),
        Vector {
            id: "SC-06",
            hash: Hash::Sha1,
            plus: false,
            password: "p,w=1",
            salt: b"salt".to_vec(),
            rounds: 4096,
            first: "n,,n=a=2Cb=3Dc,r=abc123",
            server_nonce: "XYZ",
            last: "c=biws,r=abc123XYZ,p=WcFWkT/Ws+9JZu0FOa1RGkTI6JM=",
            signature: "v=eHHoAJBkQsq1Xgy3GR/4nfePWjo=",
        },
        sha256(
            "SC-07",
            false,
            10000,
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=I+hX8XG0tWfl2g2HWj/5GUriA07kXQNpOUJYt/4DLLo=",
            "v=h+MsWsqNL8W+nRB4Xk0ilq67/yxMpMWWe8nX0mpzh78=",
        ),
    ]
}

#[test]
fn scram_gives_the_published_vectors() {
    let mut exporter = [0; 32];
    exporter.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
    let bindings = Bindings { exporter: Some(exporter), end_point: Some(exporter.to_vec()) };
    for v in vectors() {
        let terms = Terms {
            hash: v.hash,
            plus: v.plus,
            plus_offered: false,
            bindings: &bindings,
            nonce: v.server_nonce,
            salt: &v.salt,
            rounds: v.rounds,
        };
        let user = if v.id == "SC-06" { "a,b=c" } else { "user" };
        let password = |asked: &str| (asked == user).then(|| v.password.to_owned());
        let (scram, first) = Scram::begin(&terms, v.first.as_bytes(), password).unwrap();
        assert!(first.ends_with(&format!(",i={}", v.rounds)), "{}", v.id);
        assert_eq!(
            scram.finish(v.last.as_bytes()),
            Ok((user.to_owned(), v.signature.to_owned())),
            "{}",
            v.id
        );
        let wrong = v.last.replace("p=", "p=A");
        assert!(scram.finish(wrong.as_bytes()).is_err(), "{}", v.id);
    }
}

#[test]
fn plus_is_offered_and_taken_with_either_binding() {
    let (mut w, no, features) = under_tls(Some([9; 32]), Some(vec![5; 32]));
    assert!(features.contains("<mechanism>SCRAM-SHA-256-PLUS</mechanism>"), "{features}");
    assert!(
        features
            .contains("<channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/>")
    );
    let (answer, signature) = scram(&mut w, no, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &[9; 32]);
    assert!(answer.starts_with("<success ") && sasl_text(&answer) == signature, "{answer}");

    let (mut w, no, features) = under_tls(None, Some(vec![5; 32]));
    assert!(!features.contains("tls-exporter") && features.contains("'tls-server-end-point'"), "{features}");
    let (answer, _) = scram(&mut w, no, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", &[5; 32]);
    assert!(answer.starts_with("<success "), "{answer}");
}

#[test]
fn wrong_binding_and_downgrade_are_refused() {
    let (mut w, no, _) = under_tls(Some([9; 32]), None);
    let (answer, _) = scram(&mut w, no, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &[8; 32]);
    assert_eq!(answer, failure("not-authorized"));
    // Flag y says "you offered no binding", which is not what the server said.
    assert_eq!(w.ask(no, &auth("SCRAM-SHA-256", &format!("y,,{FIRST}"))), failure("not-authorized"));
    let (answer, _) = scram(&mut w, no, "SCRAM-SHA-256", "n,,", b"");
    assert!(answer.starts_with("<success "), "{answer}");
}

#[test]
fn plus_is_absent_without_binding_data() {
    let (mut w, no, features) = under_tls(None, None);
    assert!(!features.contains("-PLUS") && !features.contains("sasl-cb"), "{features}");
    assert_eq!(
        w.ask(no, &auth("SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=ct1,r=x")),
        failure("invalid-mechanism")
    );
    let (answer, signature) = scram(&mut w, no, "SCRAM-SHA-256", "y,,", b"");
    assert_eq!(sasl_text(&answer), signature);
}

#[test]
fn signature_can_come_in_a_challenge_or_spoilt() {
    let mut w = World::new(RouterConfig { signature_in_challenge: true, ..config() });
    let no = w.router.open(0);
    w.ask(no, HEADER);
    let (answer, signature) = scram(&mut w, no, "SCRAM-SHA-256", "n,,", b"");
    assert!(answer.starts_with("<challenge ") && sasl_text(&answer) == signature, "{answer}");
    assert!(w.ask(no, &response("")).starts_with("<success "));

    let mut w = World::new(RouterConfig { spoil_signature: true, ..config() });
    let no = w.router.open(0);
    w.ask(no, HEADER);
    let (answer, signature) = scram(&mut w, no, "SCRAM-SHA-256", "n,,", b"");
    assert!(answer.starts_with("<success ") && sasl_text(&answer) != signature, "{answer}");
}

#[test]
fn wrong_passwords_and_unknown_users_fail_alike_and_at_last_close() {
    let mut w = World::new(config());
    let no = w.router.open(0);
    w.ask(no, HEADER);
    let challenge = w.ask(no, &auth("SCRAM-SHA-256", "n,,n=nobody,r=x"));
    let (last, _) = scram_final("secret", "n,,", b"", "n=nobody,r=x", &sasl_text(&challenge));
    assert_eq!(w.ask(no, &response(&last)), failure("not-authorized"));
    for _ in 0..3 {
        assert_eq!(w.ask(no, &auth("PLAIN", "\0ct1\0wrong")), failure("not-authorized"));
    }
    let last = w.ask(no, &auth("PLAIN", "\0ct1\0wrong"));
    assert!(last.contains("<policy-violation ") && last.ends_with("</stream:stream>"), "{last}");
    assert_eq!(w.router.effect(no), Some(Effect::Close));
}

#[test]
fn sasl_messages_that_are_none_are_named() {
    let mut w = World::new(config());
    let no = w.router.open(0);
    w.ask(no, HEADER);
    let sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    assert_eq!(
        w.ask(no, &format!("<auth {sasl} mechanism='PLAIN'>A A=</auth>")),
        failure("incorrect-encoding")
    );
    assert_eq!(w.ask(no, &format!("<response {sasl}>AAAA</response>")), failure("malformed-request"));
    assert_eq!(w.ask(no, &format!("<abort {sasl}/>")), failure("aborted"));
    w.router.config_mut().refuse_logins = Some(Refused::TemporaryAuthFailure);
    assert_eq!(w.ask(no, &auth("PLAIN", "\0ct1\0secret")), failure("temporary-auth-failure"));
}

#[test]
fn tls_required_offers_nothing_else_and_drops_what_follows_proceed() {
    let mut w = World::new(RouterConfig { tls: Tls::Required, ..config() });
    let no = w.router.open(0);
    let features = w.ask(no, HEADER);
    assert!(features.contains("<required/>") && !features.contains("mechanism"), "{features}");
    assert_eq!(w.ask(no, &auth("PLAIN", "\0ct1\0secret")), failure("encryption-required"));
    w.send(no, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><presence/>");
    assert_eq!(w.router.effect(no), None, "only once <proceed/> was written");
    assert_eq!(w.got(no), "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_eq!(w.router.effect(no), Some(Effect::StartTls));
    assert_eq!(w.ask(no, "injected"), "");
    w.router.tls_done(0, no, Some([1; 32]), None);
    let features = w.ask(no, HEADER);
    assert!(features.contains("PLUS") && !features.contains("starttls"), "{features}");
}

#[test]
fn resource_in_use_follows_the_policy() {
    let mut w = World::new(config());
    let old = w.login("ct1", "gw");
    let new = w.login("ct1", "gw");
    let farewell = w.got(old);
    assert!(farewell.starts_with("<stream:error><conflict ") && w.router.effect(old) == Some(Effect::Close));
    assert_eq!(w.router.stream_of("ct1@hospital.test/gw"), Some(new));

    w.router.config_mut().conflict = Conflict::Refuse;
    let third = w.authenticated("ct1");
    assert!(w.ask(third, &bind("gw")).contains("<error type='cancel'><conflict "));
    w.router.config_mut().conflict = Conflict::Rename;
    let answer = w.ask(third, &bind("gw"));
    let address = w.router.address(third).unwrap();
    assert!(answer.contains(&format!("<jid>{address}</jid>")) && address != "ct1@hospital.test/gw");
}

#[test]
fn server_makes_resources_and_refuses_stanzas_before_bind() {
    let mut w = World::new(RouterConfig { own_resources: true, ..config() });
    let no = w.authenticated("ct1");
    assert!(!w.ask(no, &bind("gw")).contains("/gw<"));
    let hasty = w.authenticated("pacs");
    assert!(w.ask(hasty, "<presence/>").contains("<stream:error><not-authorized "));
}

#[test]
fn header_errors_are_answered_after_a_header() {
    let bad = [
        (HEADER.replace("to='hospital.test'", "to='elsewhere.test'"), "host-unknown"),
        (HEADER.replace(" version='1.0'>", ">"), "unsupported-version"),
        (HEADER.replace("jabber.org/streams", "jabber.org/flows"), "invalid-namespace"),
        ("<<".to_owned(), "not-well-formed"),
    ];
    for (header, condition) in bad {
        let mut w = World::new(config());
        let no = w.router.open(0);
        let answer = w.ask(no, &header);
        assert!(answer.starts_with("<?xml version='1.0'?><stream:stream "), "{answer}");
        assert!(answer.contains(&format!("<stream:error><{condition} ")), "{answer}");
        assert!(answer.ends_with("</stream:error></stream:stream>"), "{answer}");
    }
}

#[test]
fn limits_are_announced_before_and_after_login() {
    let limits = LimitsElement { max_bytes: true, idle_seconds: Some(90) };
    let mut w = World::new(RouterConfig { announce_limits: Some(limits), ..config() });
    let no = w.router.open(0);
    let text = |bytes| {
        format!(
            "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>{bytes}</max-bytes><idle-seconds>90</idle-seconds></limits>"
        )
    };
    assert!(w.ask(no, HEADER).contains(&text(10000)));
    let pipelined = format!("{}{HEADER}", auth("PLAIN", "\0ct1\0secret"));
    assert!(w.ask(no, &pipelined).contains(&text(262_144)));
}
