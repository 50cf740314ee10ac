//! Automation rules: an event, conditions, actions, and the workflow that they are compiled to.

pub(crate) mod change;
mod made;
pub(in crate::routes) mod turn;
pub(crate) mod view;

use axum::Json;
use axum::extract::Path;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use capstan_domain::rules::{self, RuleRow};
use schemars::JsonSchema;
use serde::Deserialize;

use self::view::RuleView;
use super::workflows::etag;
use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /rules?limit&cursor`: newest first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = rules::list(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.rule_id, RuleView::from)).into_response())
}

/// `GET /rules/{id}`: the ETag is its revision.
pub(crate) async fn get(caller: Caller, Path(rule_id): Path<String>) -> Result<Response, Problem> {
    let row = find(&caller, &rule_id).await?;
    Ok(([(ETAG, etag(row.revision))], Json(RuleView::from(row))).into_response())
}

/// The rule of that id, of this workspace.
async fn find(caller: &Caller, rule_id: &str) -> Result<RuleRow, Problem> {
    let mut transaction = caller.read().await?;
    let row = rules::find(&mut transaction, caller.workspace_id, super::id(rule_id, "rule")?).await?;
    transaction.commit().await?;
    row.ok_or_else(|| Problem::not_found("rule", rule_id))
}
