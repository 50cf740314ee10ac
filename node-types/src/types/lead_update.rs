//! `lead.update`

use capstan_domain::leads::Act;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::lead_parts::{self, Parts};
use super::parts::Scalar;
use crate::node_type::{Context, NodeType, Spec};

/// Changes a lead that is there.
pub(crate) struct LeadUpdate;

/// Which lead, and what changes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the lead, such as `{{ steps.upsert.lead.id }}`.
    lead_id: Option<String>,
    /// E-mail address of the lead, where the id is not known. It is not changed.
    email: Option<String>,
    /// A new e-mail address.
    new_email: Option<String>,
    /// Name of the person. What is absent or null stays as it is, here and below; an empty text removes it.
    name: Option<String>,
    /// Telephone number.
    phone: Option<Scalar>,
    /// Name of the firm.
    company: Option<String>,
    /// Where the lead comes from.
    source: Option<String>,
    /// Custom values by name: texts, numbers, true or false; null removes one. A field that is not known yet is defined.
    fields: Option<Map<String, Value>>,
}

impl NodeType for LeadUpdate {
    const NAME: &'static str = "lead.update";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Update a lead",
            "Changes a lead that is there, once; the output is `{lead, created, changed}`. Fails if there is none.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(lead_parts::classes())
    }

    fn check(config: &Value) -> Vec<Problem> {
        lead_parts::check_which(config).into_iter().chain(lead_parts::check_email(config)).collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { lead_id, email, new_email, name, phone, company, source, fields } = config;
        let which = match lead_parts::which(lead_id.as_deref(), email.as_deref()) {
            Ok(which) => which,
            Err(outcome) => return outcome,
        };
        let patch = Parts { email: new_email, name, phone, company, source, fields }.patch();
        lead_parts::run(context, Act::Update { which, patch }).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    #[test]
    fn a_node_that_names_no_lead_is_found_before_anything_runs() {
        assert_eq!(LeadUpdate::check(&json!({ "name": "Ada" }))[0].code, "no_lead");
        assert!(LeadUpdate::check(&json!({ "lead_id": "{{ input.id }}" })).is_empty());
    }

    #[tokio::test]
    async fn an_id_that_came_to_none_fails_with_an_explanation() {
        for (config, said) in [(json!({ "lead_id": "seven" }), "no id of a lead"), (json!({}), "neither lead_id")] {
            let (class, reason) = failed(LeadUpdate.run(serde_json::from_value(config).unwrap(), &context()).await);
            assert!(class == "config" && reason.contains(said), "{class}: {reason}");
        }
    }
}
