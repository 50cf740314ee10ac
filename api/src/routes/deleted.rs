//! Deleted workflows: hidden and not removed, so that they can be restored.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::workflows::{self as listing, DeletedWorkflow, Taken};
use capstan_domain::{quotas, rules};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::pauses;
use capstan_engine::store::workflows as versions;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::credentials::require_use;
use super::id;
use super::rules::turn::turn;
use super::workflows::{get, no_room};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::openapi::shapes;
use crate::paging::{Page, Paging};
use crate::problem::Problem;
use crate::query::Query;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// A workflow that was deleted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeletedWorkflow")]
pub(crate) struct DeletedView {
    #[schemars(with = "shapes::Id")]
    id: Uuid,
    name: String,
    /// The number of the newest version, if one was published.
    published: Option<i32>,
    #[schemars(with = "shapes::Time")]
    deleted_at: DateTime<Utc>,
}

impl From<DeletedWorkflow> for DeletedView {
    fn from(row: DeletedWorkflow) -> Self {
        let DeletedWorkflow { workflow_id: id, name, published, deleted_at } = row;
        Self { id, name, published, deleted_at }
    }
}

/// `DELETE /workflows/{id}`: 204. It is found no more, and nothing starts by it; executions that have begun go on, also if it was paused. Drafts and versions
/// are kept, so that it can be restored. 404 unknown, 409 `made_by_rule`.
pub(crate) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
) -> Result<Response, Problem> {
    let id: WorkflowId = id(&workflow_id, "workflow")?;
    let mut transaction = caller.write().await?;
    // A rule comes with its workflow and goes with it: none is made meanwhile.
    if let Some(rule) = rules::of_workflow(&mut transaction, caller.workspace_id, id).await? {
        let detail = format!("the rule \"{}\" made this workflow", rule.name);
        return Err(Problem::conflict("made_by_rule", detail, "delete the rule: its workflow goes with it"));
    }
    let taken = listing::take(&mut transaction, caller.workspace_id, id).await?.filter(|taken| !taken.is_deleted);
    let taken = taken.ok_or_else(|| Problem::not_found("workflow", &workflow_id))?;
    let is_published = newest(&mut transaction, &caller, id).await?.is_some();
    // Before its triggers go: what waits to be started is told that it was deleted.
    listing::hide(&mut transaction, caller.workspace_id, id).await?;
    if is_published {
        listing::remember_triggers(&mut transaction, caller.workspace_id, id).await?;
        turn(&api, &mut transaction, &caller, id, false).await?;
    }
    // Nobody could end its pause any more, and what has begun goes on.
    let was_paused = pauses::resume(&mut transaction, caller.workspace_id, Some(id)).await?;
    let mut before = told(id, &taken);
    if was_paused {
        before["paused"] = true.into();
    }
    caller.differs(&mut transaction, &before, &Value::Null).await?;
    transaction.commit().await?;
    api.graphs.current.forget(&(caller.workspace_id, id, None)).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /deleted-workflows?limit&cursor`: the newest made first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Json<Page<DeletedView>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let before = WorkflowId(paging.before);
    let rows = listing::deleted(&mut transaction, caller.workspace_id, before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &DeletedWorkflow| row.workflow_id, DeletedView::from)))
}

/// `POST /deleted-workflows/{id}/restore`: 200 with the workflow, as it was; its newest version answers and starts again, but for
/// schedules that were paused and for all of one that was off. One that is not deleted stays as it is. 404 unknown, 409 `path_taken`,
/// `too_many_triggers`, 429 `quota_exceeded`.
pub(crate) async fn restore(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Path(workflow_id): Path<String>,
) -> Result<Response, Problem> {
    let id: WorkflowId = id(&workflow_id, "workflow")?;
    let mut transaction = caller.write().await?;
    let taken = listing::take(&mut transaction, caller.workspace_id, id).await?;
    let taken = taken.ok_or_else(|| Problem::not_found("workflow", &workflow_id))?;
    let shown = told(id, &taken);
    if taken.is_deleted {
        quotas::make_room(&mut transaction, caller.workspace_id).await?.map_err(no_room)?;
        listing::restore(&mut transaction, caller.workspace_id, id).await?;
        if let Some(version_id) = newest(&mut transaction, &caller, id).await? {
            may_run(&api, &mut transaction, &caller, &actor, version_id).await?;
            // One that was off stays so until it is published again.
            if !taken.was_off {
                turn(&api, &mut transaction, &caller, id, true).await?;
            }
            listing::pause_again(&mut transaction, caller.workspace_id, id).await?;
        }
    }
    let before = if taken.is_deleted { &Value::Null } else { &shown };
    caller.differs(&mut transaction, before, &shown).await?;
    transaction.commit().await?;
    api.graphs.current.forget(&(caller.workspace_id, id, None)).await;
    get(State(api), caller, Path(workflow_id)).await
}

/// Who has a version start by itself needs what who publishes it needs.
async fn may_run(
    api: &Api,
    transaction: &mut PgConnection,
    caller: &Caller,
    actor: &Actor,
    version_id: VersionId,
) -> Result<(), Problem> {
    let version = api.graphs.version(transaction, caller.workspace_id, version_id).await?;
    let version = version.ok_or_else(|| Problem::internal(format!("version {version_id} is listed and not there")))?;
    require_use(actor, &version.graph)
}

/// The newest version of a workflow, if one was published.
async fn newest(transaction: &mut PgConnection, caller: &Caller, id: WorkflowId) -> Result<Option<VersionId>, Problem> {
    let newest = versions::versions(transaction, caller.workspace_id, id, 1).await?.pop();
    Ok(newest.map(|version| VersionId(version.version_id)))
}

fn told(id: WorkflowId, taken: &Taken) -> Value {
    json!({ "id": id, "name": taken.name })
}
