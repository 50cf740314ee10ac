//! `logic.loop`

use capstan_engine::core::catalogue::{Effect, Extent};
use capstan_engine::core::expression::{ExpressionError, Filler};
use capstan_engine::core::outcome::{Closed, Outcome, Wake};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{describe, literal};
use crate::node_type::{Context, NodeType, Spec};

/// Most turns of a loop.
const ITERATIONS_MAX: u32 = 10_000;

/// Runs its nodes again and again, until a condition holds.
pub(crate) struct LogicLoop;

/// When it ends, and what one turn hands to the next.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Most turns.
    #[schemars(range(min = 1, max = 10_000))]
    max_iterations: u32,
    /// What becomes of the loop after so many turns: `fail`, also if absent, fails it with class `max_iterations`; `done`
    /// completes it.
    #[serde(default)]
    at_max: AtMax,
    /// What the first turn sees as `item`.
    #[serde(default)]
    initial: Value,
    /// Looked at after each turn, such as `{{ last.done }}`: the loop is done once it is true. `last` is what the turn came
    /// to. Without it only `plateau` ends the loop before it has had `max_iterations` turns, and then `at_max` counts.
    #[serde(default)]
    until: Option<Value>,
    /// What the next turn sees as `item`, such as `{{ last.draft }}`; what the last one came to, if absent.
    #[serde(default)]
    next: Option<Value>,
    /// Ends the loop once a score gets no better. `score`, required: a number such as `{{ last.score }}`, the larger the
    /// better. `turns`, required, 1 to 1,000: so many in a row without a gain end it. `min_gain`: a score that is above the
    /// best so far by more than this is a gain; 0 if absent.
    #[serde(default)]
    plateau: Option<Plateau>,
}

/// What becomes of a loop that has had its turns.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AtMax {
    #[default]
    Fail,
    Done,
}

/// When a score counts as no better.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Plateau {
    /// A number, such as `{{ last.score }}`; the larger the better.
    score: Value,
    /// So many turns in a row without a gain end the loop.
    #[schemars(range(min = 1, max = 1_000))]
    turns: u32,
    /// What counts as a gain on the best score so far; anything above it if absent.
    #[schemars(range(min = 0))]
    #[serde(default)]
    min_gain: f64,
}

impl NodeType for LogicLoop {
    const NAME: &'static str = "logic.loop";
    const EFFECT: Effect = Effect::Pure;
    const LATE: &'static [&'static str] = &["until", "next", "plateau"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::container("Loop", "Runs its nodes again and again until a condition holds, at most so many times.")
    }

    fn extent(config: &Value) -> Extent {
        let turns = config["max_iterations"].as_u64().unwrap_or(ITERATIONS_MAX.into());
        Extent { frames_max: turns.min(ITERATIONS_MAX.into()), is_known: true, repeats: false }
    }

    fn check(config: &Value) -> Vec<Problem> {
        // A loop has a bound that is known before it runs.
        if config["max_iterations"].is_string() { vec![literal("max_iterations")] } else { Vec::new() }
    }

    /// What is not looked at is not filled in: nothing but `until` once that holds, and `next` only if another turn follows.
    fn fill(
        config: &Value,
        filler: &mut Filler<'_>,
        wake: &dyn Fn() -> Option<Wake>,
    ) -> Result<Value, ExpressionError> {
        let Some((last, turns, note)) = wake().and_then(completed) else { return filler.fill(config, "") };
        let mut filled = config.clone();
        let fields = filled.as_object_mut().into_iter().flatten();
        for (field, value) in fields.filter(|(field, _)| !["next", "plateau"].contains(&field.as_str())) {
            *value = filler.fill(value, &format!("/{field}"))?;
        }
        if filled["until"] == true {
            return Ok(without(filled, &["next", "plateau"]));
        }
        if let Some(plateau) = filled.get_mut("plateau") {
            *plateau = filler.fill(plateau, "/plateau")?;
        }
        let goes_on = Config::deserialize(&filled).is_ok_and(|config| config.goes_on(&last, turns, &note));
        match filled.get_mut("next") {
            Some(next) if goes_on => *next = filler.fill(next, "/next")?,
            _ => filled = without(filled, &["next"]),
        }
        Ok(filled)
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        match &context.wake {
            Some(Wake::Closed { expired: true, .. }) => {
                Outcome::fail("timeout", "the loop took longer than the node allows")
            }
            Some(Wake::Closed { frames, turn, note, .. }) => match frames.first() {
                Some(Closed::Completed(last)) => {
                    config.after(last, turn + 1, note).unwrap_or_else(|reason| Outcome::fail("config", reason))
                }
                Some(Closed::Failed(error)) => {
                    Outcome::fail(&error.class, format!("turn {}: {}", turn + 1, error.reason))
                }
                Some(Closed::LeftOut(_) | Closed::Cancelled) | None => {
                    Outcome::fail("cancelled", "the turn was cancelled")
                }
            },
            _ => Outcome::Open { items: vec![config.initial], note: Value::Null },
        }
    }
}

