//! What says of a submission that it came from a page of ours, shown not long ago.
//!
//! A token is `nonce.key.time.mac`: 22 random characters, the number of the workspace's key, seconds since 1970 by the database's
//! clock, and an HMAC-SHA256 over all of that with workspace and path. Another site cannot read one, and so cannot send one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_engine::core::ids::WorkspaceId;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rand::distr::{Alphanumeric, SampleString};
use sha2::Sha256;

use crate::approvals::LinkKey;

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 200;
/// Length of what is random in a token.
const NONCE_CHARS: usize = 22;
/// How far a process of ours may be ahead of another, in seconds.
const AHEAD_S_MAX: i64 = 60;
/// Keeps these signatures apart from all others that a key may ever make.
const PURPOSE: &[u8] = b"capstan form token 1\n";

/// A form of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct FormPlace<'a> {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Of the form.
    pub path: &'a str,
}

/// A token as it came, with what it says about itself: only to look up the key.
#[derive(Clone, Copy, Debug)]
pub struct UnverifiedToken<'a> {
    /// The number of the key that it claims to be signed with.
    pub key_no: i32,
    at_s: i64,
    signed: &'a str,
    mac: &'a str,
}

/// What is random in a token, and a token of pages that need no signature.
#[must_use]
pub fn nonce() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), NONCE_CHARS)
}

/// Whether it can be one.
#[must_use]
pub fn is_nonce(token: &str) -> bool {
    token.len() == NONCE_CHARS && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A new token of a form.
#[must_use]
pub fn sign(place: FormPlace<'_>, key: &LinkKey, now: DateTime<Utc>) -> String {
    let signed = format!("{}.{}.{}", nonce(), key.key_no, now.timestamp());
    let mac = URL_SAFE_NO_PAD.encode(hmac(place, key, &signed).finalize().into_bytes());
    format!("{signed}.{mac}")
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart; nothing if it is none.
    #[must_use]
    pub fn read(token: &'a str) -> Option<Self> {
        let (signed, mac) = token.rsplit_once('.').filter(|_| token.len() <= TOKEN_BYTES_MAX)?;
        let mut parts = signed.split('.');
        let (nonce, key_no, at_s) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !is_nonce(nonce) {
            return None;
        }
        Some(Self { key_no: key_no.parse().ok()?, at_s: at_s.parse().ok()?, signed, mac })
    }

    /// Whether it was signed with `key` for that form, at most `valid_s` seconds ago; compared in constant time.
    #[must_use]
    pub fn is_good(&self, place: FormPlace<'_>, key: &LinkKey, now: DateTime<Utc>, valid_s: i64) -> bool {
        let Ok(mac) = URL_SAFE_NO_PAD.decode(self.mac) else { return false };
        let is_signed = hmac(place, key, self.signed).verify_slice(&mac).is_ok();
        let age_s = now.timestamp().saturating_sub(self.at_s);
        is_signed && (-AHEAD_S_MAX..=valid_s).contains(&age_s)
    }
}

fn hmac(place: FormPlace<'_>, key: &LinkKey, signed: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret()).expect("HMAC takes keys of any length");
    mac.update(PURPOSE);
    mac.update(place.workspace_id.to_string().as_bytes());
    // Paths hold no line ends, so that no two forms give the same bytes.
    mac.update(b"\n");
    mac.update(place.path.as_bytes());
    mac.update(b"\n");
    mac.update(signed.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_form_its_time_and_its_key() {
        let (key, other) = (LinkKey::of_tests(7), LinkKey::of_tests(8));
        let workspace_id = WorkspaceId::new();
        let place = FormPlace { workspace_id, path: "contact" };
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let token = sign(place, &key, now);
        let is_good = |token: &str, place: FormPlace<'_>, key: &LinkKey, after_s: i64| {
            let now = now + chrono::Duration::seconds(after_s);
            UnverifiedToken::read(token).is_some_and(|token| token.is_good(place, key, now, 3_600))
        };
        assert!(
            is_good(&token, place, &key, 0) && is_good(&token, place, &key, 3_600) && is_good(&token, place, &key, -60)
        );
        assert!(!is_good(&token, place, &key, 3_601) && !is_good(&token, place, &key, -61));
        assert!(!is_good(&token, place, &other, 0));
        assert!(!is_good(&token, FormPlace { path: "contacts", ..place }, &key, 0));
        assert!(!is_good(&token, FormPlace { workspace_id: WorkspaceId::new(), ..place }, &key, 0));
        for at in 0..token.len() {
            for other in ["A", "B", ".", "1", "2"] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, other);
                // The last character of base64 without padding has bits that mean nothing.
                let is_last = at + 1 == token.len();
                assert!(changed == token || is_last || !is_good(&changed, place, &key, 0), "character {at} as {other}");
            }
        }
        for none in ["", ".", "a.b.c.d", &"x".repeat(22), &"x.".repeat(500)] {
            assert!(UnverifiedToken::read(none).is_none(), "{none}");
        }
    }
}
