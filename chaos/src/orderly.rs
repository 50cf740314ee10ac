//! A program that ends in an orderly way: what it has set up is taken down, also when it is told to end.

use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::remains::leave;

/// Longest wait for what goes on beside to let go of what it holds.
const LETTING_GO_MAX: Duration = Duration::from_secs(20);
/// As a shell tells of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// The `capstan` binary that is named, or the one beside this program.
///
/// # Errors
/// If there is none.
pub fn product(named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let binary = match named {
        Some(binary) => binary,
        None => std::env::current_exe()?.parent().context("this program lies in no folder")?.join("capstan"),
    };
    anyhow::ensure!(binary.exists(), "{} is not there: build it, or set CHAOS_BINARY", binary.display());
    Ok(binary)
}

/// Prints a line.
pub fn say(text: &str) {
    // Who does not listen any more misses it.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Works until that is done, or SIGINT or SIGTERM comes; whatever `work` and its tasks own is dropped before this
/// returns.
///
/// # Errors
/// Those of `work`.
pub fn run_to_end(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        let (mut interrupt, mut end) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            code = work => code,
            _ = interrupt.recv() => Ok(ExitCode::from(INTERRUPTED)),
            _ = end.recv() => Ok(ExitCode::from(INTERRUPTED)),
        }
    });
    // Tasks are dropped with what they own: processes, folders.
    runtime.shutdown_timeout(LETTING_GO_MAX);
    leave();
    code
}
