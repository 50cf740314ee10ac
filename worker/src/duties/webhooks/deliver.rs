//! Sending what is due: turns for the endpoints that have something, those that work apart from those that fail, so that none
//! of the latter holds the former up.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use capstan_domain::webhooks::lane::{Lane, Room, Terms, claim_lanes};
use capstan_engine::store::connect::{Place, Role, answered};
use capstan_engine::store::error::StoreError;
use sqlx::PgPool;
use sqlx::pool::PoolConnection;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep};
use tracing::warn;
use uuid::Uuid;

use super::turn;
use crate::life::Life;
use crate::worker::Engine;

/// Endpoints that work which a process sends to at a time.
const WELL_MAX: usize = 128;
/// Endpoints that fail which a process tries at a time.
const AILING_MAX: usize = 64;
/// A workspace gets one of so many of these places at most: slow receivers of one hold no other up.
const SHARES: usize = 4;
/// Requests that a process has under way at a time, to endpoints that work: they may hang, too, the first time.
const REQUESTS_MAX: usize = 512;
/// Connections for all of it.
const CONNECTIONS_MAX: u32 = 3;
/// Shortest time between two looks for what is due.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(50);
/// Longest time between two looks: so long something that another process handed out may wait.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(1);

/// How many turns of each workspace are under way; none is 0.
type Places = HashMap<Uuid, usize>;

/// What the turns of a process share.
pub(super) struct Office {
    pub(super) engine: Arc<Engine>,
    pub(super) requests: Semaphore,
    pool: PgPool,
    well: Mutex<Places>,
    ailing: Mutex<Places>,
    /// Rings when a turn is over.
    freed: Notify,
}

impl Office {
    /// A connection, for one question.
    pub(super) async fn connection(&self) -> Result<PoolConnection<sqlx::Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    fn places(&self, ailing: bool) -> MutexGuard<'_, Places> {
        let places = if ailing { &self.ailing } else { &self.well };
        places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends until the worker stops; what is under way then comes to its end.
pub(crate) async fn deliver(engine: Arc<Engine>, place: Place, due: Arc<Notify>) {
    let office = Arc::new(Office {
        engine: Arc::clone(&engine),
        requests: Semaphore::new(REQUESTS_MAX),
        pool: place.pool(Role::Worker, CONNECTIONS_MAX),
        well: Mutex::default(),
        ailing: Mutex::default(),
        freed: Notify::new(),
    });
    let (mut pause, mut agenda) = (Some(LOOK_EVERY_MIN), engine.agenda.reader());
    loop {
        let hints = async {
            tokio::select! {
                () = sleep(pause.unwrap_or_default()), if pause.is_some() => (),
                () = agenda.until(|agenda| agenda.lanes), if pause.is_none() => (),
                () = due.notified() => (),
                () = office.freed.notified() => (),
            }
        };
        if engine.stop.run_until_cancelled(hints).await.is_none() {
            return;
        }
        pause = match look(&office).await {
            Ok(Look::Busy) => Some(LOOK_EVERY_MIN),
            Ok(Look::Later) => Some((pause.unwrap_or(LOOK_EVERY_MIN) * 2).min(LOOK_EVERY_MAX)),
            Ok(Look::Nothing) => None,
            Err(error) => {
                warn!(%error, "looking for webhooks that are due failed; trying again");
                Some(LOOK_EVERY_MAX)
            }
        };
    }
}

enum Look {
    Busy,
    Later,
    Nothing,
}

async fn look(office: &Arc<Office>) -> Result<Look, StoreError> {
    const WAITING: &str = "SELECT coalesce((SELECT l.due_at <= clock_timestamp() FROM webhook_lanes l \
           WHERE l.failures = 0 AND l.due_at < 'infinity' ORDER BY l.due_at LIMIT 1), \
         (SELECT false FROM webhook_lanes l WHERE l.failures > 0 AND l.due_at < 'infinity' ORDER BY l.due_at LIMIT 1)), \
         coalesce((SELECT l.due_at <= clock_timestamp() FROM webhook_lanes l \
           WHERE l.failures > 0 AND l.due_at < 'infinity' ORDER BY l.due_at LIMIT 1), false)";
    let waiting: (Option<bool>, bool) =
        office.engine.side.run(async |connection| Ok(sqlx::query_as(WAITING).fetch_one(connection).await?)).await?;
    let Some(is_well_due) = waiting.0 else { return Ok(Look::Nothing) };
    // Who may have been given up takes no turn.
    let Some(life) = office.engine.life().filter(|life| life.may_begin()) else { return Ok(Look::Later) };
    let settings = &office.engine.webhooks;
    let terms =
        Terms { worker_no: Some(life.worker_no), lease: settings.lease, attempt: turn::longest_after_fence(settings) };
    let mut claimed = false;
    for (ailing, is_due, most) in [(false, is_well_due, WELL_MAX), (true, waiting.1, AILING_MAX)] {
        let taken: Vec<(Uuid, usize)> = office.places(ailing).iter().map(|(&id, &count)| (id, count)).collect();
        let places = most.saturating_sub(taken.iter().map(|&(_, count)| count).sum());
        if !is_due || places == 0 {
            continue;
        }
        let (asked, room) = (Instant::now(), Room { places, share: most / SHARES, taken: &taken });
        let lanes = answered(async { claim_lanes(&mut *office.connection().await?, ailing, room, terms).await });
        for lane in lanes.await? {
            claimed = true;
            begin(office, lane, &life, ailing, asked);
        }
    }
    Ok(if claimed { Look::Busy } else { Look::Later })
}

/// Begins a turn; its lease was asked for at that time, in that life.
fn begin(office: &Arc<Office>, lane: Lane, life: &Arc<Life>, ailing: bool, asked: Instant) {
    let (office, life) = (Arc::clone(office), Arc::clone(life));
    let senders = office.engine.senders.clone();
    *office.places(ailing).entry(lane.workspace_id).or_default() += 1;
    senders.spawn(async move {
        if let Err(error) = turn::take(&office, &lane, &life, asked).await {
            warn!(%error, endpoint_id = %lane.endpoint_id, "a turn of a webhook endpoint failed; it comes again");
            if let Err(error) = turn::give_back(&office, &lane).await {
                warn!(%error, endpoint_id = %lane.endpoint_id, "its queue could not be given back; its lease runs out");
            }
        }
        if let Entry::Occupied(mut taken) = office.places(ailing).entry(lane.workspace_id) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
        office.freed.notify_one();
    });
}
