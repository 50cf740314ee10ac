//! Strikes: takes the plan's faults one after the other, each at a victim that has work in its hands.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::database::{Database, Door};
use crate::fleet::Fleet;
use crate::inject::{Held, Injected, Struck};
use crate::leases::{Holder, LOOK_EVERY, Leases};
use crate::load::Load;
use crate::losses::Losses;
use crate::plan::{Fault, Planned};
use crate::server::Server;
use crate::site::Site;

/// Longest search for a victim that holds something: longer than two losses in a row need to be noticed.
const SEARCH_MAX: Duration = Duration::from_secs(20);
/// How often a fault is tried until it lands.
const TRIES_MAX: usize = 3;
/// Lost workers in a row that leave an execution one more try: workers that hold such a one are spared, as the next
/// loss would make it an incident, rightly so.
const SUSPECT_LOSSES: i16 = 2;

/// Whoever strikes.
pub(crate) struct Striker {
    pub(crate) fleet: Fleet,
    pub(crate) server: Server,
    pub(crate) site: Site,
    pub(crate) load: Load,
    pub(crate) door: Door,
    pub(crate) leases: Leases,
    pub(crate) losses: Losses,
    /// What goes on beside: thaws, ends of drains, deaths at points.
    pub(crate) beside: JoinSet<anyhow::Result<Vec<Struck>>>,
}

/// A worker that holds something.
pub(crate) struct Victim {
    pub(crate) slot: usize,
    pub(crate) worker_no: i32,
    pub(crate) name: String,
    pub(crate) held: Vec<Held>,
}

impl Striker {
    pub(crate) fn new(fleet: Fleet, server: Server, site: Site, load: Load, door: Door) -> Self {
        let (leases, losses) = (Leases::new(door.clone()), Losses::default());
        Self { fleet, server, site, load, door, leases, losses, beside: JoinSet::new() }
    }

    /// Works through the plan and waits until all effects of it are over.
    pub(crate) async fn run(mut self, database: &mut Database, plan: Vec<Planned>) -> anyhow::Result<Injected> {
        let begin = Instant::now();
        let mut injected = Injected { planned: plan.clone(), ..Injected::default() };
        for planned in plan {
            sleep_until(begin + planned.at).await;
            self.strike_until_landed(database, planned, &mut injected.struck).await?;
            while let Some(done) = self.beside.try_join_next() {
                injected.struck.extend(done??);
            }
        }
        while let Some(done) = self.beside.join_next().await {
            injected.struck.extend(done??);
        }
        // Poison ends whoever has it, also one that is coming, draining, or to die at a point.
        for name in self.fleet.oddities.dead() {
            if let Some(worker_no) = self.leases.number_of(&name).await? {
                self.losses.add(worker_no);
            }
        }
        injected.lost = self.losses.all();
        Ok(injected)
    }

    /// Strikes again, within a bound, as long as the fault does not land.
    async fn strike_until_landed(
        &mut self,
        database: &mut Database,
        planned: Planned,
        all: &mut Vec<Struck>,
    ) -> anyhow::Result<()> {
        for _ in 0..TRIES_MAX {
            // Deaths at points are tried again beside.
            let Some(struck) = self.strike(database, planned).await? else { return Ok(()) };
            let landed = struck.landed;
            all.push(struck);
            if landed {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A worker that holds something, while another one is there to notice; none if there is none for too long.
    pub(crate) async fn victim(&mut self, planned: Planned) -> Option<Victim> {
        let deadline = Instant::now() + SEARCH_MAX;
        while Instant::now() < deadline {
            self.fleet.bury_unpoisoned().await;
            let present = self.fleet.present().await;
            let noticed = self.losses.forget_noticed(&mut self.leases).await;
            if let (true, Ok(()), Ok(holders)) = (self.may_come(planned.fault), noticed, self.leases.holders().await) {
                let mut found: Vec<Victim> = holders
                    .into_iter()
                    .filter(|holder| holder.losses_max < SUSPECT_LOSSES)
                    .filter_map(|Holder { worker_no, name, held, .. }| {
                        Some(Victim { slot: *present.get(&name)?, worker_no, name, held })
                    })
                    .filter(|victim| self.can_be_hit(victim.slot, planned.fault))
                    .filter(|victim| self.leaves_a_witness(victim.slot, present.values().copied()))
                    .collect();
                if !found.is_empty() {
                    let chosen = (planned.draw % found.len() as u64) as usize;
                    return Some(found.swap_remove(chosen));
                }
            }
            sleep(LOOK_EVERY).await;
        }
        None
    }

    /// Poison may end whoever watches a silent worker, so the two do not come together.
    fn may_come(&self, fault: Fault) -> bool {
        match fault {
            Fault::Poison { .. } => self.losses.first().is_none(),
            Fault::Freeze { .. } | Fault::HalfReaped | Fault::Partition { .. } => !self.fleet.oddities.is_outbreak(),
            _ => true,
        }
    }

    /// Only a worker in a network of its own can be cut off from it.
    fn can_be_hit(&self, slot: usize, fault: Fault) -> bool {
        !matches!(fault, Fault::Partition { .. }) || self.fleet.slot(slot).wire.is_some()
    }

    /// Whether another worker is left that has watched since before the first loss that nobody has noticed yet. Silence
    /// counts only for who has watched it, so without one a take-over would take as long as the next watch.
    fn leaves_a_witness(&self, victim: usize, present: impl Iterator<Item = usize>) -> bool {
        let first = self.losses.first().unwrap_or_else(Instant::now);
        present.filter(|&slot| slot != victim).any(|slot| self.fleet.slot(slot).watched_before(first))
    }
}
