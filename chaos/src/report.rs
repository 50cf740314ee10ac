//! What a run has come to: a table for people, one JSON object for machines.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::check::{Verdict, Violation, Waits, check};
use crate::facts::Facts;
use crate::kinds::{KINDS, is_failpoint};
use crate::measures::{Measures, Samples};
use crate::plan::Fault;
use crate::point::{POINTS, Point};
use crate::promises::missed;
use crate::story::write_story;

/// What is promised to be done in time; the slowest of each are shown whole.
const PROMISED: [&str; 4] = ["take-over after a kill", "take-over after a silence", "work after an outage", "timers"];
/// So many of each.
const SLOWEST: usize = 3;
/// Violations that are shown whole.
const SHOWN_MAX: usize = 4;

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    seed: u64,
    verdicts: Vec<Verdict>,
    facts: Facts,
    measures: Measures,
    signals: usize,
}

impl Report {
    /// Checks and measures.
    pub(crate) fn new(seed: u64, facts: Facts, signals: usize) -> Self {
        Self { seed, verdicts: check(&facts), measures: Measures::of(&facts), facts, signals }
    }

    /// Whether nothing was violated.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations() == 0
    }

    /// Whether too few faults landed for the run to count.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.facts.injected.is_void()
    }

    /// The names of what is promised of the measures and did not hold.
    #[must_use]
    pub fn missed(&self) -> Vec<&'static str> {
        missed(&self.measures, &self.facts.injected)
    }

    /// All that was found, by invariant.
    pub(crate) fn found(&self) -> impl Iterator<Item = &Violation> {
        self.verdicts.iter().filter_map(|verdict| verdict.violations.as_ref()).flatten()
    }

    fn violations(&self) -> usize {
        self.found().count()
    }

    /// The last line of a run.
    #[must_use]
    pub fn json(&self) -> Value {
        let (injected, waits) = (&self.facts.injected, Waits::of(&self.facts));
        let mut figures = self.figures();
        let rest = json!({
            "planned": injected.planned.len(),
            "landed": injected.landed(),
            "kills": injected.landed_of(|fault| *fault == Fault::Kill),
            "freezes": injected.landed_of(|fault| matches!(fault, Fault::Freeze { .. })),
            "partitions": injected.landed_of(|fault| matches!(fault, Fault::Partition { .. })),
            "clocks": injected.landed_of(|fault| matches!(fault, Fault::Clock { .. })),
            "disk_full": injected.landed_of(|fault| matches!(fault, Fault::DiskFull { .. })),
            "pool_exhausted": injected.landed_of(|fault| matches!(fault, Fault::PoolExhausted { .. })),
            "hangs": injected.landed_of(|fault| matches!(fault, Fault::Hang { .. })),
            "poison": injected.landed_of(|fault| matches!(fault, Fault::Poison { .. })),
            "expansions": injected.landed_of(|fault| *fault == Fault::Expand),
            "of_build_before": injected.of_build_before,
            "db_crashes": injected.landed_of(|fault| matches!(fault, Fault::DatabaseCrash { .. })),
            "failpoints": self.failpoints(),
            "executions": self.facts.executions.len(),
            "steps": self.facts.journal.values().flatten().filter(|row| row.kind == "settled").count(),
            "violations": self.violations(),
            "timers_early": waits.early().count(),
            "timers_lost": waits.lost(&self.facts).count(),
            "replayed": self.facts.replay.as_ref().map(|it| {
                json!({ "executions": it.replayed.executions, "events": it.replayed.events })
            }),
            "missed": self.missed(),
            "void": self.is_void(),
            "lacking": injected.lacking().collect::<Vec<_>>(),
            "seed": self.seed,
            "not_run": injected.not_run,
        });
        figures.extend(rest.as_object().cloned().unwrap_or_default());
        Value::Object(figures)
    }

    /// What was measured, each with the number of its samples.
    fn figures(&self) -> Map<String, Value> {
        let measures = &self.measures;
        let samples = [
            ("takeover", "takeover", &measures.takeover),
            ("takeover_by_peers", "takeover_by_peers", &measures.takeover_by_peers),
            ("takeover_to_row", "takeover_to_row", &measures.takeover_to_row),
            ("freeze_takeover", "freeze_takeover", &measures.freeze_takeover),
            ("takeover_apart", "takeover_apart", &measures.takeover_apart),
            ("resume", "resume", &measures.resume),
            ("resume_apart", "resume_apart", &measures.resume_apart),
            ("timer_lateness", "timer", &measures.timer_lateness),
            ("timer_lateness_apart", "timer_apart", &measures.timer_lateness_apart),
        ];
        let of_samples = samples.into_iter().flat_map(|(name, counted, samples)| {
            [(format!("{name}_p99_ms"), json!(samples.p99_ms())), (format!("{counted}_samples"), json!(samples.len()))]
        });
        let counts = [
            ("takeover_waited", measures.takeover_waited),
            ("takeover_never", measures.takeover_never),
            ("resume_never", measures.resume_never),
        ];
        of_samples.chain(counts.map(|(name, count)| (name.to_owned(), json!(count)))).collect()
    }

    /// Deaths that landed, by point, and all together.
    fn failpoints(&self) -> Map<String, Value> {
        let injected = &self.facts.injected;
        let at = |wanted: Point| {
            injected.landed_of(|fault| matches!(fault, Fault::Failpoint { point, .. } if *point == wanted))
        };
        let mut hits: Map<String, Value> =
            POINTS.into_iter().map(|point| (point.name.to_owned(), json!(at(point)))).collect();
        hits.insert("total".to_owned(), json!(injected.landed_of(is_failpoint)));
        hits
    }

    /// Everything else, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        for verdict in &self.verdicts {
            writeln!(text, "{verdict}")?;
        }
        writeln!(text)?;
        let injected = &self.facts.injected;
        for (name, wanted) in KINDS {
            let planned = injected.planned.iter().filter(|planned| wanted(&planned.fault)).count();
            writeln!(text, "{name:<28} {:>5} landed of {planned}", injected.landed_of(wanted))?;
        }
        let (calls, set_aside) = (self.facts.calls.len(), self.facts.set_aside().len());
        let known_lost: usize = self.facts.lost_leases().values().map(std::collections::HashSet::len).sum();
        writeln!(text, "\n{calls} calls, {} signals, {known_lost} leases lost, {set_aside} incidents", self.signals)?;
        for (name, samples) in self.samples() {
            let shown = |value: Option<i64>| value.map_or_else(|| "-".into(), |value| value.to_string());
            let (p50, p99) = (shown(samples.p50_ms()), shown(samples.p99_ms()));
            writeln!(text, "{name:<28} p50 {p50:>6} ms   p99 {p99:>6} ms   of {}", samples.len())?;
        }
        for (name, samples) in self.samples().into_iter().filter(|(name, _)| PROMISED.contains(name)) {
            for (ms, id) in samples.slowest(SLOWEST) {
                writeln!(text, "\nslowest {name}: {ms} ms")?;
                write_story(text, &self.facts, id)?;
            }
        }
        self.missed().iter().try_for_each(|name| writeln!(text, "\nnot as promised: {name}"))?;
        let of_each = self.verdicts.iter().flat_map(|verdict| verdict.violations.iter().flatten().take(SHOWN_MAX));
        for violation in of_each {
            writeln!(text, "\nseed {}: invariant {}: {}", self.seed, violation.invariant, violation.what)?;
            if let Some(id) = violation.execution {
                write_story(text, &self.facts, id)?;
            }
        }
        if self.is_void() {
            writeln!(text, "\nthis run is void: too few faults were planned, or landed")?;
            injected.lacking().try_for_each(|name| writeln!(text, "fewer than half of: {name}"))?;
        }
        Ok(())
    }

    fn samples(&self) -> [(&'static str, &Samples); 9] {
        let measures = &self.measures;
        let [kill, silence, outage, timers] = PROMISED;
        [
            (kill, &measures.takeover),
            ("  of those, by peers", &measures.takeover_by_peers),
            ("  all, to the first row", &measures.takeover_to_row),
            (silence, &measures.freeze_takeover),
            ("take-over, counted apart", &measures.takeover_apart),
            (outage, &measures.resume),
            ("after an outage, apart", &measures.resume_apart),
            (timers, &measures.timer_lateness),
            ("timers, counted apart", &measures.timer_lateness_apart),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{calm, kill, second};

    #[test]
    fn a_violation_is_told_with_seed_and_journal() {
        let mut facts = calm();
        facts.executions.get_mut(&second()).unwrap().status = "queued".into();
        let report = Report::new(42, facts, 0);
        assert!(!report.is_clean());
        assert_eq!(report.json()["violations"], 1);
        let text = report.text();
        assert!(
            text.contains("seed 42: invariant 7") && text.contains("waiting") && text.contains("called n3"),
            "{text}"
        );
    }

    #[test]
    fn a_run_without_enough_faults_is_void() {
        let mut facts = calm();
        let planned = crate::plan::Planned { at: std::time::Duration::ZERO, fault: Fault::Kill, draw: 0 };
        // In a short plan two are too few to tell a tenth.
        for (count, enough) in [(10, 8), (19, 17), (20, 18), (40, 36)] {
            facts.injected.planned = vec![planned; count];
            facts.injected.struck = vec![kill(second(), 1, 1); enough - 1];
            assert!(Report::new(1, facts.clone(), 0).is_void(), "{count}");
            facts.injected.struck.push(kill(second(), 1, 1));
            assert!(!Report::new(1, facts.clone(), 0).is_void(), "{count}");
        }
    }

    #[test]
    fn a_run_that_planned_no_fault_is_void_unless_none_was_wanted() {
        let mut facts = calm();
        assert!(Report::new(1, facts.clone(), 0).is_void());
        facts.injected.none_wanted = true;
        assert!(!Report::new(1, facts, 0).is_void());
    }

    #[test]
    fn a_run_without_faults_of_a_kind_is_void() {
        let mut facts = calm();
        let planned = |fault| crate::plan::Planned { at: std::time::Duration::ZERO, fault, draw: 0 };
        facts.injected.planned = vec![planned(Fault::Kill); 40];
        facts.injected.struck = vec![kill(second(), 1, 1); 40];
        facts.injected.planned.extend([planned(Fault::Drain); 2]);
        assert!(!Report::new(1, facts.clone(), 0).is_void(), "two tell nothing");
        facts.injected.planned.push(planned(Fault::Drain));
        let drain = crate::inject::Struck { fault: Fault::Drain, ..kill(second(), 1, 1) };
        facts.injected.struck.push(drain.clone());
        let report = Report::new(1, facts.clone(), 0);
        assert!(report.is_void() && report.text().contains("fewer than half of: drain and restart"));
        facts.injected.struck.push(drain);
        assert!(!Report::new(1, facts, 0).is_void());
    }
}
