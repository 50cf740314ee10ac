//! Where the steps of a worker get credentials, over connections of its own. None is held while a token is fetched.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::PgPool;
use uuid::Uuid;

use super::keeping::{Kept, Token};
use crate::secrets::{KeyRing, OpenError, Sealed};

/// Connections for credentials; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 2;
/// How long who fetches a token may take, before another one may.
pub const REFRESH_MAX: Duration = Duration::from_secs(30);
/// How long nobody fetches a token after that has failed.
const COOL_DOWN: Duration = Duration::from_secs(2);

/// Opens credentials of a cell.
pub struct Vault {
    pool: PgPool,
    keys: Arc<KeyRing>,
}

/// A credential, opened. No `Debug`, on purpose.
#[derive(Clone)]
pub struct Opened {
    /// Its id.
    pub credential_id: Uuid,
    /// Rises by one with each replacement.
    pub revision: i32,
    /// What it is.
    pub kept: Kept,
    /// The token that was fetched with this revision, also when it is not fresh any more.
    pub token: Option<Token>,
    /// Whether that token may be used without asking for another.
    pub is_fresh: bool,
    /// Rises when a token is asked for, and when it has come: who has read less has not seen that.
    pub refresh_no: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    credential_id: Uuid,
    revision: i32,
    sealed: Vec<u8>,
    key_id: String,
    token: Option<Vec<u8>>,
    token_key_id: Option<String>,
    is_fresh: bool,
    refresh_no: i64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// The vault of the cell at `place`; connects when first used.
    #[must_use]
    pub fn new(place: &Place, keys: Arc<KeyRing>) -> Self {
        Self { pool: place.pool(Role::Worker, CONNECTIONS_MAX), keys }
    }

    /// The credential of that name, if there is one; whether it opens.
    ///
    /// # Errors
    /// If the database does.
    pub async fn find(
        &self,
        workspace_id: WorkspaceId,
        name: &str,
    ) -> Result<Option<Result<Opened, OpenError>>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT c.credential_id, c.revision, c.sealed, c.key_id, CASE WHEN t.revision = c.revision THEN t.sealed END AS token, \
             t.key_id AS token_key_id, coalesce(t.revision = c.revision AND t.fresh_until > clock_timestamp(), false) AS is_fresh, \
             coalesce(t.refresh_no, 0) AS refresh_no \
             FROM credentials c LEFT JOIN credential_tokens t \
               ON t.workspace_id = c.workspace_id AND t.credential_id = c.credential_id \
             WHERE c.workspace_id = $1 AND c.name = $2",
        )
        .bind(workspace_id.0)
        .bind(name)
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(row.map(|row| self.open(workspace_id, row)))
    }

    fn open(&self, workspace_id: WorkspaceId, row: Row) -> Result<Opened, OpenError> {
        let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
        let kept = Kept::open(&self.keys, workspace_id, row.credential_id, &sealed)?;
        let token = match row.token.zip(row.token_key_id) {
            Some((bytes, key_id)) => {
                Some(Token::open(&self.keys, workspace_id, row.credential_id, &Sealed { key_id, bytes })?)
            }
            None => None,
        };
        let Row { credential_id, revision, is_fresh, refresh_no, .. } = row;
        Ok(Opened { credential_id, revision, kept, is_fresh: is_fresh && token.is_some(), token, refresh_no })
    }

    /// Takes the turn to fetch a token, for [`REFRESH_MAX`]; its number, or none if another one has it, or had it since `opened`
    /// was read.
    ///
    /// # Errors
    /// If the database does.
    pub async fn begin_refresh(&self, workspace_id: WorkspaceId, opened: &Opened) -> Result<Option<i64>, StoreError> {
        let number = sqlx::query_scalar(
            "INSERT INTO credential_tokens AS t (workspace_id, credential_id, revision, refresh_no, refresh_until) \
             SELECT c.workspace_id, c.credential_id, c.revision, 1, clock_timestamp() + make_interval(secs => $5) \
             FROM credentials c WHERE c.workspace_id = $1 AND c.credential_id = $2 AND c.revision = $3 \
             ON CONFLICT (workspace_id, credential_id) DO UPDATE SET refresh_no = t.refresh_no + 1, \
               refresh_until = excluded.refresh_until, revision = excluded.revision, \
               sealed = CASE WHEN t.revision = excluded.revision THEN t.sealed END, \
               key_id = CASE WHEN t.revision = excluded.revision THEN t.key_id END, \
               expires_at = CASE WHEN t.revision = excluded.revision THEN t.expires_at END \
             WHERE t.refresh_no = $4 AND (t.refresh_until IS NULL OR t.refresh_until < clock_timestamp()) \
             RETURNING refresh_no",
        )
        .bind(workspace_id.0)
        .bind(opened.credential_id)
        .bind(opened.revision)
        .bind(opened.refresh_no)
        .bind(REFRESH_MAX.as_secs_f64())
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(number)
    }

    /// Keeps what was fetched in the turn `number`: it expires in `expires_in`, and is asked for anew a little before. False if
    /// the turn is over: then it must not be used.
    ///
    /// # Errors
    /// If it cannot be sealed, or the database does.
    pub async fn finish_refresh(
        &self,
        workspace_id: WorkspaceId,
        opened: &Opened,
        number: i64,
        token: &Token,
        expires_in: Duration,
    ) -> Result<bool, StoreError> {
        let sealed = token
            .seal(&self.keys, workspace_id, opened.credential_id)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let stored = sqlx::query(
            "UPDATE credential_tokens SET sealed = $5, key_id = $6, refresh_until = NULL, refresh_no = refresh_no + 1, \
             refreshed_at = clock_timestamp(), \
             expires_at = clock_timestamp() + make_interval(secs => $7), \
             fresh_until = clock_timestamp() + make_interval(secs => $7 - least($7 / 5, 60)) \
             WHERE workspace_id = $1 AND credential_id = $2 AND revision = $3 AND refresh_no = $4",
        )
        .bind(workspace_id.0)
        .bind(opened.credential_id)
        .bind(opened.revision)
        .bind(number)
        .bind(sealed.bytes)
        .bind(sealed.key_id)
        .bind(expires_in.as_secs_f64())
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(stored.rows_affected() == 1)
    }

    /// Gives the turn `number` up without a token; the next one may come after a moment.
    ///
    /// # Errors
    /// If the database does.
    pub async fn give_up_refresh(
        &self,
        workspace_id: WorkspaceId,
        opened: &Opened,
        number: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE credential_tokens SET refresh_until = clock_timestamp() + make_interval(secs => $4) \
             WHERE workspace_id = $1 AND credential_id = $2 AND refresh_no = $3",
        )
        .bind(workspace_id.0)
        .bind(opened.credential_id)
        .bind(number)
        .bind(COOL_DOWN.as_secs_f64())
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(())
    }
}
