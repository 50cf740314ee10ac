//! The outside world: a real HTTP server that records every call with its idempotency key.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One call of an effect.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its `Idempotency-Key`; empty if there was none.
    pub key: String,
    /// Of the execution's input.
    pub tag: String,
    /// The node that calls.
    pub node: String,
    /// When it came in.
    pub at: DateTime<Utc>,
}

/// The server and what it was asked for.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    ledger: Ledger,
}

type Ledger = Arc<Mutex<Calls>>;

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
}

impl Site {
    /// Listens at `host`.
    pub(crate) async fn start(host: Ipv4Addr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((host, 0)).await?;
        let (address, ledger) = (listener.local_addr()?, Ledger::default());
        let router = Router::new().route("/effect", post(effect)).with_state(Arc::clone(&ledger));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, ledger })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }
}

async fn effect(
    State(ledger): State<Ledger>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let at = Utc::now();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let times = {
        let mut calls = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        calls.all.push(Call { key: key.clone(), tag: text("tag"), node: text("node"), at });
        let times = calls.by_key.entry(key).or_default();
        *times += 1;
        *times
    };
    tokio::time::sleep(Duration::from_millis(wishes.takes_ms)).await;
    let status = if times <= wishes.refusals { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(json!({ "times": times })))
}
