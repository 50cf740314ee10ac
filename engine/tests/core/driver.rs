//! Drives one execution of a case in a random order, and holds every entry against the oracle.

use capstan_engine::core::attempt::Attempt;
use capstan_engine::core::decide::{begin, decide};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{NodeId, Scope, SignalId, StepKey};
use capstan_engine::core::journal::{Entry, Event, Resolution};
use capstan_engine::core::outcome::{Outcome, Until};
use capstan_engine::core::state::{Phase, State};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::arms::Arms;
use crate::oracle::Oracle;
use crate::rng::Rng;
use crate::script::{RETRY, resolved};
use crate::spec::{Act, Ending, Intervention, Spec};
use crate::{checks, count, fate, noise};

/// More turns than any case needs; a core that never ends an execution fails here instead of running on.
const TURNS_MAX: usize = 4_000;
/// How often an entry that should not be there comes before the next one, in percent.
const NOISE_PERCENT: usize = 30;
const WAIT_SECS: i64 = 90;

pub(crate) struct Driver<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) graph: &'a Graph,
    pub(crate) oracle: Oracle<'a>,
    pub(crate) state: State,
    /// What was accepted, in order.
    pub(crate) journal: Vec<Entry>,
    pub(crate) arms: &'a mut Arms,
    pub(crate) rng: Rng,
    pub(crate) now: DateTime<Utc>,
    /// Acts of its plan that each node has gone through.
    progress: Vec<usize>,
    /// Whether a person has had an incident go on; another one does not follow.
    resolved: bool,
    /// Which graph nodes were fired so far.
    pub(crate) fired: Vec<bool>,
    /// The state before each entry, and the present one.
    pub(crate) history: Vec<State>,
}

/// When every execution of these tests starts.
pub(crate) fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time")
}

pub(crate) fn input() -> Value {
    json!({"budget": 7})
}

/// The step of a node, such as `a`, or in a scope, such as `each[0]/a`.
pub(crate) fn key(id: &str) -> StepKey {
    let (scope, id) = id.rsplit_once('/').unwrap_or(("", id));
    StepKey { node_id: NodeId::from(id), scope: Scope(scope.into()) }
}

impl<'a> Driver<'a> {
    /// Begins the execution.
    pub(crate) fn new(spec: &'a Spec, graph: &'a Graph, arms: &'a mut Arms, seed: u64) -> Result<Self, String> {
        let now = start_of_time();
        let trigger = key(&spec.nodes[spec.begin].id);
        let (state, decision) = begin(graph, &trigger, input(), now).map_err(|refusal| refusal.to_string())?;
        let oracle = Oracle::new(spec);
        let mut fired = vec![false; graph.nodes.len()];
        checks::beginning(spec, graph, &oracle, &decision, &mut fired)?;
        checks::state(spec, graph, &oracle, &state, now)?;
        count::beginning(spec, graph, &oracle, &decision, arms);
        let (journal, progress, history) = (Vec::new(), vec![0; spec.nodes.len()], vec![state.clone()]);
        let rng = Rng::new(seed);
        Ok(Self { spec, graph, oracle, state, journal, arms, rng, now, progress, resolved: false, fired, history })
    }

