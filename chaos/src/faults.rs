//! Strikes: takes the plan's faults one after the other, each at a victim that has work in its hands.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use chrono::Utc;
use nix::sys::signal::Signal;
use sqlx::PgConnection;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::database::{Database, Door};
use crate::fleet::Fleet;
use crate::inject::{Held, Injected, Struck};
use crate::plan::{Fault, Planned};
use crate::process::Process;

/// Longest search for a victim that holds something.
const SEARCH_MAX: Duration = Duration::from_secs(12);
/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// What a killed worker has sent may still be on its way for so long; far below the time after which it is given up.
const IN_FLIGHT: Duration = Duration::from_millis(250);
/// Longest wait for a commit to lose the reply of.
const COMMIT_MAX: Duration = Duration::from_secs(2);
/// Longest time in which a frozen worker is given up, outages included.
const GIVEN_UP_MAX: Duration = Duration::from_secs(40);
/// Lost workers in a row that leave an execution one more try: workers that hold such a one are spared, as the next
/// loss would make it an incident, rightly so.
const SUSPECT_LOSSES: i16 = 2;

/// Whoever strikes.
pub(crate) struct Striker {
    fleet: Fleet,
    door: Door,
    connection: Option<PgConnection>,
    /// Workers that were killed or frozen and are not given up yet, with the time.
    unnoticed: Vec<(i32, Instant)>,
    /// What goes on beside: thaws, ends of drains.
    beside: JoinSet<anyhow::Result<()>>,
}

/// A worker that holds something.
struct Victim {
    slot: usize,
    worker_no: i32,
    held: Vec<Held>,
}

impl Striker {
    pub(crate) fn new(fleet: Fleet, door: Door) -> Self {
        Self { fleet, door, connection: None, unnoticed: Vec::new(), beside: JoinSet::new() }
    }

    /// Works through the plan and waits until all effects of it are over.
    pub(crate) async fn run(mut self, database: &mut Database, plan: Vec<Planned>) -> anyhow::Result<Injected> {
        let begin = Instant::now();
        let mut injected = Injected { planned: plan.clone(), struck: Vec::new() };
        for planned in plan {
            sleep_until(begin + planned.at).await;
            injected.struck.push(self.strike(database, planned).await?);
            while let Some(done) = self.beside.try_join_next() {
                done??;
            }
        }
        while let Some(done) = self.beside.join_next().await {
            done??;
        }
        Ok(injected)
    }

