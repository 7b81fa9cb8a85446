//! The proxies of the own server: how they are found, kept, and used (DSC-09 to DSC-12, XEP-0065 section 4).

use xft_core::*;
use xft_tests::hosted::socks::*;
use xft_tests::hosted::wired::*;
use xft_tests::hosted::*;

const DOMAIN: &str = "hospital.test";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";

fn items(jids: &[&str]) -> String {
    let items: String = jids.iter().map(|jid| format!("<item jid='{jid}'/>")).collect();
    format!("<query xmlns='{ITEMS}'>{items}</query>")
}

fn identity(category: &str, kind: &str) -> String {
    format!(
        "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='{category}' type='{kind}'/></query>"
    )
}

fn proxy() -> String {
    identity("proxy", "bytestreams")
}

fn addresses(hosts: &[(&str, &str, u16)]) -> String {
    let hosts: String =
        hosts.iter().map(|(j, h, p)| format!("<streamhost jid='{j}' host='{h}' port='{p}'/>")).collect();
    format!("<query xmlns='{S5B}'>{hosts}</query>")
}

/// A file is offered to a peer that is known: what is asked of the server.
fn asking(s: &mut Wired<'_>) -> Vec<Said> {
    let methods = Methods::of(&[Method::Mediated, Method::InBand]).unwrap();
    s.session.offer(&Offer { methods: Some(methods), ..file(10) }).unwrap();
    let mut said = s.poll();
    if let Some(question) = stanzas(&said).iter().find(|q| attr(q, "to") == PEER && q.contains("disco#info"))
    {
        let more = s.ask(&result(PEER, attr(question, "id"), DISCO));
        said.retain(|s| !matches!(s, Said::Stanza(text) if attr(text, "to") == PEER));
        said.extend(more);
    }
    said
}

/// Answers each question as told; gives every question in order, and what came last.
fn answered(
    s: &mut Wired<'_>,
    first: Vec<Said>,
    answer: impl Fn(&str, &str) -> Result<String, &'static str>,
) -> (Vec<String>, Vec<Said>) {
    let (mut asked, mut said) = (Vec::new(), first);
    loop {
        let open: Vec<String> =
            stanzas(&said).iter().filter(|q| attr(q, "to") != PEER).map(|q| (*q).to_owned()).collect();
        if open.is_empty() {
            return (asked, said);
        }
        said.clear();
        for question in open {
            let (to, id) = (attr(&question, "to").to_owned(), attr(&question, "id"));
            let stanza = match answer(&to, &question) {
                Ok(payload) => result(&to, id, &payload),
                Err(word) => error(&to, id, "cancel", word),
            };
            s.give(&stanza);
            asked.push(question);
        }
        said = s.poll();
    }
}

/// A server with these proxies, each with one address of its own, among other things.
fn server(to: &str, question: &str) -> Result<String, &'static str> {
    match to {
        DOMAIN => Ok(items(&["rooms.hospital.test", "proxy.hospital.test", "gate.hospital.test"])),
        "proxy.hospital.test" if question.contains("disco#info") => Ok(proxy()),
        "proxy.hospital.test" => Ok(addresses(&[("proxy.hospital.test/n1", "203.0.113.5", 7777)])),
        "rooms.hospital.test" => Ok(identity("conference", "text")),
        _ => Err("service-unavailable"),
    }
}

#[test]
fn dsc_09_items_then_identities_then_addresses_then_the_offer() {
    session!(s);
    let first = asking(&mut s);
    assert!(stanza(&first).contains(&format!("type='get' to='{DOMAIN}'")), "{first:?}");
    let (asked, said) = answered(&mut s, first, server);
    let to: Vec<&str> = asked.iter().map(|q| attr(q, "to")).collect();
    assert_eq!(
        to,
        [DOMAIN, "rooms.hospital.test", "proxy.hospital.test", "gate.hospital.test", "proxy.hospital.test"]
    );
    let last = asked.last().unwrap();
    assert!(last.contains(&format!("<query xmlns='{S5B}'")) && !last.contains("sid="), "{last}");
    let offer = stanza(&said);
    assert!(offer.contains(S5B), "{offer}");
    // DSC-11, QRK-22: what the proxy calls itself is what is offered.
    let said = s.ask(&result(PEER, attr(offer, "id"), &picks(S5B, "")));
    assert!(
        stanza(&said).contains("<streamhost jid='proxy.hospital.test/n1' host='203.0.113.5' port='7777'/>"),
        "{said:?}"
    );
}

