//! 7, too: no worker ends by itself, each poison ends three of them and no more, who is silent is given up, and all ends
//! in time when faults do.

use super::Violation;
use crate::facts::{Facts, LOSSES_MAX};
use crate::oddities::Oddity;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let oddities = &facts.injected.oddities;
    let told = oddities.iter().filter_map(|oddity| match oddity {
        Oddity::Ended { worker, how } => Some(format!("worker {worker} ended by itself with {how}")),
        Oddity::NotGivenUp { worker_no, silent, seen } => {
            let told = format!("worker {worker_no} was silent for {} s and nobody gave it up", silent.as_secs());
            Some(seen.iter().fold(told, |told, line| format!("{told}\n  {line}")))
        }
        Oddity::NotHealed { round } => Some(format!("not all had come to its end in time after the {round} round")),
        Oddity::Poisoned => None,
    });
    let mut found: Vec<Violation> = told.map(|what| Violation::new(7, None, what)).collect();
    let poisoned = oddities.iter().filter(|oddity| **oddity == Oddity::Poisoned).count();
    let poison = facts.poisoned().len();
    if poisoned > LOSSES_MAX * poison {
        found.push(Violation::new(7, None, format!("{poisoned} workers ended where {poison} executions were poison")));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::check;
    use crate::oddities::Oddity;
    use crate::testing::calm;
    use crate::toxic::TOXIC;

    #[test]
    fn a_worker_that_ends_by_itself_is_noticed() {
        let mut facts = calm();
        facts.injected.oddities.push(Oddity::Ended { worker: "pid-7".into(), how: "exit status: 101".into() });
        assert_eq!(check(&facts)[0].what, "worker pid-7 ended by itself with exit status: 101");
    }

    #[test]
    fn a_silent_worker_that_nobody_gives_up_is_noticed() {
        let mut facts = calm();
        let (silent, seen) = (Duration::from_secs(40), vec!["after 10 s: peer 8".into(), "peer 9".into()]);
        facts.injected.oddities.push(Oddity::NotGivenUp { worker_no: 7, silent, seen });
        let told = "worker 7 was silent for 40 s and nobody gave it up\n  after 10 s: peer 8\n  peer 9";
        assert_eq!(check(&facts)[0].what, told);
    }

    #[test]
    fn a_round_that_does_not_end_in_time_is_noticed() {
        let mut facts = calm();
        facts.injected.oddities.push(Oddity::NotHealed { round: "last" });
        assert_eq!(check(&facts)[0].what, "not all had come to its end in time after the last round");
    }

    #[test]
    fn poison_is_no_excuse_for_more_than_three_deaths() {
        let mut facts = calm();
        facts.starts[1].variant = TOXIC;
        facts.injected.oddities.extend([Oddity::Poisoned, Oddity::Poisoned, Oddity::Poisoned]);
        assert_eq!(check(&facts), []);
        facts.injected.oddities.push(Oddity::Poisoned);
        assert_eq!(check(&facts)[0].what, "4 workers ended where 1 executions were poison");
    }
}
