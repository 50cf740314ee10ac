//! The control connection: beats, wake-ups, and the watch over the rest of the fleet.

use std::sync::Arc;
use std::time::{Duration, Instant};

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::{Beat, beat, hint, peers, reap, show_alive};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use crate::claimer::Pace;
use crate::life::Life;
use crate::watch::Watch;

/// Time between two looks at the fleet; every other look comes with a beat.
const LOOK_EVERY: Duration = Duration::from_millis(550);
/// Longest wait for any answer on the control connection.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Pause between attempts to connect again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// How far behind now a beat still looks for the earliest timer.
const TIMER_LOOK_BACK: TimeDelta = TimeDelta::seconds(10);

/// Keeps one life alive until it is over; reconnects as often as it takes.
pub(crate) async fn keep(place: Place, life: Arc<Life>, pace: Arc<Pace>, mut control: PgConnection) {
    loop {
        let lost = life.over.run_until_cancelled(tend(&place, &life, &pace, &mut control)).await;
        let Some(result) = lost else { return };
        life.beat(None);
        match result {
            Ok(()) => return life.over.cancel(),
            Err(error) => warn!(%error, worker_no = life.worker_no, "the control connection is lost; connecting again"),
        }
        let Some(again) = life.over.run_until_cancelled(reconnect(&place, &life)).await else { return };
        control = again;
    }
}

async fn reconnect(place: &Place, life: &Life) -> PgConnection {
    loop {
        match timeout(ANSWER_MAX, connect(place, life.worker_no)).await {
            Ok(Ok(control)) => return control,
            Ok(Err(_)) | Err(_) => sleep(RECONNECT_PAUSE).await,
        }
    }
}

async fn connect(place: &Place, worker_no: i32) -> Result<PgConnection, StoreError> {
    let mut control = place.connect(Role::Worker).await?;
    show_alive(&mut control, worker_no).await?;
    Ok(control)
}

/// Tends one unbroken connection. Ends with `Ok` when the life is over, with an error when the connection is.
async fn tend(place: &Place, life: &Life, pace: &Pace, control: &mut PgConnection) -> Result<(), StoreError> {
    let mut watch = Watch::default();
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u64.. {
        ticks.tick().await;
        if round % 2 == 0 {
            let bound = earliest_timer(life.clock.now());
            let sent = Instant::now();
            let answer =
                in_time(beat(control, life.worker_no, pace.front(), bound, pace.is_full(life.holding()))).await?;
            if !answer.alive || answer.timeline != life.timeline {
                warn!(worker_no = life.worker_no, alive = answer.alive, "this worker was given up; beginning anew");
                return Ok(());
            }
            take(life, pace, &answer, sent);
        } else {
            let fleet = in_time(peers(control, life.worker_no)).await?;
            for lost in watch.look(&fleet, Instant::now()) {
                take_over(place, control, lost).await?;
            }
        }
    }
    Ok(())
}

fn earliest_timer(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TIMER_LOOK_BACK
}

fn take(life: &Life, pace: &Pace, beat: &Beat, sent: Instant) {
    life.clock.set(beat.now);
    life.beat(Some(sent));
    pace.beat(beat.front, beat.next_due_at.map(|due| due - beat.now));
    for id in &beat.woken {
        if !life.wake(ExecutionId(*id)) {
            pace.lose_track();
        }
    }
}

async fn take_over(place: &Place, control: &mut PgConnection, lost: i32) -> Result<(), StoreError> {
    match in_time(reap(control, lost)).await {
        Ok(reaped) => {
            info!(lost, executions = reaped, "took over from a lost worker");
            metrics::counter!("capstan_workers_reaped_total").increment(1);
            hint(control, &place.channel()).await
        }
        // Its connections were ended; the next look finds the lock free.
        Err(StoreError::LockTimeout) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match timeout(ANSWER_MAX, answer).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Database(sqlx::Error::PoolTimedOut)),
    }
}
