//! What a run came to, as a table and as JSON.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use serde_json::{Map, Value, json};

use super::Bench;
use super::findings::{Compared, Spread};
use super::measures::{RATIOS, Ratio, figure_target};
use crate::output::has_colours;

/// Width of the table where there is no terminal to ask, in characters.
const WIDTH_DEFAULT: u16 = 120;

/// A finished run.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) ratios: Vec<(&'static Ratio, Compared)>,
    figures: Vec<(String, Spread)>,
    postgres: String,
    settings: Map<String, Value>,
    cores: usize,
    rounds: usize,
    quick: bool,
    /// Scenarios that failed, and why.
    pub(crate) failed: Vec<String>,
}

impl Report {
    /// What a run has found.
    pub(crate) async fn new(bench: &Bench, quick: bool, failed: Vec<String>) -> anyhow::Result<Self> {
        let (postgres, settings) = bench.rig.server().await?;
        let findings = &bench.findings;
        Ok(Self {
            ratios: RATIOS.iter().filter_map(|ratio| Some((ratio, findings.compared(ratio)?))).collect(),
            figures: findings.figures().map(|(key, spread)| (key.to_owned(), spread)).collect(),
            postgres,
            settings,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            rounds: bench.sizes.rounds,
            quick,
            failed,
        })
    }

    /// Medians with their ranges and targets.
    pub(crate) fn table(&self) -> String {
        let mut parts = Vec::new();
        if !self.ratios.is_empty() {
            let rows = self.ratios.iter().map(|(ratio, compared)| ratio_row(ratio, compared));
            parts.push(table(["ratio", "", "ours", "reference", "ratio", "target"], rows));
        }
        if !self.figures.is_empty() {
            let rows = self.figures.iter().map(|(key, spread)| {
                let target = figure_target(key);
                [key.clone(), shown(*spread), target.map(|it| it.words()).unwrap_or_default()]
            });
            parts.push(table(["figure", "value", "target"], rows));
        }
        parts.extend(self.failed.iter().cloned());
        parts.push(self.conditions());
        parts.join("\n")
    }

    /// Under which conditions it was measured.
    pub(crate) fn conditions(&self) -> String {
        let settings: Vec<String> = self
            .settings
            .iter()
            .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()))
            .collect();
        let quick = if self.quick { "; a quick run: not to be quoted" } else { "" };
        format!(
            "PostgreSQL {} on the same {} cores, medians of {} rounds with their ranges{quick}\n{}",
            self.postgres,
            self.cores,
            self.rounds,
            settings.join(", ")
        )
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let ratios: Map<String, Value> =
            self.ratios.iter().map(|(ratio, compared)| (ratio.key.to_owned(), json!(compared.ratio.median))).collect();
        let ranges: Map<String, Value> = self
            .ratios
            .iter()
            .map(|(ratio, compared)| (ratio.key.to_owned(), json!([compared.ratio.lowest, compared.ratio.highest])))
            .collect();
        let mut figures = Map::new();
        for (ratio, compared) in &self.ratios {
            let unit = ratio.unit.suffix();
            figures.insert(format!("{}_{unit}", ratio.key), json!(compared.ours.median));
            figures.insert(format!("{}_reference_{unit}", ratio.key), json!(compared.reference.median));
        }
        figures.extend(self.figures.iter().map(|(key, spread)| (key.clone(), json!(spread.median))));
        json!({
            "ratios": ratios,
            "ratio_ranges": ranges,
            "figures": figures,
            "settings": self.settings,
            "postgres": self.postgres,
            "cores": self.cores,
            "rounds": self.rounds,
            "quick": self.quick,
            "failed": self.failed,
        })
    }
}

fn ratio_row(ratio: &Ratio, compared: &Compared) -> [String; 6] {
    [
        ratio.key.to_owned(),
        ratio.unit.words().to_owned(),
        shown(compared.ours),
        shown(compared.reference),
        shown(compared.ratio),
        ratio.target.words(),
    ]
}

fn table<const COLUMNS: usize>(header: [&str; COLUMNS], rows: impl Iterator<Item = [String; COLUMNS]>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    if !has_colours() {
        table.force_no_tty().set_width(WIDTH_DEFAULT);
    }
    table.set_header(header);
    for row in rows {
        let cells = row.into_iter().enumerate();
        table.add_row(cells.map(|(column, text)| {
            let alignment = if column == 0 { CellAlignment::Left } else { CellAlignment::Right };
            Cell::new(text).set_alignment(alignment)
        }));
    }
    table.to_string()
}

/// The median, and the range if there is one.
fn shown(spread: Spread) -> String {
    let median = number(spread.median);
    if spread.lowest == spread.highest {
        return median;
    }
    format!("{median} ({} … {})", number(spread.lowest), number(spread.highest))
}

/// Three digits that tell something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::findings::Findings;
    use super::*;

    /// A report of two ratios and a figure.
    pub(crate) fn report() -> Report {
        let mut findings = Findings::default();
        for (ours, reference) in [(20_000.0, 40_000.0), (21_000.0, 35_000.0), (10_000.0, 40_000.0)] {
            findings.pair("drain_durable", ours, reference);
        }
        findings.pair("latency_p50", 2.0, 1.6);
        Report {
            ratios: RATIOS.iter().filter_map(|ratio| Some((ratio, findings.compared(ratio)?))).collect(),
            figures: vec![("idle_writes_per_s".into(), Spread { median: 0.5, lowest: 0.5, highest: 0.5 })],
            postgres: "15.8".into(),
            settings: Map::from_iter([("fsync".to_owned(), json!("on"))]),
            cores: 2,
            rounds: 3,
            quick: false,
            failed: Vec::new(),
        }
    }

    #[test]
    fn the_table_has_medians_with_ranges_and_targets() {
        let table = report().table();
        for expected in
            ["20000 (10000 … 21000)", "0.500 (0.250 … 0.600)", "≥ 0.5", "1.25", "idle_writes_per_s", "fsync on"]
        {
            assert!(table.contains(expected), "{expected:?} is not in\n{table}");
        }
    }

    #[test]
    fn programs_get_the_ratios_that_were_measured_and_no_others() {
        let json = report().json();
        assert_eq!(json["ratios"], json!({ "drain_durable": 0.5, "latency_p50": 1.25 }));
        assert_eq!(json["figures"]["drain_durable_per_s"], 20_000.0);
        assert_eq!(json["figures"]["latency_p50_reference_ms"], 1.6);
        assert_eq!(json["figures"]["idle_writes_per_s"], 0.5);
        assert_eq!((&json["cores"], &json["quick"], &json["postgres"]), (&json!(2), &json!(false), &json!("15.8")));
    }
}
