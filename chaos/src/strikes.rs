//! What each kind of fault does to its victim.

use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use crate::armed::Armed;
use crate::crowd::Crowd;
use crate::database::Database;
use crate::expand::expand;
use crate::faults::{Striker, Victim};
use crate::fleet::{Fleet, name};
use crate::inject::Struck;
use crate::leases::Leases;
use crate::plague::Plague;
use crate::plan::{Fault, Planned};
use crate::point::Place;
use crate::process::Process;
use crate::program::Pass;
use crate::thaw::Thaw;

/// How long nobody comes in the place of some that were killed: longer than peers need to notice.
const VACANT_MS: u64 = 2_500;
/// Longest time in which others take all connections.
const CROWD_COMES_MAX: Duration = Duration::from_secs(10);
/// Longest wait for a commit to lose the reply of.
const COMMIT_MAX: Duration = Duration::from_secs(2);

impl Striker {
    /// Strikes once; what has struck, unless that goes on beside.
    pub(crate) async fn strike(&mut self, database: &mut Database, planned: Planned) -> anyhow::Result<Option<Struck>> {
        let Some(victim) = self.victim(planned).await else { return Ok(Some(Struck::now(planned.fault))) };
        let struck = Struck { landed: true, held: victim.held.clone(), ..Struck::now(planned.fault) };
        let slot = victim.slot;
        match planned.fault {
            Fault::Kill => {
                let left_vacant = planned.leaves_vacant();
                return self.kill(&victim, Struck { left_vacant, ..struck }).await.map(Some);
            }
            Fault::Freeze { .. } | Fault::HalfReaped | Fault::Partition { .. } => {
                return self.silence(&victim, struck).await.map(Some);
            }
            Fault::DatabaseCrash { down_ms } => {
                let (at, down) = (self.all_held(struck).await?, Duration::from_millis(down_ms));
                return Ok(Some(Struck { outage: Some(database.crash(down).await?), ..at }));
            }
            Fault::LostReply => {
                let landed = self.fleet.slot(slot).proxy.lose_reply(COMMIT_MAX).await;
                return Ok(Some(Struck { landed, ..struck }));
            }
            Fault::Failpoint { point, nth } => {
                self.die(victim, Pass { point, nth }).await?;
                return Ok(None);
            }
            Fault::Cut => {
                self.fleet.slot(slot).proxy.cut();
                self.fleet.slot(slot).watches_anew();
            }
            Fault::Delay { by_ms, for_ms } => {
                self.fleet.slot(slot).proxy.delay(by_ms);
                self.later(for_ms, move |fleet| {
                    fleet.slot(slot).proxy.delay(0);
                    fleet.slot(slot).watches_anew();
                });
            }
            Fault::LostNotifications { for_ms } => {
                self.fleet.slots().for_each(|slot| slot.proxy.mute(true));
                self.later(for_ms, |fleet| fleet.slots().for_each(|slot| slot.proxy.mute(false)));
            }
            Fault::Drain => self.drain(slot, 0).await?,
            Fault::Clock { off_s } => self.drain(slot, off_s).await?,
            Fault::DiskFull { for_ms } => {
                let struck = self.all_held(struck).await?;
                let outage = database.fill_disk(Duration::from_millis(for_ms)).await?;
                return Ok(Some(Struck { landed: outage.is_some(), outage, ..struck }));
            }
            Fault::PoolExhausted { for_ms } => {
                let landed = self.crowd_out(slot, Duration::from_millis(for_ms)).await;
                return Ok(Some(Struck { landed, ..struck }));
            }
            Fault::Hang { for_ms } => {
                let site = self.site.clone();
                self.beside.spawn(async move {
                    let landed = site.hang(Duration::from_millis(for_ms)).await;
                    Ok(vec![Struck { landed, ..struck }])
                });
                return Ok(None);
            }
            Fault::Poison { way } => {
                let (fleet, losses) = (self.fleet.clone(), self.losses.clone());
                let (load, door) = (self.load.clone(), self.door.clone());
                // Who is dead by now has died of something else.
                self.fleet.bury_unpoisoned().await;
                let outbreak = self.fleet.oddities.break_out();
                let plague = Plague { fleet, losses, leases: Leases::new(door.clone()), door, _outbreak: outbreak };
                self.beside.spawn(plague.of(load, way, planned));
                return Ok(None);
            }
            Fault::Expand => expand(&self.door).await.context("the schema was not expanded")?,
        }
        Ok(Some(struck))
    }

