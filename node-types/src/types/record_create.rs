//! `record.create`

use capstan_domain::records::Act;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::record_parts;
use crate::node_type::{Context, NodeType, Spec};

/// Makes a record.
pub(crate) struct RecordCreate;

/// Of which type, and what it holds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Name of the type of records, such as `pursuit`. The record begins in the initial state of the type.
    r#type: String,
    /// What the record holds, by name: at most 200 fields, 32 KiB together as JSON. What is null is left out.
    data: Option<Map<String, Value>>,
}

impl NodeType for RecordCreate {
    const NAME: &'static str = "record.create";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Create a record", "Makes a record of a type, once; the output is `{record, from, to}`.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(record_parts::classes())
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { r#type: type_name, data } = config;
        record_parts::run(context, Act::Create { type_name, data: data.unwrap_or_default() }).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    #[tokio::test]
    async fn where_there_are_no_records_the_step_fails_with_a_class_of_its_own() {
        let config = json!({ "type": "pursuit", "data": { "client": "Engines" } });
        let outcome = RecordCreate.run(serde_json::from_value(config).unwrap(), &context()).await;
        assert_eq!(failed(outcome).0, "no_such_record");
    }
}
