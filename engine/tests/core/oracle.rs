//! A second opinion, written from the firing rule in words and not from `decide`.
//!
//! It keeps, for each node, what the journal said of it, and works everything else out anew from the first
//! node to the last: which edges are taken or skipped, which steps run, and whether the execution has ended.

use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::ids::StepKey;
use capstan_engine::core::journal::{Entry, Event, Resolution, SettledStatus, Settlement};
use capstan_engine::core::state::{EdgeState, Phase, StepStatus};

use crate::script::RETRY;
use crate::spec::{Join, Kind, Spec};

pub(crate) struct Oracle<'a> {
    spec: &'a Spec,
    facts: Vec<Facts>,
    stopped: Option<Ended>,
    pub(crate) incident: bool,
    pub(crate) paused: bool,
    pub(crate) position: u32,
    /// What follows from the facts.
    pub(crate) picture: Picture,
}

/// What the journal said of one node.
#[derive(Clone)]
struct Facts {
    settled: Option<Settlement>,
    phase: Phase,
    attempts: u32,
    /// How it ended when a join needed it no more.
    cut: Option<StepStatus>,
}

/// The whole execution, by indices of the spec.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) steps: Vec<StepStatus>,
    pub(crate) edges: Vec<EdgeState>,
    pub(crate) ended: Option<Ended>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ended {
    Completed,
    /// The node and the class of its failure.
    Failed(usize, String),
    TimedOut,
    Cancelled,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(spec: &'a Spec) -> Self {
        let facts = vec![Facts { settled: None, phase: Phase::Ready, attempts: 0, cut: None }; spec.nodes.len()];
        let steps = vec![StepStatus::Pending; spec.nodes.len()];
        let picture = Picture { steps, edges: Vec::new(), ended: None };
        let mut oracle = Self { spec, facts, stopped: None, incident: false, paused: false, position: 0, picture };
        oracle.redraw();
        oracle
    }

    pub(crate) fn is_active(&self, node: usize) -> bool {
        matches!(self.picture.steps[node], StepStatus::Running | StepStatus::Waiting)
    }

    pub(crate) fn active(&self) -> Vec<usize> {
        (0..self.spec.nodes.len()).filter(|&node| self.is_active(node)).collect()
    }

    /// What the step is doing, if it is active.
    pub(crate) fn phase(&self, node: usize) -> &Phase {
        if self.is_active(node) { &self.facts[node].phase } else { &Phase::Idle }
    }

    pub(crate) fn attempts(&self, node: usize) -> u32 {
        if self.spec.nodes[node].trigger { u32::from(node == self.spec.begin) } else { self.facts[node].attempts }
    }

    pub(crate) fn settlement(&self, node: usize) -> Option<&Settlement> {
        self.facts[node].settled.as_ref()
    }

    /// Why `entry` may not follow, if it may not.
    pub(crate) fn refusal(&self, entry: &Entry) -> Option<IllegalEvent> {
        if self.picture.ended.is_some() {
            return Some(IllegalEvent::Ended);
        }
        if let Event::Resolved { step, resolution, .. } = &entry.event {
            return self.unresolvable(step.as_ref(), resolution);
        }
        if self.incident && !matches!(entry.event, Event::Cancelled { .. }) {
            return Some(IllegalEvent::Incident);
        }
        match entry.event {
            Event::Paused { .. } if self.paused => return Some(IllegalEvent::AlreadyPaused),
            Event::Resumed { .. } if !self.paused => return Some(IllegalEvent::NotPaused),
            _ => {}
        }
        let waits = |node: &usize| matches!(self.phase(*node), Phase::Backoff(_));
        if matches!(entry.event, Event::Hastened { step: None, .. }) {
            return (!self.active().iter().any(waits)).then_some(IllegalEvent::NoBackoff);
        }
        let step = entry.event.step()?;
        let Some(node) = self.spec.find(step.node_id.as_str()).filter(|_| step.scope.as_str().is_empty()) else {
            return Some(IllegalEvent::UnknownStep(step.clone()));
        };
        if !self.is_active(node) {
            return Some(IllegalEvent::NotActive(step.clone()));
        }
        (!self.takes(node, &entry.event)).then(|| IllegalEvent::WrongPhase(step.clone()))
    }

    /// Why a person cannot say that now.
    fn unresolvable(&self, step: Option<&StepKey>, resolution: &Resolution) -> Option<IllegalEvent> {
        if !self.incident {
            return Some(IllegalEvent::NoIncident);
        }
        let Some(step) = step else {
            return (*resolution != RETRY).then_some(IllegalEvent::StepNeeded);
        };
        let Some(node) = self.spec.find(step.node_id.as_str()).filter(|_| step.scope.as_str().is_empty()) else {
            return Some(IllegalEvent::UnknownStep(step.clone()));
        };
        if !self.is_active(node) {
            return Some(IllegalEvent::NotConcerned(step.clone()));
        }
        let waits = *resolution == RETRY && matches!(self.facts[node].phase, Phase::Waiting(_));
        waits.then(|| IllegalEvent::WrongPhase(step.clone()))
    }

    /// Whether the active step can take `event` now. One that waits for nothing but a signal takes only that.
    fn takes(&self, node: usize, event: &Event) -> bool {
        let facts = &self.facts[node];
        let (signal, time) = match &facts.phase {
            Phase::Waiting(until) => (until.signal.is_some(), until.time.is_some()),
            _ => (false, true),
        };
        match event {
            Event::Signalled { .. } => signal,
            Event::Hastened { .. } => matches!(facts.phase, Phase::Backoff(_)),
            Event::Started { .. } => time && facts.phase != Phase::Started,
            Event::AttemptFailed { attempt, .. } => time && *attempt == facts.attempts + 1,
            _ => time,
        }
    }

    /// Takes in an entry that [`Self::refusal`] lets pass.
    pub(crate) fn accept(&mut self, entry: &Entry) {
        self.position += 1;
        match &entry.event {
            Event::Cancelled { .. } => {
                (self.stopped, self.paused) = (Some(Ended::Cancelled), false);
            }
            Event::Paused { .. } => self.paused = true,
            Event::Resumed { .. } => self.paused = false,
            Event::TimedOut => self.stopped = Some(Ended::TimedOut),
            Event::Poisoned { .. } => self.incident = true,
            Event::Hastened { step: None, .. } => {
                for node in self.active() {
                    self.facts[node].hastened();
                }
            }
            Event::Resolved { step, resolution, .. } => {
                self.incident = false;
                if let Some(node) = step.as_ref().and_then(|step| self.spec.find(step.node_id.as_str())) {
                    self.facts[node].resolved(resolution);
                }
            }
            event => {
                let node = event.step().and_then(|step| self.spec.find(step.node_id.as_str()));
                self.facts[node.expect("the entry names a node")].learn(event);
            }
        }
        self.redraw();
    }

    fn redraw(&mut self) {
        let drawn = self.draw();
        let fired = |node: &usize| {
            self.picture.steps[*node] == StepStatus::Pending
                && !matches!(drawn.steps[*node], StepStatus::Pending | StepStatus::Skipped)
        };
        let joins: Vec<usize> =
            (0..self.facts.len()).filter(fired).filter(|&node| self.spec.nodes[node].cuts).collect();
        for join in joins {
            for node in (0..join).filter(|&node| self.spec.only_leads_to(node, join)) {
                let facts = &mut self.facts[node];
                facts.cut = match self.picture.steps[node] {
                    _ if facts.settled.is_some() || facts.cut.is_some() => continue,
                    StepStatus::Pending => Some(StepStatus::Skipped),
                    StepStatus::Running | StepStatus::Waiting => Some(StepStatus::Cancelled),
                    _ => continue,
                };
            }
        }
        self.picture = self.draw();
    }

    fn draw(&self) -> Picture {
        let mut steps = Vec::with_capacity(self.facts.len());
        let mut edges = vec![EdgeState::Open; self.spec.edges.len()];
        let mut ended = self.stopped.clone();
        for (node, spec) in self.spec.nodes.iter().enumerate() {
            let status = self.status(node, &edges);
            for &edge in &spec.outs {
                edges[edge] = self.resolution(node, status, &self.spec.edges[edge].kind);
            }
            if let Some(class) = self.failure(node).filter(|class| !self.spec.handles(node, class)) {
                ended = Some(Ended::Failed(node, class.into()));
            }
            steps.push(status);
        }
        let active = |status: &StepStatus| matches!(status, StepStatus::Running | StepStatus::Waiting);
        if ended.is_some() {
            steps.iter_mut().filter(|status| active(status)).for_each(|status| *status = StepStatus::Cancelled);
        } else if !steps.iter().any(active) {
            ended = Some(Ended::Completed);
        }
        Picture { steps, edges, ended }
    }

    /// The firing rule: where a node stands, given its in-edges.
    fn status(&self, node: usize, edges: &[EdgeState]) -> StepStatus {
        let (spec, facts) = (&self.spec.nodes[node], &self.facts[node]);
        if spec.trigger {
            return if node == self.spec.begin { StepStatus::Completed } else { StepStatus::Skipped };
        }
        if let Some(cut) = facts.cut {
            return cut;
        }
        let count = |state| spec.ins.iter().filter(|&&edge| edges[edge] == state).count();
        let (open, taken) = (count(EdgeState::Open), count(EdgeState::Taken));
        let (fires, may_fire) = match spec.join {
            Join::All => (taken > 0 && open == 0, open > 0),
            Join::Any => (taken > 0, open > 0),
            Join::Of(n) => (taken >= n, taken + open >= n),
        };
        match (&facts.settled, fires) {
            (Some(settlement), _) => match settlement.status {
                SettledStatus::Completed => StepStatus::Completed,
                SettledStatus::Failed => StepStatus::Failed,
                SettledStatus::OutcomeUnknown => StepStatus::OutcomeUnknown,
            },
            (None, true) => match facts.phase {
                Phase::Backoff(_) | Phase::Waiting(_) => StepStatus::Waiting,
                _ => StepStatus::Running,
            },
            (None, false) if may_fire => StepStatus::Pending,
            (None, false) => StepStatus::Skipped,
        }
    }

    /// What becomes of an edge of that kind that leaves `node`.
    fn resolution(&self, node: usize, status: StepStatus, kind: &Kind) -> EdgeState {
        let taken = match (status, kind) {
            (StepStatus::Skipped | StepStatus::Cancelled, _) => false,
            (StepStatus::Completed, Kind::Error(_)) => false,
            (StepStatus::Completed, Kind::Flow(port, when)) => {
                self.emitted(node) == Some(crate::catalogue::PORTS[*port]) && *when != Some(false)
            }
            (StepStatus::Failed | StepStatus::OutcomeUnknown, kind) => {
                let class = self.failure(node).unwrap_or_default();
                if !self.spec.handles(node, class) {
                    return EdgeState::Open;
                }
                matches!(kind, Kind::Error(classes) if classes.is_empty() || classes.contains(&class))
            }
            _ => return EdgeState::Open,
        };
        if taken { EdgeState::Taken } else { EdgeState::Skipped }
    }

    fn emitted(&self, node: usize) -> Option<&str> {
        if self.spec.nodes[node].trigger {
            return Some(crate::catalogue::PORTS[0]);
        }
        self.settlement(node).and_then(|settlement| settlement.port.as_deref())
    }

    /// The class of its failure, if the step failed.
    fn failure(&self, node: usize) -> Option<&str> {
        let settlement = self.settlement(node).filter(|settlement| settlement.status != SettledStatus::Completed)?;
        settlement.error.as_ref().map(|error| error.class.as_str())
    }
}

impl Facts {
    fn hastened(&mut self) {
        if let Phase::Backoff(_) = self.phase {
            self.phase = Phase::Ready;
        }
    }

    fn resolved(&mut self, resolution: &Resolution) {
        match (resolution, &self.phase) {
            (Resolution::Retry { .. }, Phase::Signalled(_)) => {}
            _ => self.phase = Phase::Ready,
        }
        if *resolution == RETRY {
            self.attempts = 0;
        }
    }

    fn learn(&mut self, event: &Event) {
        match event {
            Event::Waiting { until, .. } => self.phase = Phase::Waiting(until.clone()),
            Event::Started { .. } => self.phase = Phase::Started,
            Event::Hastened { .. } => self.hastened(),
            Event::Signalled { payload, .. } => self.phase = Phase::Signalled(payload.clone()),
            Event::AttemptFailed { attempt, retry_at, .. } => {
                (self.phase, self.attempts) = (Phase::Backoff(*retry_at), *attempt);
            }
            Event::Settled { settlement, .. } => {
                self.attempts = settlement.attempts;
                self.settled = Some(settlement.clone());
            }
            Event::Opened { .. } | Event::Expired { .. } => unreachable!("there are no containers"),
            _ => {}
        }
    }
}
