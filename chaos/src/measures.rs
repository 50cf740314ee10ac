//! How fast work goes on after a fault, and how late timers are.
//!
//! Each sample has a promise: the time within which what it measures is to be over. It counts apart only if something
//! else went wrong within that time: what was undisturbed so long and is slow nevertheless is what is looked for.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::check::{Step, Waits};
use crate::database::Outage;
use crate::facts::{Facts, Row, Start};
use crate::inject::{Held, Struck};
use crate::leases::IN_FLIGHT;
pub(crate) use crate::samples::Samples;

/// What a worker held goes on within this time after it was killed, or fell silent.
const KILL_PROMISE: TimeDelta = TimeDelta::seconds(2);
const SILENCE_PROMISE: TimeDelta = TimeDelta::seconds(10);
/// What was active when the database went goes on within this time after it has come back.
const RESUME_PROMISE: TimeDelta = TimeDelta::seconds(2);
/// A delay ends within this time after it was due.
const TIMER_PROMISE: TimeDelta = TimeDelta::seconds(2);
/// So long after the database has come back, workers may still be connecting.
const CONNECTING: TimeDelta = TimeDelta::seconds(3);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    /// From the kill to the first sign of another worker: its call has arrived, or its row is durable. Either comes after
    /// its claim was committed.
    pub(crate) takeover: Samples,
    /// Those of them where nobody came in the place of the worker meanwhile: its peers have noticed.
    pub(crate) takeover_by_peers: Samples,
    /// From the kill to the first row of another worker, with the time that the step itself takes, where nothing went
    /// wrong until then.
    pub(crate) takeover_to_row: Samples,
    /// From the freeze or partition to the first row of another worker: a call may be the silent one's own.
    pub(crate) freeze_takeover: Samples,
    /// Both, where something else went wrong within the time that is promised.
    pub(crate) takeover_apart: Samples,
    /// Take-overs that tell nothing, as the next step waited for a time or a signal anyway.
    pub(crate) takeover_waited: usize,
    /// Take-overs that never came.
    pub(crate) takeover_never: usize,
    /// From the return of the database to the next row of an execution that was active when it went.
    pub(crate) resume: Samples,
    /// The same where something else went wrong.
    pub(crate) resume_apart: Samples,
    /// Executions that never went on after an outage.
    pub(crate) resume_never: usize,
    /// From the time at which a delay was due to its row.
    pub(crate) timer_lateness: Samples,
    /// The same where something else went wrong, or the worker that watched over it had just been lost.
    pub(crate) timer_lateness_apart: Samples,
}

/// A span of time in which something was awaited.
#[derive(Clone, Copy)]
struct Span {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Span {
    fn ms(self) -> i64 {
        (self.until - self.from).num_milliseconds()
    }

    /// The part of it in which it could still keep its promise: what comes later is no excuse.
    fn within(self, promise: TimeDelta) -> Self {
        Self { until: self.until.min(self.from + promise), ..self }
    }

    fn overlaps(self, times: &[Outage], after: TimeDelta) -> bool {
        times.iter().any(|time| self.from <= time.until + after && time.from <= self.until)
    }
}

/// A loss of a worker, as it concerns one execution.
struct Hit {
    at: DateTime<Utc>,
    /// When it is to be over.
    over: DateTime<Utc>,
    /// When the worker was given up: outages put that off.
    given_up: Option<DateTime<Utc>>,
    lease_no: i64,
}

/// What came of an execution.
enum Next<'a> {
    /// This row tells when it went on.
    Row(&'a Row),
    /// It had to wait for a time or a signal anyway.
    Waited,
    /// It was over.
    Over,
    /// Nothing, though it was not over.
    Nothing,
}

/// What is looked up again and again.
struct Index<'a> {
    facts: &'a Facts,
    outages: Vec<Outage>,
    disturbances: Vec<Outage>,
    hits: HashMap<Uuid, Vec<Hit>>,
    /// When calls came, by execution, in that order.
    calls: HashMap<Uuid, Vec<DateTime<Utc>>>,
    starts: HashMap<&'a str, &'a Start>,
    set_aside: HashSet<Uuid>,
}

