//! Stream errors in both directions and elements where they do not belong (SER-01, SER-02, XML-06, ATK-07, ATK-10).

use crate::client::*;
use xft_core::internals::{Link, Step};
use xft_core::{Condition, Reason, StreamCondition, Tls};

fn stream_error(condition: &str) -> String {
    format!(
        "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>why</text><app xmlns='urn:app'/></stream:error>"
    )
}

/// SER-01, SER-02
#[test]
fn every_stream_error_is_recognised_and_never_answered_with_one() {
    for condition in StreamCondition::ALL {
        let mut client = Client::online(config(Tls::Direct));
        let said = client.ask(&stream_error(condition.name()));
        assert_eq!(said, CLOSED);
        let failure = client.failure.unwrap();
        assert_eq!(failure.condition, Some(Condition::Stream(*condition)));
        let replaced = *condition == StreamCondition::Conflict;
        assert_eq!(failure.reason, if replaced { Reason::Replaced } else { Reason::StreamError });
    }
    for unknown in [stream_error("made-up"), "<stream:error/>".to_owned()] {
        let mut client = Client::online(config(Tls::Direct));
        client.ask(&unknown);
        let condition = Condition::Stream(StreamCondition::UndefinedCondition);
        assert_eq!(client.failure.unwrap().condition, Some(condition));
    }
}

#[test]
fn stream_error_during_the_login_ends_it() {
    let (client, said) = Client::at_features(config(Tls::Direct), &stream_error("conflict"));
    assert_eq!((client.reason(), said.as_str()), (Reason::StreamError, CLOSED));
}

/// SER-03, ATK-10
#[test]
fn see_other_host_is_told_whenever_it_comes_and_never_followed() {
    let other = |host: &str, more: &str| {
        format!(
            "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{host}</see-other-host>{more}</stream:error>"
        )
    };
    let moved = "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>moved</text>";
    let longest = format!("{}{}:65535", "name.".repeat(50), "tst");
    assert_eq!(longest.len(), 253 + 6);
    let told = |client: &Client, said: &str, host: &str| {
        let failure = client.failure.unwrap();
        assert_eq!(failure.reason, Reason::StreamError);
        assert_eq!(failure.condition, Some(Condition::Stream(StreamCondition::SeeOtherHost)));
        assert_eq!(said, CLOSED);
        assert_eq!(client.link.detail(), host);
    };
    for (host, more) in [("evil.test:5222", ""), ("[2001:db8::7]:5222", moved), (&longest, moved)] {
        // At once in plain, after STARTTLS was asked for, under TLS, in the middle of SASL, before binding, and online.
        let error = other(host, more);
        let mut client = Client::opened(config(Tls::StartTls));
        let said = client.ask(&format!("{SERVER_HEADER}{error}"));
        told(&client, &said, host);
        let mut client = Client::opened(config(Tls::StartTls));
        client.ask(&format!(
            "{SERVER_HEADER}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
        ));
        let said = client.ask(&error);
        told(&client, &said, host);
        let (client, said) = Client::at_features(config(Tls::Direct), &error);
        told(&client, &said, host);
        let (mut client, _) = Client::at_features(config(Tls::Direct), &mechanisms(&["SCRAM-SHA-256"], &[]));
        let said = client.ask(&error);
        told(&client, &said, host);
        let (mut client, _) = Client::at_bind(&mut config(Tls::Direct), BIND_FEATURE);
        let said = client.ask(&error);
        told(&client, &said, host);
        let mut client = Client::online(config(Tls::Direct));
        let said = client.ask(&error);
        told(&client, &said, host);
        // Behind a header of another name, as the host that sends us away may have.
        let mut client = Client::opened(config(Tls::StartTls));
        let said = client.ask(&format!("{}{error}", SERVER_HEADER.replace("hospital.test", "node7.test")));
        told(&client, &said, host);
    }
}

/// ATK-62
#[test]
fn what_the_server_says_is_kept_short_and_printable() {
    let words = format!("Wartung\u{7f}\u{202e}&#10;{}", "x".repeat(300));
    let text = format!(
        "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{words}</text></stream:error>"
    );
    let (client, _) = Client::at_features(config(Tls::Direct), &text);
    let detail = client.link.detail();
    assert!(detail.starts_with("Wartung?????xxx") && detail.len() == 264, "{detail}");
    let (client, _) = Client::at_features(config(Tls::Direct), &stream_error("conflict"));
    assert_eq!(client.link.detail(), "why");
}

