//! What a limit allows that goes up and down. One that was lowered interrupts nobody: who is at work goes on, and counts, and
//! nobody enters until there is room.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// Longest time until a lowered limit is heeded: workers hear of it within about a second.
const HEEDED_AFTER: Duration = Duration::from_secs(2);

/// Who holds slots, by gate.
pub(crate) type Holders = HashMap<String, HashSet<Uuid>>;

/// A limit of one gate, or of some that have it in common.
#[derive(Debug)]
pub(crate) struct Ceiling {
    most: usize,
    phase: Phase,
    /// Looks at which it was lowered, and had to be heeded.
    pub(crate) looks_lowered: u32,
}

#[derive(Debug)]
enum Phase {
    /// It was not lowered since it was last raised.
    High,
    /// It was lowered then; somebody may not have heard of it, and may let in as many as before.
    Lowered { before: usize, at: Instant },
    /// It was lowered, and all have heard of it. Those were at work then.
    Heeded { inside: Holders },
}

impl Ceiling {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, phase: Phase::High, looks_lowered: 0 }
    }

    /// It was changed.
    pub(crate) fn set(&mut self, most: usize, at: Instant) {
        if most > self.most {
            self.phase = Phase::High;
        } else if most < self.most {
            let before = match &self.phase {
                Phase::High => self.most,
                Phase::Lowered { before, .. } => *before,
                Phase::Heeded { inside } => inside.values().map(HashSet::len).fold(self.most, usize::max),
            };
            self.phase = Phase::Lowered { before, at };
        }
        self.most = most;
    }

    /// Who holds slots, by a look that began at `at`; what is wrong with that, in words.
    pub(crate) fn look(&mut self, gates: &Holders, at: Instant) -> Vec<String> {
        match &mut self.phase {
            Phase::High => over(gates, self.most),
            &mut Phase::Lowered { before, at: lowered_at } => {
                if at.duration_since(lowered_at) >= HEEDED_AFTER {
                    self.phase = Phase::Heeded { inside: gates.clone() };
                }
                over(gates, before)
            }
            Phase::Heeded { inside } => {
                self.looks_lowered += 1;
                let entered = gates
                    .iter()
                    .filter_map(|(gate, holders)| entered(gate, holders, inside.get(gate), self.most))
                    .collect();
                // Who has left and comes back enters anew.
                inside.retain(|gate, _| gates.contains_key(gate));
                inside.iter_mut().for_each(|(gate, inside)| inside.retain(|holder| gates[gate].contains(holder)));
                entered
            }
        }
    }
}

fn over(gates: &Holders, most: usize) -> Vec<String> {
    let over = gates.iter().filter(|(_, holders)| holders.len() > most);
    over.map(|(gate, holders)| format!("{} slots of {gate} were held, of {most}", holders.len())).collect()
}

/// Whoever came in since `inside` had room, and so there cannot be more than `most`.
fn entered(gate: &str, holders: &HashSet<Uuid>, inside: Option<&HashSet<Uuid>>, most: usize) -> Option<String> {
    let new = holders.iter().filter(|holder| inside.is_none_or(|inside| !inside.contains(holder))).count();
    let held = holders.len();
    (held > most && new > 0)
        .then(|| format!("{held} slots of {gate} were held, of {most}, and {new} were taken after it was lowered"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holders(ids: std::ops::Range<u128>) -> Holders {
        HashMap::from([("workflow:w".to_owned(), ids.map(Uuid::from_u128).collect())])
    }

    /// What is wrong with looks at a limit of 4 that is lowered to 2, each so many milliseconds after that.
    fn wrong(looks: &[(u64, std::ops::Range<u128>)]) -> Vec<String> {
        let (begun, mut ceiling) = (Instant::now(), Ceiling::new(4));
        ceiling.set(2, begun);
        let look = |(ms, ids): &(u64, std::ops::Range<u128>)| {
            ceiling.look(&holders(ids.clone()), begun + Duration::from_millis(*ms))
        };
        looks.iter().flat_map(look).collect()
    }

    #[test]
    fn a_build_that_ignores_a_lowered_limit_is_noticed() {
        let found = wrong(&[(100, 0..4), (1_900, 4..8), (2_000, 8..12), (2_100, 12..16)]);
        assert_eq!(found, ["4 slots of workflow:w were held, of 2, and 4 were taken after it was lowered"]);
        assert_eq!(wrong(&[(2_000, 0..1), (2_100, 0..3)]).len(), 1, "one more than there is room for");
        assert_eq!(wrong(&[(100, 0..5)]), ["5 slots of workflow:w were held, of 4"], "more than ever were allowed");
    }

    #[test]
    fn who_is_at_work_goes_on_and_others_come_as_there_is_room() {
        let looks = [(100, 0..4), (2_000, 0..4), (9_000, 0..3), (9_100, 2..4), (9_200, 3..5), (9_300, 6..8)];
        assert_eq!(wrong(&looks), [] as [String; 0]);
    }

    #[test]
    fn a_raised_limit_holds_at_once() {
        let (begun, mut ceiling) = (Instant::now(), Ceiling::new(2));
        ceiling.set(4, begun);
        assert_eq!(ceiling.look(&holders(0..4), begun), [] as [String; 0]);
        assert_eq!(ceiling.look(&holders(0..5), begun).len(), 1);
        ceiling.set(2, begun);
        ceiling.look(&holders(0..4), begun + HEEDED_AFTER);
        assert_eq!((ceiling.look(&holders(0..4), begun + HEEDED_AFTER).len(), ceiling.looks_lowered), (0, 1));
        ceiling.set(1, begun + HEEDED_AFTER);
        assert_eq!(ceiling.look(&holders(0..4), begun + HEEDED_AFTER), [] as [String; 0], "they may be at work still");
        ceiling.set(4, begun + HEEDED_AFTER);
        assert_eq!(ceiling.look(&holders(4..8), begun + HEEDED_AFTER), [] as [String; 0]);
    }
}
