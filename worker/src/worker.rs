//! One process's part of the fleet: life after life, until it is drained.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use capstan_domain::secrets::KeyRing;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::faults::{Point, pass};
use capstan_engine::store::connect::{Place, answered};
use capstan_engine::store::due;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::{beat, register, retire};
use capstan_node_types::registry::Registry;
use capstan_node_types::services::Services;
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, Semaphore, broadcast, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::agenda;
use crate::black_box::BlackBox;
use crate::claimer::Claimer;
use crate::clock::DatabaseClock;
use crate::committer::Committers;
use crate::control::{Control, Keeper, bury};
use crate::facts::Facts;
use crate::gates::Gates;
use crate::life::Life;
use crate::logs::Logs;
use crate::pace::Pace;
use crate::pauses::Pauses;
use crate::runtime::Activation;
use crate::side::Side;
use crate::versions::Versions;
use crate::{UpkeepSettings, WebhookSettings, WorkerSettings, duties, runtime};

/// Ends that whoever listens may be behind.
const ENDS_MAX: usize = 1_024;
/// Pause between attempts to register after a life has ended.
const REGISTER_PAUSE: Duration = Duration::from_millis(500);
/// How long aborted activations have to come to their ends, and goodbye may take.
const HURRY_TIMEOUT: Duration = Duration::from_secs(5);

/// What all activations of a process share.
pub(crate) struct Engine {
    /// The name of the process among workers.
    pub(crate) name: String,
    /// The life that is on, or was the last one.
    life: RwLock<Option<Arc<Life>>>,
    pub(crate) side: Arc<Side>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) services: Arc<Services>,
    /// Keys of stored secrets.
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) webhooks: WebhookSettings,
    pub(crate) upkeep: UpkeepSettings,
    /// Endpoints that this process is sending to, tests of credentials, and mails of forms.
    pub(crate) senders: TaskTracker,
    /// Duties that this process has taken and not given back.
    pub(crate) attended: TaskTracker,
    pub(crate) versions: Versions,
    pub(crate) gates: Gates,
    pub(crate) logs: Logs,
    pub(crate) black_box: Arc<BlackBox>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) pauses: Pauses,
    pub(crate) facts: Facts,
    pub(crate) agenda: Arc<agenda::Desk>,
    /// Bounds attempts with effects.
    pub(crate) effects: Semaphore,
    /// Tells of executions whose end is durable.
    pub(crate) ended: broadcast::Sender<ExecutionId>,
    /// Rings the claimer: new tokens may be there.
    pub(crate) waker: Arc<Notify>,
    /// Rings when a slot becomes free.
    pub(crate) freed: Arc<Notify>,
    /// No new claims and effects: what runs may finish.
    pub(crate) stop: CancellationToken,
    /// What still runs is to be given back now.
    pub(crate) hurry: CancellationToken,
    /// The runtime has ended by itself: the process is of no more use.
    pub(crate) broken: CancellationToken,
}

