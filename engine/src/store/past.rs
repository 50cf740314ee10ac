//! Reading executions back: what a worker needs to go on with those that it did not begin.

use std::collections::HashMap;

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::codec::{JOURNAL_COLUMNS, JournalRow};
use super::error::StoreError;
use super::signals::Pending;
use crate::core::journal::Entry;

/// What the database knows of an execution that has begun before.
#[derive(Debug, Default)]
pub struct Past {
    /// Its journal, in order, not yet read.
    pub rows: Vec<JournalRow>,
    /// What waits for it, oldest first.
    pub signals: Vec<Pending>,
    /// Whether its journal is that of the execution that it goes on from, and it has not begun itself.
    pub is_copied: bool,
}

#[derive(FromRow)]
struct Written {
    #[sqlx(flatten)]
    row: JournalRow,
    /// 0 where it is a copy.
    lease_no: i64,
}

#[derive(FromRow)]
struct Waiting {
    execution_id: Uuid,
    #[sqlx(flatten)]
    signal: Pending,
}

impl Past {
    /// The journal, read.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a row does not read as what the engine wrote.
    pub fn entries(&mut self) -> Result<Vec<Entry>, StoreError> {
        std::mem::take(&mut self.rows).into_iter().map(JournalRow::decode).collect()
    }
}

/// What is known of these executions, whose ids ascend and whose leases the caller holds. Uses keys throughout, within
/// the months of the ids.
///
/// # Errors
/// If the database does.
pub async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Past>, StoreError> {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(HashMap::new()) };
    let mut pasts: HashMap<Uuid, Past> = ids.iter().map(|&id| (id, Past::default())).collect();
    let sql = format!(
        "SELECT {JOURNAL_COLUMNS}, lease_no FROM journal \
         WHERE execution_id = ANY ($1) AND execution_id BETWEEN $2 AND $3 ORDER BY execution_id, position"
    );
    let rows: Vec<Written> = sqlx::query_as(&sql).bind(ids).bind(first).bind(last).fetch_all(&mut *connection).await?;
    for Written { row, lease_no } in rows {
        let past = pasts.entry(row.execution_id).or_default();
        past.is_copied = lease_no == 0;
        past.rows.push(row);
    }
    let signals: Vec<Waiting> = sqlx::query_as(
        "SELECT execution_id, signal_id, name, payload FROM signals \
         WHERE execution_id = ANY ($1) ORDER BY created_at, signal_id",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for Waiting { execution_id, signal } in signals {
        pasts.entry(execution_id).or_default().signals.push(signal);
    }
    Ok(pasts)
}
