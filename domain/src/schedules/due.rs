//! Which fire times are to start now, and which are missed.

use chrono::{DateTime, Duration, Utc};

use super::calendar::Calendar;
use super::rules::{CatchUp, Rules};

/// Up to so many seconds late, a fire time is on time: no policy for outages applies.
pub const GRACE_S: i64 = 60;
/// Most late fire times that are looked at; what is older is missed and not counted.
const LATE_MAX: usize = 1_100;

/// What became due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Start: fire time, and whether it is late. Ascending.
    pub fires: Vec<(DateTime<Utc>, bool)>,
    /// Late ones that are not caught up on, the newest first.
    pub missed: Vec<DateTime<Utc>>,
    /// The next one; none if the schedule is over.
    pub next_at: Option<DateTime<Utc>>,
}

/// What is due by `now` of a schedule whose next fire time was `next_at`.
#[must_use]
pub fn due(rules: &Rules, calendar: &Calendar, next_at: DateTime<Utc>, now: DateTime<Utc>) -> Due {
    let on_time_from = next_at.max(now - Duration::seconds(GRACE_S));
    let before = on_time_from - Duration::microseconds(1);
    let forwards = std::iter::successors(calendar.next(before), |at| calendar.next(*at));
    let on_time: Vec<_> = forwards.take_while(|at| *at <= now).collect();
    let backwards = std::iter::successors(calendar.previous(on_time_from), |at| calendar.previous(*at));
    let mut late: Vec<_> = backwards.take_while(|at| *at >= next_at).take(LATE_MAX).collect();
    let caught_up = match rules.catch_up {
        CatchUp::None => 0,
        CatchUp::Latest => usize::from(on_time.is_empty()),
        CatchUp::All => rules.catch_up_max as usize,
    };
    let missed = late.split_off(caught_up.min(late.len()));
    let fires = late.into_iter().rev().map(|at| (at, true)).chain(on_time.into_iter().map(|at| (at, false)));
    Due { fires: fires.collect(), missed, next_at: calendar.next(now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("2026-05-01T{text}Z")).unwrap().with_timezone(&Utc)
    }

    fn check(catch_up: CatchUp, catch_up_max: u32, now: &str, fires: &[&str], missed: usize, next: &str) {
        let rules = Rules { catch_up, catch_up_max, ..Rules::new("*/10 * * * *", "UTC") };
        let due = due(&rules, &rules.calendar().unwrap(), at("08:00:00"), at(now));
        let shown: Vec<_> = due
            .fires
            .iter()
            .map(|(at, late)| format!("{}{}", at.format("%H:%M"), if *late { "!" } else { "" }))
            .collect();
        assert_eq!(
            (shown, due.missed.len(), due.next_at),
            (fires.iter().map(ToString::to_string).collect(), missed, Some(at(next))),
            "{catch_up:?} {now}"
        );
    }

    #[test]
    fn what_is_on_time_fires_and_what_is_late_goes_by_the_policy() {
        for policy in [CatchUp::None, CatchUp::Latest, CatchUp::All] {
            check(policy, 100, "08:00:00", &["08:00"], 0, "08:10:00");
            check(policy, 100, "08:00:59", &["08:00"], 0, "08:10:00");
        }
        check(CatchUp::None, 100, "08:35:00", &[], 4, "08:40:00");
        check(CatchUp::None, 100, "08:40:30", &["08:40"], 4, "08:50:00");
        check(CatchUp::Latest, 100, "08:35:00", &["08:30!"], 3, "08:40:00");
        check(CatchUp::Latest, 100, "08:40:30", &["08:40"], 4, "08:50:00");
        check(CatchUp::All, 100, "08:35:00", &["08:00!", "08:10!", "08:20!", "08:30!"], 0, "08:40:00");
        check(CatchUp::All, 2, "08:40:30", &["08:20!", "08:30!", "08:40"], 2, "08:50:00");
    }

    #[test]
    fn a_long_outage_of_a_quick_schedule_is_bounded() {
        let rules = Rules { catch_up: CatchUp::All, catch_up_max: 1_000, ..Rules::new("* * * * * *", "UTC") };
        let now = at("08:00:00") + Duration::days(3_650);
        let due = due(&rules, &rules.calendar().unwrap(), at("08:00:00"), now);
        assert_eq!((due.fires.len(), due.missed.len()), (1_061, 100));
        assert!(due.fires.is_sorted());
    }

    #[test]
    fn a_schedule_that_has_ended_has_no_next_time() {
        let rules = Rules { end_at: Some(at("08:05:00")), ..Rules::new("*/10 * * * *", "UTC") };
        let due = due(&rules, &rules.calendar().unwrap(), at("08:00:00"), at("08:00:01"));
        assert_eq!((due.fires.len(), due.next_at), (1, None));
    }
}
