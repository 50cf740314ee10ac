//! 7, too: who lives and is to be heard is not given up. What he does with his executions meanwhile would be done twice.

use chrono::{DateTime, TimeDelta, Utc};

use super::Violation;
use crate::facts::Facts;
use crate::plan::Fault;

/// So long after a worker was lost it may be given up, outages left out.
const NOTICED_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// A neighbour may give a dead worker up before the harness has seen that it is dead.
const SEEN_LATE: TimeDelta = TimeDelta::seconds(10);
/// So long after the database was away, or connections were cut, delayed or refused, a worker may be unheard of.
const UNHEARD_MAX: TimeDelta = TimeDelta::seconds(20);

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let wrong =
        facts.given_up.iter().filter(|(at, numbers)| !was_lost(facts, *at, numbers) && !was_unheard(facts, *at));
    let told = wrong
        .map(|(at, numbers)| Violation::new(7, None, format!("worker {numbers:?} was given up at {at}, and lived")));
    told.collect()
}

fn was_lost(facts: &Facts, at: DateTime<Utc>, numbers: &[i32]) -> bool {
    let lost = facts.injected.lost.iter().filter(|(number, _)| numbers.contains(number));
    lost.into_iter().any(|&(_, lost)| at - NOTICED_WITHIN <= lost && lost <= at + SEEN_LATE)
}

fn was_unheard(facts: &Facts, at: DateTime<Utc>) -> bool {
    let unheard = facts.injected.struck.iter().filter_map(|struck| match struck.fault {
        Fault::Cut => Some(struck.at),
        Fault::Delay { for_ms, .. } | Fault::PoolExhausted { for_ms } => {
            Some(struck.at + TimeDelta::milliseconds(for_ms.cast_signed()))
        }
        _ => struck.outage.map(|outage| outage.until),
    });
    // It began before.
    unheard.into_iter().any(|until| at <= until + UNHEARD_MAX && until - UNHEARD_MAX <= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{calm, kill, second, time};

    #[test]
    fn a_living_worker_that_is_given_up_is_noticed() {
        let mut facts = calm();
        facts.given_up.push((time(100), vec![3, 7]));
        assert!(check(&facts)[0].what.starts_with("worker [3, 7] was given up"));
        facts.injected.lost.push((7, time(30)));
        assert!(!check(&facts).is_empty(), "that was another time");
        facts.injected.lost.push((7, time(95)));
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn who_was_cut_off_may_be_given_up() {
        let mut facts = calm();
        facts.given_up.push((time(10), vec![3]));
        facts.injected.struck.push(kill(second(), 7, 4));
        assert!(!check(&facts).is_empty());
        facts.injected.struck[0].fault = Fault::Cut;
        assert_eq!(check(&facts), []);
    }
}
