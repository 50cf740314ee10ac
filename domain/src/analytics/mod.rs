//! What each workspace did on each day, summed up from executions, usage and leads: `workspace_daily_stats`. Facts stay the
//! truth; a count replaces the row of its day, so that it may be repeated at any time, by whomever, also twice at once.
//!
//! Days are those of UTC. An execution belongs to the day on which it was asked for, and so does its end.

mod count;
mod day;
mod recompute;
mod rounds;
mod stats;
mod tally;

pub use recompute::{Recomputed, recompute};
pub use rounds::{Turn, is_due, is_summed_up, turn};
pub use stats::{DailyStats, list};
