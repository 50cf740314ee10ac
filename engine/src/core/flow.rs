//! Flow control of starts: `settings.flow` of a document. What it asks for is decided here; the database does it, in the
//! commit that starts (`start_flow_1`).

mod due;
mod rate;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use due::{Batched, batched, debounced};
pub use rate::{Admission, Rate};

use super::expression::start_value;
use super::key;

/// Longest span of a rule: 30 days.
pub const PER_MS_MAX: u64 = 30 * 86_400_000;
/// Longest time that a start is held back by debounce or batch: a week.
pub const HOLD_MS_MAX: u64 = 7 * 86_400_000;
/// Most starts that a rule lets in per span, and at once.
pub const LIMIT_MAX: u32 = 1_000_000;
/// Most inputs of a batch.
pub const BATCH_SIZE_MAX: u32 = 1_000;
/// Highest priority, and the lowest below zero.
pub const PRIORITY_MAX: i64 = 100;
/// Most characters of a value that a warning shows.
const WARNED_CHARS_MAX: usize = 100;

/// How starts of a workflow are let in. Each start goes by the version that it starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// Refuses what comes too fast.
    pub rate_limit: Option<Rate>,
    /// Delays what comes too fast.
    pub throttle: Option<Rate>,
    /// What else is done with starts that come one upon the other.
    pub hold: Option<Hold>,
    /// A whole number, or an expression over the input.
    pub priority: Option<Value>,
}

/// What is done with starts of one key that come one upon the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// Waits until no more come; the last input wins.
    Debounce(Debounce),
    /// Gathers inputs for one execution.
    Batch(Batch),
    /// Lets one execution at a time be at work.
    Singleton(Singleton),
}

/// Waits until none came for `period_ms`, and `max_wait_ms` after the first at the latest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debounce {
    /// Silence after which it starts.
    pub period_ms: u64,
    /// Longest wait of the first one; ten periods if absent, [`HOLD_MS_MAX`] at most.
    pub max_wait_ms: Option<u64>,
    /// Starts whose key is the same are one; all of the trigger's if absent.
    pub key: Option<String>,
}

/// Gathers up to `size` inputs, for `timeout_ms` from the first on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// How many make it start.
    pub size: u32,
    /// It starts with fewer then.
    pub timeout_ms: u64,
    /// Inputs whose key is the same go together; all of the trigger's if absent.
    pub key: Option<String>,
}

/// Lets one execution of a key be at work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Singleton {
    /// What becomes of a start that meets one.
    pub mode: Meeting,
    /// One of each key; one of the workflow if absent.
    pub key: Option<String>,
}

/// What becomes of a start that meets an execution which has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meeting {
    /// Nothing is started.
    Skip,
    /// It waits for the end; a newer start takes its place.
    Newest,
    /// The same, and the one that runs is cancelled.
    Cancel,
}

impl Debounce {
    /// The longest wait, with its default filled in.
    #[must_use]
    pub fn wait_ms(&self) -> u64 {
        self.max_wait_ms.unwrap_or_else(|| self.period_ms.saturating_mul(10).min(HOLD_MS_MAX))
    }
}

/// What a start asks for and does not get, though it is let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable machine name.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// What flow control asks for one start, its keys filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wish {
    /// Refuse, beyond this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateWish>,
    /// Delay, beyond this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<RateWish>,
    /// Hold back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldWish>,
    /// Its place within the workspace's share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
}

/// A rate for one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RateWish {
    /// What the key came to.
    pub key: String,
    /// Microseconds between two starts.
    pub interval_us: i64,
    /// How many may come at once.
    pub burst: u32,
}

/// How a start is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum HoldWish {
    /// See [`Debounce`].
    Debounce {
        /// What the key came to.
        key: String,
        /// Silence after which it starts.
        period_ms: u64,
        /// Longest wait.
        wait_ms: u64,
    },
    /// See [`Batch`].
    Batch {
        /// What the key came to.
        key: String,
        /// How many make it start.
        size: u32,
        /// Longest wait.
        wait_ms: u64,
    },
    /// See [`Singleton`].
    Singleton {
        /// What the key came to.
        key: String,
        /// What becomes of it.
        mode: Meeting,
    },
}

