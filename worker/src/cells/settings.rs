//! How many dedicated cells a process serves, and how long it stays with each.

use std::time::Duration;

/// How a process serves dedicated cells.
#[derive(Clone, Debug)]
pub struct CellsSettings {
    /// Cells that it serves at a time.
    pub cells_max: usize,
    /// Processes that serve one cell at a time. Further ones than the first come only where they serve less than half of what they may.
    pub hands_max: i32,
    /// Time between two looks for cells that have something to do; a hint makes it shorter.
    pub look_every: Duration,
    /// The same where no cell has something to do and none is served, unless one will sooner.
    pub quiet_every: Duration,
    /// How long a process counts as one that serves a cell without saying so again: another one takes the cell of a killed one then.
    pub lease: Duration,
    /// Time between two such words.
    pub renew_every: Duration,
    /// How long it stays at least after the last announcement that it saw: longer than an announcement counts for its writer, and the
    /// longest transaction under it.
    pub stay: Duration,
    /// It stays for what is due within this time.
    pub soon: Duration,
    /// Time between two questions whether something is left to do.
    pub ask_every: Duration,
    /// A cell is visited after this time at the latest, for months, retention and sums of days; up to a quarter sooner, so that cells
    /// which were made together do not come together.
    pub upkeep_every: Duration,
    /// When a cell that could not be served is tried again; doubled with each failure in a row, up to 64 times as long.
    pub again_after: Duration,
}

impl Default for CellsSettings {
    fn default() -> Self {
        Self {
            cells_max: 32,
            hands_max: 2,
            look_every: Duration::from_secs(1),
            quiet_every: Duration::from_secs(10),
            lease: Duration::from_secs(30),
            renew_every: Duration::from_secs(10),
            stay: Duration::from_secs(120),
            soon: Duration::from_secs(60),
            ask_every: Duration::from_secs(5),
            upkeep_every: Duration::from_secs(12 * 3_600),
            again_after: Duration::from_secs(10),
        }
    }
}
