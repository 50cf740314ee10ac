//! The task of one listener: it hands on what its role may hear, and goes when the client does, is too slow, or may not listen any
//! more. It holds the place, so that a client that does not read holds none for long.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::response::sse::Event;
use capstan_domain::access::{Pages, Permission, Permissions};
use capstan_domain::changes::{self, Known, Look, NoPosition, Position};
use capstan_engine::core::ids::WorkspaceId;
use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::news::{Batch, News, Tidings, Topic};
use super::poller::look;
use super::seen::tell_back;
use super::{Lost, Subscription};
use crate::Api;
use crate::actor::Actor;
use crate::auth;
use crate::cells::Cell;
use crate::pages;
use crate::problem::Problem;
use crate::tenant;

/// Most events that wait for the client to read; beside them, only batches that all share wait for it.
pub(crate) const EVENTS_WAITING_MAX: usize = 64;
/// How long a client may read nothing while there is something for it.
const STALL_MAX: Duration = Duration::from_secs(30);
/// Longest time without an event: then one tells where the client is.
const BEAT_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked whether who listens still may, and what.
const ADMITTED_EVERY: Duration = Duration::from_secs(5);
/// Longest life of a stream; clients come back by themselves with `Last-Event-ID`, if their key still opens.
const STREAM_LIFE_MAX: Duration = Duration::from_secs(600);
/// How long ago a position may be that a client comes back with.
const REWIND_MAX: TimeDelta = TimeDelta::minutes(5);
/// How far ahead of the last look it may be: another process has looked later.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(1);

/// Somebody who listens.
pub(crate) struct Listener {
    pub(crate) api: Api,
    /// Of the request: whether it may still be made is asked again.
    pub(crate) parts: Parts,
    pub(crate) cell: Arc<Cell>,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) allowed: Allowed,
    /// What the client says it has come to.
    pub(crate) last: Option<Result<Position, NoPosition>>,
    pub(crate) subscription: Subscription,
}

/// What a listener may hear.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    permissions: Permissions,
    pages: Pages,
}

/// The end of a stream.
struct End;

impl Allowed {
    /// For whoever was let in to that workspace.
    pub(crate) async fn now(api: &Api, parts: &Parts, workspace_id: WorkspaceId) -> Result<Self, Problem> {
        let permissions = parts.extensions.get::<Arc<Actor>>().map(|actor| actor.permissions).unwrap_or_default();
        Ok(Self { permissions, pages: pages::of(api, workspace_id).await? })
    }

    fn hears(self, topic: Topic) -> bool {
        self.permissions.has(topic.permission()) && self.pages.has(topic.page())
    }
}

impl Listener {
    /// Tells until there is a reason to end.
    pub(crate) async fn run(mut self, out: mpsc::Sender<Event>) {
        let closing = self.api.closing.clone();
        let telling = timeout(STREAM_LIFE_MAX, self.tell(&out));
        tokio::select! {
            () = out.closed() => {}
            _ = closing.run_until_cancelled(telling) => {}
        }
    }

