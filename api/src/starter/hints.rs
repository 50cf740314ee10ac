//! Hints to workers: at once in this process, coalesced to other processes.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::workers::hint;
use sqlx::PgConnection;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Least time between two hints to other processes.
const HINT_EVERY: Duration = Duration::from_millis(20);
/// Wait after a failed hint; polling finds the work meanwhile.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Hints {
    waker: Option<Arc<Notify>>,
    others: Arc<Notify>,
    _alive: Arc<DropGuard>,
}

impl Hints {
    pub(super) fn spawn(place: Place, waker: Option<Arc<Notify>>) -> Self {
        let others = Arc::new(Notify::new());
        let gone = CancellationToken::new();
        let task = send_hints(place, Arc::clone(&others));
        tokio::spawn(gone.clone().run_until_cancelled_owned(task));
        Self { waker, others, _alive: Arc::new(gone.drop_guard()) }
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.notify_one();
        }
        self.others.notify_one();
    }
}

async fn send_hints(place: Place, asked: Arc<Notify>) {
    let mut connection = None;
    loop {
        asked.notified().await;
        let pause = match send(&place, &mut connection).await {
            Ok(()) => HINT_EVERY,
            Err(error) => {
                tracing::debug!(%error, "a hint to other processes was not sent; they poll");
                connection = None;
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn send(
    place: &Place,
    connection: &mut Option<PgConnection>,
) -> Result<(), capstan_engine::store::error::StoreError> {
    if connection.is_none() {
        *connection = Some(place.connect(Role::Starter).await?);
    }
    match connection {
        Some(connection) => hint(connection, &place.channel()).await,
        None => Ok(()),
    }
}
