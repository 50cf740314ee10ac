//! Inbound hooks: another system calls, an execution starts.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use capstan_domain::trigger_paths::{WEBHOOK, is_path};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::start::IdempotencyKey;
use capstan_engine::store::workflows;
use capstan_node_types::types::{Respond, WebhookConfig};
use serde_json::{Map, Value, json};

use super::answer::{Place, to_caller};
use super::launch::{Launch, launch};
use super::{idempotency_key, is_key};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, INPUT_BYTES_MAX};
use crate::limit::Limit;
use crate::problem::{Problem, method_not_allowed};

/// Most headers and most query parameters that go into the input.
const PAIRS_MAX: usize = 100;
/// Headers with such a part in their name never go into the input: secrets, and what differs between two
/// deliveries of the same message.
const PARTS_LEFT_OUT: [&str; 16] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "key",
    "password",
    "credential",
    "session",
    "signature",
    "timestamp",
    "trace",
    "request-id",
    "attempt",
    "retry",
    "forwarded",
    "real-ip",
];
/// Headers of the connection rather than of the message.
const LEFT_OUT: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "date",
    "expect",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Any method at `/hooks/{workspace}/{path}` that the trigger takes: 202 `{id, …}`. The input is
/// `{body, headers, query}`. `Idempotency-Key`, else `webhook-id`, makes a repeated delivery start nothing, whatever its headers
/// are; with another body, query or content type it is refused. If the trigger says so, the caller waits for what the execution comes to: see [`to_caller`].
pub(crate) async fn receive(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
    Extension(limit): Extension<Limit>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("hook", &path);
    let caller = Caller::by_slug(&api, &slug).await?.filter(|_| is_path(&path)).ok_or_else(unknown)?;
    let mut transaction = caller.read().await?;
    let found = workflows::trigger_at(&mut transaction, caller.workspace_id, WEBHOOK, &path).await?;
    let found = found.ok_or_else(unknown)?;
    let version_id = VersionId(found.version_id);
    let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
    transaction.commit().await?;
    let config = version.as_deref().and_then(|version| version.node(&found.node_id)).map(|node| node.config.clone());
    let config: WebhookConfig = serde_json::from_value(config.unwrap_or_default())
        .map_err(|error| Problem::internal(format!("hook \"{path}\" cannot be read: {error}")))?;
    let method = json!(config.method);
    if method.as_str() != Some(request.method().as_str()) {
        return Err(method_not_allowed(method.as_str().unwrap_or_default()));
    }
    let key = repeat_key(&headers)?.map(|key| format!("hook:{path}:{key}"));
    let query = pairs(uri.query().unwrap_or_default());
    let body = body::json_or_null(request, INPUT_BYTES_MAX).await?;
    let idempotency_key = key.map(|key| IdempotencyKey {
        key,
        wishes: String::new(),
        content: Some(json!([method, path, query, body::content_type(&headers), body])),
    });
    let launch_this = Launch {
        workflow_id: WorkflowId(found.workflow_id),
        version_id,
        trigger: found.node_id.as_str().into(),
        input: json!({ "body": body, "headers": safe_headers(&headers), "query": query }),
        timeout_ms: version.as_deref().and_then(|version| version.graph.timeout_ms),
        flow: version.as_deref().and_then(|version| version.graph.flow.clone()),
        idempotency_key,
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

fn repeat_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    if let Some(key) = idempotency_key(headers)? {
        return Ok(Some(key));
    }
    Ok(headers.get("webhook-id").and_then(|value| value.to_str().ok()).filter(|key| is_key(key)))
}

fn safe_headers(headers: &HeaderMap) -> Map<String, Value> {
    let is_safe = |name: &str| !LEFT_OUT.contains(&name) && !PARTS_LEFT_OUT.iter().any(|part| name.contains(part));
    let kept = headers.iter().filter(|(name, _)| is_safe(name.as_str()));
    kept.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into()))).take(PAIRS_MAX).collect()
}

fn pairs(query: &str) -> Map<String, Value> {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).take(PAIRS_MAX);
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_differs_between_deliveries_stay_outside() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("x-api-key", "x"),
            ("x-gitlab-token", "x"),
            ("webhook-signature", "v1,x"),
            ("webhook-timestamp", "1"),
            ("x-request-id", "1"),
            ("host", "example.com"),
            ("content-type", "application/json"),
            ("x-github-event", "push"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let kept: Vec<_> = safe_headers(&headers).keys().cloned().collect();
        assert_eq!(kept, ["content-type", "x-github-event"]);
    }
}
