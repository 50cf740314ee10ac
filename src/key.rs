//! `capstan key`

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use capstan_domain::access;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; it is shown this once.
    Create(CreateArgs),
}

/// The new key.
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// Slug of the workspace that it opens.
    #[arg(long)]
    workspace: String,
    /// What it is for.
    #[arg(long, default_value = "command line")]
    name: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan key …`.
pub(crate) async fn run(command: &KeyCommand, json: bool) -> anyhow::Result<ExitCode> {
    let KeyCommand::Create(args) = command;
    let database = Database::connect(&args.database, "key create").await?;
    database.require_migrated().await?;
    let mut owner = database.owner().await?;
    let tenant = access::resolve_slug(&mut owner, &args.workspace).await?.ok_or_else(|| {
        anyhow!("there is no workspace {:?}: make it with `capstan workspace create {0}`", args.workspace)
    })?;
    let (key_id, key) = access::create_key(&mut owner, tenant.workspace_id, &args.name)
        .await
        .with_context(|| format!("the key {:?} was not made", args.name))?;
    let result = json!({"key_id": key_id, "workspace": args.workspace, "name": args.name, "key": key});
    output::result(json, &result, &format!("{key}\n\nKeep it: it is not shown again."));
    Ok(ExitCode::SUCCESS)
}
