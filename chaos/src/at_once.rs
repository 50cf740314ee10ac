//! How many calls of each kind are under way at a time, as the outside world sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts, by kind. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AtOnce(Arc<Mutex<HashMap<String, Count>>>);

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

impl AtOnce {
    /// A call has come.
    #[must_use]
    pub fn enter(&self, kind: &str) -> UnderWay {
        let mut counts = self.counts();
        let count = counts.entry(kind.to_owned()).or_default();
        count.now += 1;
        count.most = count.most.max(count.now);
        UnderWay { at_once: self.clone(), kind: kind.to_owned() }
    }

    /// The most that ever were under way, by kind.
    #[must_use]
    pub fn most(&self) -> HashMap<String, usize> {
        self.counts().iter().map(|(kind, count)| (kind.clone(), count.most)).collect()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(count) = self.at_once.counts().get_mut(&self.kind) {
            count.now -= 1;
        }
    }
}
