//! Ids that carry the database's time: processes sort and cut by them together, and their own clocks may be wrong.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use uuid::{Timestamp, Uuid};

/// Bits of an id that count on, so that those of one process and one millisecond stay in order.
const COUNTER_BITS: u8 = 42;

/// Begins anywhere in the lower half: it does not come to its end.
static COUNTER: LazyLock<AtomicU64> =
    LazyLock::new(|| AtomicU64::new(Uuid::now_v7().as_u64_pair().1 % (1 << (COUNTER_BITS - 1))));

/// A fresh UUIDv7 of that time.
#[must_use]
pub fn id_at(at: DateTime<Utc>) -> Uuid {
    let (seconds, nanos) = (at.timestamp().max(0).cast_unsigned(), at.timestamp_subsec_nanos());
    let nth = COUNTER.fetch_add(1, Ordering::Relaxed) % (1 << COUNTER_BITS);
    Uuid::new_v7(Timestamp::from_unix_time(seconds, nanos, nth.into(), COUNTER_BITS))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn ids_of_one_moment_stay_in_order() {
        let at = DateTime::from_timestamp(1_700_000_000, 5_000_000).unwrap_or_default();
        let ids: Vec<Uuid> = (0..100).map(|_| id_at(at)).collect();
        assert!(ids.is_sorted() && ids[0] != ids[1]);
    }

    #[test]
    fn an_id_tells_the_given_time_even_if_it_was_later_before() {
        let at = DateTime::from_timestamp(1_700_000_000, 5_000_000).unwrap_or_default();
        let (later, now) = (id_at(at + TimeDelta::hours(1)), id_at(at));
        let told_ms = now.get_timestamp().map(|told| told.to_unix()).map(|(s, ns)| (s, ns / 1_000_000));
        assert_eq!(told_ms, Some((1_700_000_000, 5)));
        assert!(later > now);
    }
}
