//! Tenants: listed, looked at, and asked for. They are made by `operations`.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, TenantState};
use capstan_engine::core::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::tenant;
use crate::Api;
use crate::actor::Actor;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::{id, operations};

/// Most characters of what is looked for.
const WORDS_CHARS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    q: Option<String>,
    state: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /platform/tenants?q&state&limit&cursor`: newest first; `q` is looked for in slug and name. 400 `bad_state`.
pub(crate) async fn list(State(api): State<Api>, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let state = query.state.as_deref().map(|text| text.parse().map_err(|()| bad_state(text))).transpose()?;
    let words: Option<String> = query.q.map(|q| q.trim().chars().take(WORDS_CHARS_MAX).collect());
    let words = words.filter(|words| !words.is_empty());
    let mut transaction = api.people.pool.begin().await?;
    let rows = access::list_tenants(&mut transaction, words.as_deref(), state, paging.before, paging.rows()).await?;
    Ok(Json(paging.page(rows, |row| row.id, |row| row)).into_response())
}

/// `POST /platform/tenants`: as [`operations::create`].
pub(crate) async fn create(
    state: State<Api>,
    actor: Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    operations::create(state, actor, request).await
}

/// `GET /platform/tenants/{id}`: with its history, newest first. 404 `not_found`.
pub(crate) async fn get(State(api): State<Api>, Path(text): Path<String>) -> Result<Response, Problem> {
    let workspace_id = WorkspaceId(id(&text, "workspace")?);
    let mut shown = json!(tenant(&api, workspace_id).await?);
    shown["history"] = json!(access::tenant_history(&mut *api.people.pool.begin().await?, workspace_id).await?);
    Ok(Json(shown).into_response())
}

fn bad_state(text: &str) -> Problem {
    let known = TenantState::ALL.map(TenantState::as_str).join(", ");
    let detail = format!("\"{}\" is no state", text.chars().take(100).collect::<String>());
    Problem::bad_request("bad_state", detail, format!("ask for one of {known}"))
}
