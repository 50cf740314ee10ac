//! Executions that a bulk job has go on with another version, where it fits.

use capstan_domain::history;
use capstan_domain::restart::Recorded;
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkspaceId};
use capstan_engine::core::migrate::Misfit;
use capstan_engine::store::bulk::{Item, ItemEnd};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions;
use capstan_engine::store::migration::Migrated;
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::item::{IS_TRIAL, Judged, NOT_KEPT, version};
use super::orders::BY;
use crate::worker::Engine;

/// Reasons that an item tells.
const REASONS_TOLD: usize = 3;

/// Finds out whether an execution can go on with the version of its item.
pub(super) async fn plan(
    engine: &Engine,
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    item: &Item,
    reason: Option<&str>,
) -> Result<Judged, StoreError> {
    let skipped = |reason: String| Ok(Judged::End(ItemEnd::Skipped(reason)));
    let id = ExecutionId(item.execution_id);
    let Some(row) = executions::find(connection, workspace_id, id).await? else {
        return skipped(NOT_KEPT.into());
    };
    let to = item.version_id.map_or(VersionId(row.version_id), VersionId);
    if row.ended_at.is_some() {
        return skipped(format!("the execution is {}", row.status));
    }
    if row.trial {
        return skipped(IS_TRIAL.into());
    }
    if to.0 == row.version_id {
        return skipped("the execution has that version already".into());
    }
    let entries = history::outline(connection, workspace_id, id, 0).await?;
    let old = version(engine, workspace_id, VersionId(row.version_id)).await?.begun_at(&row.trigger_node_id);
    let new = version(engine, workspace_id, to).await?.begun_at(&row.trigger_node_id);
    let reason = reason.map(str::to_owned);
    // On a thread of its own: a long journal takes a while, and what panics over it fails alone.
    let planned = spawn_blocking(move || {
        let recorded = Recorded { row: &row, graph: &old, entries: &entries };
        Ok::<_, StoreError>((recorded.misfits(&new)?, recorded.migration(to, BY, reason.as_deref())))
    });
    Ok(match planned.await {
        Ok(Ok((misfits, migration))) if misfits.is_empty() => Judged::Migrate(Box::new(migration)),
        Ok(Ok((misfits, _))) => Judged::End(ItemEnd::Failed(told(&misfits))),
        Ok(Err(error)) => return Err(error),
        Err(error) => Judged::End(ItemEnd::Failed(format!("the migration cannot be planned: {error}"))),
    })
}

fn told(misfits: &[Misfit]) -> String {
    let first: Vec<String> = misfits.iter().take(REASONS_TOLD).map(Misfit::to_string).collect();
    let more = misfits.len().saturating_sub(REASONS_TOLD);
    let rest = if more == 0 { String::new() } else { format!("; and {more} more") };
    format!("the version does not fit: {}{rest}", first.join("; "))
}

/// What became of a migration.
pub(super) fn end(migrated: Migrated) -> ItemEnd {
    match migrated {
        Migrated::Done => ItemEnd::Done(None),
        Migrated::Running => ItemEnd::Failed("a worker holds it: pause it, and come again".into()),
        Migrated::Changed => ItemEnd::Failed("it got on while it was looked at: pause it, and come again".into()),
        Migrated::Unknown => ItemEnd::Skipped(NOT_KEPT.into()),
    }
}
