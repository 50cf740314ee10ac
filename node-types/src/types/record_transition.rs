//! `record.transition`

use capstan_domain::records::{Act, Goal};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::problem;
use super::record_parts;
use crate::node_type::{Context, NodeType, Spec};

/// Moves a record to another state.
pub(crate) struct RecordTransition;

/// Which record, and where to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the record, such as `{{ steps.create.record.id }}` or `{{ input.data.record.id }}`.
    record_id: String,
    /// State of its type that it gets, such as `qualified`. One that it cannot get from where it is fails the step with the
    /// class `transition_forbidden`.
    to: Option<String>,
    /// Name of a way out of its state, in place of `to`.
    name: Option<String>,
    /// Moves it only if it is still in this state.
    from: Option<String>,
    /// Why, for the history of the record.
    reason: Option<String>,
}

impl NodeType for RecordTransition {
    const NAME: &'static str = "record.transition";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Move a record",
            "Gives a record another state of its type, once; the output is `{record, from, to}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(record_parts::classes())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let is_given = |field: &str| config.get(field).is_some_and(|value| !value.is_null());
        if is_given("to") != is_given("name") {
            return Vec::new();
        }
        let detail = "exactly one of to and name says where the record is to go";
        vec![problem("no_goal", "/to", detail, "write a state in to, or the name of a way in name")]
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { record_id, to, name, from, reason } = config;
        let record_id = match record_parts::id_of(&record_id) {
            Ok(record_id) => record_id,
            Err(outcome) => return outcome,
        };
        let goal = match (to, name) {
            (Some(to), None) => Goal::State(to),
            (None, Some(name)) => Goal::Called(name),
            _ => return Outcome::fail("config", "exactly one of to and name says where the record is to go"),
        };
        record_parts::run(context, Act::Transition { record_id, goal, from, reason, expected: None }).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    #[test]
    fn a_node_that_names_no_state_or_two_ways_is_found_before_anything_runs() {
        for (config, found) in [
            (json!({ "record_id": "x" }), 1),
            (json!({ "record_id": "x", "to": "won", "name": "win" }), 1),
            (json!({ "record_id": "x", "to": "{{ input.to }}" }), 0),
            (json!({ "record_id": "x", "to": null, "name": "win" }), 0),
        ] {
            assert_eq!(RecordTransition::check(&config).len(), found, "{config}");
        }
    }

    #[tokio::test]
    async fn what_is_no_id_or_no_record_fails_with_an_explanation() {
        let id = uuid::Uuid::nil().to_string();
        for (config, class) in [
            (json!({ "record_id": "seven", "to": "won" }), "config"),
            (json!({ "record_id": id }), "config"),
            (json!({ "record_id": id, "to": "won" }), "no_such_record"),
        ] {
            let outcome = RecordTransition.run(serde_json::from_value(config).unwrap(), &context()).await;
            assert_eq!(failed(outcome).0, class);
        }
    }
}
