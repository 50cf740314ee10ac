//! When a schedule fires: cron in a zone, between two bounds.
//!
//! A cron expression speaks of local times. One that does not exist, since clocks were put forward over it, is the first
//! instant after the gap; one that exists twice is the first of the two. Several that come to the same instant are one.

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use cron::Schedule;

use super::cron_text::{self, CronFlaw};

/// Most local times that are looked at for one instant: each second of a day that a zone skips or has twice.
const LOOK_MAX: usize = 100_000;

/// Fire times, ascending, without end.
#[derive(Clone, Debug)]
pub struct Calendar {
    times: Vec<Schedule>,
    zone: Tz,
    start_at: Option<DateTime<Utc>>,
    end_at: Option<DateTime<Utc>>,
}

impl Calendar {
    /// What `cron` means in `zone`, from `start_at` on and before `end_at`.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn new(
        cron: &str,
        zone: Tz,
        start_at: Option<DateTime<Utc>>,
        end_at: Option<DateTime<Utc>>,
    ) -> Result<Self, CronFlaw> {
        Ok(Self { times: cron_text::read(cron)?, zone, start_at, end_at })
    }

    /// The first fire time after `after`.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = self.start_at.map_or(after, |start| after.max(start - Duration::microseconds(1)));
        let mut local = self.local(after);
        for _ in 0..LOOK_MAX {
            local = self.times.iter().filter_map(|time| time.after(&local.and_utc()).next()).min()?.naive_utc();
            let Some(at) = self.instant(local) else { continue };
            if at > after {
                return Some(at).filter(|at| self.end_at.is_none_or(|end| *at < end));
            }
        }
        None
    }

    /// The last fire time before `before`.
    #[must_use]
    pub fn previous(&self, before: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = self.end_at.map_or(before, |end| before.min(end));
        let mut local = self.local(before);
        // Local times behind this one may lie before it, where they exist twice.
        if let Some((first, second)) = self.zone.from_local_datetime(&local).earliest().zip(self.latest(local)) {
            local += second - first;
        }
        for _ in 0..LOOK_MAX {
            local = self.times.iter().filter_map(|time| time.after(&local.and_utc()).next_back()).max()?.naive_utc();
            let Some(at) = self.instant(local) else { continue };
            if at < before {
                return Some(at).filter(|at| self.start_at.is_none_or(|start| *at >= start));
            }
        }
        None
    }

    /// The next fire times after `after`, at most `count`.
    #[must_use]
    pub fn upcoming(&self, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next(after), |at| self.next(*at)).take(count).collect()
    }

    /// Whether there is any fire time at all.
    #[must_use]
    pub fn ever_fires(&self) -> bool {
        self.next(DateTime::UNIX_EPOCH).is_some()
    }

    /// An instant as clocks of the zone show it, with its offset: `2026-03-29T03:00:00+02:00`.
    #[must_use]
    pub fn shown(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).to_rfc3339()
    }

    fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    fn latest(&self, local: NaiveDateTime) -> Option<DateTime<Tz>> {
        self.zone.from_local_datetime(&local).latest()
    }

    fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let at = self.zone.from_local_datetime(&local).earliest();
        let at = at.or_else(|| GapInfo::new(&local, &self.zone)?.end)?;
        Some(at.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(cron: &str, zone: &str) -> Calendar {
        Calendar::new(cron, zone.parse().unwrap(), None, None).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    /// The fire times after `after`, as `day hour:minute` in UTC.
    fn fires(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let times = calendar(cron, zone).upcoming(at(after), count);
        times.iter().map(|at| at.format("%d %H:%M").to_string()).collect()
    }

    /// The table of docs/schedules.md.
    #[test]
    fn daylight_saving_is_as_the_table_says() {
        let (berlin, new_york, lord_howe) = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
        for (cron, zone, after, expected) in [
            // Berlin, 29 March 2026: from 02:00 to 03:00, which is 01:00 UTC.
            ("30 2 * * *", berlin, "2026-03-27T12:00:00Z", ["28 01:30", "29 01:00", "30 00:30"]),
            ("0 2 * * *", berlin, "2026-03-28T12:00:00Z", ["29 01:00", "30 00:00", "31 00:00"]),
            ("0 3 * * *", berlin, "2026-03-28T12:00:00Z", ["29 01:00", "30 01:00", "31 01:00"]),
            ("0 2,3 * * *", berlin, "2026-03-28T12:00:00Z", ["29 01:00", "30 00:00", "30 01:00"]),
            ("*/30 * * * *", berlin, "2026-03-29T00:15:00Z", ["29 00:30", "29 01:00", "29 01:30"]),
            // Berlin, 25 October 2026: from 03:00 back to 02:00, which is 01:00 UTC.
            ("30 2 * * *", berlin, "2026-10-24T12:00:00Z", ["25 00:30", "26 01:30", "27 01:30"]),
            ("0 2 * * *", berlin, "2026-10-25T00:00:00Z", ["26 01:00", "27 01:00", "28 01:00"]),
            ("*/30 * * * *", berlin, "2026-10-25T00:15:00Z", ["25 00:30", "25 02:00", "25 02:30"]),
            ("0 3 * * *", berlin, "2026-10-24T12:00:00Z", ["25 02:00", "26 02:00", "27 02:00"]),
            // New York, 8 March 2026 from 02:00 to 03:00 (07:00 UTC); 1 November back from 02:00 to 01:00 (06:00 UTC).
            ("30 2 * * *", new_york, "2026-03-07T12:00:00Z", ["08 07:00", "09 06:30", "10 06:30"]),
            ("30 1 * * *", new_york, "2026-10-31T12:00:00Z", ["01 05:30", "02 06:30", "03 06:30"]),
            // Lord Howe moves by half an hour: 4 October 2026 from 02:00 to 02:30 (3 October 15:30 UTC).
            ("15 2 * * *", lord_howe, "2026-10-02T20:00:00Z", ["03 15:30", "04 15:15", "05 15:15"]),
            // Apia had no 30 December 2011.
            ("0 12 * * *", "Pacific/Apia", "2011-12-29T20:00:00Z", ["29 22:00", "30 10:00", "30 22:00"]),
            ("0 12 * * *", "UTC", "2026-03-28T12:00:00Z", ["29 12:00", "30 12:00", "31 12:00"]),
        ] {
            assert_eq!(fires(cron, zone, after, 3), expected, "{cron} in {zone}");
        }
    }

    #[test]
    fn cron_means_what_it_means_in_a_crontab() {
        for (cron, expected) in [
            ("0 9 * * 1-5", ["02 09:00", "03 09:00", "04 09:00"]),
            ("0 9 * * MON-FRI", ["02 09:00", "03 09:00", "04 09:00"]),
            ("0 9 * * 0", ["01 09:00", "08 09:00", "15 09:00"]),
            ("0 9 * * 7", ["01 09:00", "08 09:00", "15 09:00"]),
            ("0 9 * * fri-sun", ["01 09:00", "06 09:00", "07 09:00"]),
            ("0 9 * * 5/2", ["06 09:00", "13 09:00", "20 09:00"]),
            // Where both days are restricted, either is enough: Friday, and the 13th.
            ("0 0 13 * FRI", ["06 00:00", "13 00:00", "20 00:00"]),
            ("0 0 10,11 * 1", ["02 00:00", "09 00:00", "10 00:00"]),
            ("0 0 ? * 1", ["02 00:00", "09 00:00", "16 00:00"]),
            ("*/20 23 1 * *", ["01 23:00", "01 23:20", "01 23:40"]),
            ("0 30 6 * * *", ["01 06:30", "02 06:30", "03 06:30"]),
            ("@daily", ["01 00:00", "02 00:00", "03 00:00"]),
            ("@weekly", ["01 00:00", "08 00:00", "15 00:00"]),
        ] {
            assert_eq!(fires(cron, "UTC", "2026-02-28T23:59:30Z", 3), expected, "{cron}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (cron, said) in [
            ("", "this has 0"),
            ("* * * *", "this has 4"),
            ("0 0 0 1 1 * 2026", "this has 7"),
            ("60 * * * *", "\"60\" is no minute"),
            ("0 24 * * *", "\"24\" is no hour"),
            ("0 0 32 * *", "\"32\" is no day of month"),
            ("0 0 L * *", "\"L\" is no day of month"),
            ("0 0 * 13 *", "\"13\" is no month"),
            ("0 0 * * 8", "\"8\" is no day of week"),
            ("0 0 * * MON#2", "\"MON#2\" is no day of week"),
            ("*/0 * * * *", "\"*/0\" is no minute"),
            ("0 0 * * */0", "\"*/0\" is no day of week"),
            ("9-5 * * * *", "\"9-5\" is no minute"),
            ("@often", "\"@often\" is not known"),
            (&"0 ".repeat(200), "at most"),
        ] {
            let error = Calendar::new(cron, Tz::UTC, None, None).unwrap_err().to_string();
            assert!(error.contains(said), "{cron}: {error}");
        }
    }

    #[test]
    fn some_never_fire_and_some_only_outside_their_bounds() {
        assert!(!calendar("0 0 30 2 *", "UTC").ever_fires());
        assert!(calendar("0 0 29 2 *", "UTC").ever_fires());
        let within = |from: &str, to: &str| Calendar::new("0 0 1 * *", Tz::UTC, Some(at(from)), Some(at(to))).unwrap();
        assert!(!within("2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z").ever_fires());
        let two = within("2026-01-01T00:00:00Z", "2026-02-01T00:00:01Z");
        assert_eq!(two.upcoming(DateTime::UNIX_EPOCH, 9).len(), 2);
        assert_eq!(two.previous(at("2030-01-01T00:00:00Z")), Some(at("2026-02-01T00:00:00Z")));
        assert_eq!(two.previous(at("2026-01-01T00:00:00Z")), None);
    }

    #[test]
    fn backwards_are_the_same_times_as_forwards() {
        for (cron, zone, from, to) in [
            ("*/7 * * * *", "Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T08:00:00Z"),
            ("*/7 * * * *", "Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T08:00:00Z"),
            ("*/5 * * * *", "Australia/Lord_Howe", "2026-04-04T10:00:00Z", "2026-04-04T20:00:00Z"),
            ("0 0 1,15 * MON", "America/New_York", "2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z"),
            ("15 2 * * *", "America/New_York", "2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z"),
        ] {
            let calendar = calendar(cron, zone);
            let (from, to) = (at(from), at(to));
            let forwards: Vec<_> =
                std::iter::successors(calendar.next(from), |at| calendar.next(*at)).take_while(|at| *at < to).collect();
            let mut backwards: Vec<_> = std::iter::successors(calendar.previous(to), |at| calendar.previous(*at))
                .take_while(|at| *at > from)
                .collect();
            backwards.reverse();
            assert!(forwards.len() > 10 && forwards == backwards, "{cron} in {zone}");
        }
    }
}
