//! From what an attempt asked for to the journal entry that records it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::chunk::SPILLED_ITEMS_MAX;
use super::graph::{EdgeKind, Graph, Node};
use super::ids::StepKey;
use super::journal::{Event, SettledStatus, Settlement};
use super::outcome::{Outcome, StepError, Until};
use super::policy::OnError;
use super::retry::retry_delay;
use super::state::{Phase, State, StepIx};

/// Largest output of one step, roughly as JSON.
pub const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of an output.
pub const OUTPUT_DEPTH_MAX: usize = 64;
/// Most items of one round of a container that runs them itself; see [`super::chunk::SPILLED_ITEMS_MAX`] for others.
pub const ITEMS_MAX: usize = 10_000;
/// Most steps of one execution, those of all frames together.
pub const STEPS_MAX: usize = 250_000;
/// Longest reason that is kept of an error, in bytes.
pub const REASON_BYTES_MAX: usize = 4_096;

/// The class of an attempt that did not end within its time.
const TIMEOUT: &str = "timeout";
/// The class of an attempt that is recorded although the engine's own database did not answer.
const AWAY: &str = "database";
/// The class of an attempt whose connection broke after it had begun to ask: the other side may have done what it was asked.
pub const BROKEN: &str = "broken";

/// An attempt that has just ended.
pub struct Attempt<'a> {
    /// The compiled graph.
    pub graph: &'a Graph,
    /// The state before the attempt is recorded.
    pub state: &'a State,
    /// Which step was tried.
    pub step: StepIx,
    /// Database time.
    pub now: DateTime<Utc>,
    /// Draws the jitter of retries.
    pub seed: u64,
}

impl Attempt<'_> {
    /// The entry that records `outcome`. `holds` evaluates the `when` of an edge, given the node's output.
    pub fn conclude(&self, outcome: Outcome, holds: impl Fn(&str, &Value) -> Result<bool, String>) -> Event {
        match outcome {
            Outcome::Done { port, more_ports, output } => match self.complete((port, more_ports), output, None, &holds)
            {
                Ok(event) => event,
                Err(error) => self.fail(error, &holds),
            },
            // It may have happened: to try again could have it happen twice.
            Outcome::Retry { class, reason, .. }
                if [TIMEOUT, BROKEN].contains(&class.as_str()) && self.node().policy.at_most_once =>
            {
                self.unknown(format!("{reason}, and the node must not be repeated"))
            }
            Outcome::Retry { class, reason, after } => self.repeat(error(class, reason), after, &holds),
            // Who drives has it run again, and never asks. Where nobody drives it is an attempt like others.
            Outcome::Away { reason } => self.repeat(error(AWAY.into(), reason), None, &holds),
            Outcome::Fail { class, reason } => self.fail(error(class, reason), &holds),
            Outcome::Wait(Until { time: None, signal: None, .. }) => {
                self.fail(error("wait".into(), "the node asked to wait for nothing".into()), &holds)
            }
            Outcome::Wait(until) => Event::Waiting { step: self.key(), until },
            Outcome::Call { child, until } => {
                Event::Waiting { step: self.key(), until: Until { child: Some(Box::new(child.child)), ..until } }
            }
            Outcome::Open { items, note } => self.open(items, note, &holds),
        }
    }

    /// The entry for an `at_most_once` attempt whose worker was lost.
    #[must_use]
    pub fn lost(&self) -> Event {
        self.unknown("the worker was lost after the attempt had started, and the node must not be repeated".into())
    }

    fn unknown(&self, reason: String) -> Event {
        let error = error("outcome_unknown".into(), reason);
        self.settled(SettledStatus::OutcomeUnknown, None, Value::Null, Some(error), Vec::new())
    }

    fn open(&self, items: Vec<Value>, note: Value, holds: &impl Fn(&str, &Value) -> Result<bool, String>) -> Event {
        let node = self.state.step(self.step).node;
        let fits = match items.len() {
            _ if self.node().container.is_none() => Err("the node asked for frames, and is no container".to_owned()),
            0 => Err("the container asked for no frames".to_owned()),
            // Whether it can be handed over is judged then.
            count if self.graph.hands_over(node, count).is_some() => within_spill(count),
            count => stays(self.graph, self.state, self.step, count),
        };
        let fits = fits.and_then(|()| items.iter().chain([&note]).try_for_each(|item| storable(item).map(drop)));
        if let Err(reason) = fits {
            return self.fail(error("items".into(), reason), holds);
        }
        Event::Opened { step: self.key(), items: items.into(), until: self.until(), note, spill: None }
    }

    /// When the frames of this attempt are given up: further rounds have no time of their own.
    fn until(&self) -> Option<DateTime<Utc>> {
        let step = self.state.step(self.step);
        if let Some(round) = step.round.as_ref().filter(|_| step.phase == Phase::Closed) {
            return round.until;
        }
        let limit = TimeDelta::try_milliseconds(self.node().policy.timeout_ms?.cast_signed())?;
        self.now.checked_add_signed(limit)
    }

    fn repeat(
        &self,
        error: StepError,
        after: Option<Duration>,
        holds: &impl Fn(&str, &Value) -> Result<bool, String>,
    ) -> Event {
        let attempt = self.attempts();
        let policy = &self.node().policy.retry;
        match retry_delay(policy, attempt, &error.class, after, self.seed) {
            Ok(delay) => {
                let retry_at = self.now + TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX);
                Event::AttemptFailed { step: self.key(), attempt, error, retry_at }
            }
            Err(_) => self.fail(error, holds),
        }
    }

    fn fail(&self, error: StepError, holds: &impl Fn(&str, &Value) -> Result<bool, String>) -> Event {
        let node = self.node();
        let handled = self.graph.handles_error(self.state.step(self.step).node, &error.class);
        if node.policy.on_error == OnError::Continue && !handled {
            let port = node.ports.first().cloned().unwrap_or_default();
            if let Ok(event) = self.complete((port, Vec::new()), Value::Null, Some(error.clone()), holds) {
                return event;
            }
        }
        self.settled(SettledStatus::Failed, None, Value::Null, Some(error), Vec::new())
    }

    fn complete(
        &self,
        (port, more_ports): (String, Vec<String>),
        output: Value,
        failure: Option<StepError>,
        holds: &impl Fn(&str, &Value) -> Result<bool, String>,
    ) -> Result<Event, StepError> {
        let node = self.node();
        let is_emitted = |from: &String| *from == port || more_ports.contains(from);
        if let Some(unknown) = [&port].into_iter().chain(&more_ports).find(|port| !node.ports.contains(port)) {
            let reason = format!("node type {} has no output port \"{unknown}\"", node.type_name);
            return Err(error("port".into(), reason));
        }
        storable(&output).map_err(|reason| error("output".into(), reason))?;
        let mut closed = Vec::new();
        for &edge in &node.out_edges {
            let edge = &self.graph.edges[edge];
            if let EdgeKind::Flow { port: from, when: Some(when) } = &edge.kind
                && is_emitted(from)
                && !holds(when, &output).map_err(|reason| error("expression".into(), reason))?
            {
                closed.push(edge.id.clone());
            }
        }
        Ok(self.settled(SettledStatus::Completed, Some((port, more_ports)), output, failure, closed))
    }

    fn settled(
        &self,
        status: SettledStatus,
        ports: Option<(String, Vec<String>)>,
        output: Value,
        error: Option<StepError>,
        closed_edges: Vec<String>,
    ) -> Event {
        let failed_items = match self.node().is_chunk {
            true => output["failed"].as_array().map_or(0, Vec::len),
            false => 0,
        };
        let attempts = self.attempts();
        let (port, more_ports) = ports.map_or((None, Vec::new()), |(port, more)| (Some(port), more));
        let settlement = Settlement { status, port, more_ports, output, error, attempts, closed_edges, failed_items };
        Event::Settled { step: self.key(), settlement }
    }

    fn attempts(&self) -> u32 {
        self.state.step(self.step).attempts + 1
    }

    fn node(&self) -> &Node {
        &self.graph.nodes[self.state.step(self.step).node]
    }

    fn key(&self) -> StepKey {
        self.state.key(self.graph, self.step)
    }
}

