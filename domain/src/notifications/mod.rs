//! What people are told. News of the platform and of people comes about in `control`, and is told there in its own transaction. News of a
//! cell is a notice in that cell, written with what it tells of; the API's processes bring it to people, each once.

mod desk;
mod kind;
mod list;
mod mail;
mod notice;
mod operation;
mod tell;

pub use desk::Desk;
pub use kind::Kind;
pub use list::{NotificationRow, list, mark_read, prefer, preferences, unread, who_wants};
pub use mail::{DueMail, mailed, take_mails};
pub use notice::{Notice, SUMMARY_CHARS_MAX, Told, WAITING_MAX, forget, leave, tidy, waiting};
pub use operation::tell_of_operation;
pub use tell::{KEPT_MAX, News, administrators, chosen, heads, tell};