/// SER-02
#[test]
fn our_errors_come_after_our_header_and_before_the_closing_tag() {
    // SER-02: the server talks before our header went out.
    let mut client = Client::new(config(Tls::StartTls));
    client.link.opened(client.at()).unwrap();
    let said = client.ask("<a><b></a>");
    assert_eq!(
        said,
        format!(
            "{PLAIN_HEADER}<stream:error><invalid-namespace xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>{CLOSED}"
        )
    );
}

#[test]
fn xml_that_is_refused_ends_the_stream_with_its_condition() {
    for (text, condition, reason) in [
        ("<a></b>", "not-well-formed", Reason::NotWellFormed),
        ("<!-- -->", "restricted-xml", Reason::RestrictedXml),
        ("<x:a/>", "bad-namespace-prefix", Reason::NotWellFormed),
        ("text", "bad-format", Reason::BadFormat),
    ] {
        let mut client = Client::online(config(Tls::Direct));
        let said = client.ask(text);
        assert_eq!(client.reason(), reason, "{text}");
        assert_eq!(
            said,
            format!(
                "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>{CLOSED}"
            )
        );
    }
    let mut client = Client::online(config(Tls::Direct));
    client.ask(&"<a>".repeat(40));
    assert_eq!(client.reason(), Reason::LimitExceeded);
}

/// ATK-07
#[test]
fn negotiation_elements_in_the_session_end_it() {
    // ATK-07
    for text in [
        sasl("success", ""),
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned(),
        SERVER_HEADER
            .strip_prefix("<?xml version='1.0'?>")
            .unwrap()
            .replace("version='1.0'>", "version='1.0'/>"),
    ] {
        let mut client = Client::online(config(Tls::Direct));
        let said = client.ask(&text);
        assert_eq!(client.reason(), Reason::BadFormat, "{text}");
        assert!(said.contains("<bad-format "));
    }
}

#[test]
fn late_features_change_nothing() {
    let mut client = Client::online(config(Tls::Direct));
    let limits = "<stream:features><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>99</max-bytes></limits></stream:features>";
    assert_eq!(client.ask(limits), "");
    assert_eq!(client.link.stanza_bytes(), 10_000);
    assert_eq!(client.failure, None);
}

/// XML-06
#[test]
fn unknown_elements_are_ignored_sixteen_times_in_a_row() {
    // XML-06
    let mut client = Client::online(config(Tls::Direct));
    for _ in 0..3 {
        client.ask(&"<odd xmlns='urn:odd'/>".repeat(16));
        client.ask("<message/>");
    }
    assert_eq!((client.failure, client.link.ignored()), (None, 48));
    let said = client.ask(&"<odd xmlns='urn:odd'/>".repeat(17));
    assert_eq!(client.reason(), Reason::BadFormat);
    assert!(said.contains("<unsupported-stanza-type "));
}

#[test]
fn only_iq_message_and_presence_are_stanzas() {
    let mut client = Client::online(config(Tls::Direct));
    client.ask("<message/><iq xmlns='urn:odd'/><other/><presence/><iq id='1' type='get'/>");
    assert_eq!(client.stanzas, ["message", "presence", "iq"]);
    assert_eq!(client.link.ignored(), 2);
}

#[test]
fn white_space_between_elements_means_nothing() {
    let mut client = Client::online(config(Tls::Direct));
    client.ask(" \n\t\r <message/> \n");
    assert_eq!((client.stanzas.len(), client.link.ignored()), (1, 0));
}

#[test]
fn nothing_is_taken_after_the_end() {
    let mut client = Client::online(config(Tls::Direct));
    client.ask(&stream_error("reset"));
    client.failure = None;
    client.steps.clear();
    assert_eq!(client.ask("<message/>"), "");
    assert_eq!((client.steps.as_slice(), client.failure), (&[Step::Ignored][..], None));
}

#[test]
fn hosted_stream_hands_every_stanza_over() {
    let mut client = Client::of(Link::hosted("ct1@hospital.test/gw", 10_000).unwrap());
    client.enter_hosted();
    assert_eq!(client.ask("<message/><presence/><iq type='result' id='0000000000000000p'/>"), "");
    // An id that looks like one of ours is not: a hosted link asks nothing.
    assert_eq!(client.stanzas, ["message", "presence", "iq"]);
    assert_eq!(client.failure, None);
}
