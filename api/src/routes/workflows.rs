//! Workflows and their drafts.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::quotas::{self, Full};
use capstan_domain::rules::{self, OfWorkflow};
use capstan_domain::workflows::{self as listing, WorkflowSummary};
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::core::problem::Problem as Finding;
use capstan_engine::store::workflows::{self, WorkflowRow};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::configs::with_config;
use super::id;
use super::node_types::ports;
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::entity_tags::if_match;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

/// Most characters of a workflow's name.
pub(super) const NAME_CHARS_MAX: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWorkflow {
    name: String,
    graph: Value,
    /// Whether to store the graph even if it is not valid.
    #[serde(default)]
    draft: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDraft {
    graph: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RenameWorkflow")]
pub(crate) struct NewName {
    /// 1 to 200 characters on one line.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    /// A JSON object: a part of the configuration of a node of the published version.
    config: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `POST /workflows {name, graph, draft?}`: 201 with the workflow. A graph with problems is refused with all of them
/// (422 `invalid_graph`), unless `draft` is true: then it is stored, and the problems come along.
pub(crate) async fn create(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let new: NewWorkflow = body::typed(request, BODY_BYTES_MAX).await?;
    let name = check_name(&new.name)?;
    require_object(&new.graph)?;
    let (graph, compiled) = api.graphs.compile(new.graph).await?;
    let problems = compiled.err().unwrap_or_default();
    if !problems.is_empty() && !new.draft {
        return Err(invalid_graph(&problems));
    }
    let workflow_id = WorkflowId::new();
    let mut transaction = caller.write().await?;
    quotas::make_room(&mut transaction, caller.workspace_id).await?.map_err(no_room)?;
    workflows::create(&mut transaction, caller.workspace_id, workflow_id, name, &graph).await?;
    let row = workflows::find(&mut transaction, caller.workspace_id, workflow_id).await?;
    let made = json!({ "id": workflow_id, "name": name, "revision": 1 });
    caller.differs(&mut transaction, &Value::Null, &made).await?;
    transaction.commit().await?;
    let row = row.ok_or_else(|| Problem::internal("a workflow is not there after it was made"))?;
    let location = format!("/api/v1/workflows/{workflow_id}");
    let mut shown = show(&api, row, None);
    shown["problems"] = json!(problems);
    Ok((StatusCode::CREATED, [(LOCATION, location), (ETAG, etag(1))], Json(shown)).into_response())
}

/// `GET /workflows?config&limit&cursor`: newest first, without graphs; with `config` those that are published with a node whose
/// configuration contains it.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let before = WorkflowId(paging.before);
    let only = match &query.config {
        Some(config) => Some(with_config(&mut transaction, &caller, config).await?),
        None => None,
    };
    let limit = paging.rows();
    let rows = listing::summaries(&mut transaction, caller.workspace_id, only.as_deref(), before, limit).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.workflow_id, summary)).into_response())
}

/// `GET /workflows/{id}`: with its draft, the `ports` of its nodes, and the rule that made it; the ETag is the draft's revision.
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
) -> Result<Response, Problem> {
    let id = id(&workflow_id, "workflow")?;
    let mut transaction = caller.read().await?;
    let row = workflows::find(&mut transaction, caller.workspace_id, id).await?;
    let rule = rules::of_workflow(&mut transaction, caller.workspace_id, id).await?;
    transaction.commit().await?;
    let row = row.ok_or_else(|| Problem::not_found("workflow", &workflow_id))?;
    Ok(([(ETAG, etag(row.revision))], Json(show(&api, row, rule))).into_response())
}

/// `POST /workflows/{id}/rename {name}`: 200 with the workflow; its draft keeps its revision, and the name that it has may be given
/// again. 404 unknown, 409 `made_by_rule` where it has the name of its rule, 422 `bad_name`.
pub(crate) async fn rename(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let new: NewName = body::typed(request, BODY_BYTES_MAX).await?;
    let name = check_name(&new.name)?;
    let id: WorkflowId = id(&workflow_id, "workflow")?;
    let mut transaction = caller.write().await?;
    let taken = listing::take(&mut transaction, caller.workspace_id, id).await?.filter(|taken| !taken.is_deleted);
    let taken = taken.ok_or_else(|| Problem::not_found("workflow", &workflow_id))?;
    let rule = rules::of_workflow(&mut transaction, caller.workspace_id, id).await?;
    if let Some(rule) = rule.as_ref().filter(|rule| !rule.is_by_hand && taken.name != name) {
        let detail = format!("the rule \"{}\" made this workflow, which has its name", rule.name);
        return Err(Problem::conflict("made_by_rule", detail, "give the rule another name: its workflow gets it, too"));
    }
    listing::rename(&mut transaction, caller.workspace_id, id, name).await?;
    let row = workflows::find(&mut transaction, caller.workspace_id, id).await?;
    caller.differs(&mut transaction, &json!({ "name": taken.name }), &json!({ "name": name })).await?;
    transaction.commit().await?;
    let row = row.ok_or_else(|| Problem::internal("a workflow is not there after it was renamed"))?;
    Ok(([(ETAG, etag(row.revision))], Json(show(&api, row, rule))).into_response())
}

