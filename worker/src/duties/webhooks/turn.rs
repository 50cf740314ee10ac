//! One turn of an endpoint: what is due is sent, some at a time, and its queue is given back with how the endpoint is.

use std::time::Duration;

use capstan_domain::spans::{self, KeyValue, Span, SpanKind};
use capstan_domain::trace;
use capstan_domain::webhooks::lane::{self, Due, Health, Lane, Next, Target, is_live};
use capstan_domain::webhooks::{
    Asked, Attempt, CIRCUIT_FAILURES, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, Verdict, judge, let_go,
    pause_after, probe_pause, rest, signatures, wire_id,
};
use capstan_engine::core::trace::Trace;
use capstan_engine::store::connect::answered;
use capstan_engine::store::error::StoreError;
use capstan_node_types::services::webhook::{Post, post};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use tracing::{debug, error};
use uuid::Uuid;

use super::deliver::Office;
use super::means::Means;
use crate::WebhookSettings;
use crate::life::{BEAT_AGE_MAX, Life};

/// Requests with which a turn begins, if the endpoint takes as many at a time; each that arrives allows another one.
const FIRST_REQUESTS: usize = 2;
/// Pause of an endpoint whose secrets this process cannot open.
const NO_KEYS_PAUSE: Duration = Duration::from_secs(60);
/// Pause where this process has too many requests under way.
const NO_ROOM_PAUSE: Duration = Duration::from_millis(100);
/// Pause after a turn that found nothing to send, so that none comes at once again and again.
const IDLE_PAUSE: Duration = Duration::from_secs(1);
/// What is left of a lease at the end of an attempt, at least.
const SETTLE_TIME: Duration = Duration::from_secs(5);
/// Pause of an endpoint whose turn failed, such as for a database that did not answer: it may have been sent something again
/// whose outcome could not be written.
const FAILED_PAUSE: Duration = Duration::from_secs(10);
/// How long the rate of an endpoint is counted.
const RATE_TIME: Duration = Duration::from_secs(1);

/// How long after a worker was fenced an attempt that it began may still be under way: it begins none once its last beat is
/// too old, and that beat was before the fence.
pub(super) fn longest_after_fence(settings: &WebhookSettings) -> Duration {
    BEAT_AGE_MAX + settings.timeout + SETTLE_TIME
}

/// Takes a turn, whose lease was asked for when it had `begun`, in that life.
pub(super) async fn take(office: &Office, lane: &Lane, life: &Life, begun: Instant) -> Result<(), StoreError> {
    let found = answered(async { lane::target(&mut *office.connection().await?, lane).await }).await?;
    let calm = Health { failures: 0, pause: Duration::ZERO, gone: false };
    let Some((target, stored)) = found else { return release(office, lane, None, calm).await };
    if !is_live(&target.status) {
        let cancelling = async || lane::cancel(&mut *office.connection().await?, lane, &target.status).await;
        while answered(cancelling()).await? > 0 {}
        return release(office, lane, Some(&target), calm).await;
    }
    if target.is_loose {
        let letting = async || let_go(&mut *office.connection().await?, lane).await;
        while answered(letting()).await? {}
    }
    let means = match Means::open(&office.engine, lane, &target, &stored).await {
        Ok(means) => means,
        Err(why) => {
            error!(why, endpoint_id = %lane.endpoint_id, "the secrets of a webhook endpoint cannot be used; it waits");
            let health = Health { failures: lane.failures, pause: NO_KEYS_PAUSE, gone: false };
            return release(office, lane, Some(&target), health).await;
        }
    };
    let mut turn = Turn {
        office,
        lane,
        life,
        target: &target,
        means: &means,
        begun,
        failures: lane.failures,
        most: FIRST_REQUESTS.min(concurrency(&target)),
        left: rate(&target),
        rest: None,
        gone: false,
        begun_any: false,
    };
    let kept = turn.send_all().await?;
    let health = turn.health();
    if kept { release(office, lane, Some(&target), health).await } else { Ok(()) }
}

