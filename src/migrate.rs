//! `capstan migrate`

use std::process::ExitCode;

use anyhow::Context;
use capstan_domain::access::Mover;
use capstan_domain::audit::Difference;
use capstan_domain::platform;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use clap::Args;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::cells;
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output;
use crate::provision::CreatorArgs;
use crate::secret_keys::SecretArgs;

/// As the audit log of the platform calls it.
const ACTION: &str = "capstan migrate";
/// Whose command it is there.
const BY: &str = "operator";

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
    let before = versions(&database).await?;
    database.migrate().await?;
    record(&database, &before)
        .await
        .context("the schemas are migrated, but the audit log does not tell it: run it again")?;
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

/// The schemas of `control` and of the cell, each with the version that it is at; null where nothing is yet.
async fn versions(database: &Database) -> anyhow::Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for place in [&database.control, &database.cell] {
        let version = version(place).await?;
        found.push((place.schema.clone(), json!(version)));
    }
    Ok(found)
}

async fn version(place: &Place) -> Result<Option<i64>, StoreError> {
    let mut owner = place.connect(Role::Owner).await?;
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass(format('%I._sqlx_migrations', $1)) IS NOT NULL")
        .bind(&place.schema)
        .fetch_one(&mut owner)
        .await?;
    if !is_there {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(&mut owner).await?)
}

/// Tells the audit log of the platform which versions were come from and to, a line for each schema that something was applied to. A
/// line begins where the last one ended: who died before it was written, or what `dev` applied, is made up for by the next run.
async fn record(database: &Database, before: &[(String, Value)]) -> anyhow::Result<()> {
    let mut owner = database.owner().await?;
    let mut transaction = owner.begin().await.map_err(StoreError::from)?;
    // One after the other: who migrates at the same time finds the line of the first.
    let alone = sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#migrated'))");
    alone.execute(&mut *transaction).await.map_err(StoreError::from)?;
    for ((schema, before), (_, after)) in before.iter().zip(versions(database).await?) {
        tell(&mut transaction, schema, before, &after).await?;
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn tell(owner: &mut PgConnection, schema: &str, before: &Value, after: &Value) -> Result<(), StoreError> {
    let subject = format!("schema {schema}");
    let told = platform::last_change(owner, ACTION, &subject, "/version").await?;
    let from = if told.is_null() { before } else { &told };
    if from == after {
        return Ok(());
    }
    let by = Mover { name: BY.into(), ..Mover::default() };
    let difference = Difference::between(&json!({ "version": from }), &json!({ "version": after }));
    platform::record(owner, &by, ACTION, &subject, difference).await
}
