//! What this process may give out of what a minute allows.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use capstan_domain::access::Share;
use tokio::time::Instant;

use super::Subject;

/// Most subjects that are held; where there are more, those whose minute is over go, else all: their next request asks again.
const SUBJECTS_MAX: usize = 10_000;
/// Subjects that may ask the database at the same time, by hash; those that share a turn wait for each other.
const TURNS: usize = 64;

/// The shares of one process.
pub(crate) struct Shares {
    held: Mutex<HashMap<Subject, Held>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
    hasher: RandomState,
}

#[derive(Clone, Copy)]
struct Held {
    /// What may still be given out here.
    left: i32,
    /// What was left for all processes when this share was taken.
    rest: i32,
    ends: Instant,
}

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) granted: bool,
    /// How many more may be sent, as far as this process knows.
    pub(super) left: i32,
    pub(super) ends_in: Duration,
}

impl Given {
    /// Seconds until all may be sent anew, rounded up.
    pub(super) fn seconds(self) -> u64 {
        self.ends_in.as_secs() + u64::from(self.ends_in.subsec_nanos() > 0)
    }
}

impl From<Share> for Given {
    fn from(share: Share) -> Self {
        Self { granted: share.granted > 0, left: share.rest, ends_in: share.ends_in }
    }
}

impl Shares {
    pub(crate) fn new() -> Self {
        let turns = std::array::from_fn(|_| tokio::sync::Mutex::default());
        Self { held: Mutex::default(), turns, hasher: RandomState::new() }
    }

    /// Gives one out; `ask` takes a share when there is none. Of a burst only the first asks.
    pub(super) async fn take<E>(
        &self,
        subject: Subject,
        ask: impl Future<Output = Result<Share, E>>,
    ) -> Result<Given, E> {
        if let Some(given) = self.give(subject) {
            return Ok(given);
        }
        let turn = usize::try_from(self.hasher.hash_one(subject) % TURNS as u64).unwrap_or_default();
        let _turn = self.turns[turn].lock().await;
        if let Some(given) = self.give(subject) {
            return Ok(given);
        }
        let share = ask.await?;
        let held = Held { left: share.granted, rest: share.rest, ends: Instant::now() + share.ends_in };
        self.hold(subject, held);
        Ok(self.give(subject).unwrap_or(share.into()))
    }

    /// One of what is held, or a refusal while nobody has more; nothing if the database has to be asked.
    fn give(&self, subject: Subject) -> Option<Given> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.get_mut(&subject)?;
        let ends_in = held.ends.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        if held.left == 0 {
            return (held.rest == 0).then_some(Given { granted: false, left: 0, ends_in });
        }
        held.left -= 1;
        Some(Given { granted: true, left: held.left + held.rest, ends_in })
    }

    fn hold(&self, subject: Subject, held: Held) {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SUBJECTS_MAX {
            let now = Instant::now();
            all.retain(|_, held| held.ends > now);
        }
        if all.len() >= SUBJECTS_MAX {
            all.clear();
        }
        all.insert(subject, held);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use uuid::Uuid;

    use super::*;

    fn share(granted: i32, rest: i32) -> Share {
        Share { granted, rest, ends_in: Duration::from_secs(60) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_is_given_out_without_asking_and_a_refusal_is_remembered_to_the_end_of_the_minute() {
        let (shares, key, asked) = (Shares::new(), Subject::Key(Uuid::nil()), Cell::new(0));
        let take = async |answer: Share| {
            let ask = async {
                asked.set(asked.get() + 1);
                Ok::<_, ()>(answer)
            };
            shares.take(key, ask).await.unwrap()
        };
        let told = |given: Given| (given.granted, given.left, asked.get());
        assert_eq!(told(take(share(2, 1)).await), (true, 2, 1));
        assert_eq!(told(take(share(2, 1)).await), (true, 1, 1));
        assert_eq!(told(take(share(1, 0)).await), (true, 0, 2));
        assert_eq!(told(take(share(0, 0)).await), (false, 0, 2));
        tokio::time::advance(Duration::from_secs(59)).await;
        let refused = take(share(2, 1)).await;
        assert_eq!((refused.granted, refused.seconds(), asked.get()), (false, 1, 2));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(told(take(share(2, 1)).await), (true, 2, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn others_are_counted_apart_and_no_more_are_held_than_are_bounded() {
        let shares = Shares::new();
        for number in 0..=SUBJECTS_MAX as u128 {
            let ask = async { Ok::<_, ()>(share(2, 0)) };
            assert!(shares.take(Subject::Person(Uuid::from_u128(number)), ask).await.unwrap().granted);
        }
        assert_eq!(shares.held.lock().unwrap().len(), 1);
    }
}
