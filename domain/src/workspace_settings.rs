//! Settings of a workspace, which its administrators change.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{FromRow, PgConnection};

use crate::notifications::Kind;

/// The zone of those who have not chosen one.
pub const ZONE: &str = "UTC";

/// What holds for a workspace.
#[derive(Clone, Debug, FromRow)]
pub struct WorkspaceSettings {
    /// IANA name of the zone that the editor writes into new schedules, and shows times in.
    pub time_zone: String,
    /// Kinds of news that its people are not told.
    pub quiet: Vec<String>,
    /// Who changed it last; absent if nobody has.
    pub updated_by: Option<String>,
    /// When.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Default for WorkspaceSettings {
    fn default() -> Self {
        Self { time_zone: ZONE.into(), quiet: Vec::new(), updated_by: None, updated_at: None }
    }
}

impl WorkspaceSettings {
    /// Whether its people are told news of that kind.
    #[must_use]
    pub fn tells(&self, kind: Kind) -> bool {
        !self.quiet.iter().any(|word| word == kind.as_str())
    }
}

/// Whether there is such a time zone.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    name.parse::<Tz>().is_ok()
}

/// What holds for a workspace. In a transaction for it.
///
/// # Errors
/// If the database does.
pub async fn settings_of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<WorkspaceSettings, StoreError> {
    let row = sqlx::query_as(
        "SELECT s.time_zone, s.quiet, s.updated_by, s.updated_at FROM workspace_settings s WHERE s.workspace_id = $1",
    );
    let row: Option<WorkspaceSettings> = row.bind(workspace_id.0).fetch_optional(connection).await?;
    Ok(row.unwrap_or_default())
}

/// Sets them. For the API's role, in a transaction for the workspace.
///
/// # Errors
/// If the database does.
pub async fn set(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    time_zone: &str,
    quiet: &[Kind],
    updated_by: &str,
) -> Result<(), StoreError> {
    let quiet: Vec<&str> = quiet.iter().map(|kind| kind.as_str()).collect();
    sqlx::query(
        "INSERT INTO workspace_settings (workspace_id, time_zone, quiet, updated_by) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id) DO UPDATE SET time_zone = excluded.time_zone, quiet = excluded.quiet, \
           updated_by = excluded.updated_by, updated_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(time_zone)
    .bind(quiet)
    .bind(updated_by)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_the_iana() {
        for (name, is_good) in [("UTC", true), ("Europe/Berlin", true), ("Europe/Atlantis", false), ("", false)] {
            assert_eq!(is_zone(name), is_good, "{name}");
        }
    }

    #[test]
    fn whoever_wants_it_quiet_is_told_all_else() {
        let settings = WorkspaceSettings { quiet: vec!["quota.soft".into()], ..WorkspaceSettings::default() };
        assert!(!settings.tells(Kind::QuotaSoft) && settings.tells(Kind::QuotaExceeded));
    }
}
