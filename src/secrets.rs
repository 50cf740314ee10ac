//! `capstan secrets`

use std::process::ExitCode;

use anyhow::bail;
use capstan_domain::secrets::{KeyRing, Under, Walk, census, rotate_some};
use capstan_engine::store::connect::Role;
use clap::{Args, Subcommand};
use serde_json::json;

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
    let mut worker = database.cell.connect(Role::Worker).await?;
    let mut walk = Walk::default();
    if matches!(command, SecretsCommand::Rotate(_)) {
        if ring.is_empty() {
            bail!("there are no secret keys to bring secrets under: set CAPSTAN_SECRET_KEYS, the newest first");
        }
        while !walk.is_over() {
            walk = rotate_some(&mut worker, &ring, walk).await?;
        }
    }
    let found = census(&mut worker).await?;
    let lines: Vec<_> = found.iter().map(|under| line(&ring, under)).collect();
    let result = json!({
        "newest_key": ring.ids().next(),
        "moved": walk.moved,
        "damaged": walk.damaged,
        "keys": found.iter().map(|under| json!({
            "table": under.table, "key_id": under.key_id, "rows": under.rows, "state": state(&ring, &under.key_id),
        })).collect::<Vec<_>>(),
    });
    let head = format!("moved {}, damaged {}\n", walk.moved, walk.damaged);
    let head = if matches!(command, SecretsCommand::Rotate(_)) { head } else { String::new() };
    let body = if lines.is_empty() { "nothing is sealed yet".to_owned() } else { lines.join("\n") };
    output::result(json, &result, &format!("{head}{body}"));
    let is_good = walk.damaged == 0 && found.iter().all(|under| state(&ring, &under.key_id) != "missing");
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
