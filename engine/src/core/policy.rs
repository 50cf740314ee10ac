//! Per-node policy, as the editor stores it in `data.policy`.

use serde::{Deserialize, Serialize};

/// When a node decides, how often it tries, and what its failure means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// When the node fires, given its in-edges.
    pub join: Join,
    /// How many in-edges [`Join::NOfM`] asks for; 1 to the number of in-edges.
    pub n: Option<usize>,
    /// With [`Join::Any`] and [`Join::NOfM`]: once the node fires, the steps that lead to nothing else are cancelled.
    pub cancel_others: bool,
    /// Runs once everything else of its container, or of the execution, is over, however that ended.
    pub finally: bool,
    /// How often an attempt is repeated.
    pub retry: RetryPolicy,
    /// Longest time of one attempt in milliseconds; [`ATTEMPT_TIMEOUT_MS_DEFAULT`] if absent.
    pub timeout_ms: Option<u64>,
    /// What a failure after all retries means, when no error edge takes it.
    pub on_error: OnError,
    /// Journal the start of each attempt first, and never repeat one whose end is unknown.
    pub at_most_once: bool,
}

/// Longest time of one attempt when the node sets none.
pub const ATTEMPT_TIMEOUT_MS_DEFAULT: u64 = 60_000;
/// Longest time of one attempt that a node may set: one day.
pub const ATTEMPT_TIMEOUT_MS_MAX: u64 = 86_400_000;

/// When a node with several in-edges fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Wait for every in-edge; fire if at least one was taken, be skipped if none was.
    #[default]
    All,
    /// Fire at the first taken in-edge; be skipped when all are skipped.
    Any,
    /// Fire at the n-th taken in-edge; be skipped as soon as n cannot be reached.
    NOfM,
}

/// What an unhandled failure of a step means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The failure goes to what encloses the step, at last to the execution.
    #[default]
    Fail,
    /// The step completes on its default port with a null output.
    Continue,
}

/// How often and how soon a failed attempt is repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// All attempts together, the first included; 1 to [`ATTEMPTS_MAX`].
    pub attempts_max: u32,
    /// Delay before the second attempt, in milliseconds.
    pub delay_ms: u64,
    /// Each further delay is this many times the one before; 1 to 10.
    pub factor: f64,
    /// No computed delay is longer than this.
    pub delay_ms_max: u64,
    /// Share of each delay that is drawn at random, up and down; 0 to 1.
    pub jitter: f64,
    /// Only these error classes are repeated; empty means every class that may be.
    pub classes: Vec<String>,
}

/// Most attempts that a policy may ask for.
pub const ATTEMPTS_MAX: u32 = 100;

impl Policy {
    /// How many taken in-edges fire the node before all are resolved; none if it waits for all.
    #[must_use]
    pub fn wanted(&self) -> Option<usize> {
        match self.join {
            Join::All => None,
            Join::Any => Some(1),
            Join::NOfM => Some(self.n.unwrap_or(1)),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 3,
            delay_ms: 1_000,
            factor: 2.0,
            delay_ms_max: 3_600_000,
            jitter: 0.2,
            classes: Vec::new(),
        }
    }
}
