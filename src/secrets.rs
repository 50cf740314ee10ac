//! `capstan secrets`

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::bail;
use capstan_domain::cells::{ready_cells, rotate_servers, server_keys};
use capstan_domain::secrets::{KeyRing, Under, Walk, census, rotate_some};
use capstan_engine::store::connect::{Place, Role};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cells;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;
use crate::secret_keys::SecretArgs;

/// What to do with sealed secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Say how many secrets hang on which key.
    Status(Where),
    /// Bring all secrets under the newest key now; workers do it in the background, too.
    Rotate(Where),
}

/// Which secrets, and the keys.
#[derive(Args, Debug)]
pub(crate) struct Where {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    secrets: SecretArgs,
}

/// Runs `capstan secrets …`.
pub(crate) async fn run(command: &SecretsCommand, json: bool) -> anyhow::Result<ExitCode> {
    let (SecretsCommand::Status(args) | SecretsCommand::Rotate(args)) = command;
    let database = Database::connect(&args.database, "secrets").await?;
    database.require_migrated().await?;
    let ring = args.secrets.ring()?;
    let rotates = matches!(command, SecretsCommand::Rotate(_));
    if rotates && ring.is_empty() {
        bail!("there are no secret keys to bring secrets under: set CAPSTAN_SECRET_KEYS, the newest first");
    }
    let Sum { moved, damaged, rows, failed } = look_at_all(&database, &ring, rotates).await?;
    let found: Vec<Under> = rows.into_iter().map(|((table, key_id), rows)| Under { table, key_id, rows }).collect();
    let lines: Vec<_> = found.iter().map(|under| line(&ring, under)).collect();
    let result = json!({
        "newest_key": ring.ids().next(),
        "moved": moved,
        "damaged": damaged,
        "failed": failed,
        "keys": found.iter().map(|under| json!({
            "table": under.table, "key_id": under.key_id, "rows": under.rows, "state": state(&ring, &under.key_id),
        })).collect::<Vec<_>>(),
    });
    let head = if rotates { format!("moved {moved}, damaged {damaged}\n") } else { String::new() };
    for failure in &failed {
        output::note(&format!("not looked at: {failure}"));
    }
    let body = if lines.is_empty() { "nothing is sealed yet".to_owned() } else { lines.join("\n") };
    output::result(json, &result, &format!("{head}{body}"));
    let is_good =
        failed.is_empty() && damaged == 0 && found.iter().all(|under| state(&ring, &under.key_id) != "missing");
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was found, and done, in all cells.
#[derive(Default)]
struct Sum {
    moved: u64,
    damaged: u64,
    /// By table and key.
    rows: BTreeMap<(&'static str, String), i64>,
    /// Cells that could not be looked at, and why.
    failed: Vec<String>,
}

/// Name of the table of servers of dedicated cells, in `control`.
const SERVERS: &str = "database_servers";

/// Goes through the servers of dedicated cells, the home cell and all dedicated ones. One that cannot be reached holds up no other.
async fn look_at_all(database: &Database, ring: &KeyRing, rotates: bool) -> anyhow::Result<Sum> {
    let mut sum = Sum::default();
    look_at(&database.cell, ring, rotates, &mut sum).await?;
    let mut control = database.owner().await?;
    if rotates {
        let (moved, damaged) = rotate_servers(&mut control, ring).await?;
        (sum.moved, sum.damaged) = (sum.moved + moved, sum.damaged + damaged);
    }
    for (key_id, rows) in server_keys(&mut control).await? {
        *sum.rows.entry((SERVERS, key_id)).or_default() += rows;
    }
    for address in ready_cells(&mut control).await? {
        let looked = async {
            let place = cells::used(&database.control, &mut control, &address, ring).await?;
            look_at(&place, ring, rotates, &mut sum).await
        };
        if let Err(error) = looked.await {
            sum.failed.push(format!("cell {}: {error:#}", address.cell_id));
        }
    }
    Ok(sum)
}

async fn look_at(place: &Place, ring: &KeyRing, rotates: bool, sum: &mut Sum) -> anyhow::Result<()> {
    let mut worker = place.connect(Role::Worker).await?;
    let mut walk = Walk::default();
    while rotates && !walk.is_over() {
        walk = rotate_some(&mut worker, ring, walk).await?;
    }
    (sum.moved, sum.damaged) = (sum.moved + walk.moved, sum.damaged + walk.damaged);
    for under in census(&mut worker).await? {
        *sum.rows.entry((under.table, under.key_id)).or_default() += under.rows;
    }
    Ok(())
}

/// What a key is to this process.
fn state(ring: &KeyRing, key_id: &str) -> &'static str {
    match ring.ids().position(|id| id == key_id) {
        Some(0) => "newest",
        Some(_) => "old",
        None => "missing",
    }
}

fn line(ring: &KeyRing, under: &Under) -> String {
    let Under { table, key_id, rows } = under;
    format!("{table:<20} {key_id:<24} {rows:>8}  {}", state(ring, key_id))
}
