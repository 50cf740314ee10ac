//! `capstan bench`

mod drain;
mod limit;
mod rig;
mod stats;

use std::process::ExitCode;

use clap::Args;

use crate::config::{DatabaseArgs, ServiceArgs};
use crate::output;
use rig::Rig;

/// What to measure.
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Scenarios to run, with commas; all if absent.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Smaller backlogs and one round: to see that it runs, not to quote.
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    services: ServiceArgs,
}

/// Measures, and prints what it measured.
pub(crate) async fn run(args: BenchArgs, _json: bool) -> anyhow::Result<ExitCode> {
    let mut rig = Rig::open(&args.database, args.services.clone()).await?;
    let n = std::env::var("BENCH_N").map_or(if args.quick { 40_000 } else { 120_000 }, |n| n.parse().unwrap_or(0));
    for _ in 0..if args.quick { 1 } else { 3 } {
        if args.only.is_empty() || args.only.iter().any(|name| name == "drain_durable") {
            let (ours, reference) = drain::durable(&mut rig, n).await?;
            output::line(&format!(
                "drain_durable ours {ours:.0} reference {reference:.0} ratio {:.3}",
                ours / reference
            ));
        }
        if args.only.is_empty() || args.only.iter().any(|name| name == "drain_pure") {
            let (ours, reference) = drain::pure(&mut rig, n).await?;
            output::line(&format!("drain_pure ours {ours:.0} reference {reference:.0} ratio {:.3}", ours / reference));
        }
    }
    rig.close().await?;
    Ok(ExitCode::SUCCESS)
}
