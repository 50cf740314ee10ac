//! Strikes: takes the plan's faults one after the other, each at a victim that has work in its hands.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::armed::Armed;
use crate::database::{Database, Door};
use crate::fleet::Fleet;
use crate::inject::{Held, Injected, Struck};
use crate::leases::{Holder, LOOK_EVERY, Leases};
use crate::losses::Losses;
use crate::plan::{Fault, Planned};
use crate::point::Place;
use crate::program::Pass;
use crate::server::Server;
use crate::thaw::Thaw;

/// Longest search for a victim that holds something: longer than two losses in a row need to be noticed.
const SEARCH_MAX: Duration = Duration::from_secs(20);
/// How often a fault is tried until it lands.
const TRIES_MAX: usize = 3;
/// Longest wait for a commit to lose the reply of.
const COMMIT_MAX: Duration = Duration::from_secs(2);
/// Lost workers in a row that leave an execution one more try: workers that hold such a one are spared, as the next
/// loss would make it an incident, rightly so.
const SUSPECT_LOSSES: i16 = 2;

/// Whoever strikes.
pub(crate) struct Striker {
    fleet: Fleet,
    server: Server,
    door: Door,
    leases: Leases,
    losses: Losses,
    /// What goes on beside: thaws, ends of drains, deaths at points.
    beside: JoinSet<anyhow::Result<Vec<Struck>>>,
}

/// A worker that holds something.
struct Victim {
    slot: usize,
    worker_no: i32,
    name: String,
    held: Vec<Held>,
}

impl Striker {
    pub(crate) fn new(fleet: Fleet, server: Server, door: Door) -> Self {
        let (leases, losses) = (Leases::new(door.clone()), Losses::default());
        Self { fleet, server, door, leases, losses, beside: JoinSet::new() }
    }

