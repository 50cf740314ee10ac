//! What an event is, and what its parts may be.

use std::time::Duration;

use capstan_engine::core::outcome::hashed;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use thiserror::Error;
use uuid::Uuid;

/// Longest type of an event, in bytes.
pub(super) const TYPE_BYTES_MAX: usize = 100;
/// Longest key of an event, in bytes.
pub(super) const KEY_BYTES_MAX: usize = 200;
/// Longest id that a sender gives to an event, in bytes.
pub const ID_BYTES_MAX: usize = 200;
/// Most bytes of the data of an event, as JSON.
pub const DATA_BYTES_MAX: usize = 64 * 1024;
/// Most events that come together.
pub const BATCH_EVENTS_MAX: usize = 100;
/// For how many days events are kept, and their ids known.
pub const KEPT_DAYS: u16 = 8;
/// How long before a step an event may have come that it still takes; it ends before they are removed.
pub const EARLIER_MAX: Duration = Duration::from_secs(7 * 86_400);
/// How the types of our own events begin.
const RESERVED: [&str; 8] = ["execution.", "step.", "lead.", "record.", "tenant.", "quota.", "webhook.", "alert."];

/// Why something is no event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EventFlaw {
    /// Of its type.
    #[error(
        "the type {0:?} cannot be used: write words of a-z, 0-9 and _ with dots between, at most {TYPE_BYTES_MAX} bytes"
    )]
    BadType(String),
    /// Of its type.
    #[error("events whose types begin with {0:?} are our own; use another type")]
    Reserved(&'static str),
    /// Of its key.
    #[error("the key of an event has at most {KEY_BYTES_MAX} bytes and no control characters")]
    BadKey,
    /// Of its id.
    #[error("the id of an event has 1 to {ID_BYTES_MAX} visible ASCII characters and does not begin with $")]
    BadId,
    /// Of its data.
    #[error("the data of an event has at most {DATA_BYTES_MAX} bytes, this has {0}")]
    TooLarge(usize),
}

/// An event on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// What the sender calls it; the same id is the same event.
    pub id: String,
    /// What happened, such as `order.paid`.
    pub type_name: String,
    /// What it happened to, such as the number of an order; empty if it has none.
    pub key: String,
    /// Whatever there is to know.
    pub data: Value,
}

impl NewEvent {
    /// Whether it may come from outside.
    ///
    /// # Errors
    /// The first flaw, with the field that it is of.
    pub fn check(&self) -> Result<(), (&'static str, EventFlaw)> {
        check_type(&self.type_name).map_err(|flaw| ("type", flaw))?;
        check_key(&self.key).map_err(|flaw| ("key", flaw))?;
        check_id(&self.id).map_err(|flaw| ("id", flaw))?;
        self.check_data().map_err(|flaw| ("data", flaw))
    }

    pub(super) fn check_data(&self) -> Result<(), EventFlaw> {
        let bytes = self.data.to_string().len();
        if bytes > DATA_BYTES_MAX { Err(EventFlaw::TooLarge(bytes)) } else { Ok(()) }
    }

    /// Whether an event that came before says the same.
    pub(super) fn is_same(&self, row: &EventRow) -> bool {
        row.type_name == self.type_name && row.key == self.key && row.data == self.data
    }
}

/// Whether a custom event may have that type.
///
/// # Errors
/// What is wrong with it.
pub fn check_type(name: &str) -> Result<(), EventFlaw> {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if name.len() > TYPE_BYTES_MAX || !name.split('.').all(is_word) {
        return Err(EventFlaw::BadType(name.chars().take(TYPE_BYTES_MAX).collect()));
    }
    RESERVED
        .into_iter()
        .find(|prefix| name.starts_with(prefix))
        .map_or(Ok(()), |prefix| Err(EventFlaw::Reserved(prefix)))
}

/// Whether an event may have that key.
///
/// # Errors
/// [`EventFlaw::BadKey`]
pub fn check_key(key: &str) -> Result<(), EventFlaw> {
    let good = key.len() <= KEY_BYTES_MAX && !key.chars().any(char::is_control);
    if good { Ok(()) } else { Err(EventFlaw::BadKey) }
}

/// The id of the event that a step sends: the same in each of its attempts. That of a long key stands there as its
/// hash.
#[must_use]
pub fn step_event_id(idempotency_key: &str) -> String {
    let id = format!("$step:{idempotency_key}");
    let fits = id.len() <= ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { id } else { format!("$step:{}", hashed(idempotency_key)) }
}

/// Ids that begin with `$` are those of events from steps.
fn check_id(id: &str) -> Result<(), EventFlaw> {
    let good = (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if good && !id.starts_with('$') { Ok(()) } else { Err(EventFlaw::BadId) }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct EventRow {
    /// Made by us.
    pub event_id: Uuid,
    /// What its sender calls it.
    pub client_id: String,
    /// What happened.
    #[sqlx(rename = "type")]
    pub type_name: String,
    /// What it happened to; empty if it has none.
    pub key: String,
    /// Whatever there is to know.
    pub data: Value,
    /// How many events led to it.
    pub depth: i32,
    /// By the database's clock.
    pub received_at: DateTime<Utc>,
}

/// Columns of [`EventRow`].
pub(super) const COLUMNS: &str = "event_id, client_id, type, key, data, depth, received_at";

impl EventRow {
    /// As workflows see it: `{id, type, key, data, at}`.
    #[must_use]
    pub fn shown(&self) -> Value {
        json!({
            "id": self.client_id,
            "type": self.type_name,
            "key": self.key,
            "data": self.data,
            "at": self.received_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_words_with_dots_that_are_not_our_own() {
        for good in ["order.paid", "a", "a.b_1.c", "leads.new", "execution"] {
            assert_eq!(check_type(good), Ok(()), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", ".", "a.", "a..b", "Order", "a b", "a/b", "é", long.as_str()] {
            assert!(matches!(check_type(bad), Err(EventFlaw::BadType(_))), "{bad}");
        }
        for own in [
            "execution.completed",
            "step.a",
            "lead.new",
            "tenant.a",
            "quota.b",
            "webhook.c",
            "alert.raised",
            "record.a",
        ] {
            assert!(matches!(check_type(own), Err(EventFlaw::Reserved(_))), "{own}");
        }
    }

    #[test]
    fn each_part_of_an_event_has_a_limit() {
        let event = || NewEvent { id: "1".into(), type_name: "a".into(), key: String::new(), data: json!({}) };
        assert_eq!(event().check(), Ok(()));
        for (flawed, field) in [
            (NewEvent { type_name: "A".into(), ..event() }, "type"),
            (NewEvent { key: "k".repeat(201), ..event() }, "key"),
            (NewEvent { key: "a\u{0}".into(), ..event() }, "key"),
            (NewEvent { id: String::new(), ..event() }, "id"),
            (NewEvent { id: "$step:1".into(), ..event() }, "id"),
            (NewEvent { id: "a b".into(), ..event() }, "id"),
            (NewEvent { data: json!("x".repeat(DATA_BYTES_MAX)), ..event() }, "data"),
        ] {
            assert_eq!(flawed.check().unwrap_err().0, field);
        }
    }
}
