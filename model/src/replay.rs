//! Replays what a real run has recorded: is there an order of its facts that the model allows?
//!
//! Recorders in several processes cannot tell the order in which the database did things, only that each took effect
//! between its question and its answer. So the replay looks, for each execution, for an order within these bounds.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use thiserror::Error;

use crate::database::WorkerNo;
use crate::event::{Event, Fact};
use crate::replica::{Refusal, Replica};

/// Orders that are tried for one execution.
const TRIES_MAX: usize = 200_000;

/// Why a trace is not accepted.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A line is no event.
    #[error("line {line} is no event")]
    Unreadable {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line has no time at all.
    #[error("line {line} has neither \"since\" nor \"at\"")]
    Timeless {
        /// Which, from 1.
        line: usize,
    },
    /// No order of an execution's facts is one of the protocol.
    #[error("line {line} is not allowed for execution {execution}: {refusal}")]
    NotAllowed {
        /// Of the earliest answered fact that no order gets past, from 1.
        line: usize,
        /// Whose.
        execution: String,
        /// Why, in the order that got furthest.
        refusal: Refusal,
    },
    /// More orders than can be tried.
    #[error("execution {execution} has too many facts at the same time, about line {line}")]
    Ambiguous {
        /// How far the replay got, from 1.
        line: usize,
        /// Whose.
        execution: String,
    },
}

/// What a replay has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Executions.
    pub executions: usize,
    /// Lines.
    pub events: usize,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    since: u64,
    /// The last moment at which it can have taken effect; none if it may never have.
    until: Option<u64>,
    event: &'a Event,
}

/// Replays JSON lines; empty ones are skipped.
///
/// # Errors
/// [`ReplayError`] for the first execution, by name, whose facts the model does not allow.
pub fn replay(trace: &str) -> Result<Replayed, ReplayError> {
    let mut events = Vec::new();
    for (line, text) in (1..).zip(trace.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let event: Event = serde_json::from_str(text).map_err(|source| ReplayError::Unreadable { line, source })?;
        events.push((line, event));
    }
    replay_events(&events)
}

/// Replays events with their line numbers.
///
/// # Errors
/// As [`replay`].
pub fn replay_events(events: &[(usize, Event)]) -> Result<Replayed, ReplayError> {
    let mut last_told = BTreeMap::new();
    for (number, event) in events {
        if let Some(ask) = &event.ask {
            last_told.insert(ask, *number);
        }
    }
    let told = |number: usize, event: &Event| event.ask.as_ref().is_none_or(|ask| last_told[ask] == number);
    let mut traces: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for execution in events.iter().filter_map(|(_, event)| event.fact.execution()) {
        traces.entry(execution).or_default();
    }
    for (number, event) in events.iter().filter(|(number, event)| told(*number, event)) {
        let since = event.since.or(event.at).ok_or(ReplayError::Timeless { line: *number })?;
        let line = Line { number: *number, since, until: event.at, event };
        match event.fact.execution() {
            Some(execution) => traces.entry(execution).or_default().push(line),
            None => traces.values_mut().for_each(|trace| trace.push(line)),
        }
    }
    let lost_track: BTreeSet<WorkerNo> = events.iter().filter_map(|(_, event)| loses_track(&event.fact)).collect();
    let replayed = Replayed { executions: traces.len(), events: events.len() };
    for (execution, mut lines) in traces {
        lines.sort_by_key(|line| (line.until.unwrap_or(u64::MAX), line.since, line.number));
        search(execution, &lines, Replica::new(lost_track.clone()))?;
    }
    Ok(replayed)
}

fn loses_track(fact: &Fact) -> Option<WorkerNo> {
    match *fact {
        Fact::LostTrack { worker } | Fact::Reaped { worker } => Some(worker),
        _ => None,
    }
}

/// A partial order of the lines: all before `low`, and `early` ones after it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Prefix {
    low: usize,
    early: BTreeSet<usize>,
    replica: Replica,
}

impl Prefix {
    /// The lines that may come next, those first that were answered first.
    fn candidates<'a>(&'a self, lines: &'a [Line<'_>]) -> impl Iterator<Item = usize> + 'a {
        let open = (self.low..lines.len()).filter(|at| !self.early.contains(at));
        let horizon = lines.get(self.low).and_then(|line| line.until).unwrap_or(u64::MAX);
        open.filter(move |&at| lines[at].since <= horizon)
    }

    fn with(mut self, at: usize) -> Self {
        self.early.insert(at);
        while self.early.remove(&self.low) {
            self.low += 1;
        }
        self
    }

    /// Whether only such lines are left as may never have taken effect.
    fn is_complete(&self, lines: &[Line<'_>]) -> bool {
        lines.get(self.low).is_none_or(|line| line.until.is_none())
    }
}

/// Looks for an order that the model allows, first of all that of the answers.
fn search(execution: &str, lines: &[Line<'_>], replica: Replica) -> Result<(), ReplayError> {
    let mut open = vec![Prefix { low: 0, early: BTreeSet::new(), replica }];
    let mut seen = HashSet::new();
    let mut furthest: Option<(usize, Refusal)> = None;
    while let Some(mut prefix) = open.pop() {
        while !prefix.is_complete(lines) {
            let candidates: Vec<usize> = prefix.candidates(lines).collect();
            let (low, mut next) = (prefix.low, Vec::new());
            for at in candidates.iter().copied().skip(1).rev() {
                let mut replica = prefix.replica.clone();
                if replica.apply(&lines[at].event.fact, lines[at].until.is_some()).is_ok() {
                    next.push(Prefix { replica, ..prefix.clone() }.with(at));
                }
            }
            open.extend(next.into_iter().filter(|prefix| seen.insert(prefix.clone())));
            // The line that was answered first comes first, in place: mostly it is the only one.
            if let Err(refusal) = prefix.replica.apply(&lines[low].event.fact, lines[low].until.is_some()) {
                if furthest.as_ref().is_none_or(|(before, _)| low > *before) {
                    furthest = Some((low, refusal));
                }
                break;
            }
            prefix = prefix.with(low);
            if seen.len() >= TRIES_MAX {
                return Err(ReplayError::Ambiguous { line: lines[low].number, execution: execution.to_owned() });
            }
        }
        if prefix.is_complete(lines) {
            return Ok(());
        }
    }
    match furthest {
        Some((at, refusal)) => {
            Err(ReplayError::NotAllowed { line: lines[at].number, execution: execution.to_owned(), refusal })
        }
        None => Ok(()),
    }
}
