//! Workers without a proxy between them and the database, each replaced as soon as it has died.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::process::Process;

/// Pause before a worker that did not start is started again.
const AGAIN: Duration = Duration::from_millis(50);

/// How its workers are started.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) binary: PathBuf,
    pub(crate) env: Vec<(&'static str, String)>,
}

/// The workers of a proof.
#[derive(Debug)]
pub(crate) struct Crew {
    seats: Arc<Mutex<Seats>>,
    stop: watch::Sender<bool>,
    keepers: JoinSet<anyhow::Result<()>>,
}

#[derive(Debug)]
struct Seats {
    /// Process ids of the workers that are ready.
    pids: Vec<Option<u32>>,
    deaths: usize,
}

impl Crew {
    /// Starts `count` workers; answers once all of them are ready for the first time.
    pub(crate) async fn start(recipe: &Recipe, count: usize) -> anyhow::Result<Self> {
        let seats = Arc::new(Mutex::new(Seats { pids: vec![None; count], deaths: 0 }));
        let (stop, stopped) = watch::channel(false);
        let mut keepers = JoinSet::new();
        for seat in 0..count {
            let process = recipe.worker().await?;
            let keeper = Keeper { recipe: recipe.clone(), seats: Arc::clone(&seats), seat, stopped: stopped.clone() };
            keepers.spawn(keeper.keep(process));
        }
        Ok(Self { seats, stop, keepers })
    }

    /// Kills the worker of a seat; false if none is ready there.
    pub(crate) fn kill9(&self, seat: usize) -> bool {
        let pid = lock(&self.seats).pids[seat].take();
        pid.is_some_and(|pid| kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).is_ok())
    }

    /// Workers that have died so far.
    pub(crate) fn deaths(&self) -> usize {
        lock(&self.seats).deaths
    }

    /// Ends all workers, gently.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        while let Some(kept) = self.keepers.join_next().await {
            kept??;
        }
        Ok(())
    }
}

impl Recipe {
    async fn worker(&self) -> anyhow::Result<Process> {
        Process::start(&self.binary, &["worker"], &self.env).await
    }
}

/// Keeps a seat taken.
struct Keeper {
    recipe: Recipe,
    seats: Arc<Mutex<Seats>>,
    seat: usize,
    stopped: watch::Receiver<bool>,
}

impl Keeper {
    async fn keep(mut self, mut process: Process) -> anyhow::Result<()> {
        loop {
            lock(&self.seats).pids[self.seat] = Some(process.pid());
            tokio::select! {
                gone = process.gone() => drop(gone?),
                () = self.told_to_stop() => return process.end().await,
            }
            self.died();
            process = self.successor().await;
        }
    }

    async fn told_to_stop(&mut self) {
        // The crew outlives its keepers.
        let _ = self.stopped.wait_for(|&stopped| stopped).await;
    }

    fn died(&self) {
        let mut seats = lock(&self.seats);
        seats.pids[self.seat] = None;
        seats.deaths += 1;
    }

    async fn successor(&self) -> Process {
        loop {
            match self.recipe.worker().await {
                Ok(process) => return process,
                // It may die of what it claims before it says that it is ready.
                Err(_) => self.died(),
            }
            sleep(AGAIN).await;
        }
    }
}

fn lock(seats: &Mutex<Seats>) -> MutexGuard<'_, Seats> {
    seats.lock().unwrap_or_else(PoisonError::into_inner)
}
