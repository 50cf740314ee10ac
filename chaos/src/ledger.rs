//! What clients know: each start that they asked for, and each answer.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// One start, from the client's side.
#[derive(Clone, Debug)]
pub struct Start {
    /// Unique; the idempotency key, and part of the input.
    pub tag: String,
    /// Which of the run's workflows.
    pub workflow: usize,
    /// The input's variant.
    pub variant: u64,
    /// Whether it ran before the first fault.
    pub calm: bool,
    /// Every id that was acknowledged for this key; one, if all is well.
    pub acknowledged: Vec<Uuid>,
    /// When the first acknowledgement came.
    pub at: DateTime<Utc>,
    /// Whether the same key with another body was tried, and what the status was.
    pub misused: Option<u16>,
    /// Whether its client also asks to cancel it, and how.
    pub cancel: Option<Cancel>,
    /// What its client was told, if it waited and was told something.
    pub told: Option<Value>,
}

/// How an execution is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// What was done is undone, and what runs at last runs.
    Gently,
    /// Nothing runs any more.
    Forced,
}

/// A ledger that clients write together.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    starts: Vec<Start>,
    signals: usize,
}

impl Ledger {
    pub(crate) fn start(&self, start: Start) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).starts.push(start);
    }

    /// Counts a signal that was acknowledged.
    pub(crate) fn signal(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).signals += 1;
    }

    pub(crate) fn starts(&self) -> Vec<Start> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).starts.clone()
    }

    pub(crate) fn signals(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).signals
    }
}
