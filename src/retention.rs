//! `capstan retention`

use std::process::ExitCode;

use capstan_engine::store::retention::{self, KEEP_DAYS_MAX, KEEP_DAYS_MIN, Retention};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cells::CellArgs;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;

/// Months that are told of.
const MONTHS_MAX: i64 = 24;

/// The setting of workers that takes months.
const ARCHIVE_COMMAND: &str = "CAPSTAN_ARCHIVE_COMMAND";
/// What is said where it is not set.
const NO_COMMAND: &str = "months are to be archived, and CAPSTAN_ARCHIVE_COMMAND is not set here: until all workers have it, none is dropped";

/// What to do with the time for which history is kept.
#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Say for how long, and which months are on their way out or gone.
    Show(Where),
    /// Have workers drop months that are wholly older, with all that their executions were. It cannot be taken back.
    Set(SetArgs),
    /// Keep all history from now on.
    Off(Where),
}

/// Of which cell.
#[derive(Args, Debug)]
pub(crate) struct Where {
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// For how long.
#[derive(Args, Debug)]
pub(crate) struct SetArgs {
    /// Days from the end of a month until it is dropped.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(i64::from(KEEP_DAYS_MIN)..=i64::from(KEEP_DAYS_MAX)))]
    days: i32,
    /// Drop a month only once the CAPSTAN_ARCHIVE_COMMAND of a worker has taken it.
    #[arg(long)]
    archive: bool,
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan retention …`.
pub(crate) async fn run(command: &RetentionCommand, json: bool) -> anyhow::Result<ExitCode> {
    let (args, cell, wish) = match command {
        RetentionCommand::Show(args) => (&args.database, &args.cell, None),
        RetentionCommand::Set(args) => {
            let wish = Retention { keep_days: Some(args.days), is_archived: args.archive };
            (&args.database, &args.cell, Some(wish))
        }
        RetentionCommand::Off(args) => {
            (&args.database, &args.cell, Some(Retention { keep_days: None, is_archived: false }))
        }
    };
    let database = Database::connect(args, "retention").await?;
    database.require_migrated().await?;
    let mut owner = cell.owner(&database).await?;
    if let Some(wish) = wish {
        retention::set(&mut owner, wish).await?;
    }
    let set = retention::retention(&mut owner).await?;
    // Each worker has settings of its own; those of here are most likely theirs.
    let command = std::env::var_os(ARCHIVE_COMMAND).filter(|command| !command.is_empty());
    let warning = (set.is_archived && command.is_none()).then_some(NO_COMMAND);
    if let Some(warning) = warning {
        output::note(&format!("capstan: {warning}"));
    }
    let months = retention::months(&mut owner, MONTHS_MAX).await?;
    let mut lines = vec![in_words(set)];
    lines.extend(months.iter().map(|row| {
        let state = match (row.dropped_at, row.archived_at) {
            (Some(at), Some(_)) => format!("archived, dropped {at}"),
            (Some(at), None) => format!("dropped {at}"),
            (None, Some(at)) => format!("archived {at}"),
            (None, None) => format!("closed {}", row.closed_at),
        };
        format!("{}  {state}", row.month.format("%Y-%m"))
    }));
    let result =
        json!({ "keep_days": set.keep_days, "is_archived": set.is_archived, "months": months, "warning": warning });
    output::result(json, &result, &lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn in_words(set: Retention) -> String {
    match set.keep_days {
        None => "history is kept for good".into(),
        Some(days) if set.is_archived => {
            format!("months are dropped {days} days after their end, once they are archived")
        }
        Some(days) => format!("months are dropped {days} days after their end"),
    }
}
