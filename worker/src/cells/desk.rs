//! The supervisor's one connection to `control`, over which hints at announcements come too. Hints only save time: looking is the truth.

use std::future::pending;
use std::io::ErrorKind;
use std::time::Duration;

use capstan_domain::cells::cells_channel;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::postgres::PgListener;
use sqlx::{Acquire, PgConnection};
use tokio::time::timeout;

/// Longest wait for an answer, a new connection included.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// Connects when first asked, and anew after a failure.
pub(super) struct Desk {
    control: Place,
    listener: Option<PgListener>,
}

impl Desk {
    pub(super) fn new(control: Place) -> Self {
        Self { control, listener: None }
    }

    /// Asks `control` something.
    pub(super) async fn ask<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (control, listener) = (&self.control, &mut self.listener);
        let asked = timeout(ANSWER_MAX, async {
            let listener = match listener {
                Some(listener) => listener,
                None => listener.insert(listen(control).await?),
            };
            work(listener.acquire().await?).await
        });
        let answer = asked.await.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()).into()));
        if answer.is_err() {
            self.listener = None;
        }
        answer
    }

    /// Returns when something was announced or a hint may have been missed; never while there is no connection.
    pub(super) async fn hint(&mut self) {
        let Some(listener) = &mut self.listener else { return pending().await };
        if let Ok(None) | Err(_) = listener.try_recv().await {
            self.listener = None;
        }
    }
}

async fn listen(control: &Place) -> Result<PgListener, StoreError> {
    let mut listener = PgListener::connect_with(&control.pool(Role::Worker, 1)).await?;
    listener.eager_reconnect(false);
    listener.listen(&cells_channel(control)).await?;
    Ok(listener)
}
