//! How much of everything is measured. The full run takes about 22 minutes on 2 cores, the quick one about four.

use std::time::Duration;

/// Sizes of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Rounds of each scenario; each measures both sides.
    pub(crate) rounds: usize,
    /// Executions of a backlog of `drain`, `parked` and `history`.
    pub(crate) backlog: usize,
    /// Executions that are timed one by one.
    pub(crate) timed: usize,
    /// How long starts over HTTP are counted.
    pub(crate) ingest: Duration,
    /// Executions of a backlog of `fleet`, and the sizes of fleets that are only started and drained.
    pub(crate) fleet_backlog: usize,
    pub(crate) fleet_crowds: &'static [usize],
    /// Executions that the busy neighbour has ready, and the times that the calm one starts one.
    pub(crate) neighbour_backlog: usize,
    pub(crate) neighbour_starts: usize,
    /// Executions that wait for timers and signals.
    pub(crate) parked: usize,
    /// Executions that have finished.
    pub(crate) history: usize,
    /// How long a transaction is held open while the engine drains, and how much of its end counts.
    pub(crate) pinned: Duration,
    pub(crate) pinned_counted: Duration,
    /// How often a graph with parallel branches is run in a round.
    pub(crate) fanouts: usize,
    /// Executions of 40 steps in a backlog.
    pub(crate) wide: usize,
    /// How long an idle worker is watched.
    pub(crate) idle: Duration,
    /// Activations in flight when the memory of a busy worker is read.
    pub(crate) in_flight: usize,
}

/// What figures are quoted from.
pub(crate) const FULL: Sizes = Sizes {
    rounds: 3,
    backlog: 120_000,
    timed: 2_000,
    ingest: Duration::from_secs(10),
    fleet_backlog: 60_000,
    fleet_crowds: &[50, 100],
    neighbour_backlog: 200_000,
    neighbour_starts: 400,
    parked: 1_000_000,
    history: 5_000_000,
    pinned: Duration::from_secs(300),
    pinned_counted: Duration::from_secs(60),
    fanouts: 10,
    wide: 6_000,
    idle: Duration::from_secs(20),
    in_flight: 2_000,
};

/// To see that everything runs.
pub(crate) const QUICK: Sizes = Sizes {
    rounds: 1,
    backlog: 40_000,
    timed: 500,
    ingest: Duration::from_secs(3),
    fleet_backlog: 15_000,
    fleet_crowds: &[50],
    neighbour_backlog: 40_000,
    neighbour_starts: 80,
    parked: 50_000,
    history: 100_000,
    pinned: Duration::from_secs(12),
    pinned_counted: Duration::from_secs(5),
    fanouts: 3,
    wide: 1_500,
    idle: Duration::from_secs(8),
    in_flight: 2_000,
};

/// For tests of the command itself.
pub(crate) const TINY: Sizes = Sizes {
    rounds: 1,
    backlog: 400,
    timed: 10,
    ingest: Duration::from_millis(200),
    fleet_backlog: 400,
    fleet_crowds: &[],
    neighbour_backlog: 400,
    neighbour_starts: 5,
    parked: 1_000,
    history: 1_000,
    pinned: Duration::from_secs(2),
    pinned_counted: Duration::from_secs(1),
    fanouts: 1,
    wide: 50,
    idle: Duration::from_secs(1),
    in_flight: 50,
};
