use super::*;
use crate::host::fake::{Fake, Verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Takes a question apart: hash, key, signature, text.
fn fields(mut question: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((tag, rest)) = question.split_first() {
        assert_eq!(usize::from(*tag), (out.len() + 1) << 3 | 2);
        let (mut length, mut shift, mut rest) = (0_usize, 0, rest);
        loop {
            let (byte, after) = rest.split_first().unwrap();
            length |= usize::from(byte & 0x7f) << shift;
            (shift, rest) = (shift + 7, after);
            if *byte < 0x80 {
                break;
            }
        }
        let (value, after) = rest.split_at(length);
        out.push(value.to_vec());
        question = after;
    }
    out
}

fn right(question: &[u8]) -> Option<Vec<u8>> {
    let good = fields(question)[3] == vectors::TEXT;
    Some(if good {
        vec![8, 1]
    } else {
        vec![0x12, 1, b'x']
    })
}

fn host(verify: Verify) -> Fake {
    let host = Fake::default();
    host.state.borrow_mut().verify = Some(verify);
    host
}

#[test]
fn the_vectors_hold() {
    for vector in vectors::all() {
        let make = DEFAULT_PROVIDER.verifier_factory;
        let verifier = make(&vector.algorithm, &vector.key()).unwrap();
        let signature = vector.signature.to_vec();
        assert!(verifier.verify(vectors::TEXT, &signature).is_ok());
        assert!(verifier.verify(vectors::OTHER_TEXT, &signature).is_err());
    }
}

#[test]
fn a_proxy_is_trusted_with_what_it_has_proven() {
    let five = [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::ES256,
        Algorithm::ES384,
    ];
    assert_eq!(proven(host(right)), five);
    let without_sha512 = |question: &[u8]| {
        (fields(question)[0] != b"sha512")
            .then(|| right(question))
            .flatten()
    };
    assert_eq!(
        proven(host(without_sha512)),
        [
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::ES256,
            Algorithm::ES384
        ]
    );
    let untrustworthy: [Verify; 5] = [
        |_| None,
        |_| Some(Vec::new()),
        |_| Some(vec![8, 1]),
        |_| Some(vec![8, 0]),
        |_| Some(vec![8, 1, 8, 1]),
    ];
    for verify in untrustworthy {
        assert_eq!(proven(host(verify)), []);
    }
}

#[test]
fn a_proxy_that_falls_silent_makes_no_token_wrong() {
    for vector in vectors::all() {
        let key = vector.key();
        let verifier = Delegated::new(host(|_| None), vector.algorithm, &key).unwrap();
        let signature = vector.signature.to_vec();
        assert!(verifier.verify(vectors::TEXT, &signature).is_ok());
        assert!(verifier.verify(vectors::OTHER_TEXT, &signature).is_err());
    }
}

#[test]
fn the_log_says_who_verifies() {
    assert_eq!(
        sentence(&[Algorithm::RS256, Algorithm::ES256]),
        "meshward: the proxy verifies signatures of RS256, ES256; RustCrypto those of all others"
    );
    assert!(sentence(&[]).contains("RustCrypto"));
}

#[test]
fn what_the_proxy_cannot_do_stays_here() {
    let secret = DecodingKey::from_secret(&[7; 64]);
    let rsa = &vectors::all()[0].key();
    for (algorithm, key) in [
        (Algorithm::HS256, &secret),
        (Algorithm::PS256, rsa),
        (Algorithm::ES256, rsa),
        (Algorithm::RS256, &secret),
        (Algorithm::ES256, &secret),
    ] {
        assert!(Delegated::new(host(right), algorithm, key).is_none());
    }
}

#[test]
fn a_signature_of_another_length_never_reaches_the_proxy() {
    for vector in vectors::all() {
        let key = vector.key();
        let holds = host(|_| Some(HOLDS.to_vec()));
        let verifier = Delegated::new(holds, vector.algorithm, &key).unwrap();
        if verifier.scheme.curve.is_none() {
            continue;
        }
        let (short, zeros) = (&vector.signature[1..], vec![0; vector.signature.len()]);
        let long = [vector.signature, &[0]].concat();
        for wrong in [short, &long, &zeros, &[]] {
            assert_eq!(verifier.ask(vectors::TEXT, wrong), Some(false));
        }
    }
}

#[test]
fn an_rsa_key_is_written_as_openssl_writes_it() {
    let pem = include_str!("../../../testdata/keys/rsa.pub.pem");
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let expected = STANDARD.decode(text).unwrap();
    // The modulus of 2048 bits ends five bytes before the end: the exponent is 65537.
    let (rest, exponent) = expected.split_at(expected.len() - 3);
    let modulus = &rest[rest.len() - 2 - 256..rest.len() - 2];
    assert_eq!(rsa_public_key(modulus, exponent).unwrap().whole, expected);
    let padded = [&[0, 0], modulus].concat();
    assert_eq!(rsa_public_key(&padded, exponent).unwrap().whole, expected);
    assert_eq!(rsa_public_key(&[], exponent), None);
    assert_eq!(rsa_public_key(modulus, &[0]), None);
    assert_eq!(rsa_public_key(&[1; 70_000], exponent), None);
}

#[test]
fn an_ec_key_is_its_point_behind_the_name_of_its_curve() {
    for (curve, vector, length) in [(Curve::P256, 3, 91), (Curve::P384, 4, 120)] {
        let key = vectors::all()[vector].key();
        let point = key.try_get_as_bytes().unwrap();
        let public = ec_public_key(curve, point).unwrap();
        assert_eq!(public.bare(), point);
        let der = public.whole;
        assert_eq!((der.len(), usize::from(der[1])), (length, length - 2));
        assert!(der.ends_with(point));
        assert_eq!(ec_public_key(curve, &point[1..]), None);
        let compressed = [&[2], &point[1..]].concat();
        assert_eq!(ec_public_key(curve, &compressed), None);
    }
    let point = [&[4][..], &[1; 64]].concat();
    assert_eq!(ec_public_key(Curve::P384, &point), None);
}

#[test]
fn halves_become_integers_of_the_least_length() {
    let mut halves = [0; 64];
    halves[31] = 0x7f;
    halves[63] = 0x80;
    assert_eq!(
        der_signature(Curve::P256, &halves).unwrap(),
        [0x30, 7, 2, 1, 0x7f, 2, 2, 0, 0x80]
    );
    let all = der_signature(Curve::P384, &[0xff; 96]).unwrap();
    assert_eq!((all.len(), &all[..5]), (104, &[0x30, 102, 2, 49, 0][..]));
    halves[31] = 0;
    assert_eq!(der_signature(Curve::P256, &halves), None, "r is zero");
}

#[test]
fn a_question_has_its_lengths_in_as_many_bytes_as_they_need() {
    let long = vec![5; 300];
    assert_eq!(
        question("sha256", &[1, 2], &[], &long),
        [
            b"\x0a\x06sha256\x12\x02\x01\x02\x1a\x00\x22\xac\x02",
            &long[..]
        ]
        .concat()
    );
    let parts = fields(&question("h", &[3; 127], &[4; 128], &[5; 20_000]));
    let lengths: Vec<_> = parts.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 127, 128, 20_000]);
}
