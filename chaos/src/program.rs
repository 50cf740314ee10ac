//! The builds of `capstan` that a run works with.

use std::path::PathBuf;

use anyhow::Context;

use crate::plan::Fault;
use crate::point::Point;
use crate::process::Process;
use crate::settings::Settings;
use crate::trace::Records;

/// How a process is told where to die, as `name:pass`.
const ARM: &str = "CAPSTAN_FAILPOINT";
/// How it is told what to do wrong.
const SABOTAGE: &str = "CAPSTAN_SABOTAGE";

/// Starts processes.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    binary: PathBuf,
    faults_binary: Option<PathBuf>,
    /// The build before.
    before: Option<PathBuf>,
    bug: Option<&'static str>,
    /// Where processes record what they do, as a variable of their environment.
    records: (&'static str, String),
}

/// How a process differs from others of its kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// The words of a command that becomes it; empty if there is none.
    pub(crate) wrap: Vec<String>,
    /// What it has in its environment beside what all have.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Whether it is of the build before.
    pub(crate) is_before: bool,
}

/// The pass of a point at which a process dies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) point: Point,
    pub(crate) nth: u64,
}

impl Program {
    /// Whether there is a build before.
    pub(crate) fn has_before(&self) -> bool {
        self.before.is_some()
    }

    /// All processes are of the build for fault tests, if there is one: a record has to tell of all that happened.
    pub(crate) fn of(settings: &Settings, records: &Records) -> Self {
        let bug = settings.bug.filter(|bug| bug.in_processes).map(|bug| bug.name);
        let faults_binary = settings.faults_binary.clone();
        let binary = faults_binary.as_ref().unwrap_or(&settings.binary).clone();
        Self { binary, faults_binary, before: settings.before_binary.clone(), bug, records: records.env() }
    }

    /// Starts a process and waits until it is ready.
    pub(crate) async fn start(
        &self,
        args: &[&str],
        env: &[(&'static str, String)],
        manner: &Manner,
    ) -> anyhow::Result<Process> {
        let mut env = [env, &manner.env, std::slice::from_ref(&self.records)].concat();
        env.extend(self.bug.map(|bug| (SABOTAGE, bug.to_owned())));
        let before = self.before.as_ref().filter(|_| manner.is_before);
        let mut process = Process::spawn_by(&manner.wrap, before.unwrap_or(&self.binary), args, &env)?;
        process.ready().await.with_context(|| format!("{} failed", args.join(" ")))?;
        Ok(process)
    }

    /// Starts a process that dies at a point, and does not wait: it may die early.
    pub(crate) fn arm(
        &self,
        args: &[&str],
        env: &[(&'static str, String)],
        manner: &Manner,
        at: Pass,
    ) -> anyhow::Result<Process> {
        let binary = self.faults_binary.as_ref().context("there is no build that can be killed at points")?;
        let mut env = [env, &manner.env, std::slice::from_ref(&self.records)].concat();
        env.push((ARM, format!("{}:{}", at.point.name, at.nth)));
        Process::spawn_by(&manner.wrap, binary, args, &env)
    }
}

impl Pass {
    pub(crate) fn fault(self) -> Fault {
        Fault::Failpoint { point: self.point, nth: self.nth }
    }

    /// What to try after this did not land: sooner if it was not reached, later if there was no work then.
    pub(crate) fn again(self, died: bool) -> Self {
        let nth = if died { self.nth + self.point.passes_max.div_ceil(4) } else { (self.nth / 2).max(1) };
        Self { nth, ..self }
    }
}
