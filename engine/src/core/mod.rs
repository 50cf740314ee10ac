//! The pure core: no async, no SQL, no clock, no randomness.
//!
//! A [`graph::Graph`] is compiled once per version. A [`state::State`] is the fold of an
//! execution's journal, and [`decide::decide`] says what each new [`journal::Entry`] leads to.

pub mod attempt;
pub mod catalogue;
pub mod child;
pub mod chunk;
pub mod clean_up;
pub mod compile;
pub mod concurrency;
pub mod config;
pub mod decide;
pub mod document;
mod draft;
mod ending;
pub mod explain;
pub mod expression;
pub mod flow;
pub mod fold;
pub mod frame;
pub mod gate;
pub mod graph;
pub mod ids;
pub mod journal;
mod key;
pub mod migrate;
pub mod outcome;
pub mod policy;
pub mod problem;
pub mod prove;
pub mod raw;
pub mod redact;
mod resolve;
pub mod restart;
pub mod result;
pub mod retry;
pub mod scene;
pub mod simulate;
pub mod state;
pub mod step;
pub mod trace;
