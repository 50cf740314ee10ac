//! `action.meter`

use capstan_domain::quotas::{custom_meter, is_custom};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::problem;
use crate::node_type::{Context, NodeType, Spec};
use crate::services::quotas::{QUOTA, QUOTA_AWAY, Spent};

/// Most units of a step.
const UNITS_MAX: u32 = 1_000_000;

/// Charges a quota that the plan or the workspace has named.
pub(crate) struct ActionMeter;

/// What is used.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Name of the quota, such as `pages`: small letters, digits and `_`; taken as written.
    quota: String,
    /// How much of it, 1 to 1,000,000.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    units: u32,
}

const fn one() -> u32 {
    1
}

impl NodeType for ActionMeter {
    const NAME: &'static str = "action.meter";
    const EFFECT: Effect = Effect::Idempotent;
    const RAW: &'static [&'static str] = &["quota"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Charge a quota",
            "Uses units of a quota of the workspace, or fails where it is used up; the output is `{quota, units}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some([QUOTA, QUOTA_AWAY].into_iter().map(Into::into).collect())
    }

    fn used(workspace_id: WorkspaceId, output: &Value) -> Option<(&'static str, i64)> {
        Some((custom_meter(workspace_id, output["quota"].as_str()?)?, output["units"].as_i64()?))
    }

    fn check(config: &Value) -> Vec<Problem> {
        let quota = config.get("quota").and_then(Value::as_str);
        let bad = quota.filter(|quota| !is_custom(quota));
        bad.map(|quota| {
            let shown: String = quota.chars().take(60).collect();
            let detail = format!("{shown:?} is no quota that a step can charge");
            let hint = "write a name of your own: a small letter, then small letters, digits and _, at most 50";
            problem("bad_quota", "/quota", detail, hint)
        })
        .into_iter()
        .collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Config { quota, units } = config;
        if !(1..=UNITS_MAX).contains(&units) {
            return Outcome::fail("config", format!("a step uses 1 to {UNITS_MAX} units, this one would use {units}"));
        }
        let Some(meter) = custom_meter(context.workspace_id, &quota) else {
            return Outcome::fail(
                QUOTA,
                "this workspace charges more quotas than a worker keeps in mind: use fewer names",
            );
        };
        let spent = match Spent::of_step(context, meter, units.into(), &format!("quota {quota:?}")).await {
            Ok(spent) => spent,
            Err(outcome) => return outcome,
        };
        spent.confirm();
        Outcome::done("out", json!({ "quota": quota, "units": units }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use capstan_domain::quotas::Refused;
    use capstan_engine::store::error::StoreError;
    use futures::future::BoxFuture;
    use uuid::Uuid;

    use super::*;
    use crate::services::quotas::QuotaDesk;
    use crate::testing::{context_within, failed};

    /// Has so many units left.
    struct Left(AtomicI64);

    impl QuotaDesk for Left {
        fn admit(
            &self,
            _: WorkspaceId,
            meter: &'static str,
            units: i64,
        ) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
            assert_eq!(meter, "pages");
            let spend = |left: i64| (left >= units).then_some(left - units);
            let spent = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
            Box::pin(async move { Ok(spent.map(drop).map_err(|_| Refused { resets_in_s: 9 })) })
        }
        fn confirm(&self, _: WorkspaceId, _: &'static str, _: i64) {}
        fn give_back(&self, _: WorkspaceId, _: &'static str, _: i64) {
            unreachable!("what is admitted is used");
        }
    }

    #[tokio::test]
    async fn units_are_used_all_or_none_and_told_as_what_the_step_has_used() {
        let context = context_within(Arc::new(Left(AtomicI64::new(5))));
        let mut outcomes = Vec::new();
        for config in [
            json!({ "quota": "pages", "units": 4 }),
            json!({ "quota": "pages", "units": 2 }),
            json!({ "quota": "pages" }),
        ] {
            outcomes.push(ActionMeter.run(serde_json::from_value(config).unwrap(), &context).await);
        }
        let output = json!({ "quota": "pages", "units": 4 });
        let workspace_id = WorkspaceId(Uuid::nil());
        assert_eq!(ActionMeter::used(workspace_id, &output), Some(("pages", 4)));
        assert_eq!(outcomes[0], Outcome::done("out", output));
        let refused = failed(outcomes.remove(1));
        assert_eq!(refused.0, "quota");
        assert!(refused.1.contains("pages"), "{}", refused.1);
        assert_eq!(outcomes[1], Outcome::done("out", json!({ "quota": "pages", "units": 1 })));
        for wrong in [json!({ "quota": "pages", "units": 0 }), json!({ "quota": "pages", "units": 1_000_001 })] {
            assert_eq!(failed(ActionMeter.run(serde_json::from_value(wrong).unwrap(), &context).await).0, "config");
        }
    }

    #[test]
    fn what_is_counted_otherwise_cannot_be_charged() {
        assert!(ActionMeter::check(&json!({ "quota": "pages" })).is_empty());
        for bad in ["emails", "email_sends_per_month", "Pages", "{{ input.q }}", ""] {
            assert_eq!(ActionMeter::check(&json!({ "quota": bad }))[0].code, "bad_quota", "{bad}");
        }
    }
}
