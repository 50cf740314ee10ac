//! Reasons in words.

use std::fmt::{self, Display, Formatter};

use chrono::{DateTime, Utc};

use super::{Awaited, Level, Reason, Source};
use crate::core::clean_up::{Ending, Fate, Progress};
use crate::core::ids::ExecutionId;
use crate::core::outcome::StepError;

/// A sentence for people, without a full stop.
impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet { unseen_s: None } => f.write_str("no worker is there"),
            Self::Fleet { unseen_s: Some(seconds) } => {
                write!(f, "no worker is there: the last one was heard of {seconds} s ago")
            }
            Self::Turn { before: Some(0), .. } => f.write_str("it is the next in line"),
            Self::Turn { before, before_of_workspace, before_more_than } => {
                turn(f, *before, *before_of_workspace, *before_more_than)
            }
            Self::Slot { limit, key, slots_max, held, held_by, before, .. } => {
                slot(f, (limit, key.as_deref()), *slots_max, (*held, held_by), *before)
            }
            Self::Throttled { limit, per_ms, until } => {
                write!(f, "the throttle of {limit} starts in {per_ms} ms holds it until {}", moment(until))
            }
            Self::Starts { rule, key, starts, until } => held(f, rule, key, *starts, until.as_ref()),
            Self::Person { reason, .. } => write!(f, "a person has to look at it: {reason}"),
            Self::Cancel { reason, force, since } => {
                let how = if *force { "is being cancelled at once" } else { "is being cancelled" };
                write!(f, "it {how}, since {}: {reason}", moment(since))
            }
            Self::CleanUp(ending) => clean_up(f, ending),
            Self::Resume { paused_by, reason, since } => paused(f, paused_by, "it", since, reason.as_deref()),
            Self::Pause { level, paused_by, reason, since } => {
                let what = match level {
                    Level::Workflow => "its workflow",
                    Level::Workspace => "the whole workspace",
                };
                paused(f, paused_by, what, since, reason.as_deref())
            }
            Self::Closed { state, reason, since } => closed(f, state, since, reason.as_deref()),
            Self::Alone { losses } => {
                write!(f, "{losses} workers in a row were lost while they ran it: it waits for one that takes it alone")
            }
            Self::Worker { step } => write!(f, "{step} waits for a worker that runs it"),
            Self::Time { step, until } => write!(f, "{step} waits until {}", moment(until)),
            Self::Signal { step, name, until } => {
                write!(f, "{step} waits for the signal \"{name}\"{}", at_the_latest(until.as_ref()))
            }
            Self::Approval { step, until } => {
                write!(f, "{step} waits for the answer of a person{}", at_the_latest(until.as_ref()))
            }
            Self::Event { step, awaited, until } => event(f, step, awaited.as_ref(), until.as_ref()),
            Self::Child { step, execution_id, status, until, .. } => {
                let status = status.as_deref().map(|status| format!(", which is {status}")).unwrap_or_default();
                let until = at_the_latest(until.as_ref());
                write!(f, "{step} waits for the execution {execution_id} that it started{status}{until}")
            }
            Self::NextAttempt { step, until, attempts, error } => {
                write!(f, "{step} failed {attempts} {}, ", if *attempts == 1 { "time" } else { "times" })?;
                if let Some(StepError { class, reason }) = error {
                    write!(f, "the last one with {class}, {reason}: it ")?;
                }
                write!(f, "runs again at {}", moment(until))
            }
            Self::Frames { step, items, ended, open, until } => {
                let until = at_the_latest(until.as_ref());
                write!(f, "{step} runs its graph {items} times: {ended} ended, {open} under way{until}")
            }
            Self::Chunks { step, items, chunks, ended, open, until } => {
                let until = at_the_latest(until.as_ref());
                write!(f, "{step} hands {items} items over in {chunks} chunks: {ended} ended, {open} under way{until}")
            }
            Self::History { ended_at } => {
                write!(
                    f,
                    "it has ended, at {}, and its history is not there: its month may be in the archive",
                    moment(ended_at)
                )
            }
            Self::Branches { step, taken, wanted, lacks } => branches(f, step, *taken, *wanted, lacks),
        }
    }
}

fn clean_up(f: &mut Formatter<'_>, ending: &Ending) -> fmt::Result {
    write!(f, "it {ending}")?;
    f.write_str(match ending.stage {
        Some(Progress::Stopping) => "; what runs and may have to be undone is awaited first",
        Some(Progress::Undo) => "; what was done is being undone",
        Some(Progress::Finally) => "; what runs at last still runs",
        Some(Progress::Requested) => "; a worker has yet to take that in",
        Some(Progress::Ended) | None => "",
    })
}

