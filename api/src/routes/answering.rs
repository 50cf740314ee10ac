//! What answers to approvals have in common, with an API key or a link.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, StatusCode};
use capstan_domain::approvals::{self, Answered, ApprovalRow, ApprovalStep, Decision, NewAnswer};
use capstan_engine::faults::{ask, told};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::signals::Sent;
use capstan_node_types::types::{FieldError, FormField, validate_fields};
use serde_json::{Map, Value};

use super::ending::answered_too_late;
use super::executions::{find, load};
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// Most bytes of an answer; with who gave it, it is the payload of a signal.
pub(super) const ANSWER_BYTES_MAX: usize = 128 * 1024;
/// Longest comment, in characters.
const COMMENT_CHARS_MAX: usize = 2_000;

/// An answer that is durable.
pub(super) struct Delivered {
    /// As the step will give it back.
    pub(super) answer: Value,
    /// Whether it had been given before.
    pub(super) replayed: bool,
}

/// What a step asks. 404 if there is no such execution, 409 if it does not ask (yet).
pub(super) async fn asked(caller: &Caller, asking: &ApprovalStep) -> Result<ApprovalRow, Problem> {
    let mut transaction = caller.read().await?;
    let row = approvals::find(&mut transaction, asking).await?;
    let execution = find(&mut transaction, caller, asking.execution_id).await?;
    transaction.commit().await?;
    row.ok_or_else(|| if execution.ended_at.is_some() { ended() } else { not_asked(asking) })
}

/// Makes sure that somebody waits for the answer to the open approval `row`; else closes it. The row is to be read
/// before: its step had fired by then, so a journal that is read now knows it.
pub(super) async fn require_waiting(
    api: &Api,
    caller: &Caller,
    asking: &ApprovalStep,
    row: &ApprovalRow,
) -> Result<(), Problem> {
    let loaded = load(api, caller, &asking.execution_id.to_string()).await?;
    let state = loaded.state()?;
    let step = state.find(&loaded.version.graph, &asking.step);
    if state.incident().is_some() || loaded.row.status == "incident" {
        let detail = "the execution is an incident, and goes on only when a person has looked at it";
        let hint = "resolve, cancel or restart the execution; nothing was answered";
        return Err(Problem::conflict("execution_incident", detail, hint));
    }
    if loaded.row.ended_at.is_none() && step.is_some_and(|ix| state.step(ix).is_active()) {
        return match loaded.ending(&state).filter(|_| !loaded.outlives_cancel(&state, &asking.step)) {
            // The cancel came first; its worker closes the approval.
            Some(ending) => Err(answered_too_late(&Value::from(row.title.as_str()), &ending)),
            None => Ok(()),
        };
    }
    let mut transaction = caller.write().await?;
    approvals::set_cancelled(&mut transaction, asking).await?;
    transaction.commit().await?;
    Err(if loaded.row.ended_at.is_some() { ended() } else { closed(row) })
}

/// The fields of an approval.
pub(super) fn form(row: &ApprovalRow) -> Result<Vec<FormField>, Problem> {
    serde_json::from_value(row.fields.clone()).map_err(|error| {
        Problem::internal(format!("the fields of approval {} cannot be read: {error}", row.approval_id))
    })
}

/// What was filled in, with its types; who rejects need not fill in anything.
pub(super) fn checked(
    row: &ApprovalRow,
    decision: Decision,
    filled: &Map<String, Value>,
) -> Result<Result<Value, Vec<FieldError>>, Problem> {
    let mut fields = form(row)?;
    if decision == Decision::Rejected {
        fields.iter_mut().for_each(|field| field.required = false);
    }
    Ok(validate_fields(&fields, filled))
}

/// The comment, unless it is empty. 422 if it is too long or cannot be stored.
pub(super) fn comment(text: Option<String>) -> Result<Option<String>, Problem> {
    // Browsers count a line break as one character, and send two.
    let text = text.map(|text| text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
    let good = |text: &String| {
        text.chars().count() <= COMMENT_CHARS_MAX
            && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    };
    if text.as_ref().is_none_or(good) {
        return Ok(text);
    }
    let hint = format!("write at most {COMMENT_CHARS_MAX} characters, without control characters");
    Err(Problem::unprocessable("bad_comment", "the comment cannot be kept", hint))
}

/// Answers, in one transaction with the signal.
pub(super) async fn deliver(caller: &Caller, asking: &ApprovalStep, new: &NewAnswer) -> Result<Delivered, Problem> {
    let mut transaction = caller.write().await?;
    let mut answered = Answered::Unknown;
    told(ask::Signal { execution_id: asking.execution_id }, async {
        answered = approvals::answer(&mut transaction, asking, new).await?;
        let sent = match &answered {
            Answered::Accepted(_) => Sent::Accepted,
            Answered::Refused(sent) => *sent,
            _ => Sent::Conflict,
        };
        if sent == Sent::Accepted {
            transaction.commit().await?
        } else {
            transaction.rollback().await?
        }
        Ok::<_, StoreError>(sent)
    })
    .await?;
    match answered {
        Answered::Accepted(answer) => {
            caller.cell.starter.wake();
            Ok(Delivered { answer, replayed: false })
        }
        Answered::Replayed(answer) => Ok(Delivered { answer, replayed: true }),
        Answered::KeyReused => Err(Problem::unprocessable(
            "idempotency_key_reused",
            "the idempotency key was used before for another answer to this approval",
            "an approval is answered once; read its answer",
        )),
        Answered::Closed(row) => Err(closed(&row)),
        Answered::Unknown => Err(not_asked(asking)),
        Answered::Refused(Sent::Full) => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_signals",
            format!("too many signals wait for execution \"{}\" already", asking.execution_id),
            "signals wait until a step asks for them by name; if none will, cancel the execution",
        )),
        Answered::Refused(_) => Err(ended()),
    }
}

/// Why `row`, which is not open or has nobody who waits for it, takes no answer.
pub(super) fn closed(row: &ApprovalRow) -> Problem {
    let title = &row.title;
    match (&row.answer, row.status.as_str()) {
        (Some(answer), _) => {
            let text = |part| answer.pointer(part).and_then(Value::as_str);
            let word = text("/answer").unwrap_or("answered");
            let who = text("/by/name").unwrap_or("somebody with a link");
            let at = text("/at").and_then(|at| at.split_once('.')).map_or("", |(seconds, _)| seconds);
            let at = at.replace('T', " ");
            let detail = format!("\"{title}\" was {word} by {who} at {at} UTC");
            Problem::conflict("already_answered", detail, "an approval is answered once; nothing was changed now")
        }
        (None, "expired") => {
            let detail = format!("the time to answer \"{title}\" is over");
            let hint = "the execution has gone on without an answer";
            Problem::new(StatusCode::GONE, "approval_expired", detail, hint)
        }
        _ => {
            let detail = format!("nobody waits for an answer to \"{title}\" any more");
            let hint = "the execution was cancelled, failed, or went another way";
            Problem::conflict("approval_cancelled", detail, hint)
        }
    }
}

fn ended() -> Problem {
    let detail = "the execution that asked for this approval has ended";
    Problem::conflict("execution_ended", detail, "nobody waits for an answer any more")
}

fn not_asked(asking: &ApprovalStep) -> Problem {
    let detail = format!("the step \"{}\" does not ask for an approval at the moment", asking.step);
    Problem::conflict("not_asked", detail, "try again once it does; GET /api/v1/approvals lists what is asked")
}

/// Where a request came from.
pub(super) fn peer(extensions: &Extensions) -> Option<String> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical().to_string())
}
