//! Drive: one execution, in memory, while this worker holds its lease. What it comes to is written by `write`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use capstan_domain::spans::Span;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::decide::decide;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::{ExecutionId, NodeId, SignalId, StepKey, WorkflowId, WorkspaceId};
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::state::{Phase, State, StepIx};
use capstan_engine::faults::{Bug, ask, planted, told};
use capstan_engine::store::children::Family;
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::Then;
use capstan_engine::store::orders::{Order, RESOLVE};
use capstan_engine::store::past::Past;
use capstan_engine::store::signals::{CANCEL, Pending, heed};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, sleep_until};
use tracing::debug;

use super::enter::{Pass, Way};
use super::put_off::PutOff;
use super::write::Flushed;
use super::{Exit, READ_PAUSE, is_forced};
use crate::life::Life;
use crate::logs::Budget;
use crate::versions::Version;
use crate::worker::Engine;

/// Entries that wait for a flush at most, and the longest that the first of them waits.
const PENDING_MAX: usize = 1_000;
const PENDING_AGE_MAX: Duration = Duration::from_millis(100);
/// Bytes of outputs that wait for a flush at most, beside the last of them.
const PENDING_BYTES_MAX: usize = 4 << 20;
/// Workers lost in a row that make an execution an incident.
pub(super) const LOSSES_MAX: i16 = 3;

/// One execution while it is active.
pub(super) struct Drive<'a> {
    pub(super) engine: &'a Arc<Engine>,
    pub(super) life: &'a Arc<Life>,
    pub(super) claimed: &'a Claimed,
    pub(super) graph: Arc<Graph>,
    pub(super) state: State,
    /// Where the execution began.
    pub(super) trigger: Option<StepIx>,
    /// Attempts with effects; none as outcome of one that did not begin, because of a drain.
    pub(super) tasks: JoinSet<(StepIx, Option<Outcome>)>,
    /// The task of each attempt that runs; an outcome of any other task comes too late.
    pub(super) running: HashMap<StepIx, AbortHandle>,
    pub(super) signals: Vec<Pending>,
    /// Decided on, but not yet durable.
    pub(super) pending: Vec<Row>,
    pub(super) pending_since: Option<Instant>,
    pub(super) pending_bytes: usize,
    /// Bytes of the outputs and items that it holds in memory.
    pub(super) held_bytes: usize,
    pub(super) usage: BTreeMap<&'static str, i64>,
    /// What was decided for children, but is not yet durable.
    pub(super) family: Family,
    /// Signals that lead to nothing, until the next flush.
    pub(super) dropped: Vec<SignalId>,
    /// Steps whose attempts found the database away.
    pub(super) put_off: PutOff,
    /// Starts of `at_most_once` attempts that this activation has journaled.
    pub(super) announced: BTreeSet<StepIx>,
    pub(super) log_budget: Arc<Budget>,
    pub(super) leftovers: bool,
    /// Its way through the gates of limits; mostly there are none.
    pub(super) way: Way,
    pub(super) workflow_id: WorkflowId,
    /// Whether its workflow was paused when it was looked at last.
    pub(super) is_held: bool,
    /// Journal entries that it came with.
    pub(super) began_at: u32,
    /// Where its own entries begin: behind those of the execution that it goes on from, as far as that is known here.
    pub(super) first: u32,
    /// Whether an entry of this activation says who took the execution up.
    pub(super) has_said: bool,
    /// The span of this activation, if spans are made.
    pub(super) span: Option<&'a mut Span>,
}

impl<'a> Drive<'a> {
    pub(super) fn new(
        engine: &'a Arc<Engine>,
        life: &'a Arc<Life>,
        claimed: &'a Claimed,
        version: &Version,
        state: State,
        past: Past,
        span: Option<&'a mut Span>,
    ) -> Self {
        let graph = Arc::clone(&version.graph);
        let (began_at, held_bytes) = (state.position(), state.bytes());
        let trigger = state.find(&graph, &StepKey::root(NodeId::from(claimed.trigger_node_id.as_str())));
        let way = Way::new(engine, claimed, version, trigger.map_or(&Value::Null, |step| &state.step(step).output));
        Self {
            engine,
            life,
            claimed,
            graph,
            state,
            trigger,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            signals: past.signals,
            pending: Vec::new(),
            pending_since: None,
            pending_bytes: 0,
            held_bytes,
            usage: BTreeMap::new(),
            family: Family::default(),
            dropped: Vec::new(),
            put_off: PutOff::default(),
            announced: BTreeSet::new(),
            log_budget: Arc::default(),
            leftovers: !claimed.fresh,
            way,
            workflow_id: version.workflow_id,
            is_held: false,
            began_at,
            first: if past.is_copied { began_at + 1 } else { 1 },
            has_said: false,
            span,
        }
    }