    async fn strike(&mut self, database: &mut Database, planned: Planned) -> anyhow::Result<Struck> {
        let mut struck = Struck { fault: planned.fault, at: Utc::now(), held: Vec::new(), outage: None };
        let Some(victim) = self.victim(planned.draw).await else { return Ok(struck) };
        struck.at = Utc::now();
        struck.held = victim.held;
        let (slot, proxy) = (victim.slot, &self.fleet.slot(victim.slot).proxy);
        match planned.fault {
            Fault::Kill => {
                self.unnoticed.push((victim.worker_no, Instant::now()));
                let mut killed = self.fleet.take(slot, Signal::SIGKILL).await?;
                self.fleet.replace(slot);
                killed.ended().await?;
                struck.held.extend(self.held_after_all(victim.worker_no).await);
            }
            Fault::Freeze { after_ms } => {
                self.unnoticed.push((victim.worker_no, Instant::now()));
                let frozen = self.fleet.take(slot, Signal::SIGSTOP).await?;
                struck.held.extend(self.held_after_all(victim.worker_no).await);
                let (fleet, door) = (self.fleet.clone(), self.door.clone());
                self.beside.spawn(thaw(fleet, door, slot, victim.worker_no, frozen, after_ms));
            }
            Fault::DatabaseCrash { down_ms } => {
                struck.held = self.holdings().await?.into_values().flatten().map(|(held, _)| held).collect();
                struck.at = Utc::now();
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
            Fault::LostReply => {
                if !proxy.lose_reply(COMMIT_MAX).await {
                    struck.held.clear();
                }
            }
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
                    Ok(())
                });
            }
        }
        Ok(struck)
    }

    fn later(&mut self, after_ms: u64, act: impl FnOnce(&Fleet) + Send + 'static) {
        let fleet = self.fleet.clone();
        self.beside.spawn(async move {
            sleep(Duration::from_millis(after_ms)).await;
            act(&fleet);
            Ok(())
        });
    }

    /// A worker that holds something, while another one is there to notice; none if there is none for too long.
    async fn victim(&mut self, draw: u64) -> Option<Victim> {
        let deadline = Instant::now() + SEARCH_MAX;
        while Instant::now() < deadline {
            let present = self.fleet.present().await;
            let lost = self.still_unnoticed().await;
            if let (Ok(()), Ok(holdings)) = (lost, self.holdings().await) {
                let mut found: Vec<Victim> = holdings
                    .into_iter()
                    .filter(|(_, held)| held.iter().all(|(_, losses)| *losses < SUSPECT_LOSSES))
                    .filter_map(|((worker_no, name), held)| {
                        let held = held.into_iter().map(|(held, _)| held).collect();
                        Some(Victim { slot: *present.get(&name)?, worker_no, held })
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
        let first = self.unnoticed.iter().map(|&(_, at)| at).min().unwrap_or_else(Instant::now);
        present.filter(|&slot| slot != victim).any(|slot| self.fleet.slot(slot).watched_before(first))
    }

    /// Forgets losses that were noticed.
    async fn still_unnoticed(&mut self) -> anyhow::Result<()> {
        let unnoticed: Vec<i32> = self.unnoticed.iter().map(|&(worker_no, _)| worker_no).collect();
        let mut connection = self.connect().await?;
        let left: Vec<i32> =
            sqlx::query_scalar("SELECT worker_no FROM workers WHERE worker_no = ANY ($1) AND NOT fenced")
                .bind(unnoticed)
                .fetch_all(&mut connection)
                .await?;
        self.connection = Some(connection);
        self.unnoticed.retain(|(worker_no, _)| left.contains(worker_no));
        Ok(())
    }

    /// The connection of before, unless it failed.
    async fn connect(&mut self) -> anyhow::Result<PgConnection> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.door.enter().await,
        }
    }

    /// What a worker holds now that it does nothing more, and once what it had sent has arrived.
    async fn held_after_all(&mut self, worker_no: i32) -> Vec<Held> {
        let mut all = HashSet::new();
        for pause in [Duration::ZERO, IN_FLIGHT] {
            sleep(pause).await;
            let holdings = self.holdings().await.unwrap_or_default();
            all.extend(
                holdings.into_values().flatten().map(|(held, _)| held).filter(|held| held.worker_no == worker_no),
            );
        }
        all.into_iter().collect()
    }

    /// Who holds what, with the losses of each lease, by number and name.
    async fn holdings(&mut self) -> anyhow::Result<BTreeMap<(i32, String), Vec<(Held, i16)>>> {
        let mut connection = self.connect().await?;
        let rows: Vec<(i32, String, Uuid, i64, i16)> = sqlx::query_as(
            "SELECT worker_no, w.name, l.execution_id, l.lease_no, l.losses \
               FROM leases l JOIN workers w USING (worker_no) WHERE NOT w.fenced",
        )
        .fetch_all(&mut connection)
        .await?;
        self.connection = Some(connection);
        let mut holdings = BTreeMap::<_, Vec<_>>::new();
        for (worker_no, name, execution, lease_no, losses) in rows {
            holdings.entry((worker_no, name)).or_default().push((Held { execution, lease_no, worker_no }, losses));
        }
        Ok(holdings)
    }
}

/// Lets a frozen worker go on once it was given up.
async fn thaw(
    fleet: Fleet,
    door: Door,
    slot: usize,
    worker_no: i32,
    frozen: Process,
    after_ms: u64,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + GIVEN_UP_MAX;
    while Instant::now() < deadline && !is_fenced(&door, worker_no).await.unwrap_or(false) {
        sleep(LOOK_EVERY).await;
    }
    sleep(Duration::from_millis(after_ms)).await;
    frozen.signal(Signal::SIGCONT)?;
    fleet.put(slot, frozen).await;
    Ok(())
}

async fn is_fenced(door: &Door, worker_no: i32) -> anyhow::Result<bool> {
    let mut connection = door.enter().await?;
    let fenced = sqlx::query_scalar("SELECT count(*) = 0 FROM workers WHERE worker_no = $1 AND NOT fenced");
    Ok(fenced.bind(worker_no).fetch_one(&mut connection).await?)
}
