//! Journal rows and journal entries: the same facts, as stored and as decided on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::StoreError;
use crate::core::ids::{NodeId, Scope, SignalId, StepKey};
use crate::core::journal::{Entry, Event, SettledStatus, Settlement};
use crate::core::outcome::{StepError, Until};

/// A row of `journal` as it is read.
#[derive(Debug, FromRow)]
pub struct JournalRow {
    /// Whose entry it is.
    pub execution_id: Uuid,
    /// From 1, without gaps.
    pub position: i32,
    /// See [`Event`].
    pub kind: String,
    /// Absent for entries about the whole execution.
    pub node_id: Option<String>,
    /// Empty at the top level.
    pub scope: String,
    /// Set for settled steps.
    pub status: Option<String>,
    /// Set for completed steps.
    pub port: Option<String>,
    /// Attempts so far, or the number of the failed one.
    pub attempts: Option<i32>,
    /// What the step gave back.
    pub output: Option<Value>,
    /// Whatever else the kind needs.
    pub detail: Option<Value>,
    /// Database time.
    pub recorded_at: DateTime<Utc>,
}

/// The columns of [`JournalRow`], for statements.
pub const JOURNAL_COLUMNS: &str =
    "execution_id, position, kind, node_id, scope, status, port, attempts, output, detail, recorded_at";

/// A row of `journal` as it is written; `position`, ids and lease come from the commit.
#[derive(Debug, Default)]
pub(super) struct Encoded<'a> {
    pub kind: &'static str,
    pub step: Option<&'a StepKey>,
    pub status: Option<&'static str>,
    pub port: Option<&'a str>,
    pub attempts: Option<i32>,
    pub output: Option<&'a Value>,
    pub detail: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct SettledDetail {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error: Option<StepError>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    closed_edges: Vec<String>,
}

#[derive(Deserialize)]
struct FailedDetail {
    error: StepError,
    retry_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct ReasonDetail {
    reason: String,
}

#[derive(Deserialize)]
struct SignalDetail {
    signal_id: SignalId,
}

pub(super) fn encode(event: &Event) -> Encoded<'_> {
    match event {
        Event::Waiting { step, until } => {
            Encoded { kind: "waiting", step: Some(step), detail: Some(json!(until)), ..Encoded::default() }
        }
        Event::AttemptFailed { step, attempt, error, retry_at } => Encoded {
            kind: "attempt_failed",
            step: Some(step),
            attempts: Some(count(*attempt)),
            detail: Some(json!({ "error": error, "retry_at": retry_at })),
            ..Encoded::default()
        },
        Event::Started { step } => Encoded { kind: "started", step: Some(step), ..Encoded::default() },
        Event::Signalled { step, signal_id, payload } => Encoded {
            kind: "signalled",
            step: Some(step),
            output: Some(payload),
            detail: Some(json!({ "signal_id": signal_id })),
            ..Encoded::default()
        },
        Event::Settled { step, settlement } => settled(step, settlement),
        Event::Cancelled { reason } => {
            Encoded { kind: "cancelled", detail: Some(json!({ "reason": reason })), ..Encoded::default() }
        }
        Event::TimedOut => Encoded { kind: "timed_out", ..Encoded::default() },
        Event::Poisoned { reason } => {
            Encoded { kind: "poisoned", detail: Some(json!({ "reason": reason })), ..Encoded::default() }
        }
    }
}

fn settled<'a>(step: &'a StepKey, settlement: &'a Settlement) -> Encoded<'a> {
    let plain = settlement.error.is_none() && settlement.closed_edges.is_empty();
    let detail = SettledDetail { error: settlement.error.clone(), closed_edges: settlement.closed_edges.clone() };
    Encoded {
        kind: "settled",
        step: Some(step),
        status: Some(match settlement.status {
            SettledStatus::Completed => "completed",
            SettledStatus::Failed => "failed",
            SettledStatus::OutcomeUnknown => "outcome_unknown",
        }),
        port: settlement.port.as_deref(),
        attempts: Some(count(settlement.attempts)),
        output: Some(&settlement.output),
        detail: (!plain).then(|| json!(detail)),
    }
}

fn count(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}

impl JournalRow {
    /// The entry that this row records.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the row was not written by [`encode`].
    pub fn decode(self) -> Result<Entry, StoreError> {
        let at = self.recorded_at;
        let place = format!("journal row {} of execution {}", self.position, self.execution_id);
        let event = self.event().map_err(|error| StoreError::Corrupt(format!("{place} cannot be read: {error}")))?;
        Ok(Entry { at, event })
    }

    fn event(self) -> Result<Event, String> {
        let detail = self.detail.clone().unwrap_or_else(|| json!({}));
        let kind = self.kind.clone();
        match kind.as_str() {
            "waiting" => Ok(Event::Waiting { until: read::<Until>(detail)?, step: self.step()? }),
            "attempt_failed" => {
                let FailedDetail { error, retry_at } = read(detail)?;
                Ok(Event::AttemptFailed { attempt: self.count(), step: self.step()?, error, retry_at })
            }
            "started" => Ok(Event::Started { step: self.step()? }),
            "signalled" => {
                let SignalDetail { signal_id } = read(detail)?;
                let step = self.step()?;
                Ok(Event::Signalled { step, signal_id, payload: self.output.unwrap_or_default() })
            }
            "settled" => self.settled(detail),
            "cancelled" => Ok(Event::Cancelled { reason: read::<ReasonDetail>(detail)?.reason }),
            "timed_out" => Ok(Event::TimedOut),
            "poisoned" => Ok(Event::Poisoned { reason: read::<ReasonDetail>(detail)?.reason }),
            other => Err(format!("unknown kind \"{other}\"")),
        }
    }

    fn settled(self, detail: Value) -> Result<Event, String> {
        let SettledDetail { error, closed_edges } = read(detail)?;
        let status = match self.status.as_deref() {
            Some("completed") => SettledStatus::Completed,
            Some("failed") => SettledStatus::Failed,
            Some("outcome_unknown") => SettledStatus::OutcomeUnknown,
            other => return Err(format!("unknown status {other:?}")),
        };
        let (step, attempts) = (self.step()?, self.count());
        let output = self.output.unwrap_or_default();
        let settlement = Settlement { status, port: self.port, output, error, attempts, closed_edges };
        Ok(Event::Settled { step, settlement })
    }

    fn step(&self) -> Result<StepKey, String> {
        let node_id = self.node_id.as_deref().ok_or("it names no node")?;
        Ok(StepKey { node_id: NodeId::from(node_id), scope: Scope(self.scope.as_str().into()) })
    }

    fn count(&self) -> u32 {
        self.attempts.and_then(|attempts| u32::try_from(attempts).ok()).unwrap_or_default()
    }
}

fn read<T: serde::de::DeserializeOwned>(detail: Value) -> Result<T, String> {
    serde_json::from_value(detail).map_err(|error| error.to_string())
}