/// `is being cancelled, since …: why`, as said of an execution.
impl Display for Ending {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { outcome, since, reason, class, step, forced, .. } = self;
        let since = moment(since);
        match (outcome, step) {
            (Fate::Cancelled, _) if *forced => write!(f, "is being cancelled at once, since {since}: {reason}"),
            (Fate::Cancelled, _) => write!(f, "is being cancelled, since {since}: {reason}"),
            (Fate::Failed, Some(step)) => {
                write!(
                    f,
                    "is failing, since {step} failed at {since} with {}, {reason}",
                    class.as_deref().unwrap_or("?")
                )
            }
            (Fate::Failed, None) => write!(f, "is failing, since {since}: {reason}"),
        }
    }
}

fn held(f: &mut Formatter<'_>, rule: &str, key: &str, starts: u32, until: Option<&DateTime<Utc>>) -> fmt::Result {
    match rule {
        "singleton" => f.write_str("it waits for the end of the execution that is at work")?,
        rule => write!(f, "{rule} holds it")?,
    }
    if !key.is_empty() {
        write!(f, " for the key \"{key}\"")?;
    }
    write!(f, ", with {starts} {} so far{}", if starts == 1 { "start" } else { "starts" }, at_the_latest(until))
}

fn paused(f: &mut Formatter<'_>, by: &str, what: &str, since: &DateTime<Utc>, reason: Option<&str>) -> fmt::Result {
    write!(f, "{by} paused {what} at {}", moment(since))?;
    reason.map_or(Ok(()), |reason| write!(f, ": {reason}"))
}

fn closed(f: &mut Formatter<'_>, state: &str, since: &DateTime<Utc>, reason: Option<&str>) -> fmt::Result {
    write!(f, "the workspace is {state} since {}", moment(since))?;
    if let Some(reason) = reason {
        write!(f, ", {reason:?}")?;
    }
    f.write_str(match state {
        "suspended" => ": it goes on once an administrator of the platform has resumed the workspace",
        "archived" => ": nothing of it runs any more, and what is there can be read and exported",
        _ => ": it begins once the workspace is active",
    })
}

fn turn(f: &mut Formatter<'_>, before: Option<u32>, own: Option<u32>, more_than: Option<u32>) -> fmt::Result {
    f.write_str("it waits for its turn")?;
    if let Some(before) = before {
        write!(f, ": about {before} before it")?;
    } else if let Some(many) = more_than {
        write!(f, ": more than {many} before it")?;
    }
    own.map_or(Ok(()), |own| write!(f, ", {own} of this workspace"))
}

fn slot(
    f: &mut Formatter<'_>,
    (limit, key): (&str, Option<&str>),
    slots_max: Option<u32>,
    (held, held_by): (u32, &[ExecutionId]),
    before: u32,
) -> fmt::Result {
    let of_key = key.map(|key| format!(" with the key \"{key}\"")).unwrap_or_default();
    let of = if limit == "workspace" { "workspace" } else { "workflow" };
    write!(f, "it waits for a slot: of this {of}{of_key}, {held} executions are at work")?;
    if let Some(most) = slots_max {
        write!(f, ", and {most} may be")?;
    }
    for (place, id) in held_by.iter().enumerate() {
        write!(f, "{}{id}", if place == 0 { " (" } else { ", " })?;
    }
    if !held_by.is_empty() {
        f.write_str(if held as usize > held_by.len() { ", …)" } else { ")" })?;
    }
    match before {
        0 => f.write_str("; it is the next in line"),
        before => write!(f, "; {before} are before it in line"),
    }
}

fn event(
    f: &mut Formatter<'_>,
    step: &impl Display,
    awaited: Option<&Awaited>,
    until: Option<&DateTime<Utc>>,
) -> fmt::Result {
    write!(f, "{step} waits for an event")?;
    if let Some(Awaited { event, key }) = awaited {
        write!(f, " \"{event}\"")?;
        if !key.is_empty() {
            write!(f, " with the key \"{key}\"")?;
        }
    }
    f.write_str(&at_the_latest(until))
}

fn branches(
    f: &mut Formatter<'_>,
    step: &impl Display,
    taken: usize,
    wanted: Option<usize>,
    lacks: &[Source],
) -> fmt::Result {
    write!(f, "{step} waits for more branches: {taken} came")?;
    if let Some(wanted) = wanted {
        write!(f, " of the {wanted} that it takes")?;
    }
    for (place, Source { step, status }) in lacks.iter().enumerate() {
        write!(f, "{}{step} ({})", if place == 0 { "; still to come from " } else { ", " }, status.word())?;
    }
    Ok(())
}

fn moment(at: &DateTime<Utc>) -> impl Display {
    at.format("%Y-%m-%d %H:%M:%S UTC")
}

fn at_the_latest(until: Option<&DateTime<Utc>>) -> String {
    until.map(|until| format!(", until {} at the latest", moment(until))).unwrap_or_default()
}
