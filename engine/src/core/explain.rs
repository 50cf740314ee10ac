//! Why an execution does not move: what each of its steps waits for.

mod words;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::clean_up::Ending;
use super::graph::Graph;
use super::ids::{ExecutionId, StepKey, VersionId, WorkflowId};
use super::outcome::{APPROVAL_SIGNALS, EVENT_SIGNALS, StepError, Until};
use super::state::{EdgeState, Pause, Phase, State, Step, StepIx, StepStatus};

/// Most reasons that are told.
pub const REASONS_MAX: usize = 100;

/// One thing that an execution waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "waits_for", rename_all = "snake_case")]
pub enum Reason {
    /// Any worker at all.
    Fleet {
        /// Seconds since one was last seen; none was within a day if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        unseen_s: Option<u64>,
    },
    /// Its turn.
    Turn {
        /// How many are before it, of all workspaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<u32>,
        /// Those of its own workspace among them.
        #[serde(skip_serializing_if = "Option::is_none")]
        before_of_workspace: Option<u32>,
        /// How far it was counted in vain; set where `before` is not.
        #[serde(skip_serializing_if = "Option::is_none")]
        before_more_than: Option<u32>,
    },
    /// A slot: as many are at work as a limit says.
    Slot {
        /// Which limit: `workspace`, `workflow` or `key`.
        limit: String,
        /// The value of the key, of which so many may be at work.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// How many may be at work; none if the limit was just removed.
        #[serde(skip_serializing_if = "Option::is_none")]
        slots_max: Option<u32>,
        /// How many are.
        held: u32,
        /// Some of them.
        held_by: Vec<ExecutionId>,
        /// How many are before it in line.
        before: u32,
        /// Since when it waits.
        since: DateTime<Utc>,
    },
    /// Its slot: the throttle of its workflow holds it.
    #[serde(rename = "throttle")]
    Throttled {
        /// How many starts the throttle lets in.
        limit: u32,
        /// In how much time.
        per_ms: u64,
        /// When it begins.
        until: DateTime<Utc>,
    },
    /// More starts, or the end of another execution: it has not begun.
    Starts {
        /// `debounce`, `batch` or `singleton`.
        rule: String,
        /// What the key of the rule came to; empty without one.
        key: String,
        /// How many starts it is made of so far.
        starts: u32,
        /// When it begins at the latest, as far as is known now.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// It waits for a person.
    Person {
        /// Why.
        reason: String,
        /// The steps that can be resolved.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        steps: Vec<StepKey>,
    },
    /// A worker that takes in its cancel, which is accepted and not yet journaled.
    Cancel {
        /// Why it is cancelled.
        reason: String,
        /// Whether it ends at once, without what undoes and what runs at last.
        force: bool,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Its clean-up: it is settled that it ends, and what undoes and what runs at last still runs.
    #[serde(rename = "clean_up")]
    CleanUp(Ending),
    /// It is paused.
    Resume {
        /// The name of the key of whoever paused it.
        paused_by: String,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        since: DateTime<Utc>,
    },
    /// Its workflow, or the whole workspace, is paused.
    Pause {
        /// Which of the two.
        level: Level,
        /// The name of the key of whoever paused it.
        paused_by: String,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        since: DateTime<Utc>,
    },
    /// Its workspace is not active.
    #[serde(rename = "workspace")]
    Closed {
        /// The state of the workspace: `suspended`, `archived`, or one before it is active.
        state: String,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        since: DateTime<Utc>,
    },
    /// A worker that takes in nothing else: it lost too many workers to be run beside others.
    Alone {
        /// How many, in a row.
        losses: u32,
    },
    /// A worker that runs the step, or takes the execution in to do so.
    Worker {
        /// The step.
        step: StepKey,
    },
    /// A point in time.
    Time {
        /// The step.
        step: StepKey,
        /// When it goes on.
        until: DateTime<Utc>,
    },
    /// A signal.
    Signal {
        /// The step.
        step: StepKey,
        /// Its name.
        name: String,
        /// When it goes on without.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// What a person answers.
    Approval {
        /// The step.
        step: StepKey,
        /// When it goes on without.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// A custom event.
    Event {
        /// The step.
        step: StepKey,
        /// Which; a journal alone does not tell.
        #[serde(flatten)]
        awaited: Option<Awaited>,
        /// When it goes on without.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// An execution of another workflow that it has started.
    Child {
        /// The step.
        step: StepKey,
        /// The child.
        execution_id: ExecutionId,
        /// Its workflow.
        workflow_id: WorkflowId,
        /// Its version.
        version_id: VersionId,
        /// How it stands, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// When the step goes on without.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// The next attempt after a failure.
    NextAttempt {
        /// The step.
        step: StepKey,
        /// The earliest time.
        until: DateTime<Utc>,
        /// Attempts so far.
        attempts: u32,
        /// What went wrong last.
        error: Option<StepError>,
    },
    /// The frames of a container.
    Frames {
        /// The container.
        step: StepKey,
        /// All items of the round.
        items: usize,
        /// Those that have ended.
        ended: usize,
        /// Those that run.
        open: usize,
        /// When they are given up.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// Executions that a container has handed its items to.
    Chunks {
        /// The container.
        step: StepKey,
        /// All items.
        items: usize,
        /// Chunks of them.
        chunks: usize,
        /// Those that have ended.
        ended: usize,
        /// Those that run.
        open: usize,
        /// When they are given up.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// Nothing: it has ended, and its history is not there that would tell of its steps.
    History {
        /// When.
        ended_at: DateTime<Utc>,
    },
    /// Branches that have not come to a join.
    Branches {
        /// The join.
        step: StepKey,
        /// Branches that came.
        taken: usize,
        /// How many it takes; all that may still come, if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        wanted: Option<usize>,
        /// The steps that the others come from, and how these stand.
        lacks: Vec<Source>,
    },
}

/// What is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All executions of a workflow.
    Workflow,
    /// All executions of a workspace.
    Workspace,
}

/// Which events a step waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Awaited {
    /// Their type.
    pub event: String,
    /// Their key; empty if they have none.
    pub key: String,
}

/// Where a branch comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// The step before the join.
    pub step: StepKey,
    /// How it stands.
    pub status: StepStatus,
}

/// What an execution that has not ended waits for, at most [`REASONS_MAX`] things: first what its active steps do, then the
/// joins that wait for them.
#[must_use]
pub fn explain(graph: &Graph, state: &State) -> Vec<Reason> {
    if state.end().is_some() {
        return Vec::new();
    }
    if let Some(reason) = state.incident() {
        // Where there is no room for more work, no step is to be named.
        let concerned = if state.has_outgrown() { Vec::new() } else { state.concerned() };
        let steps = concerned.into_iter().take(REASONS_MAX).map(|ix| state.key(graph, ix)).collect();
        return vec![Reason::Person { reason: reason.to_owned(), steps }];
    }
    let paused = state.paused().map(|Pause { asked, since }| Reason::Resume {
        paused_by: asked.by.clone(),
        reason: asked.reason.clone(),
        since: *since,
    });
    let active = state.active_steps().filter_map(|(ix, step)| active(graph, state, ix, step));
    let joins = state.steps().iter().enumerate().filter_map(|(ix, step)| join(graph, state, ix, step));
    paused.into_iter().chain(active).chain(joins).take(REASONS_MAX).collect()
}

fn active(graph: &Graph, state: &State, ix: StepIx, step: &Step) -> Option<Reason> {
    let key = state.key(graph, ix);
    Some(match &step.phase {
        Phase::Ready | Phase::Signalled(_) | Phase::Started | Phase::Closed => Reason::Worker { step: key },
        Phase::Backoff(until) => {
            Reason::NextAttempt { step: key, until: *until, attempts: step.attempts, error: step.error.clone() }
        }
        Phase::Waiting(Until { time, child: Some(child), .. }) => Reason::Child {
            step: key,
            execution_id: child.execution_id,
            workflow_id: child.workflow_id,
            version_id: child.version_id,
            status: None,
            until: *time,
        },
        Phase::Waiting(until) => match (&until.signal, until.time) {
            (Some(name), until) if name.starts_with(APPROVAL_SIGNALS) => Reason::Approval { step: key, until },
            (Some(name), until) if name.starts_with(EVENT_SIGNALS) => Reason::Event { step: key, awaited: None, until },
            (Some(name), until) => Reason::Signal { step: key, name: name.clone(), until },
            (None, until) => Reason::Time { step: key, until: until? },
        },
        Phase::Open => {
            let round = step.round.as_deref()?;
            let (items, ended, open) = (round.items.len(), round.ended, round.frames.len() - round.ended);
            let until = step.expires_at();
            match round.spill {
                None => Reason::Frames { step: key, items, ended, open, until },
                Some(spill) => Reason::Chunks { step: key, items: spill.items, chunks: items, ended, open, until },
            }
        }
        Phase::Idle => return None,
    })
}

/// A join to which one branch came, and others may.
fn join(graph: &Graph, state: &State, ix: StepIx, step: &Step) -> Option<Reason> {
    let node = &graph.nodes[step.node];
    let frame = &state.frames()[step.frame];
    if !step.is_pending() || frame.ending.is_some() || step.inbound.taken == 0 || step.inbound.open == 0 {
        return None;
    }
    let edges = state.edges(graph, step.frame);
    let open = node.in_edges.iter().map(|&edge| &graph.edges[edge]).filter(|edge| edges[edge.place] == EdgeState::Open);
    let lacks = open.map(|edge| {
        let source = frame.first_step + graph.nodes[edge.source].place;
        Source { step: state.key(graph, source), status: state.step(source).status }
    });
    Some(Reason::Branches {
        step: state.key(graph, ix),
        taken: step.inbound.taken,
        wanted: node.policy.wanted(),
        lacks: lacks.collect(),
    })
}
