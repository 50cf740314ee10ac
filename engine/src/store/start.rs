//! Starting executions, many at once, each at most once per idempotency key.

use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId, WorkspaceId};
use crate::core::trace::Trace;
use crate::faults::{ask, told};

/// An execution to be started.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its id, made by the caller.
    pub execution_id: ExecutionId,
    /// The tenant, from the authenticated request.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The version that it keeps for life.
    pub version_id: VersionId,
    /// The trigger it begins at.
    pub trigger: NodeId,
    /// What the trigger gives to the graph.
    pub input: Value,
    /// Longest time until its end, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Repetitions with the same key start nothing.
    pub idempotency_key: Option<IdempotencyKey>,
    /// What it belongs to; without it, to a trace of its own.
    pub trace: Option<Trace>,
    /// Virtual time that the tenant's share asks for; the queue's front if lower.
    pub vt: i64,
}

/// A key that the caller chose for one start, however often it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, scoped by where it came from.
    pub key: String,
    /// What the caller asked for beside workflow, trigger and input; with other wishes the key is refused.
    pub wishes: String,
    /// What has to be the same in the place of the input, of which not everything counts; the input if absent.
    pub content: Option<Value>,
}

impl From<String> for IdempotencyKey {
    fn from(key: String) -> Self {
        Self { key, wishes: String::new(), content: None }
    }
}

/// What became of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A new execution, durable.
    New(ExecutionId),
    /// The execution that the same key and request started before.
    Replayed(ExecutionId),
    /// The key was used before with another request; nothing was started.
    Conflict,
}

/// The answer to a batch of starts.
#[derive(Debug)]
pub struct StartReply {
    /// In the order of the batch.
    pub started: Vec<Started>,
    /// Where claims stand in virtual time.
    pub front: i64,
}

#[derive(FromRow)]
struct StartRow {
    execution_id: Uuid,
    verdict: String,
    front: i64,
}

impl Start {
    pub(super) fn key_hash(&self) -> Option<Vec<u8>> {
        self.idempotency_key.as_ref().map(|key| hash_of(&[&key.key]))
    }

    /// What has to be the same for a repetition: workflow, trigger, wishes, and the input or what counts of it.
    pub(super) fn request_hash(&self) -> Option<Vec<u8>> {
        let key = self.idempotency_key.as_ref()?;
        let mut hash = Sha256::new();
        hash.update(self.workflow_id.0.as_bytes());
        hash.update(self.trigger.as_str().as_bytes());
        hash.update([0]);
        hash.update(key.wishes.as_bytes());
        hash.update([0]);
        hash.update(key.content.as_ref().unwrap_or(&self.input).to_string().as_bytes());
        Some(hash.finalize().to_vec())
    }
}

/// The hash of texts, with an end behind all but the last.
pub(super) fn hash_of(texts: &[&str]) -> Vec<u8> {
    Sha256::digest(texts.join("\0")).to_vec()
}

/// Starts a batch of executions in one round trip.
///
/// # Errors
/// [`StoreError::Data`] if one of them cannot be stored, else [`StoreError::Database`]; either way none was started
/// or, after a lost reply, it is not known: only an idempotency key makes repeating safe.
pub async fn start(connection: &mut PgConnection, starts: &[Start]) -> Result<StartReply, StoreError> {
    told(ask::Start { starts }, write(connection, starts)).await
}

async fn write(connection: &mut PgConnection, starts: &[Start]) -> Result<StartReply, StoreError> {
    let column = |value: fn(&Start) -> Uuid| starts.iter().map(value).collect::<Vec<_>>();
    let rows: Vec<StartRow> = sqlx::query_as(
        "SELECT execution_id, verdict, front FROM start_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ORDER BY ordinal",
    )
    .bind(column(|start| start.execution_id.0))
    .bind(column(|start| start.workspace_id.0))
    .bind(column(|start| start.workflow_id.0))
    .bind(column(|start| start.version_id.0))
    .bind(starts.iter().map(|start| start.trigger.as_str()).collect::<Vec<_>>())
    .bind(starts.iter().map(|start| start.input.to_string()).collect::<Vec<_>>())
    .bind(starts.iter().map(|start| start.timeout_ms.and_then(|ms| i64::try_from(ms).ok())).collect::<Vec<_>>())
    .bind(starts.iter().map(|start| start.vt).collect::<Vec<_>>())
    .bind(starts.iter().map(Start::key_hash).collect::<Vec<_>>())
    .bind(starts.iter().map(Start::request_hash).collect::<Vec<_>>())
    .bind(starts.iter().map(|start| start.trace.as_ref().map(ToString::to_string)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let front = rows.first().map_or(0, |row| row.front);
    let started = rows
        .into_iter()
        .map(|row| match row.verdict.as_str() {
            "started" => Started::New(ExecutionId(row.execution_id)),
            "replayed" => Started::Replayed(ExecutionId(row.execution_id)),
            _ => Started::Conflict,
        })
        .collect();
    Ok(StartReply { started, front })
}
