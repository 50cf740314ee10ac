//! How fast work goes on after a fault, and how late timers are.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::check::Waits;
use crate::database::Outage;
use crate::facts::{Facts, Row, Start};
use crate::graphs::Kind;
use crate::inject::{Held, Struck};

/// So long after the database has come back, samples still count as near an outage.
const NEAR: TimeDelta = TimeDelta::seconds(10);

/// Samples in milliseconds, each with its execution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<(i64, Uuid)>);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    /// From the kill to the first row of another worker.
    pub(crate) takeover: Samples,
    /// From the freeze or partition to the first row of another worker.
    pub(crate) freeze_takeover: Samples,
    /// Both, where an outage was near, the effect server hung or the database was full, or another fault hit the same execution meanwhile.
    pub(crate) takeover_apart: Samples,
    /// From the return of the database to the next row of an execution that was active when it went.
    pub(crate) resume: Samples,
    /// From the time at which a delay was due to its row, without outages.
    pub(crate) timer_lateness: Samples,
    /// The same where an outage was near, the database took nobody in, or the worker that watched over it was lost.
    pub(crate) timer_lateness_apart: Samples,
}

impl Samples {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value that 99 % do not exceed; absent without samples.
    pub(crate) fn p99_ms(&self) -> Option<i64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get((sorted.len() * 99).div_ceil(100).saturating_sub(1)).map(|sample| sample.0)
    }

    /// The middle value; absent without samples.
    pub(crate) fn p50_ms(&self) -> Option<i64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).map(|sample| sample.0)
    }

    /// The slowest one.
    pub(crate) fn slowest(&self) -> Option<(i64, Uuid)> {
        self.0.iter().max().copied()
    }

    fn add(&mut self, execution: Uuid, span: Span) {
        self.0.push(((span.until - span.from).num_milliseconds(), execution));
    }
}

/// A span of time in which something was awaited.
#[derive(Clone, Copy)]
struct Span {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Span {
    fn is_within(self, outages: &[Outage], after: TimeDelta) -> bool {
        outages.iter().any(|outage| self.from <= outage.until + after && outage.from <= self.until)
    }
}

/// What is looked up again and again.
struct Index<'a> {
    facts: &'a Facts,
    outages: Vec<Outage>,
    disturbances: Vec<Outage>,
    /// When kills and freezes hit each execution, and the lease that they hit.
    hits: HashMap<Uuid, Vec<(DateTime<Utc>, i64)>>,
    starts: HashMap<&'a str, &'a Start>,
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
        for wait in Waits::of(facts).0.iter().filter(|wait| wait.is_delay) {
            let Some(next) = wait.next.filter(|next| next.kind == "settled") else { continue };
            let span = Span { from: wait.due, until: next.committed_at };
            let samples = match index.was_disturbed(span) || index.was_unwatched(wait.execution, span) {
                true => &mut measures.timer_lateness_apart,
                false => &mut measures.timer_lateness,
            };
            samples.add(wait.execution, span);
        }
        measures
    }

    fn take_overs(&mut self, index: &Index<'_>, struck: &Struck) {
        for held in unique(&struck.held) {
            let Some(row) = index.next_row(held, struck.at, |row| row.lease_no != held.lease_no) else { continue };
            let span = Span { from: struck.at, until: row.committed_at };
            let again = index.hits(held.execution).iter().any(|&(at, _)| at > span.from && at < span.until);
            let samples = match struck.freezes() {
                _ if again || index.was_disturbed(span) => &mut self.takeover_apart,
                true => &mut self.freeze_takeover,
                false => &mut self.takeover,
            };
            samples.add(held.execution, span);
        }
    }

    fn resumed(&mut self, index: &Index<'_>, struck: &Struck, outage: Outage) {
        for held in unique(&struck.held) {
            let Some(row) = index.next_row(held, outage.until, |_| true) else { continue };
            let span = Span { from: outage.until, until: row.committed_at };
            let hits = index.hits(held.execution);
            let hit = hits.iter().any(|&(at, _)| at > outage.from - NEAR && at < span.until);
            let next_outage = index.outages.iter().any(|next| next.from > span.from && next.from < span.until);
            if !hit && !next_outage {
                self.resume.add(held.execution, span);
            }
        }
    }
}

