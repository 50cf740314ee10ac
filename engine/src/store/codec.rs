//! Journal rows and journal entries: the same facts, as stored and as decided on.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::StoreError;
use crate::core::chunk::Spill;
use crate::core::ids::{NodeId, Scope, SignalId, StepKey};
use crate::core::journal::{Asked, Entry, Event, Resolution, SettledStatus, Settlement};
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

/// A row of `journal` as it is written, with its JSON as text; `position`, ids and lease come from the commit.
#[derive(Clone, Debug)]
pub struct Row {
    pub(super) kind: &'static str,
    pub(super) step: Option<StepKey>,
    pub(super) status: Option<&'static str>,
    pub(super) port: Option<String>,
    pub(super) attempts: Option<i32>,
    pub(super) output: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) at: DateTime<Utc>,
    /// The signal that it consumes.
    pub(crate) signal_id: Option<SignalId>,
}

#[derive(Serialize, Deserialize)]
struct SettledDetail {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error: Option<StepError>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    closed_edges: Vec<String>,
    #[serde(skip_serializing_if = "is_none", default)]
    failed_items: usize,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    more_ports: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize, Deserialize)]
struct OpenedDetail {
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Value::is_null", default)]
    note: Value,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    spill: Option<Spill>,
}

#[derive(Serialize, Deserialize)]
struct CancelledDetail {
    reason: String,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    forced: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    signal_id: Option<SignalId>,
}

/// Who asked for it, and why.
#[derive(Serialize, Deserialize)]
struct AskedDetail {
    by: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    signal_id: SignalId,
}

#[derive(Serialize, Deserialize)]
struct ResolvedDetail {
    action: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    config: Option<Value>,
    #[serde(flatten)]
    asked: AskedDetail,
}

#[derive(Deserialize)]
struct FailedDetail {
    error: StepError,
    retry_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct PoisonedDetail {
    reason: String,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    is_full: bool,
}

#[derive(Deserialize)]
struct SignalDetail {
    signal_id: SignalId,
}

impl From<&Asked> for AskedDetail {
    fn from(asked: &Asked) -> Self {
        Self { by: asked.by.clone(), reason: asked.reason.clone(), signal_id: asked.signal_id }
    }
}

impl From<AskedDetail> for Asked {
    fn from(AskedDetail { by, reason, signal_id }: AskedDetail) -> Self {
        Self { by, reason, signal_id }
    }
}

impl Row {
    /// The row that records `entry`.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let row = |kind, step: Option<&StepKey>| Self::new(entry.at, kind, step);
        match &entry.event {
            Event::Waiting { step, until } => row("waiting", Some(step)).detail(json!(until)),
            Event::AttemptFailed { step, attempt, error, retry_at } => Self {
                attempts: Some(count(*attempt)),
                ..row("attempt_failed", Some(step)).detail(json!({ "error": error, "retry_at": retry_at }))
            },
            Event::Opened { step, items, until, note, spill } => Self {
                output: Some(serde_json::to_string(items).unwrap_or_default()),
                ..row("opened", Some(step)).detail(json!(OpenedDetail {
                    count: items.len(),
                    until: *until,
                    note: note.clone(),
                    spill: *spill
                }))
            },
            Event::Expired { step } => row("expired", Some(step)),
            Event::Started { step } => row("started", Some(step)),
            Event::Signalled { step, signal_id, payload } => Self {
                output: Some(text(payload)),
                signal_id: Some(*signal_id),
                ..row("signalled", Some(step)).detail(json!({ "signal_id": signal_id }))
            },
            Event::Settled { step, settlement } => row("settled", Some(step)).settled(settlement),
            Event::Cancelled { reason, forced, signal_id } => Self {
                signal_id: *signal_id,
                ..row("cancelled", None).detail(json!(CancelledDetail {
                    reason: reason.clone(),
                    forced: *forced,
                    signal_id: *signal_id
                }))
            },
            Event::TimedOut => row("timed_out", None),
            Event::Poisoned { reason, is_full } => {
                row("poisoned", None).detail(json!(PoisonedDetail { reason: reason.clone(), is_full: *is_full }))
            }
            Event::Paused { asked } => row("paused", None).asked(asked),
            Event::Resumed { asked } => row("resumed", None).asked(asked),
            Event::Hastened { step, asked } => row("hastened", step.as_ref()).asked(asked),
            Event::Resolved { step, resolution, asked } => {
                let config = match resolution {
                    Resolution::Retry { config } => config.clone(),
                    Resolution::Skip | Resolution::Fail => None,
                };
                let (action, asked) = (resolution.as_str().to_owned(), AskedDetail::from(asked));
                Self {
                    signal_id: Some(asked.signal_id),
                    ..row("resolved", step.as_ref()).detail(json!(ResolvedDetail { action, config, asked }))
                }
            }
        }
    }

