//! `logic.for_each`

use capstan_engine::core::attempt::{ITEMS_MAX, storable};
use capstan_engine::core::catalogue::{Effect, Extent, Frames};
use capstan_engine::core::chunk::{CHUNK_ITEMS_MAX, CHUNK_ITEMS_MIN, SPILLED_ITEMS_MAX, Spilling};
use capstan_engine::core::outcome::{Closed, Outcome, Wake};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{describe, literal};
use crate::node_type::{Context, NodeType, Spec};

/// Items that run at the same time, if the config does not say.
const CONCURRENCY: usize = 10;
/// The same at most.
const CONCURRENCY_MAX: usize = 1_000;
/// The longest list that is not handed over, and the items of a chunk, if the config does not say.
const ABOVE: usize = 1_000;
const CHUNK: usize = 100;

/// Runs its nodes once for each item of a list.
pub(crate) struct LogicForEach;

/// Which items, how many at a time, and how many may fail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// An expression that comes to a list, such as `{{ steps.fetch.body.items }}`, of at most 1 MiB and 10,000 items; with
    /// `spill`, of 1,000,000. Its nodes see each as `item`, and its place as `index`.
    items: Value,
    /// Items that run at the same time; 10 if absent.
    #[schemars(range(min = 1, max = 1_000))]
    #[serde(default)]
    concurrency: Option<usize>,
    /// So many items may fail; none if absent.
    #[serde(default)]
    tolerated_failures: Option<usize>,
    /// So many of a hundred items may fail, if they are more than `tolerated_failures`.
    #[schemars(range(min = 0, max = 100))]
    #[serde(default)]
    tolerated_percent: Option<usize>,
    /// Has the workers of the fleet share a long list: its items are handed over in chunks, each an execution of its own.
    /// `above`, 1 to 10,000: a list with more items is handed over; 1,000 if absent. `chunk`, 10 to 1,000: items of each
    /// chunk; 100 if absent, and more where there would be over 1,000 chunks. `concurrency` and what is tolerated stay those
    /// of the whole list. Nothing that lies in it may be undone, wait for a signal by its name, or respond.
    #[serde(default)]
    spill: Option<Spill>,
}

/// Which lists are handed over, and in what pieces.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spill {
    /// A list with more items is handed over; 1,000 if absent.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default)]
    above: Option<usize>,
    /// Items of each chunk; 100 if absent.
    #[schemars(range(min = 10, max = 1_000))]
    #[serde(default)]
    chunk: Option<usize>,
}

impl NodeType for LogicForEach {
    const NAME: &'static str = "logic.for_each";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::container("For each", "Runs its nodes once for each item of a list, some at a time.")
    }

    fn frames(config: &Value) -> Frames {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let [concurrency, tolerated, percent] =
            ["concurrency", "tolerated_failures", "tolerated_percent"].map(|name| number(&config[name]));
        let spilling = Spill::deserialize(&config["spill"]).ok().map(|Spill { above, chunk }| Spilling {
            above: above.unwrap_or(ABOVE),
            chunk: chunk.unwrap_or(CHUNK).clamp(CHUNK_ITEMS_MIN, CHUNK_ITEMS_MAX),
        });
        Frames { spilling, ..frames(concurrency, tolerated, percent) }
    }

    fn extent(config: &Value) -> Extent {
        match config["items"].as_array() {
            Some(items) => Extent { frames_max: items.len() as u64, is_known: true, repeats: false },
            None => Extent::default(),
        }
    }

    fn check(config: &Value) -> Vec<Problem> {
        let fields = ["concurrency", "tolerated_failures", "tolerated_percent", "spill", "spill/above", "spill/chunk"];
        let is_dynamic = |field: &&&str| config.pointer(&format!("/{field}")).is_some_and(Value::is_string);
        fields.iter().filter(is_dynamic).map(|field| literal(field)).collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let rules = frames(config.concurrency, config.tolerated_failures, config.tolerated_percent);
        match (&context.wake, config.items) {
            (Some(Wake::Closed { expired: true, .. }), _) => {
                Outcome::fail("timeout", "the items took longer than the node allows")
            }
            (Some(Wake::Closed { frames, .. }), _) => collect(frames, rules),
            (_, Value::Array(items)) if items.is_empty() => Outcome::done("out", json!({ "results": [], "failed": 0 })),
            (_, Value::Array(items)) => match bounded(items.len(), config.spill.is_some()) {
                Ok(()) => Outcome::Open { items, note: Value::Null },
                Err(reason) => Outcome::fail("items", reason),
            },
            (_, other) => Outcome::fail("items", format!("items is {}, not a list", describe(&other))),
        }
    }
}

