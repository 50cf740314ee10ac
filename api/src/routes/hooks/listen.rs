//! Listening for a call: the first one at an address of its own becomes a sample for the editor, and starts nothing.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::hooks::Verified;
use capstan_domain::hooks::listen::{self, LISTENS_MAX, ListenRow};
use capstan_engine::core::ids::WorkflowId;
use capstan_node_types::span;
use capstan_node_types::types::WebhookConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{id, workflows};
use super::call::{Keys, check, read_verified};
use super::{headers, require_method};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, INPUT_BYTES_MAX};
use crate::problem::Problem;

/// Most bytes of a request to listen.
const WISH_BYTES_MAX: usize = 16 * 1024;
/// How long is listened if nothing is said, and at most, in seconds.
const LISTEN_S_DEFAULT: u64 = 120;
const LISTEN_S_MAX: u64 = 600;
/// Most bytes of a sample, as JSON; of a larger one only headers and query are kept.
const SAMPLE_BYTES_MAX: usize = 64 * 1024;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListenForCall")]
pub(crate) struct Wish {
    node_id: String,
    /// How long, such as `2min`.
    #[serde(rename = "for")]
    how_long: Option<String>,
}

/// `POST /workflows/{id}/hooks/listen {node_id, for?}`: 201 `{id, url, methods, until, status}`. The trigger is that of the
/// draft, which need not be published. 404 unknown, 422 `not_a_hook`, `bad_span`; 429 `too_many_listens`.
pub(crate) async fn begin(
    caller: Caller,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = body::typed(request, WISH_BYTES_MAX).await?;
    let seconds = seconds(wish.how_long.as_deref())?;
    let workflow = workflows::find(&caller, &workflow_id).await?;
    let config = hook_config(&workflow.graph, &wish.node_id)?;
    let id = WorkflowId(workflow.workflow_id);
    let mut transaction = caller.write().await?;
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let row = listen::begin(&mut transaction, caller.workspace_id, id, &wish.node_id, &json!(config), seconds).await?;
    let row = row.ok_or_else(|| {
        let detail = format!("{LISTENS_MAX} addresses of the workspace are listened at already");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_listens", detail, "end one of them, or wait")
    })?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(view(&caller, &row))).into_response())
}

