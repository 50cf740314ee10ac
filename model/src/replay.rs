//! Replays what a real run has recorded: is there an order of its facts that the model allows?
//!
//! Recorders in several processes cannot tell the order in which the database did things, only that each took effect
//! between its question and its answer. So the replay looks, for each execution, for an order within these bounds.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use crate::database::WorkerNo;
use crate::event::{Event, Fact, Fate};
use crate::replica::{Cast, Refusal, Workers};
use crate::search::{Line, search};

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
    /// A worker was refused as if it were fenced, and nobody had fenced it.
    #[error("line {line} is not allowed: worker {worker} is not fenced, but was refused as if it were")]
    NotFenced {
        /// Which, from 1.
        line: usize,
        /// Who.
        worker: WorkerNo,
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
    /// Facts.
    pub events: usize,
}

impl ReplayError {
    /// Whose facts are not allowed; none if it is not one execution's.
    #[must_use]
    pub fn execution(&self) -> Option<&str> {
        match self {
            Self::NotAllowed { execution, .. } | Self::Ambiguous { execution, .. } => Some(execution),
            Self::Unreadable { .. } | Self::Timeless { .. } | Self::NotFenced { .. } => None,
        }
    }
}

/// Replays JSON lines; empty ones are skipped.
///
/// # Errors
/// [`ReplayError`] for the first execution, by name, whose facts the model does not allow.
pub fn replay(trace: &str) -> Result<Replayed, ReplayError> {
    replay_events(&read(trace)?)
}

/// Reads JSON lines as events with their line numbers.
///
/// # Errors
/// [`ReplayError::Unreadable`] for the first line that is none.
pub fn read(trace: &str) -> Result<Vec<(usize, Event)>, ReplayError> {
    let lines = (1..).zip(trace.lines()).filter(|(_, text)| !text.trim().is_empty());
    let event = |(line, text)| match serde_json::from_str(text) {
        Ok(event) => Ok((line, event)),
        Err(source) => Err(ReplayError::Unreadable { line, source }),
    };
    lines.map(event).collect()
}

/// Replays events with their line numbers.
///
/// # Errors
/// As [`replay`].
pub fn replay_events(events: &[(usize, Event)]) -> Result<Replayed, ReplayError> {
    let (replayed, refused) = replay_each(events)?;
    refused.into_iter().next().map_or(Ok(replayed), Err)
}

/// Replays events with their line numbers; answers everything that is not allowed.
///
/// # Errors
/// [`ReplayError::Timeless`] if a line has no time.
pub fn replay_each(events: &[(usize, Event)]) -> Result<(Replayed, Vec<ReplayError>), ReplayError> {
    let mut lines = lines(events)?;
    let events = lines.len();
    let ends = told_of_ends(&lines);
    lines.extend(ends.iter().map(|(line, event)| Line { event, ..*line }));
    let (mut traces, mut shared) = (BTreeMap::<&str, Vec<Line<'_>>>::new(), Vec::new());
    for line in &lines {
        match line.event.fact.execution() {
            Some(execution) => traces.entry(execution).or_default().push(*line),
            None => shared.push(*line),
        }
    }
    // What was asked for and came to nothing, or is not known to have been done, is no execution.
    traces.retain(|_, own| own.iter().any(|line| line.until.is_some()));
    let replayed = Replayed { executions: traces.len(), events };
    let mut refused = refused_without_cause(&shared);
    for (execution, own) in traces {
        let named = own.iter().filter_map(|line| line.event.fact.worker()).collect();
        let cast = Cast { named, lost_track: lost_track(&own, &shared) };
        refused.extend(search(execution, with_shared(own, &shared, &cast.named), &cast).err());
    }
    Ok((replayed, refused))
}

/// What is told of each question at last, without what came to nothing.
fn lines(events: &[(usize, Event)]) -> Result<Vec<Line<'_>>, ReplayError> {
    let asks = events.iter().filter_map(|(number, event)| Some((event.ask.as_ref()?, *number)));
    let last_told: HashMap<_, _> = asks.collect();
    let is_told = |number: usize, event: &Event| event.ask.as_ref().is_none_or(|ask| last_told[ask] == number);
    let mut lines = Vec::with_capacity(events.len());
    for (number, event) in events.iter().filter(|(number, event)| is_told(*number, event)) {
        let since = event.since.or(event.at).ok_or(ReplayError::Timeless { line: *number })?;
        if event.fact != Fact::Nothing {
            lines.push(Line { number: *number, since, until: event.at, event });
        }
    }
    Ok(lines)
}