/// Whether a list may have so many items.
fn bounded(items: usize, spills: bool) -> Result<(), String> {
    match items {
        _ if spills && items > SPILLED_ITEMS_MAX => Err(format!(
            "there are {items} items; at most {SPILLED_ITEMS_MAX} are allowed: fetch and run them in parts"
        )),
        _ if !spills && items > ITEMS_MAX => Err(format!(
            "there are {items} items; at most {ITEMS_MAX} are allowed: set spill, which has the fleet share a longer list, or \
             run them in parts"
        )),
        _ => Ok(()),
    }
}

fn frames(concurrency: Option<usize>, tolerated: Option<usize>, tolerated_percent: Option<usize>) -> Frames {
    Frames {
        parallel: concurrency.unwrap_or(CONCURRENCY).min(CONCURRENCY_MAX),
        tolerated: tolerated.unwrap_or_default(),
        tolerated_percent: tolerated_percent.unwrap_or_default(),
        ..Frames::default()
    }
}

/// The results in the order of the items, null for those that failed; or, if too many did, the first failure.
fn collect(frames: &[Closed], rules: Frames) -> Outcome {
    let failures = || {
        frames.iter().enumerate().filter_map(|(index, frame)| match frame {
            Closed::Failed(error) => Some((index, error)),
            _ => None,
        })
    };
    let failed = failures().count();
    if let Some((index, error)) = failures().next().filter(|_| !rules.forgive(failed, frames.len())) {
        return Outcome::fail(&error.class, format!("item {index}: {}", error.reason));
    }
    if let Some(reason) = frames.iter().find_map(|frame| if let Closed::LeftOut(it) = frame { Some(it) } else { None })
    {
        return Outcome::done("out", json!({ "left_out": reason, "failed": failed }));
    }
    let output = |frame: &Closed| if let Closed::Completed(output) = frame { output.clone() } else { Value::Null };
    let results = Value::Array(frames.iter().map(output).collect());
    // What the items did is done: too much of it is no failure, and each step keeps its own output.
    Outcome::done(
        "out",
        match storable(&results) {
            Ok(_) => json!({ "results": results, "failed": failed }),
            Err(reason) => json!({ "left_out": reason, "failed": failed }),
        },
    )
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::outcome::StepError;

    use super::*;
    use crate::registry::Registry;
    use crate::testing::{context, failed};

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let frames = [Closed::Completed(json!(1)), Closed::Completed(json!("b"))];
        let expected = Outcome::done("out", json!({ "results": [1, "b"], "failed": 0 }));
        assert_eq!(collect(&frames, Frames::default()), expected);
    }

    #[tokio::test]
    async fn a_list_has_so_many_items_and_more_where_it_is_handed_over() {
        let run = async |items: usize, spill: Value| {
            let config = json!({ "items": vec![0; items], "spill": spill });
            let config = serde_json::from_value(config).unwrap();
            match LogicForEach.run(config, &context()).await {
                Outcome::Open { items, .. } => (items.len(), String::new()),
                outcome => {
                    let (class, reason) = failed(outcome);
                    assert_eq!(class, "items");
                    (0, reason)
                }
            }
        };
        assert_eq!(run(ITEMS_MAX, Value::Null).await, (10_000, String::new()));
        let (_, reason) = run(ITEMS_MAX + 1, Value::Null).await;
        assert!(reason.starts_with("there are 10001 items; at most 10000 are allowed: set spill"), "{reason}");
        assert_eq!(run(ITEMS_MAX + 1, json!({})).await, (10_001, String::new()));
        assert_eq!(bounded(SPILLED_ITEMS_MAX, true), Ok(()));
        let reason = bounded(SPILLED_ITEMS_MAX + 1, true).unwrap_err();
        assert!(reason.starts_with("there are 1000001 items; at most 1000000 are allowed"), "{reason}");
    }

    #[test]
    fn how_many_may_run_or_fail_is_known_before() {
        let config = json!({ "items": "{{ input.x }}", "concurrency": 5, "tolerated_failures": "{{ input.n }}" });
        let problems = LogicForEach::check(&config);
        let found: Vec<_> = problems.iter().map(|problem| (problem.code.as_str(), problem.pointer.as_str())).collect();
        assert_eq!(found, [("not_a_literal", "/tolerated_failures")]);
    }

    #[test]
    fn lists_are_handed_over_only_where_the_config_says_so() {
        let spilling = |config: Value| LogicForEach::frames(&config).spilling;
        assert_eq!(spilling(json!({ "items": [] })), None);
        assert_eq!(spilling(json!({ "spill": {} })), Some(Spilling { above: 1_000, chunk: 100 }));
        assert_eq!(spilling(json!({ "spill": { "above": 5, "chunk": 20 } })), Some(Spilling { above: 5, chunk: 20 }));
        let problems = LogicForEach::check(&json!({ "spill": { "above": "{{ input.n }}" } }));
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn nothing_is_handed_over_that_cannot_be_undone_or_speaks_with_who_started_it() {
        let node = |id: &str, kind: &str, config: Value| {
            json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": { "config": config },
                    "parentId": (!["start", "each"].contains(&id)).then_some("each") })
        };
        let document = |spill: Value| {
            let each = json!({ "items": "{{ input }}", "spill": spill });
            json!({
                "nodes": [
                    node("start", "trigger.manual", json!({})), node("each", "logic.for_each", each),
                    node("pay", "debug.noop", json!({})), node("refund", "debug.noop", json!({})),
                    node("wait", "logic.wait_for_signal", json!({ "signal": "go" })),
                ],
                "edges": [
                    { "id": "e", "source": "start", "target": "each" },
                    { "id": "u", "source": "pay", "target": "refund", "data": { "kind": "compensate" } },
                ],
            })
        };
        let problems = Registry::standard().compile(&document(json!({}))).unwrap_err();
        let found: Vec<_> = problems.iter().map(|it| (it.code.as_str(), it.node_id.as_deref())).collect();
        assert_eq!(found, [("cannot_spill", Some("pay")), ("cannot_spill", Some("wait"))]);
        assert!(Registry::standard().compile(&document(Value::Null)).is_ok());
    }

    #[test]
    fn too_much_of_results_is_left_out_and_no_failure() {
        let large = json!("x".repeat(1 << 19));
        let frames = [Closed::Completed(large.clone()), Closed::Completed(large.clone()), Closed::Completed(large)];
        let Outcome::Done { output, .. } = collect(&frames, Frames::default()) else { panic!("it failed") };
        assert!(output["left_out"].is_string() && output["results"].is_null());
    }

    #[test]
    fn so_many_may_fail_and_no_more() {
        let error = StepError { class: "http_5xx".into(), reason: "busy".into() };
        let frames = [Closed::Completed(json!(1)), Closed::Failed(error)];
        let some = Frames { tolerated: 1, ..Frames::default() };
        assert_eq!(collect(&frames, some), Outcome::done("out", json!({ "results": [1, null], "failed": 1 })));
        assert_eq!(collect(&frames, Frames::default()), Outcome::fail("http_5xx", "item 1: busy"));
        let half = Frames { tolerated_percent: 50, ..Frames::default() };
        assert_eq!(collect(&frames, half), Outcome::done("out", json!({ "results": [1, null], "failed": 1 })));
    }
}
