//! `capstan maintain`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use capstan_engine::store::duties::{note, take};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::maintenance::{be_gentle, bloated, drop_leftovers, reindex, vacuum, worth_vacuum};
use clap::Args;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::cells::CellArgs;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;

const DAY: Duration = Duration::from_secs(86_400);
/// When a duty is due again for which there was too little time.
const SOON: Duration = Duration::from_secs(43_200);
/// How much longer than the work a duty is kept by a command that is not heard of any more.
const GRACE: Duration = Duration::from_secs(300);

/// What is to be done, and for how long.
#[derive(Args, Debug)]
pub(crate) struct MaintainArgs {
    /// Longest time of the whole, in minutes; what is left is done the next time.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    minutes: u64,
    /// Size from which on an index is built anew if it is bloated, in MiB.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    index_mib: i64,
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `capstan maintain`: vacuums and analyses once a week, and builds bloated indexes anew once a month. Run by a timer in a quiet hour,
/// each day: what is not due is not done, and two at a time do nothing twice.
pub(crate) async fn run(args: &MaintainArgs, json: bool) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&args.database, "maintain").await?;
    database.require_migrated().await?;
    let mut owner = args.cell.owner(&database).await?;
    let until = Instant::now() + Duration::from_secs(args.minutes * 60);
    let vacuumed = due(&mut owner, "vacuum", 7 * DAY, until, async |owner| vacuum_all(owner, until).await).await?;
    let bytes_min = args.index_mib << 20;
    let reindexed =
        due(&mut owner, "reindex", 30 * DAY, until, async |owner| reindex_all(owner, until, bytes_min).await).await?;
    let told: Vec<Value> = [("vacuum", &vacuumed), ("reindex", &reindexed)]
        .iter()
        .map(|(name, names)| json!({ "name": name, "is_due": names.is_some(), "done": names }))
        .collect();
    let said = |names: &Option<Vec<String>>| match names {
        None => "not due".to_owned(),
        Some(names) if names.is_empty() => "nothing needs it".to_owned(),
        Some(names) => names.join(", "),
    };
    let text = format!("vacuum: {}\nreindex: {}", said(&vacuumed), said(&reindexed));
    output::result(json, &json!({ "duties": told }), &text);
    Ok(ExitCode::SUCCESS)
}

/// Does it if it is due and nobody is at it, and notes what came of it; which tables or indexes it was about.
async fn due(
    owner: &mut PgConnection,
    name: &'static str,
    every: Duration,
    until: Instant,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<Vec<String>, StoreError>,
) -> anyhow::Result<Option<Vec<String>>> {
    let lease = until.saturating_duration_since(Instant::now()) + GRACE;
    let holder = format!("maintain-{}", std::process::id());
    let Some(taken) = take(owner, name, &holder, lease).await? else { return Ok(None) };
    let done = work(owner).await;
    be_gentle(owner, GRACE).await?;
    let said = match &done {
        Ok(names) if names.is_empty() => Ok("nothing needed it".to_owned()),
        Ok(names) => Ok(names.join(", ")),
        Err(error) => Err(error.to_string()),
    };
    let next = match &done {
        Ok(_) if Instant::now() < until => every,
        Ok(_) => SOON,
        Err(_) => Duration::ZERO,
    };
    note(owner, &taken, said.as_deref().map_err(String::as_str), next).await?;
    Ok(Some(done.with_context(|| format!("{name} was broken off"))?))
}

async fn vacuum_all(owner: &mut PgConnection, until: Instant) -> Result<Vec<String>, StoreError> {
    let mut done = Vec::new();
    for table in worth_vacuum(owner).await? {
        if !go_on(owner, until).await? {
            break;
        }
        match vacuum(owner, &table).await {
            Ok(true) => done.push(table),
            // It was dropped since it was named.
            Ok(false) => {}
            Err(error) if is_put_off(&error, until) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

async fn reindex_all(owner: &mut PgConnection, until: Instant, bytes_min: i64) -> Result<Vec<String>, StoreError> {
    let mut done = Vec::new();
    if go_on(owner, until).await? {
        drop_leftovers(owner).await?;
    }
    for index in bloated(owner, bytes_min).await? {
        if !go_on(owner, until).await? {
            break;
        }
        match reindex(owner, &index).await {
            Ok(true) => done.push(index),
            Ok(false) => {}
            Err(error) if is_put_off(&error, until) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Whether others were at it, or the time was over: it is done the next time.
fn is_put_off(error: &StoreError, until: Instant) -> bool {
    matches!(error, StoreError::LockTimeout) || (error.is_away() && Instant::now() >= until)
}

/// Whether there is time for one more, which then has what is left of it.
async fn go_on(owner: &mut PgConnection, until: Instant) -> Result<bool, StoreError> {
    let left = until.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        be_gentle(owner, left).await?;
    }
    Ok(!left.is_zero())
}
