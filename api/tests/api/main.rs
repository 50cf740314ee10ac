//! The real router on a real database.
#![allow(clippy::unwrap_used, reason = "tests")]

mod access;
mod approvals;
mod backtests;
mod bad_input;
mod bulk;
mod children;
mod credentials;
mod custom_events;
mod executions;
mod flow;
mod forms;
mod fuzz;
mod grants;
mod hand;
mod hooks;
mod isolation;
mod limits;
mod live;
mod matrix;
mod migrate;
mod pages;
mod pauses;
mod people;
mod permissions;
mod quotas;
mod resolve;
mod serving;
mod simulations;
mod starter;
mod support;
mod trials;
mod waiting;
mod webhooks;
mod wire;
mod workflows;
