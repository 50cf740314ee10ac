//! What was counted so far, and what it says of durations.

use std::collections::BTreeMap;

use capstan_engine::store::day::{CLASSES_PER_DOUBLING, DayPage};
use serde::{Deserialize, Serialize};

/// The sum of pages. Kept as JSON between two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) started: i64,
    pub(super) completed: i64,
    pub(super) failed: i64,
    pub(super) cancelled: i64,
    pub(super) ms_sum: i64,
    pub(super) ms_max: Option<i64>,
    /// How many durations each class holds; a few hundred at most.
    classes: BTreeMap<i32, i64>,
}

impl Tally {
    /// Adds a page.
    pub(super) fn add(&mut self, page: &DayPage) {
        self.started += page.started;
        self.completed += page.completed;
        self.failed += page.failed;
        self.cancelled += page.cancelled;
        self.ms_sum = self.ms_sum.saturating_add(page.ms_sum);
        self.ms_max = self.ms_max.max(page.ms_max);
        for (class, held) in page.classes.iter().zip(&page.class_counts) {
            *self.classes.entry(*class).or_default() += held;
        }
    }

    /// The duration that so many of a hundred do not exceed, in milliseconds: the middle of its class, which is off by less
    /// than 5 %. None if there are no durations.
    pub(super) fn percentile_ms(&self, percent: u8) -> Option<i64> {
        let all: i64 = self.classes.values().sum();
        let rank = (all.saturating_mul(percent.into()) + 99) / 100;
        let mut seen = 0;
        let class = self.classes.iter().find(|(_, held)| {
            seen += *held;
            seen >= rank.max(1)
        });
        let middle = class.map(|(class, _)| middle_ms(*class))?;
        Some(self.ms_max.map_or(middle, |longest| middle.min(longest)))
    }
}

/// The middle of a class of durations, in milliseconds.
fn middle_ms(class: i32) -> i64 {
    let edge = |class: i32| (f64::from(class) / f64::from(CLASSES_PER_DOUBLING)).exp2() - 1.0;
    ((edge(class) + edge(class + 1)) / 2.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of executions that completed in these times.
    fn page(all_ms: &[i64]) -> DayPage {
        let mut classes: BTreeMap<i32, i64> = BTreeMap::new();
        for ms in all_ms {
            *classes.entry((((ms + 1) as f64).log2() * f64::from(CLASSES_PER_DOUBLING)).floor() as i32).or_default() +=
                1;
        }
        let count = i64::try_from(all_ms.len()).unwrap();
        DayPage {
            looked_at: count,
            started: count,
            completed: count,
            ms_sum: all_ms.iter().sum(),
            ms_max: all_ms.iter().max().copied(),
            classes: classes.keys().copied().collect(),
            class_counts: classes.values().copied().collect(),
            ..DayPage::default()
        }
    }

    #[test]
    fn pages_add_up_to_what_one_page_would_have_been_also_through_json() {
        let all: Vec<i64> = (0..1_000).map(|n| n * 37 % 9_001).collect();
        let mut whole = Tally::default();
        whole.add(&page(&all));
        let mut by_pages = Tally::default();
        for some in all.chunks(7) {
            by_pages.add(&page(some));
            by_pages = serde_json::from_value(serde_json::to_value(&by_pages).unwrap()).unwrap();
        }
        assert_eq!(by_pages, whole);
        assert_eq!((whole.started, whole.ms_sum, whole.ms_max), (1_000, all.iter().sum(), all.iter().max().copied()));
    }

    #[test]
    fn percentiles_are_within_five_per_cent_of_the_exact_ones() {
        for step in [1, 13, 977, 60_000] {
            let mut all: Vec<i64> = (1..=500).map(|n| n * step).collect();
            let mut tally = Tally::default();
            tally.add(&page(&all));
            all.sort_unstable();
            for percent in [1, 50, 95, 99, 100] {
                let exact = all[(all.len() * usize::from(percent)).div_ceil(100) - 1] as f64;
                let told = tally.percentile_ms(percent).unwrap() as f64;
                assert!((told - exact).abs() <= exact * 0.05 + 1.0, "p{percent} of {step}: {told}, not {exact}");
            }
        }
    }

    #[test]
    fn nothing_has_no_percentiles_and_what_took_no_time_took_none() {
        assert_eq!(Tally::default().percentile_ms(50), None);
        let mut tally = Tally::default();
        tally.add(&page(&[0, 0]));
        assert_eq!((tally.percentile_ms(50), tally.percentile_ms(95), tally.ms_max), (Some(0), Some(0), Some(0)));
    }
}
