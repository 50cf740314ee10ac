//! How often each arm of `decide` was taken.

use std::collections::BTreeMap;
use std::fmt;

/// Every arm that a run over many graphs must reach.
const ARMS: &[&str] = &[
    "begin: other trigger skipped",
    "begin: refused, no such node",
    "begin: refused, not a trigger",
    "begin: refused, other scope",
    "edge: closed by its when",
    "edge: error, source completed",
    "edge: error, class matches",
    "edge: error, class differs",
    "edge: error, takes any class",
    "edge: flow, other port",
    "edge: flow, source failed",
    "edge: flow, taken",
    "edge: late, into a step that fired, skipped",
    "edge: late, into a step that fired, taken",
    "edge: source cancelled",
    "edge: source skipped",
    "end: cancelled",
    "end: cancelled as an incident",
    "end: completed",
    "end: completed at once",
    "end: completed by a failure that was taken",
    "end: failed",
    "end: others cancelled",
    "end: timed out",
    "entry: attempt failed",
    "entry: cancelled",
    "entry: hastened, all",
    "entry: hastened, one",
    "entry: paused",
    "entry: poisoned",
    "entry: resolved, a step is tried again",
    "entry: resolved, all is tried again",
    "entry: resolved, failed",
    "entry: resolved, skipped",
    "entry: resumed",
    "entry: settled completed",
    "entry: settled completed after an error",
    "entry: settled failed",
    "entry: settled outcome unknown",
    "entry: signalled",
    "entry: started",
    "entry: timed out",
    "entry: waiting",
    "fire: all, every edge taken",
    "fire: all, some edges skipped",
    "fire: any, others open",
    "fire: any, others skipped",
    "fire: n of m",
    "fire: n of m, others open",
    "fire: only edge",
    "join: others cancelled",
    "refused: already paused",
    "refused: ended",
    "refused: incident",
    "refused: no back-off",
    "refused: no incident",
    "refused: not active",
    "refused: not concerned",
    "refused: not paused",
    "refused: step needed",
    "refused: unknown step",
    "refused: wrong phase",
    "skip: all",
    "skip: any",
    "skip: n of m",
    "skip: n of m, others open",
    "skip: only edge",
    "undecided: all",
    "undecided: any",
    "undecided: n of m",
];

pub(crate) struct Arms(BTreeMap<&'static str, u64>);

impl Arms {
    pub(crate) fn new() -> Self {
        Self(ARMS.iter().map(|&arm| (arm, 0)).collect())
    }

    /// Counts one; `arm` must be in the list.
    pub(crate) fn hit(&mut self, arm: &str) {
        *self.0.get_mut(arm).unwrap_or_else(|| panic!("\"{arm}\" is not in the list of arms")) += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (arm, count) in &other.0 {
            *self.0.entry(arm).or_default() += count;
        }
    }

    pub(crate) fn never_taken(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, count)| **count == 0).map(|(arm, _)| *arm).collect()
    }
}

impl fmt::Display for Arms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(arm, count)| writeln!(f, "{count:>10}  {arm}"))
    }
}
