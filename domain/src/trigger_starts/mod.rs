//! Starts that triggers make by themselves: fire times of schedules, events, ends of other workflows.
//!
//! A row says what is to be started, once for each trigger and subject. A duty of the workers makes an execution of it, in
//! the commit that settles the row. One that is refused, such as for a quota, comes again with growing pauses until its
//! deadline, and is then recorded as missed, with the reason.

mod list;
mod store;
mod work;

pub use list::{StartRow, list, of_node};
pub use store::{DELETED, NewStart, Outcome, hold, insert, insert_or_revive, let_go, subject, sync, tidy};
pub use work::{BEGIN, BEGIN_MAKING, Key, TriggerStart, Verdict, candidates, lock, refuse, settle};

/// For how many days it is known what triggers have started.
pub const KEPT_DAYS: u16 = 35;
