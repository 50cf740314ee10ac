//! Metrics of this process as Prometheus text. No label names a workspace or an execution.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS_S: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Renders what the process has counted so far.
#[derive(Clone)]
pub(crate) struct Exposition(PrometheusHandle);

impl Exposition {
    /// Installs the recorder of the process, once; if the process already has another, ours stays empty.
    pub(crate) fn install() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let builder = builder.set_buckets(&BUCKETS_S).unwrap_or_else(|_| PrometheusBuilder::new());
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is installed: /metrics stays empty");
            }
            describe_counter!("capstan_http_requests_total", "Requests answered, by route, method and status.");
            describe_counter!("capstan_executions_started_total", "Executions started through this process.");
            describe_histogram!(
                "capstan_http_request_duration_seconds",
                "Time until the head of the answer, by route."
            );
            handle
        });
        Self(handle.clone())
    }

    /// All metrics, in the text format of Prometheus.
    pub(crate) fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}

/// Counts executions that became durable.
pub(crate) fn started(count: usize) {
    counter!("capstan_executions_started_total").increment(count as u64);
}

/// Counts one answer. `route` is the template, never the path.
pub(crate) fn answered(method: &'static str, route: &str, status: u16, took: Duration) {
    let route = route.to_owned();
    counter!("capstan_http_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    histogram!("capstan_http_request_duration_seconds", "route" => route).record(took.as_secs_f64());
}
