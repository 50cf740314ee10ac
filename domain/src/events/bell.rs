//! Hints at new events.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::{TOKENS, hint};
use sqlx::PgConnection;

/// Least time between two hints of a process. Who hears one looks again for longer than that, so none in between is
/// missed.
const HINT_EVERY: Duration = Duration::from_millis(20);

/// Tells the workers of a cell of new events. They poll, too.
pub struct Bell {
    channel: String,
    rung: Mutex<Option<Instant>>,
}

impl Bell {
    /// The bell of the cell at `place`.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        Self { channel: place.events_channel(), rung: Mutex::default() }
    }

    /// Rings, unless it has just rung. Never inside a transaction that does more.
    ///
    /// # Errors
    /// If the database does.
    pub async fn ring(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        if self.is_time() { hint(connection, &self.channel, TOKENS).await } else { Ok(()) }
    }

    /// Whether it would not ring now: it has just rung.
    #[must_use]
    pub fn has_just_rung(&self) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung.is_some_and(|rung| rung.elapsed() < HINT_EVERY)
    }

    fn is_time(&self) -> bool {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = rung.is_none_or(|rung| rung.elapsed() >= HINT_EVERY);
        if is_time {
            *rung = Some(Instant::now());
        }
        is_time
    }
}
