//! What signs for an endpoint: sealed, shown once, and for a while together with what signed before.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use thiserror::Error;
use uuid::Uuid;

use super::key_pair::SigningPair;
use super::signature::SigningSecret;
use super::signer::Signer;
use crate::secrets::{KeyRing, OpenError, SealError, Sealed, open, seal};

/// What sealed signing secrets are.
const KIND: &str = "webhook_secret";
/// What sealed private keys are.
const PAIR_KIND: &str = "webhook_pair";
/// Most secrets that sign for an endpoint at a time.
pub const SECRETS_MAX: usize = 5;
/// How long an old secret signs along, if nothing else is said, and at most, in seconds.
pub const OVERLAP_S_DEFAULT: i64 = 86_400;
/// See [`OVERLAP_S_DEFAULT`].
pub const OVERLAP_S_MAX: i64 = 7 * 86_400;

/// What is told of a secret.
#[derive(Clone, Debug, FromRow)]
pub struct SecretRow {
    /// Its id.
    pub secret_id: Uuid,
    endpoint_id: Uuid,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it signs; absent for the newest.
    pub until_at: Option<DateTime<Utc>>,
    /// `whpk_…` of the key pair that signs along, if one does.
    pub public_key: Option<String>,
}

/// A secret as it is stored, with the key pair that signs along, if one does. Opened by the process that signs.
#[derive(Clone, Debug, FromRow)]
pub struct StoredSecret {
    secret_id: Uuid,
    sealed: Vec<u8>,
    key_id: String,
    pair_sealed: Option<Vec<u8>>,
    pair_key_id: Option<String>,
}

