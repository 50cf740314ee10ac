//! The store on a real database: what each call promises, what races do, and which plans the hot statements have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod agenda;
mod children;
mod claim;
mod claim_tokens;
mod commit;
mod commit_locks;
mod duties;
mod errors;
mod explain;
mod export;
mod flow;
mod gates;
mod link;
mod migrate;
mod migration;
mod orders;
mod pauses;
mod plans;
mod plans_api;
mod plans_bulk;
mod plans_children;
mod plans_data;
mod plans_day;
mod plans_gates;
mod preflight;
mod race;
mod reap;
mod release;
mod retention;
mod roles;
mod roles_rows;
mod signals;
mod start;
mod support;
mod timers;
