//! The certificate that an endpoint's receiver asks clients for: sealed with its private key, and never shown.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::secrets::SecretError;
use crate::secrets::{KeyRing, OpenError, Sealed, Secret, open, seal};

/// What sealed certificates are.
const KIND: &str = "webhook_certificate";

/// Has an endpoint be sent to with a certificate: `pem` holds it with its private key, `fingerprint` is what is shown of it.
/// Whether there is such an endpoint. For the API's role.
///
/// # Errors
/// See [`SecretError`].
pub async fn set_certificate(
    connection: &mut PgConnection,
    keys: &KeyRing,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    pem: &str,
    fingerprint: &str,
) -> Result<bool, SecretError> {
    let sealed = seal(keys, workspace_id, KIND, &endpoint_id.to_string(), pem.as_bytes())?;
    let set = sqlx::query(
        "UPDATE webhook_endpoints SET certificate_sealed = $3, certificate_key_id = $4, certificate_fingerprint = $5, \
           certificate_set_at = clock_timestamp(), updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND status <> 'deleted'",
    );
    let set = set.bind(workspace_id.0).bind(endpoint_id).bind(&sealed.bytes).bind(&sealed.key_id).bind(fingerprint);
    Ok(set.execute(connection).await?.rows_affected() > 0)
}

/// Has an endpoint be sent to without a certificate; whether it had one. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn remove_certificate(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<bool, StoreError> {
    let removed = sqlx::query(
        "UPDATE webhook_endpoints SET certificate_sealed = NULL, certificate_key_id = NULL, \
           certificate_fingerprint = NULL, certificate_set_at = NULL, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND certificate_fingerprint IS NOT NULL",
    );
    let removed = removed.bind(workspace_id.0).bind(endpoint_id).execute(connection).await?;
    Ok(removed.rows_affected() > 0)
}

/// Opens what [`set_certificate`] has kept.
///
/// # Errors
/// If this process lacks a key, or the bytes are damaged.
pub fn open_certificate(
    keys: &KeyRing,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    sealed: &Sealed,
) -> Result<Secret, OpenError> {
    open(keys, workspace_id, KIND, &endpoint_id.to_string(), sealed)
}