    /// Bytes of its JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.output.as_ref().map_or(0, String::len) + self.detail.as_ref().map_or(0, String::len)
    }

    fn new(at: DateTime<Utc>, kind: &'static str, step: Option<&StepKey>) -> Self {
        let step = step.cloned();
        Self { kind, step, status: None, port: None, attempts: None, output: None, detail: None, at, signal_id: None }
    }

    fn asked(self, asked: &Asked) -> Self {
        Self { signal_id: Some(asked.signal_id), ..self.detail(json!(AskedDetail::from(asked))) }
    }

    fn detail(self, detail: Value) -> Self {
        Self { detail: Some(text(&detail)), ..self }
    }

    fn settled(self, settlement: &Settlement) -> Self {
        let Settlement { error, closed_edges, failed_items, more_ports, .. } = settlement;
        let plain = error.is_none() && closed_edges.is_empty() && *failed_items == 0 && more_ports.is_empty();
        let detail = || {
            let (error, closed_edges, more_ports) = (error.clone(), closed_edges.clone(), more_ports.clone());
            text(&json!(SettledDetail { error, closed_edges, failed_items: *failed_items, more_ports }))
        };
        Self {
            status: Some(match settlement.status {
                SettledStatus::Completed => "completed",
                SettledStatus::Failed => "failed",
                SettledStatus::OutcomeUnknown => "outcome_unknown",
            }),
            port: settlement.port.clone(),
            attempts: Some(count(settlement.attempts)),
            output: Some(text(&settlement.output)),
            detail: (!plain).then(detail),
            ..self
        }
    }
}

/// As JSON, faster than through `Display`.
fn text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn count(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}

/// Why a row is no entry.
#[derive(Debug)]
enum Unread {
    /// This build does not know what the text names.
    Newer(String),
    /// No build wrote it.
    Odd(String),
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self::Odd(why)
    }
}

impl JournalRow {
    /// The entry that this row records.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if no build wrote the row, [`StoreError::Unsupported`] if a newer one did.
    pub fn decode(self) -> Result<Entry, StoreError> {
        let at = self.recorded_at;
        let step = self.node_id.as_deref().unwrap_or("the whole");
        let place = format!("journal row {} ({step}) of execution {}", self.position, self.execution_id);
        let event = self.event().map_err(|unread| match unread {
            Unread::Odd(why) => StoreError::Corrupt(format!("{place} cannot be read: {why}")),
            Unread::Newer(what) => StoreError::Unsupported(format!("{place} needs a newer build: it is of {what}")),
        })?;
        Ok(Entry { at, event })
    }

    fn event(self) -> Result<Event, Unread> {
        let detail = self.detail.clone().unwrap_or_else(|| json!({}));
        let kind = self.kind.clone();
        match kind.as_str() {
            "waiting" => Ok(Event::Waiting { until: read::<Until>(detail)?, step: self.step()? }),
            "attempt_failed" => {
                let FailedDetail { error, retry_at } = read(detail)?;
                Ok(Event::AttemptFailed { attempt: self.count(), step: self.step()?, error, retry_at })
            }
            "opened" => {
                let OpenedDetail { count, until, note, spill } = read(detail)?;
                let step = self.step()?;
                // An outline is without outputs.
                let items = self.output.map_or_else(|| Ok(vec![Value::Null; count]), read::<Vec<Value>>)?;
                Ok(Event::Opened { step, items: items.into(), until, note, spill })
            }
            "expired" => Ok(Event::Expired { step: self.step()? }),
            "started" => Ok(Event::Started { step: self.step()? }),
            "signalled" => {
                let SignalDetail { signal_id } = read(detail)?;
                let step = self.step()?;
                Ok(Event::Signalled { step, signal_id, payload: self.output.unwrap_or_default() })
            }
            "settled" => self.settled(detail),
            "cancelled" => {
                let CancelledDetail { reason, forced, signal_id } = read(detail)?;
                Ok(Event::Cancelled { reason, forced, signal_id })
            }
            "timed_out" => Ok(Event::TimedOut),
            "poisoned" => {
                let PoisonedDetail { reason, is_full } = read(detail)?;
                Ok(Event::Poisoned { reason, is_full })
            }
            "resolved" => self.resolved(detail),
            "paused" => Ok(Event::Paused { asked: read::<AskedDetail>(detail)?.into() }),
            "resumed" => Ok(Event::Resumed { asked: read::<AskedDetail>(detail)?.into() }),
            "hastened" => Ok(Event::Hastened { step: self.step_if_any()?, asked: read::<AskedDetail>(detail)?.into() }),
            other => Err(Unread::Newer(format!("kind {other:?}"))),
        }
    }

    fn settled(self, detail: Value) -> Result<Event, Unread> {
        let SettledDetail { error, closed_edges, failed_items, more_ports } = read(detail)?;
        let status = match self.status.as_deref() {
            Some("completed") => SettledStatus::Completed,
            Some("failed") => SettledStatus::Failed,
            Some("outcome_unknown") => SettledStatus::OutcomeUnknown,
            Some(other) => return Err(Unread::Newer(format!("status {other:?}"))),
            None => return Err(Unread::Odd("it has no status".into())),
        };
        let (step, attempts) = (self.step()?, self.count());
        let output = self.output.unwrap_or_default();
        let port = self.port;
        let settlement = Settlement { status, port, more_ports, output, error, attempts, closed_edges, failed_items };
        Ok(Event::Settled { step, settlement })
    }

    fn resolved(self, detail: Value) -> Result<Event, Unread> {
        let ResolvedDetail { action, config, asked } = read(detail)?;
        let resolution = match action.as_str() {
            "retry" => Resolution::Retry { config },
            "skip" => Resolution::Skip,
            "fail" => Resolution::Fail,
            other => return Err(Unread::Newer(format!("action {other:?}"))),
        };
        Ok(Event::Resolved { step: self.step_if_any()?, resolution, asked: asked.into() })
    }

    fn step_if_any(&self) -> Result<Option<StepKey>, String> {
        self.node_id.is_some().then(|| self.step()).transpose()
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
