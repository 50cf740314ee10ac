//! What a process holds of quotas: slices taken from the database and spent in memory.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use uuid::Uuid;

use super::quotas::{Ask, Grant, Note, Settlement};
use crate::core::ids::WorkspaceId;

/// Units of the first slice of a workspace, and of the largest; the database grants fewer as the rest of a quota
/// shrinks.
const SLICE_UNITS: i64 = 1_000;
const SLICE_UNITS_MAX: i64 = 8_000;
/// A slice that does not last so long is followed by one twice as large.
const SLICE_LASTS: Duration = Duration::from_secs(1);
/// How long a slice is spent after it was last told of; the database takes it back after 60 s.
const LEASE: Duration = Duration::from_secs(30);
/// Age at which a slice that is in use is told of anew.
const RENEW_AFTER: Duration = Duration::from_secs(15);
/// What is not used goes back after so long; near a limit, others may be refused for lack of it.
const IDLE: Duration = Duration::from_secs(10);
const IDLE_NEAR_A_LIMIT: Duration = Duration::from_secs(1);
/// Time between two notes of what a workspace without a limit uses.
const NOTE_EVERY: Duration = Duration::from_secs(5);
/// How long a workspace counts as one without a limit after the database has said so.
const UNLIMITED_FOR: Duration = Duration::from_secs(30);
/// Workspaces of which something is held at most; beyond that, all of it is given back first.
const HELD_MAX: usize = 10_000;

/// A workspace and a meter.
pub type Key = (WorkspaceId, &'static str);

/// What is held of all quotas.
#[derive(Debug, Default)]
pub struct Ledger {
    held: HashMap<Key, Purse>,
}

/// What is held of one quota.
#[derive(Debug)]
enum Purse {
    /// There is no limit: `used` was not told yet.
    Open { used: i64, known_at: Instant, used_at: Instant, noted_at: Instant },
    /// There is one.
    Slice(Slice),
}

#[derive(Debug)]
struct Slice {
    holder: Uuid,
    period: NaiveDate,
    ends_at: Instant,
    /// Unspent.
    left: i64,
    /// Spent on what may not be written yet.
    in_flight: i64,
    /// What the database knows of.
    told: i64,
    told_at: Instant,
    used_at: Instant,
    near: bool,
    /// The limit, once it was reached.
    soft: Option<i64>,
    /// What was asked for last, and when.
    asked: (i64, Instant),
}

/// What to tell the database.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chores {
    /// Slices that shrink, stay or end.
    pub settlements: Vec<Settlement>,
    /// What was used where no limit is.
    pub notes: Vec<Note>,
}

impl Ledger {
    /// Spends one unit; false if the database has to be asked first.
    #[must_use]
    pub fn spend(&mut self, key: Key, now: Instant) -> bool {
        self.spend_units(key, 1, now)
    }

    /// Spends so many units, or none and false if the database has to be asked first.
    #[must_use]
    pub fn spend_units(&mut self, key: Key, units: i64, now: Instant) -> bool {
        match self.held.get_mut(&key) {
            Some(Purse::Open { used, known_at, used_at, .. }) if now.duration_since(*known_at) < UNLIMITED_FOR => {
                *used += units;
                *used_at = now;
                true
            }
            Some(Purse::Slice(slice)) if slice.left >= units && slice.is_good(now) => {
                slice.left -= units;
                slice.in_flight += units;
                slice.used_at = now;
                true
            }
            _ => false,
        }
    }

    /// What to ask for, now that `need` units are wanted and a slice is used up, and what becomes of the last month's slice.
    pub fn ask(&mut self, key: Key, need: i64, now: Instant) -> (Ask, Option<Settlement>) {
        let (workspace_id, meter) = key;
        let ask = |holder, held, want| Ask { workspace_id, meter, holder, held, need, want };
        match self.held.get_mut(&key) {
            Some(Purse::Slice(slice)) if slice.is_good(now) => {
                let want = match slice.asked {
                    (units, at) if now.duration_since(at) < SLICE_LASTS => (2 * units).min(SLICE_UNITS_MAX),
                    _ => SLICE_UNITS,
                };
                slice.asked = (want, now);
                (ask(slice.holder, slice.in_flight + slice.left, want), None)
            }
            // Of another month, or so old that the database may have taken it back: what was spent of it is among the facts.
            Some(Purse::Slice(slice)) => {
                let over = slice.settlement(key, 0, slice.left);
                let is_told = now.duration_since(slice.told_at) < LEASE;
                self.held.remove(&key);
                (ask(Uuid::now_v7(), 0, SLICE_UNITS), Some(over).filter(|_| is_told))
            }
            Some(Purse::Open { .. }) | None => (ask(Uuid::now_v7(), 0, SLICE_UNITS), None),
        }
    }

    /// Takes in what was granted at `asked_at`.
    pub fn take(&mut self, ask: &Ask, grant: &Grant, asked_at: Instant) {
        let key = (ask.workspace_id, ask.meter);
        if !grant.limited {
            match self.held.get_mut(&key) {
                Some(Purse::Open { known_at, .. }) => *known_at = asked_at,
                _ => {
                    let open = Purse::Open { used: 0, known_at: asked_at, used_at: asked_at, noted_at: asked_at };
                    self.held.insert(key, open);
                }
            }
            return;
        }
        let ends_at = asked_at + Duration::from_millis(grant.ends_ms.max(0).unsigned_abs());
        let known = match self.held.remove(&key) {
            Some(Purse::Slice(slice)) if slice.holder == ask.holder => Some(slice),
            _ => None,
        };
        let (left, in_flight) = known.as_ref().map_or((0, 0), |slice| (slice.left, slice.in_flight));
        // A refusal leaves what the database knows as it was.
        let (told, told_at) = match &known {
            Some(slice) if grant.granted == 0 => (slice.told, slice.told_at),
            _ => (ask.held + grant.granted, asked_at),
        };
        self.held.insert(
            key,
            Purse::Slice(Slice {
                holder: ask.holder,
                period: grant.period,
                ends_at,
                left: left + grant.granted,
                in_flight,
                told,
                told_at,
                used_at: asked_at,
                near: grant.cut,
                soft: grant.units_max.filter(|_| grant.soft),
                asked: (ask.want, asked_at),
            }),
        );
    }

