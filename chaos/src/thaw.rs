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

/// Longest time in which a silent worker is given up, outages left out.
const GIVEN_UP_MAX: Duration = Duration::from_secs(40);
/// A silence after which it is worth while to see why nobody has given the worker up yet, and how often it is then.
const SEEN_EVERY: Duration = Duration::from_secs(10);
/// How often that is at most, however long the database is away.
const SEEN_MAX: u32 = 8;
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
    /// Later by each time in which the database was away.
    deadline: Instant,
    looked_at: Instant,
    begun: Instant,
    /// What was seen of it so far, and how often somebody has looked.
    seen: Vec<String>,
    times_seen: u32,
    /// It is not frozen, but cut off.
    is_cut_off: bool,
    /// It goes on already: nobody need give it up.
    is_awake: bool,
}

impl Thaw {
    pub(crate) fn new(fleet: Fleet, door: &Door, slot: usize, worker_no: i32, frozen: Process) -> Self {
        let (leases, looked_at) = (Leases::new(door.clone()), Instant::now());
        let deadline = looked_at + GIVEN_UP_MAX;
        let (begun, seen) = (looked_at, Vec::new());
        Self {
            fleet,
            leases,
            slot,
            worker_no,
            frozen,
            deadline,
            looked_at,
            begun,
            seen,
            times_seen: 0,
            is_cut_off: false,
            is_awake: false,
        }
    }

    /// Goes on so long after it was given up.
    pub(crate) async fn after_given_up(mut self, after_ms: u64) -> anyhow::Result<Vec<Struck>> {
        self.until_given_up().await;
        sleep(Duration::from_millis(after_ms)).await;
        self.go_on().await
    }

    /// Is heard again so long after it was given up.
    pub(crate) async fn mended_after_given_up(mut self, wire: Wire, after_ms: u64) -> anyhow::Result<Vec<Struck>> {
        self.is_cut_off = true;
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
        while !self.leases.is_being_reaped(self.worker_no).await.unwrap_or(false) && !self.is_settled().await {
            sleep(LOCK_EVERY).await;
        }
        self.frozen.signal(Signal::SIGCONT)?;
        self.is_awake = true;
        self.until_given_up().await;
        peers().for_each(|proxy| proxy.delay(0));
        self.go_on().await
    }

    async fn until_given_up(&mut self) {
        while !self.is_settled().await {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it is given up, or nobody has done so in all the time that there was for it; which is noted.
    async fn is_settled(&mut self) -> bool {
        let left = self.leases.not_fenced(&[self.worker_no]).await;
        let before = std::mem::replace(&mut self.looked_at, Instant::now());
        self.keep_frozen();
        match left {
            Ok(left) if left.is_empty() => true,
            Ok(_) if self.looked_at < self.deadline => {
                if !self.is_awake && self.begun.elapsed() >= SEEN_EVERY * (self.times_seen + 1) {
                    self.see().await;
                }
                false
            }
            Ok(_) => {
                if !self.is_awake {
                    self.see().await;
                    let seen = std::mem::take(&mut self.seen);
                    self.fleet.oddities.not_given_up(self.worker_no, GIVEN_UP_MAX, seen);
                }
                true
            }
            Err(_) => {
                self.deadline += self.looked_at - before;
                false
            }
        }
    }

    /// Who was woken by somebody else is frozen again, and its silence begins anew.
    fn keep_frozen(&mut self) {
        if !self.is_cut_off && !self.is_awake && self.frozen.stop_again() {
            self.deadline = self.looked_at + GIVEN_UP_MAX;
        }
    }

    /// Notes what is to be seen of it now.
    async fn see(&mut self) {
        self.times_seen += 1;
        if self.times_seen > SEEN_MAX {
            return;
        }
        let after = format!("after {:.1} s of silence", self.begun.elapsed().as_secs_f64());
        let told = match self.leases.bystanders(self.worker_no).await {
            Ok(told) => told,
            Err(error) => vec![format!("the database cannot be asked: {error}")],
        };
        let state = format!("its process is {}", self.frozen.state());
        let told = std::iter::once(state).chain(self.fleet.watchers().await).chain(told);
        self.seen.extend(told.map(|line| format!("{after}: {line}")));
    }

    async fn go_on(self) -> anyhow::Result<Vec<Struck>> {
        self.frozen.signal(Signal::SIGCONT)?;
        self.fleet.put(self.slot, self.frozen).await;
        Ok(Vec::new())
    }
}
