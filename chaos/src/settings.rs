//! How large a run is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::means::Means;
use crate::rates::{RATES, Rates, SHORT_RATES};
use crate::sabotage::Bug;
use crate::toxic::WAYS;

/// Size of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `capstan` binary.
    pub binary: PathBuf,
    /// The same with the feature `faults`, whose processes can be killed at named points; without it they are not.
    pub faults_binary: Option<PathBuf>,
    /// A build of the commit before, also with that feature if the other one has it; some workers are of it, if it is
    /// given.
    pub before_binary: Option<PathBuf>,
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
    /// Graphs of each workspace that talk, beside those; there are no orders and no answers either if there are none.
    pub talking: usize,
    /// Clients that start executions.
    pub clients: usize,
    /// Executions that have not ended, above which clients hold back.
    pub unended_max: i64,
    /// Pause of a client between two starts, in milliseconds; drawn up to twice as long.
    pub pause_ms: u64,
    /// Faults of each kind for each minute; at least one of each that is wanted at all.
    pub rates: Rates,
    /// What this machine lets it do of that.
    pub means: Means,
    /// Longest time in which everything that was started comes to its end when nothing is in its way.
    pub healing_max: Duration,
    /// What is wrong with the product, on purpose.
    pub bug: Option<&'static Bug>,
}

/// The name of that type.
const CALLS: &[u8] = b"logic.sub_workflow";
const HEALING_MAX: Duration = Duration::from_secs(60);
/// How long faults are injected to find a planted bug, and how long to wait then: what ends, ends in seconds.
const HUNT_LENGTH: Duration = Duration::from_secs(9);
const HUNT_HEALING_MAX: Duration = Duration::from_secs(25);

impl Settings {
    /// Faults that are wanted and that cannot be injected here, each with the reason.
    #[must_use]
    pub(crate) fn not_run(&self) -> Vec<String> {
        let (rates, means) = (self.rates, self.means);
        let is_mute = self.talking == 0 && self.before_binary.is_some();
        let wanted = [
            ("failpoints", rates.of_each_point, self.faults_binary.is_none().then_some("no build with faults")),
            ("binary before", 1.0, self.before_binary.is_none().then_some("no older binary given")),
            ("calls, events, orders and answers", 1.0, is_mute.then_some("the older binary does not know them")),
            ("network partition", rates.partitions, means.no_network),
            ("clock an hour off", rates.clocks, means.no_clock),
            ("disk full", rates.full_disks, means.no_disk),
        ];
        let lacking = wanted.into_iter().filter(|(_, rate, _)| *rate > 0.0);
        lacking.filter_map(|(name, _, lack)| Some(format!("{name}: {}", lack?))).collect()
    }

    /// The ways in which poison ends workers: an older build leaves what it does not know to a newer one, of which
    /// there may be none.
    pub(crate) fn ways(&self) -> &'static [&'static str] {
        if self.before_binary.is_some() { &WAYS[..1] } else { &WAYS }
    }

    /// With workers of an older build among the others, if there is one. Where that does not know what to call, nobody
    /// talks.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn beside(self, before_binary: Option<PathBuf>) -> io::Result<Self> {
        let knows = before_binary.as_deref().map_or(Ok(true), knows_calls)?;
        Ok(Self { talking: if knows { self.talking } else { 0 }, before_binary, ..self })
    }

    /// The form that figures are quoted from, `minutes` long.
    #[must_use]
    pub fn full(binary: PathBuf, seed: u64, minutes: f64) -> Self {
        Self {
            binary,
            faults_binary: None,
            before_binary: None,
            seed,
            length: Duration::from_secs_f64(minutes * 60.0),
            workers: 6,
            workspaces: 3,
            workflows: 8,
            talking: 3,
            clients: 8,
            unended_max: 150,
            pause_ms: 150,
            rates: RATES,
            means: Means::of_this_machine(),
            healing_max: HEALING_MAX,
            bug: None,
        }
    }

    /// The short tier: a few of each fault in about half a minute, start and end included.
    #[must_use]
    pub fn short(binary: PathBuf, seed: u64) -> Self {
        let small = Self::full(binary, seed, 0.25);
        Self {
            workers: 4,
            workspaces: 2,
            workflows: 4,
            talking: 2,
            clients: 4,
            unended_max: 60,
            rates: SHORT_RATES,
            ..small
        }
    }

    /// A short run with a planted bug and the faults that bring it out.
    #[must_use]
    pub(crate) fn with_bug(self, bug: &'static Bug) -> Self {
        Self {
            length: HUNT_LENGTH,
            workers: 6,
            workflows: 6,
            talking: 0,
            clients: 6,
            unended_max: 80,
            rates: bug.rates,
            healing_max: HUNT_HEALING_MAX,
            bug: Some(bug),
            before_binary: None,
            ..self
        }
    }
}

/// Whether a build has the node type that calls workflows, the last to come of what talks: its name stands in it.
fn knows_calls(binary: &Path) -> io::Result<bool> {
    Ok(fs::read(binary)?.windows(CALLS.len()).any(|bytes| bytes == CALLS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remains::own_folder;

    #[test]
    fn nobody_talks_beside_a_build_that_does_not_know_what_to_call() {
        let before = |contents: &[u8]| {
            let folder = own_folder("capstan-chaos-before-").unwrap();
            let file = folder.path().join("capstan");
            fs::write(&file, contents).unwrap();
            let settings = Settings::short("capstan".into(), 1).beside(Some(file)).unwrap();
            (settings.talking, settings.not_run().iter().any(|told| told.starts_with("calls")))
        };
        assert_eq!(before(b"..logic.wait_for_signal.."), (0, true));
        assert_eq!(before(b"..logic.sub_workflow.."), (2, false));
    }
}
