//! `capstan-poison`: executions that kill their workers, among many that do no harm. The last line of its output is one
//! JSON object.

use std::path::PathBuf;
use std::process::ExitCode;

use capstan_chaos::orderly::{product, run_to_end, say};
use capstan_chaos::poison::{Settings, run};
use clap::Parser;

/// Nothing went wrong, but something that is promised did not hold.
const MISSED: u8 = 3;

/// Proves that a node which kills its workers is set aside, alone, and hardly noticed.
#[derive(Parser)]
struct Args {
    /// Executions that do no harm.
    #[arg(long, default_value_t = 20_000)]
    executions: usize,
    /// Executions that kill their workers.
    #[arg(long, default_value_t = 20)]
    poison: usize,
    /// Worker processes.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Executions that a worker has active at a time.
    #[arg(long, default_value_t = 64)]
    slots: usize,
    /// How long the call of each harmless execution takes, in milliseconds.
    #[arg(long, default_value_t = 400)]
    call_ms: u64,
    /// Drains without and with poison, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(prove(Args::parse()))
}

async fn prove(args: Args) -> anyhow::Result<ExitCode> {
    let Args { executions, poison, workers, slots, call_ms, rounds, binary } = args;
    let binary = product(binary)?;
    let report = run(Settings { binary, executions, poison, workers, slots, call_ms, rounds }, say).await?;
    say(&report.text());
    say(&report.json().to_string());
    Ok(match (report.is_good(), report.missed().is_empty()) {
        (false, _) => ExitCode::FAILURE,
        (true, false) => ExitCode::from(MISSED),
        (true, true) => ExitCode::SUCCESS,
    })
}