/// What the last turn came to, how many there were, and what was noted before it; none if it did not complete.
fn completed(wake: Wake) -> Option<(Value, u32, Value)> {
    let Wake::Closed { mut frames, expired: false, turn, note } = wake else { return None };
    match frames.pop() {
        Some(Closed::Completed(last)) => Some((last, turn + 1, note)),
        Some(Closed::Failed(_) | Closed::LeftOut(_) | Closed::Cancelled) | None => None,
    }
}

fn without(mut config: Value, fields: &[&str]) -> Value {
    if let Some(all) = config.as_object_mut() {
        all.retain(|field, _| !fields.contains(&field.as_str()));
    }
    config
}

impl Config {
    /// Whether another turn follows.
    fn goes_on(self, last: &Value, turns: u32, note: &Value) -> bool {
        matches!(self.after(last, turns, note), Ok(Outcome::Open { .. }))
    }

    /// What follows from the last of so many turns.
    fn after(self, last: &Value, turns: u32, note: &Value) -> Result<Outcome, String> {
        let done = |why: &str| Ok(Outcome::done("out", json!({ "last": last, "turns": turns, "ended_by": why })));
        match self.until {
            Some(Value::Bool(true)) => return done("until"),
            None | Some(Value::Bool(false)) => {}
            Some(other) => return Err(format!("until is {}, not true or false", describe(&other))),
        }
        let note = match &self.plateau {
            Some(plateau) => plateau.note(note)?,
            None => Value::Null,
        };
        if self.plateau.is_some_and(|plateau| note["without_gain"].as_u64() >= Some(plateau.turns.into())) {
            return done("plateau");
        }
        match self.at_max {
            _ if turns < self.max_iterations.min(ITERATIONS_MAX) => {
                Ok(Outcome::Open { items: vec![self.next.unwrap_or_else(|| last.clone())], note })
            }
            AtMax::Done => done("max_iterations"),
            AtMax::Fail => Ok(Outcome::fail("max_iterations", format!("the loop was not done after {turns} turns"))),
        }
    }
}

impl Plateau {
    /// The best score so far, and for how many turns there has been no better one.
    fn note(&self, before: &Value) -> Result<Value, String> {
        let score =
            self.score.as_f64().ok_or_else(|| format!("plateau.score is {}, not a number", describe(&self.score)))?;
        let gains = before["best"].as_f64().is_none_or(|best| score > best + self.min_gain);
        Ok(match before["without_gain"].as_u64() {
            Some(turns) if !gains => json!({ "best": before["best"], "without_gain": turns + 1 }),
            _ => json!({ "best": score, "without_gain": 0 }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: Value) -> Config {
        let mut config = json!({ "max_iterations": 3 });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn its_bound_is_known_before() {
        let problems = LogicLoop::check(&json!({ "max_iterations": "{{ input.n }}" }));
        assert_eq!((problems.len(), problems[0].pointer.as_str()), (1, "/max_iterations"));
        assert!(LogicLoop::check(&json!({ "max_iterations": 3 })).is_empty());
    }

    #[test]
    fn it_ends_once_its_condition_holds() {
        let done = json!({ "last": 7, "turns": 2, "ended_by": "until" });
        assert_eq!(config(json!({ "until": true })).after(&json!(7), 2, &Value::Null), Ok(Outcome::done("out", done)));
        let wrong = config(json!({ "until": "yes" })).after(&json!(7), 2, &Value::Null);
        assert!(wrong.unwrap_err().starts_with("until is "));
    }

    #[test]
    fn the_next_turn_sees_what_it_is_handed() {
        let open = |item: Value| Ok(Outcome::Open { items: vec![item], note: Value::Null });
        assert_eq!(config(json!({ "until": false })).after(&json!(7), 2, &Value::Null), open(json!(7)));
        assert_eq!(config(json!({ "next": [1] })).after(&json!(7), 2, &Value::Null), open(json!([1])));
    }

    #[test]
    fn after_its_turns_it_fails_or_is_done() {
        let failed = Outcome::fail("max_iterations", "the loop was not done after 3 turns");
        assert_eq!(config(json!({})).after(&json!(7), 3, &Value::Null), Ok(failed));
        let done = Outcome::done("out", json!({ "last": 7, "turns": 3, "ended_by": "max_iterations" }));
        assert_eq!(config(json!({ "at_max": "done" })).after(&json!(7), 3, &Value::Null), Ok(done));
    }

    #[test]
    fn it_ends_at_a_plateau_of_the_score() {
        let turn = |score: f64, note: &Value| {
            let plateau = json!({ "score": score, "turns": 2, "min_gain": 0.1 });
            let config = json!({ "max_iterations": 100, "plateau": plateau });
            config_of(config).after(&json!(score), 1, note).unwrap()
        };
        let mut note = Value::Null;
        for (score, without_gain) in [(0.5, 0), (0.55, 1), (0.7, 0), (0.6, 1)] {
            let Outcome::Open { note: next, .. } = turn(score, &note) else { panic!("it ended at {score}") };
            assert_eq!(next["without_gain"], without_gain, "at {score}");
            note = next;
        }
        assert!(matches!(turn(0.79, &note), Outcome::Done { output, .. } if output["ended_by"] == "plateau"));
    }

    fn config_of(config: Value) -> Config {
        serde_json::from_value(config).unwrap()
    }
}
