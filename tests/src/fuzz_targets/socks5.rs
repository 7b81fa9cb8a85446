//! The SOCKS5 parsers in pieces of any size, against a second reading of the frame as a whole.

use xft_core::internals::socks5::{
    Dst, DstError, GreetingError, GreetingParser, MethodError, MethodParser, Rep, ReplyError, ReplyParser,
    RequestError, RequestParser, Step, write_request,
};

/// Length of the accepted frame, or `None` if it is not complete.
type Verdict<E> = Result<Option<usize>, E>;

/// The first byte is the size of the pieces, the second that of the strict destination, which comes next; the rest
/// is what a peer sends, read as every frame there is.
pub fn socks5(input: &[u8]) {
    let [piece, strict, rest @ ..] = input else { return };
    let piece = usize::from(*piece).max(1);
    let Some((dst, bytes)) = rest.split_at_checked((*strict).into()) else { return };
    for piece in [piece, bytes.len().max(1)] {
        let mut greeting = GreetingParser::new();
        expect(bytes, piece, whole_greeting(bytes), |part| greeting.read(part));

        let mut method = MethodParser::new();
        expect(bytes, piece, whole_method(bytes), |part| method.read(part));

        for echo in [None, Dst::parse(dst).ok()] {
            let mut reply = ReplyParser::new();
            expect(bytes, piece, whole_reply(bytes, echo), |part| reply.read(part, echo));
        }
        request(bytes, piece);
    }
    if let Ok(dst) = Dst::parse(dst) {
        round_trip(dst, bytes);
    }
}

/// Feeds `bytes` in pieces and checks every step; returns how it ended, if it did.
fn expect<'b, E: Copy + PartialEq + std::fmt::Debug>(
    bytes: &'b [u8],
    piece: usize,
    whole: Verdict<E>,
    mut read: impl FnMut(&'b [u8]) -> Result<Step<'b>, E>,
) -> Option<Result<(), E>> {
    let mut fed = 0;
    let mut ended = None;
    for part in bytes.chunks(piece) {
        let before = fed;
        fed += part.len();
        match read(part) {
            Ok(Step::More) => assert!(ended.is_none(), "went on after its end"),
            Ok(Step::Done { rest }) => {
                let length = whole.expect("refused as a whole").expect("not complete as a whole");
                assert_eq!(rest, &bytes[length.max(before)..fed], "took another length than {length}");
                ended = Some(Ok(()));
            }
            Err(error) => {
                assert_eq!(whole, Err(error));
                ended = Some(Err(error));
            }
        }
    }
    assert_eq!(ended.is_none(), whole == Ok(None), "{ended:?} in pieces of {piece}, {whole:?} as a whole");
    ended
}

/// A request, and what its parser keeps and answers.
fn request(bytes: &[u8], piece: usize) {
    let mut parser = RequestParser::new();
    let whole = whole_request(bytes);
    let verdict = expect(bytes, piece, whole, |part| parser.read(part));
    let frame = frame_length(bytes).filter(|length| *length <= bytes.len()).map(|length| &bytes[..length]);
    match verdict {
        None => assert!(parser.dst().is_none() && parser.reply(Rep::NotAllowed).is_none()),
        Some(Ok(())) => {
            let frame = frame.expect("a frame");
            assert_eq!(parser.dst().map(|dst| dst.as_bytes()), Some(&frame[5..frame.len() - 2]));
            for rep in [Rep::Succeeded, Rep::NotAllowed] {
                assert_eq!(parser.reply(rep), Some(answered(frame, rep).as_slice()));
            }
        }
        Some(Err(error)) => {
            assert!(parser.dst().is_none() && parser.reply(Rep::Succeeded).is_none());
            let answer = error.rep().and_then(|rep| parser.reply(rep).map(<[u8]>::to_vec));
            let expected = error.rep().map(|rep| {
                frame
                    .map_or_else(|| vec![5, rep.byte(), 0, 1, 0, 0, 0, 0, 0, 0], |frame| answered(frame, rep))
            });
            assert_eq!(answer, expected, "{error:?}");
            if let Some(answer) = answer {
                assert!(matches!(whole_reply(&answer, None), Err(ReplyError::Refused(_))));
            }
        }
    }
}

