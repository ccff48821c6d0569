//! The examples of RFC 7515 (appendix A) and RFC 8037 (appendix A.4). Their claims name no audience, so that only the
//! signature can be checked.

use crate::config::Algorithm;
use crate::config::Jwks;
use crate::identity::jwt::Token;
use crate::identity::jwt::jwks;
use crate::identity::jwt::keys::KeySet;
use crate::verdict::Reason;
use serde_json::{Value, json};

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn keys(algorithm: Algorithm, key: Value) -> KeySet {
    let config = Jwks {
        inline: Some(json!({"keys": [key]})),
        ..Jwks::default()
    };
    let mut problems = Vec::new();
    let keys = jwks::compile("", &config, &[algorithm], &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    keys.unwrap()
}

#[track_caller]
fn verifies(algorithm: Algorithm, key: Value, token: &str) {
    let keys = keys(algorithm, key);
    assert!(keys.verify(&Token::parse(token).unwrap()).is_ok());
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (first, rest) = signature.split_at(1);
    let other = if first == "A" { "B" } else { "A" };
    let forged = format!("{input}.{other}{rest}");
    let refusal = keys.verify(&Token::parse(&forged).unwrap()).err().unwrap();
    assert_eq!(refusal.reason, Reason::JwtSignature);
}

#[test]
fn rfc_7515_a_1_hs256() {
    verifies(
        Algorithm::HS256,
        json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}),
        &format!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ),
    );
}

#[test]
fn rfc_7515_a_2_rs256() {
    verifies(
        Algorithm::RS256,
        json!({
            "kty": "RSA",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            "e": "AQAB"
        }),
        &format!(
            "eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
    );
}

#[test]
fn rfc_7515_a_3_es256() {
    verifies(
        Algorithm::ES256,
        json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        }),
        &format!(
            "eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
    );
}

/// The payload of this example is a sentence, which is no token: the signature is checked below the token's reader.
#[test]
fn rfc_8037_a_4_ed25519() {
    let keys = keys(
        Algorithm::EdDSA,
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
    );
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert!(keys.keys[0].signed(input, signature, Algorithm::EdDSA));
    assert!(!keys.keys[0].signed(&format!("{input}A"), signature, Algorithm::EdDSA));
    let refusal = Token::parse(&format!("{input}.{signature}")).err().unwrap();
    assert_eq!(refusal.reason, Reason::JwtMalformed);
}
