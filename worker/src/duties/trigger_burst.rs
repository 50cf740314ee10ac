//! Starts of triggers that are due at once, of one workspace: those that nothing has to be asked for are made in one transaction.

use std::collections::HashSet;

use capstan_domain::events::{Taken, taken_by_starts};
use capstan_domain::quotas::EXECUTIONS;
use capstan_domain::schedules::Overlap;
use capstan_domain::trigger_starts::{BEGIN, Key, TriggerStart, Verdict, lock, settle};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::start::{Start, start};
use sqlx::{Connection, PgConnection};

use super::trigger_start::{Desk, make, taken, verdict};
use crate::side::Side;
use crate::worker::Engine;

/// What became of starts that were due at once.
pub(super) struct Burst {
    /// Those that are to be made one at a time: what they start has rules of its own, is gone, or the quota does not suffice for all.
    pub(super) left: Vec<Key>,
    /// How many executions are new.
    pub(super) new: i64,
}

/// Makes those of these starts, of one workspace, that it can.
pub(super) async fn make_all(engine: &Engine, desk: &Desk, side: &Side, keys: &[Key]) -> Result<Burst, StoreError> {
    let mut spent = None;
    let made = side.run(async |connection| in_transaction(engine, desk, connection, keys, &mut spent).await).await;
    if let (Ok(burst), Some((workspace_id, units))) = (&made, spent) {
        desk.till.confirm_units(workspace_id, EXECUTIONS, burst.new);
        desk.till.give_units_back(workspace_id, EXECUTIONS, units - burst.new);
    }
    made
}

async fn in_transaction(
    engine: &Engine,
    desk: &Desk,
    connection: &mut PgConnection,
    keys: &[Key],
    spent: &mut Option<(WorkspaceId, i64)>,
) -> Result<Burst, StoreError> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let rows = lock(&mut transaction, keys).await?;
    let (rows, starts) = plain_ones(engine, desk, rows).await?;
    if !may_spend(desk, &starts, spent).await? {
        // At once: what is only dropped ends with the next use of the connection.
        transaction.rollback().await?;
        return Ok(Burst { left: keys.to_vec(), new: 0 });
    }
    let new = start_all(desk, &mut transaction, &rows, &starts).await?;
    transaction.commit().await?;
    let made: HashSet<_> =
        rows.iter().map(|row| (row.workflow_id, row.node_id.as_str(), row.subject.as_str())).collect();
    let is_left = |key: &&Key| !made.contains(&(key.workflow_id, key.node_id.as_str(), key.subject.as_str()));
    Ok(Burst { left: keys.iter().filter(is_left).cloned().collect(), new })
}

/// Those that may begin whatever else is at work, and what they start.
async fn plain_ones(
    engine: &Engine,
    desk: &Desk,
    rows: Vec<TriggerStart>,
) -> Result<(Vec<TriggerStart>, Vec<Start>), StoreError> {
    let (mut plain, mut starts) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows.into_iter().filter(|row| row.is_there && row.overlap == Overlap::Allow.as_str()) {
        let (workspace_id, _, version_id) = row.ids();
        let version = engine.versions.get(&engine.side, &engine.registry, workspace_id, version_id).await?;
        if version.graph.flow.is_none() {
            let vt = desk.shares().stamp(workspace_id);
            starts.push(make(&row, version.graph.timeout_ms, vt));
            plain.push(row);
        }
    }
    Ok((plain, starts))
}

/// Whether there are any, and the workspace may begin all of them, which it has spent then.
async fn may_spend(desk: &Desk, starts: &[Start], spent: &mut Option<(WorkspaceId, i64)>) -> Result<bool, StoreError> {
    let Some(Start { workspace_id, .. }) = starts.first() else { return Ok(false) };
    let units = i64::try_from(starts.len()).unwrap_or(i64::MAX);
    let may = desk.till.admit_units(*workspace_id, EXECUTIONS, units).await?.is_ok();
    *spent = may.then_some((*workspace_id, units));
    Ok(may)
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
