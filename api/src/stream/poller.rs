//! The task that looks at a cell for all who listen.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::changes::{self, Look, Position};
use capstan_engine::core::ids::WorkspaceId;
use tokio::time::{Instant, sleep};

use super::board::Asked;
use super::{Boards, lock};
use crate::cells::Cell;
use crate::problem::Problem;

/// Shortest time between two looks at a cell.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Time to the next look after a failed one.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Looks until nobody listens, and never more than a third of the time.
pub(super) async fn poll(boards: Boards, key: usize, cell: Arc<Cell>) {
    while let Some(asked) = ask(&boards, key) {
        let begun = Instant::now();
        let since = asked.since.as_deref();
        match look(&cell, &asked.workspaces, &asked.turn, since).await {
            Ok(look) => {
                tell(&boards, key, &asked, look);
                sleep(LOOK_EVERY.max(begun.elapsed() * 2)).await;
            }
            Err(problem) => {
                tracing::warn!(cause = problem.internal, "it could not be seen what changed; trying again");
                sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// What is to be looked at; a cell that nobody listens to is forgotten.
fn ask(boards: &Boards, key: usize) -> Option<Asked> {
    let mut boards = lock(boards);
    let asked = boards.get_mut(&key)?.ask();
    if asked.is_none() {
        boards.remove(&key);
    }
    asked
}

fn tell(boards: &Boards, key: usize, asked: &Asked, look: Look) {
    if let Some(board) = lock(boards).get_mut(&key) {
        board.tell(asked, look);
    }
}

/// One look: what was told of `workspaces` since a position, and how things stand in those of `turn`.
pub(super) async fn look(
    cell: &Cell,
    workspaces: &[WorkspaceId],
    turn: &[WorkspaceId],
    since: Option<&Position>,
) -> Result<Look, Problem> {
    let mut transaction = cell.pool.begin().await?;
    let look = changes::look(&mut transaction, workspaces, turn, since).await?;
    transaction.commit().await?;
    Ok(look)
}
