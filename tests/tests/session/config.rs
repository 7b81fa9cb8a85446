//! What a configuration must not hold: every refusal, and what a session makes of the least values that are allowed.

use xft_core::*;
use xft_tests::world::Memory;

fn good() -> Config<'static> {
    Config::new("ct1@hospital.test", "secret", [3; 32])
}

fn refused<'a>(change: impl FnOnce(&mut Config<'a>)) -> Option<Argument> {
    let mut cfg: Config<'a> = good();
    change(&mut cfg);
    let checked = cfg.check();
    // What is refused at its check is refused by the session too, with memory for a good one.
    let mut memory = Memory::new(&good(), 1, 1);
    let made = Session::new(&cfg, memory.storage(), Instant::default()).map(|_| ());
    assert!(matches!((checked, made), (Ok(()), _) | (Err(_), Err(_))), "{checked:?} {made:?}");
    match checked {
        Ok(()) => None,
        Err(Error::Argument(argument)) => Some(argument),
        Err(other) => panic!("{other:?}"),
    }
}

/// STZ-12
#[test]
fn an_account_is_a_bare_address_with_a_user() {
    let long = format!("{}@hospital.test", "a".repeat(JID_BYTES - 13));
    let longest = format!("{}@hospital.test", "a".repeat(JID_BYTES - 14));
    for account in
        ["", "ct1", "@hospital.test", "ct1@", "ct1@hospital.test/gw", "ct1@a@b", "c t@b", "ct1\n@b", &long]
    {
        assert_eq!(refused(|cfg| cfg.account = account), Some(Argument::Account), "{account:?}");
    }
    for account in
        ["CT1@Hospital.Test", "ärzte@hospital.test", "b\\40clinic@hospital.test", "a@[::1]", &longest]
    {
        assert_eq!(refused(|cfg| cfg.account = account), None, "{account:?}");
    }
    // A host says who it is in its full JID.
    let hosted = |jid| {
        refused(|cfg| {
            (cfg.account, cfg.password, cfg.owner) = ("", "", StreamOwner::Host { jid });
        })
    };
    assert_eq!(hosted("CT1@hospital.test/gw"), None);
    for jid in ["", "ct1@hospital.test", "ct1@hospital.test/", "c t1@hospital.test/gw"] {
        assert_eq!(hosted(jid), Some(Argument::Resource), "{jid:?}");
    }
}

/// SASL-03
#[test]
fn a_password_is_there_and_has_no_control_characters() {
    let (long, longest) = ("p".repeat(JID_BYTES + 1), "p".repeat(JID_BYTES));
    for password in ["", "a\tb", "a\0", "secret\r", "\u{7f}", "a\u{85}", &long] {
        assert_eq!(refused(|cfg| cfg.password = password), Some(Argument::Password), "{password:?}");
    }
    for password in [" ~", "Grüße€", &longest] {
        assert_eq!(refused(|cfg| cfg.password = password), None, "{password:?}");
    }
    assert_eq!(refused(|cfg| (cfg.password, cfg.sasl.external) = ("", true)), None);
}

#[test]
fn texts_are_short_and_harmless() {
    let (long, longest) = ("r".repeat(JID_BYTES + 1), "r".repeat(JID_BYTES));
    assert_eq!(refused(|cfg| cfg.resource = &long), Some(Argument::Resource));
    assert_eq!(refused(|cfg| cfg.resource = "a\nb"), Some(Argument::Resource));
    assert_eq!(refused(|cfg| cfg.resource = &longest), None);
    assert_eq!(refused(|cfg| cfg.client_name = "thirty-three bytes are one too many"), Some(Argument::Text));
    assert_eq!(refused(|cfg| cfg.client_name = "a\u{1b}[2J"), Some(Argument::Text));
    assert_eq!(refused(|cfg| cfg.client_name = ""), None);
}

