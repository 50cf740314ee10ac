//! Keys that others verify tokens with.

use schemars::JsonSchema;

/// A JWK set (RFC 7517).
#[derive(JsonSchema)]
pub(crate) struct PublicKeys {
    /// The newest first.
    keys: Vec<PublicKey>,
}

/// An Ed25519 key (RFC 8037).
#[derive(JsonSchema)]
pub(crate) struct PublicKey {
    kty: String,
    crv: String,
    x: String,
    kid: String,
    alg: String,
    #[schemars(rename = "use")]
    used_for: String,
}
