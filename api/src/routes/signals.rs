//! Signals to executions, cancel among them.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::{ExecutionId, SignalId};
use capstan_engine::faults::{ask, told};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::orders::lift_pause;
use capstan_engine::store::signals::{self, CANCEL, SIGNAL_BYTES_MAX, SIGNALS_PENDING_MAX, Sent};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::ending::{if_ending, refuse_signal};
use super::pending::{self, not_there};
use super::{id, idempotency_key};
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;

/// Longest name of a signal, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Longest reason of a cancel, in characters.
const REASON_CHARS_MAX: usize = 500;
/// Most bytes of a cancel's body.
const CANCEL_BYTES_MAX: usize = 16 * 1024;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    reason: Option<String>,
    /// Ends it at once: what undoes and what runs at last is left out.
    #[serde(default)]
    force: bool,
}

/// `POST /executions/{id}/cancel {reason?, force?}`: 202; once its worker has seen it, the execution undoes what there
/// is to undo, runs what runs at last, and ends; at once if forced.
pub(crate) async fn cancel(
    caller: Caller,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let cancel: Cancel = body::typed_or_default(request, CANCEL_BYTES_MAX).await?;
    let reason = cancel.reason.unwrap_or_else(|| "cancelled through the API".into());
    check_reason(&reason)?;
    let execution_id = id(&execution_id, "execution")?;
    let payload = json!({ "reason": reason, "force": cancel.force });
    let send = async || deliver(&caller, execution_id, SignalId::new(), CANCEL, &payload).await;
    match send().await {
        Err(unknown) if unknown.code == pending::PENDING || unknown.status == StatusCode::NOT_FOUND => {
            match pending::cancel(&caller, execution_id, &reason).await? {
                Some(done) => Ok(done),
                // It may have begun just now.
                None => send().await,
            }
        }
        sent => sent,
    }
}

/// `POST /executions/{id}/signals/{name}` with any JSON as payload: 202. With an `Idempotency-Key` the same signal
/// is taken once while it waits. 404 unknown, 409 ended, or ending and nothing of its clean-up takes it, 429 too many wait.
pub(crate) async fn send(
    State(api): State<Api>,
    caller: Caller,
    Path((execution_id, name)): Path<(String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let execution_id = id(&execution_id, "execution")?;
    check_name(&name)?;
    let signal_id = match idempotency_key(&headers)? {
        Some(key) => derived_id(&caller, execution_id, key),
        None => SignalId::new(),
    };
    let payload = body::json_or_null(request, SIGNAL_BYTES_MAX).await?;
    if let Some((loaded, ending)) = if_ending(&api, &caller, execution_id).await? {
        refuse_signal(&loaded, &ending, &name)?;
    }
    deliver(&caller, execution_id, signal_id, &name, &payload).await
}

pub(super) async fn deliver(
    caller: &Caller,
    execution_id: ExecutionId,
    signal_id: SignalId,
    name: &str,
    payload: &Value,
) -> Result<Response, Problem> {
    let mut transaction = caller.write().await?;
    let sent = told(ask::Signal { execution_id }, async {
        let workspace_id = caller.workspace_id;
        let sent = signals::send(&mut transaction, workspace_id, execution_id, signal_id, name, payload).await?;
        if name == CANCEL {
            lift_pause(&mut transaction, execution_id).await?;
        }
        match sent {
            // An idempotency key is not marked for what was not sent: a cancel comes again.
            Sent::Conflict | Sent::Unknown | Sent::Ended => transaction.rollback().await?,
            Sent::Accepted | Sent::Full => transaction.commit().await?,
        }
        Ok::<_, StoreError>(sent)
    })
    .await?;
    match sent {
        Sent::Accepted => {
            caller.cell.starter.wake();
            Ok((StatusCode::ACCEPTED, Json(json!({ "signal_id": signal_id }))).into_response())
        }
        Sent::Conflict => Err(Problem::unprocessable(
            "idempotency_key_reused",
            "the idempotency key was used before for another signal of this execution",
            "use a new key for a new signal",
        )),
        Sent::Unknown => Err(not_there(caller, execution_id).await?),
        Sent::Ended => Err(Problem::conflict(
            "execution_ended",
            format!("execution \"{execution_id}\" has ended"),
            "read the execution to see how it ended",
        )),
        Sent::Full => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_signals",
            format!(
                "{SIGNALS_PENDING_MAX} signals of this name, or {} in all, wait for execution \"{execution_id}\" already",
                2 * SIGNALS_PENDING_MAX
            ),
            "signals wait until a step asks for them by name, and one that a step waits for now is always taken; if none will, \
             cancel the execution",
        )),
    }
}

/// Whether a cancel may give that reason.
pub(super) fn check_reason(reason: &str) -> Result<(), Problem> {
    if reason.chars().count() > REASON_CHARS_MAX {
        let hint = format!("write at most {REASON_CHARS_MAX} characters");
        return Err(Problem::unprocessable("reason_too_long", "the reason is too long", hint));
    }
    Ok(())
}

/// Whether a signal of clients may have that name.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    let good = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if !good {
        let hint = format!("use 1 to {NAME_CHARS_MAX} characters");
        return Err(Problem::unprocessable("bad_name", "the name of the signal cannot be used", hint));
    }
    if name.starts_with('$') {
        let detail = format!("signals such as \"{name}\" are our own");
        return Err(Problem::unprocessable("reserved_name", detail, "use a name that does not begin with $"));
    }
    Ok(())
}

/// The same for the same key of the same execution.
fn derived_id(caller: &Caller, execution_id: ExecutionId, key: &str) -> SignalId {
    let mut hash = Sha256::new();
    hash.update(caller.workspace_id.0.as_bytes());
    hash.update(execution_id.0.as_bytes());
    hash.update(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    let id: Uuid = Builder::from_custom_bytes(bytes).into_uuid();
    SignalId(id)
}
