//! Shapes of what routes answer and have no type of this crate for: what the engine serialises, and what is put together
//! as JSON. Nothing here is ever made.
#![allow(dead_code, clippy::large_enum_variant, reason = "described, not made")]

mod around;
mod billing;
mod drafts;
mod executions;
mod login;
mod people;
mod platform;
mod records;
mod text;
mod triggers;
mod upkeep;
mod waits;
mod workspace;

pub(crate) use around::*;
pub(crate) use billing::*;
pub(crate) use drafts::*;
pub(crate) use executions::*;
pub(crate) use login::*;
pub(crate) use people::*;
pub(crate) use platform::*;
pub(crate) use records::*;
use schemars::JsonSchema;
pub(crate) use text::{Date, Id, Time};
pub(crate) use triggers::*;
pub(crate) use upkeep::*;
pub(crate) use waits::*;
pub(crate) use workspace::*;

/// A list that is whole.
#[derive(JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct Items<T> {
    items: Vec<T>,
}
