//! Any order of anything a server can say: the promises hold all the same (ATK-07..10).

use crate::client::*;
use proptest::collection::vec;
use proptest::prelude::*;
use xft_core::Tls;

/// What a server could say, in and out of place.
fn vocabulary() -> Vec<String> {
    let mut words = vec![
        SERVER_HEADER.to_owned(),
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>".to_owned(),
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned(),
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned(),
        mechanisms(&["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"], &[]),
        mechanisms(&["SCRAM-SHA-256-PLUS", "EXTERNAL"], &["tls-exporter"]),
        sasl("challenge", ""),
        sasl("challenge", "cj14LHM9Yz0saT00MDk2"),
        sasl("success", ""),
        sasl("success", "dj1hYWFh"),
        sasl("failure", "<invalid-mechanism/>"),
        sasl("failure", "<not-authorized/>"),
        BIND_FEATURE.to_owned(),
        bound("ct1@hospital.test/gw"),
        bound("eve@hospital.test/gw"),
        "<iq type='error' id='babababababababab0000'/>".to_owned(),
        "<iq type='error' id='babababababababab0001'/>".to_owned(),
        "<iq type='result' id='pabababababababab0001'/>".to_owned(),
        "<message/>".to_owned(),
        "<odd xmlns='urn:odd'/>".to_owned(),
        " ".to_owned(),
        "text".to_owned(),
        "<!---->".to_owned(),
        "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>".to_owned(),
        "</stream:stream>".to_owned(),
    ];
    let scram = format!("r={NONCE}x,s=c2FsdA==,i=4096");
    words.push(sasl("challenge", &base64::Engine::encode(&base64::engine::general_purpose::STANDARD, scram)));
    words
}

#[derive(Clone, Debug)]
enum Act {
    Say(prop::sample::Index),
    Wait(u64),
    TlsDone,
    Close,
    Lost,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => any::<prop::sample::Index>().prop_map(Act::Say),
        2 => (0..70_000u64).prop_map(Act::Wait),
        3 => Just(Act::TlsDone),
        1 => Just(Act::Close),
        1 => Just(Act::Lost),
    ]
}

proptest! {
    #[test]
    fn servers_that_say_anything_break_no_promise(
        tls in prop::sample::select(&[Tls::StartTls, Tls::Direct, Tls::UnsafePlain][..]),
        plain: bool,
        progress in 0..7usize,
        acts in vec(act(), 1..40),
    ) {
        let words = vocabulary();
        let mut cfg = config(tls);
        cfg.sasl.plain = plain;
        cfg.sasl.external = plain;
        let mut client = Client::opened(cfg);
        let (mut said, mut proven, mut secure) = (String::new(), false, tls == Tls::Direct);
        // Start from any point of a login by PLAIN, so that the later states are seen too.
        let login = [
            SERVER_HEADER.to_owned(),
            mechanisms(&["PLAIN"], &[]),
            sasl("success", ""),
            SERVER_HEADER.to_owned(),
            BIND_FEATURE.to_owned(),
            bound("ct1@hospital.test/gw"),
        ];
        for word in login.iter().take(if plain && tls == Tls::Direct { progress } else { 0 }) {
            proven |= word.contains("<success");
            said += &client.ask(word);
        }
        for act in acts {
            match act {
                Act::Say(word) => {
                    let word = word.get(&words);
                    // Without PLAIN and EXTERNAL no word above proves that the server knows the password.
                    proven |= plain && word.contains("<success");
                    said += &client.ask(word);
                }
                Act::Wait(ms) => said += &client.tick(client.now + ms),
                Act::TlsDone => {
                    secure |= client.link.tls_done(&xft_core::ChannelBinding::default(), client.at()).is_ok();
                    said += &client.drain();
                }
                Act::Close => client.link.close(client.at()),
                Act::Lost => client.link.lost(),
            }
            prop_assert!(proven || !client.link.is_online());
            prop_assert!(!client.link.is_online() || client.link.jid() == "ct1@hospital.test/gw");
            prop_assert!(secure || !said.contains("'PLAIN'") && !said.contains(" from="));
        }
        said += &client.drain();
        // Nothing follows the end, and the end is told once.
        for end in ["</stream:stream>", "[close]"] {
            prop_assert!(said.matches(end).count() <= 1, "{said}");
        }
        if let Some((_, after)) = said.split_once("</stream:stream>") {
            prop_assert!(matches!(after, "" | "[close]"), "{said}");
        }
        if client.failure.is_some() {
            prop_assert!(client.link.is_over());
            prop_assert_eq!(client.link.deadline(), None);
            prop_assert_eq!(client.tick(client.now + 1_000_000), "");
        }
    }
}
