//! `record.note`

use capstan_domain::records::Act;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{Noted, Scalar};
use super::record_parts;
use crate::node_type::{Context, NodeType, Spec};

/// Notes something in the history of a record.
pub(crate) struct RecordNote;

/// Which record, and what is noted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the record, such as `{{ steps.create.record.id }}` or `{{ input.data.record.id }}`.
    record_id: String,
    /// What was done.
    #[serde(default)]
    kind: Noted,
    /// What there is to know, such as the subject of a mail: at most 2,000 characters.
    text: Scalar,
}

impl NodeType for RecordNote {
    const NAME: &'static str = "record.note";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Note about a record",
            "Notes a mail, a call, a meeting or whatever else was done in the history of a record, once; the output is \
             `{record}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(record_parts::classes())
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { record_id, kind, text } = config;
        match record_parts::id_of(&record_id) {
            Ok(record_id) => {
                let act = Act::Note { record_id, kind: kind.into(), text: text.to_string() };
                record_parts::run(context, act).await
            }
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
    async fn a_note_needs_a_record_that_is_there_and_one_of_four_kinds() {
        for (id, class) in [("seven".to_owned(), "config"), (uuid::Uuid::nil().to_string(), "no_such_record")] {
            let config = json!({ "record_id": id, "kind": "call", "text": 7 });
            let outcome = RecordNote.run(serde_json::from_value(config).unwrap(), &context()).await;
            assert_eq!(failed(outcome).0, class);
        }
        let fax = json!({ "record_id": "a", "kind": "fax", "text": "t" });
        assert!(serde_json::from_value::<Config>(fax).is_err());
    }
}
