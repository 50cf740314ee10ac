//! What the proof about webhooks came to.

use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::receiver::{Ledger, Manner};

/// Endpoints that work may get their events so many times later while others do not, 99 in 100 of them.
const RATIO_MAX: f64 = 2.0;
/// The share of deliveries that is told.
const SHARE: f64 = 0.99;

/// What goes on when an event is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// All endpoints answer.
    Undisturbed,
    /// Some hang, some refuse.
    Disturbed,
    /// And workers are killed.
    Killed,
}

/// An event that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) event: String,
    pub(super) tenant: usize,
    pub(super) phase: Phase,
    pub(super) at: Instant,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    endpoints: usize,
    events: usize,
    deliveries: usize,
    requests: usize,
    lost: usize,
    doubled: usize,
    unstable: usize,
    kills: usize,
    deaths: usize,
    /// From sending an event to its arrival at an endpoint that works, 99 in 100, by phase.
    undisturbed: Option<Duration>,
    disturbed: Option<Duration>,
    killed: Option<Duration>,
}

impl Report {
    pub(super) fn of(ledger: &Ledger, sent: &[Sent], tenants: &[Range<usize>], kills: usize, deaths: usize) -> Self {
        let deliveries = || sent.iter().flat_map(|one| tenants[one.tenant].clone().map(move |nth| (nth, one)));
        let arrived = |nth: usize, one: &Sent| ledger.taken.get(&(nth, one.event.clone())).copied();
        let p99 = |phase: Phase| {
            let of_phase = deliveries().filter(|(nth, one)| one.phase == phase && Manner::of(*nth) == Manner::Answers);
            share(
                of_phase.filter_map(|(nth, one)| Some(arrived(nth, one)?.saturating_duration_since(one.at))).collect(),
            )
        };
        Self {
            endpoints: tenants.iter().map(Range::len).sum(),
            events: sent.len(),
            deliveries: deliveries().count(),
            requests: ledger.requests,
            lost: deliveries().filter(|(nth, one)| arrived(*nth, one).is_none()).count(),
            doubled: ledger.doubled,
            unstable: ledger.unstable,
            kills,
            deaths,
            undisturbed: p99(Phase::Undisturbed),
            disturbed: p99(Phase::Disturbed),
            killed: p99(Phase::Killed),
        }
    }

    /// How much later events come while others do not work.
    fn ratio(&self) -> Option<f64> {
        Some(self.disturbed?.as_secs_f64() / self.undisturbed?.as_secs_f64())
    }

    /// Whether all that is promised held, with workers killed, and nobody died but by a kill.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let is_soon = self.ratio().is_some_and(|ratio| ratio <= RATIO_MAX);
        let nothing_is_wrong = self.lost + self.doubled + self.unstable == 0;
        is_soon && nothing_is_wrong && self.kills > 0 && self.deaths == self.kills
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        let ms = |time: Option<Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        json!({
            "endpoints": self.endpoints,
            "events": self.events,
            "deliveries": self.deliveries,
            "requests": self.requests,
            "healthy_p99_ms": ms(self.undisturbed),
            "healthy_p99_disturbed_ms": ms(self.disturbed),
            "healthy_p99_killed_ms": ms(self.killed),
            "ratio": self.ratio().map(|ratio| (ratio * 100.0).round() / 100.0),
            "lost": self.lost,
            "doubled_in_flight": self.doubled,
            "unstable_ids": self.unstable,
            "kills": self.kills,
            "deaths": self.deaths,
        })
    }
}

/// What so many of them do not exceed.
fn share(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let place = (times.len() as f64 * SHARE).ceil() as usize;
    times.get(place.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_promise_that_is_broken_is_a_failure() {
        let (undisturbed, disturbed) = (Some(Duration::from_millis(100)), Some(Duration::from_millis(200)));
        let good = Report { kills: 2, deaths: 2, undisturbed, disturbed, ..Report::default() };
        assert!(good.is_good());
        for bad in [
            Report { lost: 1, ..good.clone() },
            Report { doubled: 1, ..good.clone() },
            Report { unstable: 1, ..good.clone() },
            Report { kills: 0, deaths: 0, ..good.clone() },
            Report { deaths: 3, ..good.clone() },
            Report { disturbed: Some(Duration::from_millis(201)), ..good.clone() },
            Report { disturbed: None, ..good.clone() },
        ] {
            assert!(!bad.is_good(), "{bad:?}");
        }
    }

    #[test]
    fn what_did_not_arrive_is_lost_and_times_are_those_of_endpoints_that_work() {
        let at = Instant::now();
        let of = |event: &str, phase| Sent { event: event.into(), tenant: 0, phase, at };
        let sent = [of("a", Phase::Undisturbed), of("b", Phase::Disturbed)];
        let mut ledger = Ledger::default();
        let mut arrives =
            |nth, event: &str, ms| ledger.taken.insert((nth, event.into()), at + Duration::from_millis(ms));
        arrives(0, "a", 5);
        arrives(1, "a", 50_000);
        arrives(0, "b", 8);
        let report = Report::of(&ledger, &sent, std::slice::from_ref(&(0..2)), 0, 0);
        assert_eq!((report.deliveries, report.lost), (4, 1));
        assert_eq!((report.undisturbed, report.killed), (Some(Duration::from_millis(5)), None));
        assert_eq!(report.json()["ratio"], json!(1.6));
    }
}
