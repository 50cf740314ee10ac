//! `lead.find`

use capstan_domain::leads::{Filter, LeadRow};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{Scalar, problem};
use super::{found, lead_parts};
use crate::node_type::{Context, NodeType, Spec};

/// What says which leads are meant.
const CONDITIONS: [&str; 5] = ["lead_id", "email", "status", "source", "field"];

/// Looks for leads.
pub(crate) struct LeadFind;

/// Which leads; all of what is said has to be so, and what is null is not said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the lead.
    lead_id: Option<String>,
    /// E-mail address of the lead, whatever the case.
    email: Option<String>,
    /// State of the pipeline that they are in.
    status: Option<String>,
    /// Where they come from.
    source: Option<String>,
    /// Name of a custom field that has the `value`.
    field: Option<String>,
    /// The value of the `field`: a text, a number, or true or false.
    value: Option<Scalar>,
    /// Most leads, 1 to 20; 1 if absent. The newest come first.
    #[schemars(range(min = 1, max = 20))]
    limit: Option<u32>,
}

impl NodeType for LeadFind {
    const NAME: &'static str = "lead.find";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Find leads",
            "Reads the newest leads by id, address, status, source or a custom value; the output is `{lead, leads, more}`.",
        )
        .outputs(&found::PORTS)
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(vec!["leads".into()])
    }

    fn check(config: &Value) -> Vec<Problem> {
        let is_given = |field: &str| config.get(field).is_some_and(|value| !value.is_null());
        let mut problems: Vec<Problem> = lead_parts::check_email(config).into_iter().collect();
        if !CONDITIONS.into_iter().any(is_given) {
            let detail = "nothing says which leads are meant";
            problems.push(problem("no_lead", "/email", detail, "fill in email, or another condition"));
        }
        if is_given("field") != is_given("value") {
            let detail = "field and value belong together, and one of them is not written";
            problems.push(problem("no_value", "/value", detail, "fill in both, or none of them"));
        }
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let (filter, limit) = match sought(config) {
            Ok(sought) => sought,
            Err(outcome) => return outcome,
        };
        let finding = context.services.leads.find(context.workspace_id, &filter, i64::from(limit) + 1);
        match context.database.ask(finding).await {
            Ok(rows) => found::outcome(rows.iter().map(LeadRow::shown), limit, "lead", "leads"),
            Err(away) => away.into(),
        }
    }
}

fn sought(config: Config) -> Result<(Filter, u32), Outcome> {
    let Config { lead_id, email, status, source, field, value, limit } = config;
    let limit = found::limit_of(limit)?;
    let lead_id = lead_id.as_deref().map(lead_parts::id_of).transpose()?;
    let field = match (field, value) {
        (None, None) => None,
        (Some(name), Some(value)) => Some((name, Value::from(value))),
        _ => return Err(Outcome::fail("config", "field and value belong together, and one of them came to null")),
    };
    if lead_id.is_none() && [&email, &status, &source].into_iter().all(Option::is_none) && field.is_none() {
        return Err(Outcome::fail("config", "nothing says which leads are meant: all conditions came to null"));
    }
    Ok((Filter { lead_id, email, status, source, field, ..Filter::default() }, limit))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    async fn run(config: Value) -> Outcome {
        LeadFind.run(serde_json::from_value(config).unwrap(), &context()).await
    }

    #[test]
    fn what_can_find_nothing_is_found_before_anything_runs() {
        for (config, code) in [
            (json!({ "limit": 3 }), "no_lead"),
            (json!({ "email": "ada" }), "bad_email"),
            (json!({ "field": "budget" }), "no_value"),
        ] {
            let codes: Vec<String> = LeadFind::check(&config).into_iter().map(|problem| problem.code).collect();
            assert_eq!(codes, [code], "{config}");
        }
        for good in [json!({ "email": "{{ input.email }}" }), json!({ "field": "paid", "value": false })] {
            assert!(LeadFind::check(&good).is_empty(), "{good}");
        }
    }

    #[tokio::test]
    async fn who_is_not_there_is_no_failure_and_what_cannot_be_meant_is_one() {
        let none = json!({ "lead": null, "leads": [], "more": false });
        for config in [json!({ "email": "ada@example.com" }), json!({ "field": "budget", "value": 3 })] {
            assert_eq!(run(config).await, Outcome::done("none", none.clone()));
        }
        for (config, said) in [
            (json!({ "lead_id": "seven" }), "no id of a lead"),
            (json!({ "email": null }), "nothing says which leads"),
            (json!({ "field": "budget", "value": null }), "field and value"),
            (json!({ "status": "new", "limit": 0 }), "limit is 1 to 20"),
        ] {
            let (class, reason) = failed(run(config).await);
            assert!(class == "config" && reason.contains(said), "{class}: {reason}");
        }
    }
}
