//! `capstan-storm`: very many events at once. The last line of its output is one JSON object.

use std::path::PathBuf;
use std::process::ExitCode;

use capstan_chaos::orderly::{product, run_to_end, say};
use capstan_chaos::storm::{Settings, run};
use clap::Parser;

/// Proves that no event of a storm is lost, that those of an aggregate keep their order, and that they are taken in fast.
#[derive(Parser)]
struct Args {
    /// Facts: a multiple of the aggregates.
    #[arg(long, default_value_t = 100_000)]
    facts: usize,
    /// Aggregates that they are of.
    #[arg(long, default_value_t = 1_000)]
    aggregates: usize,
    /// Clients that send them side by side.
    #[arg(long, default_value_t = 4)]
    clients: usize,
    /// Worker processes.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(prove(Args::parse()))
}

async fn prove(args: Args) -> anyhow::Result<ExitCode> {
    let Args { facts, aggregates, clients, workers, binary } = args;
    let binary = product(binary)?;
    anyhow::ensure!(aggregates > 0 && facts.is_multiple_of(aggregates), "each aggregate has as many facts");
    let report = run(&Settings { binary, facts, aggregates, clients: clients.max(1), workers }, say).await?;
    say(&report.json().to_string());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
