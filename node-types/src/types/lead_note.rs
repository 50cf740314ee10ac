//! `lead.note`

use capstan_domain::leads::{Act, Note};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::lead_parts;
use super::parts::{Noted, Scalar};
use crate::node_type::{Context, NodeType, Spec};

/// Notes something in the history of a lead.
pub(crate) struct LeadNote;

/// Which lead, and what is noted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the lead, such as `{{ steps.upsert.lead.id }}`.
    lead_id: Option<String>,
    /// E-mail address of the lead, where the id is not known.
    email: Option<String>,
    /// What was done. An `email` is also when the lead was last written to.
    #[serde(default)]
    kind: Noted,
    /// What there is to know, such as the subject of a mail.
    text: Scalar,
}

impl NodeType for LeadNote {
    const NAME: &'static str = "lead.note";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Note about a lead",
            "Notes a mail, a call, a meeting or whatever else was done in the history of a lead, once; the output is \
             `{lead, created, changed}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(lead_parts::classes())
    }

    fn check(config: &Value) -> Vec<Problem> {
        lead_parts::check_which(config).into_iter().chain(lead_parts::check_email(config)).collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { lead_id, email, kind, text } = config;
        let which = match lead_parts::which(lead_id.as_deref(), email.as_deref()) {
            Ok(which) => which,
            Err(outcome) => return outcome,
        };
        let note = Note { kind: kind.into(), text: text.to_string() };
        lead_parts::run(context, Act::Note { which, note }).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    #[tokio::test]
    async fn a_note_needs_a_lead_that_is_there_and_one_of_four_kinds() {
        assert_eq!(LeadNote::check(&json!({ "text": "called" }))[0].code, "no_lead");
        let config = json!({ "email": "ada@example.com", "kind": "email", "text": 7 });
        let outcome = LeadNote.run(serde_json::from_value(config).unwrap(), &context()).await;
        assert_eq!(failed(outcome).0, "no_such_lead");
        assert!(serde_json::from_value::<Config>(json!({ "email": "a", "kind": "fax", "text": "t" })).is_err());
    }
}
