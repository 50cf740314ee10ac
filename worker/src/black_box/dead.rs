//! The files of others: which process is dead, and what it was doing.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::workers::Registered;
use chrono::DateTime;
use uuid::Uuid;

use super::{HEAD_BYTES, MARK_BYTES, UNKNOWN};

/// Age from which a file that nobody asked for is removed: its cell is gone, or was drained without it.
const KEPT: Duration = Duration::from_secs(24 * 3_600);
/// The same if it was never signed: its process did not come so far as to register.
const UNSIGNED_KEPT: Duration = Duration::from_secs(60);

/// The file of a dead process. It is locked as long as this lives.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(super) path: PathBuf,
    _file: File,
    pub(crate) worker: Registered,
    /// Executions that it was working on, if that is known.
    pub(crate) at_work: Option<Vec<ExecutionId>>,
}

impl Dead {
    /// Removes the file: what it tells is known.
    pub(crate) fn discard(self) {
        // One that stays tells nothing new.
        let _ = fs::remove_file(&self.path);
    }
}

/// The file of a process, if that is dead; an old one is removed.
pub(super) fn read(path: PathBuf) -> Option<Dead> {
    let mut file = File::options().read(true).write(true).open(&path).ok()?;
    // Held by its process as long as that lives.
    file.try_lock().ok()?;
    let about = file.metadata().ok()?;
    let kept = if about.len() < HEAD_BYTES { UNSIGNED_KEPT } else { KEPT };
    if about.modified().ok()?.elapsed().is_ok_and(|age| age > kept) {
        fs::remove_file(&path).ok()?;
        return None;
    }
    let (worker, at_work) = told(&mut file)?;
    Some(Dead { path, _file: file, worker, at_work })
}

/// Whose file it is, and what its threads were working on, if that is known.
pub(super) fn told(file: &mut File) -> Option<(Registered, Option<Vec<ExecutionId>>)> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let (head, marks) = bytes.split_at_checked(HEAD_BYTES as usize)?;
    let number = |bytes: &[u8]| Some(i64::from_le_bytes(bytes.try_into().ok()?));
    let worker = Registered {
        worker_no: number(&head[..8])?.try_into().ok()?,
        created_at: DateTime::from_timestamp_micros(number(&head[8..])?)?,
    };
    let marks = marks.chunks_exact(MARK_BYTES as usize).filter_map(|mark| Uuid::from_slice(mark).ok());
    let marks: Vec<Uuid> = marks.filter(|id| !id.is_nil()).collect();
    Some((worker, (!marks.contains(&UNKNOWN)).then(|| marks.into_iter().map(ExecutionId).collect())))
}
