//! A small SMTP server that takes every mail and delivers none: for demos and tests, on the loopback.
//!
//! Speaks EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP and QUIT, without TLS and login. A recipient whose
//! local part is `reject` is refused for good (550), one that is `busy` for now (451).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

mod session;

/// Longest mail, in bytes.
pub const MAIL_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Most mails that wait to be received; further ones are put off with 452.
pub const WAITING_MAX: usize = 100;
/// Most connections at once; further ones wait.
const CONNECTIONS_MAX: usize = 64;
/// Longest silence of a client.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Keeps a mail; true once it cannot be lost any more.
pub type Keep = Arc<dyn Fn(ReceivedMail) -> BoxFuture<'static, bool> + Send + Sync>;

/// A running server; it stops when this is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// A mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Sender of the envelope; empty for a bounce.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// Headers and body with CRLF line ends, dots unstuffed, bytes beyond UTF-8 replaced.
    pub data: String,
}

impl SmtpSink {
    /// Listens on a free port of the loopback.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start() -> std::io::Result<(Self, mpsc::Receiver<ReceivedMail>)> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens on `address`.
    ///
    /// # Errors
    /// The address is taken or not this machine's.
    pub async fn start_at(address: SocketAddr) -> std::io::Result<(Self, mpsc::Receiver<ReceivedMail>)> {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let keep = move |mail| std::future::ready(sender.try_send(mail).is_ok()).boxed();
        Ok((Self::start_with(address, Arc::new(keep)).await?, receiver))
    }

    /// Listens on `address`, and acknowledges a mail once `keep` has kept it. With false the client is put off.
    ///
    /// # Errors
    /// The address is taken or not this machine's.
    pub async fn start_with(address: SocketAddr, keep: Keep) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, keep));
        Ok(Self { address, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl ReceivedMail {
    /// The first header of that name, unfolded, otherwise as sent (encoded words stay encoded).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split_once("\r\n\r\n").map_or(self.data.as_str(), |(head, _)| head);
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded.split("\r\n").find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// Everything after the headers, as sent (transfer encodings stay).
    #[must_use]
    pub fn body(&self) -> &str {
        self.data.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Serves connections until aborted; they end with it.
async fn accept(listener: TcpListener, keep: Keep) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let keep = Arc::clone(&keep);
        connections.spawn(async move {
            serve(stream, keep).await;
            drop(permit);
        });
    }
}

async fn serve(stream: TcpStream, keep: Keep) {
    if let Err(error) = session::Session::new(stream, keep).run().await {
        tracing::debug!(%error, "an SMTP client went away");
    }
}
