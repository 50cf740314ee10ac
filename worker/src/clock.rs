//! Database time without asking the database: the last sample plus the monotonic clock.

use std::sync::Mutex;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// Never ahead of the database's own clock, so that nothing is judged due too early; never runs back.
#[derive(Debug)]
pub(crate) struct DatabaseClock {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    sample: DateTime<Utc>,
    taken: Instant,
    last: DateTime<Utc>,
}

impl DatabaseClock {
    /// A clock that starts from a sample which has just arrived.
    pub(crate) fn new(sample: DateTime<Utc>) -> Self {
        Self { inner: Mutex::new(Inner { sample, taken: Instant::now(), last: sample }) }
    }

    /// Takes a newer sample. It was true when it was sent, so by now the database is at or past it.
    pub(crate) fn set(&self, sample: DateTime<Utc>) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.sample = sample;
        inner.taken = Instant::now();
    }

    /// Takes a sample only if the clock is behind it.
    pub(crate) fn at_least(&self, sample: DateTime<Utc>) {
        if self.now() < sample {
            self.set(sample);
        }
    }

    /// Database time in whole microseconds, as the database keeps it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let elapsed = i64::try_from(inner.taken.elapsed().as_micros()).unwrap_or(i64::MAX);
        let now = inner.sample + TimeDelta::microseconds(elapsed);
        let whole = DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now);
        inner.last = inner.last.max(whole);
        inner.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_sample_does_not_turn_the_clock_back() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        let clock = DatabaseClock::new(start + TimeDelta::seconds(5));
        let before = clock.now();
        clock.set(start);
        assert!(clock.now() >= before);
    }
}
