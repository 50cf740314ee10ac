//! Starts of triggers that are due at once, of one workspace: those that nothing has to be asked for are made in one transaction.

use std::collections::HashSet;

use capstan_domain::events::{Taken, taken_by_starts};
use capstan_domain::schedules::Overlap;
use capstan_domain::trigger_starts::{BEGIN_MAKING, Key, TriggerStart, Verdict, lock, settle};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::start::{Start, start};
use sqlx::{Connection, PgConnection};

use super::trigger_start::{Desk, Spent, make, taken, verdict};
use crate::side::Side;
use crate::worker::Engine;

/// Most bytes of the input of each of them: all are in memory at once, more than once. One with more is made alone.
const INPUT_BYTES_MAX: i32 = 16 * 1024;

/// What became of starts that were due at once.
pub(super) struct Burst {
    /// Those that are to be made one at a time: what they start has rules of its own, is gone, large or not to be had, or the quota does
    /// not suffice for all.
    pub(super) left: Vec<Key>,
    /// How many were made; the others are somebody else's.
    pub(super) made: usize,
    /// How many executions are new.
    pub(super) new: i64,
}

impl Burst {
    /// Nothing was made of these together.
    pub(super) fn none_of(keys: &[Key]) -> Self {
        Self { left: keys.to_vec(), made: 0, new: 0 }
    }
}

/// Makes those of these starts, of one workspace, that it can.
pub(super) async fn make_all(engine: &Engine, desk: &Desk, side: &Side, keys: &[Key]) -> Result<Burst, StoreError> {
    let mut spent = Spent::default();
    let made = side.run(async |connection| in_transaction(engine, desk, connection, keys, &mut spent).await).await;
    desk.settle(&spent, made.as_ref().ok().map(|burst| burst.new));
    made
}

async fn in_transaction(
    engine: &Engine,
    desk: &Desk,
    connection: &mut PgConnection,
    keys: &[Key],
    spent: &mut Spent,
) -> Result<Burst, StoreError> {
    let mut transaction = connection.begin_with(BEGIN_MAKING).await?;
    let rows = lock(&mut transaction, keys, Some(INPUT_BYTES_MAX)).await?;
    let locked: Vec<Key> = rows.iter().map(TriggerStart::key).collect();
    let (rows, starts) = plain_ones(engine, desk, rows).await?;
    if !may_spend(desk, &starts, spent).await? {
        // At once: what is only dropped ends with the next use of the connection.
        transaction.rollback().await?;
        return Ok(Burst::none_of(&locked));
    }
    let new = start_all(desk, &mut transaction, &rows, &starts).await?;
    spent.is_asked = true;
    transaction.commit().await?;
    let made: HashSet<Key> = rows.iter().map(TriggerStart::key).collect();
    Ok(Burst { left: locked.into_iter().filter(|key| !made.contains(key)).collect(), made: rows.len(), new })
}

/// Those that may begin whatever else is at work, and what they start.
async fn plain_ones(
    engine: &Engine,
    desk: &Desk,
    rows: Vec<TriggerStart>,
) -> Result<(Vec<TriggerStart>, Vec<Start>), StoreError> {
    let (mut plain, mut starts) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        if let Some(start) = plain_one(engine, desk, &row).await? {
            starts.push(start);
            plain.push(row);
        }
    }
    Ok((plain, starts))
}

async fn plain_one(engine: &Engine, desk: &Desk, row: &TriggerStart) -> Result<Option<Start>, StoreError> {
    if !row.is_there || !row.is_whole || row.overlap != Overlap::Allow.as_str() {
        return Ok(None);
    }
    let (workspace_id, _, version_id) = row.ids();
    let version = match engine.versions.get(&engine.side, &engine.registry, workspace_id, version_id).await {
        Ok(version) => version,
        // The others need not wait for it; by itself it is refused.
        Err(error) if !error.is_transient() => return Ok(None),
        Err(error) => return Err(error),
    };
    if version.graph.flow.is_some() {
        return Ok(None);
    }
    let vt = desk.shares().stamp(workspace_id);
    Ok(Some(make(row, version.graph.timeout_ms, vt)))
}

/// Whether there are any, and the workspace may begin all of them, which it has spent then.
async fn may_spend(desk: &Desk, starts: &[Start], spent: &mut Spent) -> Result<bool, StoreError> {
    let Some(first) = starts.first() else { return Ok(false) };
    desk.spend(first.workspace_id, i64::try_from(starts.len()).unwrap_or(i64::MAX), spent).await
}

/// Starts and settles them; how many executions are new.
async fn start_all(
    desk: &Desk,
    connection: &mut PgConnection,
    rows: &[TriggerStart],
    starts: &[Start],
) -> Result<i64, StoreError> {
    let reply = start(connection, starts).await?;
    desk.shares().advance(reply.front);
    let verdicts: Vec<(Verdict, bool)> = reply.started.into_iter().map(verdict).collect();
    let made = || rows.iter().zip(starts).zip(&verdicts);
    let new = made().filter(|(_, (_, is_new))| *is_new);
    let events: Vec<Taken> = new.filter_map(|((row, start), _)| taken(row, start.execution_id)).collect();
    taken_by_starts(connection, &events).await?;
    let ends: Vec<_> = made().map(|((row, _), (verdict, _))| (row, verdict.clone())).collect();
    settle(connection, &ends).await?;
    Ok(verdicts.iter().map(|(_, is_new)| i64::from(*is_new)).sum())
}