/// Gives a lane back after a turn that failed, as it was before: what was under way has been broken off, and others need not
/// wait for the end of the lease.
pub(super) async fn give_back(office: &Office, lane: &Lane) -> Result<(), StoreError> {
    let health = Health { failures: lane.failures, pause: FAILED_PAUSE, gone: false };
    release(office, lane, None, health).await
}

async fn release(office: &Office, lane: &Lane, target: Option<&Target>, health: Health) -> Result<(), StoreError> {
    answered(async { lane::release(&mut *office.connection().await?, lane, target, health).await }).await
}

/// Attempts that may begin within [`RATE_TIME`].
fn rate(target: &Target) -> usize {
    target.rate_per_s.map_or(usize::MAX, |rate| usize::try_from(rate).unwrap_or(1))
}

/// Requests that the endpoint takes at a time.
fn concurrency(target: &Target) -> usize {
    usize::try_from(target.concurrency).unwrap_or(1)
}

struct Turn<'a> {
    office: &'a Office,
    lane: &'a Lane,
    life: &'a Life,
    target: &'a Target,
    means: &'a Means,
    begun: Instant,
    failures: i32,
    /// Requests at a time, for now.
    most: usize,
    /// Attempts that may still begin, by the endpoint's rate.
    left: usize,
    /// What it asked for.
    rest: Option<Duration>,
    gone: bool,
    begun_any: bool,
}

impl Turn<'_> {
    /// Sends what is due until the time of the turn is over, or the endpoint had better be left alone; whether the lease
    /// was held to the end.
    async fn send_all(&mut self) -> Result<bool, StoreError> {
        let (mut flying, mut ids): (FuturesUnordered<_>, Vec<Uuid>) = (FuturesUnordered::new(), Vec::new());
        loop {
            let found = self.next(&ids).await?;
            for due in found.iter().filter(|due| due.over) {
                let given = async { lane::give_up(&mut *self.office.connection().await?, self.lane, due).await };
                if !answered(given).await? {
                    return Ok(false);
                }
            }
            if found.iter().any(|due| due.over) {
                // The others are found again: between the look at the time and their beginning nothing is waited for.
                continue;
            }
            for due in found {
                if self.is_late() {
                    break;
                }
                let Ok(permit) = self.office.requests.try_acquire() else {
                    self.rest = self.rest.max(Some(NO_ROOM_PAUSE));
                    break;
                };
                ids.push(due.delivery_id);
                self.left = self.left.saturating_sub(1);
                self.begun_any = true;
                flying.push(attempt(self.office, permit, self.target.url.clone(), self.means, due));
            }
            let Some((due, attempt)) = flying.next().await else { return Ok(true) };
            ids.retain(|id| *id != due.delivery_id);
            if !self.settle(&due, &attempt).await? {
                return Ok(false);
            }
        }
    }

    /// What may be sent now, besides what is under way.
    async fn next(&self, flying: &[Uuid]) -> Result<Vec<Due>, StoreError> {
        let window = if self.target.rate_per_s.is_some() { RATE_TIME } else { self.office.engine.webhooks.turn };
        let time_is_over = self.begun.elapsed() >= window.min(self.office.engine.webhooks.turn);
        let is_resting = self.rest.is_some() || self.gone || self.is_broken_anew();
        if time_is_over || is_resting || self.office.engine.stop.is_cancelled() {
            return Ok(Vec::new());
        }
        let most = if self.failures > 0 { 1 } else { self.most };
        let room = most.saturating_sub(flying.len()).min(self.left);
        if room == 0 {
            return Ok(Vec::new());
        }
        answered(async { lane::due(&mut *self.office.connection().await?, self.lane, flying, room).await }).await
    }

    /// Whether an attempt that begins now might outlast the lease, as the database was slow, or as this worker may have been
    /// given up and its lease ends earlier.
    fn is_late(&self) -> bool {
        let settings = &self.office.engine.webhooks;
        !self.life.may_begin() || self.begun.elapsed() + settings.timeout + SETTLE_TIME > settings.lease
    }

    /// Whether the circuit is open: one probe in a turn is enough.
    fn is_broken_anew(&self) -> bool {
        self.failures >= CIRCUIT_FAILURES && self.failures > self.lane.failures
    }

    /// Writes what an attempt came to, and draws the conclusions for the endpoint; whether the lease was still held.
    async fn settle(&mut self, due: &Due, attempt: &Attempt) -> Result<bool, StoreError> {
        let verdict = judge(attempt);
        let (next, error) = self.conclude(due, verdict);
        let word = error.unwrap_or("delivered");
        metrics::counter!("capstan_webhook_attempts_total", "outcome" => word).increment(1);
        debug!(endpoint_id = %self.lane.endpoint_id, delivery_id = %due.delivery_id, outcome = word,
            trace_id = due.trace().trace_id(), "webhook attempt");
        let settling = async {
            let mut connection = self.office.connection().await?;
            lane::settle(&mut connection, self.lane, due, attempt, error, &next).await
        };
        answered(settling).await
    }

    fn conclude(&mut self, due: &Due, verdict: Verdict) -> (Next, Option<&'static str>) {
        let (error, asked) = match verdict {
            Verdict::Delivered => {
                self.failures = 0;
                self.most = (self.most + 1).min(concurrency(self.target));
                return (Next::Delivered, None);
            }
            Verdict::Gone => {
                self.gone = true;
                return (Next::Failed("the endpoint answered 410 Gone"), Some("gone"));
            }
            Verdict::Failed { error, asked } => (error, asked),
        };
        self.failures = self.failures.saturating_add(1);
        self.most = FIRST_REQUESTS.min(concurrency(self.target));
        self.rest = self.rest.max(rest(asked));
        (retry(due, asked), Some(error))
    }

    /// How the endpoint is, for the next turn.
    fn health(&self) -> Health {
        let probe = probe_pause(self.failures, seed()).unwrap_or_default();
        let rate = self.target.rate_per_s.map(|_| RATE_TIME.saturating_sub(self.begun.elapsed())).unwrap_or_default();
        let idle = if self.begun_any { Duration::ZERO } else { IDLE_PAUSE };
        let pause = probe.max(self.rest.unwrap_or_default()).max(rate).max(idle);
        Health { failures: self.failures, pause, gone: self.gone }
    }
}

