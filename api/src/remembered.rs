//! Answers that are used again for a short while: few enough to hold, and asked for once however many wait for one.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most answers that are remembered.
const REMEMBERED_MAX: usize = 10_000;
/// Questions that may be asked at the same time, by hash; those that share a turn wait for each other.
const TURNS: usize = 64;

/// What is remembered is at most `lasting` old, counted from before it was asked for.
pub(crate) struct Remembered<K, V> {
    lasting: Duration,
    answers: Mutex<HashMap<K, (Instant, V)>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
    hasher: RandomState,
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    pub(crate) fn for_at_most(lasting: Duration) -> Self {
        let turns = std::array::from_fn(|_| tokio::sync::Mutex::default());
        Self { lasting, answers: Mutex::default(), turns, hasher: RandomState::new() }
    }

    /// What is remembered, else what `ask` says: of a burst with the same question only the first asks. That there is
    /// no answer is not remembered.
    pub(crate) async fn answer<E>(
        &self,
        question: K,
        ask: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        if let Some(answer) = self.recall(&question) {
            return Ok(Some(answer));
        }
        let _turn = self.turns[self.turn(&question)].lock().await;
        if let Some(answer) = self.recall(&question) {
            return Ok(Some(answer));
        }
        let asked_at = Instant::now();
        let answer = ask.await?;
        if let Some(answer) = &answer {
            self.remember(question, asked_at, answer.clone());
        }
        Ok(answer)
    }

    /// The next one asks anew. Waits for a question that is being asked: its answer may be older than what the caller
    /// knows.
    pub(crate) async fn forget(&self, question: &K) {
        let _turn = self.turns[self.turn(question)].lock().await;
        self.answers().remove(question);
    }

    fn turn(&self, question: &K) -> usize {
        usize::try_from(self.hasher.hash_one(question) % TURNS as u64).unwrap_or_default()
    }

    fn recall(&self, question: &K) -> Option<V> {
        let answers = self.answers();
        let (since, answer) = answers.get(question)?;
        (since.elapsed() < self.lasting).then(|| answer.clone())
    }

    fn remember(&self, question: K, asked_at: Instant, answer: V) {
        let mut answers = self.answers();
        if answers.len() >= REMEMBERED_MAX {
            answers.retain(|_, (since, _)| since.elapsed() < self.lasting);
        }
        if answers.len() < REMEMBERED_MAX {
            answers.insert(question, (asked_at, answer));
        }
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Asks `count` times at once; answers how often somebody had to be asked.
    async fn burst(remembered: &Remembered<u8, u8>, count: usize) -> usize {
        let asked = AtomicUsize::new(0);
        let burst = (0..count).map(|_| {
            remembered.answer(1, async {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(Some(2))
            })
        });
        for answer in futures::future::join_all(burst).await {
            assert_eq!(answer, Ok(Some(2)));
        }
        asked.into_inner()
    }

    #[tokio::test]
    async fn a_burst_with_one_question_asks_once_until_the_answer_is_forgotten() {
        let remembered = Remembered::for_at_most(Duration::from_secs(3_600));
        assert_eq!(burst(&remembered, 50).await, 1);
        assert_eq!(burst(&remembered, 50).await, 0);
        remembered.forget(&1).await;
        assert_eq!(burst(&remembered, 50).await, 1);
    }

    #[tokio::test]
    async fn an_answer_that_was_under_way_when_it_was_forgotten_is_not_used_again() {
        let remembered = Remembered::for_at_most(Duration::from_secs(3_600));
        let (reply, asked) = tokio::sync::oneshot::channel();
        let asking = remembered.answer(1, async { Ok::<_, Infallible>(asked.await.ok()) });
        let forgetting = async {
            tokio::task::yield_now().await;
            let forgotten = remembered.forget(&1);
            reply.send(2).unwrap();
            forgotten.await;
        };
        assert_eq!(tokio::join!(asking, forgetting).0, Ok(Some(2)));
        assert_eq!(burst(&remembered, 1).await, 1);
    }

    #[tokio::test]
    async fn an_old_answer_is_not_used_again() {
        let remembered = Remembered::for_at_most(Duration::ZERO);
        assert_eq!(burst(&remembered, 1).await, 1);
        assert_eq!(burst(&remembered, 1).await, 1);
    }
}
