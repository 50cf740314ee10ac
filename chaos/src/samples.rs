//! Samples of how long something took.

use std::collections::HashSet;

use uuid::Uuid;

/// Samples in milliseconds, each with its execution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<(i64, Uuid)>);

impl Samples {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value that 99 % do not exceed; absent without samples.
    pub(crate) fn p99_ms(&self) -> Option<i64> {
        let sorted = self.sorted();
        sorted.get((sorted.len() * 99).div_ceil(100).saturating_sub(1)).copied()
    }

    /// The middle value; absent without samples.
    pub(crate) fn p50_ms(&self) -> Option<i64> {
        let sorted = self.sorted();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The slowest ones, at most so many, each execution once.
    pub(crate) fn slowest(&self, count: usize) -> Vec<(i64, Uuid)> {
        let mut slowest = self.0.clone();
        slowest.sort_unstable_by(|one, other| other.cmp(one));
        let mut shown = HashSet::new();
        slowest.retain(|&(_, execution)| shown.insert(execution));
        slowest.truncate(count);
        slowest
    }

    pub(crate) fn add(&mut self, ms: i64, execution: Uuid) {
        self.0.push((ms, execution));
    }

    fn sorted(&self) -> Vec<i64> {
        let mut sorted: Vec<i64> = self.0.iter().map(|sample| sample.0).collect();
        sorted.sort_unstable();
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninety_ninth_of_a_hundred_samples_is_the_p99() {
        let samples = Samples((1..=100).rev().map(|ms| (ms, Uuid::nil())).collect());
        assert_eq!((samples.p99_ms(), samples.p50_ms()), (Some(99), Some(51)));
        assert_eq!(Samples::default().p99_ms(), None);
    }
}
