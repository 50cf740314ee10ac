//! Requests with an `Idempotency-Key`: which of them are under way, whether they have changed something, and what they were
//! answered. Those for a workspace lie in its cell (`request_keys`), those that a person makes for none in `control`
//! (`person_request_keys`).
//!
//! A row is claimed before the change, marked in the transaction that makes it, and gets its answer after it. So a process may
//! die anywhere in between: what was not marked was not changed, and may be tried again once the claim is over.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::secrets::Sealed;

/// For how many hours answers are kept.
pub const KEPT_HOURS: i32 = 24;
/// Seconds after which a claim without an answer is over: twice as long as a request may take.
pub const CLAIM_S: i32 = 60;
/// Keys of one person that are kept at a time, about: those who ask at the same moment may pass by a few.
pub const PERSON_KEYS_MAX: i64 = 5_000;
/// Rows that one call of [`tidy`] or [`tidy_of_persons`] removes at most.
const BITE: i64 = 5_000;

/// Whose keys, and so in which table of which schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Of requests for a workspace: in its cell.
    Workspace(WorkspaceId),
    /// Of a person's requests for none, such as those of the platform: in `control`.
    Person(Uuid),
}

impl Owner {
    fn table(self) -> &'static str {
        match self {
            Self::Workspace(_) => "request_keys",
            Self::Person(_) => "person_request_keys",
        }
    }

    /// The column of [`Self::id`].
    fn column(self) -> &'static str {
        match self {
            Self::Workspace(_) => "workspace_id",
            Self::Person(_) => "user_id",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Workspace(workspace_id) => workspace_id.0,
            Self::Person(user_id) => user_id,
        }
    }
}

/// A request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// SHA-256 of who asks, and the key.
    pub key_hash: [u8; 32],
    /// SHA-256 of method, path, query and body.
    pub request_hash: [u8; 32],
    /// Of this request alone.
    pub claim_id: Uuid,
}

/// Where the change of a request lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the cell: [`mark`] is called in its transaction.
    Cell,
    /// In `control`, where nothing can be marked with it.
    Control,
}

/// What was answered before.
#[derive(Clone, Debug, FromRow)]
pub struct Answered {
    /// Its status.
    pub status: i32,
    /// Its `Location`.
    pub location: Option<String>,
    /// The rest of it, sealed; absent if it was not kept.
    pub answer: Option<Vec<u8>>,
    /// What it is sealed under.
    pub key_id: Option<String>,
}

/// What became of a claim.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The request goes on.
    Mine,
    /// The key was used with another request.
    Reused,
    /// The first request is under way.
    UnderWay,
    /// The change was made, and nobody knows the answer.
    Unanswered,
    /// The change may have been made.
    Unclear,
    /// The person has [`PERSON_KEYS_MAX`] of them.
    Full,
    /// It was made and answered.
    Answered(Answered),
}

#[derive(FromRow)]
struct Row {
    request_hash: Vec<u8>,
    claim_id: Uuid,
    changed: String,
    is_old: bool,
    is_over: bool,
    is_answered: bool,
}

/// Claims the key, or tells what it was used for. For the API's role in a cell, the access role in `control`.
///
/// # Errors
/// If the database does.
pub async fn claim(
    connection: &mut PgConnection,
    owner: Owner,
    claim: &Claim,
    place: Place,
) -> Result<Claimed, StoreError> {
    // Looked at before it is inserted: an insert waits for who is marking the row.
    let Some(row) = look(connection, owner, claim).await? else {
        if is_full(connection, owner).await? {
            return Ok(Claimed::Full);
        }
        let is_mine = insert(connection, owner, claim, place).await?;
        return Ok(if is_mine { Claimed::Mine } else { Claimed::UnderWay });
    };
    if !row.is_old {
        if row.request_hash != claim.request_hash {
            return Ok(Claimed::Reused);
        }
        if row.is_answered {
            return answered(connection, owner, claim).await;
        }
        match (row.is_over, row.changed.as_str()) {
            (false, _) => return Ok(Claimed::UnderWay),
            (true, "yes") => return Ok(Claimed::Unanswered),
            (true, "maybe") => return Ok(Claimed::Unclear),
            (true, _) => {}
        }
    }
    take_over(connection, owner, claim, row.claim_id, place).await
}

