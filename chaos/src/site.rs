//! The outside world: a real HTTP server that records every call with its idempotency key.

use std::collections::HashMap;
use std::future::ready;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::at_once::AtOnce;
use crate::graphs::last_of;

/// One call of an effect.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its `Idempotency-Key`; empty if there was none.
    pub key: String,
    /// Of the execution's input.
    pub tag: String,
    /// The node that calls.
    pub node: String,
    /// The place in the container around that it tells, if there is one.
    pub index: Option<u64>,
    /// When it came in.
    pub at: DateTime<Utc>,
}

/// The server and what it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    ledger: Ledger,
    at_once: AtOnce,
    /// Whether it does not answer at the moment.
    hangs: watch::Sender<bool>,
}

type Ledger = Arc<Mutex<Calls>>;

/// What each call works with.
#[derive(Clone, Debug)]
struct Desk {
    ledger: Ledger,
    at_once: AtOnce,
    hangs: watch::Receiver<bool>,
}

#[derive(Debug, Default)]
struct Calls {
    all: Vec<Call>,
    by_key: HashMap<String, u64>,
}

/// What the graph asks of the effect.
#[derive(Deserialize)]
struct Wishes {
    takes_ms: u64,
    /// Calls of one key that are answered with 503 first.
    refusals: u64,
    /// Calls from so many first frames of the caller's container are refused for good.
    #[serde(default)]
    falls: u32,
}

impl Site {
    /// Listens at `host`.
    pub(crate) async fn start(host: Ipv4Addr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((host, 0)).await?;
        let (address, ledger) = (listener.local_addr()?, Ledger::default());
        let ((hangs, told), at_once) = (watch::channel(false), AtOnce::default());
        let desk = Desk { ledger: Arc::clone(&ledger), at_once: at_once.clone(), hangs: told };
        let router = Router::new().route("/effect", post(effect)).with_state(desk);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, ledger, at_once, hangs })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers nobody for a while, and then breaks off what came in meanwhile; whether anything came.
    pub(crate) async fn hang(&self, for_long: Duration) -> bool {
        let before = self.called();
        self.hangs.send_replace(true);
        sleep(for_long).await;
        let came = self.called() > before;
        self.hangs.send_replace(false);
        came
    }

    /// How many calls have come so far.
    pub(crate) fn called(&self) -> usize {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).all.len()
    }

    /// The most calls that were under way at a time, by the kind that they tell.
    pub(crate) fn most_at_once(&self) -> HashMap<String, usize> {
        self.at_once.most()
    }

    /// The most calls of any kind that were under way at a time.
    pub(crate) fn most(&self) -> usize {
        self.at_once.most_in_all()
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }
}

async fn effect(
    State(mut desk): State<Desk>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let at = Utc::now();
    let _under_way = desk.at_once.enter(body["kind"].as_str().unwrap_or_default());
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let falls = key.rsplit(':').next().and_then(last_of).is_some_and(|(_, _, number)| number < wishes.falls);
    let times = {
        let mut calls = desk.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        calls.all.push(Call {
            key: key.clone(),
            tag: text("tag"),
            node: text("node"),
            index: body["index"].as_u64(),
            at,
        });
        let times = calls.by_key.entry(key).or_default();
        *times += 1;
        *times
    };
    sleep(Duration::from_millis(wishes.takes_ms)).await;
    if *desk.hangs.borrow_and_update() {
        // It ends with the server.
        let _ = desk.hangs.wait_for(|hangs| !hangs).await;
        return broken_off();
    }
    let status = match times <= wishes.refusals {
        true => StatusCode::SERVICE_UNAVAILABLE,
        false if falls => StatusCode::BAD_REQUEST,
        false => StatusCode::OK,
    };
    (status, Json(json!({ "times": times }))).into_response()
}

/// An answer whose connection closes in the middle.
fn broken_off() -> Response {
    let end = io::Error::from(io::ErrorKind::ConnectionAborted);
    Body::from_stream(stream::once(ready(Err::<Bytes, io::Error>(end)))).into_response()
}
