//! Takes hands at cells that have something to do, renews them, and gives them back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use capstan_domain::cells::{
    Attached, CellAddress, CellError, DueCell, HAND_WORKER_CHARS_MAX, announce, attach, due_cells, next_cell_due,
    place_of, rest, server_of,
};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use super::desk::Desk;
use super::hand::{Crew, News, Next, Parted, serve};
use super::partings::Partings;
use super::{CellsSettings, Outfit};

/// Shortest time between two looks: hints come with each announcement, also of cells that are served already.
const HINT_PAUSE: Duration = Duration::from_millis(200);
/// Time between two warnings of the same kind.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Failures in a row after which the pause is not doubled any more.
const DOUBLED_MAX: u32 = 6;
/// How long a cell that could not be served is remembered after its pause.
const FAILURE_KEPT: Duration = Duration::from_secs(3_600);

/// Serves dedicated cells until [`Cells::drain`]; dropping the handle does not stop it.
pub struct Cells {
    stop: CancellationToken,
    supervisor: JoinHandle<()>,
}

impl Cells {
    /// Begins. `control` is in the fleet's own database; where that is away, it is asked again and again.
    #[must_use]
    pub fn start(control: Place, outfit: Outfit, settings: CellsSettings) -> Self {
        let stop = CancellationToken::new();
        let supervisor = Supervisor {
            name: like_no_other(&outfit.worker.name),
            desk: Desk::new(control.clone()),
            home: control,
            crew: Arc::new(Crew { outfit, settings, stop: stop.clone() }),
            hands: HashMap::new(),
            serving: JoinSet::new(),
            failures: HashMap::new(),
            partings: Partings::default(),
            owed: Vec::new(),
            told_at: None,
        };
        Self { stop, supervisor: tokio::spawn(supervisor.run()) }
    }

    /// Lets go of all cells, as [`Worker::drain`](crate::Worker::drain) does of each.
    pub async fn drain(self) {
        self.stop.cancel();
        if let Err(error) = self.supervisor.await {
            warn!(%error, "dedicated cells were not let go of; others take them over");
        }
    }
}

/// Processes of several machines may have the same name.
fn like_no_other(name: &str) -> String {
    let id = Uuid::now_v7().to_string();
    let name: String = name.chars().take(HAND_WORKER_CHARS_MAX - id.len() - 1).collect();
    format!("{name}-{id}")
}

struct Supervisor {
    name: String,
    desk: Desk,
    home: Place,
    crew: Arc<Crew>,
    hands: HashMap<Uuid, Hand>,
    serving: JoinSet<Parted>,
    failures: HashMap<Uuid, Failure>,
    partings: Partings,
    /// Cells that are to be announced as soon as `control` answers, as nobody knows when somebody comes to them. As many as were
    /// served while it was away.
    owed: Vec<Uuid>,
    told_at: Option<Instant>,
}

/// A cell that is served.
struct Hand {
    address: CellAddress,
    news: watch::Sender<News>,
    renew_at: Instant,
    task: Id,
}

/// A cell that could not be served.
struct Failure {
    count: u32,
    until: Instant,
}

impl Supervisor {
    /// Works until it is told to stop and all cells are let go of.
    async fn run(mut self) {
        let (stop, mut looked_at) = (self.crew.stop.clone(), Instant::now());
        let mut look_at = looked_at;
        loop {
            let is_stopping = stop.is_cancelled();
            if is_stopping && self.serving.is_empty() {
                return;
            }
            tokio::select! {
                () = stop.cancelled(), if !is_stopping => continue,
                Some(parted) = self.serving.join_next() => {
                    self.settle(parted).await;
                    continue;
                }
                () = self.desk.hint(), if !is_stopping => {
                    look_at = look_at.min(looked_at + HINT_PAUSE);
                    continue;
                }
                () = sleep_until(look_at) => {}
            }
            let pause = match self.round(is_stopping).await {
                Ok(pause) => pause,
                Err(error) => {
                    if self.is_time_to_tell() {
                        warn!(%error, "control does not say which dedicated cells have something to do; asking again");
                    }
                    self.crew.settings.look_every
                }
            };
            metrics::gauge!("capstan_cells_served").set(self.hands.len() as f64);
            looked_at = Instant::now();
            look_at = looked_at + pause;
        }
    }

    async fn round(&mut self, is_stopping: bool) -> Result<Duration, StoreError> {
        while let Some(&cell_id) = self.owed.last() {
            self.desk.ask(async |control| announce(control, cell_id).await).await?;
            self.owed.pop();
        }
        self.renew().await?;
        let look_every = self.crew.settings.look_every;
        if is_stopping {
            return Ok(look_every);
        }
        if self.hands.is_empty()
            && let Some(quiet) = self.quiet().await?
        {
            return Ok(quiet);
        }
        self.look().await?;
        Ok(look_every)
    }