async fn look(connection: &mut PgConnection, owner: Owner, claim: &Claim) -> Result<Option<Row>, StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!(
        "SELECT request_hash, claim_id, changed, claimed_at < clock_timestamp() - make_interval(hours => $3) AS is_old, \
                 claimed_at < clock_timestamp() - make_interval(secs => $4) AS is_over, status IS NOT NULL AS is_answered \
               FROM {table} WHERE {owner_id} = $1 AND key_hash = $2"
    );
    let query = sqlx::query_as(&sql).bind(owner.id()).bind(&claim.key_hash[..]);
    Ok(query.bind(KEPT_HOURS).bind(f64::from(CLAIM_S)).fetch_optional(connection).await?)
}

/// Whether no more is kept for the owner: a workspace has its rates, a person's rows would lie in what all share.
async fn is_full(connection: &mut PgConnection, owner: Owner) -> Result<bool, StoreError> {
    let Owner::Person(user_id) = owner else { return Ok(false) };
    let sql = "SELECT count(*) FROM (SELECT k.key_hash FROM person_request_keys k WHERE k.user_id = $1 LIMIT $2) kept";
    let kept: i64 = sqlx::query_scalar(sql).bind(user_id).bind(PERSON_KEYS_MAX).fetch_one(connection).await?;
    Ok(kept >= PERSON_KEYS_MAX)
}

/// False if another request was quicker.
async fn insert(connection: &mut PgConnection, owner: Owner, claim: &Claim, place: Place) -> Result<bool, StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!(
        "INSERT INTO {table} ({owner_id}, key_hash, request_hash, claim_id, changed) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT ({owner_id}, key_hash) DO NOTHING"
    );
    let inserted = sqlx::query(&sql)
        .bind(owner.id())
        .bind(&claim.key_hash[..])
        .bind(&claim.request_hash[..])
        .bind(claim.claim_id)
        .bind(place.unmarked())
        .execute(connection)
        .await?;
    Ok(inserted.rows_affected() == 1)
}

/// What was answered, without waiting for anybody.
async fn answered(connection: &mut PgConnection, owner: Owner, claim: &Claim) -> Result<Claimed, StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!(
        "SELECT status, location, answer, key_id FROM {table} \
               WHERE {owner_id} = $1 AND key_hash = $2 AND status IS NOT NULL"
    );
    let query = sqlx::query_as(&sql).bind(owner.id()).bind(&claim.key_hash[..]);
    Ok(query.fetch_optional(connection).await?.map_or(Claimed::UnderWay, Claimed::Answered))
}

/// Claims what nobody is at any more and nothing was changed for. A row that is being marked is somebody's.
async fn take_over(
    connection: &mut PgConnection,
    owner: Owner,
    claim: &Claim,
    before: Uuid,
    place: Place,
) -> Result<Claimed, StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!(
        "UPDATE {table} SET request_hash = $3, claim_id = $4, changed = $5, claimed_at = clock_timestamp(), \
                 status = NULL, location = NULL, answer = NULL, key_id = NULL \
               WHERE {owner_id} = $1 AND key_hash = (SELECT k.key_hash FROM {table} k \
                 WHERE k.{owner_id} = $1 AND k.key_hash = $2 AND k.claim_id = $6 \
                   AND (k.changed = 'no' OR k.claimed_at < clock_timestamp() - make_interval(hours => $7)) \
                 FOR UPDATE SKIP LOCKED)"
    );
    let taken = sqlx::query(&sql)
        .bind(owner.id())
        .bind(&claim.key_hash[..])
        .bind(&claim.request_hash[..])
        .bind(claim.claim_id)
        .bind(place.unmarked())
        .bind(before)
        .bind(KEPT_HOURS)
        .execute(connection)
        .await?;
    Ok(if taken.rows_affected() == 1 { Claimed::Mine } else { Claimed::UnderWay })
}

