//! `capstan archive`

use std::io::{self, IsTerminal};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use capstan_domain::cells::{name_in_archive, strangers};
use capstan_engine::store::connect::Role;
use capstan_engine::store::restore::{self, Loaded};
use capstan_engine::store::retention::BY_MONTH;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::io::BufReader;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cells::CellArgs;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::interrupt;
use crate::output::failure::{BadInput, Interrupted};
use crate::output::{self, note, table};

/// Time between two pictures of the bar.
const TICK: Duration = Duration::from_millis(200);
/// Longest time in which what was loaded is dropped again: the statement that was given up ends before.
const DISCARD_MAX: Duration = Duration::from_secs(20);
/// What is said where nothing gives rows.
const NO_COMMAND: &str = "nothing says how rows come out of the archive: set CAPSTAN_RESTORE_COMMAND, or give --command, to a command line \
     that prints what CAPSTAN_ARCHIVE_COMMAND was given";

/// What to do with months that were archived.
#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Load a month that was archived and dropped: into a database beside the installation, or where history is kept for that long.
    Load(LoadArgs),
}

/// What to load, and out of what.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// The month, e.g. 2026-01.
    #[arg(value_name = "MONTH", value_parser = month)]
    month: NaiveDate,
    /// Command line that prints the rows of CAPSTAN_ARCHIVE_TABLE, of CAPSTAN_ARCHIVE_MONTH and CAPSTAN_ARCHIVE_SCHEMA, as lines of JSON.
    #[arg(long, env = "CAPSTAN_RESTORE_COMMAND", hide_env_values = true, value_name = "COMMAND")]
    command: Option<String>,
    /// Load this table only, and others that are named as well; one that is not there is made without rows.
    #[arg(long = "table", value_name = "TABLE", value_parser = BY_MONTH)]
    tables: Vec<String>,
    /// CAPSTAN_ARCHIVE_SCHEMA as it was when the month was archived; that of the cell if absent.
    #[arg(long, value_name = "NAME")]
    archived_as: Option<String>,
    /// Look whether all rows can be loaded, and leave everything as it is.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl LoadArgs {
    /// The tables that are asked for, in their order; all if none is named.
    fn chosen(&self) -> Vec<&'static str> {
        let is_chosen = |table: &str| self.tables.is_empty() || self.tables.iter().any(|name| name == table);
        BY_MONTH.into_iter().filter(|&table| is_chosen(table)).collect()
    }
}

/// Runs `capstan archive …`.
pub(crate) async fn run(command: &ArchiveCommand, json: bool) -> anyhow::Result<ExitCode> {
    let ArchiveCommand::Load(args) = command;
    let Some(command) = args.command.as_deref().map(str::trim).filter(|command| !command.is_empty()) else {
        return Err(BadInput(NO_COMMAND.into()).into());
    };
    let database = Database::connect(&args.database, "archive load").await?;
    database.require_migrated().await?;
    let place = args.cell.owned(&database).await?;
    let mut owner = place.connect(Role::Owner).await.context("the cell cannot be reached as its owner")?;
    let tables = args.chosen();
    if !args.dry_run {
        restore::check(&mut owner, args.month, &tables).await?;
    }
    let cell = args.archived_as.as_deref().unwrap_or_else(|| name_in_archive(&place));
    let source = Source { command, cell, month: args.month, only: args.cell.only(&database).await? };
    let stop = interrupt::token()?;
    restore::begin(&mut owner, args.month, &tables, source.only).await?;
    let done = Box::pin(load(&mut owner, &source, &tables, args.dry_run, json, &stop)).await;
    if done.is_err() || args.dry_run {
        discard(&mut owner, args.month).await;
    }
    let done = match done {
        Err(_) if stop.is_cancelled() => {
            return Err(Interrupted(format!("nothing of {} was loaded", source.named())).into());
        }
        done => done?,
    };
    if !args.dry_run
        && let Err(error) = args.cell.announce(&database).await
    {
        note(&format!("capstan: workers write words of it at their next visit only: {error:#}"));
    }
    let unseen = match unseen(&database, &place.schema, &done.workspaces).await {
        Ok(rows) => Some(rows),
        Err(error) => {
            note(&format!("capstan: whether its workspaces live in this cell is not known: {error:#}"));
            None
        }
    };
    tell(&source, &done, unseen, args.dry_run, json);
    Ok(ExitCode::SUCCESS)
}

