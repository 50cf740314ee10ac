//! `record.find`

use std::collections::BTreeMap;

use capstan_domain::records::{RecordRow, Sought};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{Scalar, problem};
use super::{found, record_parts};
use crate::node_type::{Context, NodeType, Spec};

/// Most values that are compared.
const VALUES_MAX: usize = 10;

/// Looks for records.
pub(crate) struct RecordFind;

/// Which records; all of what is said has to be so, and what is null is not said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the record.
    record_id: Option<String>,
    /// Name of the type of records, such as `pursuit`; needed where no id is written.
    r#type: Option<String>,
    /// State that they are in.
    state: Option<String>,
    /// What their data holds, by name: at most 10 texts, numbers, or true or false. It is looked for among the newest 10,000
    /// of the type and state.
    data: Option<BTreeMap<String, Scalar>>,
    /// Most records, 1 to 20; 1 if absent. The newest come first.
    #[schemars(range(min = 1, max = 20))]
    limit: Option<u32>,
}

impl NodeType for RecordFind {
    const NAME: &'static str = "record.find";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Find records",
            "Reads the newest records of a type that are in a state or hold values, or one by its id; the output is \
             `{record, records, more}`.",
        )
        .outputs(&found::PORTS)
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(vec!["records".into()])
    }

    fn check(config: &Value) -> Vec<Problem> {
        let is_given = |field: &str| config.get(field).is_some_and(|value| !value.is_null());
        if is_given("record_id") || is_given("type") {
            return Vec::new();
        }
        let detail = "nothing says which records are meant";
        vec![problem("no_record", "/type", detail, "fill in the type, or record_id")]
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let (sought, limit) = match sought(config) {
            Ok(sought) => sought,
            Err(outcome) => return outcome,
        };
        let finding = context.services.records.find(context.workspace_id, &sought, i64::from(limit) + 1);
        match context.database.ask(finding).await {
            Ok(rows) => found::outcome(rows.iter().map(RecordRow::shown), limit, "record", "records"),
            Err(away) => away.into(),
        }
    }
}

fn sought(config: Config) -> Result<(Sought, u32), Outcome> {
    let Config { record_id, r#type: type_name, state, data, limit } = config;
    let limit = found::limit_of(limit)?;
    let record_id = record_id.as_deref().map(record_parts::id_of).transpose()?;
    if record_id.is_none() && type_name.is_none() {
        return Err(Outcome::fail("config", "neither record_id nor type says which records are meant"));
    }
    let data = data.unwrap_or_default();
    if data.len() > VALUES_MAX {
        let reason = format!("at most {VALUES_MAX} values are compared, and these are {}", data.len());
        return Err(Outcome::fail("config", reason));
    }
    let data = data.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    Ok((Sought { record_id, type_name, state, data }, limit))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    async fn run(config: Value) -> Outcome {
        RecordFind.run(serde_json::from_value(config).unwrap(), &context()).await
    }

    #[test]
    fn a_node_that_names_neither_a_record_nor_a_type_is_found_before_anything_runs() {
        assert_eq!(RecordFind::check(&json!({ "state": "won", "type": null }))[0].code, "no_record");
        assert!(RecordFind::check(&json!({ "type": "pursuit" })).is_empty());
        assert!(RecordFind::check(&json!({ "record_id": "{{ input.id }}" })).is_empty());
    }

    #[tokio::test]
    async fn what_is_not_there_is_no_failure_and_what_cannot_be_meant_is_one() {
        let none = json!({ "record": null, "records": [], "more": false });
        for config in [
            json!({ "type": "pursuit", "state": "won", "data": { "budget": 3, "client": "Engines", "paid": true } }),
            json!({ "record_id": uuid::Uuid::nil().to_string() }),
        ] {
            assert_eq!(run(config).await, Outcome::done("none", none.clone()));
        }
        let many: serde_json::Map<String, Value> = (0..=VALUES_MAX).map(|no| (no.to_string(), json!(no))).collect();
        for (config, said) in [
            (json!({ "record_id": "seven" }), "no id of a record"),
            (json!({ "state": "won" }), "neither record_id nor type"),
            (json!({ "type": "pursuit", "limit": 21 }), "limit is 1 to 20"),
            (json!({ "type": "pursuit", "data": many }), "at most 10 values"),
        ] {
            let (class, reason) = failed(run(config).await);
            assert!(class == "config" && reason.contains(said), "{class}: {reason}");
        }
        let nested = json!({ "type": "pursuit", "data": { "owner": { "name": "Ada" } } });
        assert!(serde_json::from_value::<Config>(nested).is_err());
    }
}
