//! The core against a second opinion: random graphs, random orders, and tables of small cases.
//!
//! Faults that are planted have to be found without what is not `core_alone`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod arms;
mod attempts;
mod catalogue;
mod checks;
mod count;
mod driver;
mod fate;
#[cfg(not(core_alone))]
mod flow;
mod gates;
mod generator;
mod judge;
mod long_lists;
mod nested;
mod nested_graphs;
mod nested_orders;
mod noise;
mod oracle;
#[cfg(not(core_alone))]
mod proofs;
#[cfg(not(core_alone))]
mod proofs_exact;
#[cfg(not(core_alone))]
mod proofs_sound;
mod properties;
#[cfg(not(core_alone))]
mod recorded;
mod rng;
mod script;
#[cfg(not(core_alone))]
mod simulated;
mod spec;
mod tables;
mod tables_children;
mod tables_chunks;
mod tables_clean_up;
mod tables_containers;
mod tables_endings;
mod tables_explain;
mod tables_full;
mod tables_migrate;
mod tables_resolve;
mod tables_restart;
