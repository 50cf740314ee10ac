//! The worker on a real database: claims, commits, waits, survives.
#![allow(clippy::unwrap_used, reason = "tests")]

mod calm;
mod doomed;
mod links;
mod outside;
mod rough;
mod support;
