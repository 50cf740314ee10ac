//! `capstan-deliveries`: webhooks to endpoints of which some hang and some refuse, while workers are killed. The last line of its
//! output is one JSON object.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use capstan_chaos::orderly::{product, run_to_end, say};
use capstan_chaos::outbound::{Settings, run};
use clap::Parser;

/// Proves that endpoints which do not work delay no other, and that no delivery is lost or doubled, though workers are killed.
#[derive(Parser)]
struct Args {
    /// Workspaces.
    #[arg(long, default_value_t = 3)]
    workspaces: usize,
    /// Endpoints of each: a multiple of ten, of which three hang and one refuses; fifty at most.
    #[arg(long, default_value_t = 20)]
    endpoints: usize,
    /// Events of a workspace in a second.
    #[arg(long, default_value_t = 5)]
    rate: u32,
    /// Seconds of each of the three phases: undisturbed, disturbed, with kills.
    #[arg(long, default_value_t = 30)]
    span_s: u64,
    /// Worker processes.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Milliseconds between two kills.
    #[arg(long, default_value_t = 3_000)]
    kill_every_ms: u64,
    /// The `capstan` binary; the one beside this program if absent.
    #[arg(long, env = "CHAOS_BINARY")]
    binary: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    run_to_end(prove(Args::parse()))
}

async fn prove(args: Args) -> anyhow::Result<ExitCode> {
    let binary = product(args.binary)?;
    let settings = Settings {
        binary,
        workspaces: args.workspaces,
        endpoints: args.endpoints,
        rate: args.rate.max(1),
        span: Duration::from_secs(args.span_s),
        workers: args.workers,
        kill_every: Duration::from_millis(args.kill_every_ms),
    };
    let report = run(&settings, say).await?;
    say(&report.json().to_string());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
