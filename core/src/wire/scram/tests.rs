use super::*;

const NONCE: &[u8] = b"rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const BINDING: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31,
];
const CEILING: u32 = 1_000_000;

struct Exchange<'v> {
    hash: Hash,
    binding: Binding<'v>,
    user: &'v str,
    password: &'v str,
    nonce: &'v [u8],
    client_first: &'v str,
    server_first: &'v str,
    client_final: &'v str,
    server_final: &'v str,
}

const SC_02: Exchange<'static> = Exchange {
    hash: Hash::Sha256,
    binding: Binding::Unsupported,
    user: "user",
    password: "pencil",
    nonce: NONCE,
    client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    server_first: SERVER_FIRST,
    client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

/// Vectors SC-01 .. SC-07.
const EXCHANGES: &[Exchange<'static>] = &[
    Exchange {
        hash: Hash::Sha1,
        nonce: b"fyko+d2lbbFgONRv9qkxdawL",
        client_first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ..SC_02
    },
    SC_02,
    Exchange {
        binding: Binding::Exporter(&BINDING),
        client_first: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        client_final: "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
        server_final: "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=",
        ..SC_02
    },
    Exchange {
        binding: Binding::ServerEndPoint(&BINDING),
        client_first: "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        client_final: "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=nY1Wus9a+gM2DrbQ1msXFgyhW6KM5ktOxWiU+/P/EGY=",
        server_final: "v=RwppMGddhz/J0lFYaRReBjXcQeNUFP5Qc76Lo5Exrig=",
        ..SC_02
    },
    Exchange {
        binding: Binding::NotOffered,
        client_first: "y,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        client_final: "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
        server_final: "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=",
        ..SC_02
    },
    Exchange {
        hash: Hash::Sha1,
        user: "a,b=c",
        password: "p,w=1",
        nonce: b"abc123",
        client_first: "n,,n=a=2Cb=3Dc,r=abc123",
        server_first: "r=abc123XYZ,s=c2FsdA==,i=4096",
        client_final: "c=biws,r=abc123XYZ,p=WcFWkT/Ws+9JZu0FOa1RGkTI6JM=",
        server_final: "v=eHHoAJBkQsq1Xgy3GR/4nfePWjo=",
        ..SC_02
    },
    Exchange {
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=10000",
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=I+hX8XG0tWfl2g2HWj/5GUriA07kXQNpOUJYt/4DLLo=",
        server_final: "v=h+MsWsqNL8W+nRB4Xk0ilq67/yxMpMWWe8nX0mpzh78=",
        ..SC_02
    },
];

fn text(result: Result<usize, ScramError>, out: &[u8]) -> &str {
    core::str::from_utf8(&out[..result.unwrap()]).unwrap()
}

fn to_final(exchange: &Exchange<'_>, rounds: u32, out: &mut [u8]) -> Scram {
    let mut scram = Scram::new(exchange.hash, exchange.binding, exchange.nonce).unwrap();
    assert_eq!(text(scram.client_first(exchange.user, out), out), exchange.client_first);
    scram.server_first(exchange.server_first.as_bytes(), exchange.password.as_bytes(), CEILING).unwrap();
    while !scram.run(rounds) {}
    assert_eq!(text(scram.client_final(exchange.user, out), out), exchange.client_final);
    scram
}

fn after_server_first(text: &str) -> Result<(), ScramError> {
    let mut scram = Scram::new(Hash::Sha256, Binding::Unsupported, NONCE).unwrap();
    scram.server_first(text.as_bytes(), b"pencil", CEILING)
}

/// SASL-03, SASL-05
#[test]
fn exchanges_match_the_vectors() {
    for exchange in EXCHANGES {
        let mut out = [0u8; 512];
        let mut scram = to_final(exchange, 10_000_000, &mut out);
        assert_eq!(scram.server_final(exchange.server_final.as_bytes()), Ok(()));
        assert!(scram.is_verified());
    }
}

#[test]
fn key_derivation_in_any_step_gives_the_same_proof() {
    for rounds in [0, 1, 7, 4094, 4095, 4096] {
        to_final(&SC_02, rounds, &mut [0u8; 512]);
    }
}

#[test]
fn key_derivation_does_not_run_more_than_it_was_asked() {
    let mut scram = Scram::new(Hash::Sha256, Binding::Unsupported, NONCE).unwrap();
    scram.server_first(SERVER_FIRST.as_bytes(), b"pencil", CEILING).unwrap();
    // The first of 4096 iterations comes with the salt.
    assert!(!scram.run(4094));
    assert!(scram.run(1));
}

