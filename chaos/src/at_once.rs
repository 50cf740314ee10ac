//! How many calls of each kind are under way at a time, as the outside world sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts, by kind. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AtOnce(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    of_kind: HashMap<String, Count>,
    of_all: Count,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    now: usize,
    most: usize,
}

/// A call that is under way, until it is dropped: also if its caller dies.
#[derive(Debug)]
pub struct UnderWay {
    at_once: AtOnce,
    kind: String,
}

impl Count {
    fn enter(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }
}

impl AtOnce {
    /// A call has come.
    #[must_use]
    pub fn enter(&self, kind: &str) -> UnderWay {
        let mut counts = self.counts();
        counts.of_kind.entry(kind.to_owned()).or_default().enter();
        counts.of_all.enter();
        UnderWay { at_once: self.clone(), kind: kind.to_owned() }
    }

    /// The most that ever were under way, by kind.
    #[must_use]
    pub fn most(&self) -> HashMap<String, usize> {
        self.counts().of_kind.iter().map(|(kind, count)| (kind.clone(), count.most)).collect()
    }

    /// The most of any kind that ever were under way.
    #[must_use]
    pub fn most_in_all(&self) -> usize {
        self.counts().of_all.most
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counts = self.at_once.counts();
        counts.of_all.now -= 1;
        if let Some(count) = counts.of_kind.get_mut(&self.kind) {
            count.now -= 1;
        }
    }
}
