//! Custom events of a workspace, and the steps that wait for them.
//!
//! An event is committed before anybody looks for its waits, and a wait before anybody looks for its events. So
//! whichever of the two commits later sees the other, and they meet in whatever order they come. The row of a wait
//! judges what it came to: an event and the end of its time both take it from `open` under its lock.

mod accept;
mod arrivals;
mod awaited;
mod bell;
mod brought;
mod desk;
mod emit;
mod event;
mod matching;
mod room;
mod taken;
mod tell;
mod tidy;
mod together;
mod wait;

pub use accept::{Accepted, Intake, accept};
pub use awaited::awaited;
pub use bell::Bell;
pub(crate) use brought::Brought;
pub use desk::Desk;
pub use emit::{DEPTH_MAX, Emitted, depth, emit};
pub use event::{
    BATCH_EVENTS_MAX, DATA_BYTES_MAX, EARLIER_MAX, EventFlaw, EventRow, ID_BYTES_MAX, KEPT_DAYS, NewEvent, check_key,
    check_type, step_event_id,
};
pub use matching::{Matched, Passed, Turn, is_any, pass_by, work};
pub use room::{EVENTS_PENDING_MAX, Room};
pub use taken::{Taken, taken_by_starts};
pub use tell::{check_heard, check_starts, is_room, tell};
pub use tidy::{tidy, tidy_waits};
pub use together::{Begun, TOGETHER_MAX, begin_starts};
pub use wait::{Wait, WaitingStep, expire, wait};
