//! The engine's own database, as an attempt sees it: that it is slow or away is never the step's fault.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use tokio::time::{Instant, timeout};

/// Shortest time between two looks at what something that is late waits for.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(10);

/// What one attempt asks the engine's own database. Its time does not run meanwhile.
#[derive(Debug, Default)]
pub struct OwnDatabase(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    /// Questions that wait for an answer, and since when there are any.
    open: usize,
    since: Option<Instant>,
    /// How long others had waited.
    waited: Duration,
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
struct Open<'a>(&'a OwnDatabase);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut asked = self.0.asked();
        asked.open -= 1;
        if asked.open == 0
            && let Some(since) = asked.since.take()
        {
            asked.waited += since.elapsed();
        }
    }
}

impl OwnDatabase {
    /// Waits for an answer of the database. Whatever node types ask of it goes through here.
    pub async fn ask<T>(&self, answer: impl Future<Output = T>) -> T {
        let _open = self.open();
        answer.await
    }

    /// Does `work` within `limit`, to which the time does not count for which it waits for the database; that may take as
    /// long again, each time.
    ///
    /// # Errors
    /// [`Late`], with what it was doing at the end. Then it was given up.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, Late> {
        let (mut work, begun, (known, _)) = (pin!(work), Instant::now(), self.waited());
        let mut next = limit;
        loop {
            if let Ok(done) = timeout(next, &mut work).await {
                return Ok(done);
            }
            let (waited, asking) = self.waited();
            let own = begun.elapsed().saturating_sub(waited.saturating_sub(known));
            match asking {
                Some(asking) if asking.max(own) >= limit => return Err(Late::Away),
                None if own >= limit => return Err(Late::Spent),
                asking => next = (limit - own.max(asking.unwrap_or_default())).max(LOOK_EVERY_MIN),
            }
        }
    }

    fn open(&self) -> Open<'_> {
        let mut asked = self.asked();
        asked.open += 1;
        asked.since.get_or_insert_with(Instant::now);
        Open(self)
    }

    /// How long answers have taken, and how long one is waited for now.
    fn waited(&self) -> (Duration, Option<Duration>) {
        let asked = self.asked();
        let asking = asked.since.map(|since| since.elapsed());
        (asked.waited + asking.unwrap_or_default(), asking)
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