    async fn kill(&mut self, victim: &Victim, struck: Struck) -> anyhow::Result<Struck> {
        self.losses.add(victim.worker_no);
        let mut killed = self.fleet.take(victim.slot, Signal::SIGKILL).await?;
        killed.ended().await?;
        // Before its successor finds it dead.
        let struck = self.with_left(victim, struck).await;
        if struck.left_vacant {
            let slot = victim.slot;
            self.later(VACANT_MS, move |fleet| fleet.replace(slot));
        } else {
            self.fleet.replace(victim.slot);
        }
        Ok(struck)
    }

    /// Nothing is heard of the victim for a while.
    async fn silence(&mut self, victim: &Victim, struck: Struck) -> anyhow::Result<Struck> {
        self.losses.add(victim.worker_no);
        let process = self.silenced(victim.slot, struck.fault).await?;
        let struck = self.with_left(victim, struck).await;
        let thaw = Thaw::new(self.fleet.clone(), &self.door, victim.slot, victim.worker_no, process);
        match struck.fault {
            Fault::Freeze { after_ms } => self.beside.spawn(thaw.after_given_up(after_ms)),
            Fault::Partition { after_ms } => {
                let wire = self.fleet.slot(victim.slot).wire.clone().context("the worker has no wire")?;
                self.beside.spawn(thaw.mended_after_given_up(wire, after_ms))
            }
            _ => self.beside.spawn(thaw.while_given_up()),
        };
        Ok(struck)
    }

    /// What the victim held at the signal, which it may have got or given back since it was chosen.
    async fn with_left(&mut self, victim: &Victim, struck: Struck) -> Struck {
        let left = self.leases.left_by(&victim.name, struck.at).await;
        struck.with_left(left)
    }

    async fn silenced(&self, slot: usize, fault: Fault) -> anyhow::Result<Process> {
        match &self.fleet.slot(slot).wire {
            Some(wire) if matches!(fault, Fault::Partition { .. }) => {
                let process = self.fleet.take_out(slot).await?;
                wire.cut()?;
                Ok(process)
            }
            _ => self.fleet.take(slot, Signal::SIGSTOP).await,
        }
    }

    /// A fault that concerns all: what anybody holds.
    async fn all_held(&mut self, struck: Struck) -> anyhow::Result<Struck> {
        let holders = self.leases.holders().await?;
        Ok(Struck { held: holders.into_iter().flat_map(|holder| holder.held).collect(), ..struck })
    }

    /// Whoever comes next has a clock that is so many seconds ahead.
    async fn drain(&mut self, slot: usize, off_s: i64) -> anyhow::Result<()> {
        let mut leaving = self.fleet.take(slot, Signal::SIGTERM).await?;
        let fleet = self.fleet.clone();
        self.beside.spawn(async move {
            let status = leaving.ended().await?;
            fleet.oddities.may_end(&name(&leaving), status);
            fleet.replace_by_one_off(slot, off_s);
            Ok(Vec::new())
        });
        Ok(())
    }

    /// Takes all connections, and those of the victim when it loses them.
    async fn crowd_out(&mut self, slot: usize, for_long: Duration) -> bool {
        let (door, until) = (self.door.for_others(), Instant::now() + CROWD_COMES_MAX + for_long);
        let mut crowd = Crowd::default();
        let is_full = crowd.fill_up(&door, until).await;
        self.fleet.slot(slot).proxy.cut();
        let refused = crowd.fill(&door, Instant::now() + for_long).await;
        drop(crowd);
        self.fleet.slot(slot).watches_anew();
        is_full && refused
    }

    /// Has a process die at a point, in place of the API or of the victim.
    async fn die(&mut self, victim: Victim, at: Pass) -> anyhow::Result<()> {
        let signal = match at.point.place {
            Place::Reply => {
                self.beside.spawn(self.server.clone().die(at));
                return Ok(());
            }
            // Its successor is to find it dead.
            Place::Reap => {
                self.losses.add(victim.worker_no);
                Signal::SIGKILL
            }
            Place::Work | Place::Drain => Signal::SIGTERM,
        };
        let leaving = self.fleet.take(victim.slot, signal).await?;
        // Take-overs from it begin here, not with the death of its successor.
        let killed = Struck { held: victim.held, ..Struck::now(at.fault()) };
        let killed = Some(killed).filter(|_| signal == Signal::SIGKILL);
        let (leases, losses) = (Leases::new(self.door.clone()), self.losses.clone());
        let armed = Armed { fleet: self.fleet.clone(), leases, losses, killed };
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
}