/// Whether an execution can run so many items of a container itself.
///
/// # Errors
/// Why not, for people.
pub(super) fn stays(graph: &Graph, state: &State, container: StepIx, items: usize) -> Result<(), String> {
    let body = graph.nodes[state.step(container).node].container.map_or(0, |(body, _)| graph.bodies[body].nodes.len());
    let steps = state.steps_in_all(graph) + items * body;
    if steps > STEPS_MAX {
        return Err(format!("the execution would have {steps} steps; at most {STEPS_MAX} are allowed"));
    }
    if items > ITEMS_MAX {
        return Err(format!("there are {items} items; at most {ITEMS_MAX} are allowed"));
    }
    Ok(())
}

fn within_spill(items: usize) -> Result<(), String> {
    if items > SPILLED_ITEMS_MAX {
        return Err(format!("there are {items} items; at most {SPILLED_ITEMS_MAX} are allowed, handed over or not"));
    }
    Ok(())
}

/// An error with its reason cut to [`REASON_BYTES_MAX`] and free of what the database cannot hold.
fn error(class: String, reason: String) -> StepError {
    let mut reason = reason.replace('\0', "\u{fffd}");
    if reason.len() > REASON_BYTES_MAX {
        let mut end = REASON_BYTES_MAX;
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        reason.push('…');
    }
    StepError { class: class.replace('\0', "\u{fffd}"), reason }
}

/// Whether the database can hold `value`: no NUL, not too large, not too deep.
///
/// Answers its rough size in bytes.
///
/// # Errors
/// What is wrong, for people.
pub fn storable(value: &Value) -> Result<usize, String> {
    let bytes = measure(value, 0)?;
    if bytes > OUTPUT_BYTES_MAX {
        return Err(format!("the value has about {bytes} bytes; at most {OUTPUT_BYTES_MAX} can be kept"));
    }
    Ok(bytes)
}

fn measure(value: &Value, depth: usize) -> Result<usize, String> {
    if depth > OUTPUT_DEPTH_MAX {
        return Err(format!("the value is nested deeper than {OUTPUT_DEPTH_MAX} levels"));
    }
    Ok(match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text_bytes(text)?,
        Value::Array(items) => {
            items.iter().try_fold(2, |sum, item| Ok::<_, String>(sum + 1 + measure(item, depth + 1)?))?
        }
        Value::Object(fields) => fields.iter().try_fold(2, |sum, (name, field)| {
            Ok::<_, String>(sum + 2 + text_bytes(name)? + measure(field, depth + 1)?)
        })?,
    })
}

fn text_bytes(text: &str) -> Result<usize, String> {
    if text.contains('\0') {
        return Err("the value holds a NUL character, which cannot be stored".into());
    }
    Ok(text.len() + 2)
}
