//! `capstan migrate`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cells;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;
use crate::provision::CreatorArgs;
use crate::secret_keys::SecretArgs;

/// Which databases to migrate.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    secrets: SecretArgs,
}

/// Brings both schemas to the newest version, and then all dedicated cells; may be run as often as one likes. Fails if a cell was not
/// migrated, after the others.
pub(crate) async fn run(args: &MigrateArgs, json: bool) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "migrate").await?;
    database.migrate().await?;
    let dedicated = cells::migrate_all(&database, &args.creator, args.secrets.ring_or_empty()?.as_ref()).await?;
    for failure in &dedicated.failed {
        output::note(&format!("not migrated: {failure}"));
    }
    let (control, cell) = (&database.control.schema, &database.cell.schema);
    let mut said = format!("migrated schemas {control} and {cell}");
    if dedicated.cells > 0 {
        said += &format!(", and {} dedicated cells", dedicated.cells);
    }
    let result = json!({
        "migrated": [control, cell], "dedicated_cells": dedicated.cells, "failed": dedicated.failed,
    });
    output::result(json, &result, &said);
    Ok(if dedicated.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
