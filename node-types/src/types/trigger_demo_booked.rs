//! `trigger.demo_booked`

use capstan_domain::hooks::{Preset, is_secret_name};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::hook_call::{self, VerifyConfig};
use super::parts::{check_path, has_expression, problem, trigger_run};
use super::trigger_webhook::Config as WebhookConfig;
use crate::node_type::{Context, NodeType, Spec};

/// Status of a lead that has booked, if the trigger says none.
const BOOKED: &str = "booked";

/// Starts when somebody books a meeting at Calendly.
pub(crate) struct TriggerDemoBooked;

/// Where bookings are told, and what becomes of the lead.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the hook secret that Calendly signs with; not the secret itself.
    pub secret: String,
    /// Path behind `/api/webhook/calendly/{workspace}/`; `calendly` if absent, for which it may be left out there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How old the signed time of a call may be, such as `5min`, which it is if absent; at most an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<String>,
    /// Status that the lead gets, where the pipeline allows it from where the lead stands.
    #[serde(default = "booked")]
    pub status: String,
    /// What becomes of a booking whose e-mail address is that of no lead.
    #[serde(default)]
    pub unknown: UnknownLead,
}

/// What becomes of a booking of somebody who is no lead yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnknownLead {
    /// They become one.
    #[default]
    Create,
    /// The call is answered, and nothing happens.
    Ignore,
}

fn booked() -> String {
    BOOKED.into()
}

impl Config {
    /// How its calls are verified: as those of a hook.
    #[must_use]
    pub fn as_hook(&self) -> WebhookConfig {
        let verify = VerifyConfig {
            preset: Preset::Calendly,
            secret: Some(self.secret.clone()),
            tolerance: self.tolerance.clone(),
            ..VerifyConfig::default()
        };
        let path = self.path.clone().unwrap_or_default();
        // Nothing else of a hook is asked for here.
        serde_json::from_value(json!({ "path": path, "verify": verify })).expect("a path and how to verify are a hook")
    }
}

impl NodeType for TriggerDemoBooked {
    const NAME: &'static str = "trigger.demo_booked";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger(
            "Demo booked",
            "Starts when a lead books a meeting at Calendly; the input is `{lead, booking, event}`.",
        )
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_path(config).into_iter().collect();
        let text = |field: &str| config.get(field).and_then(Value::as_str);
        if text("secret").is_some_and(|name| !is_secret_name(name)) {
            let hint = "name a hook secret of this workspace; the secret itself is kept with it";
            problems.push(problem("bad_verification", "/secret", "this cannot be the name of a hook secret", hint));
        }
        if text("status").is_some_and(has_expression) {
            let detail = "the status of a trigger has to be known before anything runs";
            problems.push(problem("not_a_literal", "/status", detail, "write it out, such as booked"));
        }
        // A hook checks the tolerance in its own place.
        let verify = json!({ "verify": { "preset": "calendly", "secret": "s", "tolerance": config.get("tolerance") } });
        let tolerance = hook_call::check(&verify).into_iter().filter(|found| found.pointer == "/verify/tolerance");
        problems.extend(tolerance.map(|found| Problem { pointer: "/tolerance".into(), ..found }));
        problems
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found_with_its_place() {
        let found =
            |config: Value| TriggerDemoBooked::check(&config).into_iter().map(|it| it.pointer).collect::<Vec<_>>();
        let none: [&str; 0] = [];
        assert_eq!(found(json!({ "secret": "calendly" })), none);
        assert_eq!(found(json!({ "secret": "a/b" })), ["/secret"]);
        assert_eq!(found(json!({ "secret": "s", "path": "A" })), ["/path"]);
        assert_eq!(found(json!({ "secret": "s", "status": "{{ input.x }}" })), ["/status"]);
        assert_eq!(found(json!({ "secret": "s", "tolerance": "2h" })), ["/tolerance"]);
    }

    #[test]
    fn its_calls_are_verified_as_those_of_a_hook() {
        let config: Config = serde_json::from_value(json!({ "secret": "s", "tolerance": "1min" })).unwrap();
        let rules = config.as_hook().verify.rules();
        assert_eq!((rules.preset, rules.tolerance_s), (Preset::Calendly, 60));
        assert_eq!((config.status.as_str(), config.unknown), ("booked", UnknownLead::Create));
    }
}
