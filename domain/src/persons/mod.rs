//! What a workspace holds about one person, known by an e-mail address: exported, or erased in place, by jobs that workers do
//! in pages. Both find the same: what is erased, a later export does not find.

mod events;
mod executions;
mod history;
mod jobs;
mod leads;
mod left;
mod mails;
mod part;
mod person;
mod record_history;
mod records;
mod tidy;
mod turn;
mod work;

pub use jobs::{JobRow, Kind, LINES_PER_PAGE, LineRow, Made, NewJob, OPEN_MAX, create, find, lines, list};
pub use person::{ERASED, Person, Reach, blank};
pub use tidy::tidy;
pub use work::work;