    /// Goes on until the execution ends, parks, is lost, or has to be given back.
    pub(super) async fn run(&mut self, wake: &Notify) -> Exit {
        if self.claimed.losses >= LOSSES_MAX && self.state.incident().is_none() {
            let reason = self.how_workers_were_lost().await;
            self.record(Event::Poisoned { reason, is_full: false });
        }
        loop {
            if let Some(exit) = self.heed_limits().await {
                return exit;
            }
            self.consume_signals();
            self.look_for_pause();
            let now = self.life.clock.now();
            self.judge_deadline(now);
            if self.is_over() {
                return self.finish().await;
            }
            let is_full = self.state.is_full() || self.is_too_heavy();
            // What runs already is still heard of, and what the journal tells of as started is.
            let runnable = if is_full { self.told_of(now) } else { self.runnable(now) };
            if is_full && runnable.is_empty() && self.running.is_empty() {
                if self.take_back_told_of() || self.is_lighter() {
                    continue;
                }
                let reason = self.how_it_is_full();
                self.record(Event::Poisoned { reason, is_full: true });
                return self.finish().await;
            }
            if !runnable.is_empty() {
                match self.enter().await {
                    Pass::In => {}
                    Pass::Again => continue,
                    Pass::Exit(exit) => return exit,
                }
            }
            if self.step_purely(&runnable).await {
                if self.must_flush()
                    && let Flushed::Exit(exit) = self.flush(Then::Hold).await
                {
                    return exit;
                }
                continue;
            }
            // Whatever comes next rests on a durable prefix: effects, waiting, parking.
            let is_idle = runnable.is_empty() && self.running.is_empty();
            if self.take_back(is_idle, now) {
                continue;
            }
            let then = if is_idle && !self.stays(now) { self.park(now) } else { Then::Hold };
            let early = planted(Bug::EarlyEffect) && !runnable.is_empty();
            if (!self.pending.is_empty() && !early) || matches!(then, Then::Park { .. }) {
                match self.flush(then).await {
                    Flushed::Durable => continue,
                    Flushed::Exit(exit) => return exit,
                }
            }
            if self.start_effects(&runnable).await {
                continue;
            }
            if self.engine.hurry.is_cancelled() || (self.engine.stop.is_cancelled() && self.running.is_empty()) {
                return Exit::GiveBack;
            }
            self.wait(wake).await;
        }
    }

    /// Whether it has ended, or waits for a person.
    pub(super) fn is_over(&self) -> bool {
        self.state.end().is_some() || self.state.incident().is_some()
    }

    /// Takes in an entry: decides, folds, and keeps it for the next flush. Late or repeated events change nothing.
    ///
    /// False if it came too late.
    pub(super) fn record(&mut self, event: Event) -> bool {
        let entry = Entry { at: self.life.clock.now(), event };
        let decision = match decide(&self.graph, &self.state, &entry) {
            Ok(decision) => decision,
            Err(illegal) => {
                debug!(%illegal, execution_id = %self.claimed.execution_id, "an event came too late");
                return false;
            }
        };
        let row = Row::of(&entry);
        self.orphan(&entry.event, &decision);
        self.state.apply(&self.graph, entry, &decision);
        for step in &decision.cancelled {
            if let Some(task) = self.running.remove(step) {
                task.abort();
            }
        }
        self.pending_since.get_or_insert_with(Instant::now);
        self.pending_bytes += row.bytes();
        self.held_bytes += row.bytes();
        self.pending.push(row);
        true
    }

    /// Takes in the signals that have come: again, once something has come about that others may have waited for.
    fn consume_signals(&mut self) {
        while !self.signals.is_empty() && self.take_signals() {}
    }

    /// Takes in those that lead to something now. Whether a person was among those who sent them, so that what had to wait
    /// may be heard.
    fn take_signals(&mut self) -> bool {
        let mut has_obeyed = false;
        let mut signals = std::mem::take(&mut self.signals);
        // What a person says of an incident is about how it stood before anything else came.
        signals.sort_by_key(|signal| signal.name != RESOLVE);
        for signal in signals {
            let signal_id = SignalId(signal.signal_id);
            if self.state.end().is_some() {
                return false;
            }
            if self.state.has_consumed(signal_id) {
                continue;
            }
            if signal.name == CANCEL {
                let reason = signal.payload.get("reason").and_then(Value::as_str).unwrap_or("cancelled").to_owned();
                // Nobody waits for an incident, unless there is room to undo what it did.
                let forced = self.claimed.incident && !self.state.has_outgrown() || is_forced(&signal);
                has_obeyed |= self.record(Event::Cancelled { reason, forced, signal_id: Some(signal_id) });
            } else if let Some(order) = Order::of(&signal) {
                has_obeyed |= self.obey(order, signal_id);
            } else if let Some(step) = self.state.waiting_for(&signal.name).filter(|_| self.state.incident().is_none())
            {
                // An attempt that had begun because the time had come is too late now.
                if let Some(task) = self.running.remove(&step) {
                    task.abort();
                }
                self.put_off.forget(step);
                self.record(Event::Signalled { step: self.key(step), signal_id, payload: signal.payload });
            } else if self.state.is_too_late(&self.graph, &signal.name) {
                self.dropped.push(signal_id);
            } else {
                self.signals.push(signal);
            }
        }
        has_obeyed
    }

