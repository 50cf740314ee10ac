//! What the processes of a run have recorded, replayed through the model of the protocol.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use capstan_model::event::{Event, Fact};
use capstan_model::replay::{ReplayError, Replayed, read, replay_each};
use uuid::Uuid;

use crate::check::Violation;
use crate::process::log_path;
use crate::remains::{Folder, own_folder};
use crate::secrets::Secret;

/// The variable that names the folder in which a process records; only builds for fault tests read it.
pub(crate) const RECORD: &str = "CAPSTAN_RECORD";
/// The file of all logs in that folder.
pub(crate) const LOG: &str = "log";
/// The number under which [`crate::check`] lists what the model does not allow.
pub(crate) const INVARIANT: u8 = 13;
const NANOS_PER_MS: f64 = 1e6;
/// How the names of its folders begin, and of those that are kept.
const FOLDER: &str = "capstan-chaos-records-";
const REFUSED: &str = "capstan-chaos-refused-";

/// The folder in which the processes of a run record.
#[derive(Debug)]
pub(crate) struct Records {
    folder: Folder,
    kept: bool,
}

/// What the model makes of a run.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// What was replayed.
    pub replayed: Replayed,
    /// What it does not allow.
    pub violations: Vec<Violation>,
}

impl Records {
    /// A folder of its own; `kept` if the model does not allow what is in it.
    pub(crate) fn new(kept: bool) -> anyhow::Result<Self> {
        Ok(Self { folder: own_folder(FOLDER)?, kept })
    }

    /// What a process has in its environment so that it records.
    pub(crate) fn env(&self) -> (&'static str, String) {
        (RECORD, self.folder.path().display().to_string())
    }

    /// Replays everything; none if nothing was recorded. `quiet`: nothing is left to do.
    pub(crate) fn replay(self, quiet: bool) -> anyhow::Result<Option<Replay>> {
        let mut trace = String::new();
        for path in self.files()?.iter().filter(|path| !path.ends_with(LOG)) {
            trace.push_str(&fs::read_to_string(path)?);
        }
        let mut events = read(&trace).context("a record cannot be read")?;
        let last = events.iter().filter_map(|(_, event)| event.at).max().unwrap_or_default();
        if quiet {
            events.push((events.len() + 1, Event { ask: None, since: None, at: Some(last + 1), fact: Fact::Quiet }));
        }
        let (replayed, refused) = replay_each(&events)?;
        let kept = (self.kept && !refused.is_empty()).then(|| self.keep()).transpose()?;
        let tell = |error| violation(error, &events, kept.as_deref());
        let violations: Vec<Violation> = refused.iter().map(tell).collect();
        Ok((!trace.is_empty()).then_some(Replay { replayed, violations }))
    }

    /// Which secrets are in a record or in the log.
    pub(crate) fn leaks(&self, secrets: &[Secret]) -> anyhow::Result<Vec<String>> {
        let (mut found, mut files, log) = (Vec::new(), self.files()?, log_path(self.folder.path()));
        anyhow::ensure!(fs::metadata(&log).is_ok_and(|about| about.len() > 0), "the processes have logged nothing");
        if !files.contains(&log) {
            files.push(log);
        }
        for path in files {
            let (text, name) = (fs::read(&path)?, path.file_name().unwrap_or_default().display());
            let text = String::from_utf8_lossy(&text);
            let shown = secrets.iter().filter(|secret| secret.is_in(&text));
            found.extend(shown.map(|secret| format!("{} is in what processes wrote into {name}", secret.name)));
        }
        Ok(found)
    }

    fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        fs::read_dir(self.folder.path())?.map(|entry| Ok(entry?.path())).collect()
    }

    /// Moves all to where no later run removes it.
    fn keep(&self) -> anyhow::Result<PathBuf> {
        let kept = std::env::temp_dir().join(format!("{REFUSED}{}", Uuid::now_v7()));
        fs::rename(self.folder.path(), &kept)?;
        Ok(kept)
    }
}

fn violation(error: &ReplayError, events: &[(usize, Event)], kept: Option<&Path>) -> Violation {
    let mut what = error.to_string();
    // Writing to a string does not fail.
    let _ = kept.map(|kept| write!(what, " (records in {})", kept.display()));
    let Some(execution) = error.execution() else { return Violation::new(INVARIANT, None, what) };
    for (line, event) in events.iter().filter(|(_, event)| event.fact.execution() == Some(execution)) {
        let ms =
            |nanos: Option<u64>| nanos.map_or_else(String::new, |nanos| format!("{:.3}", nanos as f64 / NANOS_PER_MS));
        let _ = write!(what, "\n  line {line}: {} .. {} ms: {:?}", ms(event.since), ms(event.at), event.fact);
    }
    Violation::new(INVARIANT, execution.parse().ok(), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"at": 1, "event": "started", "execution": "e"}"#;
    const CLAIMED: &str = r#"{"at": 2, "event": "claimed", "worker": 1, "execution": "e", "lease": 7, "fresh": true}"#;
    const ENDED: &str = r#"{"at": 3, "event": "committed", "worker": 1, "execution": "e", "lease": 7, "then": "end"}"#;

    fn replay(lines: &[&str]) -> Option<Replay> {
        let records = Records::new(true).unwrap();
        let folder = records.folder.path().to_owned();
        for (nth, line) in lines.iter().enumerate() {
            fs::write(folder.join(format!("{nth}.jsonl")), format!("{line}\n")).unwrap();
        }
        let replay = records.replay(true).unwrap();
        assert!(!folder.exists());
        replay
    }

    #[test]
    fn records_of_all_processes_are_replayed_together() {
        let good = replay(&[CLAIMED, ENDED, STARTED]).unwrap();
        assert_eq!((good.replayed.executions, good.violations.len()), (1, 0));
        assert!(replay(&[]).is_none());
    }

    #[test]
    fn a_secret_in_the_log_is_noticed() {
        let records = Records::new(false).unwrap();
        let secret = [Secret::text("a key", "cap_12345678")];
        fs::write(records.folder.path().join(LOG), "refused cap_12345678\n").unwrap();
        assert_eq!(records.leaks(&secret).unwrap(), ["a key is in what processes wrote into log"]);
        assert!(records.replay(true).unwrap().is_none(), "a log is no record");
    }

    #[test]
    fn what_the_model_does_not_allow_is_told_with_what_happened() {
        let bad = replay(&[STARTED, CLAIMED]).unwrap();
        let kept = bad.violations[0].what.split_once("(records in ").unwrap().1.split_once(')').unwrap().0;
        assert_eq!(fs::read_dir(kept).unwrap().count(), 2);
        fs::remove_dir_all(kept).unwrap();
        assert!(bad.violations[0].what.contains("a worker still holds it"), "{bad:?}");
        assert!(bad.violations[0].what.contains("Claimed { worker: 1"), "{bad:?}");
    }
}
