//! `settings.flow`: how starts are let in.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Problems;
use crate::core::expression;
use crate::core::flow::{
    BATCH_SIZE_MAX, Batch, Debounce, Flow, HOLD_MS_MAX, Hold, LIMIT_MAX, PER_MS_MAX, PRIORITY_MAX, Rate, Singleton,
};
use crate::core::key::KEY_SOURCE_BYTES_MAX;

const RULES: [&str; 6] = ["rate_limit", "throttle", "debounce", "batch", "singleton", "priority"];
/// Longest time in which a burst may have to be paid back: a year.
const BURST_MS_MAX: u64 = 366 * 86_400_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateFields {
    limit: u32,
    per_ms: u64,
    burst: Option<u32>,
    key: Option<String>,
}

/// The rules, as far as they can be read.
struct Rules<'d, 'p> {
    fields: &'d Map<String, Value>,
    problems: &'p mut Problems,
}

/// None if the document has no rule.
pub(super) fn flow(document: &Value, problems: &mut Problems) -> Option<Flow> {
    let flow = document.get("settings")?.get("flow").filter(|value| !value.is_null())?;
    let Some(fields) = flow.as_object() else {
        let hint = "give rules such as {\"rate_limit\": {\"limit\": 100, \"per_ms\": 60000}}, or leave it out";
        problems.add("bad_field", "/settings/flow".to_owned(), "settings.flow must be an object", hint);
        return None;
    };
    let mut rules = Rules { fields, problems };
    rules.check_names();
    let flow = Flow {
        rate_limit: rules.rate("rate_limit", |limit| limit),
        throttle: rules.rate("throttle", |_| 1),
        hold: rules.hold(),
        priority: rules.priority(),
    };
    (flow != Flow::default()).then_some(flow)
}

impl Rules<'_, '_> {
    fn check_names(&mut self) {
        if let Some(other) = self.fields.keys().find(|field| !RULES.contains(&field.as_str())) {
            let detail = format!("settings.flow has a rule {other:?} that means nothing here");
            self.bad("", detail, &format!("its rules are {}", RULES.join(", ")));
        }
        // A start cannot be held back in two ways at once.
        let held = ["throttle", "debounce", "batch", "singleton"];
        let given: Vec<&str> = held.into_iter().filter(|rule| self.is_given(rule)).collect();
        if let [first, second, ..] = given[..] {
            let detail = format!("settings.flow has both {first} and {second}, and a start goes by one of them");
            let pointer = format!("/settings/flow/{second}");
            self.problems.add("contradictory_flow", pointer, detail, format!("leave out {first} or {second}"));
        }
    }

    fn is_given(&self, rule: &str) -> bool {
        self.fields.get(rule).is_some_and(|value| !value.is_null())
    }

    fn read<T: for<'de> Deserialize<'de>>(&mut self, rule: &str) -> Option<T> {
        let value = self.fields.get(rule).filter(|value| !value.is_null())?;
        T::deserialize(value)
            .map_err(|error| {
                let detail = format!("settings.flow.{rule} cannot be read: {error}");
                self.bad(&format!("/{rule}"), detail, "see flow control in the documentation");
            })
            .ok()
    }

    fn rate(&mut self, rule: &str, burst: fn(u32) -> u32) -> Option<Rate> {
        let RateFields { limit, per_ms, burst: wanted, key } = self.read(rule)?;
        let burst = wanted.unwrap_or_else(|| burst(limit));
        self.key(rule, key.as_deref());
        let is_valid = self.within(rule, "limit", limit.into(), LIMIT_MAX.into())
            & self.within(rule, "per_ms", per_ms, PER_MS_MAX)
            & self.within(rule, "burst", burst.into(), LIMIT_MAX.into());
        let rate = is_valid.then_some(Rate { limit, per_ms, burst, key })?;
        if u128::from(burst) * u128::from(per_ms) > u128::from(limit) * u128::from(BURST_MS_MAX) {
            let detail = format!("settings.flow.{rule}.burst is more than the rate lets in within a year");
            self.bad(&format!("/{rule}/burst"), detail, "give a smaller burst, or a higher rate");
        }
        Some(rate)
    }

