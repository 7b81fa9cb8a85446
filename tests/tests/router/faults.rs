//! The router's faults on purpose, and that the same seed gives the same bytes.

use xft_tests::router::*;
use xft_tests::scripted::*;

const TO_PACS: &str = "<message to='pacs@hospital.test/in'/>";

#[test]
fn cut_loses_what_was_not_written_and_says_nothing_to_the_client() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    w.ask(ct1, "<presence/>");
    w.ask(pacs, "<presence/>");
    w.got(ct1);
    w.send(ct1, TO_PACS);
    w.router.cut(0, pacs);
    assert_eq!(w.got(pacs), "");
    assert_eq!(w.router.effect(pacs), Some(Effect::Close));
    assert!(w.got(ct1).starts_with("<presence type='unavailable' from='pacs@hospital.test/in'"));
    w.send(pacs, "<message to='ct1@hospital.test/gw'/>");
    assert_eq!(w.got(ct1), "");
}

#[test]
fn a_lost_stream_may_swallow_what_is_sent_there_and_go_untold() {
    let mut w = World::new(RouterConfig { keeps_lost_ms: Some(3_000), ..config() });
    let (ct1, pacs) = w.pair();
    w.ask(ct1, "<presence/>");
    w.ask(pacs, "<presence/>");
    w.got(ct1);
    const PING: &str = "<iq type='get' id='1' to='pacs@hospital.test/in'><ping xmlns='urn:xmpp:ping'/></iq>";
    w.router.closed(0, pacs);
    w.send(ct1, PING);
    assert_eq!((w.got(ct1), w.got(pacs)), (String::new(), String::new()));
    assert_eq!(w.router.next_deadline(0), Some(3_000));
    w.now = 3_000;
    w.router.tick(3_000);
    assert_eq!(w.got(ct1), "", "no presence");
    w.send(ct1, PING);
    assert!(w.got(ct1).contains("service-unavailable"));
}

#[test]
fn held_output_comes_whole_and_in_order_after_release() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    w.router.hold(pacs, true);
    w.send(ct1, &TO_PACS.repeat(3));
    while w.router.next_ready(0).is_some() {}
    assert_eq!(w.got(pacs), "");
    w.router.hold(pacs, false);
    assert_eq!(w.router.next_ready(0), Some(pacs));
    assert_eq!(w.got(pacs).matches("<message ").count(), 3);
}

#[test]
fn delayed_output_comes_at_its_time_and_never_overtakes() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    w.router.delay(pacs, 50);
    w.send(ct1, "<message to='pacs@hospital.test/in' id='a'/>");
    w.router.delay(pacs, 0);
    w.now = 10;
    w.send(ct1, "<message to='pacs@hospital.test/in' id='b'/>");
    while w.router.next_ready(10).is_some() {}
    assert_eq!(w.got(pacs), "");
    assert_eq!(w.router.next_deadline(10), Some(50));
    w.now = 50;
    w.router.tick(50);
    assert_eq!(w.router.next_ready(50), Some(pacs));
    let got = w.got(pacs);
    assert!(got.find("id='a'").unwrap() < got.find("id='b'").unwrap());
    assert_eq!(w.router.next_deadline(50), None);
}

#[test]
fn rate_limit_passes_the_burst_and_then_the_rate() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    w.router.set_rate(0, ct1, Some(Rate { bytes_per_s: 3000, burst_bytes: 20_000 }));
    let stanza =
        format!("<message to='pacs@hospital.test/in'><d xmlns='x'>{}</d></message>", "A".repeat(935));
    let stanza_bytes = stanza.len();
    assert_eq!(w.router.readable(0, ct1), 20_000);
    w.send(ct1, &stanza.repeat(100));
    assert_eq!(w.router.readable(0, ct1), 0);
    let mut passed = w.got(pacs).matches("<message ").count();
    assert_eq!(passed, 20_000 / stanza_bytes);
    while let Some(at) = w.router.next_deadline(w.now) {
        assert!(at > w.now, "time stands still at {at}");
        w.now = at;
        w.router.tick(at);
        passed += w.got(pacs).matches("<message ").count();
    }
    assert_eq!(passed, 100);
    let least = (100 * stanza_bytes as u64 - 20_000) / 3;
    assert!((least..least + 100).contains(&w.now), "{} not near {least}", w.now);
}

#[test]
fn shutdown_says_so_to_everyone_and_kill_says_nothing() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    let fresh = w.router.open(0);
    w.router.shutdown(0);
    for no in [ct1, pacs, fresh] {
        let last = w.got(no);
        assert!(
            last.contains("<stream:error><system-shutdown ") && last.ends_with("</stream:stream>"),
            "{last}"
        );
        assert_eq!(w.router.effect(no), Some(Effect::Close));
        w.router.closed(0, no);
    }
    let (ct1, pacs) = w.pair();
    w.send(ct1, TO_PACS);
    w.router.kill();
    for no in [ct1, pacs] {
        assert_eq!(w.got(no), "");
        assert_eq!(w.router.effect(no), Some(Effect::Close));
        w.router.closed(0, no);
    }
    let (ct1, pacs) = w.pair();
    w.send(ct1, TO_PACS);
    assert!(w.got(pacs).starts_with("<message "), "accounts survive");
}

#[test]
fn client_closing_in_order_is_answered_in_order() {
    let mut w = World::new(config());
    let (ct1, pacs) = w.pair();
    w.send(ct1, &format!("{TO_PACS}</stream:stream>"));
    assert_eq!(w.got(ct1), "</stream:stream>");
    assert_eq!(w.router.effect(ct1), Some(Effect::Close));
    assert_eq!(w.router.effect(ct1), None);
    assert!(w.got(pacs).starts_with("<message "));
}

#[test]
fn same_seed_gives_the_same_bytes_and_another_does_not() {
    let run = |seed| {
        let mut w = World::new(RouterConfig { own_resources: true, seed, ..config() });
        let no = w.authenticated("ct1");
        let challenge = {
            let other = w.router.open(0);
            let header = w.ask(other, HEADER);
            header + &w.ask(other, &auth("SCRAM-SHA-256", "n,,n=pacs,r=x"))
        };
        challenge + &w.ask(no, &bind("gw"))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
