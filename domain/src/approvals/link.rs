//! Links with which one answers without an API key: an address that nobody can guess or change.
//!
//! A token is `payload.mac`, both base64url: what the link is for as JSON, and its HMAC-SHA256. It holds nothing random,
//! so every attempt of a step makes the same link. It can be used once because an approval can be answered once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey, WorkspaceId};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::link_keys::LinkKey;
use super::step::ApprovalStep;

/// Longest token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 4_096;
/// Keeps these signatures apart from all others that a key may ever make.
const PURPOSE: &[u8] = b"capstan approval link 1\n";

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The step that asks.
    pub asking: ApprovalStep,
    /// From when on it is of no use.
    pub expires_at: DateTime<Utc>,
    /// For whom it was made; empty if the author did not say.
    pub holder: String,
}

/// Key number, workspace, execution, node, scope, end in milliseconds, holder.
#[derive(Debug, Serialize, Deserialize)]
struct Payload(i32, WorkspaceId, ExecutionId, NodeId, Scope, i64, String);

/// A token as it came, with what it says about itself: only to look up the key.
#[derive(Debug)]
pub struct UnverifiedLink<'a> {
    /// Whose key it claims to be signed with.
    pub workspace_id: WorkspaceId,
    /// The number of that key.
    pub key_no: i32,
    payload: Payload,
    signed: &'a str,
    mac: Vec<u8>,
}

impl Link {
    /// The token, always the same for the same link and key.
    #[must_use]
    pub fn token(&self, key: &LinkKey) -> String {
        let ApprovalStep { workspace_id, execution_id, step } = &self.asking;
        let ends_ms = self.expires_at.timestamp_millis();
        let payload = Payload(
            key.key_no,
            *workspace_id,
            *execution_id,
            step.node_id.clone(),
            step.scope.clone(),
            ends_ms,
            self.holder.clone(),
        );
        let payload = serde_json::to_vec(&payload).expect("ids and text are JSON");
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let mac = URL_SAFE_NO_PAD.encode(hmac(key, &payload).finalize().into_bytes());
        format!("{payload}.{mac}")
    }
}

impl<'a> UnverifiedLink<'a> {
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
    pub fn verify(self, key: &LinkKey) -> Option<Link> {
        hmac(key, self.signed).verify_slice(&self.mac).ok()?;
        let Payload(_, workspace_id, execution_id, node_id, scope, ends_ms, holder) = self.payload;
        let asking = ApprovalStep { workspace_id, execution_id, step: StepKey { node_id, scope } };
        Some(Link { asking, expires_at: DateTime::from_timestamp_millis(ends_ms)?, holder })
    }
}

fn hmac(key: &LinkKey, payload: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.secret).expect("HMAC takes keys of any length");
    mac.update(PURPOSE);
    mac.update(payload.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> LinkKey {
        LinkKey { key_no: 1, secret: vec![byte; 32] }
    }

    fn link() -> Link {
        let step = StepKey { node_id: NodeId::from("ok"), scope: Scope("each[3]".into()) };
        let asking = ApprovalStep { workspace_id: WorkspaceId::new(), execution_id: ExecutionId::new(), step };
        Link { asking, expires_at: "2026-01-01T00:00:00Z".parse().unwrap(), holder: "ada@example.com".into() }
    }

    #[test]
    fn a_link_is_the_same_every_time_and_reads_back() {
        let link = link();
        let token = link.token(&key(7));
        assert_eq!(token, link.token(&key(7)));
        assert_eq!(UnverifiedLink::read(&token).unwrap().verify(&key(7)), Some(link));
    }

    #[test]
    fn no_changed_character_is_accepted() {
        let token = link().token(&key(7));
        for at in 0..token.len() {
            for other in ["A", "B", ".", "-"] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, other);
                let accepted = UnverifiedLink::read(&changed).and_then(|link| link.verify(&key(7)));
                assert!(accepted.is_none() || changed == token, "character {at} as {other}");
            }
        }
    }

    #[test]
    fn another_key_and_a_cut_mac_open_nothing() {
        let token = link().token(&key(7));
        assert!(UnverifiedLink::read(&token).unwrap().verify(&key(8)).is_none());
        let (payload, _) = token.split_once('.').unwrap();
        for cut in [format!("{payload}."), payload.to_owned(), token[..token.len() - 4].to_owned(), String::new()] {
            assert!(UnverifiedLink::read(&cut).and_then(|link| link.verify(&key(7))).is_none(), "{cut}");
        }
    }
}