#[test]
fn sizes_fit_each_other() {
    assert_eq!(refused(|cfg| cfg.block_bytes = 0), Some(Argument::BlockBytes));
    assert_eq!(refused(|cfg| cfg.chunk_bytes = 0), Some(Argument::BlockBytes));
    assert_eq!(refused(|cfg| cfg.chunk_bytes = 8193), Some(Argument::BlockBytes));
    assert_eq!(
        refused(|cfg| (cfg.block_bytes, cfg.element_bytes) = (65535, 90_000)),
        Some(Argument::BlockBytes)
    );
    assert_eq!(refused(|cfg| (cfg.block_bytes, cfg.element_bytes) = (65535, 262_144)), None);
    assert_eq!(refused(|cfg| cfg.window_bytes = 8191), Some(Argument::WindowBytes));
    assert_eq!(refused(|cfg| cfg.window_bytes = 8192), None);
    assert_eq!(refused(|cfg| cfg.stanza_bytes = 9999), Some(Argument::StanzaBytes));
    assert_eq!(
        refused(|cfg| (cfg.block_bytes, cfg.chunk_bytes, cfg.element_bytes) = (1, 1, 9999)),
        Some(Argument::StanzaBytes)
    );
}

/// SASL-04
#[test]
fn entropy_that_was_never_set_is_refused() {
    assert_eq!(refused(|cfg| cfg.entropy = [0; 32]), Some(Argument::Entropy));
    assert_eq!(refused(|cfg| cfg.entropy[31] = 1), None);
}

/// SASL-05, SASL-06
#[test]
fn a_number_of_0_is_refused() {
    let changes: [fn(&mut Config<'_>); 6] = [
        |cfg| cfg.sasl.rounds_max = 0,
        |cfg| cfg.sasl.rounds_max = 4095,
        |cfg| cfg.sasl.rounds_per_poll = 0,
        |cfg| cfg.message_rate = 0,
        |cfg| cfg.offers_per_peer = 0,
        |cfg| cfg.accepted_per_source = 0,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert_eq!(refused(change), Some(Argument::Range), "{index}");
    }
    assert_eq!(refused(|cfg| cfg.sasl.rounds_max = 4096), None);
}

/// A time, and whether 0 has a meaning for it.
type Time = (fn(&mut Times) -> &mut u32, bool);

const TIMES: [Time; 26] = [
    (|t| &mut t.step_ms, false),
    (|t| &mut t.login_ms, false),
    (|t| &mut t.keepalive_ms, true),
    (|t| &mut t.idle_ms, true),
    (|t| &mut t.probe_ms, false),
    (|t| &mut t.close_ms, false),
    (|t| &mut t.element_ms, false),
    (|t| &mut t.request_ms, false),
    (|t| &mut t.offer_ms, false),
    (|t| &mut t.open_ms, false),
    (|t| &mut t.block_ms, false),
    (|t| &mut t.progress_ms, false),
    (|t| &mut t.ask_ms, true),
    (|t| &mut t.finish_ms, false),
    (|t| &mut t.discovery_ms, false),
    (|t| &mut t.stagger_ms, true),
    (|t| &mut t.host_ms, false),
    (|t| &mut t.proxy_ms, false),
    (|t| &mut t.hosts_ms, false),
    (|t| &mut t.verdict_ms, true),
    (|t| &mut t.accept_ms, false),
    (|t| &mut t.end_ms, false),
    (|t| &mut t.closing_ms, false),
    (|t| &mut t.rate_ms, true),
    (|t| &mut t.disco_ms, false),
    (|t| &mut t.attempt_ms, false),
];

/// STR-13
#[test]
fn a_time_of_0_has_a_meaning_or_is_refused() {
    // A time that is added to `Times` must be added here, with what its 0 means.
    assert_eq!(TIMES.len() * size_of::<u32>(), size_of::<Times>());
    for (index, (field, meaningful)) in TIMES.into_iter().enumerate() {
        let refusal = refused(|cfg| *field(&mut cfg.times) = 0);
        assert_eq!(refusal, if meaningful { None } else { Some(Argument::Times) }, "{index}");
        assert_eq!(refused(|cfg| *field(&mut cfg.times) = 1), None, "{index}");
    }
}
