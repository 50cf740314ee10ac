//! The link in the mail: an address that nobody can guess or change.
//!
//! A token is `payload.mac`, both base64url, as that of an approval, and signed with the same keys for another purpose. It holds nothing
//! random, so that every try of a mail brings the same one. It can be used once because a submission can be confirmed once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_engine::core::ids::WorkspaceId;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::approvals::LinkKey;

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 500;
/// Keeps these signatures apart from all others that a key may ever make.
const PURPOSE: &[u8] = b"capstan form verification 1\n";

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionLink {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What was filled in.
    pub submission_id: Uuid,
    /// From when on it is of no use.
    pub expires_at: DateTime<Utc>,
}

/// Key number, workspace, submission, end in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
struct Payload(i32, WorkspaceId, Uuid, i64);

/// A token as it came, with what it says about itself: only to look up the key.
#[derive(Debug)]
pub struct UnverifiedSubmission<'a> {
    /// Whose key it claims to be signed with.
    pub workspace_id: WorkspaceId,
    /// The number of that key.
    pub key_no: i32,
    payload: Payload,
    signed: &'a str,
    mac: Vec<u8>,
}

impl SubmissionLink {
    /// The token, always the same for the same link and key.
    #[must_use]
    pub fn token(&self, key: &LinkKey) -> String {
        let ends_ms = self.expires_at.timestamp_millis();
        let payload = Payload(key.key_no, self.workspace_id, self.submission_id, ends_ms);
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&payload).expect("ids and numbers are JSON"));
        let mac = URL_SAFE_NO_PAD.encode(hmac(key, &payload).finalize().into_bytes());
        format!("{payload}.{mac}")
    }
}

impl<'a> UnverifiedSubmission<'a> {
    /// Takes a token apart; nothing if it is none.
    #[must_use]
    pub fn read(token: &'a str) -> Option<Self> {
        let (signed, mac) = token.split_once('.').filter(|_| token.len() <= TOKEN_BYTES_MAX)?;
        let payload: Payload = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed).ok()?).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        Some(Self { workspace_id: payload.1, key_no: payload.0, payload, signed, mac })
    }

    /// The link, if it was signed with `key`; compared in constant time.
    #[must_use]
    pub fn verify(self, key: &LinkKey) -> Option<SubmissionLink> {
        hmac(key, self.signed).verify_slice(&self.mac).ok()?;
        let Payload(_, workspace_id, submission_id, ends_ms) = self.payload;
        Some(SubmissionLink { workspace_id, submission_id, expires_at: DateTime::from_timestamp_millis(ends_ms)? })
    }
}

fn hmac(key: &LinkKey, payload: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret()).expect("HMAC takes keys of any length");
    mac.update(PURPOSE);
    mac.update(payload.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> SubmissionLink {
        let expires_at = "2026-01-01T00:00:00Z".parse().unwrap();
        SubmissionLink { workspace_id: WorkspaceId::new(), submission_id: Uuid::now_v7(), expires_at }
    }

    #[test]
    fn a_link_is_the_same_every_time_and_reads_back_with_its_own_key_only() {
        let (link, key) = (link(), LinkKey::of_tests(7));
        let token = link.token(&key);
        assert_eq!(token, link.token(&key));
        assert!(UnverifiedSubmission::read(&token).unwrap().verify(&LinkKey::of_tests(8)).is_none());
        assert_eq!(UnverifiedSubmission::read(&token).unwrap().verify(&key), Some(link));
    }

    #[test]
    fn no_changed_or_cut_token_is_accepted() {
        let key = LinkKey::of_tests(7);
        let token = link().token(&key);
        let accepts = |text: &str| UnverifiedSubmission::read(text).and_then(|link| link.verify(&key)).is_some();
        for at in 0..token.len() {
            for other in ["A", "B", ".", "-"] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, other);
                assert!(changed == token || !accepts(&changed), "character {at} as {other}");
            }
        }
        let (payload, _) = token.split_once('.').unwrap();
        for none in ["", ".", payload, &format!("{payload}."), &token[..token.len() - 4], &"x".repeat(600)] {
            assert!(!accepts(none), "{none}");
        }
    }
}
