//! Which faults come when: a function of the seed.

use std::time::Duration;

use crate::dice::Dice;
use crate::point::{POINTS, Point};
use crate::settings::Settings;

/// The stream of draws that plans are made of.
const STREAM: u64 = 1;

/// How wrong a clock is.
const CLOCK_OFF_S: i64 = 3_600;

/// One kind of fault with its measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A worker is killed with -9, and another one started.
    Kill,
    /// A worker is stopped until its peers have given it up and for `after_ms` longer, then goes on as a zombie.
    Freeze {
        /// Milliseconds that it stays frozen after it was given up.
        after_ms: u64,
    },
    /// A worker is stopped until a slow peer is about to give it up, and goes on before it has.
    HalfReaped,
    /// A worker is cut off from the network until its peers have given it up and for `after_ms` longer.
    Partition {
        /// Milliseconds that it stays cut off after it was given up.
        after_ms: u64,
    },
    /// A worker is drained, and replaced by one whose wall clock is wrong.
    Clock {
        /// Seconds that it is ahead.
        off_s: i64,
    },
    /// The disk of the database is full for a while.
    DiskFull {
        /// For how long.
        for_ms: u64,
    },
    /// Others take all connections that the database has, and a worker loses its own.
    PoolExhausted {
        /// For how long.
        for_ms: u64,
    },
    /// The effect server does not answer; then it closes the connections.
    Hang {
        /// For how long.
        for_ms: u64,
    },
    /// An execution is started that ends each worker which runs it.
    Poison {
        /// Which of the ways to die.
        way: usize,
    },
    /// Columns, a table and an index are added to the schema.
    Expand,
    /// PostgreSQL is stopped with `-m immediate` and started again.
    DatabaseCrash {
        /// Milliseconds between stop and start.
        down_ms: u64,
    },
    /// All connections of a worker to the database are cut.
    Cut,
    /// Everything between a worker and the database comes late.
    Delay {
        /// Milliseconds that each piece is late.
        by_ms: u64,
        /// For how long.
        for_ms: u64,
    },
    /// The reply to a commit of a worker is lost, with its connection.
    LostReply,
    /// No notification arrives at any worker.
    LostNotifications {
        /// For how long.
        for_ms: u64,
    },
    /// A worker is told to end with SIGTERM, and another one started.
    Drain,
    /// A process that was started for it kills itself when it passes a point.
    Failpoint {
        /// Where.
        point: Point,
        /// At which pass.
        nth: u64,
    },
}

/// A fault at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Since the first fault could come.
    pub at: Duration,
    /// What happens.
    pub fault: Fault,
    /// Chooses the victim among those that hold work.
    pub draw: u64,
}

impl Planned {
    /// Whether nobody comes in the victim's place for a while, which is so for every other kill: then it is its peers
    /// who notice. Otherwise its successor does so at once.
    pub(crate) fn leaves_vacant(self) -> bool {
        self.fault == Fault::Kill && self.draw >> 63 == 1
    }
}

