//! Runs code in children: one fresh process for each run, without credentials, that ends with it.

use std::num::NonZero;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Once;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::code_runner::frame::{self, FrameError};
use crate::code_runner::protocol::{Class, Ended, Failure, INPUT_DEPTH_MAX, Job, Level, Limits, Line, Said, is_within};
use crate::node_type::{LogLevel, LogSink};

/// Children of a process at a time: so many for each core, and so many at most. Others wait.
const CHILDREN_PER_CORE: usize = 2;
const CHILDREN_MAX: usize = 32;
/// What a child needs beside the time of its code, at most. It judges that time itself, and is killed after both.
const GRACE: Duration = Duration::from_secs(5);
/// How tools show a child.
const SHOWN_AS: &str = "capstan";

/// Which program a child is.
#[derive(Clone, Debug)]
pub struct RunnerProgram {
    /// Its file.
    pub program: PathBuf,
    /// What makes it serve a run.
    pub args: Vec<String>,
}

/// Starts children.
pub struct CodeRunner {
    program: RunnerProgram,
    places: Semaphore,
    told: Once,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The code's own fault.
    #[error("{}", .0.reason)]
    Code(Failure),
    /// The child could not begin.
    #[error("the process for the code could not begin: {0}")]
    Start(#[source] FrameError),
    /// Somebody killed the child, or the system did for want of memory.
    #[error("the process that ran the code was killed from outside")]
    Killed,
}

impl Default for RunnerProgram {
    /// This program itself, also after its file was replaced.
    fn default() -> Self {
        let itself = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() };
        Self { program: itself.unwrap_or_else(|_| SHOWN_AS.into()), args: vec!["code-runner".into()] }
    }
}

impl CodeRunner {
    /// Starts nothing yet.
    #[must_use]
    pub fn new(program: RunnerProgram) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let places = Semaphore::new((CHILDREN_PER_CORE * cores).min(CHILDREN_MAX));
        Self { program, places, told: Once::new() }
    }

    /// One run, in a child of its own, once there is a place for it. The child does not outlive this call.
    ///
    /// # Errors
    /// Whatever hindered a result.
    pub async fn run(&self, job: &Job, limits: Limits, log: &dyn LogSink) -> Result<serde_json::Value, CodeError> {
        if !is_within(&job.input, INPUT_DEPTH_MAX) {
            let reason = format!("the input is nested more than {INPUT_DEPTH_MAX} deep; name smaller parts of it");
            return Err(Failure::new(Class::Error, reason).into());
        }
        let job = frame::bytes(job).map_err(|error| Failure::new(Class::Error, format!("the input is {error}")))?;
        let _place = self.places.acquire().await.map_err(|_| CodeError::Killed)?;
        let mut child = self.start().map_err(|error| CodeError::Start(error.into()))?;
        let patience = Duration::from_millis(limits.timeout_ms) + GRACE;
        let ended = timeout(patience, self.talk(&mut child, &job, limits, log)).await;
        let ended = ended.unwrap_or_else(|_| Err(Failure::late(&limits).into()));
        // It has nothing more to do; the place is free once it is gone.
        let _ = child.start_kill();
        if let Err(error) = child.wait().await {
            tracing::warn!(%error, "a process that ran code cannot be ended");
        }
        ended
    }

    fn start(&self) -> std::io::Result<Child> {
        let mut command = std::process::Command::new(&self.program.program);
        // Without a time zone, so that dates look the same on every machine.
        command.arg0(SHOWN_AS).args(&self.program.args).env_clear().env("TZ", "UTC0");
        let mut command = Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()
    }

    async fn talk(
        &self,
        child: &mut Child,
        job: &[u8],
        limits: Limits,
        log: &dyn LogSink,
    ) -> Result<serde_json::Value, CodeError> {
        let (Some(mut asks), Some(mut says)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(CodeError::Start(std::io::Error::other("it has no pipes").into()));
        };
        let limits_frame = frame::bytes(&limits).map_err(CodeError::Start)?;
        asks.write_all(&limits_frame).await.map_err(|error| CodeError::Start(error.into()))?;
        match frame::receive(&mut says).await.map_err(CodeError::Start)? {
            Said::Confined { missing } => self.tell(&missing),
            Said::Unconfined { lack } => {
                let lack = format!("this system does not let it be confined: it lacks {lack}");
                return Err(CodeError::Start(std::io::Error::other(lack).into()));
            }
            _ => return Err(CodeError::Start(std::io::Error::other("it is not confined").into())),
        }
        // If it dies over this, its end tells more than the broken pipe.
        let _ = asks.write_all(job).await;
        match listen(&mut says, log).await {
            Ok(Ended::Returned(output)) => Ok(output),
            Ok(Ended::Failed(failure)) => Err(failure.into()),
            Err(FrameError::Io(_)) => Err(cause(child.wait().await, &limits)),
            Err(error) => Err(Failure::new(Class::Crash, format!("the process of the code sent {error}")).into()),
        }
    }

    /// What a system lacks to confine children is said once.
    fn tell(&self, missing: &[String]) {
        if !missing.is_empty() {
            self.told.call_once(|| {
                tracing::warn!(
                    missing = missing.join("; "),
                    "processes that run code are less confined than they could be"
                );
            });
        }
    }
}

/// Takes lines until the run ends.
async fn listen(says: &mut ChildStdout, log: &dyn LogSink) -> Result<Ended, FrameError> {
    loop {
        match frame::receive(says).await? {
            Said::Confined { .. } | Said::Unconfined { .. } => {}
            Said::Line(Line { level, text }) => log.log(level.into(), &text),
            Said::Ended(ended) => return Ok(ended),
        }
    }
}

/// What the end of a child means that had not told what came of the code.
fn cause(ended: std::io::Result<ExitStatus>, limits: &Limits) -> CodeError {
    let signal = ended.as_ref().ok().and_then(|status| Signal::try_from(status.signal()?).ok());
    match (signal, ended) {
        (Some(Signal::SIGKILL), _) => CodeError::Killed,
        (Some(Signal::SIGXCPU), _) => Failure::late(limits).into(),
        (_, Ok(status)) => Failure::new(Class::Crash, format!("the code brought its process down: {status}")).into(),
        (_, Err(error)) => CodeError::Start(error.into()),
    }
}

impl From<Failure> for CodeError {
    fn from(failure: Failure) -> Self {
        Self::Code(failure)
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}
