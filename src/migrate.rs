//! `capstan migrate`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;

/// Which database to migrate.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Brings both schemas to the newest version; may be run as often as one likes.
pub(crate) async fn run(args: &MigrateArgs, json: bool) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "migrate").await?;
    database.migrate().await?;
    let (control, cell) = (&database.control.schema, &database.cell.schema);
    output::result(json, &json!({"migrated": [control, cell]}), &format!("migrated schemas {control} and {cell}"));
    Ok(ExitCode::SUCCESS)
}
