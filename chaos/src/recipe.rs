//! How the worker of each slot is started.

use std::sync::atomic::AtomicU64;

use crate::clock::WrongClock;
use crate::machines::Machines;
use crate::process::Process;
use crate::program::{Manner, Pass, Program};

/// The command that starts a worker.
const WORKER: [&str; 1] = ["worker"];
/// Executions that a worker has active at a time: few, so that all workers have some.
const SLOTS: &str = "24";

/// What all workers, and those of each slot, are started with.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) program: Program,
    pub(crate) urls: Vec<String>,
    pub(crate) site: String,
    /// By slot.
    pub(crate) wraps: Vec<Vec<String>>,
    /// None if no clock is to be wrong.
    pub(crate) wrong_clock: Option<WrongClock>,
    pub(crate) of_build_before: AtomicU64,
    pub(crate) machines: Machines,
}

impl Recipe {
    /// Starts one, and waits until it is ready.
    pub(crate) async fn worker(&self, slot: usize, manner: &Manner) -> anyhow::Result<Process> {
        self.program.start(&WORKER, &self.env(slot), manner).await
    }

    /// How the worker of a slot is started; its clock is so many seconds ahead.
    pub(crate) fn manner(&self, slot: usize, off_s: i64) -> Manner {
        let clock = self.wrong_clock.as_ref().filter(|_| off_s != 0);
        let env = clock.map(|clock| clock.env(off_s)).unwrap_or_default();
        Manner { wrap: self.wraps[slot].clone(), env, is_before: false }
    }

    /// Starts one that dies at a point.
    pub(crate) fn arm(&self, slot: usize, at: Pass) -> anyhow::Result<Process> {
        self.program.arm(&WORKER, &self.env(slot), &self.manner(slot, 0), at)
    }

    fn env(&self, slot: usize) -> [(&'static str, String); 6] {
        [
            ("DATABASE_URL", self.urls[slot].clone()),
            ("CAPSTAN_ALLOW_PRIVATE", self.site.clone()),
            ("CAPSTAN_SLOTS", SLOTS.into()),
            ("CAPSTAN_ALLOW_CRASH", "true".into()),
            ("CAPSTAN_LOG", "capstan=info".into()),
            self.machines.env(slot),
        ]
    }
}
