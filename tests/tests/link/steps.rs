//! Headers, features, STARTTLS and binding, step by step (STR-04..09, BND-01..03).

use crate::client::*;
use xft_core::internals::{Link, Step};
use xft_core::{Argument, ChannelBinding, Condition, Error, Reason, StanzaCondition, StreamCondition, Tls};

const STARTTLS: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

fn header_fails(header: &str) -> (Option<Reason>, String) {
    let mut client = Client::opened(config(Tls::StartTls));
    let said = client.ask(header);
    (client.failure.map(|failure| failure.reason), said)
}

fn header(attributes: &str) -> String {
    format!(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' {attributes}>"
    )
}

fn stream_error(condition: &str) -> String {
    format!("<stream:error>{condition}</stream:error>")
}

fn error(condition: &str) -> String {
    format!("<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>{CLOSED}")
}

/// STR-05
#[test]
fn headers_of_xmpp_1_from_the_right_domain_are_taken() {
    for attributes in [
        "id='1' version='1.0'",
        "id='1' version='1.9' from='Hospital.Test'",
        "id='1' from='hospital.test' version='01.0'",
    ] {
        assert_eq!(header_fails(&header(attributes)), (None, String::new()), "{attributes}");
    }
}

/// STR-05
#[test]
fn other_headers_are_refused() {
    // STR-05
    let bad = Some(Reason::BadHeader);
    for attributes in
        ["id='1'", "id='1' version='0.9'", "id='1' version='2.0'", "id='1' version='1'", "id='1' version=''"]
    {
        assert_eq!(header_fails(&header(attributes)), (bad, error("unsupported-version")), "{attributes}");
    }
    for attributes in [
        "version='1.0'",
        "id='' version='1.0'",
        "id='1' version='1.0' from='evil.test'",
        "id='1' version='1.0' from=''",
    ] {
        // What follows is no more than heard: it may say why the server is another one.
        let followed = |text: &str| header_fails(&format!("{}{text}", header(attributes)));
        assert_eq!(followed(STARTTLS), (bad, CLOSED.to_owned()), "{attributes}");
        assert_eq!(followed(""), (None, String::new()), "{attributes}");
        let elsewhere = stream_error(
            "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a.test</see-other-host>",
        );
        assert_eq!(followed(&elsewhere), (Some(Reason::StreamError), CLOSED.to_owned()), "{attributes}");
        let mut client = Client::opened(config(Tls::StartTls));
        client.ask(&header(attributes));
        client.tick(15_000);
        assert_eq!(client.reason(), Reason::BadHeader, "{attributes}");
    }
    let other = "<stream:stream xmlns='jabber:client' xmlns:stream='urn:other' id='1' version='1.0'>";
    assert_eq!(header_fails(other), (bad, error("invalid-namespace")));
    let name = "<stream:river xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";
    assert_eq!(header_fails(name), (bad, error("bad-format")));
}

/// STR-07, STR-08
#[test]
fn starttls_is_asked_for_and_the_stream_starts_anew() {
    let mut client = Client::opened(config(Tls::StartTls));
    assert_eq!(
        client.ask(&format!("{SERVER_HEADER}{STARTTLS}")),
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    );
    assert_eq!(client.ask(PROCEED), "[tls]");
    assert_eq!(client.steps, [Step::Taken, Step::Proceed]);
    assert_eq!(client.tls_done(None, None), TLS_HEADER);
}

#[test]
fn bytes_after_proceed_are_an_injection() {
    // ATK-08, STR-08
    let mut client = Client::opened(config(Tls::StartTls));
    client.ask(&format!("{SERVER_HEADER}{STARTTLS}"));
    let said = client.ask(&format!("{PROCEED} "));
    assert_eq!(client.reason(), Reason::TlsInjected);
    assert!(!said.contains("[tls]"));
}

