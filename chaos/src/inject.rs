//! What became of the faults.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::database::Outage;
use crate::kinds::{KINDS, Wanted};
use crate::oddities::Oddity;
use crate::plan::{Fault, Planned};
use crate::point::Place;

/// So long after calls were broken off, or connections were to be had again, that still has effects.
const EFFECTS_LAST: TimeDelta = TimeDelta::seconds(3);

/// In a plan with fewer faults than this so many may miss, in a longer one a tenth of them.
const SHORT_PLAN: usize = 20;
const MISSES_OF_SHORT: usize = 2;

/// So many planned faults of a kind tell whether they land.
const SOME: usize = 3;

/// A lease that was held when a fault struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// The execution, which had a step to do.
    pub execution: Uuid,
    /// The number of the lease.
    pub lease_no: i64,
    /// The worker that held it.
    pub worker_no: i32,
}

/// A fault that struck.
#[derive(Clone, Debug)]
pub struct Struck {
    /// What was planned.
    pub fault: Fault,
    /// When the signal was sent, or the like.
    pub at: DateTime<Utc>,
    /// Whether it met somebody who had work to do.
    pub landed: bool,
    /// Whether nobody came in the victim's place until its peers must have noticed.
    pub left_vacant: bool,
    /// What the victim held; of a fault that concerns all, what anybody held.
    pub held: Vec<Held>,
    /// The time in which the database was away.
    pub outage: Option<Outage>,
}

/// All faults of a run.
#[derive(Clone, Debug, Default)]
pub struct Injected {
    /// In the order of the plan.
    pub planned: Vec<Planned>,
    /// Whether the run was to have no faults at all.
    pub none_wanted: bool,
    /// Workers that were started of the build before.
    pub of_build_before: u64,
    /// Faults that cannot be injected here, each with the reason.
    pub not_run: Vec<String>,
    /// In the order in which they struck.
    pub struck: Vec<Struck>,
    /// The workers that were taken from their executions, by number.
    pub lost: Vec<i32>,
    /// What happened that nobody had told to.
    pub oddities: Vec<Oddity>,
}

impl Injected {
    /// Faults that landed.
    #[must_use]
    pub fn landed(&self) -> usize {
        self.landed_of(|_| true)
    }

    /// Faults of a kind that landed.
    #[must_use]
    pub fn landed_of(&self, wanted: impl Fn(&Fault) -> bool) -> usize {
        self.struck.iter().filter(|struck| struck.landed && wanted(&struck.fault)).count()
    }

    /// Whether too little came true: nothing was planned though faults were wanted, more than a tenth of all missed (more
    /// than two of a short plan), or more than half of a kind.
    #[must_use]
    pub fn is_void(&self) -> bool {
        let planned = self.planned.len();
        let misses_max = if planned < SHORT_PLAN { MISSES_OF_SHORT } else { planned / 10 };
        let is_empty = planned == 0 && !self.none_wanted;
        is_empty || planned.saturating_sub(self.landed()) > misses_max || self.lacking().next().is_some()
    }

    /// Kinds of faults of which some were planned, and fewer than half of them landed.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = &'static str> {
        let lacks = |wanted: Wanted| {
            let planned = self.planned.iter().filter(|planned| wanted(&planned.fault)).count();
            planned >= SOME && self.landed_of(wanted) * 2 < planned
        };
        KINDS.into_iter().filter(move |&(_, wanted)| lacks(wanted)).map(|(name, _)| name)
    }

    /// The times in which the effect server did not answer, or the database took nobody in, and in which that still has
    /// effects.
    pub(crate) fn disturbances(&self) -> impl Iterator<Item = Outage> {
        self.struck.iter().filter_map(|struck| match struck.fault {
            Fault::Hang { for_ms } | Fault::PoolExhausted { for_ms } => {
                let until = struck.at + TimeDelta::milliseconds(for_ms.cast_signed()) + EFFECTS_LAST;
                Some(Outage { from: struck.at, until })
            }
            _ => None,
        })
    }

    /// The times in which the database was away.
    pub fn outages(&self) -> impl Iterator<Item = Outage> {
        self.struck.iter().filter_map(|struck| struck.outage)
    }
}

impl Struck {
    /// A fault that strikes now; what it met is filled in.
    pub(crate) fn now(fault: Fault) -> Self {
        Self { fault, at: Utc::now(), landed: false, left_vacant: false, held: Vec::new(), outage: None }
    }

    /// The same with what a look after the signal has found, which tells whether it landed; where the database was away
    /// for too long, with what was seen before.
    pub(crate) fn with_left(self, left: Option<Vec<Held>>) -> Self {
        match left {
            Some(held) => Self { landed: !held.is_empty(), held, ..self },
            None => self,
        }
    }

    /// Whether it takes workers from their executions: a kill, a freeze, a partition, a death at a point, or of poison.
    #[must_use]
    pub fn loses_workers(&self) -> bool {
        matches!(self.fault, Fault::Kill | Fault::Failpoint { .. } | Fault::Poison { .. }) || self.freezes()
    }

    /// Whether nothing is heard of a worker that goes on later.
    #[must_use]
    pub fn freezes(&self) -> bool {
        matches!(self.fault, Fault::Freeze { .. } | Fault::HalfReaped | Fault::Partition { .. })
    }

    /// Whether an API process died of it, with what it had in memory.
    #[must_use]
    pub fn loses_the_api(&self) -> bool {
        matches!(self.fault, Fault::Failpoint { point, .. } if point.place == Place::Reply)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{kill, second};

    #[test]
    fn a_kill_lands_if_its_victim_held_something_at_the_signal() {
        let seen = kill(second(), 7, 3);
        let held = kill(second(), 8, 3).held;
        let late = seen.clone().with_left(Some(Vec::new()));
        assert_eq!((late.landed, late.held), (false, Vec::new()), "it had ended what it held");
        let met = seen.clone().with_left(Some(held.clone()));
        assert_eq!((met.landed, met.held), (true, held), "it held another one by then");
        let away = seen.clone().with_left(None);
        assert_eq!((away.landed, away.held), (true, seen.held), "nobody could look");
    }
}
