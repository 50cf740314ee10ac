//! What a worker and its runner tell each other. They are the same build, so this may change freely.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Deepest nesting of an input: a frame has to be readable as JSON with all that is around it.
pub(crate) const INPUT_DEPTH_MAX: usize = 120;

/// Whether lists and objects are nested in each other no deeper than that.
pub(crate) fn is_within(value: &Value, levels: usize) -> bool {
    let mut inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => return true,
    };
    levels > 0 && inner.all(|value| is_within(value, levels - 1))
}

/// What a run may use. The runner gets it first, and binds itself before it sees any code.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Longest time of the code, in milliseconds.
    pub timeout_ms: u64,
    /// Largest heap of the code, in bytes.
    pub memory_bytes: u64,
}

/// What is to be run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Body of an async function with the argument `input`.
    pub code: String,
    /// What the code sees as `input`.
    pub input: Value,
    /// What the clock says all the time, in milliseconds since 1970.
    pub now_ms: i64,
    /// What random numbers are drawn from.
    pub seed: u64,
}

/// What a runner says, in this order: confined, lines, ended.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It has given up what it does not need, except what this system does not let it give up.
    Confined {
        /// In words.
        missing: Vec<String>,
    },
    /// It cannot be confined as it must be, and takes no code; nothing follows.
    Unconfined {
        /// What this system does not give, in words.
        lack: String,
    },
    /// The code wrote to the console.
    Line(Line),
    /// The code has ended; nothing follows.
    Ended(Ended),
}

/// A line of the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which method of `console` it was.
    pub level: Level,
    /// What was written.
    pub text: String,
}

/// Methods of `console`, and where what they write belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// `console.debug`
    Debug,
    /// `console.log` and `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// What came of the code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// What it returned.
    Returned(Value),
    /// It did not return, or nothing that can be kept.
    Failed(Failure),
}

/// Why code came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// In a word, for error edges.
    pub class: Class,
    /// For people.
    pub reason: String,
}

/// Classes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It threw, rejected, cannot be parsed, or waits for nothing.
    Error,
    /// It returned what cannot be kept.
    Output,
    /// It needed more memory than it may have.
    Memory,
    /// It took longer than it may.
    Timeout,
    /// It brought its process down.
    Crash,
}

impl Class {
    /// As error edges and people see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "code_error",
            Self::Output => "code_output",
            Self::Memory => "code_memory",
            Self::Timeout => "code_timeout",
            Self::Crash => "code_crash",
        }
    }
}

impl Failure {
    pub(crate) fn new(class: Class, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }

    /// It took longer than it may.
    pub(crate) fn late(limits: &Limits) -> Self {
        Self::new(Class::Timeout, format!("the code took longer than {} ms", limits.timeout_ms))
    }

    /// It needed more memory than it may have.
    pub(crate) fn large(limits: &Limits) -> Self {
        Self::new(Class::Memory, format!("the code needed more than {} bytes of memory", limits.memory_bytes))
    }
}

impl Level {
    /// Of a method of `console`.
    pub(crate) fn of(method: &str) -> Self {
        match method {
            "debug" => Self::Debug,
            "warn" => Self::Warn,
            "error" => Self::Error,
            _ => Self::Info,
        }
    }
}