impl Flow {
    /// What it asks for a start with `input`.
    #[must_use]
    pub fn wish(&self, input: &Value) -> Wish {
        let rate = |rate: &Rate| RateWish {
            key: value_of(rate.key.as_ref(), input),
            interval_us: rate.interval_us(),
            burst: rate.burst,
        };
        Wish {
            rate: self.rate_limit.as_ref().map(rate),
            throttle: self.throttle.as_ref().map(rate),
            hold: self.hold.as_ref().map(|hold| hold.wish(input)),
            priority: self.priority.as_ref().map(|priority| as_priority(priority, input).unwrap_or(0)),
        }
    }

    /// What it asks for and cannot be had with `input`, though a start is let in: a priority that is no number counts as
    /// zero. (A key that comes to nothing is one, too: what such starts have in common.)
    #[must_use]
    pub fn warnings(&self, input: &Value) -> Vec<Warning> {
        let priority = self.priority.as_ref().map(|priority| as_priority(priority, input));
        let warning = |why| Warning {
            code: "priority_not_a_number",
            text: format!("settings.flow.priority {why}: the start has the priority 0"),
        };
        priority.and_then(Result::err).map(warning).into_iter().collect()
    }
}

impl Hold {
    fn wish(&self, input: &Value) -> HoldWish {
        match self {
            Self::Debounce(debounce) => HoldWish::Debounce {
                key: value_of(debounce.key.as_ref(), input),
                period_ms: debounce.period_ms,
                wait_ms: debounce.wait_ms(),
            },
            Self::Batch(Batch { size, timeout_ms, key }) => {
                HoldWish::Batch { key: value_of(key.as_ref(), input), size: *size, wait_ms: *timeout_ms }
            }
            Self::Singleton(Singleton { mode, key }) => {
                HoldWish::Singleton { key: value_of(key.as_ref(), input), mode: *mode }
            }
        }
    }
}

/// What is beyond the ends counts as the end. Of what is no whole number, why it is none.
fn as_priority(priority: &Value, input: &Value) -> Result<i64, String> {
    let value = start_value(priority, input).map_err(|error| format!("cannot be evaluated: {error}"))?;
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let number = number.map(|number: i64| number.clamp(-PRIORITY_MAX, PRIORITY_MAX));
    number.ok_or_else(|| {
        let shown: String = value.to_string().chars().take(WARNED_CHARS_MAX).collect();
        format!("comes to {shown}, which is no whole number")
    })
}

/// What the key of a rule comes to; empty without one.
fn value_of(key: Option<&String>, input: &Value) -> String {
    key.map(|key| key::value(key, input)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_priority_is_a_whole_number_within_bounds_and_else_zero() {
        for (priority, expected) in [
            (json!(7), 7),
            (json!("{{ input.n }}"), 9),
            (json!("{{ 20 if input.tier == 'gold' else 0 }}"), 20),
            (json!("{{ input.n * 1000 }}"), 100),
            (json!("{{ input.absent }}"), 0),
            (json!("{{ input.tier }}"), 0),
        ] {
            let flow = Flow { priority: Some(priority.clone()), ..Flow::default() };
            assert_eq!(flow.wish(&json!({ "n": 9, "tier": "gold" })).priority, Some(expected), "{priority}");
        }
    }

    #[test]
    fn a_priority_that_is_no_number_is_warned_of() {
        let flow = |priority: &str| Flow { priority: Some(json!(priority)), ..Flow::default() };
        let warned = |priority: &str| flow(priority).warnings(&json!({ "n": 9, "tier": "gold" }));
        assert_eq!(warned("{{ input.n * 1000 }}"), []);
        let told = "settings.flow.priority comes to \"gold\", which is no whole number: the start has the priority 0";
        assert_eq!(warned("{{ input.tier }}"), [Warning { code: "priority_not_a_number", text: told.into() }]);
        assert!(warned("{{ input.tier.deep.er }}")[0].text.contains("the priority 0"));
        assert_eq!(Flow::default().warnings(&json!(null)), []);
    }

    #[test]
    fn without_a_longest_wait_it_is_ten_periods() {
        let debounce = |period_ms, max_wait_ms| Debounce { period_ms, max_wait_ms, key: None }.wait_ms();
        assert_eq!(debounce(5, None), 50);
        assert_eq!(debounce(5, Some(7)), 7);
        assert_eq!(debounce(HOLD_MS_MAX, None), HOLD_MS_MAX);
    }
}
