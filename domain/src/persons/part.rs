//! The parts of a search, in their order, and what is found in one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::person::{Person, Reach};

/// A part of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Leads with the address, and their custom values.
    Leads,
    /// What was done to these leads, and what else of the history of leads names the address.
    History,
    /// Records whose data names the address.
    Records,
    /// What was done to these records, and what else of the history of records names the address.
    RecordHistory,
    /// The sandbox mailbox.
    Mails,
    /// Executions: input, output, error, journal, log, what they ask of people and wait for.
    Executions,
    /// Custom events.
    Events,
    /// What had not ended when it was searched.
    Left,
}

impl Part {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::History => "history",
            Self::Records => "records",
            Self::RecordHistory => "record_history",
            Self::Events => "events",
            Self::Mails => "mails",
            Self::Executions => "executions",
            Self::Left => "left",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        const ALL: [Part; 8] = [
            Part::Leads,
            Part::History,
            Part::Records,
            Part::RecordHistory,
            Part::Mails,
            Part::Executions,
            Part::Events,
            Part::Left,
        ];
        ALL.into_iter().find(|part| part.as_str() == text)
    }
}

/// What a turn found.
#[derive(Default)]
pub(super) struct Finds {
    /// Rows that were looked at.
    pub(super) searched: i64,
    /// Values, or of an erasure rows.
    pub(super) count: i64,
    /// Of an export.
    pub(super) lines: Vec<String>,
}

impl Finds {
    /// Tells a value: `place` says where it was found.
    pub(super) fn tell(&mut self, part: &str, place: &Value, column: &str, pointer: &str, value: &Value) {
        let line = json!({ "part": part, "of": place, "column": column, "pointer": pointer, "value": value });
        self.lines.push(line.to_string());
        self.count += 1;
    }

    /// Tells what of a column is about the person.
    pub(super) fn tell_found(
        &mut self,
        person: &Person,
        part: &str,
        place: &Value,
        column: &str,
        value: &Value,
        reach: Reach,
    ) {
        for (pointer, found) in person.found(value, reach) {
            self.tell(part, place, column, &pointer, &found);
        }
    }
}

/// A page that was searched.
pub(super) struct Page {
    pub(super) finds: Finds,
    /// Where the next one begins; none after the last.
    pub(super) next: Option<(Uuid, Uuid)>,
}
