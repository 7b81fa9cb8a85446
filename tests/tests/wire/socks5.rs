//! SOCKS5 frames: any input at any split gives what the whole gives.

use proptest::collection::vec;
use proptest::prelude::*;
use xft_core::internals::socks5::{
    Digest, Dst, GREETING, GreetingParser, METHOD_ACCEPTED, MethodParser, Rep, ReplyParser, RequestParser,
    Step, write_request,
};
use xft_tests::fuzz_targets;

/// What peers send: frames of both sides, whole or nearly so.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let code = || prop_oneof![4 => 0..2u8, 1 => 0..10u8, 1 => any::<u8>()];
    let mostly = |byte: u8| prop_oneof![9 => Just(byte), 1 => any::<u8>()];
    let text = prop_oneof![4 => "[!-~]{0,60}".prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..256)];
    let port = prop_oneof![4 => Just([0, 0]), 1 => any::<[u8; 2]>()];
    let head = (mostly(5), code(), mostly(0));
    prop_oneof![
        2 => (head.clone(), mostly(3), text, port).prop_map(|((version, code, reserved), kind, text, port)| {
            [&[version, code, reserved, kind, text.len() as u8], text.as_slice(), &port].concat()
        }),
        1 => (head, prop_oneof![Just(1u8), Just(4)], vec(any::<u8>(), 0..24))
            .prop_map(|((version, code, reserved), kind, rest)| [&[version, code, reserved, kind], rest.as_slice()].concat()),
        1 => (mostly(5), vec(0..3u8, 0..256))
            .prop_map(|(version, methods)| [&[version, methods.len() as u8], methods.as_slice()].concat()),
        1 => (mostly(5), code()).prop_map(|(version, method)| vec![version, method]),
    ]
}

/// Splits at sorted places.
fn pieces<'b>(bytes: &'b [u8], cuts: &[prop::sample::Index]) -> Vec<&'b [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Feeds every piece and returns what was left over, once the frame was complete.
fn left<'b, E: std::fmt::Debug>(
    pieces: &[&'b [u8]],
    mut read: impl FnMut(&'b [u8]) -> Result<Step<'b>, E>,
) -> Option<Vec<u8>> {
    let mut left = None;
    for piece in pieces {
        match read(piece).expect("an accepted frame") {
            Step::More => assert_eq!(left, None),
            Step::Done { rest } => left.get_or_insert_with(Vec::new).extend(rest),
        }
    }
    left
}

proptest! {
    #[test]
    fn frames_glued_and_cut_anywhere_agree_with_a_second_reading(
        frames in vec(frame(), 1..4),
        dst in "[!-~]{0,60}",
        echoed: bool,
        piece in 0..60u8,
    ) {
        // Half of the replies repeat the request, so that strict mode comes to its end.
        let mut bytes = frames.concat();
        if echoed {
            let echo = [&[5, 0, 0, 3, dst.len() as u8], dst.as_bytes(), &[0, 0]].concat();
            bytes.splice(..0, echo);
        }
        fuzz_targets::socks5(&[&[piece, dst.len() as u8], dst.as_bytes(), &bytes].concat());
    }

    #[test]
    fn any_bytes_are_harmless(bytes in vec(any::<u8>(), 0..600)) {
        fuzz_targets::socks5(&bytes);
    }

    #[test]
    fn a_frame_with_one_byte_spoilt_is_read_like_any_other(at: prop::sample::Index, byte: u8, cut in 0..48u8) {
        let digest = Digest::new("s1", "ct1@rad.example/gw", "pacs@arch.example/store-1").unwrap();
        let mut request = [0; 47];
        prop_assert_eq!(write_request(digest.dst(), &mut request), Some(47));
        request[at.index(47)] = byte;
        let head = [[cut, 40].as_slice(), digest.dst().as_bytes()].concat();
        fuzz_targets::socks5(&[head.as_slice(), &request].concat());
        request[1] = 0;
        fuzz_targets::socks5(&[head.as_slice(), &request].concat());
    }

    /// Both sides' frames and payload behind them, cut at any places: payload comes out as it went in.
    #[test]
    fn payload_survives_any_cuts(
        dst in "[!-~]{1,255}",
        payload in vec(any::<u8>(), 0..300),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let dst = Dst::parse(dst.as_bytes()).unwrap();
        let mut out = [0; 262];
        let length = write_request(dst, &mut out).unwrap();

        let from_client = [&GREETING, &out[..length], &payload].concat();
        let (mut greeting, mut request) = (GreetingParser::new(), RequestParser::new());
        let rest = left(&pieces(&from_client, &cuts), |piece| greeting.read(piece)).unwrap();
        prop_assert_eq!(left(&pieces(&rest, &cuts), |piece| request.read(piece)).unwrap(), payload.clone());
        prop_assert_eq!(request.dst(), Some(dst));

        let reply = request.reply(Rep::Succeeded).unwrap();
        let from_server = [&METHOD_ACCEPTED, reply, &payload].concat();
        for echo in [None, Some(dst)] {
            let (mut method, mut reply) = (MethodParser::new(), ReplyParser::new());
            let rest = left(&pieces(&from_server, &cuts), |piece| method.read(piece)).unwrap();
            let left = left(&pieces(&rest, &cuts), |piece| reply.read(piece, echo)).unwrap();
            prop_assert_eq!(&left, &payload);
        }
    }
}
