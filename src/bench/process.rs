//! Processes of this binary: servers and workers as operators run them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// Longest wait for a process to get ready, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Environment of the processes of a cell.
#[derive(Clone)]
pub(crate) struct Settings(Vec<(&'static str, String)>);

impl Settings {
    pub(crate) fn new(url: &str, control_schema: &str, cell_schema: &str) -> Self {
        Self(vec![
            ("DATABASE_URL", url.into()),
            ("CAPSTAN_CONTROL_SCHEMA", control_schema.into()),
            ("CAPSTAN_CELL_SCHEMA", cell_schema.into()),
            ("CAPSTAN_LISTEN", "127.0.0.1:0".into()),
            ("CAPSTAN_LOG", "error".into()),
        ])
    }

    /// The same with one more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }
}

/// A running process; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// What it said when it was ready.
    pub(crate) ready: Value,
    _out: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts `capstan --json COMMAND` with nothing but `settings`, and waits until it says that it is ready.
    pub(crate) async fn start(command: &str, settings: &Settings) -> anyhow::Result<Self> {
        let binary = std::env::current_exe().context("this binary cannot be found")?;
        let mut child = Command::new(binary)
            .args(["--json", command])
            .env_clear()
            .envs(settings.0.iter().map(|(name, value)| (name, value)))
            .env("CAPSTAN_PARENT", std::process::id().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("capstan {command} did not start"))?;
        let mut out = BufReader::new(child.stdout.take().context("a process without output")?).lines();
        let line =
            timeout(PATIENCE, out.next_line()).await.with_context(|| format!("{command} did not get ready"))??;
        let Some(line) = line else { bail!("capstan {command} ended early") };
        let ready: Value = serde_json::from_str(&line).with_context(|| format!("capstan {command} said {line:?}"))?;
        ensure!(ready["event"] == "ready", "capstan {command} said {line:?}");
        Ok(Self { child, ready, _out: out })
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(self.id()?.cast_signed()), Signal::SIGTERM)?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("a process did not end")??;
        ensure!(status.success(), "a process ended with {status}");
        Ok(())
    }

    /// Resident size, in MiB.
    pub(crate) fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?)).context("no /proc here")?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"));
        let kib: f64 = kib.context("no VmRSS in /proc")?.trim().parse()?;
        Ok(kib / 1024.0)
    }

    fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }
}
