//! What a process holds of quotas, and how it asks the database for more.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::error::StoreError;
use super::quotas::{note_usage, settle_slices, take_slice};
use super::slices::{Chores, Key, Ledger};

/// Workspaces that may ask at the same time, by a hash; of one workspace, one asks.
const LANES: usize = 16;
/// Counters that one statement settles at most: it holds their locks.
const SETTLE_BITE: usize = 100;
/// Counters that one statement notes at most.
const NOTE_BITE: usize = 500;

/// What is held of all quotas, for all tasks of a process.
#[derive(Default)]
pub struct Purses {
    ledger: Mutex<Ledger>,
    asking: [tokio::sync::Mutex<()>; LANES],
}

/// What is to be told of what is held. Slices that were not told of in the end, as the telling failed or was given up, are
/// forgotten: nobody knows what the database has, and they come back when their lease is over.
pub struct Due<'a> {
    purses: &'a Purses,
    chores: Chores,
    is_told: bool,
    _turns: Vec<tokio::sync::MutexGuard<'a, ()>>,
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            let mut ledger = self.purses.ledger();
            self.chores.settlements.iter().for_each(|one| ledger.lose((one.workspace_id, one.meter)));
        }
    }
}

/// A slice that is being asked for. If no answer comes, as the asking failed or was given up, it is forgotten.
struct Doubt<'a> {
    purses: &'a Purses,
    key: Key,
    is_answered: bool,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.purses.ledger().lose(self.key);
        }
    }
}

/// The quota is used up, with what is served beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Seconds until the next period, by the database's clock; at least one.
    pub resets_in_s: u64,
}

impl Purses {
    /// Spends one unit of what is held; false if [`Purses::refill`] has to be called.
    #[must_use]
    pub fn spend(&self, key: Key) -> bool {
        self.spend_units(key, 1)
    }

    /// Spends so many units of what is held, or none and false if [`Purses::refill_units`] has to be called.
    #[must_use]
    pub fn spend_units(&self, key: Key, units: i64) -> bool {
        self.ledger().spend_units(key, units, Instant::now())
    }

    /// Asks for units, `need` of them at once, and spends one. May be given up at any time: then nothing was spent, and what
    /// was granted meanwhile comes back when its lease is over.
    ///
    /// # Errors
    /// If the database does; then nothing was spent, and the connection is in doubt.
    pub async fn refill(
        &self,
        connection: &mut PgConnection,
        key: Key,
        need: i64,
    ) -> Result<Result<(), Refused>, StoreError> {
        self.refill_for(connection, key, (need, 1)).await
    }

    /// The same for who needs so many units, or none of them.
    ///
    /// # Errors
    /// As [`Purses::refill`].
    pub async fn refill_units(
        &self,
        connection: &mut PgConnection,
        key: Key,
        units: i64,
    ) -> Result<Result<(), Refused>, StoreError> {
        self.refill_for(connection, key, (units, units)).await
    }

    async fn refill_for(
        &self,
        connection: &mut PgConnection,
        key: Key,
        (need, units): (i64, i64),
    ) -> Result<Result<(), Refused>, StoreError> {
        if self.ledger().is_full() {
            self.close(connection).await?;
        }
        let _turn = self.asking[lane(key)].lock().await;
        let asked_at = Instant::now();
        // Who asked before may have got enough.
        if self.spend_units(key, units) {
            return Ok(Ok(()));
        }
        let mut doubt = Doubt { purses: self, key, is_answered: false };
        let (ask, over) = self.ledger().ask(key, need, asked_at);
        if let Some(over) = over {
            settle_slices(connection, &[over]).await?;
        }
        let grant = take_slice(connection, &ask).await?;
        let too_little = {
            let mut ledger = self.ledger();
            ledger.take(&ask, &grant, asked_at);
            if ledger.spend_units(key, units, asked_at) {
                doubt.is_answered = true;
                return Ok(Ok(()));
            }
            ledger.hand_back(key, asked_at)
        };
        if let Some(rest) = too_little {
            settle_slices(connection, &[rest]).await?;
        }
        doubt.is_answered = true;
        let resets_in_s = Duration::from_millis(grant.ends_ms.max(0).unsigned_abs()).as_secs() + 1;
        Ok(Err(Refused { resets_in_s }))
    }

    /// Units that were spent on nothing come back.
    pub fn give_back(&self, key: Key, units: i64) {
        self.ledger().give_back(key, units);
    }

    /// What units were spent on is written.
    pub fn confirm(&self, key: Key, units: i64) {
        self.ledger().confirm(key, units);
    }

    /// The limit of a workspace that has reached it, as far as this process knows.
    #[must_use]
    pub fn soft(&self, key: Key) -> Option<i64> {
        self.ledger().soft(key)
    }

    /// Whether nothing is held, so that nothing can be due.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ledger().is_empty()
    }

    /// What is due to be told now, if anything is. As long as it is held nobody asks: an answer and what is told here must not
    /// overtake each other. Who calls has the connection already, as those have that ask: nobody waits for one with all turns
    /// in hand.
    pub async fn due(&self) -> Option<Due<'_>> {
        let turns = self.all_turns().await;
        let chores = self.ledger().chores(Instant::now());
        (chores != Chores::default()).then_some(Due { purses: self, chores, is_told: false, _turns: turns })
    }

    /// Tells the database.
    ///
    /// # Errors
    /// If the database does; then some of it may not have been told.
    pub async fn tell(&self, connection: &mut PgConnection, mut due: Due<'_>) -> Result<(), StoreError> {
        self.tell_all(connection, &due.chores).await?;
        due.is_told = true;
        Ok(())
    }

    /// All turns, always in the same order. Not to be called by who has one.
    async fn all_turns(&self) -> Vec<tokio::sync::MutexGuard<'_, ()>> {
        let mut turns = Vec::with_capacity(LANES);
        for lane in &self.asking {
            turns.push(lane.lock().await);
        }
        turns
    }

    async fn tell_all(&self, connection: &mut PgConnection, chores: &Chores) -> Result<(), StoreError> {
        for bite in chores.settlements.chunks(SETTLE_BITE) {
            settle_slices(connection, bite).await?;
        }
        for bite in chores.notes.chunks(NOTE_BITE) {
            let asked_at = Instant::now();
            let limited = note_usage(connection, bite).await?;
            let mut ledger = self.ledger();
            bite.iter().for_each(|note| ledger.still_open((note.workspace_id, note.meter), asked_at));
            limited.iter().for_each(|(workspace, meter)| ledger.close_purse(*workspace, meter));
        }
        Ok(())
    }

    /// Gives back all that is held, while nobody asks.
    ///
    /// # Errors
    /// If the database does; then the rest comes back when its lease is over.
    pub async fn close(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let _turns = self.all_turns().await;
        let all = self.ledger().take_all();
        self.tell_all(connection, &all).await
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lane((workspace_id, _): Key) -> usize {
    usize::from(workspace_id.0.as_bytes()[15]) % LANES
}
