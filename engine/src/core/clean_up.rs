//! That it is settled how an execution ends before it has ended: how, why, since when, and what its clean-up still takes.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::graph::{Graph, Node, NodeIx, Part};
use super::ids::StepKey;
use super::journal::{Entry, Event};
use super::outcome::StepError;
use super::state::{End, Phase, Stage, State, StepIx};

/// How an execution ends that fails or is cancelled: from when that is accepted or settled, and also once it has ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ending {
    /// What it comes to.
    pub outcome: Fate,
    /// How far its clean-up is; none where only a list is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Progress>,
    /// Since when. Of a cancel: when it was accepted, and once a worker has taken it in, when that was.
    pub since: DateTime<Utc>,
    /// Why, for people.
    pub reason: String,
    /// The class of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The step that failed; none if it was cancelled, or ran out of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepKey>,
    /// Whether it is cancelled at once, without clean-up.
    pub forced: bool,
}

/// What an execution that is ending comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A failure that nothing took.
    Failed,
    /// A cancel.
    Cancelled,
}

/// How far the clean-up of an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The cancel is accepted, and no worker has taken it in.
    Requested,
    /// What runs and may have to be undone is awaited.
    Stopping,
    /// What was done is undone.
    Undo,
    /// What runs at last runs.
    Finally,
    /// It has ended.
    Ended,
}

impl Ending {
    /// How the execution in `state` ends, which its `entries` led to; none while it goes on, and if it completes. `ended`:
    /// its row says that it has.
    #[must_use]
    pub fn of<'a>(
        graph: &Graph,
        state: &State,
        entries: impl DoubleEndedIterator<Item = &'a Entry> + Clone,
        ended: bool,
    ) -> Option<Self> {
        let settled = state.frames()[0].ending.as_ref();
        let end = state.end().or(settled)?;
        let ended = ended || state.end().is_some();
        let stage = Some(if ended { Progress::Ended } else { Progress::of(state.frames()[0].stage) });
        let mut cancels = entries.clone().filter(|entry| matches!(entry.event, Event::Cancelled { .. }));
        let newest = entries.clone().next_back().map(|entry| entry.at);
        match end {
            End::Completed => None,
            End::Failed { step, error: StepError { class, reason } } => {
                let failed = step.as_ref().and_then(|step| state.step(state.find(graph, step)?).settled_at);
                let timed_out = || entries.clone().find(|entry| entry.event == Event::TimedOut).map(|entry| entry.at);
                Some(Self {
                    outcome: Fate::Failed,
                    stage,
                    since: failed.or_else(timed_out).or(newest)?,
                    reason: reason.clone(),
                    class: Some(class.clone()),
                    step: step.clone(),
                    forced: false,
                })
            }
            End::Cancelled { reason } => {
                let forced = cancels.clone().any(|entry| matches!(entry.event, Event::Cancelled { forced: true, .. }));
                // What was failing, or an incident, is cancelled by the last of them.
                let is_first = matches!(settled, Some(End::Cancelled { .. }));
                let cancel = if is_first { cancels.next() } else { cancels.next_back() };
                let since = cancel.map(|entry| entry.at).or(newest)?;
                let (outcome, reason) = (Fate::Cancelled, reason.clone());
                Some(Self { outcome, stage, since, reason, class: None, step: None, forced })
            }
        }
    }

    /// The same where a cancel is accepted that no worker has taken in: what is ending already only a forced one changes.
    #[must_use]
    pub fn requested(before: Option<Self>, reason: String, forced: bool, since: DateTime<Utc>) -> Self {
        let stage = Some(Progress::Requested);
        match before {
            Some(before) if !forced => before,
            _ => Self { outcome: Fate::Cancelled, stage, since, reason, class: None, step: None, forced },
        }
    }

    /// Whether it is still to come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage != Some(Progress::Ended)
    }
}

impl Progress {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Main => Self::Stopping,
            Stage::Undo => Self::Undo,
            Stage::Finally => Self::Finally,
            Stage::Ended => Self::Ended,
        }
    }
}

/// Whether a step goes on when its execution is cancelled: it undoes something, or runs at last, or lies in what does.
#[must_use]
pub fn is_of_clean_up(graph: &Graph, state: &State, step: StepIx) -> bool {
    is_node_of_clean_up(graph, state.step(step).node)
}

/// Whether an execution that is ending may still take a signal of that name: a step waits for it that goes on, or one of
/// the clean-up that has not run may come to. `cancelled`: a cancel is on its way that no worker has taken in. `awaits` says
/// whether a node may wait for that signal.
#[must_use]
pub fn may_take(graph: &Graph, state: &State, cancelled: bool, name: &str, awaits: impl Fn(&Node) -> bool) -> bool {
    let waits =
        |ix: &StepIx| matches!(&state.step(*ix).phase, Phase::Waiting(until) if until.signal.as_deref() == Some(name));
    let is_left = |ix: &StepIx| !cancelled || is_of_clean_up(graph, state, *ix);
    if state.active_steps().map(|(ix, _)| ix).any(|ix| waits(&ix) && is_left(&ix)) {
        return true;
    }
    let to_come = |node: NodeIx| {
        // Those in containers may come again in another frame.
        let is_over = graph.nodes[node].home == 0
            && state.latest(graph, node).is_some_and(|step| !step.is_pending() && !step.is_active());
        is_node_of_clean_up(graph, node) && !is_over
    };
    (0..graph.nodes.len()).any(|node| awaits(&graph.nodes[node]) && to_come(node))
}

fn is_node_of_clean_up(graph: &Graph, node: NodeIx) -> bool {
    let mut around = std::iter::successors(Some(node), |&node| graph.bodies[graph.nodes[node].home].owner);
    around.any(|node| graph.nodes[node].part != Part::Main)
}
