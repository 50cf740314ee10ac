//! The task that reads the journals of watched executions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_domain::watch;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::journal::Entry;

use super::{NEWS_WAITING_MAX, News, Topic, Watched};
use crate::cells::Cell;
use crate::problem::Problem;
use crate::tenant;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Time to the next look after a failed one.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Most entries of one execution in one look: half of what waits for a client, so that a look cannot drop it.
const ENTRIES_PER_LOOK: i64 = (NEWS_WAITING_MAX / 2).cast_signed() as i64;

/// Watched executions of one workspace: they are read in one transaction.
struct Group {
    cell: Arc<Cell>,
    watched: Vec<(ExecutionId, i32)>,
}

/// What one look at a group found.
#[derive(Default)]
struct Found {
    entries: Vec<(ExecutionId, i32, Entry)>,
    ended: Vec<(ExecutionId, String)>,
}

/// Looks until nobody watches.
pub(super) async fn poll(watched: Arc<Mutex<Watched>>) {
    loop {
        let groups = {
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.feeds.retain(|_, feed| feed.news.receiver_count() > 0);
            if watched.feeds.is_empty() {
                watched.is_polling = false;
                return;
            }
            watched.groups()
        };
        let mut pause = LOOK_EVERY;
        for (workspace_id, group) in groups {
            match look(workspace_id, &group).await {
                Ok(found) => watched.lock().unwrap_or_else(PoisonError::into_inner).tell(workspace_id, found),
                Err(problem) => {
                    tracing::warn!(cause = problem.internal, "watched executions could not be read");
                    pause = AFTER_FAILURE;
                }
            }
        }
        tokio::time::sleep(pause).await;
    }
}

async fn look(workspace_id: WorkspaceId, group: &Group) -> Result<Found, Problem> {
    let mut transaction = tenant::read(&group.cell.pool, workspace_id).await?;
    let entries = watch::news(&mut transaction, workspace_id, &group.watched, ENTRIES_PER_LOOK).await?;
    let mut ended = watch::ended(&mut transaction, workspace_id, &group.watched).await?;
    transaction.commit().await?;
    let mut counts: HashMap<ExecutionId, i64> = HashMap::new();
    for (execution_id, ..) in &entries {
        *counts.entry(*execution_id).or_default() += 1;
    }
    // Where a look was full there may be more entries before the end.
    ended.retain(|(execution_id, _)| counts.get(execution_id).is_none_or(|&count| count < ENTRIES_PER_LOOK));
    Ok(Found { entries, ended })
}

impl Watched {
    fn groups(&self) -> HashMap<WorkspaceId, Group> {
        let mut groups: HashMap<WorkspaceId, Group> = HashMap::new();
        for (topic, feed) in &self.feeds {
            let new = || Group { cell: Arc::clone(&feed.cell), watched: Vec::new() };
            let group = groups.entry(topic.workspace_id).or_insert_with(new);
            group.watched.push((topic.execution_id, feed.position));
        }
        groups
    }

    /// Sends what was found. A feed that nobody listens to any more goes with the next look.
    fn tell(&mut self, workspace_id: WorkspaceId, found: Found) {
        for (execution_id, position, entry) in found.entries {
            if let Some(feed) = self.feeds.get_mut(&Topic { workspace_id, execution_id })
                && position > feed.position
            {
                feed.position = position;
                let _ = feed.news.send(News::Entry(position, Arc::new(entry)));
            }
        }
        for (execution_id, status) in found.ended {
            if let Some(feed) = self.feeds.remove(&Topic { workspace_id, execution_id }) {
                let _ = feed.news.send(News::Ended(status));
            }
        }
    }
}
