//! Mails that start executions: an SMTP server that takes mail for the addresses of triggers and for nobody else.
//!
//! A mail is acknowledged once what it starts is on disk. Whoever dies before that has taken nothing, and the sender tries again;
//! one that comes again starts nothing again. There is no login, and nothing is relayed.

pub(crate) mod address;
mod flat;
mod letter;
mod session;
mod target;
mod tls;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use tls::{TlsFilesError, tls_acceptor};

use crate::Api;
use crate::people::address::household;

/// Most bytes of a mail, unless the settings say otherwise.
pub const MAIL_BYTES_DEFAULT: u64 = 10 * 1024 * 1024;
/// What may be set for that.
pub const MAIL_BYTES: std::ops::RangeInclusive<u64> = 64 * 1024..=50 * 1024 * 1024;
/// Most connections at once, and from one address or network; who comes beyond is told to come again later.
const CONNECTIONS_MAX: usize = 100;
const CLIENT_CONNECTIONS_MAX: usize = 20;
/// Most mails that are read at once; of more, the sender is told to try again. One address cannot have all of them.
const READS_MAX: usize = 24;
/// Most mails that are taken apart at once, which takes many times their size; others wait.
const PARSES_MAX: usize = 2;
/// Longest time of a connection.
const CONNECTION_MAX: Duration = Duration::from_secs(600);
/// Longest time for telling somebody that there is no room.
const REFUSAL_MAX: Duration = Duration::from_secs(1);
/// Longest wait at the end for mails that are being taken.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Pause after a connection could not be accepted, such as for want of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the API has to know of mails that come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailInSettings {
    /// What stands behind the `@` of addresses of triggers.
    pub domain: String,
    /// Most bytes of a mail.
    pub bytes_max: usize,
}

/// What all connections share.
struct Office {
    api: Api,
    settings: MailInSettings,
    tls: Option<TlsAcceptor>,
    reads: Semaphore,
    parses: Semaphore,
    clients: Mutex<HashMap<IpAddr, usize>>,
    stop: CancellationToken,
}

/// A connection of a client; it counts until this is dropped.
struct Seat {
    office: Arc<Office>,
    client: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut clients = self.office.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&self.client);
            }
        }
    }
}

impl Office {
    /// A place for one more connection of that client, if there is one.
    fn seat(self: &Arc<Self>, client: IpAddr) -> Option<Seat> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.values().sum::<usize>() >= CONNECTIONS_MAX {
            return None;
        }
        let count = clients.entry(client).or_default();
        if *count >= CLIENT_CONNECTIONS_MAX {
            return None;
        }
        *count += 1;
        Some(Seat { office: Arc::clone(self), client })
    }
}

/// Takes mails until `stop`; then it takes no new connections, and those that are open end with the mail that they are at, within
/// ten seconds. The API has to have been told of mails in its settings, else nothing is served.
pub async fn serve_mail(listener: TcpListener, api: Api, tls: Option<TlsAcceptor>, stop: CancellationToken) {
    let Some(settings) = api.settings.mail_in.clone() else { return };
    let (reads, parses) = (Semaphore::new(READS_MAX), Semaphore::new(PARSES_MAX));
    let office = Arc::new(Office { api, settings, tls, reads, parses, clients: Mutex::default(), stop: stop.clone() });
    let mut connections = JoinSet::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        match office.seat(household(peer.ip().to_canonical())) {
            Some(seat) => drop(connections.spawn(serve(stream, seat))),
            None => refuse(stream).await,
        }
    }
    drop(listener);
    if timeout(DRAIN_MAX, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("some mails were still being taken after {} s and are given up", DRAIN_MAX.as_secs());
    }
}

async fn serve(stream: TcpStream, seat: Seat) {
    let talked = timeout(CONNECTION_MAX, Box::pin(session::talk(stream, Arc::clone(&seat.office), seat.client))).await;
    if let Ok(Err(error)) = talked {
        tracing::debug!(%error, client = %seat.client, "somebody who sends mail went away");
    }
}

/// Whoever does not read it is not waited for.
async fn refuse(mut stream: TcpStream) {
    let told = stream.write_all(b"421 4.3.2 too many connections; try again later\r\n");
    if !matches!(timeout(REFUSAL_MAX, told).await, Ok(Ok(()))) {
        tracing::debug!("somebody who sends mail was not told that there is no room");
    }
}
