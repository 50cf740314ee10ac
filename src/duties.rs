//! `capstan duties`

use std::process::ExitCode;

use capstan_engine::store::duties;
use clap::Args;
use serde_json::{Value, json};

use crate::cells::CellArgs;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output::{self, table};

/// Of which cell.
#[derive(Args, Debug)]
pub(crate) struct DutiesArgs {
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan duties`: says which duties of upkeep there are, and what came of them last. Fails if one failed.
pub(crate) async fn run(args: &DutiesArgs, json: bool) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "duties").await?;
    database.require_migrated().await?;
    let rows = duties::list(&mut args.cell.worker(&database).await?).await?;
    let is_good = rows.iter().all(|row| row.is_done != Some(false));
    let rows: Vec<Value> = rows.iter().map(|row| json!(row)).collect();
    let text = if rows.is_empty() {
        "no worker has taken up a duty yet".to_owned()
    } else {
        table::plain(&["name", "holder", "leased_until", "last_ended_at", "next_due_at", "outcome"], &rows)
    };
    output::result(json, &json!({ "duties": rows }), &text);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
