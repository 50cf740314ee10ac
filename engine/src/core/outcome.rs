//! What one attempt of a node asks for next.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::Duration;

use super::child::{CHILD_SIGNALS, Child, NewChild};
use super::ids::{NodeId, Scope, StepKey};

/// How the names of signals begin that bring what a person answered; nobody can send them by another way.
pub const APPROVAL_SIGNALS: &str = "$approval:";
/// The same for the events that steps wait for.
pub const EVENT_SIGNALS: &str = "$event:";

/// Longest name of a signal, in bytes.
const SIGNAL_NAME_BYTES_MAX: usize = 200;

/// The signal of our own that one step waits for: `prefix` and its address. The first character, `$`, keeps it out of the
/// public route for signals. A long address stands there as its hash.
#[must_use]
pub fn signal_of(prefix: &str, step: &StepKey) -> String {
    fitting(prefix, &step.to_string())
}

/// The signal that tells a step of the end of the child that it called in this round.
#[must_use]
pub fn child_signal(step: &StepKey, round: u32) -> String {
    if round == 0 { signal_of(CHILD_SIGNALS, step) } else { fitting(CHILD_SIGNALS, &format!("{step}:{round}")) }
}

fn fitting(prefix: &str, address: &str) -> String {
    let name = format!("{prefix}{address}");
    if name.len() <= SIGNAL_NAME_BYTES_MAX {
        return name;
    }
    format!("{prefix}{}", hashed(&name))
}

/// The step that a signal of our own is for, and the round of the child that sent it, if a child did; none if it is another
/// signal, or its name does not tell.
#[must_use]
pub fn addressee(signal: &str) -> Option<(StepKey, Option<u32>)> {
    let child = signal.strip_prefix(CHILD_SIGNALS);
    let (address, round) = match child.and_then(|address| address.rsplit_once(':')) {
        Some((address, round)) => (address, round.parse().ok()),
        None => {
            let other = || [APPROVAL_SIGNALS, EVENT_SIGNALS].iter().find_map(|prefix| signal.strip_prefix(prefix));
            (child.or_else(other)?, child.map(|_| 0))
        }
    };
    let (scope, node) = address.rsplit_once('/').unwrap_or(("", address));
    Some((StepKey { node_id: NodeId::from(node), scope: Scope(scope.into()) }, round))
}

/// What stands for a name that is too long: its hash.
#[must_use]
pub fn hashed(name: &str) -> String {
    let mut short = "#".to_owned();
    for byte in Sha256::digest(name.as_bytes()) {
        let _ = write!(short, "{byte:02x}");
    }
    short
}

/// How an attempt ended. Branch, delay, approval and callback are ports and waits; nothing else exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Settled; follow the edges that leave `port`, and those that leave `more_ports`.
    Done {
        /// One of the node type's output ports.
        port: String,
        /// Others of them, of a node that goes on at several at once.
        more_ports: Vec<String>,
        /// What later steps see as `steps.<node_id>`.
        output: Value,
    },
    /// Try again, at the earliest after `after`; this attempt counts.
    Retry {
        /// Class that retry policies and error edges select by.
        class: String,
        /// What went wrong, for people.
        reason: String,
        /// A delay asked for by the other side, e.g. `Retry-After`.
        after: Option<Duration>,
    },
    /// Settled as failed; follow a matching error edge, else fail what encloses it.
    Fail {
        /// Class that error edges select by.
        class: String,
        /// What went wrong, for people.
        reason: String,
    },
    /// Not attempted: the engine's own database did not answer before anything was done outside. It is no fault of the step:
    /// nothing is journaled, nothing counts, and who drives the execution has it run again after a while.
    Away {
        /// What did not answer, for people.
        reason: String,
    },
    /// Of a container: run its graph once for each of these. This attempt does not count. The node runs again, with what
    /// came of them ([`Wake::Closed`]).
    Open {
        /// What each run is about.
        items: Vec<Value>,
        /// What the node wants to see again when they have ended.
        note: Value,
    },
    /// Park without a worker until then; this attempt does not count. The node runs again with a [`Wake`].
    Wait(Until),
    /// The same, and an execution of another workflow starts with the entry that journals the wait: both or neither.
    Call {
        /// What starts.
        child: Box<NewChild>,
        /// Until when it is awaited.
        until: Until,
    },
}

impl Outcome {
    /// Done on `port` with `output`.
    #[must_use]
    pub fn done(port: &str, output: Value) -> Self {
        Self::Done { port: port.into(), more_ports: Vec::new(), output }
    }

    /// Failed for good.
    #[must_use]
    pub fn fail(class: &str, reason: impl Into<String>) -> Self {
        Self::Fail { class: class.into(), reason: reason.into() }
    }

    /// Failed for now.
    #[must_use]
    pub fn retry(class: &str, reason: impl Into<String>, after: Option<Duration>) -> Self {
        Self::Retry { class: class.into(), reason: reason.into(), after }
    }
}

/// What a waiting step waits for. Whatever comes first wakes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// A point in database time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time: Option<DateTime<Utc>>,
    /// The name of a signal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal: Option<String>,
    /// The child that was started with the wait, if one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub child: Option<Box<Child>>,
}

/// Why a waiting step runs again.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// Its time has come.
    Due,
    /// Its signal was consumed.
    Signal {
        /// What the sender sent along.
        payload: Value,
    },
    /// The frames that it opened have ended.
    Closed {
        /// In the order of their items.
        frames: Vec<Closed>,
        /// Whether they had had their time.
        expired: bool,
        /// How often this attempt had opened frames before.
        turn: u32,
        /// What the node had wanted to see again.
        note: Value,
    },
}

/// What a frame of a container came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Closed {
    /// Nothing was left to run; the output of its last step, or of all of them by node id.
    Completed(Value),
    /// A failure that nothing took.
    Failed(StepError),
    /// It ran, and what it gave is too large to be kept with that of others; the reason.
    LeftOut(String),
    /// It was ended, or never begun, as it was needed no more.
    Cancelled,
}

/// An error class and its reason, as stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// E.g. `http_5xx`, `timeout`, `expression`, `panic`.
    pub class: String,
    /// For people; never holds a secret.
    pub reason: String,
}
