//! What the rounds came to.

use std::collections::BTreeMap;

use super::measures::Ratio;
use super::stats::{median, range};

/// Values of all rounds, by key.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pairs: BTreeMap<&'static str, Vec<Pair>>,
    figures: BTreeMap<String, Vec<f64>>,
}

/// Both sides of one round.
#[derive(Clone, Copy, Debug)]
struct Pair {
    ours: f64,
    reference: f64,
}

/// A value of all rounds in three numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

/// A ratio of all rounds with its two sides.
#[derive(Debug, PartialEq)]
pub(crate) struct Compared {
    pub(crate) ours: Spread,
    pub(crate) reference: Spread,
    /// Of the ratios of each round.
    pub(crate) ratio: Spread,
}

impl Findings {
    /// Takes both sides of one round of the ratio `key`.
    pub(crate) fn pair(&mut self, key: &'static str, ours: f64, reference: f64) {
        self.pairs.entry(key).or_default().push(Pair { ours, reference });
    }

    /// Takes one round of a figure that stands alone.
    pub(crate) fn figure(&mut self, key: impl Into<String>, value: f64) {
        self.figures.entry(key.into()).or_default().push(value);
    }

    /// What a ratio came to, if it was measured.
    pub(crate) fn compared(&self, ratio: &Ratio) -> Option<Compared> {
        let pairs = self.pairs.get(ratio.key)?;
        let spread = |value: fn(&Pair) -> f64| Spread::of(&pairs.iter().map(value).collect::<Vec<_>>());
        Some(Compared {
            ours: spread(|pair| pair.ours),
            reference: spread(|pair| pair.reference),
            ratio: spread(|pair| if pair.reference > 0.0 { pair.ours / pair.reference } else { 0.0 }),
        })
    }

    /// All figures that stand alone, by key.
    pub(crate) fn figures(&self) -> impl Iterator<Item = (&str, Spread)> {
        self.figures.iter().map(|(key, values)| (key.as_str(), Spread::of(values)))
    }
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let (lowest, highest) = range(values);
        Self { median: median(values), lowest, highest }
    }
}

#[cfg(test)]
mod tests {
    use super::super::measures::RATIOS;
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let mut findings = Findings::default();
        for (ours, reference) in [(10.0, 20.0), (30.0, 40.0), (5.0, 50.0)] {
            findings.pair("drain_durable", ours, reference);
        }
        let compared = findings.compared(&RATIOS[0]).unwrap();
        assert_eq!(compared.ratio, Spread { median: 0.5, lowest: 0.1, highest: 0.75 });
        assert_eq!(compared.ours, Spread { median: 10.0, lowest: 5.0, highest: 30.0 });
        assert_eq!(findings.compared(&RATIOS[1]), None);
    }
}
