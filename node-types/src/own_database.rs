//! The engine's own database, as an attempt sees it: that it is slow or away is never the step's fault.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use tokio::time::{Instant, timeout};

/// What one attempt has asked the engine's own database. Its time does not run meanwhile.
#[derive(Debug, Default)]
pub struct OwnDatabase {
    /// Questions that wait for an answer.
    open: AtomicUsize,
    /// Time that answers have taken, in microseconds.
    waited_us: AtomicU64,
}

/// Why something did not end within its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It took too long.
    Spent,
    /// It waited for the engine's own database.
    Away,
}

/// A question that waits for an answer.
struct Open<'a> {
    database: &'a OwnDatabase,
    since: Instant,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let waited_us = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.database.waited_us.fetch_add(waited_us, Ordering::Relaxed);
        self.database.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl OwnDatabase {
    /// Waits for an answer of the database. Whatever node types ask of it goes through here.
    pub async fn ask<T>(&self, answer: impl Future<Output = T>) -> T {
        self.open.fetch_add(1, Ordering::Relaxed);
        let _open = Open { database: self, since: Instant::now() };
        answer.await
    }

    /// Does `work` within `limit`, to which the time does not count for which it has waited for the database.
    ///
    /// # Errors
    /// [`Late`], with what it was doing at the end. Then it was given up.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Late> {
        let mut work = pin!(work);
        let (mut left, mut known) = (limit, self.waited());
        loop {
            if let Ok(done) = timeout(left, &mut work).await {
                return Ok(done);
            }
            if self.open.load(Ordering::Relaxed) > 0 {
                return Err(Late::Away);
            }
            let waited = self.waited();
            left = waited.saturating_sub(known);
            known = waited;
            if left.is_zero() {
                return Err(Late::Spent);
            }
        }
    }

    fn waited(&self) -> Duration {
        Duration::from_micros(self.waited_us.load(Ordering::Relaxed))
    }
}

/// How an attempt ends whose question failed: not at all where the database was away, else with this class.
pub(crate) fn unanswered(error: &StoreError, class: &str, reason: String) -> Outcome {
    if error.is_away() { Outcome::Away { reason } } else { Outcome::retry(class, reason, None) }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_the_database_takes_does_not_count() {
        let database = OwnDatabase::default();
        let work = |own: u64| {
            let database = &database;
            async move {
                database.ask(sleep(ms(80))).await;
                sleep(ms(own)).await;
                database.ask(sleep(ms(80))).await;
            }
        };
        assert_eq!(database.within(ms(100), work(90)).await, Ok(()), "250 ms in all");
        assert_eq!(database.within(ms(100), work(110)).await, Err(Late::Spent));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_without_an_answer_is_given_up_as_such() {
        let database = OwnDatabase::default();
        let asks = async { database.ask(pending::<()>()).await };
        assert_eq!(database.within(ms(100), asks).await, Err(Late::Away));
        assert_eq!(database.within(ms(100), pending::<()>()).await, Err(Late::Spent), "nothing is asked any more");
    }

    #[test]
    fn what_will_not_pass_is_an_attempt() {
        let of = |error: &StoreError| unanswered(error, "leads", "no".into());
        assert_eq!(of(&StoreError::LockTimeout), Outcome::Away { reason: "no".into() });
        assert_eq!(of(&StoreError::Corrupt("a row".into())), Outcome::retry("leads", "no", None));
    }
}
