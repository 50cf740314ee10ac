//! When a worker goes on that was frozen, or cut off from the network.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use crate::database::Door;
use crate::fleet::Fleet;
use crate::inject::Struck;
use crate::leases::{LOOK_EVERY, Leases};
use crate::network::Wire;
use crate::process::Process;

/// Longest time in which a frozen worker is given up, outages included.
const GIVEN_UP_MAX: Duration = Duration::from_secs(40);
/// Shorter than any silence after which a worker is given up.
const SILENCE: Duration = Duration::from_secs(6);
/// How slow its peers are then, in milliseconds for each message, and how often their locks are looked at.
const SLOW_MS: u64 = 150;
const LOCK_EVERY: Duration = Duration::from_millis(4);

/// A worker that is frozen or cut off.
pub(crate) struct Thaw {
    fleet: Fleet,
    leases: Leases,
    slot: usize,
    worker_no: i32,
    frozen: Process,
    deadline: Instant,
}

impl Thaw {
    pub(crate) fn new(fleet: Fleet, door: &Door, slot: usize, worker_no: i32, frozen: Process) -> Self {
        let (leases, deadline) = (Leases::new(door.clone()), Instant::now() + GIVEN_UP_MAX);
        Self { fleet, leases, slot, worker_no, frozen, deadline }
    }

    /// Goes on so long after it was given up.
    pub(crate) async fn after_given_up(mut self, after_ms: u64) -> anyhow::Result<Vec<Struck>> {
        self.until_given_up().await;
        sleep(Duration::from_millis(after_ms)).await;
        self.go_on().await
    }

    /// Is heard again so long after it was given up.
    pub(crate) async fn mended_after_given_up(mut self, wire: Wire, after_ms: u64) -> anyhow::Result<Vec<Struck>> {
        self.until_given_up().await;
        sleep(Duration::from_millis(after_ms)).await;
        wire.mend()?;
        self.fleet.put(self.slot, self.frozen).await;
        Ok(Vec::new())
    }

    /// Goes on while a peer has its lock and has not committed yet: peers are slow meanwhile.
    pub(crate) async fn while_given_up(mut self) -> anyhow::Result<Vec<Struck>> {
        sleep(SILENCE).await;
        let (fleet, own) = (self.fleet.clone(), self.slot);
        let peers = || fleet.slots().enumerate().filter(|(slot, _)| *slot != own).map(|(_, peer)| &peer.proxy);
        peers().for_each(|proxy| proxy.delay(SLOW_MS));
        while Instant::now() < self.deadline && !self.leases.is_being_reaped(self.worker_no).await.unwrap_or(false) {
            sleep(LOCK_EVERY).await;
        }
        self.frozen.signal(Signal::SIGCONT)?;
        self.until_given_up().await;
        peers().for_each(|proxy| proxy.delay(0));
        self.go_on().await
    }

    async fn until_given_up(&mut self) {
        while Instant::now() < self.deadline && !self.is_given_up().await {
            sleep(LOOK_EVERY).await;
        }
    }

    async fn is_given_up(&mut self) -> bool {
        self.leases.not_fenced(&[self.worker_no]).await.is_ok_and(|left| left.is_empty())
    }

    async fn go_on(self) -> anyhow::Result<Vec<Struck>> {
        self.frozen.signal(Signal::SIGCONT)?;
        self.fleet.put(self.slot, self.frozen).await;
        Ok(Vec::new())
    }
}
