//! Triggers that start an execution when one of another workflow has ended.
//!
//! An end is in the outbox with the commit that it is part of. A cursor over the outbox, which goes by transactions and so misses no
//! late one, looks at each end once and writes the starts that it asks for as rows of `trigger_starts`, in the transaction that
//! moves the cursor. The id of the ended execution is their subject, so an end that is looked at twice starts nothing twice.

mod ended;
mod hand_on;
mod outbox;
mod sync;
mod told;

pub use hand_on::{HandedOn, hand_on, is_any};
pub use sync::{Flaw, NewExecutionTrigger, flaws, sync};

/// Most triggers of a workspace that wait for ends.
pub const TRIGGERS_MAX: i64 = 200;
/// Most workflows that a trigger names.
pub const SOURCES_MAX: usize = 50;
/// Most bytes of the output of an execution, as JSON, that what its end starts is given.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How executions end, for triggers.
pub const OUTCOMES: [&str; 4] = ["completed", "failed", "timed_out", "cancelled"];