/// STR-09, ATK-08
#[test]
fn stripped_or_refused_starttls_ends_the_login() {
    // ATK-08, STR-09
    let mut client = Client::opened(config(Tls::StartTls));
    let said = client.ask(&format!("{SERVER_HEADER}{}", mechanisms(&["SCRAM-SHA-256"], &[])));
    assert_eq!((client.reason(), said.as_str()), (Reason::TlsMissing, CLOSED));
    let mut client = Client::opened(config(Tls::StartTls));
    client.ask(&format!("{SERVER_HEADER}{STARTTLS}"));
    let said = client.ask("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_eq!((client.reason(), said.as_str()), (Reason::TlsRefused, CLOSED));
}

#[test]
fn proceed_before_the_question_is_refused() {
    let mut client = Client::opened(config(Tls::StartTls));
    client.ask(&format!("{SERVER_HEADER}{STARTTLS}{PROCEED}"));
    assert_eq!(client.reason(), Reason::BadFormat);
}

/// STR-03
#[test]
fn direct_tls_does_not_do_starttls_even_when_offered() {
    // STR-03
    let features = format!(
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>{}",
        mechanisms(&["SCRAM-SHA-1"], &[]).strip_prefix("<stream:features>").unwrap()
    );
    let (_, said) = Client::at_features(config(Tls::Direct), &features);
    assert!(said.starts_with("<auth "), "{said}");
}

/// STR-06
#[test]
fn unknown_features_are_skipped_and_blamed_only_when_nothing_is_left() {
    // STR-06
    let known = mechanisms(&["SCRAM-SHA-1"], &[])
        .replace("<mechanisms", "<odd xmlns='urn:odd'><required/></odd><mechanisms");
    let (_, said) = Client::at_features(config(Tls::Direct), &known);
    assert!(said.starts_with("<auth "));
    let only = "<stream:features><odd xmlns='urn:odd'><required/></odd></stream:features>";
    let (client, said) = Client::at_features(config(Tls::Direct), only);
    assert_eq!((client.reason(), said), (Reason::FeatureUnknown, error("unsupported-feature")));
    assert_eq!(client.link.detail(), "odd");
    let (client, said) = Client::at_features(config(Tls::Direct), "<stream:features/>");
    assert_eq!((client.reason(), said.as_str()), (Reason::NoMechanism, CLOSED));
}

#[test]
fn anything_but_features_after_the_header_is_refused() {
    for text in [sasl("success", ""), PROCEED.to_owned(), "<stream:other/>".to_owned()] {
        let (client, said) = Client::at_features(config(Tls::Direct), &text);
        assert_eq!((client.reason(), said), (Reason::BadFormat, error("bad-format")), "{text}");
    }
}

#[test]
fn stanzas_before_the_features_are_dropped() {
    let text = format!("<message/>{}", mechanisms(&["SCRAM-SHA-1"], &[]));
    let (client, said) = Client::at_features(config(Tls::Direct), &text);
    assert!(said.starts_with("<auth "));
    assert_eq!((client.stanzas.len(), client.link.ignored()), (0, 1));
}

/// STR-07
#[test]
fn features_are_forgotten_at_every_restart() {
    // STR-07: limits of the first stream do not hold for the second.
    let limited = mechanisms(&["PLAIN"], &[]).replace(
        "</stream:features>",
        "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>12000</max-bytes></limits></stream:features>",
    );
    let mut cfg = config(Tls::Direct);
    cfg.sasl.plain = true;
    let (mut client, _) = Client::at_features(cfg, &limited);
    assert_eq!(client.link.stanza_bytes(), 12_000);
    client.ask(&sasl("success", ""));
    client.ask(&format!("{SERVER_HEADER}{BIND_FEATURE}"));
    assert_eq!(client.link.stanza_bytes(), 10_000);
}

/// LIM-01, XML-11
#[test]
fn limits_are_read_as_numbers_and_nothing_else() {
    for (text, expected) in [
        (" 20000\n", 20_000),
        ("0", 10_000),
        ("-1", 10_000),
        ("1e5", 10_000),
        ("", 10_000),
        ("99999999999999", u32::MAX),
        ("020000", 20_000),
    ] {
        let features = BIND_FEATURE.replace(
            "</stream:features>",
            &format!("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>{text}</max-bytes></limits></stream:features>"),
        );
        let client = Client::online_after(&mut config(Tls::Direct), &features);
        assert_eq!(client.link.stanza_bytes(), expected, "{text:?}");
    }
}

#[test]
fn bind_request_carries_the_wanted_resource_or_none() {
    let (_, said) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
    assert_eq!(
        said,
        "<iq type='set' id='babababababababab0000'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>gw</resource></bind></iq>"
    );
    let mut cfg = config(Tls::Direct);
    cfg.sasl.plain = true;
    let mut client = Client::opened(cfg);
    client.account.resource = "";
    client.ask(&format!("{SERVER_HEADER}{}", mechanisms(&["PLAIN"], &[])));
    client.ask(&sasl("success", ""));
    let said = client.ask(&format!("{SERVER_HEADER}{BIND_FEATURE}"));
    assert_eq!(
        said,
        "<iq type='set' id='babababababababab0000'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    );
}

fn bind_error(condition: &str) -> String {
    format!(
        "<iq type='error' id='babababababababab0000'><error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
}

/// BND-02
#[test]
fn bind_refusals_are_retried_once_or_final() {
    // BND-02
    for condition in ["conflict", "bad-request"] {
        let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
        let said = client.ask(&bind_error(condition));
        assert_eq!(
            said,
            "<iq type='set' id='babababababababab0001'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
        );
        assert_eq!(client.ask(&bind_error(condition)), "", "the first refusal once more answers nothing");
        let said = client.ask(&bind_error(condition).replace("0000'", "0001'"));
        assert_eq!((client.reason(), said.as_str()), (Reason::BindRefused, CLOSED));
    }
    for (name, condition) in [
        ("not-allowed", StanzaCondition::NotAllowed),
        ("resource-constraint", StanzaCondition::ResourceConstraint),
    ] {
        let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
        client.ask(&bind_error(name));
        let failure = client.failure.unwrap();
        assert_eq!(failure.reason, Reason::BindRefused);
        assert_eq!(failure.condition, Some(Condition::Stanza(condition)));
    }
}

/// BND-01
#[test]
fn bound_address_must_be_ours_and_full() {
    // BND-01
    for (jid, reason) in [
        ("eve@hospital.test/gw", Reason::BindMismatch),
        ("ct1@evil.test/gw", Reason::BindMismatch),
        ("ct1@hospital.test", Reason::BindRefused),
        ("", Reason::BindRefused),
    ] {
        let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
        let said = client.ask(&bound(jid));
        assert_eq!((client.reason(), said.as_str()), (reason, CLOSED), "{jid}");
        assert!(!client.link.is_online());
    }
    let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
    client.ask(&bound(&format!("ct1@hospital.test/{}", "r".repeat(300))));
    assert_eq!(client.reason(), Reason::BindRefused);
    let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
    client.ask(&bound("\n ct1@hospital.test/Gw \n"));
    assert_eq!(client.link.jid(), "ct1@hospital.test/Gw");
}

/// STZ-02
#[test]
fn bind_answers_from_others_are_ignored() {
    // STZ-02, ATK-11
    for (from, taken) in [
        ("eve@hospital.test/x", false),
        ("evil.test", false),
        ("hospital.test", true),
        ("ct1@hospital.test", true),
    ] {
        let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
        client.ask(&bound("ct1@hospital.test/gw").replace("<iq ", &format!("<iq from='{from}' ")));
        assert_eq!(client.link.is_online(), taken, "{from}");
        assert_eq!(client.link.ignored(), u32::from(!taken));
    }
    let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
    client.ask(&bound("ct1@hospital.test/gw").replace("'babab", "'xabab"));
    assert!(!client.link.is_online());
}

#[test]
fn missing_bind_feature_ends_the_login() {
    let (client, said) = Client::at_bind(&mut config(Tls::Direct), "<stream:features/>");
    assert_eq!((client.reason(), said.as_str()), (Reason::BindRefused, CLOSED));
}

#[test]
fn refused_session_ends_the_login() {
    // BND-03
    let features = BIND_FEATURE.replace(
        "</stream:features>",
        "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></stream:features>",
    );
    let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), &features);
    let said = client.ask(&bound("ct1@hospital.test/gw"));
    assert_eq!(
        said,
        "<iq type='set' id='sabababababababab0000'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
    );
    assert!(!client.link.is_online());
    client.ask(&bind_error("forbidden").replace("'babab", "'sabab"));
    assert_eq!(client.failure.unwrap().condition, Some(Condition::Stanza(StanzaCondition::Forbidden)));
}

#[test]
fn presence_carries_a_priority_that_is_not_zero() {
    for (priority, text) in [
        (0, "<presence id='aabababababababab0000'/>"),
        (-1, "<presence id='aabababababababab0000'><priority>-1</priority></presence>"),
        (127, "<presence id='aabababababababab0000'><priority>127</priority></presence>"),
        (-128, "<presence id='aabababababababab0000'><priority>-128</priority></presence>"),
    ] {
        let mut cfg = config(Tls::Direct);
        cfg.priority = priority;
        let (mut client, _) = Client::at_bind(&mut cfg, BIND_FEATURE);
        assert_eq!(client.ask(&bound("ct1@hospital.test/gw")), text);
    }
}

#[test]
fn calls_out_of_turn_are_errors_and_change_nothing() {
    let none = ChannelBinding::default();
    let mut client = Client::opened(config(Tls::StartTls));
    assert_eq!(client.link.opened(client.at()), Err(Error::State));
    assert_eq!(client.link.tls_done(&none, client.at()), Err(Error::State));
    let mut client = Client::new(config(Tls::StartTls));
    assert_eq!(client.link.tls_done(&none, client.at()), Err(Error::State));
    let mut client = Client::new(config(Tls::Direct));
    let long = ChannelBinding { exporter: Some(&[0; 65]), server_end_point: None };
    assert_eq!(client.link.tls_done(&long, client.at()), Err(Error::Argument(Argument::ChannelBinding)));
}

#[test]
fn stream_of_the_host_is_online_and_silent() {
    let link = Link::hosted("ct1@hospital.test/gw", 262_144).unwrap();
    let mut client = Client::of(link);
    assert!(client.link.is_online());
    assert_eq!(client.link.jid(), "ct1@hospital.test/gw");
    assert_eq!(client.link.stanza_bytes(), 262_144);
    assert_eq!(client.link.deadline(), None);
    assert_eq!(client.tick(10_000_000), "");
    assert_eq!(client.failure, None);
    for wrong in ["ct1@hospital.test", "", "a@b/\n"] {
        assert_eq!(Link::hosted(wrong, 1).unwrap_err(), Error::Argument(Argument::Resource), "{wrong}");
    }
}

#[test]
fn stream_condition_of_a_refusal_is_told() {
    let mut client = Client::opened(config(Tls::StartTls));
    client.ask("<!DOCTYPE x>");
    assert_eq!(client.failure.unwrap().condition, Some(Condition::Stream(StreamCondition::RestrictedXml)));
}
