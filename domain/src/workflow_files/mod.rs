//! Workflows as files: out of one workspace and into another, or back into the same.
//!
//! A file is the graph of a draft without its secrets, with one member more, `workflow`: the id, the name, and `base`, the sum of what
//! it was when it went out. What comes in replaces a draft only if that is what the file began from, or what was last imported.

mod merge;
mod portable;
mod store;

pub use merge::{Fate, OnConflict, Present, fate};
pub use portable::{ABOUT, LEFT_OUT_MAX, left_out, portable, refilled, sum};
pub use store::{EXPORT_ROWS, ExportRow, PresentRow, export_page, find_present, mark_imported, take_all};
