//! The fault harness: a fleet of real processes on a real PostgreSQL under load and faults, and a checker that knows
//! nothing but what clients, an HTTP server and the tables know.
//!
//! The plan of a run follows from its seed. [`run::run`] does everything; `check` holds one function per invariant.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod api;
mod armed;
pub mod at_once;
mod bystanders;
mod ceiling;
pub mod check;
mod clock;
mod crew;
mod crowd;
mod database;
pub mod dice;
mod disk;
mod expand;
pub mod facts;
mod family;
mod faults;
mod fleet;
pub mod foreach;
pub mod graphs;
pub mod hunt;
mod inject;
mod kinds;
mod leases;
mod ledger;
pub mod limits;
mod load;
mod losses;
mod machines;
pub mod means;
mod measures;
mod network;
mod observer;
mod oddities;
pub mod orderly;
mod plague;
pub mod plan;
pub mod point;
pub mod poison;
mod process;
mod program;
mod promises;
mod proving;
mod proxy;
pub mod rates;
mod read;
mod recipe;
mod remains;
pub mod report;
pub mod run;
pub mod sabotage;
mod samples;
mod secrets;
mod server;
pub mod settings;
pub mod shared;
mod site;
mod stage;
mod story;
mod strikes;
mod talk;
#[cfg(test)]
mod testing;
mod thaw;
pub mod timers;
mod toxic;
pub mod trace;
