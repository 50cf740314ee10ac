//! How large a run is.

use std::path::PathBuf;
use std::time::Duration;

use crate::sabotage::Bug;

/// Size of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// The same with the feature `faults`, whose processes can be killed at named points; without it they are not.
    pub faults_binary: Option<PathBuf>,
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
    /// Faults of each kind for each minute; at least one of each that is wanted at all.
    pub rates: Rates,
    /// Longest time in which everything that was started comes to its end when nothing is in its way.
    pub healing_max: Duration,
    /// What is wrong with the product, on purpose.
    pub bug: Option<&'static Bug>,
}

/// Faults per minute.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// `kill -9` of a worker.
    pub kills: f64,
    /// SIGSTOP until the worker was given up, then SIGCONT.
    pub freezes: f64,
    /// SIGSTOP until a slow peer is about to give the worker up, then SIGCONT.
    pub half_reaped: f64,
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
    /// Deaths at each of the named points.
    pub of_each_point: f64,
}

impl Rates {
    /// No faults at all.
    pub(crate) const NONE: Self = Self {
        kills: 0.0,
        freezes: 0.0,
        half_reaped: 0.0,
        crashes: 0.0,
        cuts: 0.0,
        delays: 0.0,
        lost_replies: 0.0,
        lost_notifications: 0.0,
        drains: 0.0,
        of_each_point: 0.0,
    };
}

/// What half an hour needs for 800 kills, 60 freezes, 50 database crashes and 20 deaths at each point, with some to spare.
const RATES: Rates = Rates {
    kills: 29.0,
    freezes: 2.3,
    half_reaped: 0.0,
    crashes: 1.9,
    cuts: 3.0,
    delays: 2.0,
    lost_replies: 4.0,
    lost_notifications: 1.0,
    drains: 2.0,
    of_each_point: 0.8,
};

const HEALING_MAX: Duration = Duration::from_secs(60);
/// How long faults are injected to find a planted bug, and how long to wait then: what ends, ends in seconds.
const HUNT_LENGTH: Duration = Duration::from_secs(9);
const HUNT_HEALING_MAX: Duration = Duration::from_secs(25);

/// A few of everything within a quarter of a minute.
const SHORT_RATES: Rates = Rates {
    kills: 16.0,
    freezes: 4.0,
    half_reaped: 0.0,
    crashes: 4.0,
    cuts: 4.0,
    delays: 4.0,
    lost_replies: 8.0,
    lost_notifications: 4.0,
    drains: 4.0,
    of_each_point: 4.0,
};

impl Settings {
    /// The form that figures are quoted from, `minutes` long.
    #[must_use]
    pub fn full(binary: PathBuf, seed: u64, minutes: f64) -> Self {
        Self {
            binary,
            faults_binary: None,
            seed,
            length: Duration::from_secs_f64(minutes * 60.0),
            workers: 6,
            workspaces: 3,
            workflows: 8,
            clients: 8,
            unended_max: 150,
            pause_ms: 150,
            rates: RATES,
            healing_max: HEALING_MAX,
            bug: None,
        }
    }

    /// The short tier: a few of each fault in about half a minute, start and end included.
    #[must_use]
    pub fn short(binary: PathBuf, seed: u64) -> Self {
        let small = Self::full(binary, seed, 0.25);
        Self { workers: 4, workspaces: 2, workflows: 4, clients: 4, unended_max: 60, rates: SHORT_RATES, ..small }
    }

    /// A short run with a planted bug and the faults that bring it out.
    #[must_use]
    pub(crate) fn with_bug(self, bug: &'static Bug) -> Self {
        Self {
            length: HUNT_LENGTH,
            workers: 6,
            workflows: 6,
            clients: 6,
            unended_max: 80,
            rates: bug.rates,
            healing_max: HUNT_HEALING_MAX,
            bug: Some(bug),
            ..self
        }
    }
}
