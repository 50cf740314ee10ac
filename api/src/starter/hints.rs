//! Hints to workers: at once in this process; to other processes at once while little is started, and coalesced under
//! load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::workers::{TOKENS, hint};
use sqlx::PgConnection;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Least time between two hints to other processes under load.
const HINT_EVERY: Duration = Duration::from_millis(20);
/// Least time between two hints for each execution that the first one told of: one that starts alone is told of at
/// once, unless a thousand others were within the last second.
const HINT_EVERY_PER_START: Duration = Duration::from_millis(1);
/// Wait after a failed hint; polling finds the work meanwhile.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Hints {
    waker: Option<Arc<Notify>>,
    others: Arc<Others>,
    _alive: Arc<DropGuard>,
}

/// What other processes are not told of yet.
#[derive(Default)]
struct Others {
    asked: Notify,
    starts: AtomicU64,
}

impl Hints {
    pub(super) fn spawn(place: Place, waker: Option<Arc<Notify>>) -> Self {
        let others = Arc::new(Others::default());
        let gone = CancellationToken::new();
        let task = send_hints(place, waker.is_some(), Arc::clone(&others));
        tokio::spawn(gone.clone().run_until_cancelled_owned(task));
        Self { waker, others, _alive: Arc::new(gone.drop_guard()) }
    }

    /// There are so many more executions to work on.
    pub(super) fn wake(&self, starts: usize) {
        if let Some(waker) = &self.waker {
            waker.notify_one();
        }
        self.others.starts.fetch_add(starts as u64, Ordering::Relaxed);
        self.others.asked.notify_one();
    }
}

/// The first hint goes at once; those that are asked for in the pause after it become one at its end.
async fn send_hints(place: Place, has_worker: bool, others: Arc<Others>) {
    let mut connection = None;
    loop {
        others.asked.notified().await;
        let starts = others.starts.swap(0, Ordering::Relaxed);
        let pause = match send(&place, &mut connection).await {
            Ok(()) => pause(starts, has_worker),
            Err(error) => {
                tracing::debug!(%error, "a hint to other processes was not sent; they poll");
                connection = None;
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// How long other processes hear nothing more after a hint that told of so many starts. Beside a worker in this
/// process, which is woken first, they are needed only when there is much to do.
fn pause(starts: u64, has_worker: bool) -> Duration {
    if has_worker {
        return HINT_EVERY;
    }
    let starts = u32::try_from(starts).unwrap_or(u32::MAX);
    HINT_EVERY_PER_START.saturating_mul(starts).min(HINT_EVERY)
}

async fn send(
    place: &Place,
    connection: &mut Option<PgConnection>,
) -> Result<(), capstan_engine::store::error::StoreError> {
    if connection.is_none() {
        *connection = Some(place.connect(Role::Starter).await?);
    }
    match connection {
        Some(connection) => hint(connection, &place.channel(), TOKENS).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_keep_up_with_single_starts_and_are_rare_under_load() {
        for (starts, has_worker, pause_ms) in [(1, false, 1), (5, false, 5), (500, false, 20), (1, true, 20)] {
            assert_eq!(pause(starts, has_worker), Duration::from_millis(pause_ms), "{starts} {has_worker}");
        }
    }
}
