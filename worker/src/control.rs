//! The control connection: beats, wake-ups, hints, and the watch over the rest of the fleet.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::faults::{Point, pass};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::{
    Agenda, Beat, LOST, Peer, Registered, beat, fates, hint, look, note_death, peers, reap, show_alive,
};
use chrono::TimeDelta;
use sqlx::postgres::PgListener;
use sqlx::{Acquire, PgConnection};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::agenda;
use crate::black_box::BlackBox;
use crate::life::Life;
use crate::pace::Pace;
use crate::watch::Watch;

/// Time between two beats.
const BEAT_EVERY: Duration = Duration::from_millis(1_100);
/// Time between two looks at the fleet; every other look comes with a beat.
const LOOK_EVERY: Duration = Duration::from_millis(550);
/// The same while some worker seems to be killed.
const LOOK_EVERY_IN_DOUBT: Duration = Duration::from_millis(150);
/// How long one look takes over from dead processes of this machine, before it goes on.
const BURY_MAX: Duration = Duration::from_secs(1);
/// Longest wait for any answer on the control connection.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Longest statement on the control connection, and longest wait of one for a lock: shorter than [`ANSWER_MAX`], so that a
/// look which takes too long costs neither the connection nor the next beat.
const STATEMENT_MAX: &str = "2500ms";
const LOCK_WAIT_MAX: &str = "1s";
/// Time between two questions for what there is to do; they come with looks.
const AGENDA_EVERY: Duration = Duration::from_secs(1);
/// The next question comes after so many times as long as the answer took, and after the longest rest if there was none.
const AGENDA_REST_FACTOR: u32 = 5;
const AGENDA_REST_MAX: Duration = Duration::from_secs(5);
/// Pause between attempts to connect again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// How far behind now a beat still looks for the earliest timer.
const TIMER_LOOK_BACK: TimeDelta = TimeDelta::seconds(10);

/// The control connection, over which the hints of other processes come too.
pub(crate) struct Control {
    listener: PgListener,
}

impl Control {
    pub(crate) async fn connect(place: &Place) -> Result<Self, StoreError> {
        let mut listener = PgListener::connect_with(&place.pool(Role::Worker, 1)).await?;
        // A new session would lack the lock that tells of this worker's life: it is `Keeper` that connects again.
        listener.eager_reconnect(false);
        listener.listen(&place.channel()).await?;
        let mut control = Self { listener };
        let bounds = format!(
            "SELECT set_config('statement_timeout', '{STATEMENT_MAX}', false), \
                              set_config('lock_timeout', '{LOCK_WAIT_MAX}', false)"
        );
        sqlx::query(&bounds).execute(control.connection().await?).await?;
        Ok(control)
    }

    pub(crate) async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        Ok(self.listener.acquire().await?)
    }

    /// Waits for a hint; answers whether it is one at a loss.
    async fn hint(&mut self) -> Result<bool, StoreError> {
        match self.listener.try_recv().await? {
            Some(hint) => Ok(hint.payload() == LOST),
            None => Err(StoreError::Database(sqlx::Error::Io(ErrorKind::ConnectionAborted.into()))),
        }
    }
}

/// Keeps one life alive until it is over.
pub(crate) struct Keeper {
    pub(crate) place: Place,
    pub(crate) life: Arc<Life>,
    pub(crate) pace: Arc<Pace>,
    /// Rings when another process has hinted at new tokens. Hints only save time: polling is the truth.
    pub(crate) waker: Arc<Notify>,
    pub(crate) black_box: Arc<BlackBox>,
    pub(crate) agenda: Arc<agenda::Desk>,
}

impl Keeper {
    /// Tends one connection after the other; reconnects as often as it takes.
    pub(crate) async fn keep(self, mut control: Control) {
        let life = &self.life;
        loop {
            let lost = life.over.run_until_cancelled(self.tend(&mut control)).await;
            let Some(result) = lost else { return };
            life.beat(None);
            match result {
                Ok(()) => return life.over.cancel(),
                Err(error) => {
                    warn!(%error, worker_no = life.worker_no, "the control connection is lost; connecting again");
                }
            }
            let Some(again) = life.over.run_until_cancelled(self.reconnect()).await else { return };
            control = again;
        }
    }

