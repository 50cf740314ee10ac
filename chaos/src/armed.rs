//! Deaths at named points: a worker is started for each, dies where it was told to, and another one takes its place.

use std::time::Duration;

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use crate::fleet::{Fleet, name};
use crate::inject::{Held, Struck};
use crate::leases::{LOOK_EVERY, Leases};
use crate::losses::Losses;
use crate::point::Place;
use crate::process::{Process, was_killed};
use crate::program::Pass;

/// Longest wait for a process to reach its point, and for one that is to drain to get work.
pub(crate) const REACH_MAX: Duration = Duration::from_secs(10);
/// How often a death is tried until it lands.
pub(crate) const TRIES_MAX: usize = 4;

/// Lets workers die.
pub(crate) struct Armed {
    pub(crate) fleet: Fleet,
    pub(crate) leases: Leases,
    pub(crate) losses: Losses,
    /// The kill of the worker that was there before, if it was killed for it.
    pub(crate) killed: Option<Struck>,
}

impl Armed {
    /// Waits until the worker of a slot is gone, and lets others die in its place until one had work in its hands.
    pub(crate) async fn die(mut self, slot: usize, mut leaving: Process, mut at: Pass) -> anyhow::Result<Vec<Struck>> {
        let ended = leaving.ended().await?;
        // The kill that was sent, and nothing else, is no oddity.
        if self.killed.is_none() || !was_killed(ended) {
            self.fleet.oddities.may_end(&name(&leaving), ended);
        }
        let mut tries: Vec<Struck> = self.killed.take().into_iter().collect();
        for _ in 0..TRIES_MAX {
            let mut process = self.fleet.arm(slot, at)?;
            let drained_work = at.point.place == Place::Drain && self.drain(&process).await?;
            let ended = process.ended_within(REACH_MAX).await?;
            let died = was_killed(ended);
            let mut struck = Struck::now(at.fault());
            if died {
                struck.held = self.lost(&name(&process), struck.at).await;
            } else {
                // Poison may have been quicker.
                self.fleet.oddities.may_end(&name(&process), ended);
            }
            struck.landed = match at.point.place {
                Place::Work => !struck.held.is_empty(),
                Place::Drain => died && drained_work,
                // Only a reaper passes its points, and only an API that answers.
                Place::Reap | Place::Reply => died,
            };
            let landed = struck.landed;
            tries.push(struck);
            if landed {
                break;
            }
            at = at.again(died);
        }
        self.fleet.replace(slot);
        Ok(tries)
    }

    /// Tells a worker to end once it has work; false if it gets none.
    async fn drain(&mut self, process: &Process) -> anyhow::Result<bool> {
        let deadline = Instant::now() + REACH_MAX;
        let mut has_work = false;
        while !has_work && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
            has_work = self.leases.has_work(&name(process)).await;
        }
        process.signal(Signal::SIGTERM)?;
        Ok(has_work)
    }

    /// Takes note of a worker that has died; what it leaves.
    async fn lost(&mut self, name: &str, since: DateTime<Utc>) -> Vec<Held> {
        // While the database is away nobody else can be lost.
        if let Ok(Some(worker_no)) = self.leases.number_of(name).await {
            self.losses.add(worker_no);
        }
        self.leases.left_by(name, since).await.unwrap_or_default()
    }
}
