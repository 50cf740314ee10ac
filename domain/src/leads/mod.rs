//! Leads: people and firms that may become customers, where they stand, and what was done about them.
//!
//! Everything that is done to a lead is one transaction: the lead and its values, a row of its history, and the event that
//! tells others. What steps, forms and hooks do has a key, under which it is done once.

mod act;
mod board;
mod deleted;
mod desk;
mod doing;
mod fields;
mod find;
mod history;
mod lead;
mod mailed;
mod note;
mod patch;
mod pipeline;
mod sources;
mod store;
mod tidy;
pub(crate) mod words;

pub use crate::by::{By, ByKind};
pub use crate::note_kind::NoteKind;
pub use act::{Act, Acted, Done, Mode, Which};
pub use board::{BOARD_COUNT_MAX, Column, board};
pub use deleted::{DeletedLead, deleted};
pub use desk::Desk;
pub use doing::act;
pub use fields::{FIELDS_MAX, FieldKind, FieldRow, PutField, fields, put_field};
pub use find::{Filter, SOUGHT_AMONG_MAX, find, is_known, list};
pub use history::{HistoryRow, history};
pub use lead::LeadRow;
pub use mailed::Mailed;
pub use note::{Note, note, remove};
pub use patch::{LeadFlaw, LeadPatch, is_email};
pub use pipeline::{Pipeline, PutPipeline, leads_machine, pipeline, put_pipeline};
pub use sources::{SOURCE_REST, SOURCES_MAX, source_has_room, sources};
pub use tidy::{DELETED_KEPT_DAYS, HISTORY_KEPT_DAYS, tidy};
