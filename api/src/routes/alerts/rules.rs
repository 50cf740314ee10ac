//! Rules of alerts.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::alerts::{self, DEFAULT_NAME, Kind, RULES_MAX, Rule, RuleRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::auth::{Caller, Holder};
use crate::body;
use crate::openapi::shapes;
use crate::problem::{Finding, Problem};
use crate::routes::workflows;

/// Most bytes of a request that writes a rule.
const WISH_BYTES_MAX: usize = 4 * 1024;

/// A rule. `window_s`, `percent` and `ended_min` are of `failure_rate`, `metric` and `above` of `metric`, `after_s` of the others.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAlertRule")]
pub(crate) struct Wish {
    #[schemars(with = "shapes::AlertKind")]
    kind: String,
    /// All workflows together if absent; `silence` needs one, `queue_age` and `metric` take none.
    #[schemars(with = "Option<shapes::Id>")]
    workflow_id: Option<Uuid>,
    /// How far back to look, 300 to 86,400 seconds.
    window_s: Option<i32>,
    /// So many of a hundred that ended have failed.
    percent: Option<i32>,
    /// So many have to have ended in the window: 1 to 1,000.
    ended_min: Option<i32>,
    /// How long is too long, 60 to 31,536,000 seconds.
    after_s: Option<i32>,
    /// A figure of the present day (UTC).
    #[schemars(with = "Option<shapes::AlertMetric>")]
    metric: Option<String>,
    /// More than that is too much.
    above: Option<i64>,
    /// Whether owner and administrators are mailed: true if absent.
    mail: Option<bool>,
    /// Whether it is looked at: true if absent.
    enabled: Option<bool>,
}

/// A rule as it is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AlertRule")]
pub(crate) struct RuleView {
    name: String,
    #[schemars(with = "shapes::AlertKind")]
    kind: &'static str,
    #[schemars(with = "Option<shapes::Id>")]
    workflow_id: Option<Uuid>,
    window_s: Option<i32>,
    percent: Option<i32>,
    ended_min: Option<i32>,
    after_s: Option<i32>,
    #[schemars(with = "Option<shapes::AlertMetric>")]
    metric: Option<String>,
    above: Option<i64>,
    mail: bool,
    enabled: bool,
    /// Null for the rule that is shipped.
    updated_by: Option<String>,
    #[schemars(with = "Option<shapes::Time>")]
    updated_at: Option<DateTime<Utc>>,
}

/// `GET /alert-rules`: all of them by name; `failures` as it is shipped, unless the workspace has written its own.
pub(crate) async fn list(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let rows = alerts::list_rules(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    let items: Vec<RuleView> = rows.into_iter().map(RuleView::from).collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `PUT /alert-rules/{name} {kind, …}`: 204. An alert of the rule as it was is cleared. 404 unknown workflow, 422 `invalid_rule`,
/// `too_many_rules`.
pub(crate) async fn put(holder: Holder, Path(name): Path<String>, request: Request) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let wish: Wish = body::typed(request, WISH_BYTES_MAX).await?;
    let rule = checked(&name, wish)?;
    if let Some(workflow_id) = rule.workflow_id {
        workflows::find(&caller, &workflow_id.to_string()).await?;
    }
    let mut transaction = caller.write().await?;
    caller.hold(&mut transaction, &format!("alert rule {name}")).await?;
    let before = shown(&mut transaction, &caller, &name).await?;
    if !alerts::put_rule(&mut transaction, caller.workspace_id, &name, &rule, &key.name).await? {
        let detail = format!("this workspace has {RULES_MAX} rules, which is the most");
        return Err(Problem::unprocessable("too_many_rules", detail, "delete one that is not needed"));
    }
    let after = shown(&mut transaction, &caller, &name).await?;
    caller.differs(&mut transaction, &before, &after).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /alert-rules/{name}`: 204; of `failures`, the shipped one holds again. 404 unknown.
pub(crate) async fn delete(caller: Caller, Path(name): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.write().await?;
    caller.hold(&mut transaction, &format!("alert rule {name}")).await?;
    let before = shown(&mut transaction, &caller, &name).await?;
    let is_gone = alerts::is_name(&name) && alerts::delete_rule(&mut transaction, caller.workspace_id, &name).await?;
    let after = shown(&mut transaction, &caller, &name).await?;
    caller.differs(&mut transaction, &before, &after).await?;
    transaction.commit().await?;
    if !is_gone {
        let problem = Problem::not_found("alert rule", &name);
        let hint = "the rule that is shipped cannot be removed: write it with `enabled` false";
        return Err(if name == DEFAULT_NAME { Problem { hint: hint.into(), ..problem } } else { problem });
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A rule as the audit log shows it; null if there is none.
async fn shown(connection: &mut PgConnection, caller: &Caller, name: &str) -> Result<Value, Problem> {
    let rows = alerts::list_rules(connection, caller.workspace_id).await?;
    let row = rows.into_iter().find(|row| row.name == name);
    Ok(json!(row.map(|row| RuleView { updated_by: None, updated_at: None, ..RuleView::from(row) })))
}

fn checked(name: &str, wish: Wish) -> Result<Rule, Problem> {
    let wrong = |field: &str, detail: String| {
        let hint = "docs/alerts.md tells what each kind takes";
        let finding =
            Finding { code: "invalid_rule", pointer: format!("/{field}"), detail: detail.clone(), hint: hint.into() };
        Problem::unprocessable("invalid_rule", detail, hint).findings([finding])
    };
    if !alerts::is_name(name) {
        return Err(wrong(
            "name",
            "the name of a rule is 1 to 50 of a-z, 0-9, _ and -, a letter or digit first".into(),
        ));
    }
    let kind = wish.kind.parse::<Kind>().map_err(|why| wrong("kind", format!("kind {why}")))?;
    let rule = Rule {
        kind,
        workflow_id: wish.workflow_id,
        window_s: wish.window_s,
        after_s: wish.after_s,
        percent: wish.percent,
        ended_min: wish.ended_min,
        metric: wish.metric,
        above: wish.above,
        is_mailed: wish.mail.unwrap_or(true),
        is_enabled: wish.enabled.unwrap_or(true),
    };
    rule.check().map_err(|flaw| wrong(flaw.field, flaw.to_string()))?;
    Ok(rule)
}

impl From<RuleRow> for RuleView {
    fn from(RuleRow { name, rule, updated_by, updated_at }: RuleRow) -> Self {
        Self {
            name,
            kind: rule.kind.as_str(),
            workflow_id: rule.workflow_id,
            window_s: rule.window_s,
            percent: rule.percent,
            ended_min: rule.ended_min,
            after_s: rule.after_s,
            metric: rule.metric,
            above: rule.above,
            mail: rule.is_mailed,
            enabled: rule.is_enabled,
            updated_by,
            updated_at,
        }
    }
}
