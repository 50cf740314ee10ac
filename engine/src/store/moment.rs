//! Ids that carry the database's time: processes sort and cut by them together, and their own clocks may be wrong.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// Keeps those of one process and one millisecond in order.
static CONTEXT: Mutex<AssertUnwindSafe<ContextV7>> = Mutex::new(AssertUnwindSafe(ContextV7::new()));

/// A fresh UUIDv7 of that time.
#[must_use]
pub fn id_at(at: DateTime<Utc>) -> Uuid {
    let seconds = at.timestamp().max(0).cast_unsigned();
    Uuid::new_v7(Timestamp::from_unix(&CONTEXT, seconds, at.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_id_tells_the_given_time_and_those_of_one_moment_stay_in_order() {
        let at = DateTime::from_timestamp(1_700_000_000, 5_000_000).unwrap_or_default();
        let ids: Vec<Uuid> = (0..100).map(|_| id_at(at)).collect();
        assert!(ids.is_sorted() && ids[0] != ids[1]);
        let told_ms = ids[0].get_timestamp().map(|told| told.to_unix()).map(|(s, ns)| (s, ns / 1_000_000));
        assert_eq!(told_ms, Some((1_700_000_000, 5)));
        assert!(id_at(at + TimeDelta::hours(1)) > ids[99]);
    }
}