#[test]
fn qrk_22_the_activation_goes_to_the_full_address_of_the_streamhost() {
    session!(s);
    let first = asking(&mut s);
    let (_, said) = answered(&mut s, first, server);
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    let hosts = stanza(&said).to_owned();
    // The component is not the streamhost.
    let sid = attr(&hosts, "sid").to_owned();
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(&sid, "proxy.hospital.test/n1")));
    let stream = connects(&said)[0].0;
    let reply = shake(&mut s, stream, &ours(&hosts));
    let said = s.hear(stream, &reply);
    assert_eq!(attr(stanza(&said), "to"), "proxy.hospital.test/n1");
}

#[test]
fn dsc_10_what_was_found_is_kept_for_the_session() {
    session!(s);
    let first = asking(&mut s);
    answered(&mut s, first, server);
    let said = asking(&mut s);
    assert!(stanza(&said).contains("<si "), "the second offer asks nobody: {said:?}");
    // That there is none is kept as well.
    session!(s);
    let first = asking(&mut s);
    answered(&mut s, first, |_, _| Err("service-unavailable"));
    let said = asking(&mut s);
    assert!(stanza(&said).contains("<si "), "{said:?}");
}

#[test]
fn dsc_10_a_proxy_that_failed_twice_is_offered_last() {
    session!(s, |cfg: &mut Config<'_>| cfg.methods =
        Methods::of(&[Method::Mediated, Method::InBand]).unwrap());
    s.session.add_proxy("bad.hospital.test", "203.0.113.1", 1).unwrap();
    s.session.add_proxy("good.hospital.test", "203.0.113.2", 2).unwrap();
    let order = |hosts: &str| hosts.find("bad.hospital").unwrap() < hosts.find("good.hospital").unwrap();
    for failures in 0..4 {
        let said = asking(&mut s);
        let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
        let hosts = stanza(&said).to_owned();
        assert_eq!(order(&hosts), failures < 2, "{failures}");
        let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "bad.hospital.test")));
        let stream = connects(&said)[0].0;
        s.end(stream, StreamEnd::Refused);
        s.session.cancel(TransferId::from_bits((failures + 1) << 16), Cancel::Wish).unwrap();
        s.poll();
    }
}

