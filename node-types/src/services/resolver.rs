//! Name resolution that is bounded in time and number, and judged by the guard.

use std::error::Error;
#[cfg(test)]
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::guard::{Guard, Refusal, Trust};

/// Longest time that a name may take to resolve.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// Most look-ups at once; each holds a thread of the blocking pool until the system answers.
pub(super) const LOOKUPS_MAX: usize = 64;

/// What a test says of a name.
#[cfg(test)]
pub(super) type Told = Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

/// Who knows the addresses of names.
#[derive(Clone)]
pub(super) enum Names {
    /// The system.
    System,
    /// A test.
    #[cfg(test)]
    Told(Told),
}

/// The system's resolver behind the guard.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    pub(super) guard: Arc<Guard>,
    /// With [`Trust::Named`], every address is let through.
    pub(super) trust: Trust,
    pub(super) lookups: Arc<Semaphore>,
    pub(super) names: Names,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move { Ok(Box::new(resolver.addresses(name.as_str().to_owned()).await?.into_iter()) as Addrs) })
    }
}

impl GuardedResolver {
    /// The addresses of `host` that may be connected to.
    pub(super) async fn addresses(&self, host: String) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let addresses = tokio::time::timeout(LOOKUP_TIMEOUT, self.looked_up(host.clone()))
            .await
            .map_err(|_| format!("the name {host} did not resolve within {LOOKUP_TIMEOUT:?}"))??;
        match self.trust {
            Trust::Named => Ok(addresses),
            Trust::Judged => Ok(judged(&self.guard, &host, addresses)?),
        }
    }

    async fn looked_up(&self, host: String) -> std::io::Result<Vec<SocketAddr>> {
        match &self.names {
            Names::System => lookup(host, Arc::clone(&self.lookups)).await,
            #[cfg(test)]
            Names::Told(told) => Ok(told(&host).into_iter().map(|address| SocketAddr::new(address, 0)).collect()),
        }
    }
}

/// Looks up in a task of its own, so that a permit stays taken for as long as its thread does.
async fn lookup(host: String, lookups: Arc<Semaphore>) -> std::io::Result<Vec<SocketAddr>> {
    let permit = lookups.acquire_owned().await.map_err(std::io::Error::other)?;
    let task = tokio::spawn(async move {
        let found = tokio::net::lookup_host((host.as_str(), 0)).await.map(Iterator::collect);
        drop(permit);
        found
    });
    task.await.map_err(std::io::Error::other)?
}

/// The addresses that may be connected to; the first refusal if there is none.
fn judged(guard: &Guard, host: &str, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refusal> {
    let mut refusal = None;
    let mut allowed = Vec::with_capacity(addresses.len());
    for address in addresses {
        match guard.check_address(host, address.ip()) {
            Ok(()) => allowed.push(address),
            Err(refused) => refusal = refusal.or(Some(refused)),
        }
    }
    match refusal {
        Some(refusal) if allowed.is_empty() => Err(refusal),
        _ => Ok(allowed),
    }
}