    /// Runs every pure step that may run, and settles lost `at_most_once` attempts. False if there was none.
    async fn step_purely(&mut self, runnable: &[StepIx]) -> bool {
        let mut stepped = false;
        for &step in runnable {
            if !self.state.step(step).is_active() {
                continue;
            }
            if self.node(step).effect == Effect::Pure {
                let outcome = self.attempt(step, 0).await;
                self.conclude(step, outcome);
                stepped = true;
            } else if self.state.step(step).phase == Phase::Started && !self.announced.contains(&step) {
                let event = self.attempt_of(step).lost();
                self.record(event);
                stepped = true;
            }
            if self.is_over() || self.must_flush() {
                return stepped;
            }
        }
        stepped
    }

    /// Starts attempts with effects, on a durable prefix. True if there is something to be journaled: the start of an
    /// attempt, or the end of one that needed no waiting. A drain lets begin only what the journal already tells of.
    async fn start_effects(&mut self, runnable: &[StepIx]) -> bool {
        let mut journaled = false;
        for &step in runnable {
            if self.is_over() || self.must_flush() {
                break;
            }
            // An attempt that ended at once may have ended others.
            if !self.state.step(step).is_active() {
                continue;
            }
            if self.engine.stop.is_cancelled() && !self.announced.contains(&step) {
                continue;
            }
            if self.node(step).policy.at_most_once && self.announced.insert(step) {
                self.record(Event::Started { step: self.key(step) });
                journaled = true;
            } else if let Some(outcome) = self.begin(step).await {
                self.conclude(step, outcome);
                journaled = true;
            }
        }
        journaled
    }

    /// Waits for whatever comes first: an attempt's end, a wake-up, a time, a drain.
    async fn wait(&mut self, wake: &Notify) {
        let due = self
            .next_look()
            .filter(|_| !self.is_held)
            .map(|due| (due - self.life.clock.now()).to_std().unwrap_or_default());
        let due = due.and_then(|until| tokio::time::Instant::now().checked_add(until));
        let far = tokio::time::Instant::now() + Duration::from_secs(3_600);
        let draining = self.engine.stop.is_cancelled();
        let workspace_id = WorkspaceId(self.claimed.workspace_id);
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => self.all_ended(ended),
            () = wake.notified() => self.heed().await,
            _ = self.way.news.changed() => {}
            () = self.engine.pauses.lifted(workspace_id, self.workflow_id), if self.is_held => {}
            () = sleep_until(due.unwrap_or(far)), if !draining => {}
            () = self.engine.stop.cancelled(), if !draining => {}
            () = self.engine.hurry.cancelled() => {}
        }
    }

    /// Reads the signals that wait, after a wake-up.
    pub(super) async fn heed(&mut self) {
        self.leftovers = true;
        let id = ExecutionId(self.claimed.execution_id);
        loop {
            let (worker_no, lease_no) = (self.life.worker_no, self.claimed.lease_no);
            let question = ask::Heed { worker_no, execution_id: id, lease_no };
            let read = self.engine.side.run(async |connection| told(question, heed(connection, id, lease_no)).await);
            match Box::pin(read).await {
                Ok(signals) => return self.signals = signals,
                Err(error) => {
                    debug!(%error, execution_id = %id, "signals could not be read; trying again");
                    sleep(READ_PAUSE).await;
                }
            }
        }
    }

    /// When something is due next: a step that does not run, or the execution's own deadline.
    pub(super) fn next_look(&self) -> Option<DateTime<Utc>> {
        self.next_look_after(DateTime::<Utc>::MIN_UTC)
    }

    /// The same of what is due only after that moment.
    pub(super) fn next_look_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let idle = self.state.dues().filter(|(step, _)| !self.running.contains_key(step));
        let steps = idle.map(|(step, due)| self.put_off.until(step).map_or(due, |until| until.max(due)));
        steps
            .filter(|due| *due >= moment)
            .chain(self.claimed.deadline_at.filter(|_| !self.state.is_ending() && !self.state.is_paused()))
            .min()
    }

    pub(super) fn must_flush(&self) -> bool {
        self.pending.len() >= PENDING_MAX
            || self.pending_bytes >= PENDING_BYTES_MAX
            || self.pending_since.is_some_and(|since| since.elapsed() >= PENDING_AGE_MAX)
    }

    pub(super) fn key(&self, step: StepIx) -> StepKey {
        self.state.key(&self.graph, step)
    }

    pub(super) fn node(&self, step: StepIx) -> &Node {
        &self.graph.nodes[self.state.step(step).node]
    }
}
