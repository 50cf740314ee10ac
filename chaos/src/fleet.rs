//! The workers: one slot for each, with a proxy of its own; a slot whose worker is gone gets another one.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::clock::WrongClock;
use crate::database::Database;
use crate::dice::Dice;
use crate::machines::Machines;
use crate::network::{Network, Wire};
use crate::oddities::Oddities;
use crate::process::{EndedEarly, Process};
use crate::program::{Manner, Pass, Program};
use crate::proxy::Proxy;
use crate::recipe::Recipe;
use crate::settings::Settings;

/// The stream of draws of the first slot; the others follow.
const STREAM: u64 = 500;
/// Pause before a process that did not start is started again.
pub(crate) const AGAIN: Duration = Duration::from_millis(200);

/// All workers.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    slots: Arc<Vec<Slot>>,
    recipe: Arc<Recipe>,
    pub(crate) oddities: Oddities,
}

/// The place of one worker.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) proxy: Proxy,
    /// The only way to its worker, if that is in a network of its own.
    pub(crate) wire: Option<Wire>,
    worker: Mutex<Worker>,
    /// Since when its worker watches the others without a break.
    watches_since: std::sync::Mutex<Option<Instant>>,
    /// Chooses the build of each that comes.
    builds: std::sync::Mutex<Dice>,
}

/// Who is in a slot.
#[derive(Debug, Default)]
enum Worker {
    /// Nobody yet, or a new one that is starting.
    #[default]
    Coming,
    /// One that works.
    Here(Box<Process>),
    /// One that is frozen or draining, or that is to die by itself.
    Away,
}

impl Fleet {
    /// Starts `count` workers that may call `site`: the first ones in the networks that there are, one in each.
    pub(crate) async fn start(
        program: Program,
        database: &Database,
        network: &Network,
        wrong_clock: Option<WrongClock>,
        site: &str,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let (mut slots, mut urls, mut wraps) = (Vec::new(), Vec::new(), Vec::new());
        for nth in 0..settings.workers {
            let wire = network.wires().get(nth).cloned();
            let host = wire.as_ref().map_or(Ipv4Addr::LOCALHOST, |wire| wire.here);
            let builds = std::sync::Mutex::new(Dice::new(settings.seed, STREAM + nth as u64));
            let proxy = Proxy::start(host, database.socket()?).await?;
            urls.push(database.url_through(proxy.address));
            wraps.push(wire.as_ref().map_or(Ok(Vec::new()), Wire::wrap)?);
            slots.push(Slot { proxy, wire, worker: Mutex::default(), watches_since: Default::default(), builds });
        }
        let (machines, of_build_before) = (Machines::of(settings.workers)?, AtomicU64::default());
        let recipe = Recipe { program, urls, site: site.to_owned(), wraps, wrong_clock, of_build_before, machines };
        let fleet = Self { slots: Arc::new(slots), recipe: Arc::new(recipe), oddities: Oddities::default() };
        for slot in 0..settings.workers {
            let process = fleet.recipe.worker(slot, &fleet.recipe.manner(slot, 0)).await?;
            fleet.put(slot, process).await;
        }
        Ok(fleet)
    }

    pub(crate) fn slot(&self, slot: usize) -> &Slot {
        &self.slots[slot]
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// The workers that work, by the name under which the database knows them, with their slots.
    pub(crate) async fn present(&self) -> HashMap<String, usize> {
        let mut present = HashMap::new();
        for (at, slot) in self.slots.iter().enumerate() {
            if let Worker::Here(process) = &mut *slot.worker.lock().await
                && process.end_status().is_none()
            {
                present.insert(name(process), at);
            }
        }
        present
    }

    /// Who is in which slot, and for how long he has watched the others as far as is known, a line each.
    pub(crate) async fn watchers(&self) -> Vec<String> {
        let mut watchers = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            let who = match &*slot.worker.lock().await {
                Worker::Coming => "somebody who is coming".to_owned(),
                Worker::Here(process) => name(process),
                Worker::Away => "somebody who is not to work".to_owned(),
            };
            watchers.push(format!("slot {at}: {who}, watches for {:.1} s", slot.watches_for().as_secs_f64()));
        }
        watchers
    }