impl Engine {
    /// The life that is on, or was the last one; none before the first.
    pub(crate) fn life(&self) -> Option<Arc<Life>> {
        self.life.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running worker. It works until [`Worker::drain`]; dropping the handle does not stop it.
pub struct Worker {
    engine: Arc<Engine>,
    settings: WorkerSettings,
    runtime: JoinHandle<()>,
    lives: JoinHandle<Option<Arc<Life>>>,
    _duties: JoinSet<()>,
}

impl Worker {
    /// Registers with the cell at `place` and begins to work.
    ///
    /// # Errors
    /// If the database cannot be reached or refuses.
    pub async fn start(
        place: Place,
        registry: Arc<Registry>,
        services: Arc<Services>,
        settings: WorkerSettings,
    ) -> Result<Self, StoreError> {
        let side = Arc::new(Side::new(place.clone()));
        let waker = Arc::new(Notify::new());
        let engine = Arc::new(Engine {
            name: settings.name.clone(),
            life: RwLock::default(),
            registry,
            services,
            keys: Arc::clone(&settings.keys),
            webhooks: settings.webhooks,
            upkeep: settings.upkeep.clone(),
            senders: TaskTracker::new(),
            attended: TaskTracker::new(),
            versions: Versions::default(),
            gates: Gates::spawn(place.clone(), Arc::clone(&waker)),
            logs: Logs::spawn(Arc::clone(&side)),
            black_box: Arc::new(BlackBox::open(settings.black_boxes.as_deref())),
            side,
            pace: Arc::new(Pace::new(settings.slots.max(1))),
            pauses: Pauses::default(),
            facts: Facts::default(),
            agenda: Arc::default(),
            effects: Semaphore::new(settings.effects.max(1)),
            ended: broadcast::Sender::new(ENDS_MAX),
            waker: Arc::clone(&waker),
            freed: Arc::default(),
            stop: CancellationToken::new(),
            hurry: CancellationToken::new(),
            broken: CancellationToken::new(),
        });
        // Before anything is begun in a month that has no tables.
        duties::first_months(&engine.side).await;
        // Before anything is claimed that is held up.
        engine.pauses.refresh(&engine.side).await?;
        // Before anything is committed that somebody wants to hear of.
        engine.facts.refresh(&engine.side).await?;
        let (outbox, inbox) = mpsc::channel(settings.slots.max(1));
        // Before the first claim.
        engine.gates.refresh(&engine.side).await?;
        let begun = answered(begin(&place, &settings, &engine)).await?;
        let fleet = Fleet {
            engine: Arc::clone(&engine),
            place: place.clone(),
            settings: settings.clone(),
            waker: Arc::clone(&waker),
            outbox,
        };
        let drain_timeout = settings.drain_timeout + HURRY_TIMEOUT;
        let stop = engine.stop.clone();
        let runtime =
            tokio::spawn(runtime::run(Arc::clone(&engine), inbox, settings.slots.max(1), stop, drain_timeout));
        let duties = duties::spawn(&engine, &place, &waker);
        let lives = tokio::spawn(fleet.live(begun));
        Ok(Self { engine, settings, runtime, lives, _duties: duties })
    }

    /// Rings the claimer: new tokens may be there.
    #[must_use]
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.engine.waker)
    }

    /// Hears of each execution that this worker drives to its end, once the end is durable. An incident that a person
    /// cancels is not driven any more.
    #[must_use]
    pub fn ends(&self) -> broadcast::Receiver<ExecutionId> {
        self.engine.ended.subscribe()
    }

    /// Returns once the worker can no longer work, which should not happen: drain it, and end the process.
    pub async fn broken(&self) {
        self.engine.broken.cancelled().await;
    }

    /// Time until there is something to do in the cell, see [`due::next_due`].
    ///
    /// # Errors
    /// If the database does.
    pub(crate) async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        self.engine.side.run(async |connection| due::next_due(connection).await).await
    }

    /// Whether this process sends webhooks or mails of forms, or tests credentials.
    pub(crate) fn is_sending(&self) -> bool {
        !self.engine.senders.is_empty()
    }

    /// Claims nothing more, lets running attempts finish for a while, gives back the rest, and retires.
    pub async fn drain(self) {
        self.engine.stop.cancel();
        info!(name = self.settings.name, "draining");
        let mut runtime = self.runtime;
        if timeout(self.settings.drain_timeout, &mut runtime).await.is_err() {
            self.engine.hurry.cancel();
            let _ = timeout(HURRY_TIMEOUT, &mut runtime).await;
        }
        self.engine.senders.close();
        if timeout(HURRY_TIMEOUT, self.engine.senders.wait()).await.is_err() {
            warn!("some webhooks were still being sent, and will be sent again, or credentials tested, which will not");
        }
        self.engine.attended.close();
        if timeout(HURRY_TIMEOUT, self.engine.attended.wait()).await.is_err() {
            warn!("a duty was not given back; another worker takes it once its lease is over");
        }
        let Ok(Ok(Some(life))) = timeout(HURRY_TIMEOUT, self.lives).await else { return };
        pass(Point::BeforeDrain);
        let left = timeout(HURRY_TIMEOUT, leave(&self.engine.side, &life)).await;
        if let Err(error) = left.unwrap_or(Err(StoreError::LockTimeout)) {
            warn!(%error, "could not say goodbye to the database; peers will take over");
        }
        pass(Point::AfterDrain);
        let _ = timeout(HURRY_TIMEOUT, self.engine.services.calls.close()).await;
        life.over.cancel();
        self.engine.black_box.discard();
    }
}

