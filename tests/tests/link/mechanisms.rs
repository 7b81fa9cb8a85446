//! Which mechanism is chosen, what binds it, and how exchanges go wrong (SASL-01..11, SC-10..23).

use crate::client::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xft_core::internals::LinkConfig;
use xft_core::{Reason, ScramFloor, Tls};
use xft_tests::scripted::scram_final;

const BINDING: [u8; 32] = [5; 32];

/// Direct TLS with this exporter data, these features; gives mechanism and gs2 header.
fn chosen(
    names: &[&str],
    types: &[&str],
    exporter: Option<&[u8]>,
    cfg: LinkConfig,
) -> Result<(String, String), Reason> {
    let mut client = Client::new(cfg);
    client.tls_done(exporter, None);
    client.link.opened(client.at()).unwrap();
    client.drain();
    let said = client.ask(&format!("{SERVER_HEADER}{}", mechanisms(names, types)));
    if let Some(failure) = client.failure {
        assert_eq!(said, CLOSED);
        return Err(failure.reason);
    }
    let (name, rest) = said.split_once("mechanism='").unwrap().1.split_once("'>").unwrap();
    let text = rest.split_once('<').unwrap().0;
    let message = String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap();
    let gs2 = message.split_once(",n=").map_or(String::new(), |(gs2, _)| gs2.to_owned());
    Ok((name.to_owned(), gs2))
}

fn is(name: &str, gs2: &str) -> Result<(String, String), Reason> {
    Ok((name.to_owned(), gs2.to_owned()))
}

