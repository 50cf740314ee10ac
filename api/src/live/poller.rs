//! The task that reads the journals of watched executions.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_domain::watch;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::{NEWS_WAITING_MAX, News, Topic, Watched};
use crate::cells::Cell;
use crate::problem::Problem;
use crate::tenant;

/// Longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Shortest time between two looks, after one more is watched: an execution that was just started may end soon.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Time to the next look after a failed one.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Most entries of one execution in one look: half of what waits for a client, so that a look cannot drop it.
const ENTRIES_PER_LOOK: i64 = (NEWS_WAITING_MAX / 2).cast_signed() as i64;

/// Most executions of one look.
const EXECUTIONS_PER_LOOK: usize = 32;

/// Watched executions of one workspace: they are read in one transaction.
struct Group {
    workspace_id: WorkspaceId,
    cell: Arc<Cell>,
    watched: Vec<(ExecutionId, i32)>,
}

/// What one look at a group found.
#[derive(Default)]
struct Found {
    entries: Vec<watch::Read>,
    ended: Vec<(ExecutionId, String)>,
    /// Those that may have more entries.
    full: HashSet<ExecutionId>,
}

/// Looks until nobody watches: soon after each arrival, then less and less often, and never more than half of the time.
pub(super) async fn poll(watched: Arc<Mutex<Watched>>, arrived: Arc<Notify>) {
    let mut pause = LOOK_AGAIN;
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
        let begun = Instant::now();
        if !look_at_all(&watched, &groups).await {
            sleep(AFTER_FAILURE).await;
            continue;
        }
        let rest = LOOK_AGAIN.max(begun.elapsed());
        pause = match timeout(pause.max(rest), arrived.notified()).await {
            Ok(()) => {
                sleep(rest).await;
                LOOK_AGAIN
            }
            Err(_) => (pause * 2).min(LOOK_EVERY),
        };
    }
}

/// Tells what each group has come to; false if one could not be read.
async fn look_at_all(watched: &Mutex<Watched>, groups: &[Group]) -> bool {
    let mut is_good = true;
    for group in groups {
        match look(group).await {
            Ok(found) => watched.lock().unwrap_or_else(PoisonError::into_inner).tell(group.workspace_id, found),
            Err(problem) => {
                tracing::warn!(cause = problem.internal, "watched executions could not be read");
                is_good = false;
            }
        }
    }
    is_good
}

async fn look(group: &Group) -> Result<Found, Problem> {
    let Group { workspace_id, cell, watched } = group;
    let mut transaction = tenant::read(&cell.pool, *workspace_id).await?;
    let entries = watch::news(&mut transaction, *workspace_id, watched, ENTRIES_PER_LOOK).await?;
    let ended = watch::ended(&mut transaction, *workspace_id, watched).await?;
    transaction.commit().await?;
    let mut counts: HashMap<ExecutionId, i64> = HashMap::new();
    for (execution_id, ..) in &entries {
        *counts.entry(*execution_id).or_default() += 1;
    }
    let full = counts.into_iter().filter(|&(_, count)| count >= ENTRIES_PER_LOOK).map(|(id, _)| id).collect();
    Ok(Found { entries, ended, full })
}

impl Watched {
    fn groups(&self) -> Vec<Group> {
        let (mut open, mut full): (HashMap<WorkspaceId, Group>, Vec<Group>) = Default::default();
        for (&Topic { workspace_id, execution_id }, feed) in &self.feeds {
            let new = || Group { workspace_id, cell: Arc::clone(&feed.cell), watched: Vec::new() };
            let group = open.entry(workspace_id).or_insert_with(new);
            group.watched.push((execution_id, feed.position));
            if group.watched.len() >= EXECUTIONS_PER_LOOK {
                full.extend(open.remove(&workspace_id));
            }
        }
        full.extend(open.into_values());
        full
    }

    /// Sends what was found. A feed that nobody listens to any more goes with the next look; one whose journal cannot
    /// be read ends here, and its watchers with it.
    fn tell(&mut self, workspace_id: WorkspaceId, found: Found) {
        for (execution_id, position, entry) in found.entries {
            let topic = Topic { workspace_id, execution_id };
            let Some(feed) = self.feeds.get_mut(&topic).filter(|feed| position > feed.position) else { continue };
            match entry {
                Ok(entry) => {
                    feed.position = position;
                    let _ = feed.news.send(News::Entry(position, Arc::new(entry)));
                }
                Err(error) => {
                    tracing::error!(%error, "a watched execution was given up");
                    self.feeds.remove(&topic);
                }
            }
        }
        for (execution_id, status) in found.ended {
            let topic = Topic { workspace_id, execution_id };
            let Some(feed) = self.feeds.get(&topic) else { continue };
            feed.over.cancel();
            if !found.full.contains(&execution_id) {
                let _ = feed.news.send(News::Ended(status));
                self.feeds.remove(&topic);
            }
        }
    }
}
