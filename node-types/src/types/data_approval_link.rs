//! `data.approval_link`

use capstan_domain::approvals::{ApprovalStep, Link};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::ids::{NodeId, StepKey};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use chrono::SubsecRound;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::LogicApproval;
use super::parts::{Scalar, check_span, has_expression, literal, span_of};
use crate::node_type::{Context, NodeType, Spec};

/// How long a link lives if its node does not say.
const LIFE_DEFAULT: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);
/// Longest text on whom a link is for, in bytes.
const HOLDER_BYTES_MAX: usize = 254;

/// Makes the links with which a person answers an approval.
pub(crate) struct DataApprovalLink;

/// Which approval, and for whom.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Id of the `logic.approval` node that asks; it lies in the same container, and runs beside or after this node.
    #[schemars(length(min = 1, max = 100))]
    node: String,
    /// For whom the links are, such as an e-mail address: it is recorded with the answer. Who has a link can use it.
    holder: Option<Scalar>,
    /// How long the links are good in milliseconds, at most five years; 30 days if absent.
    expires_ms: Option<u64>,
    /// The same as text, such as `3d 2h`; not together with `expires_ms`.
    expires: Option<String>,
}

impl NodeType for DataApprovalLink {
    const NAME: &'static str = "data.approval_link";
    const EFFECT: Effect = Effect::Idempotent;
    const LOCAL: bool = true;
    const PARTNER: Option<(&'static str, &'static str)> = Some(("node", LogicApproval::NAME));
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Make approval links",
            "Signed links for a mail, with which its reader answers an approval: \
             `{page_url, approve_url, reject_url, expires_at}`.",
        )
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_span(config, "expires").into_iter().collect();
        if config.get("node").and_then(Value::as_str).is_some_and(has_expression) {
            problems.push(Problem { hint: "write the id of the approval node".into(), ..literal("node") });
        }
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let holder = config.holder.map(|holder| holder.to_string()).unwrap_or_default();
        if holder.len() > HOLDER_BYTES_MAX {
            let bytes = holder.len();
            return Outcome::fail(
                "config",
                format!("holder has at most {HOLDER_BYTES_MAX} bytes, this one has {bytes}"),
            );
        }
        let life = match span_of(config.expires_ms, config.expires.as_deref()) {
            Ok(life) => life.unwrap_or(LIFE_DEFAULT),
            Err(failed) => return failed,
        };
        let step = StepKey { node_id: NodeId::from(config.node.as_str()), scope: context.step.scope.clone() };
        let asking = ApprovalStep { workspace_id: context.workspace_id, execution_id: context.execution_id, step };
        // The same in every attempt, and as exact as a token.
        let link = Link { asking, expires_at: (context.now + life).trunc_subsecs(3), holder };
        match context.database.ask(context.services.approvals.token(&link)).await {
            Ok(token) => {
                let page_url = format!("{}/approve/{token}", context.services.public_url);
                let output = json!({
                    "page_url": page_url,
                    "approve_url": format!("{page_url}?answer=approve"),
                    "reject_url": format!("{page_url}?answer=reject"),
                    "expires_at": link.expires_at,
                });
                Outcome::done("out", output)
            }
            Err(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use capstan_engine::core::graph::Graph;

    use super::*;
    use crate::registry::Registry;
    use crate::testing::{Answers, context, context_at, failed, put_off};

    async fn run(config: Value, context: &Context) -> Outcome {
        DataApprovalLink.run(serde_json::from_value(config).unwrap(), context).await
    }

    #[tokio::test]
    async fn every_attempt_makes_the_same_links() {
        let context = context_at(Arc::new(Answers::default()));
        let config = json!({"node": "ok", "holder": "ada@example.com", "expires": "1d"});
        let first = run(config.clone(), &context).await;
        assert_eq!(first, run(config, &context).await);
        let Outcome::Done { output, .. } = first else { panic!("{first:?}") };
        let page = "http://127.0.0.1:7400/approve/token-of-ok-for-ada@example.com";
        assert_eq!(
            output,
            json!({"page_url": page, "approve_url": format!("{page}?answer=approve"),
                "reject_url": format!("{page}?answer=reject"), "expires_at": "2026-01-02T00:00:00Z"})
        );
    }

    #[tokio::test]
    async fn bad_settings_fail_and_a_desk_that_is_away_is_tried_again() {
        for config in [json!({"node": "ok", "holder": "x".repeat(255)}), json!({"node": "ok", "expires": "soon"})] {
            assert_eq!(failed(run(config, &context()).await).0, "config");
        }
        let away = Arc::new(Answers { away: true, ..Answers::default() });
        assert!(put_off(run(json!({"node": "ok"}), &context_at(away)).await).contains("approval"));
        let found = DataApprovalLink::check(&json!({"node": "{{ input.node }}", "expires": "x"}));
        let found: Vec<_> = found.into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(found, ["/expires", "/node"]);
    }

    #[test]
    fn links_lead_to_an_approval_of_the_same_container_or_are_not_published() {
        let node = |id: &str, kind: &str, parent: Option<&str>, config: Value| json!({"id": id, "type": kind, "parentId": parent, "data": {"label": id, "config": config}});
        let compile = |parent: Option<&str>, wanted: &str| {
            let approval = json!({"title": "t"});
            let nodes = [
                node("start", "trigger.manual", None, json!({})),
                node("link", "data.approval_link", None, json!({"node": wanted})),
                node("each", "logic.for_each", None, json!({"items": [1]})),
                node("inner", "debug.noop", Some("each"), json!({})),
                node("ok", "logic.approval", parent, approval),
            ];
            let edge = |id: &str| json!({"id": id, "source": "start", "target": id});
            let targets = if parent.is_none() { vec!["link", "each", "ok"] } else { vec!["link", "each"] };
            let edges: Vec<Value> = targets.into_iter().map(edge).collect();
            let compiled = Graph::compile(&json!({"nodes": nodes, "edges": edges}), &Registry::standard());
            compiled.err().unwrap_or_default().into_iter().map(|problem| problem.code).collect::<Vec<_>>()
        };
        assert_eq!(compile(None, "ok"), Vec::<String>::new());
        for (parent, wanted) in [(None, "OK"), (None, "each"), (Some("each"), "ok")] {
            assert_eq!(compile(parent, wanted), ["unknown_partner"], "{parent:?} {wanted}");
        }
    }
}
