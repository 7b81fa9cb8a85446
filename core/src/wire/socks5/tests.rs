//! The vectors SK-01..17 of both sides, and what hostile peers send (the parsers' share of ATK-28).
use super::*;
use std::vec::Vec;

const SK_03: &[u8] = b"\x05\x01\x00\x03\x2898b8d688d0f5d895fd41c5e7309a2e9e33ba32ff\x00\x00";
const SK_04: &[u8] = b"\x05\x00\x00\x03\x2898b8d688d0f5d895fd41c5e7309a2e9e33ba32ff\x00\x00";
const SK_06: &[u8] = b"\x05\x02\x00\x03\x2898b8d688d0f5d895fd41c5e7309a2e9e33ba32ff\x00\x00";
const SK_10: &[u8] = b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00";
const SK_11: &[u8] = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00";
const SK_12: &[u8] =
    b"\x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00";
const SK_13: &[u8] = b"\x05\x01\x00\x03\x00\x00\x00";
const SK_15: &[u8] = b"\x05\x03\x00\x03\x2898b8d688d0f5d895fd41c5e7309a2e9e33ba32ff\x00\x00";
const SK_16: &[u8] = b"\x05\x01\x00\x03\x2898b8d688d0f5d895fd41c5e7309a2e9e33ba32ff\x00\x01";
const SK_17: &[u8] = b"\x05\x01\x00\x03\x2898B8D688D0F5D895FD41C5E7309A2E9E33BA32FF\x00\x00";

const PAYLOAD: &[u8] = b"\xde\xad\xbe\xef";

fn s5_01() -> Digest {
    Digest::new("vxf9n471bn46", "requester@example.com/foo", "target@example.org/bar").unwrap()
}

fn greeting(bytes: &[u8]) -> Result<Step<'_>, GreetingError> {
    GreetingParser::new().read(bytes)
}

fn method(bytes: &[u8]) -> Result<Step<'_>, MethodError> {
    MethodParser::new().read(bytes)
}

fn lenient(bytes: &[u8]) -> Result<Step<'_>, ReplyError> {
    ReplyParser::new().read(bytes, None)
}

fn strict(bytes: &[u8]) -> Result<Step<'_>, ReplyError> {
    ReplyParser::new().read(bytes, Some(s5_01().dst()))
}

/// The verdict on a request and, if it is refused with an answer, that answer.
fn refused(bytes: &[u8]) -> (RequestError, Option<Vec<u8>>) {
    let mut parser = RequestParser::new();
    let error = parser.read(bytes).unwrap_err();
    assert!(parser.dst().is_none(), "{error:?} has a destination");
    assert_eq!(parser.reply(Rep::Succeeded), None, "{error:?} was granted");
    (error, error.rep().map(|rep| parser.reply(rep).unwrap().to_vec()))
}

const fn done(rest: &[u8]) -> Step<'_> {
    Step::Done { rest }
}

/// SK-03 with some bytes replaced.
fn altered(changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = SK_03.to_vec();
    changes.iter().for_each(|(at, byte)| bytes[*at] = *byte);
    bytes
}

#[test]
fn s5b_20_the_greeting_is_sk_01_and_the_choice_exactly_two_bytes() {
    assert_eq!(GREETING, [5, 1, 0]);
    assert_eq!(METHOD_ACCEPTED, [5, 0]);
    assert_eq!(METHOD_REFUSED, [5, 0xff]);
    assert_eq!(method(&[5]), Ok(Step::More));
    assert_eq!(method(&[5, 0]), Ok(done(b"")));
    assert_eq!(method(&[SK_11, PAYLOAD].concat()), Ok(done(&[SK_11, PAYLOAD].concat()[2..])));
    assert_eq!(method(&[5, 0xff]), Err(MethodError::NoneAccepted));
    assert_eq!(method(&[5, 2]), Err(MethodError::PasswordWanted));
    assert_eq!(method(&[5, 1]), Err(MethodError::NotOffered(1)));
    assert_eq!(method(&[4, 0]), Err(MethodError::Version(4)));
    assert_eq!(method(b"HTTP/1.1 400 "), Err(MethodError::Version(b'H')));
}

#[test]
fn s5b_21_the_choice_and_the_reply_may_come_in_one_read() {
    let bytes = [&METHOD_ACCEPTED, SK_04, PAYLOAD].concat();
    let rest = &bytes[2..];
    assert_eq!(method(&bytes), Ok(done(rest)));
    assert_eq!(strict(rest), Ok(done(PAYLOAD)));
    assert_eq!(lenient(rest), Ok(done(PAYLOAD)));
}

