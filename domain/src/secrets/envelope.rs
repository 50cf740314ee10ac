//! The envelope: XChaCha20-Poly1305 with a fresh data key for each secret, wrapped by a key of the ring.
//!
//! Bytes: version 1, nonce of the wrap (24), wrapped data key (32 + 16), nonce (24), ciphertext (as long as the secret, + 16).
//! A change of keys rewrites the first half only ([`reseal`]).

use std::fmt;

use capstan_engine::core::ids::WorkspaceId;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::ring::{KEY_BYTES, KeyRing};
use super::secret::Secret;

/// Longest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 256 * 1024;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const WRAP_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
/// Where the nonce of the ciphertext begins.
const BODY_AT: usize = 1 + WRAP_BYTES;
/// What a ciphertext is for: nothing else that these keys might ever encrypt opens in its place.
const WRAP: &[u8] = b"capstan data key 1";
const BODY: &[u8] = b"capstan secret 1";

/// A secret as it lies in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Id of the key of the ring that opens it.
    pub key_id: String,
    /// Nothing that could be read without that key.
    pub bytes: Vec<u8>,
}

/// It was not sealed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The ring is empty.
    #[error(
        "this server has no key to keep secrets with; whoever operates it sets CAPSTAN_SECRET_KEYS, the same for all of its \
         processes"
    )]
    NoKeys,
    /// Longer than [`SECRET_BYTES_MAX`].
    #[error("a secret has at most {SECRET_BYTES_MAX} bytes")]
    TooLong,
}

/// It does not open.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The ring lacks its key.
    #[error(
        "the secret is sealed under the key \"{key_id}\", which this process does not have; whoever operates it adds that key to \
         CAPSTAN_SECRET_KEYS"
    )]
    UnknownKey {
        /// The missing key.
        key_id: String,
    },
    /// Cut off, changed, of another row, or of a newer build.
    #[error("the sealed secret does not open: its bytes were changed, or belong to another row")]
    Damaged,
}

/// Seals `plaintext` for that row: it opens with the same workspace, kind and id only.
///
/// # Errors
/// See [`SealError`].
pub fn seal(
    ring: &KeyRing,
    workspace_id: WorkspaceId,
    kind: &str,
    id: &str,
    plaintext: &[u8],
) -> Result<Sealed, SealError> {
    let (key_id, key) = ring.newest().ok_or(SealError::NoKeys)?;
    if plaintext.len() > SECRET_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    let data_key: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(rand::random());
    let label = label(workspace_id, kind, id);
    let mut bytes = Vec::with_capacity(BODY_AT + NONCE_BYTES + plaintext.len() + TAG_BYTES);
    bytes.push(VERSION);
    bytes.extend(encrypt(key, &wrap_label(key_id, &label), data_key.as_slice()));
    bytes.extend(encrypt(&data_key, &joined(&[BODY, &label]), plaintext));
    Ok(Sealed { key_id: key_id.into(), bytes })
}

/// Opens what [`seal`] has sealed for that row.
///
/// # Errors
/// See [`OpenError`]; whatever the bytes are, it does not panic.
pub fn open(
    ring: &KeyRing,
    workspace_id: WorkspaceId,
    kind: &str,
    id: &str,
    sealed: &Sealed,
) -> Result<Secret, OpenError> {
    let label = label(workspace_id, kind, id);
    let data_key = unwrap(ring, &label, sealed)?;
    let body = sealed.bytes.get(BODY_AT..).ok_or(OpenError::Damaged)?;
    decrypt(&data_key, &joined(&[BODY, &label]), body).map(Secret::new)
}

/// The same under the newest key; absent if it is already. The secret itself is not opened.
///
/// # Errors
/// See [`OpenError`].
pub fn reseal(
    ring: &KeyRing,
    workspace_id: WorkspaceId,
    kind: &str,
    id: &str,
    sealed: &Sealed,
) -> Result<Option<Sealed>, OpenError> {
    let unknown = || OpenError::UnknownKey { key_id: sealed.key_id.clone() };
    let (key_id, key) = ring.newest().ok_or_else(unknown)?;
    if key_id == sealed.key_id {
        return Ok(None);
    }
    let label = label(workspace_id, kind, id);
    let data_key = unwrap(ring, &label, sealed)?;
    let body = sealed.bytes.get(BODY_AT..).ok_or(OpenError::Damaged)?;
    let mut bytes = vec![VERSION];
    bytes.extend(encrypt(key, &wrap_label(key_id, &label), data_key.as_slice()));
    bytes.extend_from_slice(body);
    Ok(Some(Sealed { key_id: key_id.into(), bytes }))
}

fn unwrap(ring: &KeyRing, label: &[u8], sealed: &Sealed) -> Result<Zeroizing<[u8; KEY_BYTES]>, OpenError> {
    let key_id = &sealed.key_id;
    let key = ring.find(key_id).ok_or_else(|| OpenError::UnknownKey { key_id: key_id.clone() })?;
    if sealed.bytes.first() != Some(&VERSION) {
        return Err(OpenError::Damaged);
    }
    let wrapped = sealed.bytes.get(1..BODY_AT).ok_or(OpenError::Damaged)?;
    let data_key = Zeroizing::new(decrypt(key, &wrap_label(key_id, label), wrapped)?);
    data_key.as_slice().try_into().map(Zeroizing::new).map_err(|_| OpenError::Damaged)
}

/// Nonce and ciphertext. Nonces are random: 24 bytes are too many for two to meet.
fn encrypt(key: &[u8; KEY_BYTES], label: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_BYTES] = rand::random();
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce.into(), Payload { msg: plaintext, aad: label })
        .expect("a message of bounded length is encrypted");
    [nonce.as_slice(), &sealed].concat()
}

