//! Judging: who of those that wait, or have just come, is let in.

use std::collections::{HashMap, HashSet};

use super::{Gate, Hall, Verdict, Waiting};
use crate::core::ids::ExecutionId;

/// Those who wait first in a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// In their order.
    pub waiting: Vec<Waiting>,
    /// Whether others may wait behind them.
    pub is_cut: bool,
}

/// The order in which those at the fronts of several lines are judged. Where a line was cut off, nobody behind the last one of
/// it is judged now: somebody of that line may be before him.
fn in_order(fronts: Vec<Front>) -> Vec<Waiting> {
    let cut = fronts.iter().filter(|front| front.is_cut).filter_map(|front| front.waiting.last());
    let last = cut.map(Waiting::place).min();
    let mut all: Vec<Waiting> = fronts.into_iter().flat_map(|front| front.waiting).collect();
    all.retain(|waiting| last.is_none_or(|last| waiting.place() <= last));
    all.sort_unstable_by_key(Waiting::place);
    all
}

/// What is known and judged so far, look by look: a look reads the fronts of the lines and judges them together with those
/// that have just come.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// How full the gates are, with those that were let in.
    pub hall: Hall,
    /// What the version of the first in line says, by gate of a key.
    pub first_max: HashMap<Gate, u32>,
    /// Those that have just come and are not judged yet.
    arrivals: Vec<Waiting>,
    /// Those that were let in, or are at work already.
    pub admitted: HashSet<ExecutionId>,
    /// Slots that are held from now on.
    pub slots: Vec<(Gate, ExecutionId)>,
    /// Those that wait, and where.
    pub waits: HashMap<ExecutionId, (Gate, Waiting)>,
}

impl Judging {
    /// Somebody has come.
    pub fn arrive(&mut self, waiting: Waiting) {
        self.arrivals.push(waiting);
        self.arrivals.sort_unstable_by_key(Waiting::place);
    }

    /// Somebody is at work already, and holds slots of these gates from now on though there may be no room.
    pub fn is_at_work(&mut self, id: ExecutionId, gates: impl IntoIterator<Item = Gate>) {
        for gate in gates {
            *self.hall.held.entry(gate.clone()).or_default() += 1;
            self.slots.push((gate, id));
        }
        self.admitted.insert(id);
    }

    /// Those that are not to be looked for in the lines: they are judged, or have just come.
    pub fn known(&self) -> impl Iterator<Item = ExecutionId> {
        let come = self.arrivals.iter().map(|waiting| waiting.execution_id);
        self.admitted.iter().chain(self.waits.keys()).copied().chain(come)
    }

    /// How many of the line at a gate are worth a look.
    #[must_use]
    pub fn room(&self, gate: &Gate) -> u32 {
        self.hall.room(gate, self.first_max.get(gate).copied())
    }

    /// Judges those at the fronts of the lines and those that have come; whether there is more to look at.
    pub fn judge(&mut self, mut fronts: Vec<Front>) -> bool {
        let is_cut = fronts.iter().any(|front| front.is_cut);
        let mut arrivals = std::mem::take(&mut self.arrivals);
        fronts.push(Front { waiting: arrivals.clone(), is_cut: false });
        let judged = in_order(fronts);
        // Whoever has come and is not judged now, as others may be before him, is judged with the next look.
        arrivals.retain(|waiting| judged.last().is_none_or(|last| waiting.place() > last.place()));
        self.arrivals = arrivals;
        judged.into_iter().for_each(|waiting| self.judge_one(waiting));
        is_cut || !self.arrivals.is_empty()
    }

    fn judge_one(&mut self, waiting: Waiting) {
        let id = waiting.execution_id;
        match self.hall.judge(&waiting) {
            Verdict::Admitted => {
                self.slots.extend(waiting.gates.into_iter().map(|gate| (gate, id)));
                self.admitted.insert(id);
            }
            Verdict::WaitsAt(gate) => {
                self.waits.insert(id, (gate, waiting));
            }
        }
    }

    /// Ends the judging: whoever was not judged comes to wait at the first of his gates.
    pub fn close(&mut self) {
        for waiting in std::mem::take(&mut self.arrivals) {
            let first = waiting.gates.first().cloned().unwrap_or_else(Gate::workspace);
            self.waits.insert(waiting.execution_id, (first, waiting));
        }
    }
}