    async fn tell(&mut self, out: &mpsc::Sender<Event>) -> Result<(), End> {
        let begun = self.subscription.begun().await.map_err(|_| End)?;
        self.begin(out, &begun).await?;
        let mut told_at = Instant::now();
        let mut admitted = interval_at(told_at + ADMITTED_EVERY, ADMITTED_EVERY);
        admitted.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // However much there is to tell.
                biased;
                _ = admitted.tick() => self.allowed = self.admitted().await?,
                batch = self.subscription.next() => match batch {
                    Ok(batch) => {
                        if pass_on(out, self.allowed, &batch, told_at.elapsed() >= BEAT_EVERY).await? {
                            told_at = Instant::now();
                        }
                    }
                    Err(Lost::Slow) => {
                        let latest = self.subscription.latest().unwrap_or_else(|| Arc::clone(&begun));
                        reset(out, "slow", &latest).await?;
                        return Err(End);
                    }
                    Err(Lost::Over) => return Err(End),
                },
            }
        }
    }

    /// The first words: that it begins here, or what the client has missed.
    async fn begin(&mut self, out: &mpsc::Sender<Event>, begun: &Position) -> Result<(), End> {
        let since = match self.last.take() {
            None => return send(out, event("ready", "{}", Some(begun))).await,
            Some(Err(NoPosition)) => return reset(out, "unknown", begun).await,
            Some(Ok(since)) => since,
        };
        let age = begun.at - since.at;
        if age > REWIND_MAX || age < -AHEAD_MAX {
            return reset(out, "too_old", begun).await;
        }
        let (look, known) = self.missed(&since).await.map_err(|problem| {
            // The client comes back, perhaps to a process that can.
            tracing::warn!(cause = problem.internal, "it could not be seen what a client has missed");
            End
        })?;
        if look.is_foreign {
            return reset(out, "unknown", begun).await;
        }
        if look.is_full {
            return reset(out, "too_much", begun).await;
        }
        let mut tidings = Tidings::default();
        look.rows.iter().for_each(|row| tidings.tell_fact(row));
        tell_back(since.at, &look.rows, &known, &mut tidings);
        let batch = Batch { position: Arc::new(look.position), news: tidings.into_news().into(), is_reset: false };
        pass_on(out, self.allowed, &batch, true).await.map(|_| ())
    }

    /// What there is since then, and what of it the client knows.
    async fn missed(&self, since: &Position) -> Result<(Look, Known), Problem> {
        let own = [self.workspace_id];
        let look = look(&self.cell, &own, &own, Some(since)).await?;
        let mut transaction = tenant::read(&self.cell.pool, self.workspace_id).await?;
        let known = changes::known(&mut transaction, self.workspace_id, since, &look.rows).await?;
        transaction.commit().await?;
        Ok((look, known))
    }

    /// What it may hear by now. That nobody can tell just now shuts nobody out.
    async fn admitted(&self) -> Result<Allowed, End> {
        match self.admit_again().await {
            Ok(allowed) => Ok(allowed),
            Err(problem) if problem.status.is_client_error() => Err(End),
            Err(_) => Ok(self.allowed),
        }
    }

    async fn admit_again(&self) -> Result<Allowed, Problem> {
        let mut parts = self.parts.clone();
        auth::admit_again(&self.api, &mut parts, Permission::WorkspaceRead, self.workspace_id).await?;
        Allowed::now(&self.api, &parts, self.workspace_id).await
    }
}

/// Hands on what of a batch may be heard, the last with the position; a beat, if one is due and there is nothing else. Whether
/// anything was told.
async fn pass_on(out: &mpsc::Sender<Event>, allowed: Allowed, batch: &Batch, is_beat_due: bool) -> Result<bool, End> {
    if batch.is_reset {
        reset(out, "unknown", &batch.position).await?;
        return Ok(true);
    }
    let heard: Vec<&News> = batch.news.iter().filter(|news| allowed.hears(news.topic)).collect();
    for (ix, news) in heard.iter().enumerate() {
        let position = (ix + 1 == heard.len()).then_some(&*batch.position);
        send(out, event(news.topic.name(), &news.data, position)).await?;
    }
    if heard.is_empty() && is_beat_due {
        send(out, event("beat", "{}", Some(&*batch.position))).await?;
    }
    Ok(!heard.is_empty() || is_beat_due)
}

/// What the client shows may be old: it is to load anew.
async fn reset(out: &mpsc::Sender<Event>, reason: &str, position: &Position) -> Result<(), End> {
    send(out, event("reset", &format!("{{\"reason\":\"{reason}\"}}"), Some(position))).await
}

fn event(name: &str, data: &str, position: Option<&Position>) -> Event {
    let event = Event::default().event(name).data(data);
    match position {
        Some(position) => event.id(position.to_string()),
        None => event,
    }
}

/// Waits until the client has room; not for ever.
async fn send(out: &mpsc::Sender<Event>, event: Event) -> Result<(), End> {
    match timeout(STALL_MAX, out.send(event)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End),
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
