//! Gates: who may be at work, under limits on how many are at a time.
//!
//! An execution passes all of its gates at once, or waits in the line of the first of them that is full. It is looked at
//! again when that one has room; if another is full by then, it goes over to the line there. So a line is never longer than
//! it has to be, nobody waits at a gate that has room, and whoever looks at a line looks at its front only.

mod judging;

use std::collections::HashMap;
use std::fmt;

use super::ids::{ExecutionId, WorkflowId};
pub use judging::{Front, Judging};

/// Largest limit.
pub const SLOTS_MAX: u32 = 100_000;

/// The name of a gate within its workspace: `workspace`, `workflow:<id>` or `key:<workflow id>:<value>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gate(pub String);

impl Gate {
    /// That of all executions of a workspace.
    #[must_use]
    pub fn workspace() -> Self {
        Self("workspace".into())
    }

    /// That of all executions of a workflow.
    #[must_use]
    pub fn workflow(id: WorkflowId) -> Self {
        Self(format!("workflow:{id}"))
    }

    /// That of the executions of a workflow with that value of its key.
    #[must_use]
    pub fn key(id: WorkflowId, value: &str) -> Self {
        Self(format!("key:{id}:{value}"))
    }

    /// The name of the limit for each value of a workflow's key.
    #[must_use]
    pub fn each_key(id: WorkflowId) -> Self {
        Self(format!("key:{id}"))
    }

    /// The name of the limit that holds here.
    #[must_use]
    pub fn limit_name(&self) -> &str {
        let value_at = |(start, _): (usize, _)| start;
        match self.0.starts_with("key:").then(|| self.0.match_indices(':').nth(1).map(value_at)).flatten() {
            Some(colon) => &self.0[..colon],
            None => &self.0,
        }
    }

    /// The value of the key, if it is that of a key.
    #[must_use]
    pub fn key_value(&self) -> Option<&str> {
        self.0[self.limit_name().len()..].strip_prefix(':')
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An execution that wants to be at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in every line: first come, first served.
    pub vt: i64,
    /// Which.
    pub execution_id: ExecutionId,
    /// What it has to pass, the narrowest first.
    pub gates: Vec<Gate>,
    /// What its version says how many may be at work for each value of the key.
    pub key_max: Option<u32>,
}

impl Waiting {
    /// What lines are ordered by.
    #[must_use]
    pub fn place(&self) -> (i64, ExecutionId) {
        (self.vt, self.execution_id)
    }
}

/// What is judged of one that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has a slot of each of its gates.
    Admitted,
    /// That gate is full.
    WaitsAt(Gate),
}

/// How full the gates are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hall {
    /// The limits that were set, by name.
    pub limits: HashMap<String, u32>,
    /// Slots that are held, by gate.
    pub held: HashMap<Gate, u32>,
}

impl Hall {
    /// How many may be at work behind a gate: as it was set, else, of a key, as the version says. None: any number.
    #[must_use]
    pub fn slots_max(&self, gate: &Gate, key_max: Option<u32>) -> Option<u32> {
        let of_version = key_max.filter(|_| gate.limit_name() != gate.as_str());
        self.limits.get(gate.limit_name()).copied().or(of_version)
    }

    /// How many more a gate lets in of those with that limit.
    #[must_use]
    pub fn room(&self, gate: &Gate, key_max: Option<u32>) -> u32 {
        let held = self.held.get(gate).copied().unwrap_or_default();
        self.slots_max(gate, key_max).map_or(u32::MAX, |most| most.saturating_sub(held))
    }

    /// Lets one in if all of its gates have room.
    pub fn judge(&mut self, waiting: &Waiting) -> Verdict {
        match waiting.gates.iter().find(|gate| self.room(gate, waiting.key_max) == 0) {
            Some(full) => Verdict::WaitsAt(full.clone()),
            None => {
                waiting.gates.iter().for_each(|gate| *self.held.entry(gate.clone()).or_default() += 1);
                Verdict::Admitted
            }
        }
    }
}
