//! What was changed of the platform, for its administrators.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_domain::platform;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Api;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct AuditQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /platform/audit?limit&cursor`: changes of settings and of what is assigned to workspaces, newest first.
pub(crate) async fn list(State(api): State<Api>, Query(query): Query<AuditQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let rows = platform::list_audit(&mut *api.people.pool.begin().await?, paging.before, paging.rows()).await?;
    Ok(Json(paging.page(rows, |row| row.id, |row| row)).into_response())
}
