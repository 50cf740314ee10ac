//! Submissions of forms that ask for a proven address: kept until somebody presses the button behind the link in the mail to it.
//!
//! The API keeps a submission, a worker sends the mail, and the button starts the execution, in the transaction that settles the
//! row. So nothing starts twice, and nothing for an address that nobody answers at. Rows go when their link ends.

mod link;
mod post;
mod store;

pub use link::{SubmissionLink, UnverifiedSubmission};
pub use post::{DueMail, Room, TRIES_MAX, give_up, put_off, sent, take};
pub use store::{LINK_HOURS, NewSubmission, Submission, confirm, find, is_kept, keep, lock, tidy};
