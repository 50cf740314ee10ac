//! Spans, as OpenTelemetry has them: what a piece of work was, how long it took, what came of it, and within which other it was
//! done. None are made unless the process says where they go ([`install`]); whether it did is one load.
//!
//! A span tells which things were worked on, by their ids and types, and never what they hold: no bodies, no paths or queries of
//! requests to others, no words of errors. What an author may have filled a secret into goes through [`without_secrets`].

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use capstan_engine::core::trace::Trace;
use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, Value};

pub use opentelemetry::KeyValue;
pub use opentelemetry::trace::SpanKind;

use crate::secrets::redact::Redactor;

/// Longest text of an attribute: whoever asks chooses what they call a host, or a path. Bytes.
const TEXT_BYTES_MAX: usize = 256;
/// Why work failed, in a word of few.
const ERROR_TYPE: &str = "error.type";

static TRACER: OnceLock<BoxedTracer> = OnceLock::new();

thread_local! {
    /// The id of the trace that the span begins which is being made on this thread.
    static WISHED: Cell<Option<u128>> = const { Cell::new(None) };
}

tokio::task_local! {
    static SECRETS: Arc<Redactor>;
}

/// From now on spans are made, by `tracer`. Once in a process: later ones change nothing.
pub fn install(tracer: BoxedTracer) {
    let _ = TRACER.set(tracer);
}

/// Whether spans are made; where not, nothing need be gathered for them.
#[must_use]
pub fn are_made() -> bool {
    TRACER.get().is_some()
}

/// The id that a trace has to get which begins now, for who makes ids: traces of Capstan have theirs before their first span.
#[must_use]
pub fn wished_trace_id() -> Option<u128> {
    WISHED.get()
}

/// Does this with these secrets taken out of what spans tell of it.
pub fn hiding<F: Future>(secrets: Arc<Redactor>, work: F) -> impl Future<Output = F::Output> {
    SECRETS.scope(secrets, work)
}

/// The text without the secrets that the present work has seen.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    SECRETS.try_with(|secrets| secrets.text(text).into_owned()).unwrap_or_else(|_| text.to_owned())
}

/// A span under way; it ends where it is dropped.
#[must_use = "a span ends where it is dropped"]
pub struct Span {
    inner: BoxedSpan,
    id: u64,
    trace: Trace,
}

impl Span {
    /// Begins one of that trace, within the span that called for it. None if no spans are made.
    pub fn begin(
        trace: &Trace,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        attributes: Vec<KeyValue>,
    ) -> Option<Self> {
        let tracer = TRACER.get()?;
        let attributes = attributes.into_iter().map(shortened);
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
        let context = trace.caller().map_or_else(Context::new, |(span, is_recorded)| {
            let flags = TraceFlags::default().with_sampled(is_recorded);
            let id = TraceId::from(trace.id().as_u128());
            let caller = SpanContext::new(id, SpanId::from(span), flags, true, TraceState::default());
            Context::new().with_remote_span_context(caller)
        });
        WISHED.set(Some(trace.id().as_u128()));
        let inner = tracer.build_with_context(builder, &context);
        WISHED.set(None);
        let made = inner.span_context();
        // Once the process ends, no more are made.
        let id = Some(made.span_id()).filter(|_| made.is_valid()).map(|id| u64::from_be_bytes(id.to_bytes()))?;
        let trace = trace.under(id, made.is_sampled());
        Some(Self { inner, id, trace })
    }

    /// Its trace, for what is done within it.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The header `traceparent` of the request that it is about.
    #[must_use]
    pub fn header(&self) -> String {
        self.trace.traceparent(self.id)
    }

    /// Tells something more.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.inner.set_attribute(KeyValue::new(name, value));
    }

    /// Tells that it failed, by a class of errors: one of few, and never what the error says.
    pub fn fail(&mut self, class: impl Into<Cow<'static, str>>) {
        let class: Cow<'static, str> = class.into();
        self.inner.set_attribute(KeyValue::new(ERROR_TYPE, class));
        self.inner.set_status(Status::error(""));
    }
}

fn shortened(mut attribute: KeyValue) -> KeyValue {
    if let Value::String(text) = &attribute.value
        && text.as_str().len() > TEXT_BYTES_MAX
    {
        let kept = text.as_str().floor_char_boundary(TEXT_BYTES_MAX);
        attribute.value = Value::from(text.as_str()[..kept].to_owned());
    }
    attribute
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_long_texts_the_beginning_is_told() {
        for (given, kept) in [("a".repeat(256), 256), ("a".repeat(60_000), 256), (format!("a{}", "é".repeat(200)), 255)]
        {
            let told = shortened(KeyValue::new("url.path", given.clone()));
            assert_eq!(told.value.as_str(), &given[..kept]);
        }
        assert_eq!(shortened(KeyValue::new("server.port", 8_443_i64)).value, Value::I64(8_443));
    }

    #[tokio::test]
    async fn where_none_are_made_none_begins_and_secrets_are_taken_out_anyway() {
        assert!(!are_made());
        let trace = Trace::of(Uuid::from_u128(7));
        assert!(Span::begin(&trace, SpanKind::Internal, "work", Vec::new()).is_none());
        assert_eq!(wished_trace_id(), None);
        let secrets = Arc::new(Redactor::default());
        secrets.add(["s3cr3t-word"]).unwrap();
        let told = hiding(secrets, async { without_secrets("s3cr3t-word.example.com") }).await;
        assert_eq!(told, "[redacted].example.com");
        assert_eq!(without_secrets("s3cr3t-word"), "s3cr3t-word", "others do not know it");
    }
}