#[test]
fn s5b_22_the_request_is_47_bytes_for_a_digest() {
    let mut out = [0xaa; REQUEST_BYTES_MAX];
    let length = write_request(s5_01().dst(), &mut out);
    assert_eq!(length, Some(47));
    assert_eq!(&out[..47], SK_03);
    assert!(out[47..].iter().all(|byte| *byte == 0xaa), "wrote behind the request");
    assert_eq!(write_request(s5_01().dst(), &mut out[..46]), None);
}

#[test]
fn s5b_22_a_foreign_destination_goes_with_its_own_length() {
    for length in [1, 39, 254, 255usize] {
        let text: Vec<u8> = (0..length).map(|at| b'!' + u8::try_from(at % 94).unwrap()).collect();
        let dst = Dst::parse(&text).unwrap();
        let mut out = [0; REQUEST_BYTES_MAX];
        let written = write_request(dst, &mut out).unwrap();
        let expected = [&[5, 1, 0, 3, u8::try_from(length).unwrap()], text.as_slice(), &[0, 0]].concat();
        assert_eq!(out[..written], expected);
        let mut parser = RequestParser::new();
        assert_eq!(parser.read(&out[..written]), Ok(done(b"")));
        assert_eq!(parser.dst(), Some(dst));
        let reply = parser.reply(Rep::Succeeded).unwrap();
        assert_eq!(ReplyParser::new().read(reply, Some(dst)), Ok(done(b"")));
    }
}

#[test]
fn s5b_23_replies_of_all_address_types_end_where_they_end() {
    let empty_domain = b"\x05\x00\x00\x03\x00\x00\x00";
    let mut long = std::vec![5, 0, 0, 3, 255];
    long.extend([0xff; 257]);
    for (reply, length) in [(SK_04, 47), (SK_11, 10), (SK_12, 22), (empty_domain.as_slice(), 7), (&long, 262)]
    {
        assert_eq!(reply.len(), length);
        assert_eq!(lenient(&reply[..length - 1]), Ok(Step::More));
        assert_eq!(lenient(reply), Ok(done(b"")));
        assert_eq!(lenient(&[reply, PAYLOAD].concat()), Ok(done(PAYLOAD)));
        // A second reply is payload like anything else; the size and hash of the file find it.
        assert_eq!(lenient(&[reply, reply].concat()), Ok(done(reply)));
    }
}

#[test]
fn s5b_23_every_code_but_00_is_a_refusal() {
    for byte in 1..=255 {
        let reply = [&[5, byte], &SK_04[2..]].concat();
        let expected = Err(ReplyError::Refused(Rep::from_byte(byte)));
        assert_eq!(lenient(&reply), expected);
        assert_eq!(strict(&reply), expected);
        assert_eq!(matches!(Rep::from_byte(byte), Rep::Unassigned(_)), byte > 8);
        assert_eq!(Rep::from_byte(byte).byte(), byte);
    }
    assert_eq!(lenient(SK_06), Err(ReplyError::Refused(Rep::NotAllowed)));
    assert_eq!(lenient(SK_13), Err(ReplyError::Refused(Rep::GeneralFailure)));
    let mut parser = ReplyParser::new();
    // SK-14: a refusal that a peer cut short.
    assert_eq!(parser.read(&SK_13[..2], None), Err(ReplyError::Refused(Rep::GeneralFailure)));
}

#[test]
fn s5b_23_strict_mode_wants_the_request_back() {
    assert_eq!(strict(SK_04), Ok(done(b"")));
    for reply in [SK_11, SK_12, b"\x05\x00\x00\x03\x00\x00\x00".as_slice()] {
        assert_eq!(strict(reply), Err(ReplyError::NotEcho));
    }
    for at in 2..SK_04.len() {
        let mut reply = SK_04.to_vec();
        reply[at] ^= 0x20;
        let expected = if at == 3 { ReplyError::AddressType(0x23) } else { ReplyError::NotEcho };
        assert_eq!(strict(&reply), Err(expected), "byte {at}");
        // What lenient mode does not look at: the reserved byte, the text, the port.
        assert_eq!(lenient(&reply).is_ok(), at != 3, "byte {at}");
    }
}