    /// Works through the plan and waits until all effects of it are over.
    pub(crate) async fn run(mut self, database: &mut Database, plan: Vec<Planned>) -> anyhow::Result<Injected> {
        let begin = Instant::now();
        let mut injected = Injected { planned: plan.clone(), struck: Vec::new() };
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

    /// Strikes once; what has struck, unless that goes on beside.
    async fn strike(&mut self, database: &mut Database, planned: Planned) -> anyhow::Result<Option<Struck>> {
        let mut struck = Struck::now(planned.fault);
        let Some(victim) = self.victim(planned.draw).await else { return Ok(Some(struck)) };
        struck = Struck { landed: true, held: victim.held.clone(), ..Struck::now(planned.fault) };
        let (slot, proxy) = (victim.slot, &self.fleet.slot(victim.slot).proxy);
        match planned.fault {
            Fault::Kill => {
                self.losses.add(victim.worker_no);
                let mut killed = self.fleet.take(slot, Signal::SIGKILL).await?;
                killed.ended().await?;
                // Before its successor finds it dead.
                struck.held.extend(self.leases.left_by(&victim.name).await);
                self.fleet.replace(slot);
            }
            Fault::Freeze { after_ms } => {
                self.losses.add(victim.worker_no);
                let frozen = self.fleet.take(slot, Signal::SIGSTOP).await?;
                struck.held.extend(self.leases.left_by(&victim.name).await);
                let thaw = Thaw::new(self.fleet.clone(), &self.door, slot, victim.worker_no, frozen);
                self.beside.spawn(thaw.after_given_up(after_ms));
            }
            Fault::HalfReaped => {
                self.losses.add(victim.worker_no);
                let frozen = self.fleet.take(slot, Signal::SIGSTOP).await?;
                struck.held.extend(self.leases.left_by(&victim.name).await);
                let thaw = Thaw::new(self.fleet.clone(), &self.door, slot, victim.worker_no, frozen);
                self.beside.spawn(thaw.while_given_up());
            }
            Fault::DatabaseCrash { down_ms } => {
                let holders = self.leases.holders().await?;
                struck = Struck { held: holders.into_iter().flat_map(|holder| holder.held).collect(), ..struck };
                struck.outage = Some(database.crash(Duration::from_millis(down_ms)).await?);
            }
            Fault::Cut => {
                proxy.cut();
                self.fleet.slot(slot).watches_anew();
            }
            Fault::Delay { by_ms, for_ms } => {
                proxy.delay(by_ms);
                self.later(for_ms, move |fleet| {
                    fleet.slot(slot).proxy.delay(0);
                    fleet.slot(slot).watches_anew();
                });
            }
            Fault::LostReply => struck.landed = proxy.lose_reply(COMMIT_MAX).await,
            Fault::LostNotifications { for_ms } => {
                self.fleet.slots().for_each(|slot| slot.proxy.mute(true));
                self.later(for_ms, |fleet| fleet.slots().for_each(|slot| slot.proxy.mute(false)));
            }
            Fault::Drain => {
                let mut leaving = self.fleet.take(slot, Signal::SIGTERM).await?;
                let fleet = self.fleet.clone();
                self.beside.spawn(async move {
                    leaving.ended().await?;
                    fleet.replace(slot);
                    Ok(Vec::new())
                });
            }
            Fault::Failpoint { point, nth } => {
                let at = Pass { point, nth };
                self.die(victim, at).await?;
                return Ok(None);
            }
        }
        Ok(Some(struck))
    }

    /// Has a process die at a point, in place of the API or of the victim.
    async fn die(&mut self, victim: Victim, at: Pass) -> anyhow::Result<()> {
        let (signal, held) = match at.point.place {
            Place::Reply => {
                self.beside.spawn(self.server.clone().die(at));
                return Ok(());
            }
            // Its successor is to find it dead.
            Place::Reap => {
                self.losses.add(victim.worker_no);
                (Signal::SIGKILL, victim.held)
            }
            Place::Work | Place::Drain => (Signal::SIGTERM, Vec::new()),
        };
        let leaving = self.fleet.take(victim.slot, signal).await?;
        let (leases, losses) = (Leases::new(self.door.clone()), self.losses.clone());
        let armed = Armed { fleet: self.fleet.clone(), leases, losses, held };
        self.beside.spawn(armed.die(victim.slot, leaving, at));
        Ok(())
    }

    fn later(&mut self, after_ms: u64, act: impl FnOnce(&Fleet) + Send + 'static) {
        let fleet = self.fleet.clone();
        self.beside.spawn(async move {
            sleep(Duration::from_millis(after_ms)).await;
            act(&fleet);
            Ok(Vec::new())
        });
    }

    /// A worker that holds something, while another one is there to notice; none if there is none for too long.
    async fn victim(&mut self, draw: u64) -> Option<Victim> {
        let deadline = Instant::now() + SEARCH_MAX;
        while Instant::now() < deadline {
            let present = self.fleet.present().await;
            let noticed = self.losses.forget_noticed(&mut self.leases).await;
            if let (Ok(()), Ok(holders)) = (noticed, self.leases.holders().await) {
                let mut found: Vec<Victim> = holders
                    .into_iter()
                    .filter(|holder| holder.losses_max < SUSPECT_LOSSES)
                    .filter_map(|Holder { worker_no, name, held, .. }| {
                        Some(Victim { slot: *present.get(&name)?, worker_no, name, held })
                    })
                    .filter(|victim| self.leaves_a_witness(victim.slot, present.values().copied()))
                    .collect();
                if !found.is_empty() {
                    let chosen = (draw % found.len() as u64) as usize;
                    return Some(found.swap_remove(chosen));
                }
            }
            sleep(LOOK_EVERY).await;
        }
        None
    }

    /// Whether another worker is left that has watched since before the first loss that nobody has noticed yet. Silence
    /// counts only for who has watched it, so without one a take-over would take as long as the next watch.
    fn leaves_a_witness(&self, victim: usize, present: impl Iterator<Item = usize>) -> bool {
        let first = self.losses.first().unwrap_or_else(Instant::now);
        present.filter(|&slot| slot != victim).any(|slot| self.fleet.slot(slot).watched_before(first))
    }
}