#[test]
fn dsc_10_a_proxy_that_works_has_its_failures_forgotten() {
    session!(s, |cfg: &mut Config<'_>| cfg.methods = Methods::of(&[Method::Mediated]).unwrap());
    s.session.add_proxy("own.hospital.test", "203.0.113.1", 1).unwrap();
    s.session.add_proxy("other.hospital.test", "203.0.113.2", 2).unwrap();
    for (turn, works) in [false, true, false, true].into_iter().enumerate() {
        let said = asking(&mut s);
        let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
        let hosts = stanza(&said).to_owned();
        assert!(hosts.find("own.").unwrap() < hosts.find("other.").unwrap(), "turn {turn}: {hosts}");
        let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
        let stream = connects(&said)[0].0;
        if works {
            let reply = shake(&mut s, stream, &ours(&hosts));
            let said = s.hear(stream, &reply);
            let said = s.ask(&result("own.hospital.test", attr(stanza(&said), "id"), ""));
            let [Said::SendRaw { transfer, .. }] = said[..] else { panic!("{said:?}") };
            s.session.cancel(transfer, Cancel::Wish).unwrap();
            s.poll();
        } else {
            s.end(stream, StreamEnd::Refused);
            let last = s.take_events().pop();
            let Some(Event::FellBack { transfer, .. }) = last else { panic!("{last:?}") };
            s.session.cancel(transfer, Cancel::Wish).unwrap();
            s.poll();
        }
    }
}

#[test]
fn dsc_09_refusals_and_things_that_are_no_proxies_leave_the_other_methods() {
    type Answer = fn(&str, &str) -> Result<String, &'static str>;
    let cases: [(Answer, Skip); 7] = [
        (|_, _| Err("forbidden"), Skip::NoProxy),
        (|_, _| Ok(items(&[])), Skip::NoProxy),
        (|_, _| Ok("<query xmlns='urn:other'/>".to_owned()), Skip::NoProxy),
        (
            |to, _| {
                if to == DOMAIN { Ok(items(&["x.hospital.test"])) } else { Ok(identity("proxy", "socks")) }
            },
            Skip::NoProxy,
        ),
        (
            |to, q| match (to, q.contains("disco#info")) {
                (DOMAIN, _) => Ok(items(&["x.hospital.test"])),
                (_, true) => Ok(proxy()),
                _ => Err("item-not-found"),
            },
            Skip::ProxyRefused,
        ),
        (
            |to, q| match (to, q.contains("disco#info")) {
                (DOMAIN, _) => Ok(items(&["x.hospital.test"])),
                (_, true) => Ok(proxy()),
                _ => Err("forbidden"),
            },
            Skip::ProxyRefused,
        ),
        // Nowhere to connect to (S5B-03).
        (
            |to, q| match (to, q.contains("disco#info")) {
                (DOMAIN, _) => Ok(items(&["x.hospital.test"])),
                (_, true) => Ok(proxy()),
                _ => Ok(addresses(&[("x.hospital.test", "", 7777), ("x.hospital.test", "203.0.113.5", 0)])),
            },
            Skip::ProxyUnusable,
        ),
    ];
    for (n, (answer, skip)) in cases.into_iter().enumerate() {
        session!(s);
        let first = asking(&mut s);
        let (_, said) = answered(&mut s, first, answer);
        let offer = stanza(&said);
        assert!(offer.contains(&format!("<value>{IBB}</value>")) && !offer.contains(S5B), "{n}: {offer}");
        s.ask(&error(PEER, attr(offer, "id"), "cancel", "forbidden"));
        let (_, route) = s.finished();
        assert_eq!((route.mediated, route.direct), (skip, Skip::Policy), "{n}");
    }
}

#[test]
fn a_server_that_stays_silent_costs_ten_seconds_once_in_five_minutes() {
    session!(s);
    let first = asking(&mut s);
    s.poll();
    assert_eq!((s.why, s.wait), (Timer::Discovery, Some(10_000)));
    assert_eq!(s.wait_ms(9999), []);
    let said = s.wait_ms(1);
    let offer = stanza(&said).to_owned();
    assert!(offer.contains("<si ") && !offer.contains(S5B), "{offer}");
    s.ask(&error(PEER, attr(&offer, "id"), "cancel", "forbidden"));
    assert_eq!(s.finished().1.mediated, Skip::ProxySilent);
    // Late answers are none.
    let ignored = s.session.ignored();
    assert_eq!(s.ask(&result(DOMAIN, attr(stanza(&first), "id"), &items(&["proxy.hospital.test"]))), []);
    assert_eq!(s.session.ignored(), ignored + 1);
    // A study of a hundred files does not wait a hundred times.
    let said = asking(&mut s);
    assert!(stanza(&said).contains("<si "), "{said:?}");
    s.ask(&error(PEER, attr(stanza(&said), "id"), "cancel", "forbidden"));
    assert_eq!(s.finished().1.mediated, Skip::ProxySilent);
    s.wait_ms(300_000);
    let again = asking(&mut s);
    let (_, said) = answered(&mut s, again, server);
    assert!(stanza(&said).contains(S5B), "{said:?}");
}

#[test]
fn a_file_waits_for_the_first_proxy_and_not_for_every_silent_item() {
    session!(s);
    let first = asking(&mut s);
    let two = items(&["mute.hospital.test", "proxy.hospital.test"]);
    let said = s.ask(&result(DOMAIN, attr(stanza(&first), "id"), &two));
    let of = |name: &str| stanzas(&said).into_iter().find(|q| attr(q, "to") == name).unwrap().to_owned();
    let (mute, question) = (of("mute.hospital.test"), of("proxy.hospital.test"));
    let said = s.ask(&result("proxy.hospital.test", attr(&question, "id"), &proxy()));
    let place = addresses(&[("proxy.hospital.test", "203.0.113.5", 7777)]);
    let said = s.ask(&result("proxy.hospital.test", attr(stanza(&said), "id"), &place));
    assert!(stanza(&said).contains(S5B), "{said:?}");
    // What comes later is for later files.
    let said = s.ask(&result("mute.hospital.test", attr(&mute, "id"), &proxy()));
    let place = addresses(&[("mute.hospital.test", "203.0.113.6", 7777)]);
    s.ask(&result("mute.hospital.test", attr(stanza(&said), "id"), &place));
    let said = asking(&mut s);
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    assert_eq!(stanza(&said).matches("<streamhost ").count(), 2, "{said:?}");
    assert_eq!(s.wait, Some(20_000), "nothing is left to wait for but the peer");
}

#[test]
fn stz_02_only_who_was_asked_answers_for_the_proxies() {
    session!(s);
    let first = asking(&mut s);
    let id = attr(stanza(&first), "id").to_owned();
    for from in [PEER, "eve@hospital.test/x", "proxy.hospital.test", ME, "hospital.test/x", "HOSPITAL.test"] {
        assert_eq!(s.ask(&result(from, &id, &items(&["eve.example"]))), [], "{from}");
    }
    let said = s.ask(&result(DOMAIN, &id, &items(&["proxy.hospital.test", "b.hospital.test"])));
    let (a, b) = (stanzas(&said)[0].to_owned(), stanzas(&said)[1].to_owned());
    // One item may not speak for another one.
    assert_eq!(s.ask(&result(attr(&b, "to"), attr(&a, "id"), &proxy())), []);
    assert_eq!(s.ask(&result(PEER, attr(&a, "id"), &proxy())), []);
    let said = s.ask(&result(attr(&a, "to"), attr(&a, "id"), &proxy()));
    assert!(stanza(&said).contains(&format!("<query xmlns='{S5B}'")), "{said:?}");
    // Twice is once.
    assert_eq!(s.ask(&result(attr(&a, "to"), attr(&a, "id"), &proxy())), []);
}

#[test]
fn atk_16_dsc_09_a_server_with_thousands_of_items_is_asked_about_twenty() {
    session!(s);
    let first = asking(&mut s);
    let many: Vec<String> = (0..5000).map(|n| format!("i{}.hospital.test", n % 4000)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let said = s.ask(&result(DOMAIN, attr(stanza(&first), "id"), &items(&many[..600])));
    let questions = stanzas(&said).len();
    assert!(questions <= 20, "{questions}");
    let (asked, said) = answered(&mut s, said, |_, _| Err("service-unavailable"));
    assert_eq!((asked.len(), stanza(&said).contains("<si ")), (questions, true));
}

#[test]
fn dsc_12_a_port_that_is_missing_is_1080_and_brackets_are_none() {
    session!(s);
    let first = asking(&mut s);
    let (_, said) = answered(&mut s, first, |to, q| match (to, q.contains("disco#info")) {
        (DOMAIN, _) => Ok(items(&["proxy.hospital.test"])),
        (_, true) => Ok(proxy()),
        _ => Ok(format!(
            "<query xmlns='{S5B}'><streamhost jid='proxy.hospital.test' host='[2001:db8::5]' port='1'/>\
             <streamhost jid='proxy.hospital.test' host='2001:db8::5'/></query>"
        )),
    });
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    let hosts = stanza(&said);
    assert!(hosts.contains("host='2001:db8::5' port='1080'") && !hosts.contains('['), "{hosts}");
}

#[test]
fn qrk_29_the_host_of_a_proxy_is_passed_on_as_it_is_named() {
    session!(s);
    s.session.add_proxy("own.hospital.test", "proxy.intern", 7777).unwrap();
    let hosts = hosting(&mut s, 10);
    assert!(hosts.contains("host='proxy.intern'"));
    let said = s.ask(&result(PEER, attr(&hosts, "id"), &used(attr(&hosts, "sid"), "own.hospital.test")));
    let [(stream, "proxy.intern", 7777)] = connects(&said)[..] else { panic!("{said:?}") };
    s.end(stream, StreamEnd::Unresolved);
    assert!(
        s.take_events().iter().any(|e| matches!(e, Event::HostFailed { why: HostFailure::Unresolved, .. }))
    );
}

#[test]
fn s5b_03_a_proxy_that_two_components_speak_for_is_offered_once() {
    session!(s);
    let first = asking(&mut s);
    let (_, said) = answered(&mut s, first, |to, q| match (to, q.contains("disco#info")) {
        (DOMAIN, _) => Ok(items(&["proxy.hospital.test", "bytes.hospital.test"])),
        (_, true) => Ok(proxy()),
        (_, false) => Ok(addresses(&[(
            "proxy.hospital.test",
            if to.starts_with('p') { "P.example" } else { "p.example" },
            1,
        )])),
    });
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), &picks(S5B, "")));
    assert_eq!(stanza(&said).matches("<streamhost ").count(), 1, "{said:?}");
}

