//! Approvals: what an execution asks of a person, who answered what, and the links with which one answers.
//!
//! The row of an approval judges what it came to. An answer and the end of its time both take it from `open` in one
//! statement, so there is exactly one of them, whatever happens at the same time.

mod answer;
mod ask;
mod close;
mod desk;
mod link;
mod link_keys;
mod list;
mod step;

pub use answer::{Answered, By, NewAnswer, answer};
pub use ask::{Ask, ask, expire};
pub use close::set_cancelled;
pub use desk::Desk;
pub use link::{Link, TOKEN_BYTES_MAX, UnverifiedLink};
pub use link_keys::{LinkKey, newest_key, verifying_key};
pub use list::{ApprovalRow, Filter, find, list};
pub use step::{ApprovalStep, Decision};
