//! What is sealed of a credential and of a token, and how it is opened.

use capstan_engine::core::ids::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{KIND, TOKEN_KIND, credential_type};
use crate::secrets::{KeyRing, OpenError, SealError, Sealed, open, seal};

/// A credential in the clear. Its type and hosts are sealed with it: nobody widens them in the table. No `Debug`, on purpose.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Name of its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Hosts that may see it.
    pub allowed_hosts: Vec<String>,
    /// As its type wants them.
    pub fields: Map<String, Value>,
}

/// What a token server has given. No `Debug`, on purpose.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token {
    /// What requests bring.
    pub access_token: String,
    /// What fetches the next one, where it is another than before.
    pub refresh_token: Option<String>,
}

impl Kept {
    /// A text of it.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// Its secret texts, as its type says which those are; all of them if the type is unknown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let known = credential_type(&self.kind);
        let is_open = move |name: &str| {
            known.is_some_and(|kind| kind.fields.iter().any(|field| field.name == name && !field.is_secret))
        };
        let secret = self.fields.iter().filter(move |(name, _)| !is_open(name.as_str())).map(|(_, value)| value);
        secret.flat_map(|value| match value {
            Value::String(text) => vec![text.as_str()],
            Value::Object(pairs) => pairs.values().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        })
    }

    /// Seals it for that credential.
    ///
    /// # Errors
    /// If there is no key.
    pub fn seal(&self, ring: &KeyRing, workspace_id: WorkspaceId, credential_id: Uuid) -> Result<Sealed, SealError> {
        seal(ring, workspace_id, KIND, &credential_id.to_string(), &bytes(self))
    }

    /// Opens it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        ring: &KeyRing,
        workspace_id: WorkspaceId,
        credential_id: Uuid,
        sealed: &Sealed,
    ) -> Result<Self, OpenError> {
        let secret = open(ring, workspace_id, KIND, &credential_id.to_string(), sealed)?;
        serde_json::from_slice(secret.bytes()).map_err(|_| OpenError::Damaged)
    }
}

impl Token {
    /// Seals it for that credential.
    ///
    /// # Errors
    /// If there is no key.
    pub fn seal(&self, ring: &KeyRing, workspace_id: WorkspaceId, credential_id: Uuid) -> Result<Sealed, SealError> {
        seal(ring, workspace_id, TOKEN_KIND, &credential_id.to_string(), &bytes(self))
    }

    /// Opens it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        ring: &KeyRing,
        workspace_id: WorkspaceId,
        credential_id: Uuid,
        sealed: &Sealed,
    ) -> Result<Self, OpenError> {
        let secret = open(ring, workspace_id, TOKEN_KIND, &credential_id.to_string(), sealed)?;
        serde_json::from_slice(secret.bytes()).map_err(|_| OpenError::Damaged)
    }
}

fn bytes(what: &impl Serialize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(what).expect("texts and numbers are JSON"))
}
