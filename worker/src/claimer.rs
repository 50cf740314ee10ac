//! The claimer: one per process, asks for as many executions as there is room for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::faults::{Point, pass};
use capstan_engine::store::claim::{Claimed, NO_BOUND, claim, fire_timers};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::past::{self, Past};
use capstan_engine::store::workers::{TOKENS, hint, release_unknown};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use crate::life::Life;
use crate::pace::Pace;
use crate::runtime::Activation;
use crate::side::Side;

/// Executions that one claim asks for at most.
const CLAIM_MAX: usize = 200;
/// Executions whose journals are read back in one round trip at most.
const LOAD_MAX: usize = 50;
/// Shortest and longest pause between two claims, the later of which will find little.
const IDLE_MIN: Duration = Duration::from_millis(20);
const IDLE_MAX: Duration = Duration::from_millis(2_000);
/// Time between two claims and timer scans without a bound, which find what was committed late.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Shortest time between two looks for due timers.
const TIMERS_EVERY: Duration = Duration::from_millis(20);
/// How long an execution that lost two workers waits for a worker that is empty, before others take it in.
const EMPTY_WAIT_MAX: Duration = Duration::from_millis(500);
/// Pause after the database failed a claim, and between two warnings of it.
const FAILURE_PAUSE: Duration = Duration::from_millis(100);
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Feeds claimed executions of one life to the runtime.
pub(crate) struct Claimer {
    pub(crate) place: Place,
    pub(crate) side: Arc<Side>,
    pub(crate) life: Arc<Life>,
    pub(crate) pace: Arc<Pace>,
    /// Rings when new tokens may be there.
    pub(crate) waker: Arc<Notify>,
    /// Rings when an execution has left its slot.
    pub(crate) freed: Arc<Notify>,
    pub(crate) outbox: mpsc::Sender<Vec<Activation>>,
    /// Cancelled when no more executions are to be claimed.
    pub(crate) stop: CancellationToken,
}

/// How to claim an execution that lost two workers: the next loss makes it an incident, so nobody else should cause it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Not now.
    None,
    /// Alone, as this worker is empty.
    Alone,
    /// Beside others, as no worker that is empty has come for it.
    Beside,
}

struct Scan {
    swept: Option<Instant>,
    timers: Instant,
    idle: Duration,
    /// Whether the last claim was for somebody who is alone: the next one is for all, so that nobody is kept out.
    was_alone: bool,
}

