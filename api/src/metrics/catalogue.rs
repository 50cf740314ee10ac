//! Every metric of the product. docs/metrics.md is made of this list, and a test looks that nothing else is counted.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// What a metric does, as Prometheus sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from zero at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name: `capstan_`, what is counted, the unit, and `_total` if it only grows.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// Its labels, each with few values: none names a workspace or an execution.
    pub labels: &'static [&'static str],
    /// Who counts it: `serve`, `worker`.
    pub process: &'static str,
    /// What it tells.
    pub help: &'static str,
    /// The upper bounds of the buckets of a histogram.
    pub buckets: &'static [f64],
}

/// Upper bounds of the buckets of durations, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Upper bounds of the buckets of numbers of things that are written together.
const ITEMS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// Upper bounds of the buckets of waits for a worker, in seconds.
const WAITS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0];

const fn of(name: &'static str, kind: Kind, process: &'static str, help: &'static str) -> Metric {
    Metric { name, kind, labels: &[], process, help, buckets: &[] }
}

const fn labelled(metric: Metric, labels: &'static [&'static str]) -> Metric {
    Metric { labels, ..metric }
}

const fn by(metric: Metric, buckets: &'static [f64]) -> Metric {
    Metric { buckets, ..metric }
}

/// A figure of a pooled cell, of which each API process tells the same.
const fn of_cell(name: &'static str, help: &'static str) -> Metric {
    labelled(of(name, Kind::Gauge, "serve", help), &["cell"])
}

/// All of them, by name.
pub const METRICS: &[Metric] = &[
    of(
        "capstan_attempts_put_off_total",
        Kind::Counter,
        "worker",
        "Attempts that were not made and do not count, as the database did not answer.",
    ),
    of_cell("capstan_cell_active", "Executions that a worker was at."),
    of_cell("capstan_cell_alerts_open", "Alerts of all workspaces that were open, at most 100,000."),
    of_cell("capstan_cell_connections_used_ratio", "Share of the database server's connections that were in use."),
    of_cell(
        "capstan_cell_figures_age_seconds",
        "How long ago the figures of the cell were taken: it grows while no worker takes any, or the database does not answer.",
    ),
    of_cell("capstan_cell_oldest_transaction_seconds", "How long the oldest transaction of the database had gone on."),
    of_cell("capstan_cell_outbox_age_seconds", "How long the oldest event had waited to be handed out to webhooks."),
    of_cell("capstan_cell_queue_age_seconds", "How long the oldest execution had waited that no worker had taken."),
    of_cell("capstan_cell_queued", "Tokens that waited in the queue, at most 1,000,000."),
    of_cell("capstan_cell_timer_late_seconds", "By how much the timer was late that was due longest."),
    of_cell("capstan_cell_webhooks_waiting", "Deliveries to webhooks that waited for an attempt, at most 100,000."),
    of_cell("capstan_cell_workers", "Workers that had beaten within ten seconds."),
    of("capstan_cells_served", Kind::Gauge, "worker", "Dedicated cells that this worker served when it looked last."),
    by(
        of("capstan_commit_group_items", Kind::Histogram, "worker", "Results of executions that one commit wrote."),
        ITEMS,
    ),
    of("capstan_executions_released_total", Kind::Counter, "worker", "Executions that a pause held and that go on."),
    of("capstan_executions_started_total", Kind::Counter, "serve", "Executions started through this process."),
    labelled(
        of(
            "capstan_executions_total",
            Kind::Counter,
            "worker",
            "Executions that ended here, by status: completed, failed, cancelled, incident.",
        ),
        &["status"],
    ),
    of("capstan_gate_admitted_total", Kind::Counter, "worker", "Executions that got a slot of a concurrency key."),
    of("capstan_gate_lines", Kind::Gauge, "worker", "Concurrency keys for whose slots executions stood in line."),
    of("capstan_gate_waits_total", Kind::Counter, "worker", "Executions that had to wait for a slot."),
    by(
        labelled(
            of(
                "capstan_http_request_duration_seconds",
                Kind::Histogram,
                "serve",
                "Time until the head of the answer, by route.",
            ),
            &["route"],
        ),
        SECONDS,
    ),
    labelled(
        of(
            "capstan_http_requests_total",
            Kind::Counter,
            "serve",
            "Requests answered, by method, route and status; the route is a template, never a path.",
        ),
        &["method", "route", "status"],
    ),
    of("capstan_incidents_total", Kind::Counter, "worker", "Executions that this worker set aside for a person."),
    of("capstan_journal_entries_total", Kind::Counter, "worker", "Entries of journals that were sent to be written."),
    labelled(
        of(
            "capstan_rate_limited_total",
            Kind::Counter,
            "serve",
            "Requests that were refused since too many had come within a minute, by limit: key, person, workspace, address.",
        ),
        &["policy"],
    ),
    labelled(
        of(
            "capstan_spans_total",
            Kind::Counter,
            "serve, worker",
            "Spans for a collector of traces, by outcome: sent, or lost since it did not take them (failed) or they came too fast (overflow).",
        ),
        &["outcome"],
    ),
    by(
        of(
            "capstan_start_to_claim_seconds",
            Kind::Histogram,
            "worker",
            "Time from the start of an execution until a worker claimed it for the first time, by the clock of the database.",
        ),
        WAITS,
    ),
    labelled(
        of(
            "capstan_webhook_attempts_total",
            Kind::Counter,
            "worker",
            "Attempts to deliver an event to an endpoint, by outcome: delivered, or what went wrong.",
        ),
        &["outcome"],
    ),
    of("capstan_webhook_deliveries_made_total", Kind::Counter, "worker", "Deliveries made of events and endpoints."),
    of("capstan_workers_reaped_total", Kind::Counter, "worker", "Lost workers whose executions this worker took over."),
];

