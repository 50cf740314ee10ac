//! The side connection: claims, look-ups, logs and upkeep of a process take turns on it.
//!
//! Commits and beats have connections of their own, so that a worker has few, and none waits for a person's log line.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use capstan_engine::store::connect::{Place, answered};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::link::Link;
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

/// Connects when first used, and anew after a failure.
pub(crate) struct Side {
    link: Mutex<Link>,
}

impl Side {
    pub(crate) fn new(place: Place) -> Self {
        Self { link: Mutex::new(Link::new(place)) }
    }

    /// The same for work that may take longer than others.
    pub(crate) async fn run_for<T>(
        &self,
        longest: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut link = self.link.lock().await;
        let done = timeout(longest, async {
            let result = work(link.begin().await?).await;
            link.done(result)
        });
        done.await.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()))
    }

    /// Waits for a turn, first come first served, and works.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut link = self.link.lock().await;
        answered(async {
            let result = work(link.begin().await?).await;
            link.done(result)
        })
        .await
    }
}

/// How long a connection is kept for which there was no work.
const KEPT: Duration = Duration::from_secs(2);

/// A connection of a duty's own, for work that the side connection must not wait for. It outlives the work a little: one that
/// comes and goes with each small piece costs more than the piece.
pub(crate) struct Apart {
    place: Place,
    side: Option<Side>,
    /// Until when it is kept, once there was no more work.
    until: Option<Instant>,
}

impl Apart {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, side: None, until: None }
    }

    /// For work that there is.
    pub(crate) fn side(&mut self) -> &Side {
        self.until = None;
        self.side.get_or_insert_with(|| Side::new(self.place.clone()))
    }

    /// Ends the connection.
    pub(crate) fn end(&mut self) {
        self.side = None;
    }

    /// Ends the connection when nobody has asked for it for a while.
    pub(crate) async fn rest(&mut self) -> Infallible {
        if self.side.is_some() {
            sleep_until(*self.until.get_or_insert_with(|| Instant::now() + KEPT)).await;
            self.end();
        }
        pending().await
    }
}