impl Claimer {
    /// Claims until told to stop, or until the life is over.
    pub(crate) async fn run(self) {
        let (stop, over) = (self.stop.clone(), self.life.over.clone());
        let work = async {
            let mut told: Option<Instant> = None;
            loop {
                if let Err(error) = self.work().await {
                    if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                        warn!(%error, "claiming failed; connecting again");
                        told = Some(Instant::now());
                    }
                    sleep(FAILURE_PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => {}
            () = over.cancelled() => {}
        }
    }

    /// Claims until it fails.
    async fn work(&self) -> Result<(), StoreError> {
        // A claim whose answer was lost has left leases that nobody knows of.
        self.return_unknown().await?;
        let mut scan = Scan { swept: None, timers: Instant::now(), idle: IDLE_MIN, was_alone: false };
        loop {
            let room = self.room().await;
            let woken = self.waker.notified();
            if self.pace.has_lost_track() {
                self.return_unknown().await?;
            }
            let suspects = self.pace.suspects_since();
            let care = self.care(suspects, &scan);
            let claimed = self.claim(room, care, &mut scan).await?;
            if care != Care::None && !claimed.iter().any(Claimed::is_suspect) {
                self.pace.forget_suspects(suspects);
            }
            scan.was_alone = care == Care::Alone && !claimed.is_empty();
            let count = self.accept(claimed).await?;
            if count > 0 {
                scan.idle = IDLE_MIN;
            }
            // Tokens of one execution come as one, so a claim may fall a little short of what there is.
            if count > room / 2 || care == Care::Alone {
                continue;
            }
            scan.idle = match self.rest(woken, scan.idle).await {
                true => IDLE_MIN,
                false => (scan.idle * 2).min(IDLE_MAX),
            };
        }
    }

    /// Rests until the next poll or until a timer is due; answers whether it was woken before.
    async fn rest(&self, woken: Notified<'_>, idle: Duration) -> bool {
        let poll = Instant::now() + jittered(idle);
        tokio::pin!(woken);
        loop {
            let sooner = self.pace.sooner.notified();
            let due = self.pace.until_due().map(|until| Instant::now() + until.max(TIMERS_EVERY));
            let suspects = self.pace.suspects_since().filter(|_| !self.life.has_suspect());
            let beside = suspects.map(|since| since + EMPTY_WAIT_MAX);
            let end = due.into_iter().chain(beside).fold(poll, Instant::min);
            tokio::select! {
                () = &mut woken => return true,
                () = sooner => {}
                () = sleep_until(end.into()) => return false,
            }
        }
    }

    /// Waits until there is room, and tells how much.
    async fn room(&self) -> usize {
        loop {
            let freed = self.freed.notified();
            if let Some(until) = self.life.alone_until() {
                let _ = timeout_at(until.into(), freed).await;
                continue;
            }
            match self.pace.room(self.life.holding()) {
                0 => freed.await,
                room => return room.min(CLAIM_MAX),
            }
        }
    }

    async fn claim(&self, room: usize, care: Care, scan: &mut Scan) -> Result<Vec<Claimed>, StoreError> {
        let sweep = care != Care::Alone && scan.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY);
        if sweep {
            scan.swept = Some(Instant::now());
        }
        let asked = room;
        let room = i32::try_from(room).unwrap_or(i32::MAX);
        let due = self.pace.until_due().is_some_and(|until| until.is_zero());
        if sweep || (due && scan.timers.elapsed() >= TIMERS_EVERY) {
            self.pace.take_due();
            let bound = if sweep { DateTime::<Utc>::UNIX_EPOCH } else { self.timer_bound() };
            let fired = self.side.run(async |connection| fire_timers(connection, room, bound).await).await?;
            scan.timers = Instant::now();
            if sweep && usize::try_from(fired.fired).is_ok_and(|fired| fired >= asked) {
                // More of the old ones may be left than there was room for.
                scan.swept = None;
            }
            if let Some(next) = fired.next_due_at {
                self.pace.due_in(next - self.life.clock.now());
            }
        }
        let bound = if sweep { NO_BOUND } else { self.pace.bound() };
        let worker_no = self.life.worker_no;
        let (room, suspect) = match care {
            Care::None => (room, false),
            Care::Beside => (room, true),
            Care::Alone => (0, true),
        };
        pass(Point::BeforeClaim);
        match self.side.run(async |connection| claim(connection, worker_no, room, bound, suspect).await).await {
            Err(StoreError::Fenced) => {
                self.life.over.cancel();
                std::future::pending().await
            }
            result => result,
        }
    }

    /// With how much care the next claim is to be made.
    fn care(&self, suspects: Option<Instant>, scan: &Scan) -> Care {
        match suspects.filter(|_| !self.life.has_suspect()) {
            Some(_) if self.life.holding() == 0 && !scan.was_alone => Care::Alone,
            Some(since) if self.life.holding() > 0 && since.elapsed() >= EMPTY_WAIT_MAX => Care::Beside,
            _ => Care::None,
        }
    }

    fn timer_bound(&self) -> DateTime<Utc> {
        self.life.clock.now() - TimeDelta::from_std(2 * SWEEP_EVERY).unwrap_or_default()
    }

    /// Hands claimed executions on; wakes those that are held. Answers how many executions there were.
    async fn accept(&self, claimed: Vec<Claimed>) -> Result<usize, StoreError> {
        let count = claimed.len();
        let mut pasts = self.pasts(&claimed).await;
        if let Some(front) = claimed.iter().filter(|claimed| claimed.fresh).map(|claimed| claimed.vt).min() {
            self.pace.reach(front);
        }
        if let Some(now) = claimed.first().map(|claimed| claimed.claimed_at) {
            pass(Point::AfterClaim);
            self.life.clock.at_least(now);
        }
        tell_waits(&claimed);
        let mut activations = Vec::with_capacity(count);
        let mut elsewhere = false;
        let mut unknown = false;
        for claimed in claimed {
            let id = ExecutionId(claimed.execution_id);
            match claimed.held_by {
                None => {
                    let past = if claimed.fresh { Some(Past::default()) } else { pasts.remove(&id.0) };
                    activations.push(self.hold(id, claimed, past));
                }
                Some(holder) if holder == self.life.worker_no => unknown |= !self.life.wake(id),
                Some(_) => elsewhere = true,
            }
        }
        // A runtime that is gone takes the worker with it: what is held goes back when it leaves.
        if !activations.is_empty() && self.outbox.send(activations).await.is_err() {
            self.stop.cancel();
        }
        if elsewhere {
            let channel = self.place.channel();
            self.side.run(async |connection| hint(connection, &channel, TOKENS).await).await?;
        }
        if unknown {
            self.return_unknown().await?;
        }
        Ok(count)
    }

    /// Reads, a few at a time, those executions back that have begun before. Where that fails, each of the few is left to
    /// its own activation, so that one which cannot be read holds up nobody else.
    async fn pasts(&self, claimed: &[Claimed]) -> HashMap<Uuid, Past> {
        let begun = claimed.iter().filter(|claimed| claimed.held_by.is_none() && !claimed.fresh);
        let mut ids: Vec<Uuid> = begun.map(|claimed| claimed.execution_id).collect();
        ids.sort_unstable();
        let mut pasts = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(LOAD_MAX) {
            match self.side.run(async |connection| past::load(connection, ids).await).await {
                Ok(few) => pasts.extend(few),
                Err(error) => warn!(%error, executions = ids.len(), "executions could not be read back together"),
            }
        }
        pasts
    }

    fn hold(&self, id: ExecutionId, claimed: Claimed, past: Option<Past>) -> Activation {
        let wake = self.life.hold(id, claimed.lease_no, claimed.is_suspect());
        Activation { claimed, past, wake, life: Arc::clone(&self.life) }
    }

    /// Gives back leases of this worker that no activation knows of.
    async fn return_unknown(&self) -> Result<(), StoreError> {
        let life = &self.life;
        let known = |id, lease_no| life.holds(id, lease_no);
        let release = async |connection: &mut PgConnection| release_unknown(connection, life.worker_no, known).await;
        let returned = self.side.run(release).await?;
        if returned > 0 {
            warn!(executions = returned, "gave back executions whose claim had lost its answer");
        }
        Ok(())
    }
}

/// Tells the metrics how long those waited that are claimed for the first time.
fn tell_waits(claimed: &[Claimed]) {
    if claimed.is_empty() {
        return;
    }
    let told = metrics::histogram!("capstan_start_to_claim_seconds");
    for wait_s in waits_s(claimed) {
        told.record(wait_s);
    }
}

/// How long they waited, in seconds, from the start to the claim by the database's clock. Whoever was held back, or has lost a worker, did
/// not wait for that alone, and is left out.
fn waits_s(claimed: &[Claimed]) -> impl Iterator<Item = f64> {
    let fresh = claimed.iter().filter(|one| one.fresh && one.held_by.is_none() && one.losses == 0);
    fresh.map(|one| (one.claimed_at - one.begun_at).as_seconds_f64().max(0.0))
}

/// Up to a quarter less, so that the processes of a fleet do not poll in step.
fn jittered(pause: Duration) -> Duration {
    let share = f64::from(uuid::Uuid::now_v7().as_bytes()[15]) / 255.0;
    pause.mul_f64(1.0 - share / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_are_claimed_for_the_first_time_tell_how_long_they_waited() {
        let begun_at = DateTime::<Utc>::UNIX_EPOCH;
        let first = |wait_ms| Claimed {
            execution_id: Uuid::nil(),
            workspace_id: Uuid::nil(),
            lease_no: 1,
            losses: 0,
            held_by: None,
            fresh: true,
            vt: 0,
            version_id: Uuid::nil(),
            trigger_node_id: "start".into(),
            input: "{}".into(),
            begun_at,
            deadline_at: None,
            incident: false,
            claimed_at: begun_at + TimeDelta::milliseconds(wait_ms),
            trace: None,
        };
        let claimed = [
            first(1_500),
            Claimed { fresh: false, ..first(2_000) },
            Claimed { held_by: Some(7), ..first(3_000) },
            Claimed { losses: 1, ..first(4_000) },
            // The clock was set back in between.
            first(-250),
        ];
        assert_eq!(waits_s(&claimed).collect::<Vec<_>>(), [1.5, 0.0]);
    }
}
