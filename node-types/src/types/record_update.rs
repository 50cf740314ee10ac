//! `record.update`

use capstan_domain::records::Act;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::record_parts;
use crate::node_type::{Context, NodeType, Spec};

/// Changes what a record holds.
pub(crate) struct RecordUpdate;

/// Which record, and what changes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the record, such as `{{ steps.create.record.id }}` or `{{ input.data.record.id }}`.
    record_id: String,
    /// What it holds, by name. What is absent stays as it is, and null removes one.
    data: Map<String, Value>,
}

impl NodeType for RecordUpdate {
    const NAME: &'static str = "record.update";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Update a record",
            "Changes what a record holds, once; the output is `{record, changed}` with the names of what changed.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(record_parts::classes())
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { record_id, data } = config;
        match record_parts::id_of(&record_id) {
            Ok(record_id) => record_parts::run(context, Act::Update { record_id, data, expected: None }).await,
            Err(outcome) => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    #[tokio::test]
    async fn what_is_no_id_or_no_record_fails_with_an_explanation() {
        for (id, class) in [("seven".to_owned(), "config"), (uuid::Uuid::nil().to_string(), "no_such_record")] {
            let config = json!({ "record_id": id, "data": { "client": "Engines", "budget": null } });
            let outcome = RecordUpdate.run(serde_json::from_value(config).unwrap(), &context()).await;
            assert_eq!(failed(outcome).0, class);
        }
    }
}
