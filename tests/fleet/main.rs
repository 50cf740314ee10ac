//! A fleet of real processes on a real PostgreSQL, and what must not matter to it: kills, outages, freezes, restarts.
#![allow(clippy::unwrap_used, reason = "tests")]

mod archive;
mod bulk;
mod cells;
mod children;
mod crew;
mod doctor;
mod drain;
mod failover;
mod foreach;
mod form_mails;
mod forwarded;
mod freeze;
mod graphs;
mod holding;
mod keys;
mod kill;
mod limits;
mod memory;
mod migrated;
mod outage;
mod poison;
mod process;
mod provision;
mod restart;
mod rules;
mod schedules;
mod seeds;
mod sessions;
mod site;
mod skew;
mod spans;
mod story;
mod timers;
mod traces;
mod waiting;
mod way;
mod world;

use std::time::Duration;

/// Longest that anything in these tests may take; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks at something that is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(25);
