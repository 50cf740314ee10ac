//! Receivers of webhooks on the loopback: some answer, some hang, some refuse. They note what came.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long a receiver takes to answer: long enough to notice another attempt meanwhile.
const TAKES: Duration = Duration::from_millis(3);
/// The header that names the event.
const ID_HEADER: &str = "webhook-id";

/// What a receiver does while receivers misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Answers,
    Hangs,
    Refuses,
}

impl Manner {
    /// Of every ten endpoints three hang and one refuses.
    pub(super) fn of(nth: usize) -> Self {
        match nth % 10 {
            1 | 4 | 7 => Self::Hangs,
            9 => Self::Refuses,
            _ => Self::Answers,
        }
    }
}

/// All receivers: one server, a path for each.
#[derive(Clone, Debug)]
pub(super) struct Receivers {
    pub(super) address: SocketAddr,
    desk: Desk,
}

#[derive(Clone, Debug)]
struct Desk {
    ledger: Arc<Mutex<Ledger>>,
    misbehave: watch::Sender<bool>,
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// When an endpoint was first asked with an event that it took then or later, by endpoint and the event's own id.
    pub(super) taken: HashMap<(usize, String), Instant>,
    pub(super) requests: usize,
    /// Requests that came while another one of the same delivery was under way.
    pub(super) doubled: usize,
    /// Requests whose id is not that of the event, or not the one that came with it before.
    pub(super) unstable: usize,
    /// Requests under way.
    flying: HashMap<(usize, String), usize>,
    /// The id in the header, by the event's own.
    ids: HashMap<String, String>,
}

/// A request under way; it is over when this is dropped, also if who sent it has hung up.
struct Flight {
    desk: Desk,
    delivery: (usize, String),
}

impl Receivers {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let desk = Desk { ledger: Arc::default(), misbehave: watch::channel(false).0 };
        let router = Router::new().route("/{endpoint}", post(receive)).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, desk })
    }

    pub(super) fn misbehave(&self, misbehave: bool) {
        self.desk.misbehave.send_replace(misbehave);
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.desk.ledger()
    }
}

impl Desk {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, endpoint: usize, event: &str, id: &str, body_id: &str) -> Flight {
        let (delivery, mut ledger) = ((endpoint, event.to_owned()), self.ledger());
        ledger.requests += 1;
        let flying = ledger.flying.entry(delivery.clone()).or_default();
        *flying += 1;
        let is_doubled = *flying > 1;
        ledger.doubled += usize::from(is_doubled);
        let known = ledger.ids.entry(event.to_owned()).or_insert_with(|| id.to_owned());
        let is_unstable = known != id || body_id != id;
        ledger.unstable += usize::from(is_unstable);
        Flight { desk: self.clone(), delivery }
    }
}

impl Flight {
    fn taken(&self, at: Instant) {
        self.desk.ledger().taken.entry(self.delivery.clone()).or_insert(at);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(flying) = self.desk.ledger().flying.get_mut(&self.delivery) {
            *flying -= 1;
        }
    }
}

async fn receive(State(desk): State<Desk>, Path(endpoint): Path<usize>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let at = Instant::now();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = headers.get(ID_HEADER).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let event = body["data"]["id"].as_str().unwrap_or_default();
    let flight = desk.enter(endpoint, event, id, body["id"].as_str().unwrap_or_default());
    let misbehaves = *desk.misbehave.borrow();
    match Manner::of(endpoint) {
        Manner::Hangs if misbehaves => {
            // Who waits for it hangs up long before; then this ends here.
            let _ = desk.misbehave.subscribe().wait_for(|misbehave| !misbehave).await;
            StatusCode::SERVICE_UNAVAILABLE
        }
        Manner::Refuses if misbehaves => StatusCode::INTERNAL_SERVER_ERROR,
        _ => {
            sleep(TAKES).await;
            flight.taken(at);
            StatusCode::NO_CONTENT
        }
    }
}
