//! A record of this process, and what the model makes of it.

use std::collections::BTreeSet;
use std::fs;

use capstan_engine::faults::record_into;
use capstan_model::event::{Event, Fact};
use capstan_model::replay::{read, replay_events};
use serde_json::Value;
use tempfile::TempDir;

/// A recording that has begun.
pub(crate) struct Record {
    folder: TempDir,
}

/// What was recorded.
pub(crate) struct Events {
    text: String,
    events: Vec<(usize, Event)>,
}

impl Record {
    pub(crate) fn begin() -> Self {
        let folder = TempDir::new().unwrap();
        record_into(folder.path());
        Self { folder }
    }

    /// Everything up to now, at whose end nothing is left to do.
    pub(crate) fn end(self) -> Events {
        let files = fs::read_dir(self.folder.path()).unwrap();
        let text: String = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        let mut events = read(&text).unwrap();
        let last = events.iter().filter_map(|(_, event)| event.at).max().unwrap();
        events.push((events.len() + 1, Event { ask: None, since: None, at: Some(last + 1), fact: Fact::Quiet }));
        Events { text, events }
    }
}

impl Events {
    /// The engine, which knows no model, writes lines as the model does, and of all kinds that a run has.
    pub(crate) fn agree(&self) {
        let mut kinds = BTreeSet::new();
        for (line, (_, event)) in self.text.lines().zip(&self.events) {
            let told: Value = serde_json::from_str(line).unwrap();
            kinds.insert(told["event"].as_str().unwrap().to_owned());
            assert_eq!(serde_json::to_value(event).unwrap(), told);
        }
        for kind in [
            "started",
            "signalled",
            "claimed",
            "lost_track",
            "heeded",
            "committed",
            "found",
            "retired",
            "reaped",
            "refused",
            "nothing",
            "woken",
        ] {
            assert!(kinds.contains(kind), "nothing was {kind} among {kinds:?}");
        }
    }

    pub(crate) fn are_allowed(&self) {
        match replay_events(&self.events) {
            Ok(replayed) => assert!(replayed.executions > 30, "{replayed:?}"),
            Err(error) => panic!("{error}\n{}", self.told_of(error.execution().unwrap_or_default())),
        }
    }

    pub(crate) fn are_refused_for(&self, execution: &str) {
        let refused = replay_events(&self.events).unwrap_err();
        assert_eq!(refused.execution(), Some(execution), "{refused}");
    }

    /// The last commit of an execution is told as one under its first lease, which was taken away.
    pub(crate) fn falsify_the_last_commit_of(&mut self, id: &str) {
        let first = self.events.iter().find_map(|(_, event)| match &event.fact {
            Fact::Claimed { worker, execution, lease, .. } if execution == id => Some((*worker, *lease)),
            _ => None,
        });
        let last = self.events.iter_mut().rev().find_map(|(_, event)| match &mut event.fact {
            Fact::Committed { worker, execution, lease, .. } if execution == id => Some((worker, lease)),
            _ => None,
        });
        let ((worker, lease), (false_worker, false_lease)) = (first.unwrap(), last.unwrap());
        assert_ne!(*false_lease, lease, "it was not taken away");
        (*false_worker, *false_lease) = (worker, lease);
    }

    fn told_of(&self, id: &str) -> String {
        let of = self.events.iter().filter(|(_, event)| event.fact.execution().is_none_or(|execution| execution == id));
        of.map(|(line, event)| format!("{line}: {event:?}\n")).collect()
    }
}