/// What the commits that end somebody's children tell those who wait for them, each with the line of the commit. What
/// is found to be written was told, though nobody heard so.
fn told_of_ends<'a>(lines: &[Line<'a>]) -> Vec<(Line<'a>, Event)> {
    let (mut parents, mut found) = (HashMap::new(), HashMap::new());
    for line in lines {
        match &line.event.fact {
            Fact::Started { execution, parent: Some(parent) } => _ = parents.insert(execution, parent),
            Fact::Found { execution, lease, position } => {
                // The first one bounds it best.
                found.entry((execution, lease, position)).or_insert(line.until);
            }
            _ => {}
        }
    }
    let told = |line: &Line<'a>| match &line.event.fact {
        Fact::Committed { execution, lease, position, rows, then: Fate::End, .. } => {
            // Without entries it only asked again.
            let written = || found.get(&(execution, lease, position)).filter(|_| *rows > 0).copied().flatten();
            let until = line.until.or_else(written);
            let fact = Fact::Told { execution: (*parents.get(execution)?).clone() };
            Some((Line { until, ..*line }, Event { fact, ..line.event.clone() }))
        }
        _ => None,
    };
    lines.iter().filter_map(told).collect()
}

/// Adds what concerns all executions, as far as it can concern this one: the fates of its workers, and of those that may
/// have had it for a while that nobody has recorded.
fn with_shared<'a>(own: Vec<Line<'a>>, shared: &[Line<'a>], named: &Workers) -> Vec<Line<'a>> {
    let (begin, end) = (begin(&own), own.iter().map(|line| line.until.unwrap_or(line.since)).max().unwrap_or_default());
    let concerns = |line: &&Line<'_>| match line.event.fact {
        Fact::LostTrack { .. } => false,
        Fact::Reaped { worker } | Fact::Retired { worker } => {
            named.contains(&worker) || (line.since <= end && line.end() >= begin)
        }
        Fact::Refused { worker } => named.contains(&worker),
        _ => true,
    };
    own.into_iter().chain(shared.iter().filter(concerns).copied()).collect()
}

/// Workers that may have claimed an execution without a record.
fn lost_track(own: &[Line<'_>], shared: &[Line<'_>]) -> Workers {
    let begin = begin(own);
    let loses = |line: &Line<'_>| match line.event.fact {
        Fact::LostTrack { worker } => Some(worker),
        Fact::Reaped { worker } if line.end() >= begin => Some(worker),
        _ => None,
    };
    shared.iter().filter_map(loses).collect()
}

fn begin(own: &[Line<'_>]) -> u64 {
    own.iter().map(|line| line.since).min().unwrap_or_default()
}

/// Workers that were refused before anybody can have fenced them.
fn refused_without_cause(shared: &[Line<'_>]) -> Vec<ReplayError> {
    let mut fenced_since = BTreeMap::<WorkerNo, u64>::new();
    for line in shared {
        if let Fact::Reaped { worker } | Fact::Retired { worker } = line.event.fact {
            let since = fenced_since.entry(worker).or_insert(line.since);
            *since = line.since.min(*since);
        }
    }
    let unjust = |line: &Line<'_>| match line.event.fact {
        Fact::Refused { worker } if fenced_since.get(&worker).is_none_or(|since| *since > line.end()) => {
            Some(ReplayError::NotFenced { line: line.number, worker })
        }
        _ => None,
    };
    shared.iter().filter_map(unjust).collect()
}