/// The next attempt of a delivery that has failed once more.
fn retry(due: &Due, asked: Asked) -> Next {
    if due.is_last {
        return Next::Failed("it could not be delivered in time");
    }
    let tried = usize::try_from(due.tried).unwrap_or(usize::MAX).saturating_add(1);
    pause_after(tried, asked, seed()).map_or(Next::Failed("all attempts have failed"), Next::Retry)
}

/// Sends one delivery once. The time that is signed is the database's.
async fn attempt(office: &Office, permit: SemaphorePermit<'_>, url: String, means: &Means, due: Due) -> (Due, Attempt) {
    let (id, at) = (wire_id(due.event_id), due.now.timestamp());
    let headers = vec![
        (SIGNATURE_HEADER, signatures(&means.signers, &id, at, &due.body)),
        (TIMESTAMP_HEADER, at.to_string()),
        (ID_HEADER, id),
    ];
    let request = Post { url, headers, body: due.body.clone(), now: due.now };
    let (mut span, trace) = begin(&due);
    let sent = post(means.http(&office.engine.services.http), request, office.engine.webhooks.timeout);
    let attempt = trace::within(trace, sent).await;
    drop(permit);
    if let Some(span) = &mut span
        && let Verdict::Failed { error, .. } = judge(&attempt)
    {
        span.fail(error);
    }
    (due, attempt)
}

/// The span of an attempt, if spans are made, and the trace that the request is a part of.
fn begin(due: &Due) -> (Option<Span>, Trace) {
    let trace = due.trace();
    let begin = || {
        let attributes = vec![
            KeyValue::new("capstan.webhook.delivery_id", due.delivery_id.to_string()),
            KeyValue::new("capstan.event.id", due.event_id.to_string()),
            KeyValue::new("capstan.webhook.attempt", i64::from(due.tried) + 1),
        ];
        Span::begin(&trace, SpanKind::Producer, "webhook", attributes)
    };
    let span = if spans::are_made() { begin() } else { None };
    let trace = span.as_ref().map_or_else(|| trace.clone(), |span| span.trace().clone());
    (span, trace)
}

fn seed() -> f64 {
    rand::random()
}
