//! Traces of this process: from the settings to a collector, until the process ends.

use std::env;
use std::time::Duration;

use anyhow::Context;
use capstan_domain::spans;
use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter as _};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::export::{QUEUE_MAX, queue};
use super::ids::Ids;
use super::settings::Settings;

/// Longest time that the collector gets for one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time that the end of the process waits for the last spans to be sent.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// Most attributes of one span.
const ATTRIBUTES_MAX: u32 = 32;

/// Traces are made and sent, until it ends.
pub(crate) struct Traces {
    stop: CancellationToken,
    sending: JoinHandle<()>,
}

impl Traces {
    /// Begins if the settings ask for it. Settings that cannot be followed are told in the log: nobody's work waits for a trace.
    pub(crate) fn begin() -> Option<Self> {
        let begun = Settings::read(|name| env::var(name).ok()).and_then(|settings| settings.map(start).transpose());
        begun.unwrap_or_else(|error| {
            tracing::warn!(error = %format_args!("{error:#}"), "no traces are sent");
            None
        })
    }

    /// Sends what is left, for a while.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        let mut sending = self.sending;
        if timeout(FLUSH_TIMEOUT, &mut sending).await.is_err() {
            sending.abort();
            tracing::warn!("the last spans were not sent: the collector of traces did not answer in time");
        }
    }
}

fn start(settings: Settings) -> anyhow::Result<Traces> {
    let client = reqwest::Client::builder()
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("the HTTP client for traces cannot be made")?;
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(settings.protocol)
        .with_endpoint(settings.endpoint.as_str())
        .with_timeout(REQUEST_TIMEOUT)
        .build()
        .context("the settings of OpenTelemetry cannot be followed")?;
    let resource = resource(settings.service_name);
    exporter.set_resource(&resource);
    let stop = CancellationToken::new();
    let (queue, sending) = queue(QUEUE_MAX, exporter, stop.clone());
    let provider = SdkTracerProvider::builder()
        .with_span_processor(queue)
        .with_sampler(settings.sampling)
        .with_id_generator(Ids::default())
        .with_max_attributes_per_span(ATTRIBUTES_MAX)
        .with_resource(resource)
        .build();
    let scope = InstrumentationScope::builder("capstan").with_version(env!("CARGO_PKG_VERSION")).build();
    spans::install(BoxedTracer::new(Box::new(provider.tracer_with_scope(scope))));
    tracing::info!("traces are sent");
    Ok(Traces { stop, sending: tokio::spawn(sending.run()) })
}

/// What the process is called where traces are looked at.
fn resource(service_name: String) -> Resource {
    let told = [
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
    ];
    Resource::builder().with_service_name(service_name).with_attributes(told).build()
}
