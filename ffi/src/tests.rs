//! The numbers for C are total: every variant of the core's enums has one of its own. The core's enums are
//! non-exhaustive, so the compiler cannot say this here; these tests read the variants from the core's source.
extern crate std;
use crate::{codes, conditions, methods, reasons};
use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;
use xft_core::{Condition, SaslCondition, StanzaCondition, StreamCondition};

const CORE_ERROR: &str = include_str!("../../core/src/error.rs");
const CORE_OUTPUT: &str = include_str!("../../core/src/output.rs");

/// The variants of `pub enum name` in a source text.
fn variants(source: &str, name: &str) -> Vec<String> {
    let start =
        source.find(&format!("pub enum {name} {{")).or(source.find(&format!("pub enum {name}<"))).unwrap();
    let body = &source[start..];
    let body = &body[..body.find("\n}").unwrap()];
    body.lines()
        .filter(|line| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line[4..].chars().take_while(|c| c.is_alphanumeric()).collect())
        .collect()
}

/// `BadRequest` as `BAD_REQUEST`, `Sha256` as `SHA256`.
fn screaming(camel: &str) -> String {
    let mut out = String::new();
    for (i, c) in camel.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

/// Every variant has a code of that name, and the mapping in our source names both in one arm.
fn total(source: &str, mapping: &str, name: &str, arm: &str, prefix: &str, renamed: &[(&str, &str)]) {
    let names = variants(source, name);
    assert!(names.len() > 2, "{name}: the test reads no variants");
    for variant in names {
        let code = renamed
            .iter()
            .find(|(from, _)| *from == variant)
            .map_or(format!("{prefix}{}", screaming(&variant)), |(_, to)| to.to_string());
        let at = mapping
            .find(&format!("{arm}::{variant}"))
            .unwrap_or_else(|| panic!("{arm}::{variant} has no arm"));
        let rest = &mapping[at..];
        let end = rest.match_indices(&format!("{arm}::")).nth(1).map_or(rest.len(), |(i, _)| i);
        assert!(rest[..end].contains(&code), "{arm}::{variant} is not mapped to {code}");
    }
}

#[test]
fn every_error_of_the_core_has_a_status() {
    let source = include_str!("codes.rs");
    total(
        CORE_ERROR,
        source,
        "Error",
        "Error",
        "XFT_ERR_",
        &[("Argument", "argument"), ("Storage", "storage")],
    );
    total(CORE_ERROR, source, "Argument", "Argument", "XFT_ERR_", &[("Size", "XFT_ERR_FILE_SIZE")]);
    total(CORE_ERROR, source, "Part", "Part", "XFT_ERR_PART_", &[]);
}

#[test]
fn every_reason_and_ending_and_timer_of_the_core_has_a_number() {
    total(CORE_ERROR, include_str!("reasons.rs"), "Reason", "Reason", "XFT_REASON_", &[]);
    total(CORE_ERROR, include_str!("codes.rs"), "Ending", "Ending", "XFT_ENDING_", &[]);
    total(CORE_OUTPUT, include_str!("codes.rs"), "Timer", "Timer", "XFT_TIMER_", &[]);
}

#[test]
fn every_method_and_skip_and_host_failure_of_the_core_has_a_number() {
    let source = include_str!("methods.rs");
    total(include_str!("../../core/src/config.rs"), source, "Method", "Method", "XFT_METHOD_", &[]);
    total(CORE_OUTPUT, source, "Skip", "Skip", "XFT_SKIP_", &[]);
    total(CORE_OUTPUT, source, "HostFailure", "HostFailure", "XFT_HOST_", &[]);
}

#[test]
fn every_end_of_a_stream_can_be_told() {
    let names = variants(CORE_OUTPUT, "StreamEnd");
    assert!(names.len() >= 8);
    for name in names {
        let arm = format!("XFT_END_{} => StreamEnd::{name},", screaming(&name));
        assert!(include_str!("streams.rs").contains(&arm), "{arm} is missing");
    }
}

#[test]
fn every_time_of_the_core_can_be_set() {
    let source = include_str!("../../core/src/config.rs");
    let body = &source[source.find("pub struct Times {").unwrap()..];
    let names: Vec<_> = body[..body.find("\n}").unwrap()]
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub ")?.strip_suffix(": u32,"))
        .collect();
    assert!(names.len() >= 19);
    for name in names {
        assert!(
            include_str!("config.rs").contains(&format!("{name}: self.{name}")),
            "{name} stays at its default"
        );
    }
}

#[test]
fn only_lists_of_methods_that_mean_something_are_taken() {
    use xft_core::{Method, Methods};
    for a in 0..5u32 {
        for b in 0..5 {
            for c in 0..5 {
                let list = [a, b, c];
                let given: Vec<u32> = list.into_iter().take_while(|it| *it != 0).collect();
                let distinct = given.iter().collect::<BTreeSet<_>>().len() == given.len();
                let fine = distinct && !list.contains(&4) && list[given.len()..].iter().all(|it| *it == 0);
                match methods::from_c(&list) {
                    Ok(None) => assert_eq!(list, [0; 3]),
                    Ok(Some(methods)) => assert!(fine && methods::to_c(&methods) == list, "{list:?}"),
                    Err(_) => assert!(!fine, "{list:?}"),
                }
            }
        }
    }
    assert_eq!(methods::from_c(&[3, 0, 0]).unwrap(), Methods::of(&[Method::InBand]));
    assert_eq!(methods::to_c(&Methods::DEFAULT), [1, 2, 3]);
}

#[test]
fn every_output_and_event_and_reception_of_the_core_has_a_kind() {
    let source = include_str!("output.rs");
    // An event is its own structure; data that was consumed leaves the structure empty.
    total(CORE_OUTPUT, source, "Output", "Output", "XFT_OUTPUT_", &[("Event", "event.into()")]);
    total(CORE_OUTPUT, source, "Event", "Event", "XFT_EVENT_", &[]);
    total(CORE_OUTPUT, source, "Received", "Received", "XFT_RECEIVED_", &[("Consumed", "{}")]);
}

#[test]
fn every_condition_has_a_number_with_its_word() {
    let mut seen = BTreeSet::new();
    let mut check = |condition: Condition, word: &str, family: u32| {
        let code = conditions::xft_condition::from(Some(condition));
        assert!(code as u32 / 100 == family && seen.insert(code as u32), "{condition:?} is {code:?}");
        assert_eq!(conditions::name(code as u32).expect("a name").to_str().unwrap(), word);
    };
    StanzaCondition::ALL.iter().for_each(|it| check(Condition::Stanza(*it), it.name(), 1));
    StreamCondition::ALL.iter().for_each(|it| check(Condition::Stream(*it), it.name(), 2));
    SaslCondition::ALL.iter().for_each(|it| check(Condition::Sasl(*it), it.name(), 3));
    assert_eq!(conditions::xft_condition::from(None) as u32, 0);
}

/// The codes of `pub enum name` in our own source.
fn codes_of(source: &str, name: &str) -> Vec<u32> {
    let start = source.find(&format!("pub enum {name} {{")).unwrap();
    let body = &source[start..];
    let body = &body[..body.find("\n}").unwrap()];
    body.lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .map(|(_, number)| number.parse().unwrap())
        .collect()
}

#[test]
fn every_status_and_reason_has_a_text_that_ends_without_a_newline_and_is_not_shared() {
    let mut texts = BTreeSet::new();
    let mut statuses = codes_of(include_str!("codes.rs"), "xft_status");
    // Defects of the library share the text of 99.
    statuses.retain(|status| !(82..90).contains(status));
    // What has no number of its own has no text of its own; a status has one that says so.
    let known =
        |source, name| codes_of(source, name).into_iter().filter(|number| *number != 999).collect::<Vec<_>>();
    let reasons = known(include_str!("reasons.rs"), "xft_reason");
    let of_methods = |name| known(include_str!("methods.rs"), name);
    assert!(statuses.len() > 40 && reasons.len() > 40 && of_methods("xft_skip").len() > 12);
    for (numbers, all) in [
        (statuses, codes::TEXTS),
        (reasons, reasons::TEXTS),
        (of_methods("xft_method"), methods::METHODS),
        (of_methods("xft_skip"), methods::SKIPS),
        (of_methods("xft_host_failure"), methods::HOST_FAILURES),
    ] {
        for number in numbers {
            let text = all.find(number).strip_suffix('\0').unwrap();
            assert!(
                !text.starts_with("unknown") && !text.ends_with(['\n', '.']),
                "{number} has no text: {text}"
            );
            assert!(texts.insert(text), "{number} has the text of another one: {text}");
        }
        assert!(all.find(4711).starts_with("unknown") && all.find(65535).starts_with("unknown"));
    }
}