/// All faults of a run, by time.
#[must_use]
pub fn plan(settings: &Settings) -> Vec<Planned> {
    let mut dice = Dice::new(settings.seed, STREAM);
    let (rates, length) = (settings.rates, settings.length);
    let mut planned = Vec::new();
    let mut add = |per_minute: f64, fault: &dyn Fn(&mut Dice) -> Fault| {
        let wanted = per_minute * length.as_secs_f64() / 60.0;
        let count = if wanted > 0.0 { wanted.round().max(1.0) } else { 0.0 };
        for nth in 0..count as u32 {
            // One in each equal part of the run, anywhere in it.
            let within = dice.below(1_000) as f64 / 1_000.0;
            let at = length.mul_f64((f64::from(nth) + within) / count);
            planned.push(Planned { at, fault: fault(&mut dice), draw: dice.draw() });
        }
    };
    add(rates.kills, &|_| Fault::Kill);
    add(rates.freezes, &|dice| Fault::Freeze { after_ms: dice.below(2_000) });
    add(rates.half_reaped, &|_| Fault::HalfReaped);
    add(rates.crashes, &|dice| Fault::DatabaseCrash { down_ms: dice.below(2_500) });
    add(rates.cuts, &|_| Fault::Cut);
    add(rates.delays, &|dice| Fault::Delay { by_ms: dice.between(20, 300), for_ms: dice.between(1_000, 4_000) });
    add(rates.lost_replies, &|_| Fault::LostReply);
    add(rates.lost_notifications, &|dice| Fault::LostNotifications { for_ms: dice.between(1_000, 5_000) });
    add(rates.drains, &|_| Fault::Drain);
    if settings.faults_binary.is_some() {
        for point in POINTS {
            add(rates.of_each_point, &|dice| Fault::Failpoint { point, nth: dice.between(1, point.passes_max) });
        }
    }
    let here = |rate: f64, lack: Option<&str>| if lack.is_none() { rate } else { 0.0 };
    add(here(rates.partitions, settings.means.no_network), &|dice| Fault::Partition { after_ms: dice.below(2_000) });
    add(here(rates.clocks, settings.means.no_clock), &|dice| Fault::Clock {
        off_s: if dice.chance(50) { CLOCK_OFF_S } else { -CLOCK_OFF_S },
    });
    add(here(rates.full_disks, settings.means.no_disk), &|dice| Fault::DiskFull { for_ms: dice.between(1_000, 5_000) });
    add(rates.exhausted_pools, &|dice| Fault::PoolExhausted { for_ms: dice.between(1_500, 4_000) });
    add(rates.hangs, &|dice| Fault::Hang { for_ms: dice.between(2_000, 6_000) });
    let ways = settings.ways().len() as u64;
    add(rates.poison, &|dice| Fault::Poison { way: dice.below(ways) as usize });
    if rates.expansions > 0.0 {
        planned.push(Planned { at: length / 2, fault: Fault::Expand, draw: 0 });
    }
    planned.sort_by_key(|planned| planned.at);
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(plan: &[Planned], wanted: impl Fn(&Fault) -> bool) -> usize {
        plan.iter().filter(|planned| wanted(&planned.fault)).count()
    }

    #[test]
    fn half_an_hour_holds_what_is_promised_with_a_tenth_to_spare() {
        let faults_binary = Some("capstan-faults".into());
        let plan = plan(&Settings { faults_binary, ..Settings::full("capstan".into(), 1, 30.0) });
        assert!(count(&plan, |fault| *fault == Fault::Kill) * 9 / 10 >= 780);
        assert!(count(&plan, |fault| matches!(fault, Fault::Freeze { .. })) * 9 / 10 >= 60);
        assert!(count(&plan, |fault| matches!(fault, Fault::DatabaseCrash { .. })) * 9 / 10 >= 50);
        for wanted in POINTS {
            assert!(count(&plan, |fault| matches!(fault, Fault::Failpoint { point, .. } if *point == wanted)) >= 22);
        }
        assert!(plan.is_sorted_by_key(|planned| planned.at));
    }

    #[test]
    fn every_other_kill_leaves_a_slot_empty() {
        let plan = plan(&Settings::full("capstan".into(), 1, 30.0));
        let (all, vacant) = (count(&plan, |fault| *fault == Fault::Kill), plan.iter().filter(|it| it.leaves_vacant()));
        assert!((40..60).contains(&(vacant.count() * 100 / all)));
    }

    #[test]
    fn the_same_seed_gives_the_same_plan() {
        let of = |seed| plan(&Settings::short("capstan".into(), seed));
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
        let kinds: std::collections::HashSet<_> =
            of(3).iter().map(|planned| std::mem::discriminant(&planned.fault)).collect();
        assert_eq!(kinds.len(), 11, "the short tier has some of every kind");
    }
}
