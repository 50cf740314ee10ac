//! `capstan-foreach`: for-each nodes over very many items, while a worker is killed. The last line of its output is one
//! JSON object.

use std::path::PathBuf;
use std::process::ExitCode;

use capstan_chaos::foreach::{Settings, run};
use capstan_chaos::orderly::{product, run_to_end, say};
use capstan_chaos::shared;
use clap::Parser;
use serde_json::json;

/// Proves that no item of a list is lost or out of order, though a worker is killed.
#[derive(Parser)]
struct Args {
    /// Items of each for-each.
    #[arg(long, default_value_t = 10_000)]
    items: usize,
    /// Items of each that run at a time.
    #[arg(long, default_value_t = 50)]
    concurrency: usize,
    /// Executions with a for-each each.
    #[arg(long, default_value_t = 8)]
    executions: usize,
    /// Worker processes.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// How long the call of each item takes, in milliseconds.
    #[arg(long, default_value_t = 50)]
    call_ms: u64,
    /// Only the one list that all workers share.
    #[arg(long)]
    only_shared: bool,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(prove(Args::parse()))
}

async fn prove(args: Args) -> anyhow::Result<ExitCode> {
    let Args { items, concurrency, executions, workers, call_ms, only_shared, binary } = args;
    let binary = product(binary)?;
    let settings = Settings { binary, items, concurrency, executions, workers, call_ms };
    let shared = shared::run(&settings).await?;
    say(&format!("one list for all {shared}"));
    let (mut told, mut is_good) = (json!({}), shared.is_good());
    if !only_shared {
        let report = run(settings, say).await?;
        is_good &= report.is_good();
        told = report.json();
    }
    told["shared"] = shared.json();
    say(&told.to_string());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