    fn hold(&mut self) -> Option<Hold> {
        let (debounce, batch, singleton) = (self.debounce(), self.batch(), self.singleton());
        debounce.map(Hold::Debounce).or(batch.map(Hold::Batch)).or(singleton.map(Hold::Singleton))
    }

    fn debounce(&mut self) -> Option<Debounce> {
        let debounce: Debounce = self.read("debounce")?;
        self.key("debounce", debounce.key.as_deref());
        self.within("debounce", "period_ms", debounce.period_ms, HOLD_MS_MAX);
        self.within("debounce", "max_wait_ms", debounce.wait_ms(), HOLD_MS_MAX);
        if debounce.wait_ms() < debounce.period_ms {
            let detail = "settings.flow.debounce.max_wait_ms is shorter than its period_ms, which then never counts";
            self.bad("/debounce/max_wait_ms", detail.into(), "give a longer max_wait_ms, or a shorter period_ms");
        }
        Some(debounce)
    }

    fn batch(&mut self) -> Option<Batch> {
        let batch: Batch = self.read("batch")?;
        self.key("batch", batch.key.as_deref());
        self.within("batch", "timeout_ms", batch.timeout_ms, HOLD_MS_MAX);
        if !(2..=BATCH_SIZE_MAX).contains(&batch.size) {
            let detail = format!("settings.flow.batch.size must be a whole number from 2 to {BATCH_SIZE_MAX}");
            self.bad("/batch/size", detail, "say how many inputs make an execution start");
        }
        Some(batch)
    }

    fn singleton(&mut self) -> Option<Singleton> {
        let singleton: Singleton = self.read("singleton")?;
        self.key("singleton", singleton.key.as_deref());
        Some(singleton)
    }

    fn priority(&mut self) -> Option<Value> {
        let priority = self.fields.get("priority").filter(|value| !value.is_null())?;
        let is_number = priority.as_i64().is_some_and(|number| (-PRIORITY_MAX..=PRIORITY_MAX).contains(&number));
        match priority.as_str() {
            Some(text) if text.contains("{{") => self.expression("/priority", text),
            _ if is_number => {}
            _ => {
                let detail = format!(
                    "settings.flow.priority must be a whole number from -{PRIORITY_MAX} to {PRIORITY_MAX}, or an expression"
                );
                self.bad("/priority", detail, "give a number, or text such as {{ 10 if input.urgent else 0 }}");
            }
        }
        Some(priority.clone())
    }

    fn within(&mut self, rule: &str, field: &str, value: u64, most: u64) -> bool {
        let is_within = (1..=most).contains(&value);
        if !is_within {
            let detail = format!("settings.flow.{rule}.{field} must be a whole number from 1 to {most}");
            self.bad(&format!("/{rule}/{field}"), detail, "give a number within these bounds");
        }
        is_within
    }

    fn key(&mut self, rule: &str, key: Option<&str>) {
        let Some(key) = key else { return };
        let pointer = format!("/{rule}/key");
        if (1..=KEY_SOURCE_BYTES_MAX).contains(&key.len()) {
            return self.expression(&pointer, key);
        }
        let detail = format!("settings.flow.{rule}.key must be text of 1 to {KEY_SOURCE_BYTES_MAX} bytes");
        self.bad(&pointer, detail, "write an expression over the input, such as {{ input.customer }}");
    }

    fn expression(&mut self, pointer: &str, text: &str) {
        if let Err(error) = expression::check_of_start(text) {
            let hint = "correct the expression; it is evaluated before any step, and names the input only";
            self.problems.add("bad_expression", format!("/settings/flow{pointer}"), error.to_string(), hint);
        }
    }

    fn bad(&mut self, pointer: &str, detail: String, hint: &str) {
        self.problems.add("bad_field", format!("/settings/flow{pointer}"), detail, hint);
    }
}
