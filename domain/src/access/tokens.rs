//! Tokens for services: short-lived JSON Web Tokens that stand for an API key, with no more than it may do.
//!
//! Their form is the profile for access tokens (RFC 9068): `at+jwt`, signed with Ed25519. The key for signing is derived from the
//! newest key of the ring, and whatever is in the ring is good for verifying, so keys rotate as those of secrets do.

use capstan_engine::core::ids::WorkspaceId;
use chrono::{DateTime, Utc};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;
use uuid::Uuid;

use super::permissions::Permissions;
use super::resolve::AdmittedKey;
use crate::secrets::KeyRing;

/// How long a token lasts at most, in seconds; one that says it lasts longer is none of ours.
pub const LIFE_S_MAX: i64 = 900;
/// How far the clocks of two processes may be apart, in seconds.
const SKEW_S_MAX: i64 = 30;
/// Longest token, in bytes; all permissions need less than half of it.
const TOKEN_BYTES_MAX: usize = 4_096;
/// `typ` of its header.
const TYPE: &str = "at+jwt";
const PURPOSE: &str = "capstan service tokens ed25519 1";
/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410).
const PKCS8_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// What a token says. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it: the public URL.
    pub iss: String,
    /// Who may take it: the API below that URL.
    pub aud: String,
    /// The key that it stands for, as `key:` and its id.
    pub sub: String,
    /// The id of that key.
    pub client_id: Uuid,
    /// Where it opens something.
    pub workspace_id: Uuid,
    /// Words of permissions, with blanks between.
    pub scope: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Too long, broken, of another algorithm (`none` included) or type, or signed with a key that is not in the ring.
    #[error("it is none that this installation has signed")]
    Foreign,
    /// Somebody has changed it.
    #[error("its signature is wrong")]
    Signature,
    /// It is for somebody else.
    #[error("it is for another audience or from another issuer")]
    Audience,
    /// It was good once.
    #[error("it has expired")]
    Expired,
}

struct Key {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: Jwk,
}

/// Signs and verifies tokens of one installation.
pub struct Tokens {
    keys: Vec<Key>,
    issuer: String,
    audience: String,
}

impl Tokens {
    /// With the keys of `ring`, for the API below `public_url`.
    #[must_use]
    pub fn new(ring: &KeyRing, public_url: &str) -> Self {
        let keys = ring.derive(PURPOSE).filter_map(|(id, seed)| Key::new(id, &seed).ok()).collect();
        Self { keys, issuer: public_url.to_owned(), audience: format!("{public_url}/api/v1") }
    }

    /// A token for `key` that may do `permissions` for `life_s` seconds, and what it says. None if there is no key to sign with.
    #[must_use]
    pub fn sign(
        &self,
        key: &AdmittedKey,
        permissions: Permissions,
        life_s: i64,
        now: DateTime<Utc>,
    ) -> Option<(String, Claims)> {
        let scopes: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: format!("key:{}", key.key.key_id),
            client_id: key.key.key_id,
            workspace_id: key.tenant.workspace_id.0,
            scope: scopes.join(" "),
            iat: now.timestamp(),
            exp: now.timestamp() + life_s.clamp(0, LIFE_S_MAX),
            jti: Uuid::now_v7(),
        };
        Some((self.sealed(&claims)?, claims))
    }

    /// These claims, signed, whatever they say.
    fn sealed(&self, claims: &Claims) -> Option<String> {
        let key = self.keys.first()?;
        let header = Header { typ: Some(TYPE.into()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &key.signing).ok()
    }

    /// What a token says, if it is one of ours and has not expired at `now`. Whether its key still lives is not known here.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Foreign);
        }
        let header = decode_header(token).map_err(|_| TokenError::Foreign)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(TokenError::Foreign);
        }
        let key = self.keys.iter().find(|key| Some(&key.kid) == header.kid.as_ref()).ok_or(TokenError::Foreign)?;
        let mut wanted = Validation::new(Algorithm::EdDSA);
        wanted.set_required_spec_claims(&["iss", "aud", "exp"]);
        wanted.set_issuer(&[&self.issuer]);
        wanted.set_audience(&[&self.audience]);
        // Judged below, by the time that the caller knows.
        wanted.validate_exp = false;
        let claims = decode::<Claims>(token, &key.verifying, &wanted).map_err(|error| refusal(&error))?.claims;
        let now_s = now.timestamp();
        if claims.exp - claims.iat > LIFE_S_MAX || claims.iat > now_s + SKEW_S_MAX {
            return Err(TokenError::Foreign);
        }
        if claims.exp + SKEW_S_MAX <= now_s { Err(TokenError::Expired) } else { Ok(claims) }
    }

    /// The public keys, as a JWK set (RFC 7517).
    #[must_use]
    pub fn public_keys(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| &key.public).collect::<Vec<_>>() })
    }
}

impl Key {
    fn new(id: &str, seed: &[u8; 32]) -> Result<Self, JwtError> {
        let kid = format!("tokens-{id}");
        let signing = EncodingKey::from_ed_der(&[PKCS8_HEAD.as_slice(), seed].concat());
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifying = DecodingKey::from_jwk(&public)?;
        Ok(Self { kid, signing, verifying, public })
    }
}

impl Claims {
    /// Where it opens something.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId(self.workspace_id)
    }

    /// What whoever brings the token may do: what it says, as far as its key still may, and until the first of both ends.
    #[must_use]
    pub fn narrow(&self, key: &AdmittedKey) -> AdmittedKey {
        let own = Permissions::of_scopes(key.scopes.as_deref());
        let said: Vec<String> = self.scope.split(' ').map(str::to_owned).collect();
        let both = Permissions::of_scopes(Some(&said)).iter().filter(|permission| own.has(*permission));
        let ends_at = DateTime::from_timestamp(self.exp, 0);
        AdmittedKey {
            scopes: Some(both.map(|permission| permission.as_str().to_owned()).collect()),
            expires_at: [key.expires_at, ends_at].into_iter().flatten().min(),
            ..key.clone()
        }
    }
}

fn refusal(error: &JwtError) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAudience | ErrorKind::InvalidIssuer => TokenError::Audience,
        _ => TokenError::Foreign,
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