/// `GET /workflows/{id}/hooks/listen/{listen_id}`: `{id, status, until, url, sample}`. 404 unknown.
pub(crate) async fn show(
    caller: Caller,
    Path((workflow_id, listen_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (workflow_id, uuid): (Uuid, Uuid) = (id(&workflow_id, "workflow")?, id(&listen_id, "listen")?);
    let mut transaction = caller.read().await?;
    let row = listen::find(&mut transaction, caller.workspace_id, uuid).await?;
    transaction.commit().await?;
    let row = row.filter(|row| row.workflow_id == workflow_id);
    let row = row.ok_or_else(|| Problem::not_found("listen", &listen_id))?;
    Ok(Json(view(&caller, &row)).into_response())
}

/// `DELETE /workflows/{id}/hooks/listen/{listen_id}`: 204. 404 unknown.
pub(crate) async fn end(
    caller: Caller,
    Path((workflow_id, listen_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (workflow_id, uuid): (Uuid, Uuid) = (id(&workflow_id, "workflow")?, id(&listen_id, "listen")?);
    let mut transaction = caller.write().await?;
    let was_there = listen::end(&mut transaction, caller.workspace_id, WorkflowId(workflow_id), uuid).await?;
    transaction.commit().await?;
    if was_there { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(Problem::not_found("listen", &listen_id)) }
}

/// Any method at `/hooks-test/{workspace}/{listen_id}`: 200 `{captured: true}` for the first call while somebody listens.
/// Nothing is started. One that is not verified is kept, too, and marked: that is what one wants to find out.
pub(crate) async fn capture(
    State(api): State<Api>,
    Path((slug, listen_id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("hook", &listen_id);
    let uuid: Uuid = listen_id.parse().map_err(|_| unknown())?;
    let caller = Caller::by_slug(&api, &slug).await?.ok_or_else(unknown)?;
    let mut transaction = caller.read().await?;
    let row = listen::find(&mut transaction, caller.workspace_id, uuid).await?;
    let row = row.filter(|row| row.captured_at.is_none() && !row.is_over).ok_or_else(unknown)?;
    let config: WebhookConfig = serde_json::from_value(row.config)
        .map_err(|error| Problem::internal(format!("listen {listen_id} cannot be read: {error}")))?;
    let keys = Keys::read(&api, &mut transaction, caller.workspace_id, &config).await?;
    transaction.commit().await?;
    require_method(&config, request.method().as_str())?;
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(&parts, body, INPUT_BYTES_MAX).await?;
    let checked = check(&config, &keys, &parts, &bytes);
    let challenge = checked.as_ref().ok().and_then(|verified| verified.challenge.clone());
    let verified = config.verify.preset.has_secret().then_some(checked.is_ok());
    let call = read_verified(&config, &parts, &bytes, Verified::default())?;
    let mut sample = json!({
        "method": parts.method.as_str(), "verified": verified, "input": call.input, "truncated": false });
    if sample.to_string().len() > SAMPLE_BYTES_MAX {
        let safe = headers::safe(&parts.headers, &config.verify.rules().header);
        sample["input"] = json!({ "body": null, "headers": safe, "query": {} });
        sample["truncated"] = json!(true);
    }
    let mut transaction = caller.write().await?;
    let is_kept = listen::capture(&mut transaction, caller.workspace_id, uuid, &sample).await?;
    transaction.commit().await?;
    match challenge {
        Some(challenge) => Ok(Json(json!({ "challenge": challenge })).into_response()),
        None if is_kept => Ok(Json(json!({ "captured": true })).into_response()),
        None => Err(unknown()),
    }
}

fn seconds(how_long: Option<&str>) -> Result<u64, Problem> {
    let refused = |detail: String| Problem::unprocessable("bad_span", detail, "write at most 10min");
    match how_long.map(span::parse) {
        None => Ok(LISTEN_S_DEFAULT),
        Some(Ok(span)) if (1..=LISTEN_S_MAX).contains(&span.as_secs()) => Ok(span.as_secs()),
        Some(Ok(_)) => Err(refused("one can listen for 1 s to 10 min".into())),
        Some(Err(error)) => Err(refused(error.to_string())),
    }
}

/// The config of a hook of a draft, which need not be valid otherwise.
fn hook_config(graph: &Value, node_id: &str) -> Result<WebhookConfig, Problem> {
    let nodes = graph.get("nodes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let node = nodes.iter().find(|node| node["id"] == node_id && node["type"] == "trigger.webhook");
    let shown: String = node_id.chars().take(100).collect();
    let node = node.ok_or_else(|| {
        let detail = format!("the draft has no trigger.webhook \"{shown}\"");
        Problem::unprocessable("not_a_hook", detail, "name a hook of the draft")
    })?;
    serde_json::from_value(node["data"]["config"].clone()).map_err(|error| {
        let detail = format!("the config of \"{shown}\" cannot be read: {error}");
        Problem::unprocessable("not_a_hook", detail, "correct the trigger first")
    })
}

fn view(caller: &Caller, row: &ListenRow) -> Value {
    let status = match (row.captured_at, row.is_over) {
        (Some(_), _) => "captured",
        (None, true) => "over",
        (None, false) => "listening",
    };
    let methods = serde_json::from_value::<WebhookConfig>(row.config.clone()).map(|config| config.allowed_methods());
    let mut sample = row.sample.clone();
    if let Some(sample) = sample.as_mut() {
        sample["at"] = json!(row.captured_at);
    }
    json!({
        "id": row.listen_id,
        "node_id": row.node_id,
        "status": status,
        "until": row.until_at,
        "url": format!("/hooks-test/{}/{}", caller.slug, row.listen_id),
        "methods": methods.unwrap_or_default(),
        "sample": sample,
    })
}