    async fn reconnect(&self) -> Control {
        loop {
            match timeout(ANSWER_MAX, self.connect()).await {
                Ok(Ok(control)) => return control,
                Ok(Err(_)) | Err(_) => sleep(RECONNECT_PAUSE).await,
            }
        }
    }

    async fn connect(&self) -> Result<Control, StoreError> {
        let mut control = Control::connect(&self.place).await?;
        show_alive(control.connection().await?, self.life.worker_no).await?;
        Ok(control)
    }

    /// Tends one unbroken connection. Ends with `Ok` when the life is over, with an error when the connection is.
    async fn tend(&self, control: &mut Control) -> Result<(), StoreError> {
        let (mut beaten, mut has_looked, mut watch) = (Instant::now(), true, None);
        let mut asking = None;
        loop {
            let (connection, is_new) = (control.connection().await?, watch.is_none());
            let asked = Instant::now();
            // Where beats take long, a look follows each of them all the same.
            let seen = if watch.is_some() && (!has_looked || beaten.elapsed() < BEAT_EVERY) {
                has_looked = true;
                self.look(connection, &mut asking).await
            } else {
                (beaten, has_looked) = (Instant::now(), false);
                match self.beat(connection).await {
                    Ok(Some(beat)) => {
                        watch.get_or_insert_with(|| Watch::new(beat.now));
                        Ok(beat.peers)
                    }
                    Ok(None) => return Ok(()),
                    Err(error) => Err(error),
                }
            };
            let fleet = match seen {
                Ok(fleet) => fleet,
                // An answer: the connection is good, and keeps the session lock. Others may not have come to beat either, so
                // what was seen of them does not count.
                Err(error @ StoreError::LockTimeout) => {
                    warn!(%error, worker_no = self.life.worker_no, "somebody has locked the table of workers; trying again");
                    watch = None;
                    self.hear_for(LOOK_EVERY, control).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(watch) = &mut watch else { continue };
            let mut lost = watch.look(&fleet, asked, Instant::now());
            if is_new || watch.doubts() || !lost.is_empty() {
                // Those of this machine first: they need no more watching, and more is known of them.
                let dead = bury(&self.place, connection, &self.black_box).await?;
                lost.retain(|lost| !dead.contains(lost));
            }
            let at_work = silent(connection, &self.black_box, &lost).await?;
            for lost in lost {
                take_over(&self.place, connection, lost, at_work.get(&lost).map(Vec::as_slice)).await?;
            }
            let pause = if watch.doubts() { LOOK_EVERY_IN_DOUBT } else { LOOK_EVERY };
            self.hear_for(pause, control).await?;
        }
    }

    /// Passes hints on for a while.
    async fn hear_for(&self, pause: Duration, control: &mut Control) -> Result<(), StoreError> {
        let over = sleep(pause);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                hint = control.hint() => if hint? {
                    self.pace.hear_of_suspects();
                },
            }
            self.waker.notify_one();
        }
    }

    /// Beats; none if this life is over.
    async fn beat(&self, connection: &mut PgConnection) -> Result<Option<Beat>, StoreError> {
        let (life, pace) = (&self.life, &self.pace);
        let bound = life.clock.now() - TIMER_LOOK_BACK;
        let sent = Instant::now();
        // Whether nothing is claimed for now, which would tell of signals.
        let is_full = pace.room(life.holding()) == 0 || life.alone_until().is_some();
        let answer = in_time(beat(connection, life.worker_no, pace.front(), bound, is_full)).await?;
        if !answer.alive || answer.timeline != life.timeline {
            warn!(worker_no = life.worker_no, alive = answer.alive, "this worker was given up; beginning anew");
            return Ok(None);
        }
        take(life, pace, &answer, sent);
        Ok(Some(answer))
    }

