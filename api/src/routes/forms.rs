//! Form pages of published `trigger.form` nodes: anyone may fill them in.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use capstan_domain::trigger_paths::{FORM, is_path};
use capstan_engine::core::flow::Flow;
use capstan_engine::core::ids::{NodeId, VersionId, WorkflowId};
use capstan_engine::store::workflows;
use capstan_node_types::types::{FieldError, FormConfig, validate_submission};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::launch::{Launch, Launched, launch};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, INPUT_BYTES_MAX, is_json};
use crate::page::form::{self, HONEYPOT, TOKEN};
use crate::problem::{Finding, Problem};

/// Most entries of a submission that are read.
const ENTRIES_MAX: usize = 500;
/// Length of the token of a page, and most bytes of one that comes back.
const TOKEN_CHARS: usize = 22;
pub(super) const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A published form.
struct Found {
    caller: Caller,
    workflow_id: WorkflowId,
    version_id: VersionId,
    trigger: NodeId,
    node_config: Value,
    timeout_ms: Option<u64>,
    flow: Option<Arc<Flow>>,
    config: FormConfig,
    path: String,
}

/// `GET /p/{workspace}/{path}`
pub(crate) async fn show(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let found = find(&api, &slug, path).await?;
    Ok(form::page(&found.config, &Map::new(), &[], &new_token()))
}

/// `POST /p/{workspace}/{path}`, urlencoded or JSON: starts an execution. Two clicks on one page start one: its token
/// and what was filled in are the idempotency key. Errors come back in the form, with 422.
pub(crate) async fn submit(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let found = find(&api, &slug, path).await?;
    let (parts, body) = request.into_parts();
    let mut fields = fields(&parts, body).await?;
    let wants_json = wants_json(&parts);
    let token = fields.remove(TOKEN).and_then(|token| token.as_str().filter(|it| is_token(it)).map(str::to_owned));
    let trap = fields.remove(HONEYPOT);
    if trap.is_some_and(|trap| trap.as_str() != Some("")) {
        // Only a program fills in what nobody sees; it shall not learn that it was noticed.
        return Ok(form::thanks(&found.config));
    }
    match validate_submission(&found.node_config, &fields) {
        Ok(input) => {
            let launched = start(&found, token, input).await?;
            Ok(if wants_json { launched.into_response() } else { form::thanks(&found.config) })
        }
        Err(errors) if wants_json => Err(refused(errors)),
        Err(errors) => {
            let page = form::page(&found.config, &fields, &errors, &new_token());
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn find(api: &Api, slug: &str, path: String) -> Result<Found, Problem> {
    let unknown = || Problem {
        hint: "check the address, or ask whom you have it from".into(),
        ..Problem::not_found("form", &path)
    };
    let caller = Caller::by_slug(api, slug).await?.filter(|_| is_path(&path)).ok_or_else(unknown)?;
    let mut transaction = caller.read().await?;
    let trigger = workflows::trigger_at(&mut transaction, caller.workspace_id, FORM, &path).await?;
    let trigger = trigger.ok_or_else(unknown)?;
    let version_id = VersionId(trigger.version_id);
    let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
    transaction.commit().await?;
    let node = version.as_deref().and_then(|version| version.node(&trigger.node_id)).ok_or_else(unknown)?;
    let config = serde_json::from_value(node.config.clone())
        .map_err(|error| Problem::internal(format!("form \"{path}\" cannot be read: {error}")))?;
    Ok(Found {
        caller,
        workflow_id: WorkflowId(trigger.workflow_id),
        version_id,
        trigger: node.id.clone(),
        node_config: node.config.clone(),
        timeout_ms: version.as_deref().and_then(|version| version.graph.timeout_ms),
        flow: version.as_deref().and_then(|version| version.graph.flow.clone()),
        config,
        path,
    })
}

async fn start(found: &Found, token: Option<String>, input: Value) -> Result<Launched, Problem> {
    let key = token.map(|token| {
        let hash = Sha256::digest(input.to_string().as_bytes());
        let hash: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("form:{}:{token}:{hash}", found.path)
    });
    let launch_this = Launch {
        workflow_id: found.workflow_id,
        version_id: found.version_id,
        trigger: found.trigger.clone(),
        input,
        timeout_ms: found.timeout_ms,
        flow: found.flow.clone(),
        idempotency_key: key.map(Into::into),
    };
    launch(&found.caller, launch_this).await
}

/// What was filled in, by field. Exactly two content types are read, and never as the other one.
async fn fields(parts: &Parts, body: axum::body::Body) -> Result<Map<String, Value>, Problem> {
    let found = body::content_type(&parts.headers);
    body::require_type(parts, |found| found == URLENCODED || is_json(found), URLENCODED)?;
    let bytes = body::bytes(parts, body, INPUT_BYTES_MAX).await?;
    if found == URLENCODED {
        return Ok(pairs(&bytes));
    }
    match body::parse(&bytes)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Problem::bad_request("bad_body", "the body is not an object", "send the fields as a JSON object")),
    }
}

/// The entries of an urlencoded body.
pub(super) fn pairs(bytes: &[u8]) -> Map<String, Value> {
    let pairs = url::form_urlencoded::parse(bytes).take(ENTRIES_MAX);
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

fn wants_json(parts: &Parts) -> bool {
    let accept = |headers: &HeaderMap| {
        let value = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        (value.contains("application/json"), value.contains("text/html"))
    };
    let (json, html) = accept(&parts.headers);
    json || (is_json(&body::content_type(&parts.headers)) && !html)
}

fn refused(errors: Vec<FieldError>) -> Problem {
    let findings = errors.into_iter().map(|error| Finding {
        code: error.code,
        pointer: format!("/{}", error.field),
        detail: error.detail,
        hint: "correct the field".into(),
    });
    let detail = "the form was not filled in properly";
    Problem::unprocessable("invalid_input", detail, "each entry of errors names a field").findings(findings)
}

fn new_token() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), TOKEN_CHARS)
}

fn is_token(token: &str) -> bool {
    token.len() == TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
