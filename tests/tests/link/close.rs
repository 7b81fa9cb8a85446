//! The end in good order, and transports that go away (STR-10).

use crate::client::*;
use xft_core::{Instant, Reason, Timer, Tls};

/// STR-10
#[test]
fn closing_waits_for_the_closing_tag_of_the_server() {
    let mut client = Client::online(config(Tls::Direct));
    client.link.close(client.at());
    assert_eq!(client.drain(), "</stream:stream>");
    assert!(!client.link.is_online());
    assert_eq!(client.link.deadline(), Some((Instant::from_ms(5000), Timer::Close)));
    // Stanzas still count.
    client.ask("<message/>");
    assert_eq!(client.stanzas, ["message"]);
    assert_eq!(client.ask("</stream:stream>"), "[close]");
    assert_eq!(client.reason(), Reason::Closed);
    assert!(client.link.is_over());
}

/// STR-10
#[test]
fn closing_does_not_wait_longer_than_its_time() {
    let mut client = Client::online(config(Tls::Direct));
    client.link.close(client.at());
    client.drain();
    assert_eq!(client.tick(4999), "");
    assert_eq!(client.tick(5000), "[close]");
    assert_eq!(client.failure, None);
    assert!(client.link.is_over());
}

/// STR-10
#[test]
fn server_that_closes_first_is_answered() {
    let mut client = Client::online(config(Tls::Direct));
    assert_eq!(client.ask("</stream:stream>"), CLOSED);
    assert_eq!(client.reason(), Reason::ServerClosed);
}

#[test]
fn both_sides_closing_at_once_send_one_tag_each() {
    let mut client = Client::online(config(Tls::Direct));
    client.link.close(client.at());
    client.link.close(client.at());
    client.feed(b"</stream:stream>");
    assert_eq!(client.drain(), CLOSED);
    assert_eq!(client.reason(), Reason::Closed);
}

#[test]
fn nothing_follows_our_closing_tag() {
    let mut client = Client::online(config(Tls::Direct));
    client.link.close(client.at());
    client.drain();
    // A stream error cannot be sent any more.
    assert_eq!(client.ask("<a></b>"), "[close]");
}

#[test]
fn closing_during_the_login_drops_what_was_to_be_sent() {
    let mut cfg = config(Tls::Direct);
    cfg.sasl.plain = true;
    let mut client = Client::opened(cfg);
    client.feed(format!("{SERVER_HEADER}{}", mechanisms(&["PLAIN"], &[])).as_bytes());
    client.link.close(client.at());
    assert_eq!(client.drain(), "</stream:stream>");
    assert_eq!(client.ask(&sasl("success", "")), "");
    assert_eq!(client.ask("</stream:stream>"), "[close]");
    // Before our header went out, it comes first.
    let mut client = Client::new(config(Tls::StartTls));
    client.link.opened(client.at()).unwrap();
    client.link.close(client.at());
    assert_eq!(client.drain(), format!("{PLAIN_HEADER}</stream:stream>"));
    assert_eq!(client.ask(&format!("{SERVER_HEADER}</stream:stream>")), "[close]");
}

#[test]
fn closing_in_the_handshake_or_before_the_start_writes_nothing() {
    let mut client = Client::opened(config(Tls::StartTls));
    client.ask(&format!(
        "{SERVER_HEADER}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
    ));
    assert_eq!(client.ask("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), "[tls]");
    client.link.close(client.at());
    assert_eq!(client.drain(), "[close]");
    let mut client = Client::new(config(Tls::StartTls));
    client.link.close(client.at());
    assert_eq!(client.drain(), "");
    assert!(client.link.is_over());
}

#[test]
fn lost_transport_silences_the_link() {
    let mut client = Client::online(config(Tls::Direct));
    client.now = 500_000;
    client.link.lost();
    assert_eq!(client.tick(600_000), "");
    assert_eq!(client.failure, None);
    assert!(client.link.is_over());
    assert_eq!(client.link.deadline(), None);
}

#[test]
fn whatever_comes_after_the_end_is_not_answered() {
    // Found by `servers_that_say_anything_break_no_promise`: a header after the close timer ran out.
    let mut client = Client::opened(config(Tls::StartTls));
    client.link.close(client.at());
    assert_eq!(client.tick(5000), "[close]");
    for text in [SERVER_HEADER, "<message/>", "<a></b>"] {
        assert_eq!(client.ask(text), "");
    }
}
