//! `lead.set_status`

use capstan_domain::leads::Act;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::lead_parts;
use crate::node_type::{Context, NodeType, Spec};

/// Moves a lead in the pipeline.
pub(crate) struct LeadSetStatus;

/// Which lead, and where to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the lead, such as `{{ steps.upsert.lead.id }}`.
    lead_id: Option<String>,
    /// E-mail address of the lead, where the id is not known.
    email: Option<String>,
    /// State of the pipeline that it gets, such as `qualified`. One that it cannot get from where it is fails the step with
    /// the class `transition_forbidden`.
    status: String,
    /// Why, for the history of the lead.
    reason: Option<String>,
}

impl NodeType for LeadSetStatus {
    const NAME: &'static str = "lead.set_status";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Move a lead",
            "Gives a lead another status of the pipeline, once; the output is `{lead, created, changed}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(lead_parts::classes())
    }

    fn check(config: &Value) -> Vec<Problem> {
        lead_parts::check_which(config).into_iter().chain(lead_parts::check_email(config)).collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { lead_id, email, status, reason } = config;
        let which = match lead_parts::which(lead_id.as_deref(), email.as_deref()) {
            Ok(which) => which,
            Err(outcome) => return outcome,
        };
        lead_parts::run(context, Act::SetStatus { which, to: status, from: None, reason }).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    #[tokio::test]
    async fn a_lead_that_is_not_there_fails_the_step() {
        let config = json!({ "email": "ada@example.com", "status": "won" });
        let outcome = LeadSetStatus.run(serde_json::from_value(config).unwrap(), &context()).await;
        assert_eq!(failed(outcome).0, "no_such_lead");
    }
}
