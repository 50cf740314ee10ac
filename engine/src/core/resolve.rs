//! How a person resolves an incident: which steps it is about, and what becomes of them.

use serde_json::Value;

use super::decide::{Decision, IllegalEvent, wind_up};
use super::draft::Draft;
use super::graph::Graph;
use super::ids::StepKey;
use super::journal::Resolution;
use super::outcome::{StepError, addressee};
use super::state::{End, Phase, State, StepIx};

/// The class of an execution that a person has failed as its journal was full.
const JOURNAL_FULL: &str = "journal_full";

/// What follows once a person has said what becomes of `step`.
pub(super) fn resolve(
    graph: &Graph,
    state: &State,
    step: Option<&StepKey>,
    resolution: &Resolution,
) -> Result<Decision, IllegalEvent> {
    let incident = state.incident.as_ref().ok_or(IllegalEvent::NoIncident)?;
    let Some(key) = step else {
        return match (incident.step, resolution) {
            (None, Resolution::Retry { config: None }) => Ok(Decision::default()),
            (None, Resolution::Fail) if state.has_outgrown() => Ok(wind_up(graph, state, outgrown(&incident.reason))),
            _ => Err(IllegalEvent::StepNeeded),
        };
    };
    let ix = state.find(graph, key).ok_or_else(|| IllegalEvent::UnknownStep(key.clone()))?;
    if !state.concerned().contains(&ix) {
        return Err(IllegalEvent::NotConcerned(key.clone()));
    }
    match resolution {
        Resolution::Fail if incident.step.is_some() => Ok(give_up(graph, state, ix)),
        Resolution::Retry { .. } if matches!(state.steps[ix].phase, Phase::Waiting(_)) => {
            Err(IllegalEvent::WrongPhase(key.clone()))
        }
        _ => Ok(Decision { start: vec![ix], ..Decision::default() }),
    }
}

/// How an execution ends that a person fails as it has no room for more work.
fn outgrown(reason: &str) -> End {
    End::Failed { step: None, error: StepError { class: JOURNAL_FULL.into(), reason: reason.to_owned() } }
}

/// What could not be undone stays as it is, and what follows an undo follows.
fn give_up(graph: &Graph, state: &State, undo: StepIx) -> Decision {
    let mut draft = Draft::new(graph, state);
    let class = state.steps[undo].error.as_ref().map_or("", |error| error.class.as_str());
    draft.fail(undo, class);
    draft.touched.insert(state.waits_for(graph, undo));
    draft.finish()
}

impl State {
    /// The steps that an incident is about, and one of which a person has to name: the one that could not undo, or else all
    /// that run or wait themselves. None if it is no incident.
    #[must_use]
    pub fn concerned(&self) -> Vec<StepIx> {
        match &self.incident {
            None => Vec::new(),
            Some(incident) => match incident.step {
                Some(undo) => vec![undo],
                None => self.active_steps().filter(|(_, step)| step.phase != Phase::Open).map(|(ix, _)| ix).collect(),
            },
        }
    }

    /// Whether an incident is resolved in vain like that, as the journal has no room for what would follow: all that helps then
    /// is to fail the execution as a whole, or to cancel it.
    #[must_use]
    pub fn has_no_room_for(&self, step: Option<&StepKey>, resolution: &Resolution) -> bool {
        let ends = self.has_outgrown() && step.is_none() && *resolution == Resolution::Fail;
        self.is_full() && !ends
    }

    /// Ends the incident: its step may run again, or settle by what a person says.
    pub(super) fn reopen(&mut self, graph: &Graph, step: Option<StepIx>, resolution: &Resolution) {
        let incident = self.incident.take();
        let Some(ix) = step else { return };
        let had_settled = incident.is_some_and(|incident| incident.step.is_some());
        if had_settled {
            if *resolution == Resolution::Fail {
                return;
            }
            let frame = self.waits_for(graph, ix);
            self.frames[frame].active += 1;
            self.live.insert(ix);
        }
        let step = &mut self.steps[ix];
        step.settled_at = None;
        if let Resolution::Retry { .. } = resolution {
            step.attempts = 0;
            if matches!(step.phase, Phase::Signalled(_) | Phase::Closed) {
                return;
            }
            step.rounds += 1;
            self.give_up_child(ix);
        }
        self.steps[ix].run(Phase::Ready);
    }

    /// Whether nobody takes a signal of our own any more: its step has ended, or a person has had it call another child since.
    #[must_use]
    pub fn is_too_late(&self, graph: &Graph, signal: &str) -> bool {
        let Some((key, round)) = addressee(signal) else { return false };
        let step = self.find(graph, &key).map(|ix| &self.steps[ix]);
        step.is_some_and(|step| step.has_ended() || round.is_some_and(|round| round < step.rounds))
    }
}

/// Merges `patch` into `value` (RFC 7396): fields of objects one by one, null takes one away, all else replaces.
pub(super) fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        value.clone_from(patch);
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = value else { return };
    for (name, change) in changes {
        match change {
            Value::Null => _ = fields.remove(name),
            change => merge(fields.entry(name).or_insert(Value::Null), change),
        }
    }
}
