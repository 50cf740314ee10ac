//! How large a run is.

use std::path::PathBuf;
use std::time::Duration;

/// Size of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// Plan, graphs and load follow from it.
    pub seed: u64,
    /// How long faults are injected.
    pub length: Duration,
    /// Worker processes.
    pub workers: usize,
    /// Tenants, and graphs of each.
    pub workspaces: usize,
    /// Graphs of each workspace.
    pub workflows: usize,
    /// Clients that start executions.
    pub clients: usize,
    /// Executions that have not ended, above which clients hold back.
    pub unended_max: i64,
    /// Pause of a client between two starts, in milliseconds; drawn up to twice as long.
    pub pause_ms: u64,
    /// Faults of each kind for each minute; at least one of each is planned.
    pub rates: Rates,
}

/// Faults per minute.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// `kill -9` of a worker.
    pub kills: f64,
    /// SIGSTOP until the worker was given up, then SIGCONT.
    pub freezes: f64,
    /// PostgreSQL stopped without writing, and started again.
    pub crashes: f64,
    /// All connections of a worker cut.
    pub cuts: f64,
    /// All connections of a worker slow for a while.
    pub delays: f64,
    /// A commit whose reply is lost.
    pub lost_replies: f64,
    /// No notification arrives anywhere for a while.
    pub lost_notifications: f64,
    /// A worker is told to end, and another one takes its place: the fleet is restarted in turn.
    pub drains: f64,
}

/// What half an hour needs for 800 kills, 60 freezes and 50 database crashes, with some to spare.
const RATES: Rates = Rates {
    kills: 29.0,
    freezes: 2.3,
    crashes: 1.9,
    cuts: 3.0,
    delays: 2.0,
    lost_replies: 4.0,
    lost_notifications: 1.0,
    drains: 2.0,
};

/// A few of everything within a quarter of a minute.
const SHORT_RATES: Rates = Rates {
    kills: 16.0,
    freezes: 4.0,
    crashes: 4.0,
    cuts: 4.0,
    delays: 4.0,
    lost_replies: 8.0,
    lost_notifications: 4.0,
    drains: 4.0,
};

impl Settings {
    /// The form that figures are quoted from, `minutes` long.
    #[must_use]
    pub fn full(binary: PathBuf, seed: u64, minutes: f64) -> Self {
        Self {
            binary,
            seed,
            length: Duration::from_secs_f64(minutes * 60.0),
            workers: 4,
            workspaces: 3,
            workflows: 8,
            clients: 8,
            unended_max: 150,
            pause_ms: 150,
            rates: RATES,
        }
    }

    /// The short tier: a few of each fault in about half a minute, start and end included.
    #[must_use]
    pub fn short(binary: PathBuf, seed: u64) -> Self {
        let small = Self::full(binary, seed, 0.25);
        Self { workers: 4, workspaces: 2, workflows: 4, clients: 4, unended_max: 60, rates: SHORT_RATES, ..small }
    }
}
