//! Which pages workspaces have, for administrators of the platform.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{Mover, Page, Pages, hold_state};
use capstan_domain::audit::{self, Difference, NewAudit};
use capstan_domain::platform::{self, AssignedRow};
use capstan_engine::core::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::moves::refused;
use super::{BODY_BYTES_MAX, mover, tenant};
use crate::actor::Actor;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::id;
use crate::{Api, body};

/// As logs of changes tell it.
const ACTION: &str = "PUT /api/v1/platform/tenants/{workspace_id}/pages";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignPages {
    /// Names of pages; null for all there are and will be.
    pages: Option<Vec<String>>,
}

/// `GET /platform/pages`: which there are.
pub(crate) async fn catalogue() -> Response {
    let view = |page: &Page| json!({ "name": page, "title": page.title(), "about": page.about() });
    Json(json!({ "items": Page::ALL.iter().map(view).collect::<Vec<Value>>() })).into_response()
}

/// `GET /platform/tenants/{id}/pages`: which a workspace has, and who said so. 404 `not_found`.
pub(crate) async fn show(State(api): State<Api>, Path(text): Path<String>) -> Result<Response, Problem> {
    let workspace_id = WorkspaceId(id(&text, "workspace")?);
    tenant(&api, workspace_id).await?;
    let row = platform::assigned_pages(&mut *api.people.pool.begin().await?, workspace_id).await?;
    Ok(Json(view(row.as_ref())).into_response())
}

/// `PUT /platform/tenants/{id}/pages {pages}`: 200 with what it has then. Routes of a page that it does not have refuse within seconds,
/// in all processes; what runs goes on. 404 `not_found`, 422 `unknown_page`.
pub(crate) async fn put(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let workspace_id = WorkspaceId(id(&text, "workspace")?);
    let (parts, body) = request.into_parts();
    let by = mover(&api, &parts, &actor)?;
    let wish: AssignPages = body::typed(Request::from_parts(parts, body), BODY_BYTES_MAX).await?;
    let pages = wish.pages.as_deref().map(known).transpose()?;
    let slug = tenant(&api, workspace_id).await?.slug;
    let mut transaction = crate::tenant::write(&api.people.pool, workspace_id).await?;
    hold_state(&mut transaction, workspace_id).await.map_err(|error| refused(error, &text))?;
    let before = platform::assigned_pages(&mut transaction, workspace_id).await?;
    platform::assign_pages(&mut transaction, workspace_id, pages, &by.name).await?;
    let after = platform::assigned_pages(&mut transaction, workspace_id).await?;
    let differs = || Difference::between(&differing(before.as_ref()), &differing(after.as_ref()));
    platform::record(&mut transaction, &by, ACTION, &text, differs()).await?;
    audit::note(&mut transaction, workspace_id, &told(&by, &text, differs())).await?;
    transaction.commit().await?;
    api.assigned.forget(workspace_id).await;
    bring(&api, &slug).await;
    Ok(Json(view(after.as_ref())).into_response())
}

fn known(words: &[String]) -> Result<Pages, Problem> {
    let page = |word: &String| {
        word.parse::<Page>().map_err(|()| {
            let detail = format!("there is no page \"{}\"", word.chars().take(100).collect::<String>());
            Problem::unprocessable("unknown_page", detail, "GET /api/v1/platform/pages lists those there are")
        })
    };
    words.iter().map(page).collect()
}

/// What the workspace's own people see of it in their log.
fn told<'a>(by: &'a Mover, subject: &'a str, difference: Difference) -> NewAudit<'a> {
    NewAudit {
        by_kind: "user",
        by_id: by.user_id.unwrap_or_default(),
        by_name: &by.name,
        action: ACTION,
        subject,
        status: 200,
        address: by.address.as_deref(),
        request_id: &by.request_id,
        changes: Some(difference.into_json()),
    }
}

/// Brings that to the workspace's cell. If it fails, it is brought with what is changed there next, or when the log is looked at.
async fn bring(api: &Api, slug: &str) {
    let brought = async {
        match api.directory.by_slug(slug).await? {
            Some(tenant) => crate::audit::bring(api, &Caller::new(api, tenant).await?).await,
            None => Ok(()),
        }
    };
    if let Err(problem) = brought.await {
        let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
        tracing::warn!(cause, slug, "the log of a workspace does not tell of its pages yet");
    }
}

fn of(row: Option<&AssignedRow>) -> Pages {
    Pages::of_words(row.map(|row| row.pages.as_slice()))
}

/// Each page with whether it is there, so that a log tells which came and went.
fn differing(row: Option<&AssignedRow>) -> Value {
    let pages = of(row);
    Page::ALL
        .iter()
        .map(|page| (page.as_str().to_owned(), json!(pages.has(*page))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn view(row: Option<&AssignedRow>) -> Value {
    json!({
        "pages": of(row),
        "is_all": row.is_none(),
        "set_by": row.map(|row| &row.set_by),
        "set_at": row.map(|row| row.set_at),
    })
}
