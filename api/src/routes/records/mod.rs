//! Records: types with their states and ways, lists, one record, where it may go and where it has been.

pub(crate) mod deleted;
mod doing;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod transitions;
pub(crate) mod types;
mod view;

pub(crate) use view::{RecordEntryView, RecordView};

/// Most bytes of a request about one record.
const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of the definition of a type.
const TYPE_BYTES_MAX: usize = 128 * 1024;
/// What a record is called where there is none.
const RECORD: &str = "record";
/// What a type is called where there is none.
const TYPE: &str = "type of records";
