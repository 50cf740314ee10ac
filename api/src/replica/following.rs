//! What is known of how closely the replica follows.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use capstan_engine::store::standby::Mark;
use tokio::time::Instant;
use uuid::Uuid;

/// Most moments of the primary that are remembered.
const MOMENTS_MAX: usize = 256;
/// Most callers of whom it is remembered when they changed something; from there on it counts as everybody's change.
const WRITERS_MAX: usize = 10_000;

/// Moments of the primary, and what has been seen of them.
pub(super) struct Following {
    lag_max: Duration,
    /// When the primary's log was how far, oldest first, as far as the replica was not there yet.
    moments: VecDeque<(Instant, i64)>,
    /// The replica shows all that was acknowledged then.
    shows: Option<Instant>,
    /// When callers have changed something that it may not show yet, by their ids.
    wrote: HashMap<Uuid, Instant>,
    /// The same of anybody.
    anybody_wrote: Option<Instant>,
    pub(super) is_lost: bool,
    /// It has failed: it rests until then.
    rests_until: Option<Instant>,
}

impl Following {
    pub(super) fn new(lag_max: Duration) -> Self {
        let (moments, wrote) = (VecDeque::new(), HashMap::new());
        Self { lag_max, moments, shows: None, wrote, anybody_wrote: None, is_lost: false, rests_until: None }
    }

    /// The primary's log was `written` at `at`, and after that the replica had `replayed` as much.
    pub(super) fn learn(&mut self, at: Instant, written: Mark, replayed: Mark) {
        self.is_lost = false;
        self.moments.push_back((at, written.position));
        while self.moments.front().is_some_and(|&(_, position)| position <= replayed.position) {
            self.shows = self.moments.pop_front().map(|(at, _)| at);
        }
        // What is older is of no use any more.
        let is_old = |then: Instant| at.duration_since(then) > self.lag_max;
        while self.moments.len() > MOMENTS_MAX || self.moments.front().is_some_and(|&(then, _)| is_old(then)) {
            self.moments.pop_front();
        }
        let shows = self.shows;
        let is_unseen = |wrote: Instant| shows.is_none_or(|shows| shows < wrote);
        self.wrote.retain(|_, wrote| is_unseen(*wrote));
        self.anybody_wrote = self.anybody_wrote.filter(|wrote| is_unseen(*wrote));
    }

    /// That caller has changed something by now.
    pub(super) fn note_write(&mut self, caller: Uuid, now: Instant) {
        if self.wrote.len() >= WRITERS_MAX && !self.wrote.contains_key(&caller) {
            self.wrote.clear();
            self.anybody_wrote = Some(now);
        } else {
            self.wrote.insert(caller, now);
        }
    }

    /// It does not answer, or not well. What was written stays remembered.
    pub(super) fn forget(&mut self) {
        self.shows = None;
        self.moments.clear();
    }

    /// Nobody asks it before then.
    pub(super) fn rest_until(&mut self, then: Instant) {
        self.rests_until = Some(then);
    }

    /// Whether what it shows is young enough, and has all that `caller` has changed.
    pub(super) fn is_close(&self, caller: Option<Uuid>, now: Instant) -> bool {
        let own = caller.and_then(|caller| self.wrote.get(&caller).copied()).max(self.anybody_wrote);
        let is_well = self.rests_until.is_none_or(|then| now >= then);
        let is_young = |shows| now.duration_since(shows) <= self.lag_max && own.is_none_or(|wrote| wrote <= shows);
        is_well && self.shows.is_some_and(is_young)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG_MAX: Duration = Duration::from_secs(2);

    fn mark(position: i64) -> Mark {
        Mark { system: 1, position }
    }

    /// Looks as `(second, written, replayed)`; for each whether it is close right after it.
    fn check(looks: &[(u64, i64, i64)], expected: &[bool]) {
        let begun = Instant::now();
        let mut following = Following::new(LAG_MAX);
        let close: Vec<bool> = looks
            .iter()
            .map(|&(second, written, replayed)| {
                let at = begun + Duration::from_secs(second);
                following.learn(at, mark(written), mark(replayed));
                following.is_close(None, at)
            })
            .collect();
        assert_eq!(close, expected, "{looks:?}");
    }

    #[test]
    fn a_replica_is_close_if_it_shows_what_was_acknowledged_a_moment_ago() {
        check(&[(0, 10, 10), (1, 20, 20)], &[true, true]);
        check(&[(0, 10, 5), (1, 20, 10), (2, 30, 20)], &[false, true, true]);
    }

    #[test]
    fn a_replica_that_stands_still_is_close_while_nothing_is_written_and_for_a_moment_more() {
        check(&[(0, 10, 10), (9, 10, 10)], &[true, true]);
        check(&[(0, 10, 10), (1, 20, 10), (2, 30, 10), (3, 40, 10), (4, 50, 45)], &[true, true, true, false, true]);
    }

    #[test]
    fn nobody_asks_a_replica_after_a_failure_or_without_looks() {
        let begun = Instant::now();
        let mut following = Following::new(LAG_MAX);
        assert!(!following.is_close(None, begun));
        following.learn(begun, mark(1), mark(1));
        assert!(following.is_close(None, begun + LAG_MAX));
        assert!(!following.is_close(None, begun + LAG_MAX * 2));
        following.rest_until(begun + LAG_MAX);
        assert!(!following.is_close(None, begun) && following.is_close(None, begun + LAG_MAX));
        following.forget();
        assert!(!following.is_close(None, begun + LAG_MAX));
    }

    #[test]
    fn who_changed_something_asks_the_primary_until_the_replica_shows_it() {
        let (begun, second) = (Instant::now(), Duration::from_secs(1));
        let (writer, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut following = Following::new(LAG_MAX);
        following.learn(begun, mark(1), mark(1));
        following.note_write(writer, begun + second);
        let close = |following: &Following, now| [writer, other].map(|caller| following.is_close(Some(caller), now));
        assert_eq!(close(&following, begun + second), [false, true]);
        following.learn(begun + second * 2, mark(2), mark(1));
        assert_eq!(close(&following, begun + second * 2), [false, true]);
        following.learn(begun + second * 3, mark(3), mark(2));
        assert_eq!(close(&following, begun + second * 3), [true, true]);
    }

    #[test]
    fn too_many_writers_count_as_everybody() {
        let begun = Instant::now();
        let mut following = Following::new(LAG_MAX);
        following.learn(begun, mark(1), mark(1));
        for caller in 0..=WRITERS_MAX {
            following.note_write(Uuid::from_u128(caller as u128), begun + Duration::from_millis(1));
        }
        assert!(following.wrote.len() <= WRITERS_MAX);
        assert!(!following.is_close(None, begun + Duration::from_millis(2)));
    }
}
