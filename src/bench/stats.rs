//! Samples and what is said of them.

use std::time::Duration;

/// Times of single things.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// All but the first ones, which prepare statements and open connections.
    pub(crate) fn after(self, warm_up: usize) -> Self {
        Self(self.0.into_iter().skip(warm_up).collect())
    }

    /// The latency that `share` of all do not exceed, in milliseconds; 0 if there is none.
    pub(crate) fn percentile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share) as usize).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// The middle one of some values; of an even number, the mean of the two in the middle; 0 of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The lowest and the highest of some values; 0 of none.
pub(crate) fn range(values: &[f64]) -> (f64, f64) {
    let lowest = values.iter().copied().reduce(f64::min);
    let highest = values.iter().copied().reduce(f64::max);
    (lowest.unwrap_or_default(), highest.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn a_range_reaches_from_the_lowest_to_the_highest() {
        assert_eq!(range(&[3.0, 1.0, 2.0]), (1.0, 3.0));
        assert_eq!(range(&[]), (0.0, 0.0));
    }

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        let mut latencies = Latencies::default();
        (1..=100).rev().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        assert_eq!(latencies.percentile_ms(0.5), 50.0);
        assert_eq!(latencies.percentile_ms(0.99), 99.0);
        assert_eq!(latencies.after(99).percentile_ms(0.99), 1.0);
    }
}
