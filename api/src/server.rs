//! Serving connections until told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::{Listener, ListenerExt};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::Api;

/// Longest time until a connection has sent the head of its next request; also the longest that it may idle.
const HEAD_READ_MAX: Duration = Duration::from_secs(30);
/// Longest wait at the end for answers that are under way.
const DRAIN_MAX: Duration = Duration::from_secs(30);
/// Longest wait at the end for starts that nobody waits for any more.
const CLOSE_MAX: Duration = Duration::from_secs(15);

/// Serves until `shutdown`: then it is no longer ready, takes no new connections, ends live streams, waits for answers
/// under way, at most half a minute, and gives back the quotas that it holds.
///
/// # Errors
/// If a service cannot be made for a connection; that does not happen.
pub async fn serve(listener: TcpListener, api: Api, shutdown: CancellationToken) -> std::io::Result<()> {
    let mut listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let mut connections = api.router().into_make_service_with_connect_info::<SocketAddr>();
    // Only HTTP/1: telling it from HTTP/2 would wait for the first bytes without a limit.
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_READ_MAX);
    let graceful = GracefulShutdown::new();
    while let Some((stream, peer)) = shutdown.run_until_cancelled(listener.accept()).await {
        let Ok(service) = connections.call(peer).await;
        let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection broke");
            }
        });
    }
    api.closing.cancel();
    drop(listener);
    if tokio::time::timeout(DRAIN_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers were still under way after {} s and are given up", DRAIN_MAX.as_secs());
    }
    if tokio::time::timeout(CLOSE_MAX, api.cells.close()).await.is_err() {
        tracing::warn!("some starts were still under way after {} s and are given up", CLOSE_MAX.as_secs());
    }
    Ok(())
}
