//! What is promised of the measures of a run, and what of it did not hold.

use crate::inject::{Injected, Struck};
use crate::measures::{Measures, Samples};

/// The longest that 99 of 100 may take, in milliseconds.
const KILL_MAX_MS: i64 = 2_000;
const SILENCE_MAX_MS: i64 = 10_000;
const OUTAGE_MAX_MS: i64 = 10_000;
const TIMER_MAX_MS: i64 = 2_000;

/// The names of the promises that did not hold, as the last line of a run lists them. One of which there is no sample did
/// not hold either, if something that should have brought one landed.
pub(crate) fn missed(measures: &Measures, injected: &Injected) -> Vec<&'static str> {
    let struck = |wanted: fn(&Struck) -> bool| injected.struck.iter().any(|struck| struck.landed && wanted(struck));
    let kills = struck(|struck| struck.loses_workers() && !struck.freezes() && !struck.loses_the_api());
    let (silences, outages) = (struck(Struck::freezes), struck(|struck| struck.outage.is_some()));
    [
        ("takeover_p99", !is_within(&measures.takeover, KILL_MAX_MS, kills)),
        ("freeze_takeover_p99", !is_within(&measures.freeze_takeover, SILENCE_MAX_MS, silences)),
        ("resume_p99", !is_within(&measures.resume, OUTAGE_MAX_MS, outages)),
        ("timer_lateness_p99", !is_within(&measures.timer_lateness, TIMER_MAX_MS, true)),
        ("takeover_never", measures.takeover_never > 0),
        ("resume_never", measures.resume_never > 0),
    ]
    .into_iter()
    .filter_map(|(name, is_missed)| is_missed.then_some(name))
    .collect()
}

fn is_within(samples: &Samples, max_ms: i64, is_expected: bool) -> bool {
    samples.p99_ms().map_or(!is_expected, |p99_ms| p99_ms <= max_ms)
}

#[cfg(test)]
mod tests {
    use super::missed;
    use crate::inject::Injected;
    use crate::measures::Measures;
    use crate::testing::{kill, second};

    /// A sample of each that is just in time.
    fn kept() -> Measures {
        let mut measures = Measures::default();
        measures.takeover.add(2_000, second());
        measures.freeze_takeover.add(10_000, second());
        measures.resume.add(10_000, second());
        measures.timer_lateness.add(2_000, second());
        measures
    }

    #[test]
    fn what_is_late_or_never_came_is_missed_by_name() {
        let mut measures = kept();
        assert!(missed(&measures, &Injected::default()).is_empty());
        measures.takeover.add(2_001, second());
        measures.freeze_takeover.add(10_001, second());
        measures.resume.add(10_001, second());
        measures.timer_lateness.add(2_001, second());
        (measures.takeover_never, measures.resume_never) = (1, 1);
        let all = [
            "takeover_p99",
            "freeze_takeover_p99",
            "resume_p99",
            "timer_lateness_p99",
            "takeover_never",
            "resume_never",
        ];
        assert_eq!(missed(&measures, &Injected::default()), all);
    }

    #[test]
    fn a_kill_without_a_sample_of_its_take_over_shows_nothing() {
        let (mut measures, mut injected) = (kept(), Injected::default());
        measures.takeover = Default::default();
        assert!(missed(&measures, &injected).is_empty(), "nobody was killed");
        injected.struck.push(kill(second(), 7, 3));
        assert_eq!(missed(&measures, &injected), ["takeover_p99"]);
    }
}
