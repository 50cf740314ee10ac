//! Metrics of this process as Prometheus text. No label names a workspace or an execution.

pub mod catalogue;

use std::future::ready;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use catalogue::METRICS;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Renders what the process has counted so far.
#[derive(Clone)]
pub(crate) struct Exposition(PrometheusHandle);

impl Exposition {
    /// Installs the recorder of the process, once; if the process already has another, ours stays empty.
    pub(crate) fn install() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            let builder = METRICS.iter().filter(|metric| !metric.buckets.is_empty()).fold(
                PrometheusBuilder::new(),
                |builder, metric| {
                    let name = Matcher::Full(metric.name.to_owned());
                    builder.set_buckets_for_metric(name, metric.buckets).expect("the list has no empty buckets here")
                },
            );
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is installed: /metrics stays empty");
            }
            catalogue::describe();
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

/// All metrics, as an answer.
pub(crate) fn answer(exposition: &Exposition) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, TEXT)], exposition.render())
}

/// `GET /metrics` alone, for a process that serves nothing else.
pub fn router() -> Router {
    let exposition = Exposition::install();
    Router::new().route("/metrics", get(move || ready(answer(&exposition).into_response())))
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
