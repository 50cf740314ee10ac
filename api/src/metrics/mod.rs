//! Metrics of this process as Prometheus text. No label names a workspace or an execution.

pub mod catalogue;
pub(crate) mod figures;

use std::future::ready;
use std::sync::OnceLock;
use std::thread;
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

/// Time after which what histograms were told is summed up, read or not: until then each value is kept.
const UPKEEP_EVERY: Duration = Duration::from_secs(60);

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
            sum_up(handle.clone());
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

/// Sums up on a thread of its own, so that a process whose metrics nobody reads does not grow.
fn sum_up(handle: PrometheusHandle) {
    let work = move || {
        loop {
            thread::sleep(UPKEEP_EVERY);
            handle.run_upkeep();
        }
    };
    if let Err(error) = thread::Builder::new().name("metrics".into()).spawn(work) {
        tracing::warn!(%error, "metrics are summed up only when they are read");
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

/// Counts a request that was refused by a limit of how many one may send.
pub(crate) fn rate_limited(policy: &'static str) {
    counter!("capstan_rate_limited_total", "policy" => policy).increment(1);
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