#[test]
fn replies_of_other_versions_and_address_types_are_refused() {
    assert_eq!(lenient(b"\x04"), Err(ReplyError::Version(4)));
    assert_eq!(lenient(b"\x00\x5a\0\0\0\0\0\0"), Err(ReplyError::Version(0)));
    for address_type in [0, 2, 5, 255] {
        let bytes = [5, 0, 0, address_type, 0, 0, 0, 0, 0, 0];
        assert_eq!(lenient(&bytes), Err(ReplyError::AddressType(address_type)));
    }
}

#[test]
fn s5b_31_greetings_with_the_plain_method_are_accepted_wherever_it_stands() {
    let mut many = [1; 257];
    (many[0], many[1], many[256]) = (5, 255, 0);
    // SK-01 and SK-07 among them.
    for bytes in [&GREETING[..], &[5, 3, 1, 2, 0], &[5, 2, 0, 1], &many] {
        assert_eq!(greeting(&bytes[..bytes.len() - 1]), Ok(Step::More));
        assert_eq!(greeting(bytes), Ok(done(b"")));
        assert_eq!(greeting(&[bytes, SK_03].concat()), Ok(done(SK_03)));
    }
}

#[test]
fn s5b_31_greetings_without_it_are_refused_with_an_answer_and_other_protocols_without() {
    assert_eq!(greeting(&[5, 2, 1, 2]), Err(GreetingError::NoAuthMissing)); // SK-08
    assert_eq!(greeting(&[5, 0]), Err(GreetingError::NoMethods)); // SK-09
    assert_eq!(greeting(SK_10), Err(GreetingError::Version(4)));
    assert_eq!(greeting(b"GET / HTTP/1.1\r\n"), Err(GreetingError::Version(b'G')));
    // The zero of the second byte, or of what follows, is no method.
    assert_eq!(greeting(&[5, 1, 2, 0]), Err(GreetingError::NoAuthMissing));
    for refused in [GreetingError::NoAuthMissing, GreetingError::NoMethods] {
        assert_eq!(refused.answer(), Some(&[5, 0xff]));
    }
    assert_eq!(GreetingError::Version(4).answer(), None);
}

#[test]
fn s5b_33_success_is_the_request_repeated_and_nothing_else() {
    let mut parser = RequestParser::new();
    assert_eq!(parser.reply(Rep::NotAllowed), None, "an answer before the request");
    assert_eq!(parser.read(&[SK_03, PAYLOAD].concat()), Ok(done(PAYLOAD)));
    assert_eq!(parser.dst(), Some(s5_01().dst()));
    assert_eq!(parser.reply(Rep::Succeeded), Some(SK_04));
    assert_eq!(parser.reply(Rep::NotAllowed), Some(SK_06));
    assert_eq!(parser.dst(), Some(s5_01().dst()));
}