/// Gives back whatever is still held, and ends the worker's number.
async fn leave(side: &Side, life: &Life) -> Result<(), StoreError> {
    side.run(async |connection| retire(connection, life.worker_no).await).await
}

/// A life that has just begun, with its control connection.
struct Begun {
    life: Arc<Life>,
    control: Control,
}

async fn begin(place: &Place, settings: &WorkerSettings, engine: &Engine) -> Result<Begun, StoreError> {
    let mut control = Control::connect(place).await?;
    let connection = control.connection().await?;
    bury(place, connection, &engine.black_box).await?;
    let registered = register(connection, &settings.name).await?;
    engine.black_box.sign(registered);
    let worker_no = registered.worker_no;
    let first = beat(connection, worker_no, 0, DateTime::<Utc>::MAX_UTC, false).await?;
    if first.suspects {
        engine.pace.hear_of_suspects();
    }
    let over = CancellationToken::new();
    let committers = Committers::spawn(place, worker_no, &first.timeline, settings.committers, &over);
    let life = Arc::new(Life::new(worker_no, first.timeline, DatabaseClock::new(first.now), committers, over));
    *engine.life.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&life));
    info!(worker_no, name = settings.name, "worker registered");
    Ok(Begun { life, control })
}

/// The succession of lives.
struct Fleet {
    engine: Arc<Engine>,
    place: Place,
    settings: WorkerSettings,
    waker: Arc<Notify>,
    outbox: mpsc::Sender<Vec<Activation>>,
}

impl Fleet {
    /// Lives until told to stop; answers the life that was on then.
    async fn live(self, mut begun: Begun) -> Option<Arc<Life>> {
        loop {
            let Begun { life, control } = begun;
            let pace = Arc::clone(&self.engine.pace);
            let keeper = Keeper {
                place: self.place.clone(),
                life: Arc::clone(&life),
                pace,
                waker: Arc::clone(&self.waker),
                black_box: Arc::clone(&self.engine.black_box),
                agenda: Arc::clone(&self.engine.agenda),
            };
            tokio::spawn(keeper.keep(control));
            self.claimer(&life).run().await;
            if self.engine.stop.is_cancelled() {
                return Some(life);
            }
            warn!(worker_no = life.worker_no, "this worker lost what it held; beginning anew");
            // After a failover nobody has taken what this life held: it goes back without a loss.
            if let Err(error) = leave(&self.engine.side, &life).await {
                warn!(%error, worker_no = life.worker_no, "could not retire; peers will take over");
            }
            begun = loop {
                match answered(self.begin_anew()).await {
                    Ok(begun) => break begun,
                    Err(error) => warn!(%error, "could not register; trying again"),
                }
                self.engine.stop.run_until_cancelled(sleep(REGISTER_PAUSE)).await?;
            };
        }
    }

    /// Begins with nothing that was known before: the database of a failover may lack changes of it, and the numbers that tell
    /// of changes, which it counts on, may come again for others.
    async fn begin_anew(&self) -> Result<Begun, StoreError> {
        let engine = &self.engine;
        engine.pauses.refresh(&engine.side).await?;
        engine.facts.refresh(&engine.side).await?;
        engine.gates.renew(&engine.side).await?;
        begin(&self.place, &self.settings, engine).await
    }

    fn claimer(&self, life: &Arc<Life>) -> Claimer {
        Claimer {
            place: self.place.clone(),
            side: Arc::clone(&self.engine.side),
            life: Arc::clone(life),
            pace: Arc::clone(&self.engine.pace),
            waker: Arc::clone(&self.waker),
            freed: Arc::clone(&self.engine.freed),
            outbox: self.outbox.clone(),
            stop: self.engine.stop.clone(),
        }
    }
}