/// SASL-05
#[test]
fn hostile_server_first_is_refused() {
    let with = "r=rOprNGfwEbeRWgbNEkqO%hvY";
    let cases = [
        ("SC-10", "r=xOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4096", ScramError::Nonce),
        ("SC-11", "r=rOprNGfwEbeRWgbNEkqO,s=c2FsdA==,i=4096", ScramError::Nonce),
        ("SC-12", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4095", ScramError::Rounds),
        ("SC-13", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=0", ScramError::Malformed),
        ("SC-13", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=-1", ScramError::Malformed),
        ("SC-13", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4096x", ScramError::Malformed),
        ("SC-13", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=", ScramError::Malformed),
        ("SC-13", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=99999999999", ScramError::Rounds),
        ("SC-14", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=1000001", ScramError::Rounds),
        ("SC-15", "m=ext,r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4096", ScramError::Extension),
        ("SC-15", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4096,a=1,m=ext", ScramError::Extension),
        ("SC-16", "s=c2FsdA==,r=rOprNGfwEbeRWgbNEkqO%hvY,i=4096", ScramError::Malformed),
        ("SC-17", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA=,i=4096", ScramError::Salt),
        ("SC-17", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=,i=4096", ScramError::Salt),
        ("nothing", "", ScramError::Malformed),
        ("no salt", with, ScramError::Malformed),
        ("leading zero", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=04096", ScramError::Malformed),
        ("extension without value", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4096,x", ScramError::Malformed),
        ("trailing comma", "r=rOprNGfwEbeRWgbNEkqO%hvY,s=c2FsdA==,i=4096,", ScramError::Malformed),
    ];
    for (id, message, error) in cases {
        assert_eq!(after_server_first(message), Err(error), "{id}: {message}");
    }
    let mut long = [b'x'; SERVER_FIRST_BYTES + 1];
    long[..SERVER_FIRST.len()].copy_from_slice(SERVER_FIRST.as_bytes());
    assert_eq!(after_server_first(core::str::from_utf8(&long).unwrap()), Err(ScramError::TooLong));
}

#[test]
fn extensions_after_the_count_go_into_the_auth_message() {
    // SC-23: the proof must differ from the one without extension, because AuthMessage holds it verbatim.
    let mut out = [0u8; 512];
    let mut scram = Scram::new(Hash::Sha256, Binding::Unsupported, NONCE).unwrap();
    let first =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=1,Y=z=z";
    scram.server_first(first.as_bytes(), b"pencil", CEILING).unwrap();
    assert!(scram.run(5000));
    let client_final = text(scram.client_final("user", &mut out), &out);
    assert_eq!(
        client_final,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=Gb8M8ffkKV+UWkzdudfkh+e68ZMlirT0PHkR8Cps7B4="
    );
}

#[test]
fn forged_server_final_is_refused() {
    let mut out = [0u8; 512];
    let cases = [
        ("SC-18", "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ScramError::Signature),
        ("SC-18, last bit", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=", ScramError::Signature),
        ("trailing bits", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", ScramError::Malformed),
        ("SC-21", "e=invalid-proof", ScramError::Refused),
        ("short signature", "v=6rriTRBi23WpRR/wtup+mMhUZUk=", ScramError::Signature),
        ("empty", "", ScramError::Malformed),
        ("no signature", "v=", ScramError::Malformed),
        ("other attribute", "x=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ScramError::Malformed),
    ];
    for (id, message, error) in cases {
        let mut scram = to_final(&SC_02, 5000, &mut out);
        assert_eq!(scram.server_final(message.as_bytes()), Err(error), "{id}");
        assert!(!scram.is_verified());
    }
}

#[test]
fn messages_out_of_turn_are_refused() {
    let mut out = [0u8; 512];
    let mut scram = Scram::new(Hash::Sha256, Binding::Unsupported, NONCE).unwrap();
    // SC-20: the end before the beginning.
    assert_eq!(scram.server_final(SC_02.server_final.as_bytes()), Err(ScramError::State));
    assert!(!scram.run(1));
    assert_eq!(scram.client_final("user", &mut out), Err(ScramError::State));
    scram.server_first(SERVER_FIRST.as_bytes(), b"pencil", CEILING).unwrap();
    assert_eq!(scram.server_first(SERVER_FIRST.as_bytes(), b"pencil", CEILING), Err(ScramError::State));
    assert_eq!(scram.client_final("user", &mut out), Err(ScramError::State));
    assert_eq!(scram.server_final(SC_02.server_final.as_bytes()), Err(ScramError::State));
}

#[test]
fn small_output_says_what_is_needed_and_can_be_repeated() {
    let mut out = [0u8; 512];
    let scram = Scram::new(Hash::Sha256, Binding::Unsupported, NONCE).unwrap();
    assert_eq!(scram.client_first("user", &mut out[..5]), Err(ScramError::NoSpace { needed: 32 }));
    let mut scram = to_final(&SC_02, 5000, &mut out);
    let needed = SC_02.client_final.len();
    assert_eq!(scram.client_final("user", &mut out[..needed - 1]), Err(ScramError::NoSpace { needed }));
    assert_eq!(scram.client_final("user", &mut out[..needed]), Ok(needed));
}

#[test]
fn passwords_longer_than_the_hash_block_work() {
    // Computed with Python's hashlib: RFC 2104 hashes keys longer than a block first.
    to_final(
        &Exchange {
            hash: Hash::Sha1,
            password: "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
            nonce: b"abc123",
            client_first: "n,,n=user,r=abc123",
            server_first: "r=abc123XYZ,s=c2FsdA==,i=4096",
            client_final: "c=biws,r=abc123XYZ,p=FracmdCgMSf7QV4zir1M0mMriRI=",
            ..SC_02
        },
        5000,
        &mut [0u8; 512],
    );
}

#[test]
fn arguments_out_of_range_are_refused() {
    let long = [b'a'; NONCE_BYTES + 1];
    assert_eq!(Scram::new(Hash::Sha1, Binding::Unsupported, &long).unwrap_err(), ScramError::TooLong);
    assert_eq!(Scram::new(Hash::Sha1, Binding::Exporter(&long), b"a").unwrap_err(), ScramError::TooLong);
    assert_eq!(Scram::new(Hash::Sha1, Binding::Unsupported, b"a,b").unwrap_err(), ScramError::Malformed);
    assert_eq!(Scram::new(Hash::Sha1, Binding::Unsupported, b"").unwrap_err(), ScramError::Malformed);
}