/// Our client and our server understand each other, and payload stays payload.
fn round_trip(dst: Dst<'_>, payload: &[u8]) {
    let mut out = [0; 300];
    let length = write_request(dst, &mut out).expect("the buffer is large");
    let mut server = RequestParser::new();
    assert_eq!(server.read(&out[..length]), Ok(Step::Done { rest: &[] }));
    assert!(server.dst() == Some(dst));
    let reply = server.reply(Rep::Succeeded).expect("a complete request");
    let sent = [reply, payload].concat();
    for echo in [None, Some(dst)] {
        assert_eq!(ReplyParser::new().read(&sent, echo), Ok(Step::Done { rest: payload }));
    }
}

fn answered(frame: &[u8], rep: Rep) -> Vec<u8> {
    [&[5, rep.byte()], &frame[2..]].concat()
}

fn whole_greeting(bytes: &[u8]) -> Verdict<GreetingError> {
    match bytes {
        [] | [5] => Ok(None),
        [5, 0, ..] => Err(GreetingError::NoMethods),
        [5, count, methods @ ..] => match methods.get(..usize::from(*count)) {
            None => Ok(None),
            Some(methods) if methods.contains(&0) => Ok(Some(2 + methods.len())),
            Some(_) => Err(GreetingError::NoAuthMissing),
        },
        [version, ..] => Err(GreetingError::Version(*version)),
    }
}

fn whole_method(bytes: &[u8]) -> Verdict<MethodError> {
    match bytes {
        [] | [5] => Ok(None),
        [5, 0, ..] => Ok(Some(2)),
        [5, 0xff, ..] => Err(MethodError::NoneAccepted),
        [5, 2, ..] => Err(MethodError::PasswordWanted),
        [5, method, ..] => Err(MethodError::NotOffered(*method)),
        [version, ..] => Err(MethodError::Version(*version)),
    }
}

/// Length of a request or reply by its head, if that is there and its address type exists.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [_, _, _, 1, ..] => Some(10),
        [_, _, _, 4, ..] => Some(22),
        [_, _, _, 3, length, ..] => Some(7 + usize::from(*length)),
        _ => None,
    }
}

fn whole_reply(bytes: &[u8], echo: Option<Dst<'_>>) -> Verdict<ReplyError> {
    match bytes {
        [version, ..] if *version != 5 => return Err(ReplyError::Version(*version)),
        [_, rep, ..] if *rep != 0 => return Err(ReplyError::Refused(Rep::from_byte(*rep))),
        _ => {}
    }
    let length = frame_length(bytes);
    if let Some(dst) = echo {
        let text = dst.as_bytes();
        let wanted = [&[5, 0, 0, 3, text.len() as u8], text, &[0, 0]].concat();
        let same = wanted.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        // A reserved byte that is wrong comes before an address type that is.
        if same < 3.min(bytes.len()) {
            return Err(ReplyError::NotEcho);
        }
        if same < wanted.len().min(bytes.len()) && !matches!(bytes.get(3), Some(0 | 2 | 5..)) {
            return Err(ReplyError::NotEcho);
        }
    }
    match bytes {
        [_, _, _, 1 | 3 | 4, ..] => Ok(length.filter(|length| *length <= bytes.len())),
        [_, _, _, address_type, ..] => Err(ReplyError::AddressType(*address_type)),
        _ => Ok(None),
    }
}

fn whole_request(bytes: &[u8]) -> Verdict<RequestError> {
    match bytes {
        [version, ..] if *version != 5 => return Err(RequestError::Version(*version)),
        [_, _, _, 1 | 3 | 4, ..] => {}
        [_, 1, _, address_type, ..] => return Err(RequestError::AddressType(*address_type)),
        [_, command, _, _, ..] => return Err(RequestError::Command(*command)),
        _ => return Ok(None),
    }
    let Some(frame) = frame_length(bytes).and_then(|length| bytes.get(..length)) else { return Ok(None) };
    match frame {
        [_, 1, 0, 3, length, .., 0, 0] => match &frame[5..frame.len() - 2] {
            [] => Err(RequestError::Dst(DstError::Empty)),
            text if text.iter().all(|byte| (0x21..0x7f).contains(byte)) => Ok(Some(7 + usize::from(*length))),
            _ => Err(RequestError::Dst(DstError::Character)),
        },
        [_, 1, 0, 3, .., high, low] => Err(RequestError::Port(u16::from(*high) << 8 | u16::from(*low))),
        [_, 1, reserved, 3, ..] => Err(RequestError::Reserved(*reserved)),
        [_, 1, _, address_type, ..] => Err(RequestError::AddressType(*address_type)),
        [_, command, ..] => Err(RequestError::Command(*command)),
        [] | [_] => Ok(None),
    }
}