fn decrypt(key: &[u8; KEY_BYTES], label: &[u8], bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Damaged)?;
    let opened = XChaCha20Poly1305::new(key.into()).decrypt(nonce.into(), Payload { msg: sealed, aad: label });
    opened.map_err(|_| OpenError::Damaged)
}

/// Whose secret it is.
fn label(workspace_id: WorkspaceId, kind: &str, id: &str) -> Vec<u8> {
    joined(&[workspace_id.0.as_bytes(), kind.as_bytes(), id.as_bytes()])
}

fn wrap_label(key_id: &str, label: &[u8]) -> Vec<u8> {
    joined(&[WRAP, key_id.as_bytes(), label])
}

/// With the length before each part, so that no two lists of parts give the same bytes.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied())).collect()
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed {{ key_id: {:?}, bytes: {} }}", self.key_id, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ids: &[&str]) -> KeyRing {
        // Keys by their ids, so that rings share them.
        let entries = ids.iter().map(|id| {
            let byte = id.bytes().map(u32::from).sum::<u32>() as u8;
            format!("{id}:{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [byte; KEY_BYTES]))
        });
        KeyRing::parse(&entries.collect::<Vec<_>>().join(",")).unwrap()
    }

    fn sealed(ring: &KeyRing, workspace: WorkspaceId) -> Sealed {
        seal(ring, workspace, "credential", "c1", b"hunter22").unwrap()
    }

    #[test]
    fn a_secret_opens_in_its_own_row_only() {
        let (ring, workspace, other) = (ring(&["a"]), WorkspaceId::new(), WorkspaceId::new());
        let sealed = sealed(&ring, workspace);
        for (workspace_id, kind, id, opens) in [
            (workspace, "credential", "c1", true),
            (other, "credential", "c1", false),
            (workspace, "webhook", "c1", false),
            (workspace, "credential", "c2", false),
            (workspace, "credentialc", "1", false),
            (workspace, "", "", false),
        ] {
            let opened = open(&ring, workspace_id, kind, id, &sealed);
            let expected = if opens { Ok(Some("hunter22")) } else { Err(OpenError::Damaged) };
            assert_eq!(opened.as_ref().map(Secret::text).map_err(|_| OpenError::Damaged), expected, "{kind} {id}");
            assert!(opens || opened == Err(OpenError::Damaged));
        }
    }

    #[test]
    fn the_missing_key_is_named_and_an_old_key_opens() {
        let workspace = WorkspaceId::new();
        let sealed = sealed(&ring(&["a"]), workspace);
        for (ids, missing) in [(vec!["a"], None), (vec!["b", "a"], None), (vec!["b"], Some("a")), (vec![], Some("a"))] {
            let opened = open(&ring(&ids), workspace, "credential", "c1", &sealed);
            let expected = missing.map(|key_id: &str| OpenError::UnknownKey { key_id: key_id.into() });
            assert_eq!(opened.err(), expected, "{ids:?}");
        }
        assert_eq!(seal(&ring(&[]), workspace, "credential", "c1", b"x"), Err(SealError::NoKeys));
        // Another key under the same id.
        assert_eq!(open(&ring(&["a"]), workspace, "k", "c1", &sealed), Err(OpenError::Damaged));
    }

    #[test]
    fn cut_and_changed_bytes_are_errors() {
        let (ring, workspace) = (ring(&["a"]), WorkspaceId::new());
        let sealed = sealed(&ring, workspace);
        for length in 0..sealed.bytes.len() {
            let cut = Sealed { bytes: sealed.bytes[..length].to_vec(), ..sealed.clone() };
            assert_eq!(open(&ring, workspace, "credential", "c1", &cut), Err(OpenError::Damaged), "{length}");
        }
        for at in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[at] ^= 1;
            assert_eq!(open(&ring, workspace, "credential", "c1", &changed), Err(OpenError::Damaged), "{at}");
        }
    }

    #[test]
    fn a_change_of_keys_keeps_the_secret_and_its_row() {
        let (old, both, new, workspace) = (ring(&["a"]), ring(&["b", "a"]), ring(&["b"]), WorkspaceId::new());
        let first = sealed(&old, workspace);
        let moved = reseal(&both, workspace, "credential", "c1", &first).unwrap().unwrap();
        assert_eq!(moved.key_id, "b");
        assert_eq!(open(&new, workspace, "credential", "c1", &moved).unwrap().text(), Some("hunter22"));
        assert_eq!(open(&new, workspace, "credential", "c2", &moved), Err(OpenError::Damaged));
        assert_eq!(reseal(&both, workspace, "credential", "c1", &moved), Ok(None));
        assert_eq!(reseal(&both, workspace, "credential", "c2", &first), Err(OpenError::Damaged));
        let unknown = OpenError::UnknownKey { key_id: "a".into() };
        assert_eq!(reseal(&new, workspace, "credential", "c1", &first), Err(unknown));
    }

    #[test]
    fn no_two_envelopes_are_alike_and_none_shows_its_secret() {
        let (ring, workspace) = (ring(&["a"]), WorkspaceId::new());
        let (one, two) = (sealed(&ring, workspace), sealed(&ring, workspace));
        assert_ne!(one.bytes, two.bytes);
        assert!(!one.bytes.windows(8).any(|bytes| bytes == b"hunter22"));
        let opened = open(&ring, workspace, "credential", "c1", &one).unwrap();
        assert_eq!(format!("{opened:?}"), "[redacted]");
        assert_eq!(seal(&ring, workspace, "k", "i", &vec![0; SECRET_BYTES_MAX + 1]), Err(SealError::TooLong));
    }
}
