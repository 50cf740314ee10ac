//! `capstan doctor`: looks at settings, database and fleet, and says what to do about what is wrong.

mod beside;
mod cells;
mod finding;
mod fleet;
mod rights;
mod schema;
mod server;
mod settings;
mod upkeep;

use std::process::ExitCode;

use capstan_engine::store::connect::{Place, Role};
use clap::Args;
use serde_json::{Value, json};

use crate::config::{AccountArgs, DatabaseArgs, ListenArgs, MailServerArgs, NodeTypeArgs};
use crate::output;
use crate::output::table::wrapped;
use crate::pooler::PoolerArgs;
use crate::provision::CreatorArgs;
use crate::replica::ReplicaArgs;
use crate::secret_keys::SecretArgs;
use finding::{Findings, State};

/// The settings that the processes of an installation have: run it where they are set.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    mail_server: MailServerArgs,
    #[command(flatten)]
    accounts: AccountArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    pooler: PoolerArgs,
    #[command(flatten)]
    replica: ReplicaArgs,
    #[command(flatten)]
    node_types: NodeTypeArgs,
}

/// Prints all findings; fails if one of them is a failure. Changes nothing.
pub(crate) async fn run(args: &DoctorArgs, json: bool) -> anyhow::Result<ExitCode> {
    let mut found = Findings::default();
    settings::look(args, &mut found);
    look_at_database(args, &mut found).await;
    output::result(json, &as_json(&found), &in_words(&found));
    Ok(if found.worst() == State::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn look_at_database(args: &DoctorArgs, found: &mut Findings) {
    let Some(url) = args.database.url() else {
        found.fail("database", "DATABASE_URL is not set", "set it, e.g. postgres://user:password@host/capstan");
        return;
    };
    let control = match Place::new(url, &args.database.control_schema) {
        Ok(place) => place,
        Err(error) => {
            let hint = "write it as postgres://user:password@host/database, special characters percent-encoded";
            found.fail("database", format!("DATABASE_URL cannot be used: {error}"), hint);
            return;
        }
    };
    let cell = control.sibling(&args.database.cell_schema);
    let mut owner = match control.connect(Role::Owner).await {
        Ok(connection) => connection,
        Err(error) => {
            let hint = "is it running, may this machine reach it, and are user and password right?";
            found.fail("database", format!("it cannot be reached: {error}"), hint);
            return;
        }
    };
    server::look(&mut owner, found).await;
    rights::look_at_roles(&mut owner, found).await;
    let is_migrated = schema::look(&mut owner, &control, &cell, found).await;
    if is_migrated {
        rights::look_at_api(&cell, found).await;
        beside::look_at_pooler(args, &control, &mut owner, found).await;
        beside::look_at_replica(args, &cell, &mut owner, found).await;
        fleet::look(&cell, found).await;
        upkeep::look(&cell, found).await;
        cells::look(args, &control, &mut owner, found).await;
        settings::look_at_keys(args, &cell, found).await;
        settings::look_at_plan(args, &mut owner, found).await;
    }
}

fn as_json(found: &Findings) -> Value {
    json!({ "state": found.worst().word(), "checks": found.all().iter().map(finding::Finding::as_json).collect::<Vec<_>>() })
}

fn in_words(found: &Findings) -> String {
    let rows: Vec<Value> = found.all().iter().map(finding::Finding::as_json).collect();
    let (failures, warnings) = (found.count(State::Fail), found.count(State::Warn));
    format!("{}\n{failures} failures, {warnings} warnings", wrapped(&["check", "state", "detail", "hint"], &rows))
}
