//! The model as the checker wants it: its settings, where it begins, what it promises.

use stateright::{Model, Property};

use crate::action::Action;
use crate::database::Execution;
use crate::part::{Part, Parts};
use crate::properties;
use crate::state::{EXECUTIONS, State, WORKERS, Worker};

/// What an execution waits for after its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A signal.
    Signal,
    /// A time.
    Time,
}

/// What is assumed of a request that its living client has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It has begun or will never: whoever takes the worker's lock exclusively comes after it.
    Prompt,
    /// One of this kind may reach the database at any time.
    Late(Late),
}

/// A request that may be late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// A claim.
    Claim,
    /// A commit.
    Commit,
    /// A note of a wake-up.
    Heed,
}

/// The model and its bounds.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Workers, at most [`WORKERS`].
    pub workers: usize,
    /// What each execution waits for; at most [`EXECUTIONS`].
    pub waits: [Wait; EXECUTIONS],
    /// Executions.
    pub executions: usize,
    /// Executions that may be at work at a time; without it there is no limit.
    pub limit: Option<usize>,
    /// Signals that each execution needs; one that waits for a time needs one.
    pub signals_each: usize,
    /// Crashes, lost replies, false suspicions and executions given back, together.
    pub faults_max: u8,
    /// Whether executions may be set aside as incidents.
    pub incidents: bool,
    /// What is in.
    pub parts: Parts,
    /// What is assumed.
    pub network: Network,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            workers: WORKERS,
            waits: [Wait::Signal; EXECUTIONS],
            executions: EXECUTIONS,
            limit: None,
            signals_each: 1,
            faults_max: 2,
            incidents: false,
            parts: Parts::ALL,
            network: Network::Prompt,
        }
    }
}

impl Protocol {
    /// Whether commits hold the lock that a reaper needs.
    pub(crate) fn locks(&self) -> bool {
        self.parts.has(Part::Fence)
    }

    /// Whether a worker waits for what it has given up before it asks again.
    pub(crate) fn excludes_self(&self) -> bool {
        self.parts.has(Part::ExcludeSelf)
    }

    /// Whether the executions differ in nothing but their place.
    fn are_alike(&self) -> bool {
        self.executions == EXECUTIONS && self.waits.iter().all(|wait| *wait == self.waits[0])
    }

    /// Whether a slot is free.
    pub(crate) fn has_room(&self, state: &State) -> bool {
        let held = state.executions.iter().filter(|row| row.slot).count();
        self.limit.is_none_or(|limit| held < limit)
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let started = |execution| match execution < self.executions {
            true => Execution::started(),
            false => Execution { ended: true, ..Execution::default() },
        };
        vec![State {
            executions: std::array::from_fn(started),
            workers: std::array::from_fn(
                |place| {
                    if place < self.workers { Worker::default() } else { Worker::absent() }
                },
            ),
            unsent: std::array::from_fn(|place| match self.waits[place] {
                Wait::Signal if place < self.executions => u32::try_from(self.signals_each).unwrap_or(u32::MAX),
                Wait::Signal | Wait::Time => 0,
            }),
            faults_left: self.faults_max,
            harm: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.list_actions(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.step(&mut state, action);
        state.normalize(self.are_alike());
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}
