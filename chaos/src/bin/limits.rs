//! `capstan-limits`: executions under limits that change, while workers are killed. The last line of its output is one JSON
//! object.

use std::path::PathBuf;
use std::process::ExitCode;

use capstan_chaos::limits::{Settings, run};
use capstan_chaos::orderly::{product, run_to_end, say};
use clap::Parser;

/// Proves that no more executions are at work than limits say, and that no slot is stuck, though workers are killed.
#[derive(Parser)]
struct Args {
    /// Executions.
    #[arg(long, default_value_t = 100_000)]
    executions: usize,
    /// Values of the key that they have in common.
    #[arg(long, default_value_t = 400)]
    keys: usize,
    /// Executions of one value that may be at work; the limit goes up to this and down to half of it.
    #[arg(long, default_value_t = 2)]
    key_max: usize,
    /// Executions of the workflow that may be at work; the limit goes up to this and down to half of it.
    #[arg(long, default_value_t = 96)]
    workflow_max: usize,
    /// Worker processes.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Executions that a worker has active at a time.
    #[arg(long, default_value_t = 64)]
    slots: usize,
    /// How long the call of each execution takes, in milliseconds.
    #[arg(long, default_value_t = 10)]
    call_ms: u64,
    /// Workers that are killed, evenly over the run.
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(prove(Args::parse()))
}

async fn prove(args: Args) -> anyhow::Result<ExitCode> {
    let Args { executions, keys, key_max, workflow_max, workers, slots, call_ms, kills, binary } = args;
    let binary = product(binary)?;
    let settings = Settings { binary, executions, keys, key_max, workflow_max, workers, slots, call_ms, kills };
    let report = run(settings, say).await?;
    say(&report.json().to_string());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