    /// What is left of a slice, where it was too little for who asked: it goes back at once, as others may need no more than that.
    pub fn hand_back(&mut self, key: Key, now: Instant) -> Option<Settlement> {
        let Some(Purse::Slice(slice)) = self.held.get_mut(&key) else { return None };
        let back = std::mem::take(&mut slice.left);
        (back > 0).then(|| {
            (slice.told, slice.told_at) = (slice.in_flight, now);
            slice.settlement(key, slice.in_flight, back)
        })
    }

    /// Forgets a slice of which nobody knows what the database has: that takes it back when its lease is over.
    pub fn lose(&mut self, key: Key) {
        if matches!(self.held.get(&key), Some(Purse::Slice(_))) {
            self.held.remove(&key);
        }
    }

    /// Units that were spent on nothing come back.
    pub fn give_back(&mut self, key: Key, units: i64) {
        match self.held.get_mut(&key) {
            Some(Purse::Open { used, .. }) => *used -= units,
            Some(Purse::Slice(slice)) => {
                let units = units.min(slice.in_flight);
                slice.in_flight -= units;
                slice.left += units;
            }
            None => {}
        }
    }

    /// What units were spent on is written.
    pub fn confirm(&mut self, key: Key, units: i64) {
        if let Some(Purse::Slice(slice)) = self.held.get_mut(&key) {
            slice.in_flight -= units.min(slice.in_flight);
        }
    }

    /// The limit of a workspace that has reached it.
    #[must_use]
    pub fn soft(&self, key: Key) -> Option<i64> {
        match self.held.get(&key) {
            Some(Purse::Slice(slice)) => slice.soft,
            _ => None,
        }
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether more is held than should.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held.len() >= HELD_MAX
    }

    /// What is due to be told now.
    pub fn chores(&mut self, now: Instant) -> Chores {
        let mut chores = Chores::default();
        self.held.retain(|&key, purse| match purse {
            Purse::Open { used, used_at, noted_at, .. } => {
                if *used > 0 && now.duration_since(*noted_at) >= NOTE_EVERY {
                    *noted_at = now;
                    let units = std::mem::take(used);
                    chores.notes.push(Note { workspace_id: key.0, meter: key.1, units });
                }
                *used != 0 || now.duration_since(*used_at) < UNLIMITED_FOR
            }
            Purse::Slice(slice) => {
                let (settlement, keep) = slice.tend(key, now);
                chores.settlements.extend(settlement);
                keep
            }
        });
        chores
    }

    /// Everything, to be told and given back.
    #[must_use]
    pub fn take_all(&mut self) -> Chores {
        let mut chores = Chores::default();
        for (key, purse) in self.held.drain() {
            match purse {
                Purse::Open { used, .. } if used > 0 => {
                    chores.notes.push(Note { workspace_id: key.0, meter: key.1, units: used });
                }
                Purse::Open { .. } => {}
                Purse::Slice(slice) if slice.told > 0 => chores.settlements.push(slice.settlement(key, 0, slice.left)),
                Purse::Slice(_) => {}
            }
        }
        chores
    }

    /// The database has just said again that there is no limit.
    pub fn still_open(&mut self, key: Key, asked_at: Instant) {
        if let Some(Purse::Open { known_at, .. }) = self.held.get_mut(&key) {
            *known_at = asked_at;
        }
    }

    /// There is a limit now; whoever spends has to ask.
    pub fn close_purse(&mut self, workspace_id: WorkspaceId, meter: &str) {
        self.held.retain(|key, purse| {
            let is_it = key.0 == workspace_id && key.1 == meter;
            !(is_it && matches!(purse, Purse::Open { .. }))
        });
    }
}

impl Slice {
    fn is_good(&self, now: Instant) -> bool {
        now < self.ends_at && now.duration_since(self.told_at) < LEASE
    }

    fn settlement(&self, (workspace_id, meter): Key, held: i64, back: i64) -> Settlement {
        Settlement { workspace_id, meter, period: self.period, holder: self.holder, held, back }
    }

    /// What to tell of it, and whether it goes on.
    fn tend(&mut self, key: Key, now: Instant) -> (Option<Settlement>, bool) {
        if now.duration_since(self.told_at) >= LEASE {
            return (None, false);
        }
        let idle = now.duration_since(self.used_at) >= if self.near { IDLE_NEAR_A_LIMIT } else { IDLE };
        if idle || now >= self.ends_at {
            let back = std::mem::take(&mut self.left);
            let settlement =
                (self.told > 0 && self.told != self.in_flight).then(|| self.settlement(key, self.in_flight, back));
            if settlement.is_some() {
                (self.told, self.told_at) = (self.in_flight, now);
            }
            return (settlement, self.in_flight > 0 || self.soft.is_some());
        }
        if self.told > 0 && now.duration_since(self.told_at) >= RENEW_AFTER {
            (self.told, self.told_at) = (self.left + self.in_flight, now);
            return (Some(self.settlement(key, self.told, 0)), true);
        }
        (None, true)
    }
}

#[cfg(test)]
#[path = "slices_tests.rs"]
mod tests;
