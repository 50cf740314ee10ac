//! `capstan worker`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use crate::config::{DatabaseArgs, FleetArgs, MetricsArgs, NodeTypeArgs, ServiceArgs};
use crate::database::Database;
use crate::fleet::{self, Reach};
use crate::secret_keys::SecretArgs;
use crate::serve::local_url;
use crate::{interrupt, output};

/// Settings of a worker process.
#[derive(Args, Debug)]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    services: ServiceArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    fleet: FleetArgs,
    #[command(flatten)]
    node_types: NodeTypeArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
}

/// Works until SIGINT or SIGTERM, then finishes or gives back what runs.
pub(crate) async fn run(args: WorkerArgs, json: bool) -> anyhow::Result<ExitCode> {
    let stop = interrupt::token()?;
    let metrics_url = tell_metrics(&args.metrics).await?;
    let database = Database::connect(&args.database, "worker").await?;
    database.require_migrated().await?;
    let keys = args.secrets.ring()?;
    let services = fleet::services(&args.services, Reach::default(), &database.cell, &keys)?;
    let registry = Arc::new(args.node_types.registry());
    let worker = fleet::worker(&database.cell, &registry, services, &args.fleet, Arc::clone(&keys)).await?;
    let cells = fleet::cells(&database.control, &registry, &args.services, Reach::default(), &args.fleet, keys);
    if args.services.smtp().is_none() {
        tracing::warn!("no mail server is set: mail goes to the sandbox mailbox at /dev/mail (see CAPSTAN_SMTP_URL)");
    }
    tracing::info!(cell = database.cell.schema, slots = args.fleet.slots, "working");
    if json {
        let ready = json!({ "event": "ready", "pid": std::process::id(), "metrics_url": metrics_url });
        output::line(&ready.to_string());
    }
    let outcome = tokio::select! {
        () = stop.cancelled() => ExitCode::SUCCESS,
        () = worker.broken() => ExitCode::FAILURE,
    };
    fleet::drain(worker, cells).await;
    tracing::info!("drained");
    Ok(outcome)
}

/// Answers `GET /metrics` until the process ends, also while it drains, if an address is set; which one it is.
async fn tell_metrics(args: &MetricsArgs) -> anyhow::Result<Option<String>> {
    let Some(address) = args.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} for metrics (CAPSTAN_METRICS_LISTEN)"))?;
    let url = format!("{}/metrics", local_url(listener.local_addr()?));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, capstan_api::metrics::router()).await {
            tracing::warn!(%error, "metrics are not told any more");
        }
    });
    Ok(Some(url))
}
