//! A process of the `capstan` binary.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::trace::{LOG, RECORD};

/// Longest wait for a process to get ready, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: u32,
    out: Lines<BufReader<ChildStdout>>,
}

/// A process that ended before it was ready.
#[derive(Debug)]
pub(crate) struct EndedEarly {
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
}

impl fmt::Display for EndedEarly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ended early with {}", self.pid, self.status)
    }
}

impl std::error::Error for EndedEarly {}

/// Whether SIGKILL has ended it, as at a named point.
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::SIGKILL as i32)
}

impl Process {
    /// Starts `capstan --json` with `args` and nothing but `env`.
    pub(crate) fn spawn(binary: &Path, args: &[&str], env: &[(&str, String)]) -> anyhow::Result<Self> {
        Self::spawn_by(&[], binary, args, env)
    }

    /// The same by way of a command that becomes it: `wrap` are the words of that command.
    pub(crate) fn spawn_by(
        wrap: &[String],
        binary: &Path,
        args: &[&str],
        env: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let mut command = command(wrap, binary, args, env);
        let spawned = command.stdout(Stdio::piped()).stderr(log_file(env)?).kill_on_drop(true).spawn();
        let mut child = spawned.with_context(|| format!("{} was not started", binary.display()))?;
        let pid = child.id().context("it has ended")?;
        let out = BufReader::new(child.stdout.take().context("its output is piped")?).lines();
        Ok(Self { child, pid, out })
    }

    /// The same without such a command, and waits until it is ready.
    pub(crate) async fn start(binary: &Path, args: &[&str], env: &[(&str, String)]) -> anyhow::Result<Self> {
        let mut process = Self::spawn(binary, args, env)?;
        process.ready().await.with_context(|| format!("{} failed", args.join(" ")))?;
        Ok(process)
    }

    /// Waits until it says that it is ready, and what else it says then.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<Value> {
        let line = timeout(PATIENCE, self.out.next_line()).await.context("it did not get ready")??;
        let Some(line) = line else { bail!(EndedEarly { pid: self.pid, status: self.ended().await? }) };
        let ready: Value = serde_json::from_str(&line)?;
        anyhow::ensure!(ready["event"] == "ready", "it said {line}");
        Ok(ready)
    }

    /// Runs `capstan --json` with `args` to its end and reads its result.
    pub(crate) async fn result(binary: &Path, args: &[&str], env: &[(&str, String)]) -> anyhow::Result<Value> {
        let output = command(&[], binary, args, env).kill_on_drop(true).output().await?;
        let (out, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        anyhow::ensure!(output.status.success(), "{args:?} ended with {}: {out}{log}", output.status);
        Ok(serde_json::from_str(out.lines().last().unwrap_or_default())?)
    }

    /// Its process id, also after its end.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Its state as the system tells it, such as `T (stopped)`.
    pub(crate) fn state(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        state.map_or_else(|| "not known".to_owned(), |state| state.trim().to_owned())
    }

    /// Stops it again if somebody has woken it, and tells whether that was so. The system does it: when whoever has started
    /// a group of processes goes, it wakes all that is stopped in the group.
    pub(crate) fn stop_again(&self) -> bool {
        let state = self.state();
        let is_awake = state.starts_with(['R', 'S', 'D']);
        is_awake && self.signal(Signal::SIGSTOP).is_ok()
    }

    /// How it has ended, by itself or by a signal; none while it runs.
    pub(crate) fn end_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        // A child that was not waited for keeps its number.
        anyhow::ensure!(self.child.id().is_some(), "process {} has ended", self.pid);
        Ok(kill(Pid::from_raw(self.pid.cast_signed()), signal)?)
    }

    /// Waits for its end, however long it works.
    pub(crate) async fn gone(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Waits for its end, which is near.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(timeout(PATIENCE, self.child.wait()).await.context("the process did not end")??)
    }

    /// Waits for a while until it has ended by itself; tells it to end otherwise.
    pub(crate) async fn ended_within(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        match timeout(patience, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                self.signal(Signal::SIGTERM)?;
                self.ended().await
            }
        }
    }

    /// Asks it to end with SIGTERM; it must end well.
    pub(crate) async fn end(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.ended().await?;
        anyhow::ensure!(status.success(), "process {} ended with {status} after SIGTERM", self.pid);
        Ok(())
    }
}

/// Where logs go, one file for all processes: where `CHAOS_LOG` says; if it is unset beside what they record.
pub(crate) fn log_path(records: &Path) -> PathBuf {
    std::env::var_os("CHAOS_LOG").map_or_else(|| records.join(LOG), PathBuf::from)
}

/// A process that records nothing logs nothing, unless `CHAOS_LOG` is set.
fn log_file(env: &[(&str, String)]) -> anyhow::Result<Stdio> {
    let records = env.iter().find(|(name, _)| *name == RECORD).map(|(_, folder)| Path::new(folder));
    if records.is_none() && std::env::var_os("CHAOS_LOG").is_none() {
        return Ok(Stdio::null());
    }
    let path = log_path(records.unwrap_or(Path::new("")));
    let file = std::fs::File::options().create(true).append(true).open(path)?;
    Ok(file.into())
}

fn command(wrap: &[String], binary: &Path, args: &[&str], env: &[(&str, String)]) -> Command {
    let mut words = wrap.iter().map(OsStr::new).chain([binary.as_os_str()]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command.arg("--json").args(args).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn until_stopped(process: &Process) {
        while process.state() != "T (stopped)" {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_stopped_process_that_somebody_wakes_is_stopped_again() {
        let wrap = ["sh", "-c", "exec sleep 60"].map(str::to_owned);
        let process = Process::spawn_by(&wrap, Path::new("capstan"), &[], &[]).unwrap();
        process.signal(Signal::SIGSTOP).unwrap();
        until_stopped(&process).await;
        assert!(!process.stop_again());
        process.signal(Signal::SIGCONT).unwrap();
        while !process.stop_again() {
            tokio::task::yield_now().await;
        }
        until_stopped(&process).await;
    }
}