    /// Time until some cell has something to do, unless that is now: a quiet fleet asks little. Hints come in between, and a cell that
    /// is served by anybody is due.
    async fn quiet(&mut self) -> Result<Option<Duration>, StoreError> {
        let CellsSettings { look_every, quiet_every, .. } = self.crew.settings;
        let due_in = self.desk.ask(async |control| next_cell_due(control).await).await?;
        let quiet = due_in.unwrap_or(quiet_every).min(quiet_every);
        Ok((!quiet.is_zero()).then(|| quiet.max(look_every)))
    }

    /// Says that this process still serves its cells, and hears of announcements.
    async fn renew(&mut self) -> Result<(), StoreError> {
        let (now, hands_max) = (Instant::now(), self.crew.settings.hands_max);
        let is_due = |hand: &Hand| hand.renew_at <= now && !hand.news.borrow().is_lost;
        let due: Vec<Uuid> = self.hands.iter().filter(|(_, hand)| is_due(hand)).map(|(&cell_id, _)| cell_id).collect();
        for cell_id in due {
            let attached = self.attach(cell_id, hands_max).await?;
            let Some(hand) = self.hands.get_mut(&cell_id) else { continue };
            hand.renew_at = now + self.crew.settings.renew_every;
            hand.news.send_if_modified(|news| match &attached {
                Some(attached) if attached.is_attached => {
                    let is_news = attached.generation != news.generation;
                    if is_news {
                        (news.generation, news.changed_at) = (attached.generation, Instant::now());
                    }
                    is_news
                }
                _ => {
                    news.is_lost = true;
                    true
                }
            });
        }
        Ok(())
    }

    /// Takes cells that have something to do, as far as there is room.
    async fn look(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        self.failures.retain(|_, failure| failure.until + FAILURE_KEPT > now);
        self.partings.forget(now);
        let (room, hands_max) = (self.crew.settings.cells_max.saturating_sub(self.hands.len()), self.hands_max());
        if room == 0 {
            return self.tell_if_full().await;
        }
        let most = i32::try_from(room + self.failures.len() + self.partings.len()).unwrap_or(i32::MAX);
        let due = self.desk.ask(async |control| due_cells(control, &self.name, hands_max, most).await).await?;
        let left = self.left_to_others(&due, hands_max, most).await?;
        let is_put_off = |cell_id: &Uuid| self.failures.get(cell_id).is_some_and(|failure| failure.until > now);
        let free: Vec<CellAddress> = due
            .into_iter()
            .map(|cell| cell.address)
            .filter(|CellAddress { cell_id, .. }| {
                !self.hands.contains_key(cell_id) && !is_put_off(cell_id) && !left.contains(cell_id)
            })
            .take(room)
            .collect();
        for address in free {
            self.take(address).await?;
        }
        Ok(())
    }

    /// Cells among those that are due which this process has left, as nothing was to do, and others still serve: they are to come to
    /// rest. One that nobody serves is taken in any case, as its worker may have been killed.
    async fn left_to_others(
        &mut self,
        due: &[DueCell],
        hands_max: i32,
        most: i32,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let left = due.iter().filter(|cell| self.partings.holds(cell)).map(|cell| cell.address.cell_id);
        let mut left: HashSet<Uuid> = left.collect();
        if left.is_empty() || hands_max <= 1 {
            return Ok(HashSet::new());
        }
        let unserved = self.desk.ask(async |control| due_cells(control, &self.name, 1, most).await).await?;
        for cell in unserved {
            left.remove(&cell.address.cell_id);
        }
        Ok(left)
    }

    /// Processes that may serve a cell at a time, as far as this one goes: whoever has much to do leaves room for cells that nobody
    /// serves.
    fn hands_max(&self) -> i32 {
        let settings = &self.crew.settings;
        if self.hands.len() * 2 < settings.cells_max { settings.hands_max } else { 1 }
    }

    async fn tell_if_full(&mut self) -> Result<(), StoreError> {
        if self.is_time_to_tell() {
            let due = self.desk.ask(async |control| due_cells(control, &self.name, 1, 1).await).await?;
            if !due.is_empty() {
                let cells = self.hands.len();
                warn!(cells, "dedicated cells wait for a worker: start more of them, or raise CAPSTAN_CELLS_MAX");
            }
        }
        Ok(())
    }

    /// Takes a hand at a cell, if there is one, and serves it.
    async fn take(&mut self, address: CellAddress) -> Result<(), StoreError> {
        let cell_id = address.cell_id;
        let attached = self.attach(cell_id, self.hands_max()).await?;
        let Some(Attached { is_attached: true, generation, .. }) = attached else { return Ok(()) };
        let place = self.place(&address).await;
        let now = Instant::now();
        let news = watch::Sender::new(News { generation, changed_at: now, is_lost: false });
        let task = self.serving.spawn(serve(Arc::clone(&self.crew), cell_id, place, news.subscribe())).id();
        let renew_at = now + self.crew.settings.renew_every;
        self.hands.insert(cell_id, Hand { address, news, renew_at, task });
        Ok(())
    }

