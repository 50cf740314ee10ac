//! A day of UTC as moments and as ids.

use capstan_engine::store::day::id_floor;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

/// The first moment of a day.
pub(super) fn begin(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first moment behind it.
pub(super) fn end(day: NaiveDate) -> DateTime<Utc> {
    begin(day + Days::new(1))
}

/// The id behind which those of the day begin.
pub(super) fn before_first_id(day: NaiveDate) -> Uuid {
    Uuid::from_u128(id_floor(begin(day)).as_u128().saturating_sub(1))
}

/// The id before which they end.
pub(super) fn end_id(day: NaiveDate) -> Uuid {
    id_floor(end(day))
}

/// The first day of its month.
pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day - Days::new(day.day0().into())
}

/// The first moment of its month, and the first one behind that.
pub(super) fn month(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = first_of_month(day);
    (begin(first), begin(first + Months::new(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_in_its_month_and_its_ids_are_between_those_of_its_neighbours() {
        for (day, first, next) in [
            ("2026-11-30", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2024-02-29", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2026-01-01", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2025-12-31", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            assert_eq!(month(day), (first.parse().unwrap(), next.parse().unwrap()));
            let tomorrow = day + Days::new(1);
            assert_eq!(before_first_id(tomorrow).as_u128() + 1, end_id(day).as_u128());
            assert!(before_first_id(day) < end_id(day));
        }
    }
}
