//! `lead.upsert`

use capstan_domain::leads::{Act, Mode};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::lead_parts::{self, Parts};
use super::parts::Scalar;
use crate::node_type::{Context, NodeType, Spec};

/// Makes or changes the lead of an address.
pub(crate) struct LeadUpsert;

/// The lead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// E-mail address by which the lead is known, such as `{{ input.email }}`.
    email: String,
    /// Name of the person. What is absent or null stays as it is, here and below; an empty text removes it.
    name: Option<String>,
    /// Telephone number.
    phone: Option<Scalar>,
    /// Name of the firm.
    company: Option<String>,
    /// Where a new lead comes from, such as `newsletter`; `manual` if absent. A lead that is there keeps its source.
    source: Option<String>,
    /// Custom values by name: texts, numbers, true or false; null removes one. A field that is not known yet is defined.
    fields: Option<Map<String, Value>>,
}

impl NodeType for LeadUpsert {
    const NAME: &'static str = "lead.upsert";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Create or update a lead",
            "Makes the lead of an e-mail address or changes it, once; the output is `{lead, created, changed}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(lead_parts::classes().into_iter().chain([lead_parts::QUOTA.to_owned()]).collect())
    }

    fn check(config: &Value) -> Vec<Problem> {
        lead_parts::check_email(config).into_iter().collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { email, name, phone, company, source, fields } = config;
        if email.trim().is_empty() {
            return Outcome::fail("invalid_lead", "the e-mail address is empty, and a lead is known by it");
        }
        let patch = Parts { email: Some(email), name, phone, company, source, fields }.patch();
        lead_parts::run(context, Act::Upsert { patch, mode: Mode::Replace, noted: None }).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use capstan_domain::leads::{Done, Filter, LeadFlaw, LeadRow, Mailed};
    use capstan_domain::machine::Refused;
    use capstan_domain::quotas::Full;
    use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
    use futures::future::BoxFuture;
    use serde_json::json;

    use super::*;
    use crate::services::leads::{LeadDesk, LeadsAway};
    use crate::testing::{context_with_leads, failed, retried};

    /// Answers this, and remembers what it was asked.
    struct Answers(Option<Done>, Mutex<Vec<(String, Act)>>);

    impl LeadDesk for Answers {
        fn act<'a>(
            &'a self,
            _: WorkspaceId,
            _: ExecutionId,
            once: &'a str,
            what: &'a Act,
        ) -> BoxFuture<'a, Result<Option<Done>, LeadsAway>> {
            self.1.lock().unwrap().push((once.to_owned(), what.clone()));
            Box::pin(async { Ok(self.0.clone()) })
        }

        fn mailed<'a>(
            &'a self,
            _: WorkspaceId,
            _: ExecutionId,
            _: &'a str,
            _: &'a Mailed,
        ) -> BoxFuture<'a, Result<(), LeadsAway>> {
            unreachable!("no mail is sent");
        }

        fn find<'a>(&'a self, _: WorkspaceId, _: &'a Filter, _: i64) -> BoxFuture<'a, Result<Vec<LeadRow>, LeadsAway>> {
            unreachable!("no lead is sought");
        }
    }

    async fn run(config: Value, done: Option<Done>) -> (Outcome, Vec<(String, Act)>) {
        let desk = Arc::new(Answers(done, Mutex::default()));
        let context = context_with_leads(desk.clone());
        let outcome = LeadUpsert.run(serde_json::from_value(config).unwrap(), &context).await;
        let asked = desk.1.lock().unwrap().clone();
        (outcome, asked)
    }

    #[tokio::test]
    async fn what_the_desk_says_becomes_an_outcome_with_a_class_of_its_own() {
        let config = json!({ "email": "ada@example.com", "phone": 4711, "fields": { "budget": 3 } });
        let flaw = LeadFlaw { place: "email".into(), code: "invalid", detail: "no address".into() };
        for (done, class) in [
            (Some(Done::Flawed(vec![flaw])), "invalid_lead"),
            (Some(Done::Exists(None)), "lead_exists"),
            (Some(Done::NotFound), "no_such_lead"),
            (Some(Done::Refused(Refused::UnknownState("x".into(), "new".into()))), "config"),
            (Some(Done::Moved("won".into())), "transition_forbidden"),
            (Some(Done::NoRoom(Full { used: 3, units_max: 3 })), "quota"),
            (None, "event_loop"),
        ] {
            assert_eq!(failed(run(config.clone(), done).await.0).0, class);
        }
        for done in [Done::Full, Done::Again] {
            assert_eq!(retried(run(config.clone(), Some(done)).await.0).0, "leads");
        }
        let (_, asked) = run(config, Some(Done::NotFound)).await;
        let [(once, Act::Upsert { patch, mode: Mode::Replace, noted: None })] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert!(once.starts_with("$step:"), "{once}");
        assert_eq!((patch.phone.as_deref(), patch.fields["budget"].as_i64()), (Some("4711"), Some(3)));
        let (outcome, asked) = run(json!({ "email": " " }), Some(Done::NotFound)).await;
        assert!(failed(outcome).0 == "invalid_lead" && asked.is_empty());
    }

    #[test]
    fn an_error_edge_may_wait_for_the_limit_of_leads() {
        assert!(LeadUpsert::classes(&Value::Null).unwrap().contains(&"quota".to_owned()));
    }

    #[test]
    fn an_address_that_is_none_is_found_before_anything_runs() {
        for (email, good) in [("ada@example.com", true), ("{{ input.email }}", true), ("ada", false)] {
            assert_eq!(LeadUpsert::check(&json!({ "email": email })).is_empty(), good, "{email}");
        }
    }
}
