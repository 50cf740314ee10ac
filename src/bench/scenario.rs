//! The list of scenarios.

use crate::output::failure::BadInput;

use super::{Bench, crowded, drain, fanout, fleet, idle, ingest, latency, memory, neighbour, pinned, wide};

/// Something that is measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    DrainDurable,
    DrainPure,
    Latency,
    LatencySplit,
    Ingest,
    Fleet,
    Neighbour,
    Parked,
    History,
    Pinned,
    Fanout,
    Wide,
    Idle,
    Memory,
}

impl Scenario {
    const ALL: [Self; 14] = [
        Self::DrainDurable,
        Self::DrainPure,
        Self::Latency,
        Self::LatencySplit,
        Self::Ingest,
        Self::Fleet,
        Self::Neighbour,
        Self::Parked,
        Self::History,
        Self::Pinned,
        Self::Fanout,
        Self::Wide,
        Self::Idle,
        Self::Memory,
    ];

    /// The scenarios of these names, in the order of the list; all if there are none.
    pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<Self>> {
        if let Some(unknown) = names.iter().find(|name| !Self::ALL.iter().any(|it| it.answers_to(name))) {
            let known: Vec<&str> = Self::ALL.iter().flat_map(|it| it.names()).copied().collect();
            return Err(BadInput(format!("there is no scenario {unknown:?}: choose from {}", known.join(", "))).into());
        }
        let is_chosen = |it: &Self| names.is_empty() || names.iter().any(|name| it.answers_to(name));
        Ok(Self::ALL.into_iter().filter(is_chosen).collect())
    }

    /// What progress calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DrainDurable => "drain_durable",
            Self::DrainPure => "drain_pure",
            _ => self.names()[0],
        }
    }

    /// The names that choose it: its own, and those of its ratios.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::DrainDurable => &["drain", "drain_durable"],
            Self::DrainPure => &["drain_pure"],
            Self::Latency => &["latency", "latency_p50", "latency_p99"],
            Self::LatencySplit => &["latency_split", "latency_split_p50"],
            Self::Ingest => &["ingest"],
            Self::Fleet => &["fleet", "fleet_4", "fleet_16"],
            Self::Neighbour => &["neighbour", "neighbour_p99"],
            Self::Parked => &["parked"],
            Self::History => &["history"],
            Self::Pinned => &["pinned"],
            Self::Fanout => &["fanout"],
            Self::Wide => &["wide"],
            Self::Idle => &["idle"],
            Self::Memory => &["memory"],
        }
    }

    fn answers_to(self, name: &str) -> bool {
        self.names().contains(&name) || (name == "drain" && self == Self::DrainPure)
    }

    /// Measures all rounds.
    pub(crate) async fn run(self, bench: &mut Bench) -> anyhow::Result<()> {
        match self {
            Self::DrainDurable => drain::durable(bench).await,
            Self::DrainPure => drain::pure(bench).await,
            Self::Latency => latency::together(bench).await,
            Self::LatencySplit => latency::split(bench).await,
            Self::Ingest => ingest::run(bench).await,
            Self::Fleet => fleet::run(bench).await,
            Self::Neighbour => neighbour::run(bench).await,
            Self::Parked => crowded::parked(bench).await,
            Self::History => crowded::history(bench).await,
            Self::Pinned => pinned::run(bench).await,
            Self::Fanout => fanout::run(bench).await,
            Self::Wide => wide::run(bench).await,
            Self::Idle => idle::run(bench).await,
            Self::Memory => memory::run(bench).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::measures::RATIOS;
    use super::*;

    fn chosen(names: &[&str]) -> anyhow::Result<Vec<Scenario>> {
        Scenario::chosen(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn scenarios_are_chosen_by_their_names_or_those_of_their_ratios() {
        assert_eq!(chosen(&[]).unwrap(), Scenario::ALL);
        assert_eq!(chosen(&["drain"]).unwrap(), [Scenario::DrainDurable, Scenario::DrainPure]);
        assert_eq!(chosen(&["wide", "fleet_16"]).unwrap(), [Scenario::Fleet, Scenario::Wide]);
    }

    #[test]
    fn every_ratio_chooses_its_scenario() {
        for ratio in RATIOS {
            assert_eq!(chosen(&[ratio.key]).unwrap().len(), 1, "{}", ratio.key);
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let error = chosen(&["drian"]).unwrap_err().to_string();
        assert!(error.contains("\"drian\"") && error.contains("drain_durable, drain_pure"), "{error}");
    }
}
