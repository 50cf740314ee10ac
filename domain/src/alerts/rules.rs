//! The rules of a workspace. For the API's role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::rule::{DEFAULT_NAME, Rule, shipped};

/// Most rules of a workspace.
pub const RULES_MAX: i64 = 20;

/// A rule as it is kept, or as it is shipped.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RuleRow {
    /// Unique in the workspace.
    pub name: String,
    /// What it says.
    #[sqlx(flatten)]
    pub rule: Rule,
    /// Who wrote it; absent for the shipped one.
    pub updated_by: Option<String>,
    /// When it was written; absent for the shipped one.
    pub updated_at: Option<DateTime<Utc>>,
}

/// All rules by name, the shipped one among them where it holds.
///
/// # Errors
/// If the database does.
pub async fn list_rules(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<RuleRow>, StoreError> {
    let mut rules: Vec<RuleRow> = sqlx::query_as(
        "SELECT name, kind, workflow_id, window_s, after_s, percent, ended_min, metric, above, is_mailed, \
                is_enabled, updated_by, updated_at \
           FROM alert_rules WHERE workspace_id = $1 ORDER BY name LIMIT $2",
    )
    .bind(workspace_id.0)
    .bind(RULES_MAX)
    .fetch_all(connection)
    .await?;
    if rules.iter().all(|row| row.name != DEFAULT_NAME) {
        rules.push(RuleRow { name: DEFAULT_NAME.into(), rule: shipped(), updated_by: None, updated_at: None });
    }
    rules.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(rules)
}

/// Writes a rule that was checked; false if there are [`RULES_MAX`] others.
///
/// # Errors
/// If the database does.
pub async fn put_rule(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
    rule: &Rule,
    by: &str,
) -> Result<bool, StoreError> {
    // Who writes rules of one workspace at the same time does so in turns: else both may be the last one.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#alert_rules'), hashtext($1::text))")
        .bind(workspace_id.0)
        .execute(&mut *connection)
        .await?;
    let written = sqlx::query(
        "INSERT INTO alert_rules (workspace_id, name, kind, workflow_id, window_s, after_s, percent, ended_min, metric, \
           above, is_mailed, is_enabled, updated_by) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 \
          WHERE (SELECT count(*) FROM alert_rules r WHERE r.workspace_id = $1 AND r.name <> $2) < $14 \
         ON CONFLICT (workspace_id, name) DO UPDATE SET kind = excluded.kind, workflow_id = excluded.workflow_id, \
           window_s = excluded.window_s, after_s = excluded.after_s, percent = excluded.percent, \
           ended_min = excluded.ended_min, metric = excluded.metric, above = excluded.above, \
           is_mailed = excluded.is_mailed, is_enabled = excluded.is_enabled, updated_by = excluded.updated_by, updated_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(name)
    .bind(rule.kind.as_str())
    .bind(rule.workflow_id)
    .bind(rule.window_s)
    .bind(rule.after_s)
    .bind(rule.percent)
    .bind(rule.ended_min)
    .bind(&rule.metric)
    .bind(rule.above)
    .bind(rule.is_mailed)
    .bind(rule.is_enabled)
    .bind(by)
    .bind(RULES_MAX)
    .execute(connection)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Removes a rule; false if there was none. In place of [`DEFAULT_NAME`] the shipped one holds again.
///
/// # Errors
/// If the database does.
pub async fn delete_rule(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<bool, StoreError> {
    let gone = sqlx::query("DELETE FROM alert_rules WHERE workspace_id = $1 AND name = $2");
    Ok(gone.bind(workspace_id.0).bind(name).execute(connection).await?.rows_affected() > 0)
}