    /// Goes on until the execution has ended.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        for _ in 0..TURNS_MAX {
            if self.oracle.picture.ended.is_some() {
                return self.after_the_end();
            }
            if self.rng.chance(NOISE_PERCENT) {
                let event = noise::event(self);
                self.offer(event)?;
            } else if let Some(what) = self.due_intervention() {
                self.intervene(what)?;
            } else {
                let node = *self.rng.pick(&self.oracle.active());
                self.advance(node)?;
            }
        }
        Err(format!("no end after {TURNS_MAX} turns"))
    }

    fn due_intervention(&mut self) -> Option<Intervention> {
        if self.oracle.incident {
            return Some(if self.rng.chance(50) { Intervention::Cancel } else { Intervention::Resolve });
        }
        let is_due = |(position, _): &(u32, Intervention)| *position <= self.oracle.position && !self.resolved;
        self.spec.intervention.filter(is_due).map(|(_, what)| what)
    }

    fn intervene(&mut self, what: Intervention) -> Result<(), String> {
        let event = match what {
            Intervention::Resolve => return self.resolve(),
            Intervention::Cancel => Event::Cancelled { reason: "enough".into(), forced: false, signal_id: None },
            Intervention::TimeOut => Event::TimedOut,
            Intervention::Poison => Event::Poisoned { reason: "three workers were lost".into(), is_full: false },
        };
        self.must_take(event)
    }

    /// A person says what becomes of one of the steps, or that all is tried again.
    fn resolve(&mut self) -> Result<(), String> {
        self.resolved = true;
        let node = *self.rng.pick(&self.oracle.active());
        let id = self.spec.nodes[node].id.clone();
        let resolution = [RETRY, Resolution::Skip, Resolution::Fail][self.rng.below(3)].clone();
        // Plans count attempts from the first one on.
        let waits = matches!(self.oracle.phase(node), Phase::Waiting(_));
        if resolution == RETRY && (waits || self.oracle.attempts(node) > 0 || self.rng.chance(30)) {
            return self.must_take(resolved("", RETRY));
        }
        self.must_take(resolved(&id, resolution.clone()))?;
        let outcome = match resolution {
            Resolution::Retry { .. } => return Ok(()),
            Resolution::Skip => Outcome::done(crate::catalogue::PORTS[0], json!("as a person says")),
            Resolution::Fail => Outcome::fail("boom", "as a person says"),
        };
        let ix = self.graph.find(&NodeId::from(id.as_str())).ok_or("the node is not in the graph")?;
        let attempt = Attempt { graph: self.graph, state: &self.state, step: ix, now: self.now, seed: 7 };
        let event = attempt.conclude(outcome, |when, _| Ok(when.contains("true")));
        self.must_take(event)
    }

    /// The next thing in the plan of an active step.
    fn advance(&mut self, node: usize) -> Result<(), String> {
        let step = key(&self.spec.nodes[node].id);
        match self.oracle.phase(node).clone() {
            Phase::Waiting(Until { time, signal: Some(_), .. }) if time.is_none() || self.rng.chance(50) => {
                let payload = json!({"from": "outside"});
                return self.must_take(Event::Signalled { step, signal_id: SignalId::new(), payload });
            }
            Phase::Waiting(Until { time: Some(due), .. }) | Phase::Backoff(due) => self.now = self.now.max(due),
            _ => {}
        }
        if self.spec.nodes[node].at_most_once && *self.oracle.phase(node) != Phase::Started {
            return self.must_take(Event::Started { step });
        }
        let event = self.attempt(node)?;
        self.must_take(event)?;
        self.progress[node] += 1;
        Ok(())
    }

    fn attempt(&self, node: usize) -> Result<Event, String> {
        let plan = &self.spec.nodes[node];
        let ix = self.graph.find(&NodeId::from(plan.id.as_str())).ok_or("the node is not in the graph")?;
        let attempt = Attempt { graph: self.graph, state: &self.state, step: ix, now: self.now, seed: 7 };
        let until = |time: bool, signal: bool| {
            let time = time.then(|| self.now + TimeDelta::seconds(WAIT_SECS));
            Outcome::Wait(Until { time, signal: signal.then(|| "reply".into()), child: None })
        };
        let outcome = match plan.acts.get(self.progress[node]) {
            Some(Act::Retry(class)) => Outcome::retry(class, "again", None),
            Some(Act::WaitTime) => until(true, false),
            Some(Act::WaitSignal) => until(false, true),
            Some(Act::WaitBoth) => until(true, true),
            None => match plan.ending {
                Ending::Done(port) => Outcome::done(crate::catalogue::PORTS[port], fate::output(self.spec, node)),
                Ending::NoSuchPort => Outcome::done("nowhere", Value::Null),
                Ending::Fail(class) => Outcome::fail(class, "it broke"),
                Ending::Lost => return Ok(attempt.lost()),
            },
        };
        let event = attempt.conclude(outcome, |when, _| Ok(when.contains("true")));
        checks::attempt(self.spec, node, &event, self.now)?;
        Ok(event)
    }

    fn after_the_end(&mut self) -> Result<(), String> {
        for event in [
            Event::Cancelled { reason: "late".into(), forced: true, signal_id: None },
            Event::TimedOut,
            noise::event(self),
            noise::event(self),
        ] {
            if self.offer(event)? {
                return Err("an entry was accepted after the end".into());
            }
        }
        Ok(())
    }

    fn must_take(&mut self, event: Event) -> Result<(), String> {
        if self.offer(event.clone())? { Ok(()) } else { Err(format!("refused, and by the oracle too: {event:?}")) }
    }

    /// Puts one entry to the core and to the oracle; whether both accepted it.
    pub(crate) fn offer(&mut self, event: Event) -> Result<bool, String> {
        self.now += TimeDelta::seconds(1);
        let entry = Entry { at: self.now, event };
        let decision = match (self.oracle.refusal(&entry), decide(self.graph, &self.state, &entry)) {
            (Some(expected), Err(refusal)) if expected == refusal => {
                count::refused(&refusal, self.arms);
                return Ok(false);
            }
            (None, Ok(decision)) => decision,
            (expected, got) => {
                return Err(format!("{:?}: the oracle refuses with {expected:?}, decide says {got:?}", entry.event));
            }
        };
        let before = self.oracle.picture.clone();
        self.oracle.accept(&entry);
        checks::decision(self, &before, &entry, &decision)?;
        self.state.apply(self.graph, entry.clone(), &decision);
        self.history.push(self.state.clone());
        self.journal.push(entry);
        checks::state(self.spec, self.graph, &self.oracle, &self.state, self.now)?;
        checks::neighbours_commute(self)?;
        count::accepted(self, &before);
        Ok(true)
    }
}
