//! Approvals: those that wait for a person, and answers with an API key.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::approvals::{self, ApprovalRow, ApprovalStep, By, Decision, Filter, NewAnswer};
use capstan_engine::core::ids::{NodeId, Scope, StepKey};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answering::{self, ANSWER_BYTES_MAX, Delivered, peer};
use super::{id, idempotency_key};
use crate::Api;
use crate::auth::{Caller, Holder};
use crate::body;
use crate::paging::Paging;
use crate::problem::{Finding, Problem};
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    status: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// An approval as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Approval")]
pub(crate) struct ApprovalView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    #[schemars(with = "crate::openapi::shapes::Id")]
    execution_id: Uuid,
    node_id: String,
    scope: String,
    title: String,
    text: Option<String>,
    #[schemars(with = "Vec<Map<String, Value>>")]
    fields: Value,
    /// Who may answer: `{api_key, link}`.
    #[schemars(with = "crate::openapi::shapes::WhoAnswers")]
    who: Value,
    #[schemars(with = "crate::openapi::shapes::ApprovalStatus")]
    status: String,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    deadline_at: Option<DateTime<Utc>>,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    closed_at: Option<DateTime<Utc>>,
    /// Who answered what; null until then.
    #[schemars(with = "Option<crate::openapi::shapes::ApprovalAnswer>")]
    answer: Option<Value>,
}

impl From<ApprovalRow> for ApprovalView {
    fn from(row: ApprovalRow) -> Self {
        Self {
            id: row.approval_id,
            execution_id: row.execution_id,
            node_id: row.node_id,
            scope: row.scope,
            title: row.title,
            text: row.body,
            fields: row.fields,
            who: json!({ "api_key": row.by_api_key, "link": row.by_link }),
            status: row.status,
            deadline_at: row.deadline_at,
            created_at: row.created_at,
            closed_at: row.closed_at,
            answer: row.answer,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAnswer")]
pub(crate) struct Body {
    #[schemars(with = "crate::openapi::shapes::Decision")]
    decision: Decision,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    fields: Map<String, Value>,
    comment: Option<String>,
}

/// `GET /approvals?status&limit&cursor`: newest first; those that wait for an answer, or with `status=all` all of them.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let filter = match query.status.as_deref() {
        None | Some("open") => Filter::Open,
        Some("all") => Filter::All,
        Some(_) => {
            let hint = "use open or all, or leave it out";
            return Err(Problem::bad_request("bad_status", "approvals cannot be listed by this status", hint));
        }
    };
    let mut transaction = caller.write().await?;
    let rows = approvals::list(&mut transaction, caller.workspace_id, filter, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.approval_id, ApprovalView::from)).into_response())
}

/// `POST /executions/{id}/approvals/{node} {decision, scope?, fields?, comment?}`: 202 with the answer as the step will
/// give it back. With an `Idempotency-Key` the same answer may be repeated. 409 `already_answered`.
pub(crate) async fn answer(
    State(api): State<Api>,
    Holder { caller, key }: Holder,
    Path((execution_id, node_id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let step = |scope: String| StepKey { node_id: NodeId::from(node_id.as_str()), scope: Scope(scope.into()) };
    let execution_id = id(&execution_id, "execution")?;
    let idempotency_key = idempotency_key(request.headers())?.map(str::to_owned);
    let by = By::ApiKey { id: key.key_id, name: key.name, address: peer(request.extensions()) };
    let body: Body = body::typed(request, ANSWER_BYTES_MAX).await?;
    let asking = ApprovalStep { workspace_id: caller.workspace_id, execution_id, step: step(body.scope) };
    let row = answering::asked(&caller, &asking).await?;
    if !row.by_api_key {
        let detail = format!("\"{}\" is answered with a link only", row.title);
        return Err(Problem::new(StatusCode::FORBIDDEN, "links_only", detail, "open the link that was sent"));
    }
    if row.status == "open" {
        answering::require_waiting(&api, &caller, &asking, &row).await?;
    }
    let fields = answering::checked(&row, body.decision, &body.fields)?.map_err(|errors| {
        let findings = errors.into_iter().map(|error| Finding {
            code: error.code,
            pointer: format!("/fields/{}", error.field),
            detail: error.detail,
            hint: "correct the field".into(),
        });
        let detail = "the fields were not filled in properly";
        Problem::unprocessable("invalid_input", detail, "each entry of errors names a field").findings(findings)
    })?;
    let comment = answering::comment(body.comment)?;
    let new = NewAnswer { decision: body.decision, fields, comment, by, idempotency_key };
    let Delivered { answer, replayed } = answering::deliver(&caller, &asking, &new).await?;
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    if replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}
