//! Signatures of the Standard Webhooks specification, version 1.0.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

/// How secrets begin where they are shown.
const PREFIX: &str = "whsec_";
/// Bytes of a new secret.
const SECRET_BYTES: usize = 32;
/// Fewest and most bytes of a secret, as the specification has them.
const SECRET_BYTES_MIN: usize = 24;
const SECRET_BYTES_MAX: usize = 64;
/// Name of the header with the id of the event, the same at every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// Name of the header with the time of the attempt, in whole seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Name of the header with the signatures, one space between two of them.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// A secret that an endpoint shares with us.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// A text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a signing secret is whsec_ and the standard base64 of {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")]
pub struct BadSecret;

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SigningSecret {
    /// A new one, of 32 random bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random::<[u8; SECRET_BYTES]>().to_vec())
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// [`BadSecret`], also for one that is too short or too long.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(BadSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
        if (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(BadSecret) }
    }

    /// `whsec_…`, with padding: some verifiers take nothing else.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// `v1,` and the signature.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &str) -> String {
        let mac = self.mac(id, timestamp_s, body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// Whether one of the signatures of a header is ours; compared in constant time.
    #[must_use]
    pub fn verify(&self, id: &str, timestamp_s: i64, body: &str, header: &str) -> bool {
        let mut signatures = header.split(' ').filter_map(|item| STANDARD.decode(item.strip_prefix("v1,")?).ok());
        signatures.any(|signature| self.mac(id, timestamp_s, body).verify_slice(&signature).is_ok())
    }

    fn mac(&self, id: &str, timestamp_s: i64, body: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp_s}.").as_bytes());
        mac.update(body.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secret, id, time, body and signature, as the reference libraries of the specification test them.
    const VECTORS: [(&str, &str, i64, &str, &str); 2] = [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            "{\"email\":\"test@example.com\",\"username\":\"test_user\"}",
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
    ];

    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        for (secret, id, at, body, expected) in VECTORS {
            let secret = SigningSecret::parse(secret).unwrap();
            assert_eq!(secret.sign(id, at, body), expected);
            assert!(secret.verify(id, at, body, expected));
        }
    }

    #[test]
    fn whatever_is_altered_is_refused() {
        let (secret, id, at, body, good) = VECTORS[0];
        let secret = SigningSecret::parse(secret).unwrap();
        assert!(!secret.verify("msg_p5jXN8AQM9LWM0D4loKWxJel", at, body, good), "id");
        assert!(!secret.verify(id, at + 1, body, good), "time");
        assert!(!secret.verify(id, at, "{\"test\": 2432232315}", good), "body");
        assert!(!SigningSecret::generate().verify(id, at, body, good), "secret");
        for header in ["", "v1,", "v1,g0hM9SsE", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=", &good[3..]] {
            assert!(!secret.verify(id, at, body, header), "{header}");
        }
    }

    #[test]
    fn a_secret_reads_back_and_is_never_printed() {
        let secret = SigningSecret::generate();
        assert_eq!(SigningSecret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "[redacted]");
        for bad in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***"] {
            assert_eq!(SigningSecret::parse(bad), Err(BadSecret), "{bad}");
        }
    }
}
