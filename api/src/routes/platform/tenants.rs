//! Tenants: listed, looked at, written down.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::access::{self, NewTenant, TenantState};
use capstan_domain::quotas::{PlanError, give_plan};
use capstan_engine::core::ids::WorkspaceId;
use serde::Deserialize;
use serde_json::json;

use super::{BODY_BYTES_MAX, tenant};
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::id;
use crate::routes::people::refused;
use crate::{Api, body};

/// Most characters of what is looked for.
const WORDS_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    q: Option<String>,
    state: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    slug: String,
    name: String,
    plan: Option<String>,
    placement: Option<String>,
}

/// `GET /platform/tenants?q&state&limit&cursor`: newest first; `q` is looked for in slug and name. 400 `bad_state`.
pub(crate) async fn list(State(api): State<Api>, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let state = query.state.as_deref().map(|text| text.parse().map_err(|()| bad_state(text))).transpose()?;
    let words: Option<String> = query.q.map(|q| q.trim().chars().take(WORDS_CHARS_MAX).collect());
    let words = words.filter(|words| !words.is_empty());
    let mut connection = api.people.pool.acquire().await?;
    let rows = access::list_tenants(&mut connection, words.as_deref(), state, paging.before, paging.rows()).await?;
    Ok(Json(paging.page(rows, |row| row.id, |row| row)).into_response())
}

/// `GET /platform/tenants/{id}`: with its history, newest first. 404 `not_found`.
pub(crate) async fn get(State(api): State<Api>, Path(text): Path<String>) -> Result<Response, Problem> {
    let workspace_id = WorkspaceId(id(&text, "workspace")?);
    let mut shown = json!(tenant(&api, workspace_id).await?);
    shown["history"] = json!(access::tenant_history(&mut *api.people.pool.acquire().await?, workspace_id).await?);
    Ok(Json(shown).into_response())
}

/// `POST /platform/tenants {slug, name, plan?, placement?}`: 201 with a tenant that is a `draft`. 409 `slug_taken`, 422
/// `bad_slug`, `bad_name`, `unknown_plan`, `placement_unsupported`.
pub(crate) async fn create(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let wish: New = body::typed(request, BODY_BYTES_MAX).await?;
    let plan = wish.plan.as_deref().unwrap_or(&api.people.settings.plan);
    let new = NewTenant {
        slug: &wish.slug,
        name: &wish.name,
        placement: wish.placement.as_deref(),
        cell_schema: &api.people.first_cell,
        state: TenantState::Draft,
    };
    let mut transaction = api.people.pool.begin().await?;
    let workspace_id = access::create_tenant(&mut transaction, &new).await.map_err(refused)?;
    give_plan(&mut transaction, workspace_id, plan).await.map_err(unknown_plan)?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(tenant(&api, workspace_id).await?)).into_response())
}

pub(crate) fn unknown_plan(error: PlanError) -> Problem {
    let detail = error.to_string();
    match error {
        PlanError::UnknownPlan(_) => Problem::unprocessable("unknown_plan", detail, "leave it out for the usual one"),
        PlanError::Store(error) => error.into(),
    }
}

fn bad_state(text: &str) -> Problem {
    let known = TenantState::ALL.map(TenantState::as_str).join(", ");
    let detail = format!("\"{}\" is no state", text.chars().take(100).collect::<String>());
    Problem::bad_request("bad_state", detail, format!("ask for one of {known}"))
}
