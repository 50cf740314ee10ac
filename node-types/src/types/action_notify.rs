//! `action.notify`

use capstan_domain::access::Role;
use capstan_domain::events::step_event_id;
use capstan_domain::notifications::{Told, WAITING_MAX};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{Scalar, problem};
use crate::node_type::{Context, NodeType, Spec};

/// Most members who are named by their ids.
const USERS_MAX: usize = 20;

/// Tells members of the workspace something.
pub(crate) struct ActionNotify;

/// What is told, and to whom.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What is told: a sentence such as `{{ input.data.lead.name }} wants an offer.`; what is longer than 500 characters is cut.
    text: Scalar,
    /// Roles whose members are told. Where neither roles nor users are named, the owner and the administrators are.
    #[serde(default)]
    #[schemars(length(max = 4))]
    roles: Vec<MemberRole>,
    /// Ids of members who are told, whatever their role: at most 20. Who is no member is told nothing.
    #[serde(default)]
    #[schemars(length(max = 20))]
    users: Vec<String>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum MemberRole {
    Owner,
    Admin,
    Member,
    Viewer,
}

impl From<MemberRole> for Role {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Owner => Self::Owner,
            MemberRole::Admin => Self::Admin,
            MemberRole::Member => Self::Member,
            MemberRole::Viewer => Self::Viewer,
        }
    }
}

impl NodeType for ActionNotify {
    const NAME: &'static str = "action.notify";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Notify members",
            "Tells members of the workspace something in their list of news, once, with a link to the execution; the \
             output is `{text}`.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(vec!["notices".into()])
    }

    fn check(config: &Value) -> Vec<Problem> {
        let blank = config.get("text").and_then(Value::as_str).filter(|text| text.trim().is_empty());
        blank
            .map(|_| problem("no_text", "/text", "nothing is told", "write a sentence for those who are told"))
            .into_iter()
            .collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let told = match told(config, context) {
            Ok(told) => told,
            Err(outcome) => return outcome,
        };
        let telling = context.services.notices.tell(context.workspace_id, &told);
        match context.database.ask(telling).await {
            Ok(true) => Outcome::done("out", json!({ "text": told.summary })),
            Ok(false) => {
                let reason = format!("{WAITING_MAX} notices of this workspace wait to be told to people already");
                Outcome::retry("notices", reason, None)
            }
            Err(away) => away.into(),
        }
    }
}

fn told(config: Config, context: &Context) -> Result<Told, Outcome> {
    let Config { text, roles, users } = config;
    // The database cannot hold it.
    let summary = text.to_string().trim().replace('\0', "\u{fffd}");
    if summary.is_empty() {
        return Err(Outcome::fail("config", "text came to nothing; write a sentence for those who are told"));
    }
    if users.len() > USERS_MAX {
        let reason = format!("at most {USERS_MAX} members are named by their ids, and these are {}", users.len());
        return Err(Outcome::fail("config", reason));
    }
    let mut ids = Vec::new();
    for user in users {
        let Ok(id) = user.trim().parse() else {
            let user: String = user.chars().take(60).collect();
            let reason = format!("{user:?} is no id of a member; GET /api/v1/members tells them");
            return Err(Outcome::fail("config", reason));
        };
        ids.push(id);
    }
    let mut roles: Vec<Role> = roles.into_iter().map(Role::from).collect();
    roles.sort_unstable();
    roles.dedup();
    let key = step_event_id(&context.idempotency_key());
    Ok(Told { key, summary, page: format!("executions/{}", context.execution_id), roles, ids })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use capstan_engine::core::ids::WorkspaceId;
    use futures::future::BoxFuture;

    use super::*;
    use crate::services::notices::{NoticeDesk, NoticesAway};
    use crate::testing::{context, context_telling, failed, retried};

    /// Has room or not, and remembers what it was told.
    struct Desk(bool, Mutex<Vec<Told>>);

    impl NoticeDesk for Desk {
        fn tell<'a>(&'a self, _: WorkspaceId, told: &'a Told) -> BoxFuture<'a, Result<bool, NoticesAway>> {
            self.1.lock().unwrap().push(told.clone());
            Box::pin(async { Ok(self.0) })
        }
    }

    async fn run(config: Value, context: &Context) -> Outcome {
        ActionNotify.run(serde_json::from_value(config).unwrap(), context).await
    }

    #[tokio::test]
    async fn every_attempt_tells_the_same_under_the_same_key_with_a_link_to_its_execution() {
        let desk = Arc::new(Desk(true, Mutex::default()));
        let mut context = context_telling(desk.clone());
        let id = uuid::Uuid::now_v7();
        let config = json!({ "text": " Ada wants an offer. ", "roles": ["viewer", "member", "viewer"], "users": [id.to_string()] });
        for attempt in [1, 2] {
            context.attempt = attempt;
            let outcome = run(config.clone(), &context).await;
            assert_eq!(outcome, Outcome::done("out", json!({ "text": "Ada wants an offer." })));
        }
        let told = desk.1.lock().unwrap();
        assert_eq!(told[0], told[1]);
        assert!(told[0].key.starts_with("$step:"), "{}", told[0].key);
        assert_eq!((told[0].roles.as_slice(), told[0].ids.as_slice()), (&[Role::Viewer, Role::Member][..], &[id][..]));
        assert_eq!(told[0].page, format!("executions/{}", context.execution_id));
    }

    #[tokio::test]
    async fn where_too_much_waits_it_is_tried_again_and_what_tells_nobody_anything_fails() {
        let desk = Arc::new(Desk(false, Mutex::default()));
        assert_eq!(retried(run(json!({ "text": 7 }), &context_telling(desk)).await).0, "notices");
        let many: Vec<String> = (0..=USERS_MAX).map(|_| uuid::Uuid::nil().to_string()).collect();
        for (config, said) in [
            (json!({ "text": " " }), "came to nothing"),
            (json!({ "text": "a", "users": ["ada"] }), "no id of a member"),
            (json!({ "text": "a", "users": many }), "at most 20"),
        ] {
            let (class, reason) = failed(run(config, &context()).await);
            assert!(class == "config" && reason.contains(said), "{class}: {reason}");
        }
        assert!(serde_json::from_value::<Config>(json!({ "text": "a", "roles": ["boss"] })).is_err());
        assert_eq!(ActionNotify::check(&json!({ "text": " " }))[0].code, "no_text");
        assert!(ActionNotify::check(&json!({ "text": "{{ input.text }}" })).is_empty());
    }
}