    /// Looks at the fleet, and if it is time for that at what there is to do. Where that is not told in time, beats and looks at
    /// the fleet go on without it for a while, and duties look for themselves, once; but not into a table that somebody has
    /// locked.
    async fn look(&self, connection: &mut PgConnection, next: &mut Option<Instant>) -> Result<Vec<Peer>, StoreError> {
        let (worker_no, asked) = (self.life.worker_no, Instant::now());
        if next.is_none_or(|next| asked >= next) {
            let told = in_time(look(connection, worker_no)).await;
            *next = Some(asked + rest(asked.elapsed(), told.is_ok()));
            match told {
                Ok(look) => {
                    self.agenda.put(look.agenda);
                    return Ok(look.peers);
                }
                Err(error) if is_refusal(&error) => {
                    warn!(%error, worker_no, "what there is to do was not told in time");
                    if !matches!(error, StoreError::LockTimeout) {
                        self.agenda.put(Agenda::unknown());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        in_time(peers(connection, worker_no)).await
    }
}

/// From one question for what there is to do until the next.
fn rest(took: Duration, is_told: bool) -> Duration {
    match is_told {
        true => (took * AGENDA_REST_FACTOR).clamp(AGENDA_EVERY, AGENDA_REST_MAX),
        false => AGENDA_REST_MAX,
    }
}

/// Whether the database has answered, if only that it will not do it.
fn is_refusal(error: &StoreError) -> bool {
    matches!(error, StoreError::LockTimeout | StoreError::Data(_) | StoreError::Database(sqlx::Error::Database(_)))
}

fn take(life: &Life, pace: &Pace, beat: &Beat, sent: Instant) {
    life.clock.set(beat.now);
    life.beat(Some(sent));
    match beat.suspects {
        true => pace.hear_of_suspects(),
        false => pace.forget_suspects(pace.suspects_since()),
    }
    pace.beat(beat.front, beat.next_due_at.map(|due| due - beat.now));
    for id in &beat.woken {
        if !life.wake(ExecutionId(*id)) {
            pace.lose_track();
        }
    }
}

/// Takes over from dead processes of this machine, and names all that are known, also those that are left for the next
/// look. They need no watching: that their files can be locked is proof.
pub(crate) async fn bury(place: &Place, control: &mut PgConnection, own: &BlackBox) -> Result<Vec<i32>, StoreError> {
    let (dead, mut known) = (own.dead(), Vec::new());
    if dead.is_empty() {
        return Ok(known);
    }
    let lives: Vec<Registered> = dead.iter().map(|dead| dead.worker).collect();
    let (fates, begun) = (in_time(fates(control, &lives)).await?, Instant::now());
    for dead in dead {
        let (lost, at_work) = (dead.worker.worker_no, dead.at_work.as_deref());
        let is_over = match fates.get(&dead.worker) {
            None => {
                own.pass_by(&dead);
                continue;
            }
            Some(true) => true,
            // The rest at the next look: this worker has to beat.
            Some(false) if begun.elapsed() >= BURY_MAX => false,
            // If its lock is not free, it is once its connections were ended.
            Some(false) => {
                take_over(place, control, lost, at_work).await? || take_over(place, control, lost, at_work).await?
            }
        };
        known.push(lost);
        if is_over {
            in_time(note_death(control, lost)).await?;
            dead.discard();
        }
    }
    Ok(known)
}

/// What workers that are lost and not dead are working on, as far as that is known: those of this machine.
async fn silent(
    control: &mut PgConnection,
    own: &BlackBox,
    lost: &[i32],
) -> Result<HashMap<i32, Vec<ExecutionId>>, StoreError> {
    let silent = if lost.is_empty() { Vec::new() } else { own.silent(lost) };
    if silent.is_empty() {
        return Ok(HashMap::new());
    }
    let lives: Vec<Registered> = silent.iter().map(|(worker, _)| *worker).collect();
    // Other cells have the same numbers.
    let fates = in_time(fates(control, &lives)).await?;
    let own = silent.into_iter().filter(|(worker, _)| fates.contains_key(worker));
    Ok(own.map(|(worker, at_work)| (worker.worker_no, at_work)).collect())
}

/// Fences a lost worker and gives its executions back; false if it could not have its lock yet.
async fn take_over(
    place: &Place,
    control: &mut PgConnection,
    lost: i32,
    at_work: Option<&[ExecutionId]>,
) -> Result<bool, StoreError> {
    pass(Point::BeforeReap);
    match in_time(reap(control, lost, at_work)).await {
        // Somebody else is at it.
        Ok(None) => Ok(false),
        Ok(Some(reaped)) => {
            pass(Point::AfterReap);
            info!(lost, executions = reaped, "took over from a lost worker");
            metrics::counter!("capstan_workers_reaped_total").increment(1);
            hint(control, &place.channel(), LOST).await.map(|()| true)
        }
        // Its connections were ended; the next look finds the lock free.
        Err(StoreError::LockTimeout) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match timeout(ANSWER_MAX, answer).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Database(sqlx::Error::PoolTimedOut)),
    }
}
