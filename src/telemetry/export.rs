//! The way of spans out of the process: a queue that holds no work up, and a task that sends what lies in it, some at a time.
//! What does not fit into the queue, or is not taken in time, is lost and counted.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::counter;
use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Spans that wait to be sent at most.
pub(super) const QUEUE_MAX: usize = 4_096;
/// Spans of one request at most, and the longest that the first of them waits for others.
const BATCH_MAX: usize = 512;
const BATCH_AGE_MAX: Duration = Duration::from_secs(1);
/// Shortest time between two lines of the log about lost spans.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Takes spans in as they end.
#[derive(Debug)]
pub(super) struct Queue {
    spans: mpsc::Sender<SpanData>,
    lost: Arc<AtomicU64>,
}

/// Sends what the queue holds.
pub(super) struct Sending<E> {
    exporter: E,
    spans: mpsc::Receiver<SpanData>,
    lost: Arc<AtomicU64>,
    stop: CancellationToken,
    told_at: Option<Instant>,
}

/// A queue of so many spans, and what empties it until `stop`, and what is in it then.
pub(super) fn queue<E: SpanExporter>(room: usize, exporter: E, stop: CancellationToken) -> (Queue, Sending<E>) {
    let (sender, spans) = mpsc::channel(room);
    let lost = Arc::<AtomicU64>::default();
    let queue = Queue { spans: sender, lost: Arc::clone(&lost) };
    (queue, Sending { exporter, spans, lost, stop, told_at: None })
}

impl SpanProcessor for Queue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            counter!("capstan_spans_total", "outcome" => "overflow").increment(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl<E: SpanExporter> Sending<E> {
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while let Some(first) = self.next().await {
            batch.push(first);
            let _ = timeout(BATCH_AGE_MAX, self.fill(&mut batch)).await;
            self.send(mem::take(&mut batch)).await;
            self.tell_lost();
        }
        self.told_at = None;
        self.tell_lost();
    }

    /// The next span; none once it is time to end, and all are sent.
    async fn next(&mut self) -> Option<SpanData> {
        if !self.spans.is_closed() {
            tokio::select! {
                span = self.spans.recv() => return span,
                () = self.stop.cancelled() => self.spans.close(),
            }
        }
        self.spans.recv().await
    }

    async fn fill(&mut self, batch: &mut Vec<SpanData>) {
        while batch.len() < BATCH_MAX
            && let Some(span) = self.next().await
        {
            batch.push(span);
        }
    }

    async fn send(&mut self, batch: Vec<SpanData>) {
        let count = batch.len() as u64;
        match self.exporter.export(batch).await {
            Ok(()) => counter!("capstan_spans_total", "outcome" => "sent").increment(count),
            Err(error) => {
                self.lost.fetch_add(count, Ordering::Relaxed);
                counter!("capstan_spans_total", "outcome" => "failed").increment(count);
                tracing::debug!(%error, count, "spans could not be sent");
            }
        }
    }

    /// Says in the log that spans were lost, now and then.
    fn tell_lost(&mut self) {
        if self.told_at.is_some_and(|told_at| told_at.elapsed() < TELL_EVERY) {
            return;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            self.told_at = Some(Instant::now());
            tracing::warn!(lost, "spans were lost: the collector of traces does not answer, or not fast enough");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::error::OTelSdkError;
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;
    use crate::telemetry::sampling::Sampling;

    /// Keeps names, or is away.
    #[derive(Clone, Debug, Default)]
    struct Collector {
        names: Arc<Mutex<Vec<String>>>,
        fails: bool,
    }

    impl SpanExporter for Collector {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            if self.fails {
                return Err(OTelSdkError::InternalFailure("away".into()));
            }
            self.names.lock().unwrap().extend(batch.into_iter().map(|span| span.name.into_owned()));
            Ok(())
        }
    }

    fn provider(queue: Queue) -> SdkTracerProvider {
        SdkTracerProvider::builder().with_span_processor(queue).with_sampler(Sampling::alone(1.0)).build()
    }

    #[tokio::test]
    async fn what_waits_at_the_end_is_sent_and_then_it_is_over() {
        let (collector, stop) = (Collector::default(), CancellationToken::new());
        let (queue, sending) = queue(8, collector.clone(), stop.clone());
        let provider = provider(queue);
        for name in ["a", "b", "c"] {
            drop(provider.tracer("test").start(name));
        }
        stop.cancel();
        sending.run().await;
        assert_eq!(*collector.names.lock().unwrap(), ["a", "b", "c"]);
    }

    #[tokio::test]
    async fn what_does_not_fit_or_is_not_taken_is_counted() {
        let (collector, stop) = (Collector { fails: true, ..Collector::default() }, CancellationToken::new());
        let (queue, mut sending) = queue(2, collector, stop);
        let lost = Arc::clone(&queue.lost);
        let provider = provider(queue);
        for name in ["a", "b", "c", "d", "e"] {
            drop(provider.tracer("test").start(name));
        }
        assert_eq!(lost.load(Ordering::Relaxed), 3, "two fit");
        let mut batch = Vec::new();
        batch.extend(sending.next().await);
        batch.extend(sending.next().await);
        sending.send(batch).await;
        assert_eq!(lost.load(Ordering::Relaxed), 5, "nobody took these");
        sending.tell_lost();
        assert_eq!(lost.load(Ordering::Relaxed), 0);
    }
}