#[test]
fn s5b_32_requests_for_something_else_are_refused_with_the_request_repeated() {
    for command in [0, 2, 3, 4, 255] {
        let answer = altered(&[(1, 7)]);
        assert_eq!(refused(&altered(&[(1, command)])), (RequestError::Command(command), Some(answer)));
    }
    assert_eq!(refused(SK_15).1, Some(altered(&[(1, 7)])));
    assert_eq!(refused(SK_16), (RequestError::Port(1), Some(altered(&[(1, 2), (46, 1)]))));
    let high_port = altered(&[(45, 0x1f), (46, 0x90)]);
    assert_eq!(refused(&high_port).0, RequestError::Port(8080));
    assert_eq!(refused(&altered(&[(2, 9)])), (RequestError::Reserved(9), Some(altered(&[(1, 1), (2, 9)]))));
    assert_eq!(
        refused(b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"),
        (RequestError::AddressType(1), Some(b"\x05\x08\x00\x01\x7f\x00\x00\x01\x00\x50".to_vec()))
    );
    let v6 = [&[5, 1], &SK_12[2..]].concat();
    assert_eq!(refused(&v6), (RequestError::AddressType(4), Some([&[5, 8], &SK_12[2..]].concat())));
}

#[test]
fn s5b_32_upper_case_is_another_destination() {
    let mut parser = RequestParser::new();
    assert_eq!(parser.read(SK_17), Ok(done(b"")));
    assert_ne!(parser.dst(), Some(s5_01().dst()));
    assert_eq!(parser.reply(Rep::NotAllowed), Some([&[5, 2], &SK_17[2..]].concat().as_slice()));
}

#[test]
fn address_types_that_do_not_exist_are_refused_at_once_with_a_reply_of_known_length() {
    let answer = |rep| Some(std::vec![5, rep, 0, 1, 0, 0, 0, 0, 0, 0]);
    for address_type in [0, 2, 5, 255] {
        let bytes = [5, 1, 0, address_type];
        assert_eq!(refused(&bytes), (RequestError::AddressType(address_type), answer(8)));
    }
    assert_eq!(refused(&[5, 9, 0, 9]), (RequestError::Command(9), answer(7)));
}

#[test]
fn texts_that_are_no_destination_are_refused_like_unknown_ones() {
    let empty = b"\x05\x01\x00\x03\x00\x00\x00";
    let answer = b"\x05\x02\x00\x03\x00\x00\x00".to_vec();
    assert_eq!(refused(empty), (RequestError::Dst(DstError::Empty), Some(answer)));
    for byte in [b' ', 0, b'\n', 0x7f, 0xc3] {
        let answer = altered(&[(1, 2), (20, byte)]);
        assert_eq!(refused(&altered(&[(20, byte)])), (RequestError::Dst(DstError::Character), Some(answer)));
    }
    // The longest one fits the fixed room.
    let mut longest = std::vec![5, 1, 0, 3, 255];
    longest.extend([0; 257]);
    let (error, answer) = refused(&longest);
    assert_eq!((error, answer.unwrap().len()), (RequestError::Dst(DstError::Character), REQUEST_BYTES_MAX));
}

#[test]
fn requests_of_other_versions_get_no_answer() {
    assert_eq!(refused(SK_10), (RequestError::Version(4), None));
    assert_eq!(refused(b"\x16\x03\x01"), (RequestError::Version(0x16), None));
}

#[test]
fn a_request_is_answered_once_it_is_whole() {
    let mut parser = RequestParser::new();
    assert_eq!(parser.read(&SK_03[..46]), Ok(Step::More));
    assert_eq!(parser.dst(), None);
    assert_eq!(parser.reply(Rep::GeneralFailure), None);
    assert_eq!(parser.read(&SK_03[46..]), Ok(done(b"")));
    assert_eq!(parser.reply(Rep::Succeeded), Some(SK_04));
}

#[test]
fn a_parser_that_is_done_takes_nothing_more_and_one_that_refused_refuses_for_ever() {
    let mut parser = ReplyParser::new();
    for (piece, expected) in [(SK_04, Ok(done(b""))), (PAYLOAD, Ok(done(PAYLOAD))), (SK_04, Ok(done(SK_04)))]
    {
        assert_eq!(parser.read(piece, None), expected);
    }
    let mut parser = GreetingParser::new();
    for piece in [&[5, 1, 2], &[5, 1, 0]] {
        assert_eq!(parser.read(piece), Err(GreetingError::NoAuthMissing));
    }
    let mut parser = RequestParser::new();
    for piece in [SK_16, SK_03] {
        assert_eq!(parser.read(piece), Err(RequestError::Port(1)));
    }
    assert_eq!(parser.reply(Rep::NotAllowed), Some(altered(&[(1, 2), (46, 1)]).as_slice()));
}

#[test]
fn the_splits_of_the_vectors_change_nothing() {
    for pieces in [std::vec![1, 46], std::vec![4, 43], std::vec![5, 42], std::vec![46, 1], std::vec![1; 47]] {
        let (mut request, mut reply) = (RequestParser::new(), ReplyParser::new());
        let mut from = 0;
        for length in pieces {
            let to = from + length;
            let expected = if to == 47 { done(b"") } else { Step::More };
            assert_eq!(request.read(&SK_03[from..to]), Ok(expected));
            assert_eq!(reply.read(&SK_04[from..to], Some(s5_01().dst())), Ok(expected));
            assert_eq!(request.dst().is_some(), to == 47, "a destination before the end");
            from = to;
        }
        assert_eq!(request.dst(), Some(s5_01().dst()));
        assert_eq!(request.reply(Rep::Succeeded), Some(SK_04));
    }
}

#[test]
fn empty_pieces_change_nothing() {
    let mut parser = ReplyParser::new();
    assert_eq!(parser.read(b"", None), Ok(Step::More));
    assert_eq!(parser.read(&SK_11[..5], None), Ok(Step::More));
    assert_eq!(parser.read(b"", None), Ok(Step::More));
    assert_eq!(parser.read(&SK_11[5..], None), Ok(done(b"")));
    assert_eq!(parser.read(b"", None), Ok(done(b"")));
}

#[test]
fn room_is_fixed() {
    assert!(size_of::<RequestParser>() <= REQUEST_BYTES_MAX + 32);
    assert!(size_of::<ReplyParser>() <= 16 && size_of::<GreetingParser>() <= 8);
}
