//! Records of types that a workspace defines: states and the ways between them as data, judged by the same interpreter as
//! those of leads and tenants.
//!
//! Everything that is done to a record is one transaction: the record, a row of its history, and the event that tells
//! others. What steps do has a key, under which it is done once.

mod act;
mod data;
mod define;
mod deleted;
mod desk;
mod doing;
mod event;
mod find;
mod history;
mod note;
mod record;
mod shipped;
mod store;
mod tidy;
mod types;

pub use crate::note_kind::NoteKind;
pub use act::{Act, Acted, Done, Goal, RecordFlaw};
pub use define::{DeleteType, IN_USE_SHOWN, PutType, RecordInUse, TYPES_MAX, TypeWish, delete_type, put_type};
pub use deleted::{DeletedRecord, deleted};
pub use desk::Desk;
pub use doing::{REASON_CHARS_MAX, act};
pub use find::{COMPARED_MAX, Sought};
pub use history::{EntryKind, EntryRow, history};
pub use record::RecordRow;
pub use shipped::{PURSUIT, pursuit_machine};
pub use store::{Filter, find, list};
pub use tidy::{DELETED_KEPT_DAYS, tidy};
pub use types::{RecordType, record_type, record_types};
