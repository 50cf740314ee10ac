//! What is taken for a token, and what is not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;

use super::super::lifecycle::TenantState;
use super::super::permissions::Permission;
use super::super::resolve::{KeyName, Tenant};
use super::*;
use crate::cells::CellAddress;

const URL: &str = "https://flows.example.com";

fn key(scopes: Option<&[&str]>) -> AdmittedKey {
    AdmittedKey {
        tenant: Tenant {
            workspace_id: WorkspaceId::new(),
            slug: "acme".into(),
            cell: CellAddress::pooled("cell_1"),
            state: TenantState::Active,
            state_reason: None,
        },
        key: KeyName { key_id: Uuid::now_v7(), name: "service".into() },
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        expires_at: None,
        is_stale: false,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

#[test]
fn a_token_says_what_it_was_made_with_until_it_expires() {
    let tokens = Tokens::new(&KeyRing::generate(), URL);
    let key = key(None);
    let (token, claims) = tokens.sign(&key, Permissions::all_scopes(), 60, now()).unwrap();
    assert!(token.len() < TOKEN_BYTES_MAX / 2, "{}", token.len());
    assert_eq!(tokens.verify(&token, now()), Ok(claims.clone()));
    assert_eq!((claims.aud.as_str(), claims.exp - claims.iat), ("https://flows.example.com/api/v1", 60));
    let last = TimeDelta::seconds(60 + SKEW_S_MAX);
    assert!(tokens.verify(&token, now() + last - TimeDelta::seconds(1)).is_ok());
    assert_eq!(tokens.verify(&token, now() + last), Err(TokenError::Expired));
    let (_, longest) = tokens.sign(&key, Permissions::all_scopes(), i64::MAX, now()).unwrap();
    assert_eq!(longest.exp - longest.iat, LIFE_S_MAX);
    assert!(Tokens::new(&KeyRing::empty(), URL).sign(&key, Permissions::all_scopes(), 60, now()).is_none());
}

#[test]
fn keys_rotate_and_others_sign_nothing_for_us() {
    let (old, new) = (KeyRing::generate().to_text().to_string(), KeyRing::generate().to_text().to_string());
    let tokens = |keys: &str| Tokens::new(&KeyRing::parse(keys).unwrap(), URL);
    let signed = |keys: &str| tokens(keys).sign(&key(None), Permissions::all_scopes(), 60, now()).unwrap().0;
    let both = format!("{new}{old}");
    assert!(tokens(&both).verify(&signed(&old), now()).is_ok());
    assert!(tokens(&new).verify(&signed(&both), now()).is_ok(), "the newest signs");
    assert_eq!(tokens(&new).verify(&signed(&old), now()), Err(TokenError::Foreign));
    // The same id, another key.
    let id = new.split_once(':').unwrap().0.to_owned();
    let forged = signed(&format!("{id}:{}", old.split_once(':').unwrap().1));
    assert_eq!(tokens(&new).verify(&forged, now()), Err(TokenError::Signature));
    let public = tokens(&both).public_keys();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(public.clone()).unwrap();
    assert_eq!(set.keys.len(), 2);
    assert!(public["keys"][0]["d"].is_null() && public["keys"][0]["crv"] == "Ed25519", "{public}");
}

#[test]
fn whoever_touches_a_token_breaks_it() {
    let ring = KeyRing::generate();
    let tokens = Tokens::new(&ring, URL);
    let (token, claims) = tokens.sign(&key(None), Permissions::all_scopes(), 60, now()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let kid = &tokens.keys[0].kid;
    let text = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claimed = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        claims
    };
    let body = text(json!(claimed(|claims| claims.exp += 1)));
    let head = |alg: &str, typ: &str| text(json!({ "alg": alg, "typ": typ, "kid": kid }));
    let elsewhere = Tokens::new(&ring, "https://other.example.com");
    let of_elsewhere = elsewhere.sign(&key(None), Permissions::all_scopes(), 60, now()).unwrap().0;
    for (case, token, expected) in [
        ("another body", format!("{}.{body}.{}", parts[0], parts[2]), TokenError::Signature),
        ("alg none", format!("{}.{}.", head("none", TYPE), parts[1]), TokenError::Foreign),
        ("alg HS256", format!("{}.{}.{}", head("HS256", TYPE), parts[1], parts[2]), TokenError::Foreign),
        ("another typ", format!("{}.{}.{}", head("EdDSA", "JWT"), parts[1], parts[2]), TokenError::Foreign),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), TokenError::Signature),
        ("half of it", parts[..2].join("."), TokenError::Foreign),
        ("too long", format!("{token}{}", "a".repeat(TOKEN_BYTES_MAX)), TokenError::Foreign),
        ("of another installation", of_elsewhere, TokenError::Audience),
        (
            "for another audience",
            tokens.sealed(&claimed(|claims| claims.aud = "https://x.example".into())).unwrap(),
            TokenError::Audience,
        ),
        ("too long a life", tokens.sealed(&claimed(|claims| claims.exp += LIFE_S_MAX)).unwrap(), TokenError::Foreign),
        ("of tomorrow", tokens.sealed(&claimed(|claims| claims.iat += 31)).unwrap(), TokenError::Foreign),
    ] {
        assert_eq!(tokens.verify(&token, now()), Err(expected), "{case}");
    }
}

#[test]
fn a_token_may_do_no_more_than_its_key_may_now() {
    let tokens = Tokens::new(&KeyRing::generate(), URL);
    let wanted = [Permission::WorkflowsRead, Permission::KeysWrite].into_iter().collect();
    let (_, claims) = tokens.sign(&key(None), wanted, 60, now()).unwrap();
    assert_eq!(claims.scope, "workflows.read keys.write");
    let narrowed = claims.narrow(&key(Some(&["workflows.read", "audit.read"])));
    assert_eq!(narrowed.scopes.as_deref(), Some(&["workflows.read".to_owned()][..]));
    assert_eq!(narrowed.expires_at.map(|at| at.timestamp()), Some(claims.exp));
    let sooner = now() + TimeDelta::seconds(5);
    let ending = AdmittedKey { expires_at: Some(sooner), ..key(None) };
    assert_eq!(claims.narrow(&ending).expires_at, Some(sooner));
    let (_, nothing) = tokens.sign(&key(None), Permissions::default(), 60, now()).unwrap();
    assert_eq!(nothing.narrow(&key(None)).scopes, Some(Vec::new()));
}
