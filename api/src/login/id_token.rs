//! Judging an ID token: OpenID Connect Core 1.0, section 3.1.3.7.

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// How far the provider's clock may be from ours, in seconds.
const SKEW_S_MAX: i64 = 60;
/// Longest ID token, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Longest `sub`, in bytes, as the standard has it.
const SUBJECT_BYTES_MAX: usize = 255;
/// Asymmetric ones only: `none`, and those where who verifies could sign, are no proof.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What an ID token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: DateTime<Utc>,
}

/// Whom it is about.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Subject {
    /// The provider's word for them.
    pub(crate) sub: String,
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(flatten)]
    subject: Subject,
    aud: Value,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
}

/// What is wrong with an ID token.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum BadToken {
    #[error("it cannot be read: {0}")]
    Form(String),
    #[error("it is signed with an algorithm that proves nothing here")]
    Algorithm,
    #[error("the provider has no key that fits")]
    NoKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is from another issuer")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it has expired, or begins later")]
    Time,
    #[error("it belongs to another login")]
    Nonce,
}

/// Whom `token` is about, if it is good.
pub(super) fn judge(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Subject, BadToken> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(BadToken::Form(format!("it has more than {TOKEN_BYTES_MAX} bytes")));
    }
    // An algorithm that the library does not know, such as none, is no header to it.
    let header = decode_header(token).map_err(|error| match error.kind() {
        ErrorKind::Json(error) if error.to_string().contains("unknown variant") => BadToken::Algorithm,
        _ => BadToken::Form(error.to_string()),
    })?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(BadToken::Algorithm);
    }
    let key = fitting(keys, &header).ok_or(BadToken::NoKey)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| BadToken::NoKey)?;
    let mut wanted = Validation::new(header.alg);
    wanted.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    wanted.set_issuer(&[expected.issuer]);
    wanted.set_audience(&[expected.client_id]);
    // Judged below, by the time that the caller knows.
    wanted.validate_exp = false;
    let claims = decode::<Claims>(token, &key, &wanted).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => BadToken::Signature,
        ErrorKind::InvalidIssuer => BadToken::Issuer,
        ErrorKind::InvalidAudience => BadToken::Audience,
        _ => BadToken::Form(error.to_string()),
    })?;
    claims.claims.judged(expected)
}

impl Claims {
    fn judged(self, expected: &Expected<'_>) -> Result<Subject, BadToken> {
        let is_shared = self.aud.as_array().is_some_and(|all| all.len() > 1);
        // Who shares a token with others has to be the one that it was made for.
        if self.azp.as_deref().map_or(is_shared, |azp| azp != expected.client_id) {
            return Err(BadToken::Audience);
        }
        let now_s = expected.now.timestamp();
        let is_early = |at: i64| at > now_s + SKEW_S_MAX;
        if self.exp.saturating_add(SKEW_S_MAX) <= now_s || is_early(self.iat) || self.nbf.is_some_and(is_early) {
            return Err(BadToken::Time);
        }
        let nonce = self.nonce.unwrap_or_default();
        if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
            return Err(BadToken::Nonce);
        }
        if !(1..=SUBJECT_BYTES_MAX).contains(&self.subject.sub.len()) {
            return Err(BadToken::Form("its sub is empty or too long".into()));
        }
        Ok(self.subject)
    }
}

/// The key of the header's id, or the only one that fits where it names none.
fn fitting<'a>(keys: &'a [Jwk], header: &Header) -> Option<&'a Jwk> {
    let mut fitting = keys.iter().filter(|key| {
        let is_for_it = key.common.key_algorithm.is_none_or(|it| it.to_string() == format!("{:?}", header.alg));
        let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
        let is_named = header.kid.is_none() || key.common.key_id == header.kid;
        is_for_it && signs && is_named && is_of(key, header.alg)
    });
    let first = fitting.next()?;
    (header.kid.is_some() || fitting.next().is_none()).then_some(first)
}

fn is_of(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, EdDSA};
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => ![ES256, ES384, EdDSA].contains(&algorithm),
        AlgorithmParameters::EllipticCurve(it) => match it.curve {
            EllipticCurve::P256 => algorithm == ES256,
            EllipticCurve::P384 => algorithm == ES384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(it) => it.curve == EllipticCurve::Ed25519 && algorithm == EdDSA,
        _ => false,
    }
}

/// Some providers write truth as text.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let said = Value::deserialize(deserializer)?;
    Ok(said == Value::Bool(true) || said == "true")
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