/// Notes in the transaction of a change that it is made. False if the claim was over, and is another request's by now: then
/// the change must not be made.
///
/// # Errors
/// If the database does.
pub async fn mark(connection: &mut PgConnection, workspace_id: WorkspaceId, claim: &Claim) -> Result<bool, StoreError> {
    let sql = "UPDATE request_keys SET changed = 'yes' WHERE workspace_id = $1 AND key_hash = $2 AND claim_id = $3";
    let query = sqlx::query(sql).bind(workspace_id.0).bind(&claim.key_hash[..]).bind(claim.claim_id);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Keeps the answer; without `sealed` only that there was one.
///
/// # Errors
/// If the database does.
pub async fn answer(
    connection: &mut PgConnection,
    owner: Owner,
    claim: &Claim,
    (status, location): (u16, Option<&str>),
    sealed: Option<&Sealed>,
) -> Result<(), StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!(
        "UPDATE {table} SET changed = 'yes', status = $4, location = $5, answer = $6, key_id = $7 \
               WHERE {owner_id} = $1 AND key_hash = $2 AND claim_id = $3"
    );
    sqlx::query(&sql)
        .bind(owner.id())
        .bind(&claim.key_hash[..])
        .bind(claim.claim_id)
        .bind(i32::from(status))
        .bind(location)
        .bind(sealed.map(|sealed| &sealed.bytes[..]))
        .bind(sealed.map(|sealed| sealed.key_id.as_str()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives the key back after a refusal. Whatever was committed on the way to it has changed nothing, also if it was marked.
///
/// # Errors
/// If the database does.
pub async fn give_back(connection: &mut PgConnection, owner: Owner, claim: &Claim) -> Result<(), StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!("DELETE FROM {table} WHERE {owner_id} = $1 AND key_hash = $2 AND claim_id = $3");
    let query = sqlx::query(&sql).bind(owner.id()).bind(&claim.key_hash[..]).bind(claim.claim_id);
    query.execute(connection).await?;
    Ok(())
}

/// Gives the key back after a failure. One whose change was made all the same stays.
///
/// # Errors
/// If the database does.
pub async fn release(connection: &mut PgConnection, owner: Owner, claim: &Claim) -> Result<(), StoreError> {
    let (table, owner_id) = (owner.table(), owner.column());
    let sql = format!(
        "DELETE FROM {table} \
               WHERE {owner_id} = $1 AND key_hash = $2 AND claim_id = $3 AND changed <> 'yes'"
    );
    let query = sqlx::query(&sql).bind(owner.id()).bind(&claim.key_hash[..]).bind(claim.claim_id);
    query.execute(connection).await?;
    Ok(())
}

/// Removes what is past its time; answers how many rows. For the worker's role. Come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let sql = "DELETE FROM request_keys k WHERE (k.workspace_id, k.key_hash) IN ( \
                 SELECT o.workspace_id, o.key_hash FROM request_keys o \
                  WHERE o.claimed_at < statement_timestamp() - make_interval(hours => $1) ORDER BY o.claimed_at LIMIT $2)";
    Ok(sqlx::query(sql).bind(KEPT_HOURS).bind(BITE).execute(connection).await?.rows_affected())
}

/// The same of persons. For the access role.
///
/// # Errors
/// If the database does.
pub async fn tidy_of_persons(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let sql = "DELETE FROM person_request_keys k WHERE (k.user_id, k.key_hash) IN ( \
                 SELECT o.user_id, o.key_hash FROM person_request_keys o \
                  WHERE o.claimed_at < statement_timestamp() - make_interval(hours => $1) ORDER BY o.claimed_at LIMIT $2 \
                    FOR UPDATE SKIP LOCKED)";
    Ok(sqlx::query(sql).bind(KEPT_HOURS).bind(BITE).execute(connection).await?.rows_affected())
}

impl Place {
    /// What a row says before its change.
    fn unmarked(self) -> &'static str {
        match self {
            Self::Cell => "no",
            Self::Control => "maybe",
        }
    }
}
