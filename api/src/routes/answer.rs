//! Answers to those who wait for an execution: in our own words to API clients, in the workflow's words to who calls a
//! hook.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_node_types::types::Reply;
use serde_json::{Value, json};

use super::launch::Launched;
use crate::Api;
use crate::auth::Caller;
use crate::edge::AsItIs;
use crate::limit::Limit;
use crate::live::Seat;
use crate::problem::Problem;
use crate::waiting::{Heard, Waiting, Wish, respond_nodes};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const EXECUTION_ID: HeaderName = HeaderName::from_static("capstan-execution-id");
/// What a workflow sends to a browser is not of our origin: it sees no cookie of the page, and acts for nobody.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox allow-downloads allow-forms allow-popups allow-scripts");

/// A place to wait for one execution. It is taken before anything is started, so that a refusal costs nothing.
pub(super) struct Place {
    seat: Seat,
    span: Duration,
    limit: Limit,
}

impl Place {
    /// 503 `too_many_waiters` if there is none.
    pub(super) fn take(api: &Api, caller: &Caller, span: Duration, limit: Limit) -> Result<Self, Problem> {
        Ok(Self { seat: api.hub.waiters.take(caller.workspace_id)?, span, limit })
    }

    /// Waits for the end, or, if `replies` count, for the first one. Nothing if that cannot be learned: the execution is
    /// started all the same, and no error may say otherwise.
    /// Nothing, too, and at once, of what flow control holds back or has skipped.
    pub(super) async fn hear(self, api: &Api, caller: &Caller, launched: &Launched, replies: bool) -> Option<Heard> {
        if launched.is_apart() {
            return None;
        }
        self.limit.extend(self.span);
        let heard = async {
            let nodes = if replies { respond_nodes(&launched.graph(api, caller).await?.graph) } else { Vec::new() };
            let waiting = Waiting { api, caller, execution_id: launched.execution_id, nodes, for_waits: false };
            waiting.hear(self.seat, self.span, !launched.replayed).await
        };
        let heard: Result<Heard, Problem> = heard.await;
        let log = |problem| tracing::warn!(cause = ?problem, "a request waited in vain");
        heard.map_err(log).ok()
    }
}

impl Place {
    /// Waits for the end, or until a step begins to wait itself.
    pub(super) async fn hear_of_step(self, api: &Api, caller: &Caller, launched: &Launched) {
        self.limit.extend(self.span);
        let execution_id = launched.execution_id;
        let waiting = Waiting { api, caller, execution_id, nodes: Vec::new(), for_waits: true };
        if let Err(problem) = waiting.hear(self.seat, self.span, !launched.replayed).await {
            tracing::warn!(cause = ?problem, "a request waited in vain");
        }
    }
}

/// To an API client: 200 with how it ended, also if it failed, or with the reply that came first; 202 as if it had not
/// waited when the time is over.
pub(super) fn to_client(launched: Launched, heard: Option<Heard>, wish: Wish) -> Response {
    let mut response = match heard {
        Some(Heard { row, reply: None }) if row.ended_at.is_none() => {
            Launched { status: row.status.into(), ..launched }.into_response()
        }
        Some(heard) => launched.dress(Json(outcome(&launched, heard)).into_response()),
        None => launched.into_response(),
    };
    if wish.is_preference
        && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wish.span.as_secs()))
    {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    response
}

pub(super) fn outcome(launched: &Launched, Heard { row, reply }: Heard) -> Value {
    let mut outcome = json!({
        "id": launched.execution_id,
        "status": row.status,
        "version_id": launched.version_id,
        "workflow_id": launched.workflow_id,
    });
    if row.status == "completed" {
        outcome["output"] = row.output.unwrap_or_default();
    }
    if let Some(error) = row.error {
        outcome["error"] = error;
    }
    if !launched.warnings.is_empty() {
        outcome["warnings"] = json!(launched.warnings);
    }
    if let Some(reply) = reply {
        outcome["response"] = json!(reply);
    }
    outcome
}

/// To who calls a hook: the reply as the workflow has it, else the output, else 202; of a failure only that it was one.
/// A workflow that was to reply and has ended without says no more than that.
pub(super) fn to_caller(launched: Launched, heard: Option<Heard>, replies: bool) -> Response {
    let Some(Heard { row, reply }) = heard else { return launched.into_response() };
    let response = match (reply, row.status.as_str()) {
        (Some(reply), _) => sent(reply),
        (None, "completed") if replies => {
            Json(json!({ "id": launched.execution_id, "status": row.status })).into_response()
        }
        (None, "completed") => Json(row.output.unwrap_or_default()).into_response(),
        (None, "failed" | "cancelled") => failed().into_response(),
        (None, _) => Launched { status: row.status.clone().into(), ..launched.clone() }.into_response(),
    };
    let mut response = launched.dress(response);
    if let Ok(id) = HeaderValue::from_str(&launched.execution_id.to_string()) {
        response.headers_mut().insert(EXECUTION_ID, id);
    }
    response
}

/// Whose fault it is does not concern the caller.
fn failed() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "execution_failed",
        "the workflow behind this hook did not complete",
        "tell its owner the execution that Capstan-Execution-Id names",
    )
}

/// The node has checked that all of it can be sent.
fn sent(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let is_bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    let (kind, body) = match reply.body {
        _ if is_bodiless => (None, String::new()),
        Value::Null => (None, String::new()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), text),
        value => (Some("application/json"), value.to_string()),
    };
    let mut response = status.into_response();
    let headers = response.headers_mut();
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if let Some(Ok(kind)) = reply.content_type.as_deref().or(kind).map(HeaderValue::from_str) {
        headers.insert(CONTENT_TYPE, kind);
    }
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
    response.extensions_mut().insert(AsItIs);
    *response.body_mut() = Body::from(body);
    response
}