/// What was loaded.
struct Done {
    tables: Vec<(&'static str, Loaded)>,
    /// Rows of the first of them by workspace; none of a dedicated cell, which holds one.
    workspaces: Vec<(Uuid, i64)>,
}

/// Loads one table after the other, and has all of them seen at once. Told to stop, it fails, unless they are just becoming part of the
/// history.
async fn load(
    owner: &mut PgConnection,
    source: &Source<'_>,
    tables: &[&'static str],
    dry_run: bool,
    json: bool,
    stop: &CancellationToken,
) -> anyhow::Result<Done> {
    let progress = Progress::new(tables.len(), json);
    let mut done = Vec::new();
    for &table in tables {
        let loading = Box::pin(source.load(owner, table, &progress));
        let Some(loaded) = stop.run_until_cancelled(loading).await else { bail!("it was told to stop") };
        let loaded = loaded?;
        if table == "executions" && loaded.rows == 0 {
            bail!(
                "the archive gave no execution: was {} of \"{}\" archived under these names (--archived-as)?",
                source.named(),
                source.cell
            );
        }
        progress.done(table, loaded);
        done.push((table, loaded));
    }
    progress.end();
    restore::check_whole(&done)?;
    let workspaces = match source.only {
        None => restore::workspaces(owner, tables[0], source.month).await?,
        Some(_) => Vec::new(),
    };
    if !dry_run {
        restore::attach(owner, source.month, tables, || stop.is_cancelled()).await?;
    }
    Ok(Done { tables: done, workspaces })
}

/// Drops what was loaded. A database that does not answer holds nobody up. The first answer may be that of a statement that was given up.
async fn discard(owner: &mut PgConnection, month: NaiveDate) {
    let discarding = async {
        match restore::discard(owner, month).await {
            Err(_) => restore::discard(owner, month).await,
            done => done,
        }
    };
    let left = match timeout(DISCARD_MAX, discarding).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the database does not answer".to_owned(),
    };
    note(&format!("capstan: what was loaded is seen by nobody, and is dropped by the next load of the month: {left}"));
}

/// How many of these rows are of workspaces that do not live in the pooled cell of that schema: nobody sees them.
async fn unseen(database: &Database, schema: &str, rows: &[(Uuid, i64)]) -> anyhow::Result<i64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let workspaces: Vec<Uuid> = rows.iter().map(|(workspace_id, _)| *workspace_id).collect();
    let strangers = strangers(&mut database.owner().await?, schema, &workspaces).await?;
    Ok(rows.iter().filter(|(workspace_id, _)| strangers.contains(workspace_id)).map(|(_, rows)| rows).sum())
}

/// Where rows come from.
struct Source<'a> {
    command: &'a str,
    /// What the cell was called when the month was archived.
    cell: &'a str,
    month: NaiveDate,
    /// The one workspace of a dedicated cell: rows of another one are refused.
    only: Option<Uuid>,
}

