//! 7, too: who lives and is to be heard is not given up. What it does meanwhile would be done twice.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Violation;
use crate::facts::Facts;
use crate::inject::Struck;
use crate::plan::Fault;

/// So long after its connections were cut, delayed or refused, or the database was away, a worker may be unheard of.
const UNHEARD_MAX: TimeDelta = TimeDelta::seconds(15);
/// Faults that struck so long before are told with it.
const TOLD_BEFORE: TimeDelta = TimeDelta::seconds(30);

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let injected = &facts.injected;
    let wrong = facts.given_up.iter().filter(|&&(worker_no, at)| {
        // A neighbour may have given it up before the harness saw that it was dead.
        let was_lost = injected.lost.contains(&worker_no);
        !was_lost && !injected.struck.iter().any(|struck| was_unheard(struck, worker_no, at))
    });
    let told = wrong.map(|&(worker_no, at)| {
        let before = told_before(&injected.struck, at);
        format!(
            "worker {worker_no} lived, and was given up at {at}; in the {} s before:{before}",
            TOLD_BEFORE.num_seconds()
        )
    });
    told.map(|what| Violation::new(7, None, what)).collect()
}

/// What struck shortly before, and whom: somebody will ask.
fn told_before(struck: &[Struck], at: DateTime<Utc>) -> String {
    let near = struck.iter().filter(|struck| struck.at <= at && at < struck.at + TOLD_BEFORE);
    let told = near.map(|Struck { fault, at, landed, held, outage, .. }| {
        let met: BTreeSet<i32> = held.iter().map(|held| held.worker_no).collect();
        format!("\n    {at} {fault:?} landed {landed} met {met:?} outage {outage:?}")
    });
    told.collect()
}

/// Whether a fault kept that worker from being heard.
fn was_unheard(struck: &Struck, worker_no: i32, at: DateTime<Utc>) -> bool {
    let concerns = || struck.held.iter().any(|held| held.worker_no == worker_no);
    let lasted = |ms: u64| struck.at + TimeDelta::milliseconds(ms.cast_signed());
    let until = match struck.fault {
        Fault::Cut if concerns() => Some(struck.at),
        Fault::Delay { for_ms, .. } if concerns() => Some(lasted(for_ms)),
        Fault::PoolExhausted { for_ms } => Some(lasted(for_ms)),
        _ => struck.outage.map(|outage| outage.until),
    };
    until.is_some_and(|until| struck.at <= at && at <= until + UNHEARD_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{calm, kill, second, time};

    #[test]
    fn a_living_worker_that_is_given_up_is_noticed() {
        let mut facts = calm();
        facts.given_up.push((3, time(100)));
        facts.injected.lost.push(7);
        assert!(check(&facts)[0].what.starts_with("worker 3 lived, and was given up at"));
        facts.injected.lost.push(3);
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn only_who_was_cut_off_may_be_given_up() {
        let mut facts = calm();
        facts.given_up.push((3, time(5)));
        facts.injected.struck.push(Struck { fault: Fault::Cut, ..kill(second(), 7, 4) });
        assert!(!check(&facts).is_empty(), "that was another worker");
        facts.injected.struck.push(Struck { fault: Fault::Cut, ..kill(second(), 7, 3) });
        assert_eq!(check(&facts), []);
        facts.given_up.push((3, time(16)));
        assert_eq!(check(&facts).len(), 1, "that was long ago");
    }
}
