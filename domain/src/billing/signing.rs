//! The secrets that the provider signs with, and whether an event is signed with one of them.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::hooks::{Message, Preset, TOLERANCE_S_DEFAULT, Verify, verify};

/// Most secrets that are good at the same time: of several endpoints, and old ones until they are changed everywhere.
pub const SECRETS_MAX: usize = 5;
/// Shortest and longest secret, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 8..=4_096;
/// Digits of a signature.
const SIGNATURE_DIGITS: usize = 64;
/// The header of Stripe.
const HEADER: &str = "stripe-signature";

/// Signing secrets of endpoints at the provider; wiped from memory when dropped, and shown to nobody.
#[derive(Clone, Default)]
pub struct SigningSecrets(Vec<Zeroizing<Vec<u8>>>);

/// The secrets cannot be used. It does not tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadSecrets {
    /// More than [`SECRETS_MAX`].
    #[error("there are more than {SECRETS_MAX} signing secrets: take out those that are changed everywhere")]
    TooMany,
    /// One is none.
    #[error("signing secret number {0} is none: copy it whole from the provider, it begins with whsec_")]
    NoSecret(usize),
}

impl SigningSecrets {
    /// Secrets with commas or line ends between them.
    ///
    /// # Errors
    /// [`BadSecrets`]
    pub fn parse(text: &str) -> Result<Self, BadSecrets> {
        let given = text.split([',', '\n']).map(str::trim).filter(|secret| !secret.is_empty());
        let mut secrets = Vec::new();
        for (at, secret) in given.enumerate() {
            if at == SECRETS_MAX {
                return Err(BadSecrets::TooMany);
            }
            let is_plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_plain || !SECRET_BYTES.contains(&secret.len()) {
                return Err(BadSecrets::NoSecret(at + 1));
            }
            secrets.push(Zeroizing::new(secret.as_bytes().to_vec()));
        }
        Ok(Self(secrets))
    }

    /// Whether there is none, so that nothing is taken in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `body` is signed with one of them, within five minutes of `now_s`, seconds since 1970: compared in constant time, and
    /// never where the vendor's own library refuses it.
    #[must_use]
    pub fn have_signed(&self, header: Option<&str>, body: &[u8], now_s: i64) -> bool {
        let Some(header) = header.and_then(plain) else { return false };
        let rules = Verify { preset: Preset::Stripe, tolerance_s: TOLERANCE_S_DEFAULT, ..Verify::default() };
        let secrets: Vec<&[u8]> = self.0.iter().map(|secret| secret.as_slice()).collect();
        let message = Message { header: &|name| (name == HEADER).then_some(header.as_str()), body, now_s };
        verify(&rules, &secrets, &message).is_ok()
    }
}

impl fmt::Debug for SigningSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} redacted]", self.0.len())
    }
}

/// The header with nothing in it but its first time and what may be a signature, taken apart as the vendor's library does; none if one
/// of both has no value, or the time is written as Stripe does not.
fn plain(header: &str) -> Option<String> {
    let (mut time, mut signatures) = (None, String::new());
    for field in header.split(',') {
        let mut parts = field.split('=');
        match (parts.next(), parts.next()) {
            (Some("t"), value) => time = time.or(Some(value?)),
            (Some("v1"), value) => {
                let signature = value?;
                if is_signature(signature) {
                    signatures.push_str(",v1=");
                    signatures.push_str(signature);
                }
            }
            _ => {}
        }
    }
    let time: &str = time?;
    let seconds: u64 = time.parse().ok()?;
    (seconds.to_string() == time).then(|| format!("t={time}{signatures}"))
}

fn is_signature(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == SIGNATURE_DIGITS && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn signature(secret: &str, time: &str, body: &[u8]) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn what_either_secret_signed_is_taken_for_five_minutes_and_nothing_else() {
        let secrets = SigningSecrets::parse("whsec_new_one, whsec_old_one").unwrap();
        let (good, old) = (signature("whsec_new_one", "1000", BODY), signature("whsec_old_one", "1000", BODY));
        let padded = signature("whsec_new_one", "01000", BODY);
        for (header, now_s, is_good) in [
            (format!("t=1000,v1={good}"), 1_000, true),
            (format!("t=1000,v1={old}"), 1_000, true),
            (format!("t=1000,v1={},v0=6ff,v1={old}", "0".repeat(64)), 1_000, true),
            (format!("t=1000,v1={good},,x,t=7"), 1_000, true),
            (format!("t=1000,v1={good}"), 1_300, true),
            (format!("t=1000,v1={good}"), 1_301, false),
            (format!("t=1000,v1={good}"), 699, false),
            (format!("t=1001,v1={good}"), 1_001, false),
            (format!("t=01000,v1={padded}"), 1_000, false),
            (format!("t=1000, v1={good}"), 1_000, false),
            (format!("t=1000,v1={}", good.to_uppercase()), 1_000, good == good.to_uppercase()),
            (format!("t=1000,v0={good}"), 1_000, false),
            (format!("v1={good}"), 1_000, false),
            (format!("t=1000,v1={good},t"), 1_000, false),
            (format!("t=1000,v1={good},v1"), 1_000, false),
            (format!("t=1000,v1={}", &good[..62]), 1_000, false),
            (format!("t=1000,v1={}", signature("whsec_of_others", "1000", BODY)), 1_000, false),
            (String::new(), 1_000, false),
        ] {
            assert_eq!(secrets.have_signed(Some(&header), BODY, now_s), is_good, "{header} at {now_s}");
        }
        let header = format!("t=1000,v1={good}");
        assert!(!secrets.have_signed(Some(&header), b"{\"id\":\"evt_2\"}", 1_000));
        assert!(!secrets.have_signed(None, BODY, 1_000));
        assert!(!SigningSecrets::default().have_signed(Some(&header), BODY, 1_000));
    }

    #[test]
    fn secrets_are_read_with_commas_or_line_ends_and_never_told() {
        let secrets = SigningSecrets::parse(" whsec_one12,\nwhsec_two12\n\n").unwrap();
        assert_eq!(format!("{secrets:?}"), "[2 redacted]");
        assert!(SigningSecrets::parse(" , \n").unwrap().is_empty());
        assert_eq!(SigningSecrets::parse("whsec_one12,short").unwrap_err(), BadSecrets::NoSecret(2));
        assert_eq!(SigningSecrets::parse(&["whsec_one12"; 6].join(",")).unwrap_err(), BadSecrets::TooMany);
    }
}