impl Source<'_> {
    fn named(&self) -> String {
        self.month.format("%Y-%m").to_string()
    }

    async fn load(&self, owner: &mut PgConnection, table: &'static str, progress: &Progress) -> anyhow::Result<Loaded> {
        let mut child = self.spawn(table).context("the command that gives rows cannot be run")?;
        let rows = child.stdout.take().context("the command that gives rows has no output")?;
        let told = |loaded| progress.is_at(table, loaded);
        let loaded = restore::load(owner, table, self.month, &mut BufReader::new(rows), told).await?;
        // Its lines have ended: whether they were all, it says now.
        let status = child.wait().await?;
        if !status.success() {
            bail!(
                "the command did not give all rows of {table} ({status} after {} lines): nothing was loaded",
                loaded.rows
            );
        }
        Ok(loaded)
    }

    fn spawn(&self, table: &str) -> io::Result<Child> {
        Command::new("/bin/sh")
            .args(["-c", self.command])
            .env("CAPSTAN_ARCHIVE_SCHEMA", self.cell)
            .env("CAPSTAN_ARCHIVE_TABLE", table)
            .env("CAPSTAN_ARCHIVE_MONTH", self.named())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Says what was loaded; `unseen` rows of the first table are of workspaces that do not live there, if that is known.
fn tell(source: &Source<'_>, done: &Done, unseen: Option<i64>, dry_run: bool, json: bool) {
    let rows: Vec<Value> = done
        .tables
        .iter()
        .map(|(table, loaded)| json!({ "table": table, "rows": loaded.rows, "bytes": loaded.bytes }))
        .collect();
    let named = source.named();
    let shown: Vec<Value> = done
        .tables
        .iter()
        .map(|(table, loaded)| {
            json!({ "table": table, "rows": loaded.rows.to_string(), "size": HumanBytes(loaded.bytes).to_string() })
        })
        .collect();
    let said = if dry_run {
        format!("{named} can be loaded; nothing was changed")
    } else {
        format!("{named} is part of the history again")
    };
    if let (Some(rows @ 1..), Some((table, _))) = (unseen, done.tables.first()) {
        note(&format!(
            "capstan: {rows} rows of {table} are of workspaces that do not live in this cell: nobody sees them"
        ));
    }
    let text = format!("{}\n{said}", table::plain(&["table", "rows", "size"], &shown));
    output::result(
        json,
        &json!({ "month": named, "is_loaded": !dry_run, "tables": rows, "unseen_rows": unseen }),
        &text,
    );
}

/// How far it is, on standard error: a bar in a terminal, else a line for each table.
struct Progress {
    bar: Option<ProgressBar>,
    is_silent: bool,
}

impl Progress {
    fn new(tables: usize, json: bool) -> Self {
        let bar = (!json && io::stderr().is_terminal()).then(|| bar(tables as u64));
        Self { bar, is_silent: json }
    }

    fn is_at(&self, table: &str, loaded: Loaded) {
        if let Some(bar) = &self.bar {
            bar.set_message(in_words(table, loaded));
        }
    }

    fn done(&self, table: &str, loaded: Loaded) {
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.is_silent => {}
            None => note(&in_words(table, loaded)),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn in_words(table: &str, loaded: Loaded) -> String {
    format!("{table}: {} rows, {}", loaded.rows, HumanBytes(loaded.bytes))
}

fn bar(tables: u64) -> ProgressBar {
    let bar = ProgressBar::new(tables);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} tables {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

/// The first day of a month, as `capstan retention show` and archives write it.
fn month(text: &str) -> Result<NaiveDate, String> {
    let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
    let first = first.filter(|first| first.format("%Y-%m").to_string() == text);
    first.ok_or_else(|| "a month is written as 2026-01".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn parsed(words: &[&str]) -> Option<LoadArgs> {
        let line = ["capstan", "archive", "load"].iter().chain(words);
        let Command::Archive(ArchiveCommand::Load(args)) = Cli::try_parse_from(line).ok()?.command else {
            panic!("{words:?}")
        };
        Some(args)
    }

    #[test]
    fn all_tables_are_loaded_unless_some_are_named_and_always_in_their_order() {
        assert_eq!(parsed(&["2026-01"]).unwrap().chosen(), BY_MONTH);
        let some = parsed(&["2026-01", "--table", "usage", "--table", "journal"]).unwrap();
        assert_eq!(some.chosen(), ["journal", "usage"]);
        assert_eq!(some.month, NaiveDate::from_ymd_opt(2026, 1, 1).unwrap());
        assert!(parsed(&["2026-01", "--table", "leads"]).is_none());
    }

    #[test]
    fn a_month_is_written_in_one_way() {
        for (text, good) in
            [("2026-12", true), ("2026-13", false), ("2026-1", false), ("2026-01-01", false), ("", false)]
        {
            assert_eq!(month(text).is_ok(), good, "{text}");
        }
    }
}
