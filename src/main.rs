//! The `capstan` binary: reads the command line and runs one command.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod accounts;
mod admin;
mod archive;
mod bench;
mod billing;
mod cells;
mod cli;
mod client;
mod code_runner;
mod config;
mod database;
mod demo;
mod dev;
mod doctor;
mod document;
mod duties;
mod exec;
mod execution;
mod explain;
mod files;
mod fleet;
mod follow;
mod gmail_client;
mod interrupt;
mod key;
mod login_providers;
mod mail_in;
mod mailbox;
mod maintain;
mod memory;
mod migrate;
mod output;
mod pack;
mod parent;
mod plan;
mod pooler;
mod provision;
mod publish;
mod replica;
mod retention;
mod secret_keys;
mod secrets;
mod serve;
mod stats;
mod telemetry;
mod tenant;
mod test;
mod user;
mod validate;
mod worker;
mod workflow;
mod workspace;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// Half of the worker's own time went to the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    if code_runner::is_asked_for() {
        return code_runner::run();
    }
    let cli = cli::Cli::parse();
    let json = cli.json;
    run(cli).unwrap_or_else(|error| output::failure::report(&error, json))
}

fn run(cli: cli::Cli) -> anyhow::Result<ExitCode> {
    telemetry::init(&cli.log, cli.command.is_for_people())?;
    files::raise_limit();
    if let Some(parent) = cli.parent {
        parent::end_with(parent)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let traces = if cli.command.is_traced() { telemetry::Traces::begin() } else { None };
        let done = Box::pin(cli.run()).await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        done
    });
    // Nothing that is still running may hold the process.
    runtime.shutdown_background();
    done
}