impl Measures {
    pub(crate) fn of(facts: &Facts) -> Self {
        let index = Index::of(facts);
        let mut measures = Self::default();
        for struck in &facts.injected.struck {
            if struck.loses_workers() {
                measures.take_overs(&index, struck);
            }
            if let Some(outage) = struck.outage {
                measures.resumed(&index, struck, outage);
            }
        }
        measures.timers(&index);
        measures
    }

    fn take_overs(&mut self, index: &Index<'_>, struck: &Struck) {
        for held in unique(&struck.held) {
            let row = match index.next(held, struck.at, |row| row.lease_no != held.lease_no) {
                Next::Row(row) => row,
                Next::Waited => {
                    self.takeover_waited += 1;
                    continue;
                }
                Next::Nothing => {
                    self.takeover_never += 1;
                    continue;
                }
                Next::Over => continue,
            };
            let to_row = Span { from: struck.at, until: row.committed_at };
            // What a dead worker has sent may still be under way.
            let call = index.first_call(held, struck.at + IN_FLIGHT).filter(|_| !struck.freezes());
            let span = Span { until: call.map_or(to_row.until, |call| call.min(to_row.until)), ..to_row };
            let window = span.within(promise(struck));
            let is_apart = index.was_disturbed(window) || index.was_hit(held.execution, window);
            if !struck.freezes() && !index.was_disturbed(to_row) && !index.was_hit(held.execution, to_row) {
                self.takeover_to_row.add(to_row.ms(), held.execution);
            }
            if struck.left_vacant && !is_apart {
                self.takeover_by_peers.add(span.ms(), held.execution);
            }
            let samples = match struck.freezes() {
                _ if is_apart => &mut self.takeover_apart,
                true => &mut self.freeze_takeover,
                false => &mut self.takeover,
            };
            samples.add(span.ms(), held.execution);
        }
    }

    fn resumed(&mut self, index: &Index<'_>, struck: &Struck, outage: Outage) {
        for held in unique(&struck.held) {
            let row = match index.next(held, outage.until, |_| true) {
                Next::Row(row) => row,
                Next::Nothing => {
                    self.resume_never += 1;
                    continue;
                }
                Next::Waited | Next::Over => continue,
            };
            let span = Span { from: outage.until, until: row.committed_at };
            let window = span.within(RESUME_PROMISE);
            let again = index.outages.iter().any(|next| next.from > window.from && next.from <= window.until);
            let is_apart = again
                || window.overlaps(&index.disturbances, TimeDelta::zero())
                || index.was_lost_about(held, outage.from, window);
            let samples = if is_apart { &mut self.resume_apart } else { &mut self.resume };
            samples.add(span.ms(), held.execution);
        }
    }

    fn timers(&mut self, index: &Index<'_>) {
        for wait in Waits::of(index.facts).0.iter().filter(|wait| wait.is_delay) {
            let next = wait.next.filter(|next| next.kind == "settled" && !index.facts.was_ordered(wait.execution));
            let Some(next) = next else { continue };
            let span = Span { from: wait.due, until: next.committed_at };
            let window = span.within(TIMER_PROMISE);
            let samples = match index.was_disturbed(window) || index.was_unwatched(wait.execution, window) {
                true => &mut self.timer_lateness_apart,
                false => &mut self.timer_lateness,
            };
            samples.add(span.ms(), wait.execution);
        }
    }
}

