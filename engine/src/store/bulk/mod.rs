//! Bulk jobs: one verb on many executions. Which ones is fixed when a job is made; workers do them chunk by chunk.

mod chunk;
mod create;
mod matching;
mod model;
mod read;
mod tidy;

pub use chunk::{Chunk, Item, ItemEnd, finish, give_up_turn, pick};
pub use create::{EXECUTIONS_MAX, Made, NewJob, RUNNING_MAX, create};
pub use model::{Beginning, Filter, IDS_MAX, ItemStatus, Onto, Status, Verb, Work};
pub use read::{ItemRow, JobRow, Match, cancel, find, items, list, matching, unknown_ids};
pub use tidy::tidy;