/// `PUT /workflows/{id}/draft {graph}` with `If-Match`: stores any JSON object and answers `{revision, problems, ports}`.
/// 428 without `If-Match`, 412 if the draft has another revision.
pub(crate) async fn save_draft(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let row = find(&caller, &workflow_id).await?;
    let revision = expected_revision(&headers, row.revision)?;
    let new: NewDraft = body::typed(request, BODY_BYTES_MAX).await?;
    require_object(&new.graph)?;
    let (graph, compiled) = api.graphs.compile(new.graph).await?;
    let mut transaction = caller.write().await?;
    let id = WorkflowId(row.workflow_id);
    let saved = workflows::save_draft(&mut transaction, caller.workspace_id, id, revision, &graph).await?;
    let saved = saved.ok_or_else(stale)?;
    // Of the graph its revision only: versions tell how graphs differ.
    caller.differs(&mut transaction, &json!({ "revision": revision }), &json!({ "revision": saved })).await?;
    transaction.commit().await?;
    let revision = saved;
    let (problems, ports) = (compiled.err().unwrap_or_default(), ports(&api.registry, &graph));
    let answer = json!({ "revision": revision, "problems": problems, "ports": ports });
    Ok(([(ETAG, etag(revision))], Json(answer)).into_response())
}

/// The workflow of that id, of this workspace.
pub(super) async fn find(caller: &Caller, workflow_id: &str) -> Result<WorkflowRow, Problem> {
    let mut transaction = caller.read().await?;
    let row = workflows::find(&mut transaction, caller.workspace_id, id(workflow_id, "workflow")?).await?;
    transaction.commit().await?;
    row.ok_or_else(|| Problem::not_found("workflow", workflow_id))
}

pub(super) fn no_room(full: Full) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "quota_exceeded",
        format!("this workspace has {} workflows, and its plan allows {}", full.used, full.units_max),
        "delete workflows that are not needed, or have the quota raised",
    )
}

/// 422 with every finding.
pub(super) fn invalid_graph(problems: &[Finding]) -> Problem {
    let detail = format!("the graph has {} problem{}", problems.len(), if problems.len() == 1 { "" } else { "s" });
    Problem::unprocessable("invalid_graph", detail, "each entry of errors says what to do").findings(problems)
}

pub(super) fn require_object(graph: &Value) -> Result<(), Problem> {
    if graph.is_object() {
        return Ok(());
    }
    let hint = "send {\"nodes\": […], \"edges\": […]}";
    Err(Problem::bad_request("bad_graph", "the graph is not an object", hint))
}

/// Without what is around it.
pub(super) fn check_name(name: &str) -> Result<&str, Problem> {
    let name = name.trim();
    if (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    let hint = format!("write 1 to {NAME_CHARS_MAX} characters on one line");
    Err(Problem::unprocessable("bad_name", "the name cannot be used", hint))
}

/// The revision that a request changes, which has to be the one that there is: 428, 412.
pub(super) fn expected_revision(headers: &HeaderMap, current: i32) -> Result<i32, Problem> {
    let is_current = if_match(headers, &etag(current)).ok_or_else(no_if_match)?;
    if is_current { Ok(current) } else { Err(stale()) }
}

pub(super) fn no_if_match() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "if_match_required",
        "the request does not say which revision it changes",
        "send If-Match with the ETag that you read",
    )
}

pub(super) fn stale() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "stale_revision",
        "someone has changed it since it was read",
        "read it again, bring your change in and send the new ETag",
    )
}

pub(super) fn etag(revision: i32) -> String {
    format!("\"{revision}\"")
}

fn show(api: &Api, row: WorkflowRow, rule: Option<OfWorkflow>) -> Value {
    let rule = rule.map(|rule| {
        json!({ "id": rule.rule_id, "name": rule.name, "enabled": rule.is_enabled, "edited_by_hand": rule.is_by_hand })
    });
    json!({
        "rule": rule,
        "ports": ports(&api.registry, &row.graph),
        "id": row.workflow_id,
        "name": row.name,
        "graph": row.graph,
        "revision": row.revision,
        "published": row.published,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    })
}

fn summary(row: WorkflowSummary) -> Value {
    json!({
        "id": row.workflow_id,
        "name": row.name,
        "revision": row.revision,
        "published": row.published,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    })
}
