//! What can be done to a record, and what it comes to.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::history::EntryRow;
use super::record::RecordRow;
use crate::machine::Refused;
use crate::note_kind::NoteKind;

/// Where a record is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To that state.
    State(String),
    /// By the way that is called so.
    Called(String),
}

/// An act.
#[derive(Clone, Debug)]
pub enum Act {
    /// A new record, in the initial state of its type.
    Create {
        /// Its type.
        type_name: String,
        /// What there is to know.
        data: Map<String, Value>,
    },
    /// Changes the data of one.
    Update {
        /// Which.
        record_id: Uuid,
        /// Merged by name; null removes one.
        data: Map<String, Value>,
        /// Only if it has this revision.
        expected: Option<i32>,
    },
    /// Moves one to another state.
    Transition {
        /// Which.
        record_id: Uuid,
        /// Where to.
        goal: Goal,
        /// Only if it is still there.
        from: Option<String>,
        /// Why, for people.
        reason: Option<String>,
        /// Only if it has this revision.
        expected: Option<i32>,
    },
    /// Hides one; its history stays, and its data for [`super::DELETED_KEPT_DAYS`].
    Delete {
        /// Which.
        record_id: Uuid,
    },
    /// Notes something that was done about one.
    Note {
        /// Which.
        record_id: Uuid,
        /// What it is of.
        kind: NoteKind,
        /// What it says; at most [`super::REASON_CHARS_MAX`].
        text: String,
    },
    /// Has one be as it was before it was deleted.
    Restore {
        /// Which.
        record_id: Uuid,
    },
}

/// What an act came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    /// The record as it is now.
    pub record: RecordRow,
    /// As it was before; nothing of one that is new or restored, and of what was done before.
    pub before: Option<RecordRow>,
    /// What its history has of it; nothing if nothing changed.
    pub entry: Option<EntryRow>,
    /// Whether it was done before, under the same key.
    pub replayed: bool,
}

/// What cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFlaw {
    /// JSON pointer to it.
    pub pointer: String,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl RecordFlaw {
    pub(super) fn new(pointer: impl Into<String>, code: &'static str, detail: String) -> Self {
        Self { pointer: pointer.into(), code, detail }
    }
}

/// What became of an act. Anything but [`Done::Acted`] is to be rolled back.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// It is done, with the commit.
    Acted(Box<Acted>),
    /// What was to be written is wrong.
    Flawed(RecordFlaw),
    /// There is no such type.
    NoType(String),
    /// There is no such record.
    NotFound,
    /// The machine does not allow it.
    Refused(Refused),
    /// It is not in the state that it was said to be in, but in this one.
    Moved(String),
    /// It has another revision, which is this.
    Stale(i32),
    /// Too many events wait to be looked at.
    Full,
    /// The same act was done at the same time: come again, and it is a replay.
    Again,
}
