//! One life of a worker: its number, what it holds, and whether it may act.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capstan_engine::core::ids::ExecutionId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::DatabaseClock;
use crate::committer::Committers;

/// Age of the last beat beyond which no effect starts: well below the silence that makes a worker lost.
pub(crate) const BEAT_AGE_MAX: Duration = Duration::from_secs(4);
/// How long an execution that lost two workers is alone in a worker that was empty when it came, at most.
const ALONE_MAX: Duration = Duration::from_secs(1);

/// A worker between registering and being fenced or retired.
pub(crate) struct Life {
    /// Its number in the database, used for this life only.
    pub(crate) worker_no: i32,
    /// The database's timeline; with another one this life is over.
    pub(crate) timeline: String,
    /// Database time.
    pub(crate) clock: DatabaseClock,
    /// Cancelled when the life is over: fenced, failed over, or retired. Nothing is written after that.
    pub(crate) over: CancellationToken,
    /// Where results go.
    pub(crate) committers: Committers,
    held: Mutex<HashMap<ExecutionId, Held>>,
    /// When the last answered beat was sent; none while the control connection is lost.
    last_beat: Mutex<Option<Instant>>,
    beaten: Notify,
}

struct Held {
    lease_no: i64,
    wake: Arc<Notify>,
    /// Since when, if it lost two workers and has not got on since.
    suspect: Option<Instant>,
}

impl Life {
    pub(crate) fn new(
        worker_no: i32,
        timeline: String,
        clock: DatabaseClock,
        committers: Committers,
        over: CancellationToken,
    ) -> Self {
        Self {
            worker_no,
            timeline,
            clock,
            over,
            committers,
            held: Mutex::default(),
            last_beat: Mutex::new(Some(Instant::now())),
            beaten: Notify::new(),
        }
    }

    /// Takes note that the database has answered a beat, by when it was sent: the answer may have waited in a
    /// process that was frozen. None tells that the control connection is lost.
    pub(crate) fn beat(&self, sent: Option<Instant>) {
        *self.last_beat.lock().unwrap_or_else(PoisonError::into_inner) = sent;
        self.beaten.notify_waiters();
    }

    /// Returns once an effect may start: at once while the control connection is alive, else after its next beat.
    pub(crate) async fn may_act(&self) {
        loop {
            let beaten = self.beaten.notified();
            if self.may_begin() {
                return;
            }
            beaten.await;
        }
    }

    /// Whether an effect may start now. A worker is fenced after the last beat that was answered, so none starts later than
    /// [`BEAT_AGE_MAX`] after that.
    pub(crate) fn may_begin(&self) -> bool {
        let sent = *self.last_beat.lock().unwrap_or_else(PoisonError::into_inner);
        sent.is_some_and(|sent| sent.elapsed() < BEAT_AGE_MAX)
    }

    /// Holds an execution from now on; answers what wakes it.
    pub(crate) fn hold(&self, id: ExecutionId, lease_no: i64, suspect: bool) -> Arc<Notify> {
        let wake = Arc::new(Notify::new());
        let suspect = suspect.then(Instant::now);
        self.held().insert(id, Held { lease_no, wake: Arc::clone(&wake), suspect });
        wake
    }

    /// No longer suspects an execution that has got on: the next loss would be the first again.
    pub(crate) fn clear(&self, id: ExecutionId, lease_no: i64) {
        if let Some(entry) = self.held().get_mut(&id).filter(|entry| entry.lease_no == lease_no) {
            entry.suspect = None;
        }
    }

    /// No longer holds that lease.
    pub(crate) fn let_go(&self, id: ExecutionId, lease_no: i64) {
        let mut held = self.held();
        if held.get(&id).is_some_and(|entry| entry.lease_no == lease_no) {
            held.remove(&id);
        }
    }

    /// Wakes an execution; false if this process does not hold it.
    pub(crate) fn wake(&self, id: ExecutionId) -> bool {
        self.held().get(&id).map(|entry| entry.wake.notify_one()).is_some()
    }

    /// How many executions are held.
    pub(crate) fn holding(&self) -> usize {
        self.held().len()
    }

    /// Whether an execution that lost two workers runs here, and has not got on yet.
    pub(crate) fn has_suspect(&self) -> bool {
        self.held().values().any(|entry| entry.suspect.is_some())
    }

    /// Until when such a one is to be left alone here; none if nothing stands against a claim.
    pub(crate) fn alone_until(&self) -> Option<Instant> {
        let held = self.held();
        let since = held.values().find_map(|entry| entry.suspect).filter(|_| held.len() == 1)?;
        Some(since + ALONE_MAX).filter(|until| *until > Instant::now())
    }

    /// Whether that very lease is held here.
    pub(crate) fn holds(&self, id: ExecutionId, lease_no: i64) -> bool {
        self.held().get(&id).is_some_and(|entry| entry.lease_no == lease_no)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ExecutionId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use capstan_engine::store::connect::Place;
    use chrono::{DateTime, Utc};
    use futures::poll;

    use super::*;

    /// A life that writes nothing: its committers never connect.
    fn life() -> Life {
        let place = Place::new("postgres://localhost/none", "cell_1").unwrap();
        let over = CancellationToken::new();
        let committers = Committers::spawn(&place, 1, "1", 1, &over);
        Life::new(1, "1".into(), DatabaseClock::new(DateTime::<Utc>::UNIX_EPOCH), committers, over)
    }

    #[tokio::test]
    async fn a_worker_without_its_control_connection_starts_no_effect_until_the_next_beat() {
        let life = life();
        let silent = Instant::now().checked_sub(BEAT_AGE_MAX).unwrap();
        // So far ahead that this test may be frozen in between.
        let fresh = Instant::now() + Duration::from_secs(3_600);
        for gone in [None, Some(silent)] {
            life.beat(gone);
            let mut acting = pin!(life.may_act());
            assert!(poll!(acting.as_mut()).is_pending(), "{gone:?}");
            // What was sent too long ago says nothing of now, even if its answer comes only now.
            life.beat(Some(silent));
            assert!(poll!(acting.as_mut()).is_pending(), "{gone:?}");
            life.beat(Some(fresh));
            assert!(poll!(acting.as_mut()).is_ready(), "{gone:?}");
            assert!(poll!(pin!(life.may_act())).is_ready());
        }
    }
}
