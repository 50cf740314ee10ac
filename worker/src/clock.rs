//! Database time without asking the database: the last sample plus the monotonic clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};

/// Never ahead of the database's own clock, so that nothing is judged due too early; never runs back. All in
/// microseconds, as the database keeps it.
#[derive(Debug)]
pub(crate) struct DatabaseClock {
    begun: Instant,
    /// Database time at `begun`, as the newest sample has it.
    offset: AtomicI64,
    last: AtomicI64,
}

impl DatabaseClock {
    /// A clock that starts from a sample which has just arrived.
    pub(crate) fn new(sample: DateTime<Utc>) -> Self {
        let micros = sample.timestamp_micros();
        Self { begun: Instant::now(), offset: AtomicI64::new(micros), last: AtomicI64::new(micros) }
    }

    /// Takes a newer sample. It was true when it was sent, so by now the database is at or past it.
    pub(crate) fn set(&self, sample: DateTime<Utc>) {
        let micros = sample.timestamp_micros();
        // What has elapsed is cut off to a whole microsecond, here and when the time is told.
        self.offset.store(micros.saturating_sub(self.elapsed() + 1), Ordering::Relaxed);
        self.last.fetch_max(micros, Ordering::Relaxed);
    }

    /// Takes a sample only if the clock is behind it.
    pub(crate) fn at_least(&self, sample: DateTime<Utc>) {
        if self.now() < sample {
            self.set(sample);
        }
    }

    /// Database time in whole microseconds.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = self.offset.load(Ordering::Relaxed).saturating_add(self.elapsed());
        let last = self.last.fetch_max(now, Ordering::Relaxed).max(now);
        DateTime::from_timestamp_micros(last).unwrap_or_default()
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_older_sample_does_not_turn_the_clock_back() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        let clock = DatabaseClock::new(start + TimeDelta::seconds(5));
        let before = clock.now();
        clock.set(start);
        assert!(clock.now() >= before);
    }

    #[test]
    fn no_time_is_told_before_a_sample_that_was_taken() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        let clock = DatabaseClock::new(start);
        for seconds in 1..1_000 {
            let sample = start + TimeDelta::seconds(seconds);
            clock.at_least(sample);
            assert!(clock.now() >= sample);
        }
    }
}
