//! The recorder: `CAPSTAN_RECORD=<folder>` has this process tell what it asks of the database, in a file of its own, one
//! JSON object a line. `model/src/event.rs` says what a line holds.

use std::fs::{File, create_dir_all};
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tracing::error;

use crate::store::error::StoreError;

/// The name of the variable.
const VARIABLE: &str = "CAPSTAN_RECORD";

static RECORDER: OnceLock<Option<Recorder>> = OnceLock::new();

/// A question that a recorder is told of.
pub trait Question<T> {
    /// What takes effect if it is answered well, as facts.
    fn asks(&self) -> Vec<Value> {
        Vec::new()
    }

    /// What the answer tells.
    fn hears(&self, answer: &Result<T, StoreError>) -> Heard;
}

/// What an answer tells.
#[derive(Debug, Default)]
pub struct Heard {
    /// What became of each fact that was asked for; none where that is not known.
    pub(super) instead: Vec<Option<Value>>,
    /// Facts beside those.
    pub(super) beside: Vec<Value>,
}

/// Asks the database, and tells a recorder what was asked and what came of it: a question that has no answer, because
/// the connection or the process is lost, or the future is dropped, stays told as such.
///
/// # Errors
/// Whatever `answer` does.
pub async fn told<T>(
    question: impl Question<T>,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let recorder = RECORDER.get_or_init(|| std::env::var_os(VARIABLE).and_then(|folder| open(folder.as_ref())));
    let Some(recorder) = recorder else { return answer.await };
    let asked = recorder.ask(&question.asks());
    let answer = answer.await;
    recorder.answer(asked, question.hears(&answer));
    answer
}

/// Records into `folder`, unless something was recorded before: for tests, which cannot set a variable.
pub fn record_into(folder: &Path) {
    RECORDER.get_or_init(|| open(folder));
}

fn open(folder: &Path) -> Option<Recorder> {
    let opened = Recorder::open(folder);
    opened.inspect_err(|error| error!(%error, folder = %folder.display(), "nothing is recorded")).ok()
}

struct Recorder {
    file: File,
    /// Tells this process from all others of its host.
    name: String,
    asks: AtomicU64,
}

/// Facts that were told as asked for.
struct Asked {
    since: u64,
    names: Vec<String>,
}

impl Recorder {
    fn open(folder: &Path) -> io::Result<Self> {
        create_dir_all(folder)?;
        let name = format!("{}-{}", std::process::id(), now());
        let file = File::options().append(true).create_new(true).open(folder.join(format!("{name}.jsonl")))?;
        Ok(Self { file, name, asks: AtomicU64::new(0) })
    }

    fn ask(&self, facts: &[Value]) -> Asked {
        let name = |_: &Value| format!("{}-{}", self.name, self.asks.fetch_add(1, Ordering::Relaxed));
        let asked = Asked { names: facts.iter().map(name).collect(), since: now() };
        let lines =
            facts.iter().zip(&asked.names).map(|(fact, ask)| with(fact, json!({ "ask": ask, "since": asked.since })));
        self.write(lines);
        asked
    }

    fn answer(&self, asked: Asked, heard: Heard) {
        let (since, at) = (asked.since, now());
        let instead = heard
            .instead
            .iter()
            .zip(asked.names)
            .filter_map(|(fact, ask)| Some(with(fact.as_ref()?, json!({ "ask": ask, "since": since, "at": at }))));
        let beside = heard.beside.iter().map(|fact| with(fact, json!({ "since": since, "at": at })));
        self.write(instead.chain(beside));
    }

    /// All in one write, so that a process that is killed has told all of it or nothing.
    fn write(&self, lines: impl Iterator<Item = Value>) {
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        if !text.is_empty()
            && let Err(error) = (&self.file).write_all(text.as_bytes())
        {
            error!(%error, "a part of the record is lost");
        }
    }
}

/// A fact with its times.
fn with(fact: &Value, mut times: Value) -> Value {
    if let (Some(line), Some(fact)) = (times.as_object_mut(), fact.as_object()) {
        line.extend(fact.clone());
    }
    times
}

/// Nanoseconds of the host's monotonic clock.
fn now() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every host has a monotonic clock");
    now.tv_sec().unsigned_abs() * 1_000_000_000 + now.tv_nsec().unsigned_abs()
}