impl<'a> Index<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut hits = HashMap::<Uuid, Vec<_>>::new();
        for struck in facts.injected.struck.iter().filter(|struck| struck.loses_workers()) {
            for held in unique(&struck.held) {
                let (over, given_up) = (struck.at + promise(struck), facts.fenced_at.get(&held.worker_no).copied());
                let hit = Hit { at: struck.at, over, given_up, lease_no: held.lease_no };
                hits.entry(held.execution).or_default().push(hit);
            }
        }
        let mut calls = HashMap::<Uuid, Vec<_>>::new();
        for (step, call) in facts.calls.iter().filter_map(|call| Some((Step::of(&call.key)?, call))) {
            calls.entry(step.execution).or_default().push(call.at);
        }
        let (outages, disturbances) = (facts.injected.outages().collect(), facts.injected.disturbances().collect());
        Self { facts, outages, disturbances, hits, calls, starts: facts.by_tag(), set_aside: facts.set_aside() }
    }

    fn hits(&self, execution: Uuid) -> impl Iterator<Item = &Hit> {
        self.hits.get(&execution).into_iter().flatten()
    }

    /// The first call for an execution after a time.
    fn first_call(&self, held: Held, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.calls.get(&held.execution)?.iter().copied().find(|&at| at > after)
    }

    /// Whether something that concerns all was wrong meanwhile.
    fn was_disturbed(&self, window: Span) -> bool {
        window.overlaps(&self.outages, CONNECTING) || window.overlaps(&self.disturbances, TimeDelta::zero())
    }

    /// Whether another worker was lost with the execution meanwhile.
    fn was_hit(&self, execution: Uuid, window: Span) -> bool {
        self.hits(execution).any(|hit| hit.at > window.from && hit.at <= window.until)
    }

    /// Whether the holder was lost so shortly before an outage that it need not have been noticed, or was not noticed for
    /// another outage before; or another one since.
    fn was_lost_about(&self, held: Held, from: DateTime<Utc>, window: Span) -> bool {
        let lasts = |hit: &Hit| hit.over >= from || hit.given_up.is_some_and(|given_up| given_up >= from);
        let concerns = |hit: &Hit| hit.at >= from || hit.lease_no == held.lease_no && lasts(hit);
        self.hits(held.execution).any(|hit| hit.at <= window.until && concerns(hit))
    }

    /// Whether a worker was lost with the execution, which need not have been noticed when the time was due, and nobody
    /// had gone on with it yet.
    fn was_unwatched(&self, execution: Uuid, window: Span) -> bool {
        let rows = self.facts.rows(execution);
        self.hits(execution).any(|hit| {
            let heirs = rows.iter().filter(|row| row.lease_no != hit.lease_no && row.committed_at > hit.at);
            let first = heirs.map(|row| row.committed_at).min();
            hit.at <= window.until && hit.over >= window.from && first.is_none_or(|first| first >= window.from)
        })
    }

    /// What came of an execution after a time.
    fn next(&self, held: Held, after: DateTime<Utc>, wanted: impl Fn(&Row) -> bool) -> Next<'a> {
        let rows = self.facts.rows(held.execution);
        let execution = self.facts.executions.get(&held.execution);
        let Some(nth) = rows.iter().position(|row| row.committed_at > after && wanted(row)) else {
            let is_over = execution.is_some_and(|row| row.has_ended()) || self.set_aside.contains(&held.execution);
            return if is_over { Next::Over } else { Next::Nothing };
        };
        let row = &rows[nth];
        let of_step = |before: &&Row| before.node == row.node && before.scope == row.scope;
        let waited = rows[..nth].iter().rev().find(of_step).and_then(|before| before.due);
        let start = execution.and_then(|execution| self.starts.get(execution.tag.as_str()));
        let node = start.and_then(|start| self.facts.workflows[start.workflow].1.node(&row.node));
        let is_told = node.is_some_and(|node| node.kind.is_told()) || self.facts.was_ordered(held.execution);
        if is_told || waited.is_some_and(|due| due > after) { Next::Waited } else { Next::Row(row) }
    }
}

/// Within what time others go on with what its victim held.
fn promise(struck: &Struck) -> TimeDelta {
    if struck.freezes() { SILENCE_PROMISE } else { KILL_PROMISE }
}

fn unique(held: &[Held]) -> HashSet<Held> {
    held.iter().copied().collect()
}

#[cfg(test)]
mod tests;
