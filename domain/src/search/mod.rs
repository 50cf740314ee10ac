//! Words by which executions that have ended and their logs are found, and values by which workflows are.
//!
//! Words are written afterwards, by a duty of the workers, into `execution_words`: starts, claims and commits know nothing of them.
//! They are made of rows that are kept elsewhere, so a row of words can be written anew at any time, and is where a person is erased.

mod configs;
mod find;
mod gather;
mod round;
mod text;

pub use configs::{CONFIGS_MATCHED_MAX, using};
pub use find::{FOUND_MAX, Found, Kind, find, find_lines, has_all, sought};
pub use round::{Written, is_due, write_words};

pub(crate) use gather::rewrite;
