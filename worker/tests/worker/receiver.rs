//! A server on loopback that takes webhooks, and answers as the path asks for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};
use tokio_rustls::TlsAcceptor;

use crate::support::PATIENCE;

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }
}

impl Receiver {
    /// `/hang` is never answered, `/gone` with 410, `/fail` with 500, `/busy` with 503 and `Retry-After`, `/away` with a
    /// redirect to `/trap`, `/long` with 100,000 bytes, and everything else with 200. On `/moody` the first two requests for an event
    /// that has the word in its body are answered with 500.
    pub(crate) async fn start() -> Self {
        Self::start_behind(None).await
    }

    /// The same, behind TLS.
    pub(crate) async fn start_behind(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, received) = (listener.local_addr().unwrap(), Arc::default());
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, kept) = (tls.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    let Some(tls) = tls else { return serve(stream, kept).await };
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, kept).await;
                    }
                });
            }
        });
        Self { address, received }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn on(&self, path: &str) -> Vec<Received> {
        self.received.lock().unwrap().iter().filter(|one| one.path == path).cloned().collect()
    }

    /// Waits until so many have come to a path.
    pub(crate) async fn until(&self, path: &str, count: usize) -> Vec<Received> {
        let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(std::time::Duration::from_millis(10)));
        loop {
            ticks.tick().await;
            let found = self.on(path);
            if found.len() >= count {
                return found;
            }
            assert!(Instant::now() < deadline, "{path} has {} requests, not {count}", found.len());
        }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, kept: Arc<Mutex<Vec<Received>>>) {
    let Some(received) = read(&mut stream).await else { return };
    let path = received.path.clone();
    let is_moody = path == "/moody" && received.body.contains("moody");
    let times = {
        let mut kept = kept.lock().unwrap();
        let times = kept.iter().filter(|one| one.path == path && one.body == received.body).count();
        kept.push(received);
        times
    };
    let (status, more) = match path.as_str() {
        "/moody" if is_moody && times < 2 => ("500 Internal Server Error", ""),
        "/hang" => return std::future::pending().await,
        "/gone" => ("410 Gone", ""),
        "/fail" => ("500 Internal Server Error", ""),
        "/busy" => ("503 Service Unavailable", "retry-after: 120\r\n"),
        "/away" => ("302 Found", "location: /trap\r\n"),
        _ => ("200 OK", ""),
    };
    let body = if path == "/long" { "x".repeat(100_000) } else { "answer".to_owned() };
    let head = format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let answer = head + &body;
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
    loop {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        if body.len() >= headers.get("content-length")?.parse().ok()? {
            return Some(Received { path, headers, body: body.to_owned() });
        }
    }
}
