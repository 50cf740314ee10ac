//! What can be done to a lead, by whom, and what it comes to.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::lead::LeadRow;
use super::note::Note;
use super::patch::{LeadFlaw, LeadPatch};
use crate::machine::Refused;
use crate::quotas::Full;

/// Which lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its id.
    Id(Uuid),
    /// By its address, whatever the case.
    Email(String),
}

/// What happens to what a lead has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is written replaces it.
    Replace,
    /// What it has stays, and only what it lacks is written: whoever fills in a form is not known to be the one who did
    /// before. Custom values that do not fit, or have no room, are left out and not refused, as nobody who fills in a form
    /// can help that.
    Fill,
}

/// An act.
#[derive(Clone, Debug)]
pub enum Act {
    /// A lead that nobody knows yet.
    Create {
        /// What it is.
        patch: LeadPatch,
        /// Where it stands; at the beginning if absent.
        status: Option<String>,
    },
    /// The lead of that address, or a new one.
    Upsert {
        /// What it is.
        patch: LeadPatch,
        /// What happens to what it has.
        mode: Mode,
        /// `form_submitted` or `webhook_received`, with what is kept of it: a row of history of its own. Which custom values
        /// were left out, and why, is added as `left_out`.
        noted: Option<(&'static str, Value)>,
    },
    /// A lead that is there.
    Update {
        /// Which.
        which: Which,
        /// What changes.
        patch: LeadPatch,
    },
    /// Moves a lead in the pipeline.
    SetStatus {
        /// Which.
        which: Which,
        /// Where to.
        to: String,
        /// Only if it still stands there.
        from: Option<String>,
        /// Why, for people.
        reason: Option<String>,
    },
    /// Has one be as it was before it was deleted.
    Restore {
        /// Which.
        lead_id: Uuid,
    },
    /// Notes something that was done about a lead.
    Note {
        /// Which.
        which: Which,
        /// What.
        note: Note,
    },
}

/// What an act came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    /// The lead as it is now.
    pub lead: LeadRow,
    /// Whether it was not there before: it is new, or restored. What steps do again is told as it was the first time, here and below.
    pub created: bool,
    /// Whether anything is other than before.
    pub changed: bool,
    /// Whether it was done before, under the same key.
    pub replayed: bool,
    /// Of a lead that was there: what was and is of each member that differs, as `{from, to}` by name, `fields.` before those of custom
    /// values. Empty for a replay.
    pub changes: Map<String, Value>,
}

/// What became of an act. Anything but [`Done::Acted`] is to be rolled back.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// It is done, with the commit.
    Acted(Box<Acted>),
    /// What was to be written is wrong.
    Flawed(Vec<LeadFlaw>),
    /// Another lead has the address.
    Exists(Option<Uuid>),
    /// There is no such lead.
    NotFound,
    /// The pipeline does not allow it.
    Refused(Refused),
    /// It does not stand where it was said to, but here.
    Moved(String),
    /// Too many events wait to be looked at.
    Full,
    /// The plan of the workspace allows no more leads.
    NoRoom(Full),
    /// The same act was done at the same time: come again, and it is a replay.
    Again,
}
