//! Node types: one file each in `types/`, one list in [`registry`].
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod chunk;
pub mod code_runner;
pub mod node_type;
pub mod origin;
pub mod own_database;
pub mod reference;
pub mod registry;
pub mod services;
pub mod simulate;
pub mod smtp;
pub mod smtp_sink;
pub mod span;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_proofs;
pub mod trial;
pub mod triggers;
pub mod types;
