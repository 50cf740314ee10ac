//! Log lines of steps: a bounded pipeline beside the journal. Whatever does not fit is counted, and a marker tells.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_domain::secrets::redact::{Lines, Redactor};
use capstan_engine::core::ids::{ExecutionId, StepKey, WorkspaceId};
use capstan_engine::store::logs::{LogLine, write};
use capstan_engine::store::moment::id_at;
use capstan_node_types::node_type::{LogLevel, LogSink};
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::warn;

use crate::life::Life;
use crate::side::Side;

/// Lines that wait to be written at most, over all steps of the process.
const WAITING_MAX: usize = 10_000;
/// Lines that one statement writes at most.
const BATCH_MAX: usize = 500;
/// Bytes and lines that one attempt may log.
const STEP_BYTES_MAX: usize = 256 * 1024;
const STEP_LINES_MAX: usize = 1_000;
/// Bytes that one activation of an execution may log.
const ACTIVATION_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one line; the rest of it is cut.
const LINE_BYTES_MAX: usize = 8 * 1024;
/// How often a batch is tried again while the database is away, and how long between.
const TRIES_MAX: usize = 20;
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The pipeline of one process.
pub(crate) struct Logs {
    lines: mpsc::Sender<LogLine>,
}

/// Whose lines these are.
pub(crate) struct Origin {
    pub(crate) execution_id: ExecutionId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) step: StepKey,
    pub(crate) attempt: u32,
}

/// Bytes that an activation has logged.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    bytes: AtomicUsize,
}

/// The log of one attempt.
pub(crate) struct StepLog {
    origin: Origin,
    life: Arc<Life>,
    budget: Arc<Budget>,
    lines: mpsc::Sender<LogLine>,
    secrets: Arc<Redactor>,
    /// Lines that may end with the beginning of a secret.
    open: Mutex<Lines<(LogLevel, DateTime<Utc>)>>,
    kept_lines: AtomicUsize,
    kept_bytes: AtomicUsize,
    dropped: AtomicUsize,
}

impl Logs {
    /// Starts the writer, which ends once the last sender is gone.
    pub(crate) fn spawn(side: Arc<Side>) -> Self {
        let (lines, inbox) = mpsc::channel(WAITING_MAX);
        tokio::spawn(keep(side, inbox));
        Self { lines }
    }

    /// The log of one attempt.
    pub(crate) fn step(&self, origin: Origin, life: Arc<Life>, budget: Arc<Budget>, secrets: Arc<Redactor>) -> StepLog {
        let lines = self.lines.clone();
        let zero = AtomicUsize::default;
        let open = Mutex::default();
        StepLog { origin, life, budget, lines, secrets, open, kept_lines: zero(), kept_bytes: zero(), dropped: zero() }
    }
}

impl StepLog {
    /// Writes what was held back, and the marker if lines were dropped. Call once, after the attempt.
    pub(crate) async fn finish(&self) {
        let held = self.open.lock().unwrap_or_else(PoisonError::into_inner).finish(&self.secrets);
        self.keep(held);
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let message = format!(
                "{dropped} more lines were dropped: an attempt may log {STEP_LINES_MAX} lines and {STEP_BYTES_MAX} bytes"
            );
            // The writer ends with the process only.
            let _ = self.lines.send(self.line(LogLevel::Warn, self.life.clock.now(), message)).await;
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.kept_lines.fetch_add(1, Ordering::Relaxed) < STEP_LINES_MAX
            && self.kept_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= STEP_BYTES_MAX
            && self.budget.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= ACTIVATION_BYTES_MAX
    }

    fn keep(&self, lines: Vec<((LogLevel, DateTime<Utc>), String)>) {
        for ((level, at), message) in lines {
            let message = cut(&message);
            let kept = self.has_room(message.len()) && self.lines.try_send(self.line(level, at, message)).is_ok();
            if !kept {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn line(&self, level: LogLevel, now: DateTime<Utc>, message: String) -> LogLine {
        LogLine {
            execution_id: self.origin.execution_id.0,
            log_id: id_at(now),
            workspace_id: self.origin.workspace_id.0,
            node_id: self.origin.step.node_id.to_string(),
            scope: self.origin.step.scope.as_str().to_owned(),
            attempt: i32::try_from(self.origin.attempt).unwrap_or(i32::MAX),
            level: level.as_str().to_owned(),
            message,
            created_at: now,
        }
    }
}

impl LogSink for StepLog {
    fn log(&self, level: LogLevel, message: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that lines keep their order.
        self.keep(open.push(&self.secrets, (level, self.life.clock.now()), message));
    }
}

/// At most [`LINE_BYTES_MAX`] of a line, without what the database cannot hold.
fn cut(message: &str) -> String {
    let mut end = message.len().min(LINE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let mut line = message[..end].replace('\0', "\u{fffd}");
    if end < message.len() {
        line.push('…');
    }
    line
}

async fn keep(side: Arc<Side>, mut inbox: mpsc::Receiver<LogLine>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while inbox.recv_many(&mut batch, BATCH_MAX).await > 0 {
        for tried in 1..=TRIES_MAX {
            match side.run(async |connection| write(connection, &batch).await).await {
                Ok(()) => break,
                Err(error) if error.is_transient() && tried < TRIES_MAX => sleep(RETRY_PAUSE).await,
                Err(error) => {
                    warn!(%error, lines = batch.len(), "log lines were lost");
                    break;
                }
            }
        }
        batch.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = cut(&"ä".repeat(LINE_BYTES_MAX));
        assert!(line.ends_with('…') && line.len() <= LINE_BYTES_MAX + '…'.len_utf8());
        assert_eq!(cut("a\0b"), "a\u{fffd}b");
    }
}
