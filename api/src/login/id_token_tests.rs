//! What is taken for an ID token, and what is not.

use jsonwebtoken::{EncodingKey, encode};
use serde_json::json;

use super::*;

/// RFC 8410's head of an Ed25519 key, before its seed.
const PKCS8_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

fn signer(seed: u8, kid: &str) -> (EncodingKey, Jwk) {
    let key = EncodingKey::from_ed_der(&[PKCS8_HEAD.as_slice(), &[seed; 32]].concat());
    let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
    public.common.key_id = Some(kid.into());
    (key, public)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn expected() -> Expected<'static> {
    Expected { issuer: "https://login.example.com", client_id: "capstan", nonce: "n-1", now: now() }
}

fn said() -> Value {
    let now_s = now().timestamp();
    json!({
        "iss": "https://login.example.com", "aud": "capstan", "sub": "u1", "nonce": "n-1", "iat": now_s, "exp": now_s + 60,
        "email": "ada@example.com", "email_verified": true,
    })
}

/// Signed by the key of that seed, under that id.
fn token(claims: &Value, seed: u8, kid: Option<&str>) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, &signer(seed, "").0).unwrap()
}

#[test]
fn every_claim_is_held_to_what_is_expected() {
    let keys = [signer(1, "a").1, signer(2, "b").1];
    let now_s = now().timestamp();
    let none = BadToken::Form(String::new());
    let cases = [
        ("nothing", json!({}), None),
        ("shared, for us", json!({ "aud": ["capstan", "other"], "azp": "capstan" }), None),
        ("a little old", json!({ "exp": now_s - 59 }), None),
        ("iss", json!({ "iss": "https://login.example.com/" }), Some(BadToken::Issuer)),
        ("aud", json!({ "aud": "other" }), Some(BadToken::Audience)),
        ("no azp", json!({ "aud": ["capstan", "other"] }), Some(BadToken::Audience)),
        ("azp", json!({ "azp": "other" }), Some(BadToken::Audience)),
        ("exp", json!({ "exp": now_s - 60 }), Some(BadToken::Time)),
        ("iat", json!({ "iat": now_s + 61 }), Some(BadToken::Time)),
        ("nbf", json!({ "nbf": now_s + 61 }), Some(BadToken::Time)),
        ("nonce", json!({ "nonce": "n-2" }), Some(BadToken::Nonce)),
        ("no nonce", json!({ "nonce": null }), Some(BadToken::Nonce)),
        ("sub", json!({ "sub": "" }), Some(none)),
    ];
    for (case, change, bad) in cases {
        let mut claims = said();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let found = judge(&token(&claims, 2, Some("b")), &keys, &expected()).map(|subject| subject.sub);
        match (found, bad) {
            (Ok(sub), None) => assert_eq!(sub, "u1", "{case}"),
            (Err(BadToken::Form(_)), Some(BadToken::Form(_))) => {}
            (found, bad) => assert_eq!(found.err(), bad, "{case}"),
        }
    }
}

#[test]
fn only_a_key_of_the_provider_signs_for_it() {
    let keys = [signer(1, "a").1, signer(2, "b").1];
    let judged = |token: &str, keys: &[Jwk]| judge(token, keys, &expected()).map(|it| it.sub);
    assert_eq!(judged(&token(&said(), 1, Some("b")), &keys), Err(BadToken::Signature));
    assert_eq!(judged(&token(&said(), 1, Some("c")), &keys), Err(BadToken::NoKey));
    assert_eq!(judged(&token(&said(), 1, None), &keys), Err(BadToken::NoKey), "one of two is a guess");
    assert_eq!(judged(&token(&said(), 1, None), &keys[..1]), Ok("u1".into()));
    let mut sealing = keys[0].clone();
    sealing.common.public_key_use = Some(PublicKeyUse::Encryption);
    assert_eq!(judged(&token(&said(), 1, Some("a")), &[sealing]), Err(BadToken::NoKey));
    // With the public key as a secret, as if it were HMAC.
    let AlgorithmParameters::OctetKeyPair(public) = &keys[0].algorithm else { panic!("{keys:?}") };
    let header = Header { kid: Some("a".into()), ..Header::new(Algorithm::HS256) };
    let forged = encode(&header, &said(), &EncodingKey::from_secret(public.x.as_bytes()).unwrap()).unwrap();
    assert_eq!(judged(&forged, &keys), Err(BadToken::Algorithm));
    let body = token(&said(), 1, Some("a"));
    let body = body.split('.').nth(1).unwrap();
    // {"alg":"none"}
    assert_eq!(judged(&format!("eyJhbGciOiJub25lIn0.{body}."), &keys), Err(BadToken::Algorithm));
}

#[test]
fn an_address_is_verified_only_where_the_provider_says_so() {
    let keys = [signer(1, "a").1];
    for (word, verified) in [(json!(true), true), (json!("true"), true), (json!(false), false), (json!(1), false)] {
        let mut claims = said();
        claims["email_verified"] = word;
        assert_eq!(judge(&token(&claims, 1, None), &keys, &expected()).unwrap().email_verified, verified);
    }
    let mut claims = said();
    claims.as_object_mut().unwrap().remove("email_verified");
    assert!(!judge(&token(&claims, 1, None), &keys, &expected()).unwrap().email_verified);
}
