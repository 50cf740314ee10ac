//! The invariants of the design, each as a function from facts to violations.

mod attempts;
mod durable_ground;
mod effects;
mod ending;
mod family;
mod fence;
mod given_up;
mod keys;
mod moves;
mod oddities;
mod paused;
mod races;
mod secrets;
mod settled;
mod starts;
mod talk;
mod tenants;
mod timers;
mod usage;

use std::fmt;

use uuid::Uuid;

use crate::facts::Facts;
use crate::trace;
pub(crate) use effects::Step;
pub(crate) use timers::Waits;

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The number of the invariant.
    pub invariant: u8,
    /// Whose journal tells more.
    pub execution: Option<Uuid>,
    /// What was found.
    pub what: String,
}

/// What became of one invariant.
#[derive(Debug)]
pub struct Verdict {
    /// Its number.
    pub invariant: u8,
    /// What it says.
    pub says: &'static str,
    /// None for an invariant whose part does not exist yet.
    pub violations: Option<Vec<Violation>>,
}

type Check = fn(&Facts) -> Vec<Violation>;

/// All of them, by number.
const INVARIANTS: [(u8, &str, Option<Check>); 12] = [
    (1, "an acknowledged start is never lost", Some(starts::check)),
    (2, "one idempotency key, one execution; with another body it is refused", Some(keys::check)),
    (3, "a settled step has exactly one settled row, for ever the same", Some(settled::check)),
    (4, "an effect starts only when all that it was decided on is durable", Some(durable_ground::check)),
    (5, "an effect runs at most attempts + lease losses times, with one key", Some(effects::check)),
    (6, "nothing is written by a fenced worker, or without the lease", Some(fence::check)),
    (7, "every execution that can move does move", Some(moves::check)),
    (8, "a timer never fires early", Some(timers::check)),
    (9, "usage equals the metered steps, quota counters equal usage", Some(usage::check)),
    (10, "each event reaches each endpoint, signed", None),
    (11, "no row is visible to another tenant", Some(tenants::check)),
    (12, "no secret appears in a row, log, record or answer", Some(secrets::check)),
];

/// Checks everything that can be checked; against the model too, if the run was recorded.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Verdict> {
    let verdict = |&(invariant, says, check): &(u8, &'static str, Option<Check>)| Verdict {
        invariant,
        says,
        violations: check.map(|check| check(facts)),
    };
    let model = facts.replay.as_ref().map(|replay| Verdict {
        invariant: trace::INVARIANT,
        says: "what was recorded is a behaviour of the model of the protocol",
        violations: Some(replay.violations.clone()),
    });
    INVARIANTS.iter().map(verdict).chain(model).collect()
}

impl Violation {
    pub(crate) fn new(invariant: u8, execution: impl Into<Option<Uuid>>, what: impl Into<String>) -> Self {
        Self { invariant, execution: execution.into(), what: what.into() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match &self.violations {
            None => "not yet".to_owned(),
            Some(violations) if violations.is_empty() => "holds".to_owned(),
            Some(violations) => format!("VIOLATED {} times", violations.len()),
        };
        write!(f, "{:>3}  {found:<10} {}", self.invariant, self.says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::calm;

    #[test]
    fn a_calm_run_violates_nothing_and_one_invariant_waits_for_its_part() {
        let verdicts = check(&calm());
        for verdict in &verdicts {
            assert!(verdict.violations.as_ref().is_none_or(Vec::is_empty), "{verdict}: {:?}", verdict.violations);
        }
        let waiting: Vec<u8> = verdicts.iter().filter(|it| it.violations.is_none()).map(|it| it.invariant).collect();
        assert_eq!(waiting, [10]);
        assert!(verdicts[9].to_string().contains("not yet"));
    }
}