const ALL: &[&str] =
    &["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "EXTERNAL"];

/// SASL-01
#[test]
fn preference_is_external_then_binding_then_hash() {
    let exporter = Some(&BINDING[..]);
    let types = &["tls-exporter"];
    let mut cfg = config(Tls::Direct);
    assert_eq!(chosen(ALL, types, exporter, cfg), is("SCRAM-SHA-256-PLUS", "p=tls-exporter,"));
    assert_eq!(chosen(&ALL[..4], types, exporter, cfg), is("SCRAM-SHA-1-PLUS", "p=tls-exporter,"));
    assert_eq!(chosen(&ALL[..3], &[], exporter, cfg), is("SCRAM-SHA-256", "y,"));
    assert_eq!(chosen(&ALL[..2], &[], exporter, cfg), is("SCRAM-SHA-1", "y,"));
    assert_eq!(chosen(&ALL[..1], &[], exporter, cfg), Err(Reason::NoMechanism));
    cfg.sasl.external = true;
    assert_eq!(chosen(ALL, types, exporter, cfg), is("EXTERNAL", ""));
}

/// SASL-08
#[test]
fn flag_tells_the_truth_about_binding() {
    let cfg = config(Tls::Direct);
    let exporter = Some(&BINDING[..]);
    // SASL-08: no binding data here.
    assert_eq!(chosen(&["SCRAM-SHA-256"], &[], None, cfg), is("SCRAM-SHA-256", "n,"));
    // QRK-42: a -PLUS of an unknown hash: `y` would be rejected.
    let sha512 = &["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256"];
    assert_eq!(chosen(sha512, &[], exporter, cfg), is("SCRAM-SHA-256", "n,"));
    // -PLUS without announcement: deployed servers then want tls-unique, which must not be used.
    let both = &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"];
    assert_eq!(chosen(both, &[], exporter, cfg), is("SCRAM-SHA-256", "n,"));
    // Announced, but not what we have.
    assert_eq!(chosen(both, &["tls-server-end-point"], exporter, cfg), is("SCRAM-SHA-256", "n,"));
}

#[test]
fn floor_with_binding_insists_on_it() {
    let mut cfg = config(Tls::Direct);
    cfg.sasl.floor = ScramFloor::Sha1Plus;
    let both = &["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"];
    let exporter = Some(&BINDING[..]);
    assert_eq!(chosen(both, &[], exporter, cfg), is("SCRAM-SHA-1-PLUS", "p=tls-exporter,"));
    assert_eq!(chosen(both, &[], None, cfg), Err(Reason::NoMechanism));
    assert_eq!(chosen(&["SCRAM-SHA-256"], &[], exporter, cfg), Err(Reason::NoMechanism));
    cfg.sasl.floor = ScramFloor::Sha256Plus;
    assert_eq!(chosen(both, &[], exporter, cfg), Err(Reason::NoMechanism));
}

/// SASL-09, SASL-08
#[test]
fn announced_types_that_nobody_can_use_do_not_stop_a_login() {
    let cfg = config(Tls::Direct);
    let exporter = Some(&BINDING[..]);
    // Types without any -PLUS: the operator switched them off. `y` lets the server notice if it was somebody else.
    let plain = &["SCRAM-SHA-256"];
    assert_eq!(chosen(plain, &["tls-exporter"], exporter, cfg), is("SCRAM-SHA-256", "y,"));
    assert_eq!(chosen(plain, &["tls-unique"], exporter, cfg), is("SCRAM-SHA-256", "y,"));
    assert_eq!(chosen(plain, &["tls-exporter"], None, cfg), is("SCRAM-SHA-256", "n,"));
    // TLS 1.2, and only the type that nobody may use: -PLUS is there, so no `y`, whatever we have.
    let both = &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"];
    for types in [&["tls-unique"][..], &["tls-unique", "x-unknown"]] {
        assert_eq!(chosen(both, types, exporter, cfg), is("SCRAM-SHA-256", "n,"));
        assert_eq!(chosen(both, types, None, cfg), is("SCRAM-SHA-256", "n,"));
    }
    // -PLUS of a hash we lack alone.
    let other = &["SCRAM-SHA-512-PLUS", "SCRAM-SHA-1"];
    assert_eq!(chosen(other, &["tls-exporter"], exporter, cfg), is("SCRAM-SHA-1", "n,"));
}

/// SASL-09, ATK-09
#[test]
fn where_binding_is_a_must_nothing_else_logs_in() {
    let exporter = Some(&BINDING[..]);
    for floor in [ScramFloor::Sha1Plus, ScramFloor::Sha256Plus] {
        let mut cfg = config(Tls::Direct);
        cfg.sasl.floor = floor;
        // Types without a mechanism: switched off, or stripped.
        assert_eq!(chosen(&["SCRAM-SHA-256"], &["tls-exporter"], exporter, cfg), Err(Reason::Downgrade));
        assert_eq!(chosen(&["SCRAM-SHA-256"], &["tls-unique"], None, cfg), Err(Reason::Downgrade));
        // Nothing that we can compute.
        let both = &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"];
        assert_eq!(chosen(both, &["tls-unique"], exporter, cfg), Err(Reason::NoMechanism));
        assert_eq!(
            chosen(both, &["tls-exporter"], exporter, cfg),
            is("SCRAM-SHA-256-PLUS", "p=tls-exporter,")
        );
    }
}

/// SASL-02, SASL-11
#[test]
fn external_sends_the_single_character_and_plain_its_three_parts() {
    // SC-30, SASL-11
    let mut cfg = config(Tls::Direct);
    cfg.sasl.external = true;
    let (_, said) = Client::at_features(cfg, &mechanisms(&["EXTERNAL"], &[]));
    assert_eq!(said, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
    // A certificate with several addresses: the bare JID says which one.
    cfg.sasl.names_account = true;
    let (_, said) = Client::at_features(cfg, &mechanisms(&["EXTERNAL"], &[]));
    let named = format!("mechanism='EXTERNAL'>{}</auth>", STANDARD.encode("ct1@hospital.test"));
    assert!(said.ends_with(&named), "{said}");
    cfg.sasl.plain = true;
    let mut client = Client::opened(cfg);
    (client.account.local, client.account.password) = ("juliet", "R0m30");
    let said = client.ask(&format!("{SERVER_HEADER}{}", mechanisms(&["PLAIN"], &[])));
    assert_eq!(
        said,
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldABSMG0zMA==</auth>"
    );
}

/// SASL-10
#[test]
fn next_mechanism_is_tried_only_after_a_refusal_of_the_mechanism() {
    let both = mechanisms(&["SCRAM-SHA-256", "SCRAM-SHA-1"], &[]);
    for condition in ["invalid-mechanism", "mechanism-too-weak"] {
        let (mut client, _) = Client::at_features(config(Tls::Direct), &both);
        let said = client.ask(&sasl("failure", &format!("<{condition}/>")));
        assert!(said.contains("mechanism='SCRAM-SHA-1'"), "{said}");
        // Another attempt has another nonce.
        assert!(!said.contains(&STANDARD.encode(format!("n,,n=ct1,r={NONCE}"))));
        let said = client.ask(&sasl("failure", &format!("<{condition}/>")));
        assert_eq!((said.as_str(), client.reason()), (CLOSED, Reason::AuthFailed));
    }
    for condition in xft_core::SaslCondition::ALL {
        let name = condition.name();
        if matches!(name, "invalid-mechanism" | "mechanism-too-weak") {
            continue;
        }
        let (mut client, _) = Client::at_features(config(Tls::Direct), &both);
        let said = client.ask(&sasl("failure", &format!("<{name}/><text>no</text>")));
        assert_eq!(said, CLOSED, "{name}");
        assert_eq!(client.failure.unwrap().condition, Some(xft_core::Condition::Sasl(*condition)));
    }
}

/// A SCRAM-SHA-256 client that has sent its first message.
fn started() -> Client {
    let (client, said) = Client::at_features(config(Tls::Direct), &mechanisms(&["SCRAM-SHA-256"], &[]));
    let first = STANDARD.encode(format!("n,,n=ct1,r={NONCE}"));
    assert_eq!(
        said,
        format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first}</auth>")
    );
    client
}

/// The same after its proof, with the server's final message that must follow.
fn proven() -> (Client, String) {
    let mut client = started();
    let server_first = format!("r={NONCE}srv,s=c2FsdA==,i=4096,x=ignored");
    let (last, signature) = scram_final("secret", "n,,", &[], &format!("n=ct1,r={NONCE}"), &server_first);
    let said = client.ask(&sasl("challenge", &STANDARD.encode(server_first)));
    assert_eq!(said, sasl("response", &STANDARD.encode(last)));
    (client, signature)
}

/// SASL-05, ATK-09
#[test]
fn hostile_challenges_are_aborted() {
    let first = |text: String| STANDARD.encode(text);
    let cases = [
        ("SC-10", first("r=Xsrv,s=c2FsdA==,i=4096".into())),
        ("SC-11", first(format!("r={NONCE},s=c2FsdA==,i=4096"))),
        ("SC-12", first(format!("r={NONCE}srv,s=c2FsdA==,i=4095"))),
        ("SC-13", first(format!("r={NONCE}srv,s=c2FsdA==,i=0"))),
        ("SC-13", first(format!("r={NONCE}srv,s=c2FsdA==,i=99999999999"))),
        ("SC-14", first(format!("r={NONCE}srv,s=c2FsdA==,i=1000001"))),
        ("SC-15", first(format!("m=ext,r={NONCE}srv,s=c2FsdA==,i=4096"))),
        ("SC-16", first(format!("s=c2FsdA==,r={NONCE}srv,i=4096"))),
        ("SC-17", first(format!("r={NONCE}srv,s=,i=4096"))),
        ("empty", String::new()),
        ("empty", "=".into()),
        ("SASL-02, white space", format!(" {}", first(format!("r={NONCE}srv,s=c2FsdA==,i=4096")))),
        ("not base64", "r=".into()),
        ("longer than we keep", first(format!("r={NONCE}{},s=c2FsdA==,i=4096", "s".repeat(600)))),
    ];
    for (id, text) in cases {
        let mut client = started();
        let said = client.ask(&sasl("challenge", &text));
        assert_eq!(said, format!("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>{CLOSED}"), "{id}");
        assert_eq!(client.reason(), Reason::BadChallenge, "{id}");
    }
}

/// SASL-07
#[test]
fn success_without_proof_of_the_server_is_refused() {
    // SC-20, then SC-19 in its shapes
    let mut client = started();
    client.ask(&sasl("success", ""));
    assert_eq!(client.reason(), Reason::ServerNotProven);
    // Nothing, a signature of another password, half of one.
    for text in ["", "=", &STANDARD.encode(format!("v={}", STANDARD.encode([7; 32]))), "dj1BQUFB"] {
        let (mut client, _) = proven();
        let said = client.ask(&sasl("success", text));
        assert_eq!(client.reason(), Reason::ServerNotProven, "{text}");
        assert!(said.ends_with(CLOSED));
        assert!(!said.contains("<stream:stream"));
    }
    let (mut client, _) = proven();
    client.ask(&sasl("challenge", &STANDARD.encode(format!("v={}", STANDARD.encode([7; 32])))));
    assert_eq!(client.reason(), Reason::ServerNotProven);
}

/// SASL-02, SASL-07
#[test]
fn an_answer_that_cannot_be_read_is_malformed_and_no_impostor() {
    for name in ["success", "challenge"] {
        let (_, signature) = proven();
        let right = STANDARD.encode(&signature);
        let (head, tail) = right.split_at(20);
        let inner = signature.replace('=', "\n=");
        for text in [
            format!("{head}\n{tail}"),
            format!("\n{right}\n"),
            format!("{head}=!"),
            STANDARD.encode("v="),
            STANDARD.encode("nonsense"),
            STANDARD.encode("v=a b"),
            STANDARD.encode(format!("{signature},m=x")),
            STANDARD.encode(inner),
            "A".repeat(1024),
        ] {
            let (mut client, _) = proven();
            let said = client.ask(&sasl(name, &text));
            assert_eq!(client.reason(), Reason::BadChallenge, "{name} {text}");
            assert_eq!(said, format!("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>{CLOSED}"));
        }
    }
}

#[test]
fn server_error_instead_of_signature_is_an_authentication_failure() {
    // SC-21
    let (mut client, _) = proven();
    client.ask(&sasl("success", &STANDARD.encode("e=invalid-proof")));
    assert_eq!(client.reason(), Reason::AuthFailed);
}

/// SASL-07
#[test]
fn signature_may_come_with_success_or_before_it() {
    let (mut client, signature) = proven();
    assert_eq!(client.ask(&sasl("success", &STANDARD.encode(&signature))), TLS_HEADER);
    // SC-22
    let (mut client, signature) = proven();
    let said = client.ask(&sasl("challenge", &STANDARD.encode(&signature)));
    assert_eq!(said, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert_eq!(client.ask(&sasl("success", "")), TLS_HEADER);
}

#[test]
fn challenges_after_the_end_and_answers_before_the_question_are_refused() {
    let (mut client, signature) = proven();
    client.ask(&sasl("challenge", &STANDARD.encode(&signature)));
    client.ask(&sasl("challenge", &STANDARD.encode(&signature)));
    assert_eq!(client.reason(), Reason::BadChallenge);
    // Glued to the features, so before <auth/> was written.
    let mut cfg = config(Tls::Direct);
    cfg.sasl.plain = true;
    let early = format!("{}{}", mechanisms(&["PLAIN"], &[]), sasl("success", ""));
    let (client, _) = Client::at_features(cfg, &early);
    assert_eq!(client.reason(), Reason::BadFormat);
}

#[test]
fn small_output_changes_nothing() {
    use xft_core::internals::LinkOutput;
    let mut client = started();
    let server_first = format!("r={NONCE}srv,s=c2FsdA==,i=4096");
    client.feed(sasl("challenge", &STANDARD.encode(server_first)).as_bytes());
    let (now, account) = (client.at(), client.account);
    let mut out = [0u8; 2048];
    let needed = match client.link.poll(&mut out[..10], &account, now) {
        Err(xft_core::Error::NoSpace { needed }) => needed,
        other => panic!("{other:?}"),
    };
    assert!(client.link.poll(&mut out[..needed - 1], &account, now).is_err());
    assert_eq!(client.link.poll(&mut out[..needed], &account, now), Ok(LinkOutput::Transmit(needed)));
}