/// A secret was not made.
#[derive(Debug, Error)]
pub enum SecretError {
    /// This process has no keys.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SecretError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Gives an endpoint a new secret, with a key pair if its owner wants that; those of before sign along for `overlap_s`. Absent if [`SECRETS_MAX`] sign already. For
/// the API's role.
///
/// # Errors
/// See [`SecretError`].
pub async fn add_secret(
    connection: &mut PgConnection,
    keys: &KeyRing,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    overlap_s: i64,
) -> Result<Option<SigningSecret>, SecretError> {
    let (secret_id, secret) = (Uuid::now_v7(), SigningSecret::generate());
    let sealed = seal(keys, workspace_id, KIND, &secret_id.to_string(), secret.reveal().as_bytes())?;
    // Also locks the endpoint's row against another rotation.
    let asymmetric: Option<bool> = sqlx::query_scalar(
        "UPDATE webhook_endpoints SET updated_at = clock_timestamp() WHERE workspace_id = $1 AND endpoint_id = $2 \
         RETURNING is_asymmetric",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM webhook_secrets WHERE workspace_id = $1 AND endpoint_id = $2 AND until_at <= clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .execute(&mut *connection)
    .await?;
    if overlap_s == 0 {
        sqlx::query("DELETE FROM webhook_secrets WHERE workspace_id = $1 AND endpoint_id = $2")
            .bind(workspace_id.0)
            .bind(endpoint_id)
            .execute(&mut *connection)
            .await?;
    }
    let signing = sqlx::query(
        "UPDATE webhook_secrets \
         SET until_at = least(until_at, clock_timestamp() + $3 * interval '1 second') \
         WHERE workspace_id = $1 AND endpoint_id = $2",
    );
    let signing = signing.bind(workspace_id.0).bind(endpoint_id).bind(overlap_s).execute(&mut *connection).await?;
    if signing.rows_affected() >= SECRETS_MAX as u64 {
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO webhook_secrets (workspace_id, endpoint_id, secret_id, sealed, key_id) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .bind(secret_id)
    .bind(&sealed.bytes)
    .bind(&sealed.key_id)
    .execute(&mut *connection)
    .await?;
    if asymmetric == Some(true) {
        add_pair(connection, keys, workspace_id, endpoint_id, secret_id).await?;
    }
    Ok(Some(secret))
}

/// Has a key pair sign along with the newest secret of an endpoint, or none with any, as its owner has set it. For the API's
/// role, in the transaction that changes the endpoint.
///
/// # Errors
/// See [`SecretError`].
pub async fn fit_pairs(
    connection: &mut PgConnection,
    keys: &KeyRing,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
) -> Result<(), SecretError> {
    sqlx::query(
        "UPDATE webhook_secrets SET pair_sealed = NULL, pair_key_id = NULL, public_key = NULL \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND public_key IS NOT NULL AND NOT (SELECT p.is_asymmetric \
           FROM webhook_endpoints p WHERE p.workspace_id = $1 AND p.endpoint_id = $2)",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .execute(&mut *connection)
    .await?;
    let without: Option<Uuid> = sqlx::query_scalar(
        "SELECT n.secret_id FROM webhook_endpoints p JOIN LATERAL ( \
           SELECT s.secret_id, s.public_key FROM webhook_secrets s \
            WHERE s.workspace_id = $1 AND s.endpoint_id = $2 ORDER BY s.secret_id DESC LIMIT 1) n ON n.public_key IS NULL \
         WHERE p.workspace_id = $1 AND p.endpoint_id = $2 AND p.is_asymmetric",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .fetch_optional(&mut *connection)
    .await?;
    match without {
        Some(secret_id) => add_pair(connection, keys, workspace_id, endpoint_id, secret_id).await,
        None => Ok(()),
    }
}

/// Has a new key pair sign along with a secret.
async fn add_pair(
    connection: &mut PgConnection,
    keys: &KeyRing,
    workspace_id: WorkspaceId,
    endpoint_id: Uuid,
    secret_id: Uuid,
) -> Result<(), SecretError> {
    let pair = SigningPair::generate();
    let sealed = seal(keys, workspace_id, PAIR_KIND, &secret_id.to_string(), pair.reveal().as_bytes())?;
    sqlx::query(
        "UPDATE webhook_secrets SET pair_sealed = $4, pair_key_id = $5, public_key = $6 \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND secret_id = $3",
    )
    .bind(workspace_id.0)
    .bind(endpoint_id)
    .bind(secret_id)
    .bind(&sealed.bytes)
    .bind(&sealed.key_id)
    .bind(pair.public().to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens what signs for an endpoint.
///
/// # Errors
/// If this process lacks a key, or the bytes are damaged.
pub fn open_secrets(
    keys: &KeyRing,
    workspace_id: WorkspaceId,
    stored: &[StoredSecret],
) -> Result<Vec<Signer>, OpenError> {
    let open_one = |one: &StoredSecret| {
        let opened = |kind: &str, key_id: &str, bytes: &[u8]| {
            let sealed = Sealed { key_id: key_id.to_owned(), bytes: bytes.to_owned() };
            open(keys, workspace_id, kind, &one.secret_id.to_string(), &sealed)
        };
        let secret = opened(KIND, &one.key_id, &one.sealed)?;
        let secret = secret.text().and_then(|text| SigningSecret::parse(text).ok()).ok_or(OpenError::Damaged)?;
        let pair = one.pair_sealed.as_ref().zip(one.pair_key_id.as_ref());
        let pair = pair.map(|(bytes, key_id)| opened(PAIR_KIND, key_id, bytes)).transpose()?;
        let pair =
            pair.map(|pair| pair.text().and_then(|text| SigningPair::parse(text).ok()).ok_or(OpenError::Damaged));
        Ok(Signer { secret, pair: pair.transpose()? })
    };
    stored.iter().map(open_one).collect()
}

/// What signs for these endpoints, newest first.
pub(super) async fn secrets_of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    endpoints: &[Uuid],
) -> Result<HashMap<Uuid, Vec<SecretRow>>, StoreError> {
    let rows: Vec<SecretRow> = sqlx::query_as(
        "SELECT secret_id, endpoint_id, created_at, until_at, public_key FROM webhook_secrets \
         WHERE workspace_id = $1 AND endpoint_id = ANY ($2) AND (until_at IS NULL OR until_at > clock_timestamp()) \
         ORDER BY endpoint_id, secret_id DESC",
    )
    .bind(workspace_id.0)
    .bind(endpoints)
    .fetch_all(connection)
    .await?;
    let mut by_endpoint: HashMap<Uuid, Vec<SecretRow>> = HashMap::new();
    for row in rows {
        by_endpoint.entry(row.endpoint_id).or_default().push(row);
    }
    Ok(by_endpoint)
}