    async fn attach(&mut self, cell_id: Uuid, hands_max: i32) -> Result<Option<Attached>, StoreError> {
        let lease_s = i32::try_from(self.crew.settings.lease.as_secs()).unwrap_or(i32::MAX);
        self.desk.ask(async |control| attach(control, cell_id, &self.name, hands_max, lease_s).await).await
    }

    async fn place(&mut self, address: &CellAddress) -> Result<Place, CellError> {
        let server = match address.server_id {
            Some(server_id) => self.desk.ask(async |control| server_of(control, server_id).await).await?,
            None => None,
        };
        place_of(&self.home, address, server.as_ref(), &self.crew.outfit.worker.keys)
    }

    /// Gives the hand of a cell that was let go of back, or serves it again if that was refused.
    async fn settle(&mut self, parted: Result<Parted, JoinError>) {
        let parted = match parted {
            Ok(parted) => parted,
            Err(error) => {
                // Its hand runs out, and the cell is as due as it was.
                warn!(%error, "serving a dedicated cell ended in a way that it should not");
                return self.hands.retain(|_, hand| hand.task != error.id());
            }
        };
        let cell_id = parted.cell_id;
        let Some(hand) = self.hands.remove(&cell_id) else { return };
        let (now, due_in) = (Instant::now(), self.due_in(&parted));
        let settled = match self.rest(cell_id, parted.generation, due_in).await {
            Ok(true) => {
                if matches!(parted.next, Next::Due(_)) {
                    self.partings.note(cell_id, parted.generation, now, due_in);
                }
                Ok(())
            }
            Ok(false) => self.again(hand.address).await,
            Err(error) => Err(error),
        };
        if let Err(error) = settled {
            warn!(%error, %cell_id, "when a dedicated cell has something to do was not kept; it will be announced");
            self.owed.push(cell_id);
        }
    }

    /// The farewell was refused: something was announced meanwhile, or the hand had run out, and whoever came in its place may have
    /// left without knowing of what was under way here. Somebody has to come in both cases.
    async fn again(&mut self, address: CellAddress) -> Result<(), StoreError> {
        let cell_id = address.cell_id;
        self.desk.ask(async |control| announce(control, cell_id).await).await?;
        if !self.crew.stop.is_cancelled() {
            return self.take(address).await;
        }
        if let Some(Attached { is_attached: true, generation, .. }) = self.attach(cell_id, self.hands_max()).await? {
            self.rest(cell_id, generation, Duration::ZERO).await?;
        }
        Ok(())
    }

    /// When somebody has to come again.
    fn due_in(&mut self, parted: &Parted) -> Duration {
        let settings = &self.crew.settings;
        match parted.next {
            Next::Due(due_in) => {
                self.failures.remove(&parted.cell_id);
                let latest = sooner(settings.upkeep_every);
                due_in.map_or(latest, |due_in| due_in.min(latest))
            }
            Next::Unknown => {
                let count = self.failures.get(&parted.cell_id).map_or(0, |failure| failure.count) + 1;
                let pause = settings.again_after * 2_u32.pow((count - 1).min(DOUBLED_MAX));
                self.failures.insert(parted.cell_id, Failure { count, until: Instant::now() + pause });
                pause
            }
        }
    }

    /// By the clock of `control`: that of the cell may be another.
    async fn rest(&mut self, cell_id: Uuid, generation: i64, due_in: Duration) -> Result<bool, StoreError> {
        let due_in = TimeDelta::from_std(due_in).unwrap_or(TimeDelta::MAX);
        let rested = self.desk.ask(async |control| {
            let now: DateTime<Utc> = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut *control).await?;
            rest(control, cell_id, &self.name, generation, now.checked_add_signed(due_in)).await
        });
        rested.await
    }

    fn is_time_to_tell(&mut self) -> bool {
        let is_time = self.told_at.is_none_or(|told_at| told_at.elapsed() >= TELL_EVERY);
        if is_time {
            self.told_at = Some(Instant::now());
        }
        is_time
    }
}

/// Up to a quarter sooner.
fn sooner(pause: Duration) -> Duration {
    let share = f64::from(Uuid::now_v7().as_bytes()[15]) / 255.0;
    pause.mul_f64(1.0 - share / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_of_one_name_are_told_apart_and_long_names_are_cut() {
        let name = "ä".repeat(200);
        let (one, other) = (like_no_other(&name), like_no_other(&name));
        assert_ne!(one, other);
        assert_eq!(one.chars().count(), HAND_WORKER_CHARS_MAX);
    }

    #[test]
    fn cells_that_were_made_together_do_not_come_together() {
        let day = Duration::from_secs(86_400);
        let times: Vec<Duration> = (0..100).map(|_| sooner(day)).collect();
        assert!(times.iter().all(|time| (day * 3 / 4..=day).contains(time)));
        assert!(times.iter().any(|time| *time != times[0]));
    }
}
