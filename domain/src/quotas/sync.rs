//! Brings limits from `control` to a cell: read here, written there, noted here; each a transaction of its own. Any of it may
//! be repeated, by several processes at once: an older revision never replaces a newer one.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::meter_of;
use crate::cells::CellAddress;

/// Most units of a limit.
const UNITS_MAX: i64 = 1_000_000_000_000;

/// Limits that a cell may not know yet.
#[derive(Clone, Debug, FromRow)]
pub struct Unsynced {
    /// Whose.
    pub workspace_id: Uuid,
    /// The cell.
    #[sqlx(flatten)]
    pub cell: CellAddress,
    /// Of which plan.
    pub plan: String,
    /// Rises with each change.
    pub revision: i64,
    /// Quota to units.
    pub limits: Value,
    /// How much more is served, in percent.
    pub buffer_percent: i32,
}

/// What cells do not know yet, at most `most`; or, of one workspace, what its cell is to know.
///
/// # Errors
/// If the database does.
pub async fn to_sync(
    control: &mut PgConnection,
    workspace_id: Option<WorkspaceId>,
    most: i32,
) -> Result<Vec<Unsynced>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT workspace_id, cell_id, schema_name, database_name, server_id, plan, revision, limits, buffer_percent \
         FROM plans_to_sync_2($1, $2)",
    );
    Ok(rows.bind(workspace_id.map(|id| id.0)).bind(most).fetch_all(control).await?)
}

/// Writes limits into the cell, in a transaction of their workspace. An older revision changes nothing.
///
/// # Errors
/// If the database does.
pub async fn write_limits(cell: &mut PgConnection, unsynced: &Unsynced) -> Result<(), StoreError> {
    sqlx::query("SELECT set_quota_limits_1($1, $2, $3)")
        .bind(&unsynced.plan)
        .bind(unsynced.revision)
        .bind(rows(&unsynced.limits, unsynced.buffer_percent))
        .execute(cell)
        .await?;
    Ok(())
}

/// Notes in `control` that the cell knows.
///
/// # Errors
/// If the database does.
pub async fn mark_synced(control: &mut PgConnection, unsynced: &Unsynced) -> Result<(), StoreError> {
    let marked = sqlx::query("SELECT plan_synced_1($1, $2)").bind(unsynced.workspace_id).bind(unsynced.revision);
    marked.execute(control).await?;
    Ok(())
}

/// Notes in `control` that the cell could not be told, so that others come first next time.
///
/// # Errors
/// If the database does.
pub async fn mark_tried(control: &mut PgConnection, unsynced: &Unsynced) -> Result<(), StoreError> {
    sqlx::query("SELECT plan_not_synced_1($1)").bind(unsynced.workspace_id).execute(control).await?;
    Ok(())
}

/// The limits as a cell keeps them. What is no number is no limit.
fn rows(limits: &Value, buffer_percent: i32) -> Value {
    let limits = limits.as_object().into_iter().flatten();
    limits
        .filter_map(|(quota, units)| {
            let units = units.as_i64()?.clamp(0, UNITS_MAX);
            let hard = units + units * i64::from(buffer_percent.max(0)) / 100;
            Some(json!({ "meter": meter_of(quota), "units_max": units, "hard_max": hard }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_limit_is_the_soft_one_and_what_is_served_beyond_it() {
        let limits = json!({ "executions_per_month": 1_000, "workflows": 3, "free_text": "many" });
        let expected = |hard: [i64; 2]| {
            json!([
                { "meter": "executions", "units_max": 1_000, "hard_max": hard[0] },
                { "meter": "workflows", "units_max": 3, "hard_max": hard[1] },
            ])
        };
        assert_eq!(rows(&limits, 20), expected([1_200, 3]));
        assert_eq!(rows(&limits, 0), expected([1_000, 3]));
        assert_eq!(rows(&limits, 40), expected([1_400, 4]));
    }
}
