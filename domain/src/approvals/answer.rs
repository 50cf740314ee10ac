//! The side of the person: one answer, with the signal that brings it, in one transaction.

use capstan_engine::core::ids::SignalId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::signals::{self, Sent};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::list::{ApprovalRow, find};
use super::step::{ApprovalStep, Decision};

/// Who answers, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum By {
    /// Somebody with an API key.
    ApiKey {
        /// Of the key.
        id: Uuid,
        /// What people call the key.
        name: String,
        /// Where the request came from: the peer, which may be a proxy.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Somebody with a signed link.
    Link {
        /// For whom the link was made, if the author said so.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Where the request came from: the peer, which may be a proxy.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
}

/// An answer that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAnswer {
    /// Yes or no.
    pub decision: Decision,
    /// Every field of the form, those not filled in as null.
    pub fields: Value,
    /// In the person's own words.
    pub comment: Option<String>,
    /// Who.
    pub by: By,
    /// The client's key; the same answer under the same key is the same answer again.
    pub idempotency_key: Option<String>,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// Durable with this commit, and the only one. The value is what the step will give back.
    Accepted(Value),
    /// It had been accepted before, under the same key.
    Replayed(Value),
    /// The key was used before for another answer.
    KeyReused,
    /// It is not open any more; this is how it stands.
    Closed(Box<ApprovalRow>),
    /// Nothing is asked there (yet).
    Unknown,
    /// The execution did not take the signal; roll back.
    Refused(Sent),
}

/// Answers, if nobody has and the time is not over. Only [`Answered::Accepted`] is to be committed. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn answer(
    connection: &mut PgConnection,
    asking: &ApprovalStep,
    new: &NewAnswer,
) -> Result<Answered, StoreError> {
    let content = json!({
        "answer": new.decision, "fields": new.fields, "comment": new.comment, "by": new.by,
    });
    let taken: Option<Value> = sqlx::query_scalar(
        "UPDATE approvals SET status = 'answered', closed_at = clock_timestamp(), answer_key = $6, \
           answer = $5 || jsonb_build_object('at', \
             to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')) \
         WHERE workspace_id = $1 AND execution_id = $2 AND node_id = $3 AND scope = $4 AND status = 'open' \
           AND (deadline_at IS NULL OR deadline_at > clock_timestamp()) RETURNING answer",
    )
    .bind(asking.workspace_id.0)
    .bind(asking.execution_id.0)
    .bind(asking.step.node_id.as_str())
    .bind(asking.step.scope.as_str())
    .bind(&content)
    .bind(&new.idempotency_key)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(answer) = taken else { return before(connection, asking, new, &content).await };
    let (workspace_id, execution_id) = (asking.workspace_id, asking.execution_id);
    let sent =
        signals::send(connection, workspace_id, execution_id, SignalId::new(), &asking.signal(), &answer).await?;
    Ok(if sent == Sent::Accepted { Answered::Accepted(answer) } else { Answered::Refused(sent) })
}

/// Why it was not open.
async fn before(
    connection: &mut PgConnection,
    asking: &ApprovalStep,
    new: &NewAnswer,
    content: &Value,
) -> Result<Answered, StoreError> {
    let Some(row) = find(connection, asking).await? else { return Ok(Answered::Unknown) };
    let is_repeated = new.idempotency_key.is_some() && row.answer_key == new.idempotency_key;
    Ok(match &row.answer {
        Some(answer) if is_repeated && is_same(answer, content) => Answered::Replayed(answer.clone()),
        Some(_) if is_repeated => Answered::KeyReused,
        _ => Answered::Closed(Box::new(row)),
    })
}

/// Whether two answers say the same; when, and from which address, aside.
fn is_same(answer: &Value, content: &Value) -> bool {
    ["/answer", "/fields", "/comment", "/by/kind", "/by/id"]
        .iter()
        .all(|part| answer.pointer(part) == content.pointer(part))
}
