//! A process of the `capstan` binary.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::PATIENCE;
use crate::holding::{self, stop};

/// Lines of the log that a failed test shows.
const LOG_LINES_MAX: usize = 40;

/// A running process; killed when dropped. Its log is shown if the test fails.
pub(crate) struct Process {
    child: Child,
    name: String,
    log: Log,
    /// What it said when it was ready.
    pub(crate) ready: Value,
    _out: Lines<BufReader<ChildStdout>>,
}

#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
    more: Arc<Notify>,
}

impl Process {
    /// Starts `capstan --json` with `args` and nothing but `env`, and waits until it says that it is ready.
    pub(crate) async fn start(args: &[&str], env: &[(&str, String)]) -> Self {
        Self::try_start(args, env).await.unwrap_or_else(|| panic!("{} ended early", args.join(" ")))
    }

    /// The same; none if it ends before it is ready.
    pub(crate) async fn try_start(args: &[&str], env: &[(&str, String)]) -> Option<Self> {
        let mut command = command(args, env);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let log = Log::default();
        tokio::spawn(log.clone().keep(child.stderr.take().unwrap()));
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let name = args.join(" ");
        let line = timeout(PATIENCE, out.next_line()).await.unwrap_or_else(|_| panic!("{name} did not get ready"));
        let Some(line) = line.unwrap() else {
            eprintln!("{name} ended early: {:#?}", log.lines.lock().unwrap());
            return None;
        };
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["event"], "ready", "{line}");
        Some(Self { child, name, log, ready, _out: out })
    }

    /// Runs `capstan --json` with `args` to its end, which must be a good one, and reads its result.
    pub(crate) async fn result(args: &[&str], env: &[(&str, String)]) -> Value {
        let (status, result) = Self::outcome(args, env).await;
        assert!(status.success(), "{args:?} ended with {status}: {result}");
        result
    }

    /// Runs it to its end, good or bad, and reads its result.
    pub(crate) async fn outcome(args: &[&str], env: &[(&str, String)]) -> (ExitStatus, Value) {
        let output = command(args, env).kill_on_drop(true).output().await.unwrap();
        let (out, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let last = out.lines().last().unwrap_or_else(|| panic!("{args:?} ended with {}: {log}", output.status));
        (output.status, serde_json::from_str(last).unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the process has not been waited for")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        holding::signal(self.id(), signal);
    }

    /// Stops it, and waits until it stands still.
    pub(crate) async fn stop(&self) {
        stop(self.id()).await;
    }

    /// Kills it with -9.
    pub(crate) async fn kill9(mut self) {
        self.signal(Signal::SIGKILL);
        self.ended().await;
    }

    /// Asks it to end with SIGTERM; it must end well.
    pub(crate) async fn end(mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.ended().await;
        assert!(status.success(), "{} ended with {status} after SIGTERM", self.name);
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("{} did not end", self.name)).unwrap()
    }

    /// Waits for its end, however long it works.
    pub(crate) async fn gone(&mut self) {
        self.child.wait().await.unwrap();
    }

    /// Waits until a line of its log holds `text`.
    pub(crate) async fn until_says(&self, text: &str) {
        self.line(&[text]).await;
    }

    /// The first line of its log that holds all of these words, once there is one.
    pub(crate) async fn line(&self, words: &[&str]) -> String {
        let said = async {
            loop {
                let more = self.log.more.notified();
                let is_it = |line: &&String| words.iter().all(|word| line.contains(word));
                if let Some(line) = self.log.lines.lock().unwrap().iter().find(is_it) {
                    return line.clone();
                }
                more.await;
            }
        };
        timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("{} did not say {words:?}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- capstan {} (process {:?}) said last:", self.name, self.child.id());
            self.log.lines.lock().unwrap().iter().for_each(|line| eprintln!("{line}"));
        }
    }
}

impl Log {
    async fn keep(self, from: impl AsyncRead + Unpin) {
        let mut from = BufReader::new(from).lines();
        while let Ok(Some(line)) = from.next_line().await {
            let mut lines = self.lines.lock().unwrap();
            if lines.len() == LOG_LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line);
            drop(lines);
            self.more.notify_waiters();
        }
    }
}

fn command(args: &[&str], env: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capstan"));
    command.arg("--json").args(args).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null());
    command
}
