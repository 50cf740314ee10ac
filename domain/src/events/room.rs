//! How many more events a workspace may send before workers have looked at those that wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// Most events of a workspace that wait to be looked at. A little more where several processes take them in at once: each goes
/// by what it has counted itself, for a moment.
pub const EVENTS_PENDING_MAX: i64 = 100_000;
/// The part of the room that a process finds which it fills before it counts again.
const SHARE: i64 = 8;
/// For how long it goes by what it has counted.
const COUNTED_FOR: Duration = Duration::from_secs(1);
/// Workspaces whose room is known at a time.
const KNOWN_MAX: usize = 10_000;

/// What is known of the room of each workspace of a cell, in this process.
#[derive(Default)]
pub struct Room {
    known: Mutex<HashMap<WorkspaceId, Known>>,
}

struct Known {
    left: i64,
    until: Instant,
}

impl Room {
    /// Whether `count` more events find room; counts what waits unless it has just done so.
    ///
    /// # Errors
    /// If the database does.
    pub(super) async fn take(
        &self,
        connection: &mut PgConnection,
        workspace_id: WorkspaceId,
        count: usize,
    ) -> Result<bool, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if self.take_known(workspace_id, count) {
            return Ok(true);
        }
        let left = EVENTS_PENDING_MAX - pending(connection, workspace_id).await?;
        let known = Known { left: left / SHARE - count, until: Instant::now() + COUNTED_FOR };
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KNOWN_MAX {
            all.clear();
        }
        all.insert(workspace_id, known);
        Ok(left > 0)
    }

    fn take_known(&self, workspace_id: WorkspaceId, count: i64) -> bool {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get_mut(&workspace_id).filter(|known| known.left >= count && known.until > Instant::now());
        known.map(|known| known.left -= count).is_some()
    }
}

/// Whether so many events of a workspace wait that no more are taken.
pub(super) async fn is_full(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<bool, StoreError> {
    Ok(pending(connection, workspace_id).await? >= EVENTS_PENDING_MAX)
}

/// Events of a workspace that wait, of more than [`EVENTS_PENDING_MAX`] with turns of their own so many. By the keys of turns and
/// arrivals.
async fn pending(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<i64, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM (SELECT FROM event_turns WHERE workspace_id = $1 LIMIT $2) AS waiting) \
                    + (SELECT coalesce(sum(events), 0) FROM event_arrivals WHERE workspace_id = $1)";
    Ok(sqlx::query_scalar(sql).bind(workspace_id.0).bind(EVENTS_PENDING_MAX).fetch_one(connection).await?)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn known(left: i64, until: Instant) -> (Room, WorkspaceId) {
        let (room, workspace_id) = (Room::default(), WorkspaceId(Uuid::nil()));
        room.known.lock().unwrap().insert(workspace_id, Known { left, until });
        (room, workspace_id)
    }

    #[test]
    fn what_was_counted_is_used_up_and_then_counted_again() {
        let (room, workspace_id) = known(250, Instant::now() + Duration::from_secs(3_600));
        let taken: Vec<bool> = (0..4).map(|_| room.take_known(workspace_id, 100)).collect();
        assert_eq!(taken, [true, true, false, false]);
        assert!(room.take_known(workspace_id, 50), "what is left is left");
    }

    #[test]
    fn what_was_counted_long_ago_or_never_counts_for_nothing() {
        let (room, workspace_id) = known(250, Instant::now());
        assert!(!room.take_known(workspace_id, 1));
        assert!(!room.take_known(WorkspaceId(Uuid::max()), 1));
    }
}