/// Tells the recorder what they mean, and has those without labels begin at zero: a rate needs a beginning.
pub(super) fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, metric.help),
        }
    }
    for metric in METRICS.iter().filter(|metric| metric.labels.is_empty()) {
        match metric.kind {
            Kind::Counter => counter!(metric.name).absolute(0),
            Kind::Gauge => gauge!(metric.name).set(0.0),
            Kind::Histogram => drop(histogram!(metric.name)),
        }
    }
}

/// The list as a page, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Metrics\n\n`GET /metrics` of `capstan serve` and `capstan dev`, and of a `capstan worker` with \
         `CAPSTAN_METRICS_LISTEN`, tells in the text\nformat of Prometheus what that process has counted since its start. No \
         label names a workspace or an execution. A dashboard\nfor Grafana is [deploy/grafana/capstan.json]\
         (../deploy/grafana/capstan.json), and rules to be woken by are\n[deploy/prometheus/capstan.rules.yaml]\
         (../deploy/prometheus/capstan.rules.yaml).\n\n`capstan_cell_…` are figures of a whole pooled cell. A worker takes them \
         about each minute; each `serve` reads the last ones\nwhen it is asked, at most every 15 seconds, and tells the same as \
         others do: take the `max` of processes, not the sum. Where\nnothing waits an age is 0. `capstan_cell_figures_age_seconds` \
         says how old they are; without the metric none were ever taken.\nDedicated cells are not among them.\n\n\
         This page is made of `api/src/metrics/catalogue.rs`; a test compares them.\n\n\
         | metric | kind | labels | counted by | tells |\n|---|---|---|---|---|\n",
    );
    for Metric { name, kind, labels, process, help, .. } in METRICS {
        let kind = format!("{kind:?}").to_lowercase();
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        page.push_str(&format!("| `{name}` | {kind} | {} | `{process}` | {help} |\n", labels.join(", ")));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        assert!(METRICS.is_sorted_by_key(|metric| metric.name));
        for Metric { name, kind, labels, help, buckets, .. } in METRICS {
            let good = name.starts_with("capstan_") && name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
            assert!(good, "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(buckets.is_empty(), *kind != Kind::Histogram, "{name}");
            assert!(help.ends_with('.') && buckets.is_sorted(), "{name}");
            for label in ["workspace", "workspace_id", "execution_id", "path"] {
                assert!(!labels.contains(&label), "{name} would have a series for each {label}");
            }
            assert!(
                !["_ms", "_milliseconds", "_size", "_count", "_sum"].iter().any(|end| name.ends_with(end)),
                "{name}"
            );
        }
    }
}
