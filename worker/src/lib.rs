//! The worker: claims executions, drives them, commits what they came to, and watches its peers.
//!
//! One [`worker::Worker`] is one process's part of the fleet. It works through [`life::Life`]s: a life has one
//! number in the database; a fenced worker drops its memory and begins another.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod activation;
mod agenda;
mod black_box;
mod cells;
mod claimer;
mod clock;
mod committer;
mod control;
mod duties;
mod facts;
#[cfg(test)]
mod failover_tests;
mod gates;
mod life;
mod logs;
mod pace;
mod pauses;
mod runtime;
mod settings;
mod side;
mod versions;
mod watch;
mod worker;

pub use cells::{Cells, CellsSettings, Outfit, ServicesError, ServicesOf};
pub use settings::{UpkeepSettings, WebhookSettings, WorkerSettings};
pub use worker::Worker;