impl<'a> Index<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut hits = HashMap::<Uuid, Vec<_>>::new();
        for struck in facts.injected.struck.iter().filter(|struck| struck.loses_workers()) {
            for held in unique(&struck.held) {
                hits.entry(held.execution).or_default().push((struck.at, held.lease_no));
            }
        }
        let (outages, disturbances) = (facts.injected.outages().collect(), facts.injected.disturbances().collect());
        Self { facts, outages, disturbances, hits, starts: facts.by_tag() }
    }

    fn hits(&self, execution: Uuid) -> &[(DateTime<Utc>, i64)] {
        self.hits.get(&execution).map_or(&[], Vec::as_slice)
    }

    /// Whether something that concerns all was wrong meanwhile.
    fn was_disturbed(&self, span: Span) -> bool {
        span.is_within(&self.outages, NEAR) || span.is_within(&self.disturbances, TimeDelta::zero())
    }

    /// Whether a worker was lost with the execution, and nobody had gone on with it yet when the time was due.
    fn was_unwatched(&self, execution: Uuid, span: Span) -> bool {
        self.hits(execution).iter().any(|&(at, lease_no)| {
            let heirs =
                self.facts.rows(execution).iter().filter(|row| row.lease_no != lease_no && row.committed_at > at);
            at <= span.until && heirs.map(|row| row.committed_at).min().is_none_or(|first| first >= span.from)
        })
    }

    /// The first row of an execution after a time that tells when work went on: not one that had to wait for a time or
    /// a signal anyway.
    fn next_row(&self, held: Held, after: DateTime<Utc>, wanted: impl Fn(&Row) -> bool) -> Option<&'a Row> {
        let rows = self.facts.rows(held.execution);
        let nth = rows.iter().position(|row| row.committed_at > after && wanted(row))?;
        let row = &rows[nth];
        let waited = rows[..nth].iter().rev().find(|before| before.node == row.node).and_then(|before| before.due);
        let start = self.starts.get(self.facts.executions.get(&held.execution)?.tag.as_str())?;
        let node = self.facts.workflows[start.workflow].1.node(&row.node);
        let for_signal = node.is_some_and(|node| node.kind == Kind::Signal);
        (waited.is_none_or(|due| due <= after) && !for_signal).then_some(row)
    }
}

fn unique(held: &[Held]) -> HashSet<Held> {
    held.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Fault;
    use crate::testing::{calm, kill, second, time};

    /// The second execution begins at 100 s; its rows come at 101, 102, 104 and 106 s.
    fn struck_at(seconds: i64) -> Facts {
        let mut facts = calm();
        let mut struck = kill(second(), 10, 3);
        struck.at = time(seconds);
        facts.injected.struck.push(struck);
        for row in facts.journal.get_mut(&second()).unwrap() {
            row.lease_no = if row.committed_at > time(seconds) { 11 } else { 10 };
        }
        facts
    }

    #[test]
    fn a_take_over_lasts_from_the_signal_to_the_first_row_of_the_next_lease() {
        let measures = Measures::of(&struck_at(105));
        assert_eq!((measures.takeover.len(), measures.takeover.p99_ms()), (1, Some(1_000)));
    }

    #[test]
    fn a_step_that_waited_for_its_time_tells_nothing_about_a_take_over() {
        // The delay was due at 103 s.
        assert_eq!(Measures::of(&struck_at(102)).takeover.len(), 0);
    }

    #[test]
    fn a_take_over_near_an_outage_counts_apart() {
        let mut facts = struck_at(105);
        let outage = Some(Outage { from: time(90), until: time(96) });
        facts.injected.struck.push(Struck {
            outage,
            fault: Fault::DatabaseCrash { down_ms: 0 },
            ..kill(second(), 10, 3)
        });
        let measures = Measures::of(&facts);
        assert_eq!((measures.takeover.len(), measures.takeover_apart.len()), (0, 1));
    }

    #[test]
    fn a_take_over_while_calls_are_not_answered_counts_apart() {
        let mut facts = struck_at(105);
        let hang = Struck { fault: Fault::Hang { for_ms: 2_000 }, ..kill(second(), 10, 3) };
        facts.injected.struck.push(Struck { at: time(99), ..hang.clone() });
        assert_eq!(Measures::of(&facts).takeover.len(), 1, "it is over");
        facts.injected.struck.push(Struck { at: time(101), ..hang });
        let measures = Measures::of(&facts);
        assert_eq!((measures.takeover.len(), measures.takeover_apart.len()), (0, 1));
    }

    #[test]
    fn lateness_is_counted_from_the_time_that_was_due() {
        let measures = Measures::of(&calm());
        assert_eq!((measures.timer_lateness.len(), measures.timer_lateness.p99_ms()), (2, Some(1_000)));
    }

    #[test]
    fn the_ninety_ninth_of_a_hundred_samples_is_the_p99() {
        let samples = Samples((1..=100).rev().map(|ms| (ms, Uuid::nil())).collect());
        assert_eq!((samples.p99_ms(), samples.p50_ms()), (Some(99), Some(51)));
        assert_eq!(Samples::default().p99_ms(), None);
    }
}
