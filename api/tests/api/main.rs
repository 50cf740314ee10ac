//! The real router on a real database.
#![allow(clippy::unwrap_used, reason = "tests")]

mod access;
mod approvals;
mod bad_input;
mod bulk;
mod custom_events;
mod executions;
mod forms;
mod fuzz;
mod grants;
mod hooks;
mod isolation;
mod live;
mod pages;
mod serving;
mod simulations;
mod starter;
mod support;
mod wire;
mod workflows;
