//! `capstan workspace`

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context;
use capstan_domain::access;
use capstan_domain::audit::{self, NewAudit};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Role;
use capstan_engine::store::export::export;
use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use crate::cells;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;
use crate::plan;
use crate::provision::CreatorArgs;
use crate::secret_keys::SecretArgs;

/// The plan without limits.
const UNLIMITED: &str = "unlimited";

/// What to do with workspaces.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Make a workspace.
    Create(CreateArgs),
    /// Write all rows of a workspace on standard output, one line of JSON each, without secrets and hashes.
    Export(ExportArgs),
}

/// What to export.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The workspace's name in addresses.
    slug: String,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The new workspace.
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// Its name in addresses: 3 to 63 of a-z, 0-9 and hyphens.
    slug: String,
    /// What people call it; the slug if absent.
    #[arg(long)]
    name: Option<String>,
    /// Its plan: see `capstan plan list`.
    #[arg(long, env = "CAPSTAN_DEFAULT_PLAN", default_value = UNLIMITED)]
    plan: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan workspace …`.
pub(crate) async fn run(command: &WorkspaceCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        WorkspaceCommand::Create(args) => create(args, json).await,
        WorkspaceCommand::Export(args) => export_all(args).await,
    }
}

async fn create(args: &CreateArgs, json: bool) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "workspace create").await?;
    database.require_migrated().await?;
    let name = args.name.as_deref().unwrap_or(&args.slug);
    let mut owner = database.owner().await?;
    plan::require(&mut owner, &args.plan).await?;
    let id = access::create_workspace(&mut owner, &args.slug, name, &database.cell.schema)
        .await
        .with_context(|| format!("workspace {:?} was not made", args.slug))?;
    plan::give(&database, id, &args.plan).await?;
    let said = format!("workspace {} made ({id}); next: capstan key create --workspace {}", args.slug, args.slug);
    output::result(json, &json!({"workspace_id": id, "slug": args.slug, "name": name}), &said);
    Ok(ExitCode::SUCCESS)
}

/// Writes the rows of `control`, then those of the cell; each schema as it is at one moment.
async fn export_all(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "workspace export").await?;
    database.require_migrated().await?;
    let mut control = database.owner().await?;
    let tenant = access::resolve_slug(&mut control, &args.slug).await?;
    let tenant = tenant.with_context(|| format!("there is no workspace {:?}", args.slug))?;
    let keys = args.secrets.ring_or_empty()?;
    let place = cells::owned(&database.control, &mut control, &args.creator, &tenant.cell, &keys).await?;
    let mut cell = place.connect(Role::Owner).await.context("the cell of the workspace cannot be reached")?;
    // On record before a row goes out.
    let record = NewAudit {
        by_kind: "operator",
        by_id: Uuid::nil(),
        by_name: "command line",
        action: "capstan workspace export",
        subject: &tenant.slug,
        status: 200,
        address: None,
        request_id: "",
        changes: None,
    };
    audit::note(&mut control, tenant.workspace_id, &record).await.context("the export cannot be recorded")?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut rows = 0;
    for connection in [&mut control, &mut cell] {
        rows += export(connection, tenant.workspace_id, |line| writeln!(out, "{line}")).await?;
    }
    out.flush().context("the export cannot be written")?;
    output::note(&format!("exported {rows} rows of workspace {}", tenant.slug));
    Ok(ExitCode::SUCCESS)
}

/// The workspace called `slug`, made if there is none.
pub(crate) async fn ensure(database: &Database, slug: &str, name: &str) -> anyhow::Result<WorkspaceId> {
    let mut owner = database.owner().await?;
    if let Some(tenant) = access::resolve_slug(&mut owner, slug).await? {
        return Ok(tenant.workspace_id);
    }
    let id = access::create_workspace(&mut owner, slug, name, &database.cell.schema)
        .await
        .with_context(|| format!("workspace {slug:?} was not made"))?;
    plan::give(database, id, UNLIMITED).await?;
    Ok(id)
}
