//! What is measured: each ratio with its unit and target, and the targets of single figures.

/// A figure of ours against one of the reference, measured in the same round.
#[derive(Debug, PartialEq)]
pub(crate) struct Ratio {
    /// Key in `ratios`.
    pub(crate) key: &'static str,
    /// What both sides are measured in.
    pub(crate) unit: Unit,
    /// What the ratio is to reach.
    pub(crate) target: Target,
}

/// Units of ratios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Executions, or starts, per second.
    PerSecond,
    /// Durable steps per second.
    StepsPerSecond,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds for each step.
    MicrosecondsPerStep,
}

impl Unit {
    /// End of a figure's key.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::PerSecond => "per_s",
            Self::StepsPerSecond => "steps_per_s",
            Self::Milliseconds => "ms",
            Self::MicrosecondsPerStep => "us_per_step",
        }
    }

    /// As people read it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::PerSecond => "1/s",
            Self::StepsPerSecond => "steps/s",
            Self::Milliseconds => "ms",
            Self::MicrosecondsPerStep => "µs/step",
        }
    }
}

/// What a value is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// Higher is better.
    AtLeast(f64),
    /// Lower is better.
    AtMost(f64),
}

impl Target {
    /// How much of the target is reached: 1 is just so, more is better.
    pub(crate) fn reached(self, value: f64) -> f64 {
        let (have, want) = match self {
            Self::AtLeast(want) => (value, want),
            Self::AtMost(want) => (want, value),
        };
        if want > 0.0 { have / want } else { 0.0 }
    }

    /// As people read it.
    pub(crate) fn words(self) -> String {
        match self {
            Self::AtLeast(value) => format!("≥ {value}"),
            Self::AtMost(value) => format!("≤ {value}"),
        }
    }
}

const fn at_least(key: &'static str, unit: Unit, target: f64) -> Ratio {
    Ratio { key, unit, target: Target::AtLeast(target) }
}

const fn at_most(key: &'static str, unit: Unit, target: f64) -> Ratio {
    Ratio { key, unit, target: Target::AtMost(target) }
}

/// All ratios, in the order of the table.
pub(crate) const RATIOS: [Ratio; 14] = [
    at_least("drain_durable", Unit::PerSecond, 0.5),
    at_least("drain_pure", Unit::PerSecond, 0.5),
    at_most("latency_p50", Unit::Milliseconds, 1.5),
    at_most("latency_p99", Unit::Milliseconds, 2.5),
    at_most("latency_split_p50", Unit::Milliseconds, 2.5),
    at_least("ingest", Unit::PerSecond, 0.4),
    at_least("fleet_4", Unit::PerSecond, 0.9),
    at_least("fleet_16", Unit::PerSecond, 0.75),
    at_most("neighbour_p99", Unit::Milliseconds, 10.0),
    at_least("parked", Unit::PerSecond, 0.9),
    at_least("history", Unit::PerSecond, 0.9),
    at_least("pinned", Unit::PerSecond, 0.7),
    at_least("fanout", Unit::StepsPerSecond, 0.5),
    at_most("wide", Unit::MicrosecondsPerStep, 1.2),
];

/// Targets of figures that have no reference.
const FIGURE_TARGETS: [(&str, Target); 11] = [
    ("idle_statements_per_s", Target::AtMost(3.0)),
    ("idle_writes_per_s", Target::AtMost(1.0)),
    ("memory_idle_mib", Target::AtMost(64.0)),
    ("memory_busy_mib", Target::AtMost(256.0)),
    ("fleet_50_connections_per_worker", Target::AtMost(4.0)),
    ("fleet_100_connections_per_worker", Target::AtMost(4.0)),
    ("fleet_50_failed_workers", Target::AtMost(0.0)),
    ("fleet_100_failed_workers", Target::AtMost(0.0)),
    ("fleet_deadlocks", Target::AtMost(0.0)),
    ("fleet_serialization_failures", Target::AtMost(0.0)),
    ("fleet_refused_connections", Target::AtMost(0.0)),
];

/// What a figure is to reach, if anything.
pub(crate) fn figure_target(key: &str) -> Option<Target> {
    FIGURE_TARGETS.iter().find(|(known, _)| *known == key).map(|(_, target)| *target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_better_whichever_way_a_target_points() {
        assert_eq!(Target::AtLeast(0.5).reached(0.25), 0.5);
        assert_eq!(Target::AtMost(2.0).reached(4.0), 0.5);
        assert_eq!(Target::AtMost(2.0).reached(0.0), 0.0);
    }
}