    /// Replaces workers that have died by themselves, which is noted; their names.
    pub(crate) async fn bury(&self) -> Vec<String> {
        let mut dead = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            let mut worker = slot.worker.lock().await;
            if let Worker::Here(process) = &mut *worker
                && let Some(status) = process.end_status()
            {
                self.oddities.ended(&name(process), status);
                dead.push(name(process));
                *worker = Worker::Coming;
                self.replace(at);
            }
        }
        dead
    }

    /// The same as long as there is no poison, whose dead are counted by who has spread it.
    pub(crate) async fn bury_unpoisoned(&self) {
        if !self.oddities.is_outbreak() {
            self.bury().await;
        }
    }

    /// Takes a worker out of its slot, which stays empty until [`Self::put`] or [`Self::replace`].
    pub(crate) async fn take_out(&self, slot: usize) -> anyhow::Result<Process> {
        let mut worker = self.slots[slot].worker.lock().await;
        match std::mem::replace(&mut *worker, Worker::Away) {
            Worker::Here(process) => Ok(*process),
            _ => anyhow::bail!("no worker is in slot {slot}"),
        }
    }

    /// The same, and signals the worker.
    pub(crate) async fn take(&self, slot: usize, signal: Signal) -> anyhow::Result<Process> {
        let process = self.take_out(slot).await?;
        process.signal(signal)?;
        Ok(process)
    }

    /// Puts a worker back.
    pub(crate) async fn put(&self, slot: usize, process: Process) {
        self.slots[slot].watches_anew();
        *self.slots[slot].worker.lock().await = Worker::Here(Box::new(process));
    }

    /// Starts a new worker in a slot, in the background, as often as it takes.
    pub(crate) fn replace(&self, slot: usize) {
        self.replace_by_one_off(slot, 0);
    }

    /// The same, and the clock of the new one is so many seconds ahead.
    pub(crate) fn replace_by_one_off(&self, slot: usize, off_s: i64) {
        let fleet = self.clone();
        tokio::spawn(async move {
            *fleet.slots[slot].worker.lock().await = Worker::Coming;
            let is_before = fleet.recipe.program.has_before() && fleet.slots[slot].draws_before();
            fleet.recipe.of_build_before.fetch_add(is_before.into(), Ordering::Relaxed);
            let manner = Manner { is_before, ..fleet.recipe.manner(slot, off_s) };
            loop {
                match fleet.recipe.worker(slot, &manner).await {
                    Ok(process) => return fleet.put(slot, process).await,
                    Err(error) => fleet.note_early_end(&error),
                }
                sleep(AGAIN).await;
            }
        });
    }

    /// Where the database is away, a worker ends before it is ready; but not by a signal.
    fn note_early_end(&self, error: &anyhow::Error) {
        if let Some(EndedEarly { pid, status }) = error.downcast_ref() {
            self.oddities.may_end(&name_of(*pid), *status);
        }
    }

    /// Starts a worker that dies at a point, for a slot that is empty; the slot stays so.
    pub(crate) fn arm(&self, slot: usize, at: Pass) -> anyhow::Result<Process> {
        self.recipe.arm(slot, at)
    }

    /// Workers that were started of the build before.
    pub(crate) fn of_build_before(&self) -> u64 {
        self.recipe.of_build_before.load(Ordering::Relaxed)
    }

    /// Ends all workers that work, gently.
    pub(crate) async fn end(&self) -> anyhow::Result<()> {
        for slot in self.slots.iter() {
            if let Worker::Here(mut process) = std::mem::take(&mut *slot.worker.lock().await) {
                match process.end_status() {
                    Some(status) => self.oddities.ended(&name(&process), status),
                    None => process.end().await?,
                }
            }
        }
        Ok(())
    }

    /// Whether every slot has a worker that works.
    pub(crate) async fn is_whole(&self) -> bool {
        self.present().await.len() == self.slots.len()
    }
}

impl Slot {
    /// What its worker has seen of the others counts no more: it is new, or its connections were disturbed.
    pub(crate) fn watches_anew(&self) {
        *self.watches_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn watches_for(&self) -> Duration {
        let since = *self.watches_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether the next one is to be of the build before.
    fn draws_before(&self) -> bool {
        self.builds.lock().unwrap_or_else(PoisonError::into_inner).chance(50)
    }

    /// Whether its worker has watched the others since before `at`.
    pub(crate) fn watched_before(&self, at: Instant) -> bool {
        self.watches_since.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|since| since < at)
    }
}

/// The name under which the database knows a worker.
pub(crate) fn name(process: &Process) -> String {
    name_of(process.pid())
}

fn name_of(pid: u32) -> String {
    format!("pid-{pid}")
}
