//! The core against a second opinion: random graphs, random orders, and tables of small cases.
#![allow(clippy::unwrap_used, reason = "tests")]

mod arms;
mod attempts;
mod catalogue;
mod checks;
mod count;
mod driver;
mod fate;
mod generator;
mod judge;
mod nested;
mod noise;
mod oracle;
mod proofs;
mod proofs_exact;
mod proofs_sound;
mod properties;
mod rng;
mod script;
mod simulated;
mod spec;
mod tables;
mod tables_containers;
mod tables_endings;
mod tables_explain;
mod tables_restart;
