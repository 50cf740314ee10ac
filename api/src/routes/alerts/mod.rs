//! Alerts, and the rules that raise them.

pub(crate) mod rules;

use axum::Json;
use axum::response::{IntoResponse, Response};
use capstan_domain::alerts::{self, AlertRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::auth::Caller;
use crate::openapi::shapes;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    status: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// One time that a rule was broken.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Alert")]
pub(crate) struct AlertView {
    #[schemars(with = "shapes::Id")]
    id: Uuid,
    #[schemars(with = "shapes::AlertStatus")]
    status: &'static str,
    /// The name of the rule.
    rule: String,
    #[schemars(with = "shapes::AlertKind")]
    kind: String,
    #[schemars(with = "Option<shapes::Id>")]
    workflow_id: Option<Uuid>,
    /// A sentence for people.
    summary: String,
    /// Figures, which depend on the kind.
    #[schemars(with = "Map<String, Value>")]
    detail: Value,
    #[schemars(with = "shapes::Time")]
    raised_at: DateTime<Utc>,
    #[schemars(with = "Option<shapes::Time>")]
    cleared_at: Option<DateTime<Utc>>,
    /// `recovered`, or `rule_changed`.
    cleared_because: Option<String>,
}

/// `GET /alerts?status=open|all&limit&cursor`: newest first; the open ones if nothing is said. 400 `bad_status`.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let only_open = match query.status.as_deref() {
        None | Some("open") => true,
        Some("all") => false,
        Some(_) => return Err(Problem::bad_request("bad_status", "that is no status", "ask for open, or all")),
    };
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = alerts::list(&mut transaction, caller.workspace_id, only_open, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.alert_id, view)).into_response())
}

fn view(row: AlertRow) -> AlertView {
    AlertView {
        id: row.alert_id,
        status: if row.cleared_at.is_none() { "open" } else { "cleared" },
        rule: row.rule,
        kind: row.kind,
        workflow_id: row.workflow_id,
        summary: row.summary,
        detail: row.detail,
        raised_at: row.raised_at,
        cleared_at: row.cleared_at,
        cleared_because: row.cleared_because,
    }
}
