//! What claiming goes by: room, the front of the queue, the next timer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capstan_engine::store::claim::NO_BOUND;
use chrono::TimeDelta;
use tokio::sync::Notify;

/// How old a known front must be to bound a claim's scan: older than any start in flight.
const FRONT_AGE: Duration = Duration::from_secs(2);
/// Fronts that are remembered.
const FRONTS_MAX: usize = 16;

/// What claiming goes by, shared with the control connection.
#[derive(Debug)]
pub(crate) struct Pace {
    slots: usize,
    claimed: AtomicI64,
    lost_track: AtomicBool,
    known: Mutex<Known>,
    /// Rings when claiming may have to come sooner: for a timer that is due before all others, or for whoever lost two
    /// workers.
    pub(crate) sooner: Notify,
}

#[derive(Debug, Default)]
struct Known {
    /// Since when executions that lost two workers may wait.
    suspects: Option<Instant>,
    fronts: VecDeque<(Instant, i64)>,
    next_due: Option<Instant>,
}

impl Pace {
    /// The pace of a process with so many slots.
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots,
            claimed: AtomicI64::new(0),
            lost_track: AtomicBool::new(false),
            known: Mutex::default(),
            sooner: Notify::new(),
        }
    }

    /// How many more there is room for.
    pub(crate) fn room(&self, holding: usize) -> usize {
        self.slots.saturating_sub(holding)
    }

    /// The database knows a lease of this worker that no activation knows of; the claimer is to give it back.
    pub(crate) fn lose_track(&self) {
        self.lost_track.store(true, Ordering::Relaxed);
    }

    /// Whether track was lost since the last call.
    pub(crate) fn has_lost_track(&self) -> bool {
        self.lost_track.swap(false, Ordering::Relaxed)
    }

    /// Takes note that executions which lost two workers may wait.
    pub(crate) fn hear_of_suspects(&self) {
        self.known().suspects.get_or_insert_with(Instant::now);
        self.sooner.notify_one();
    }

    /// Takes note that there are none, unless more was heard since that was asked.
    pub(crate) fn forget_suspects(&self, since: Option<Instant>) {
        let known = &mut self.known().suspects;
        if *known == since {
            *known = None;
        }
    }

    /// Since when executions that lost two workers may wait; none if there are none.
    pub(crate) fn suspects_since(&self) -> Option<Instant> {
        self.known().suspects
    }

    /// Takes note of the front that a claim has reached.
    pub(crate) fn reach(&self, front: i64) {
        self.claimed.fetch_max(front, Ordering::Relaxed);
    }

    /// The front that this process's claims have reached.
    pub(crate) fn front(&self) -> i64 {
        self.claimed.load(Ordering::Relaxed)
    }

    /// Takes note of the database's front and of the time until the earliest timer.
    pub(crate) fn beat(&self, front: i64, until_due: Option<TimeDelta>) {
        let mut known = self.known();
        if known.fronts.len() == FRONTS_MAX {
            known.fronts.pop_front();
        }
        known.fronts.push_back((Instant::now(), front));
        drop(known);
        if let Some(until) = until_due {
            self.due_in(until);
        }
    }

    /// Takes note of a timer, by the time until it is due. An earlier one stays known: what tells of a later one may
    /// not have seen it yet.
    pub(crate) fn due_in(&self, until: TimeDelta) {
        let Some(due) = Instant::now().checked_add(until.to_std().unwrap_or_default()) else { return };
        let mut known = self.known();
        if known.next_due.is_none_or(|next| due < next) {
            known.next_due = Some(due);
            self.sooner.notify_one();
        }
    }

    /// Forgets the earliest timer, as its time has come: whoever moves due timers will learn of the next one.
    pub(crate) fn take_due(&self) {
        self.known().next_due = None;
    }

    /// The front from which a claim's scan begins.
    pub(crate) fn bound(&self) -> i64 {
        let old = |&&(seen, _): &&(Instant, i64)| seen.elapsed() >= FRONT_AGE;
        self.known().fronts.iter().rev().find(old).map_or(NO_BOUND, |&(_, front)| front)
    }

    /// Time until the earliest known timer; none if no timer is known.
    pub(crate) fn until_due(&self) -> Option<Duration> {
        self.known().next_due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
