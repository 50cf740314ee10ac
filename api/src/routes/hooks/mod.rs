//! Inbound hooks: another system calls, an execution starts.

mod call;
mod headers;
pub(crate) mod listen;
pub(crate) mod secrets;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::trigger_paths::{WEBHOOK, is_path};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::start::IdempotencyKey;
use capstan_engine::store::workflows;
use capstan_node_types::types::{Respond, WebhookConfig};
use serde_json::json;

use super::answer::{Place, to_caller};
use super::launch::{Launch, launch};
use crate::Api;
use crate::auth::Caller;
use crate::limit::Limit;
use crate::problem::{Problem, method_not_allowed};

pub(crate) use call::Keys;
pub(super) use call::verified;
pub(crate) use listen::{begin as listen_begin, capture, end as listen_end, show as listen_show};
pub(super) use secrets::require as require_secrets;
pub(crate) use secrets::{add as secret_add, list as secret_list, remove as secret_remove};

/// Any method at `/hooks/{workspace}/{path}` that the trigger takes: 202 `{id, …}`. The input is
/// `{body, headers, query}`, or what the trigger makes of that. The id of its sender, else `Idempotency-Key`, else
/// `webhook-id`, makes a repeated delivery start nothing; with
/// another body, query or content type it is refused. If the trigger says so, the caller waits for what the execution
/// comes to: see [`to_caller`]. 401 `not_verified`, whatever is wrong with the signature.
pub(crate) async fn receive(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
    Extension(limit): Extension<Limit>,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("hook", &path);
    let caller = Caller::by_slug(&api, &slug).await?.filter(|_| is_path(&path)).ok_or_else(unknown)?;
    let mut transaction = caller.read().await?;
    let found = workflows::trigger_at(&mut transaction, caller.workspace_id, WEBHOOK, &path).await?;
    let found = found.ok_or_else(unknown)?;
    let version_id = VersionId(found.version_id);
    let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
    let config = version.as_deref().and_then(|version| version.node(&found.node_id)).map(|node| node.config.clone());
    let config: WebhookConfig = serde_json::from_value(config.unwrap_or_default())
        .map_err(|error| Problem::internal(format!("hook \"{path}\" cannot be read: {error}")))?;
    let keys = Keys::read(&api, &mut transaction, caller.workspace_id, &config).await?;
    transaction.commit().await?;
    require_method(&config, request.method().as_str())?;
    let call = call::read(&config, &keys, request).await?;
    if let Some(challenge) = call.verified.challenge {
        return Ok(Json(json!({ "challenge": challenge })).into_response());
    }
    let launch_this = Launch {
        workflow_id: WorkflowId(found.workflow_id),
        version_id,
        trigger: found.node_id.as_str().into(),
        input: call.input,
        timeout_ms: version.as_deref().and_then(|version| version.graph.timeout_ms),
        flow: version.as_deref().and_then(|version| version.graph.flow.clone()),
        idempotency_key: call.repeat_key.map(|(key, content)| IdempotencyKey {
            key: format!("hook:{path}:{key}"),
            wishes: String::new(),
            content: Some(content),
        }),
    };
    if config.respond == Respond::Immediately {
        return Ok(launch(&caller, launch_this).await?.into_response());
    }
    let replies = config.respond == Respond::WithRespondNode;
    let place = Place::take(&api, &caller, config.answer_within(), limit)?;
    let launched = launch(&caller, launch_this).await?;
    let heard = place.hear(&api, &caller, &launched, replies).await;
    Ok(to_caller(launched, heard, replies))
}

fn require_method(config: &WebhookConfig, method: &str) -> Result<(), Problem> {
    let allowed = config.allowed_methods();
    if allowed.iter().any(|allowed| allowed == method) { Ok(()) } else { Err(method_not_allowed(&allowed.join(", "))) }
}
