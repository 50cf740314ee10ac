//! Resolving incidents: what a person says is checked before it is on its way.

use capstan_engine::core::attempt::storable;
use capstan_engine::core::catalogue::Catalogue;
use capstan_engine::core::decide::{IllegalEvent, decide};
use capstan_engine::core::ids::{SignalId, StepKey};
use capstan_engine::core::journal::{Asked, BYTES_MAX, ENTRIES_MAX, Entry, Event, WORK_BYTES_MAX, WORK_ENTRIES_MAX};
use capstan_engine::core::problem::Problem;
use capstan_engine::core::state::State;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::orders::{Action, Resolve};
use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::history;
use crate::restart::Recorded;

/// Most steps that are named to a person who has named none, or another one.
pub const NAMED_MAX: usize = 20;

/// Why an incident is not resolved like that.
#[derive(Debug, Error)]
pub enum Unresolvable {
    /// The execution waits for no person.
    #[error("the execution is {0}, and no incident")]
    NoIncident(String),
    /// It is not for this step, or not now.
    #[error("{illegal}")]
    Illegal {
        /// What `decide` says.
        illegal: IllegalEvent,
        /// The steps that can be named, at most [`NAMED_MAX`].
        possible: Vec<StepKey>,
        /// How many more there are.
        more: usize,
    },
    /// Its journal has no room for what would follow.
    #[error(
        "the journal of the execution is full: its work may have {WORK_ENTRIES_MAX} entries with {} MiB of outputs, and there is no room for \
         more of it",
        WORK_BYTES_MAX >> 20
    )]
    JournalFull,
    /// Its journal has no room even for what undoes and what runs at last.
    #[error(
        "the journal of the execution is full: it may have {ENTRIES_MAX} entries with {} MiB of outputs, with those of what undoes and what \
         runs at last",
        BYTES_MAX >> 20
    )]
    NoRoomToEnd,
    /// The step has no such port.
    #[error("step {step} has no port \"{port}\"; it has {}", ports.join(", "))]
    UnknownPort {
        /// The step.
        step: StepKey,
        /// What was said.
        port: String,
        /// What there is.
        ports: Vec<String>,
    },
    /// The config with what was said of it does not fit its node type.
    #[error("the config of step {step} cannot be like that: {}", flaws.first().map_or("", |flaw| flaw.detail.as_str()))]
    BadConfig {
        /// The step.
        step: StepKey,
        /// All that is wrong; pointers lead into the config.
        flaws: Vec<Problem>,
    },
    /// What is said cannot be stored.
    #[error("{0}")]
    NotStorable(String),
    /// It cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
}

impl Recorded<'_> {
    /// How the incident is resolved by `action`, at `step` or else at the only one that it is about, and whether the execution
    /// is paused beside. A config that is changed has to fit its node type in `catalogue`.
    ///
    /// # Errors
    /// See [`Unresolvable`].
    pub fn resolve(
        &self,
        step: Option<StepKey>,
        action: Action,
        catalogue: &dyn Catalogue,
    ) -> Result<(Resolve, bool), Unresolvable> {
        if self.row.status != "incident" {
            return Err(Unresolvable::NoIncident(self.row.status.clone()));
        }
        let entries = self.entries.iter().map(|(_, entry)| entry);
        let mut state = history::state(self.row, self.graph, entries)?;
        let (position, now) = (state.position(), self.row.created_at);
        let set_aside = self.set_aside(&mut state, now)?;
        if state.has_no_room_for(step.as_ref(), &action.resolution()) {
            return Err(if state.has_outgrown() { Unresolvable::JournalFull } else { Unresolvable::NoRoomToEnd });
        }
        let concerned = state.concerned();
        let step = step.or_else(|| match concerned.as_slice() {
            [only] if !state.has_outgrown() => Some(state.key(self.graph, *only)),
            _ => None,
        });
        let asked = Asked { by: String::new(), reason: None, signal_id: SignalId::new() };
        let event = Event::Resolved { step: step.clone(), resolution: action.resolution(), asked };
        if let Err(illegal) = decide(self.graph, &state, &Entry { at: now, event }) {
            let possible: Vec<StepKey> =
                concerned.iter().take(NAMED_MAX).map(|&ix| state.key(self.graph, ix)).collect();
            let more = concerned.len() - possible.len();
            return Err(Unresolvable::Illegal { illegal, possible, more });
        }
        self.check(step.as_ref(), &action, catalogue)?;
        Ok((Resolve { step, action, position, set_aside }, state.is_paused()))
    }

    /// Makes the state an incident where the journal does not tell why it is one; answers why.
    fn set_aside(&self, state: &mut State, now: DateTime<Utc>) -> Result<Option<String>, Unresolvable> {
        if state.incident().is_some() {
            return Ok(None);
        }
        let told = self.row.error.as_ref().and_then(|error| error["reason"].as_str());
        let reason = told.unwrap_or("a worker could not go on with it").to_owned();
        let entry = Entry { at: now, event: Event::Poisoned { reason: reason.clone(), is_full: false } };
        let decision = decide(self.graph, state, &entry).map_err(|illegal| Unresolvable::Illegal {
            illegal,
            possible: Vec::new(),
            more: 0,
        })?;
        state.apply(self.graph, entry, &decision);
        Ok(Some(reason))
    }

    fn check(&self, step: Option<&StepKey>, action: &Action, catalogue: &dyn Catalogue) -> Result<(), Unresolvable> {
        let said = match action {
            Action::Retry { config } => config.as_ref(),
            Action::Skip { output, .. } => Some(output),
            Action::Fail { .. } => None,
        };
        said.map_or(Ok(0), storable).map_err(Unresolvable::NotStorable)?;
        if let (Action::Retry { config: Some(patch) }, Some(step)) = (action, step) {
            let node = self.graph.find(&step.node_id).map(|node| &self.graph.nodes[node]);
            let flaws = node.map(|node| node.flaws_of_change(patch, catalogue)).unwrap_or_default();
            if !flaws.is_empty() {
                return Err(Unresolvable::BadConfig { step: step.clone(), flaws });
            }
        }
        let (Action::Skip { port: Some(port), .. }, Some(step)) = (action, step) else { return Ok(()) };
        let ports = self.graph.find(&step.node_id).map(|node| &self.graph.nodes[node].ports);
        match ports {
            Some(ports) if !ports.contains(port) => {
                let (step, port, ports) = (step.clone(), port.clone(), ports.clone());
                Err(Unresolvable::UnknownPort { step, port, ports })
            }
            _ => Ok(()),
        }
    }
}