#[test]
fn nobody_is_asked_for_proxies_that_no_file_needs() {
    for methods in
        [&[Method::Direct][..], &[Method::InBand, Method::Direct], &[Method::Direct, Method::InBand]]
    {
        session!(s, |cfg: &mut Config<'_>| cfg.methods = Methods::of(methods).unwrap());
        s.session.add_address("192.0.2.1", 5280).unwrap();
        s.session.offer(&file(10)).unwrap();
        assert_eq!(attr(stanza(&s.poll()), "to"), PEER, "{methods:?}");
    }
}

#[test]
fn an_offer_waits_for_both_the_peer_and_the_proxies() {
    session!(s);
    s.session.offer(&file(10)).unwrap();
    let said = s.poll();
    let server_question = stanzas(&said).into_iter().find(|q| attr(q, "to") == DOMAIN).unwrap().to_owned();
    let peer_question = stanzas(&said).into_iter().find(|q| attr(q, "to") == PEER).unwrap().to_owned();
    assert_eq!(s.ask(&result(DOMAIN, attr(&server_question, "id"), &items(&[]))), []);
    assert!(stanza(&s.ask(&result(PEER, attr(&peer_question, "id"), DISCO))).contains("<si "));
    // A peer that goes while the server thinks takes the offer with it.
    session!(s);
    s.session.offer(&file(10)).unwrap();
    s.poll();
    s.ask(&format!("<presence from='{PEER}' type='unavailable'/>"));
    assert_eq!(s.ending(), Ending::Failed(Reason::PeerGone, None));
}

#[test]
fn addresses_and_proxies_that_cannot_be_are_refused() {
    session!(s);
    for host in ["", "a b", "[::1]", "fe80::1%eth0", "a/b", "a@b", &"x".repeat(256)] {
        assert_eq!(s.session.add_address(host, 1), Err(Error::Argument(Argument::Host)), "{host}");
        assert_eq!(s.session.add_proxy("p.test", host, 1), Err(Error::Argument(Argument::Host)), "{host}");
    }
    assert_eq!(s.session.add_address("192.0.2.1", 0), Err(Error::Argument(Argument::Host)));
    for jid in ["", "a@b@c", &format!("{}.test", "x".repeat(300))] {
        assert_eq!(s.session.add_proxy(jid, "192.0.2.1", 1), Err(Error::Argument(Argument::Proxy)), "{jid}");
    }
    // Twice is once, and full is full.
    for _ in 0..1000 {
        s.session.add_address("192.0.2.1", 1).unwrap();
    }
    let full = (1..200)
        .find(|port| s.session.add_address("name.of.a.host.hospital.test", *port) == Err(Error::Full));
    assert!(full.is_some());
    s.session.clear_addresses().unwrap();
    s.session.add_address("192.0.2.1", 1).unwrap();
}

#[test]
fn a_file_that_waits_for_a_proxy_asks_anew_about_a_peer_that_turned_out_to_be_gone() {
    session!(s);
    s.session.offer(&Offer { methods: Some(Methods::IN_BAND), ..file(10) }).unwrap();
    let said = s.poll();
    let said = s.ask(&result(PEER, attr(stanza(&said), "id"), DISCO));
    let in_band = stanza(&said).to_owned();
    s.session.offer(&file(10)).unwrap();
    assert_eq!(attr(stanza(&s.poll()), "to"), "hospital.test", "whose proxies are not known yet");
    let said = s.ask(&error(PEER, attr(&in_band, "id"), "cancel", "recipient-unavailable"));
    let question = stanza(&said);
    assert!(attr(question, "to") == PEER && question.contains("disco#info"), "{said:?}");
}
