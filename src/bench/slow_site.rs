//! A web site that answers nobody until it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server on a free port of the loopback; it ends when dropped.
pub(crate) struct SlowSite {
    address: SocketAddr,
    hall: Hall,
    serving: JoinHandle<std::io::Result<()>>,
}

/// Where requests wait.
#[derive(Clone, Default)]
struct Hall {
    asked: Arc<AtomicUsize>,
    doors: CancellationToken,
}

impl SlowSite {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, hall) = (listener.local_addr()?, Hall::default());
        let routes = Router::new().fallback(any(wait)).with_state(hall.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, hall, serving })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests have come so far.
    pub(crate) fn asked(&self) -> usize {
        self.hall.asked.load(Ordering::Relaxed)
    }

    /// Answers those that wait, and from now on at once.
    pub(crate) fn answer_all(&self) {
        self.hall.doors.cancel();
    }
}

impl Drop for SlowSite {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn wait(State(hall): State<Hall>) -> &'static str {
    hall.asked.fetch_add(1, Ordering::Relaxed);
    hall.doors.cancelled().await;
    "done"
}
