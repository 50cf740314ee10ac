//! `capstan dev`: everything in one process, with a private PostgreSQL and the example.

mod example;
mod guide;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use capstan_api::{AccountSettings, Api, ApiSettings};
use capstan_domain::access;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Role;
use capstan_node_types::registry::Registry;
use capstan_node_types::span;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::billing::BillingArgs;
use crate::cells;
use crate::config::{AccountArgs, DatabaseArgs, FleetArgs, ListenArgs, ServiceArgs};
use crate::database::Database;
use crate::demo::customer::{Answers, Customers};
use crate::fleet::Reach;
use crate::mail_in::MailInArgs;
use crate::output::{line, note};
use crate::provision::CreatorArgs;
use crate::secret_keys::SecretArgs;
use crate::{accounts, demo, fleet, interrupt, provision, serve, workspace};
use example::Example;

/// Slug and name of the workspace of the example.
const WORKSPACE: (&str, &str) = ("demo", "Demo");
/// Name of its API key.
const KEY_NAME: &str = "capstan dev";
/// Connections for following executions.
const CONNECTIONS_MAX: u32 = 4;

/// Settings of the process.
#[derive(Args, Debug)]
pub(crate) struct DevArgs {
    /// Stop once the example has ended; succeeds only if it completed.
    #[arg(long)]
    once: bool,
    /// Do not run the example.
    #[arg(long, conflicts_with = "once")]
    no_example: bool,
    /// How long the demo customer takes to answer the example's mail.
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = parse_span)]
    reply_after: Duration,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    services: ServiceArgs,
    #[command(flatten)]
    accounts: AccountArgs,
    #[command(flatten)]
    mail_in: MailInArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    billing: BillingArgs,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    fleet: FleetArgs,
}

/// Runs until SIGINT or SIGTERM, then drains and stops what it has started.
pub(crate) async fn run(args: DevArgs, json: bool) -> anyhow::Result<ExitCode> {
    let stop = interrupt::token()?;
    let listener = serve::bind(&args.listen).await?;
    if !json && args.database.url().is_none() {
        note("starting a private PostgreSQL …");
    }
    let database = Database::open(&args.database, "dev").await?;
    let done = tokio::select! {
        done = Box::pin(run_in(&args, &database, listener, &stop, json)) => done,
        error = database.tend() => Err(error),
    };
    database.close().await?;
    done
}

async fn run_in(
    args: &DevArgs,
    database: &Database,
    listener: TcpListener,
    stop: &CancellationToken,
    json: bool,
) -> anyhow::Result<ExitCode> {
    database.migrate().await?;
    let workspace = workspace::ensure(database, WORKSPACE.0, WORKSPACE.1).await?;
    let key = key(database, workspace).await?;
    let address = listener.local_addr()?;
    let url = serve::local_url(address);
    let registry = Arc::new(Registry::standard());
    let (pack, document) = example::files()?;
    let demo = demo::start(&pack, &database.memory).await?;
    let document = example::filled(&pack, &document, &demo)?;

    let reach = Reach { url: Some(url.clone()), ..demo.reach() };
    let keys = args.secrets.ring_or_kept(&database.memory)?;
    for failure in cells::migrate_all(database, &args.creator, &keys).await?.failed {
        tracing::warn!("not migrated: {failure}");
    }
    let services = fleet::services(&args.services, reach.clone(), &database.cell, &keys)?;
    let worker = fleet::worker(&database.cell, &registry, services, &args.fleet, Arc::clone(&keys)).await?;
    let dedicated = fleet::cells(&database.control, &registry, &args.services, reach, &args.fleet, Arc::clone(&keys));
    // It ends with this, also where nobody has said stop.
    let making = stop.child_token();
    provision::spawn(database, &args.creator, Arc::clone(&keys), making.clone())?;
    let _making = making.drop_guard();
    let settings = ApiSettings {
        control: database.control.clone(),
        cell: database.cell.clone(),
        // Who listens for other machines too may stand behind a proxy of this one.
        page_workspace: address.ip().is_loopback().then_some(workspace),
        mail_sandbox: args.services.smtp().is_none(),
        accounts: accounts(args, &url, database)?,
        keys,
        allow: args.services.allowed(),
        mail_in: args.mail_in.settings()?,
        replica: None,
        billing: args.billing.settings()?,
    };
    let api = Api::new(settings, Arc::clone(&registry), Some(worker.waker()));
    let closing = CancellationToken::new();
    let mails = args.mail_in.serve(&api, closing.clone()).await?;
    let serving = tokio::spawn(capstan_api::serve(listener, api, closing.clone()));
    let answers = answers(args, database, &url, &key)?;
    let replies = if args.services.smtp().is_none() { demo.replies() } else { Vec::new() };
    let customers = Customers::new(&database.cell, workspace, answers, args.reply_after, replies);
    let _mail = demo.serve_mail(&customers);

    let pool = database.cell.pool(Role::Api, CONNECTIONS_MAX);
    let starter = capstan_api::starter::Starter::spawn(database.cell.clone(), Some(worker.waker()));
    let done = Box::pin(async {
        let starts = starter.clone();
        let example = Example::publish(pool, workspace, &document, registry, starts, customers, pack.input).await?;
        say_ready(&url, &key, &example, json);
        stay(args, &example, &url, &key, stop, json).await
    })
    .await;

    starter.close().await;
    closing.cancel();
    fleet::drain(worker, dedicated).await;
    if let Some((_, taking)) = mails {
        taking.await?;
    }
    serving.await?.context("the API stopped")?;
    done
}

/// Runs the example, says what can be done next, and stays until told to stop.
async fn stay(
    args: &DevArgs,
    example: &Example,
    url: &str,
    key: &str,
    stop: &CancellationToken,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if !args.no_example {
        let completed = example.run(stop, json).await?;
        if args.once {
            return Ok(if completed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    if stop.is_cancelled() {
        return Ok(ExitCode::SUCCESS);
    }
    let waiting = if args.no_example { None } else { Some(example.start_slow().await?) };
    if json {
        line(&json!({"event": "waiting", "id": waiting}).to_string());
    } else {
        line(&guide::text(&guide::Facts { url, key, example, waiting }));
    }
    stop.cancelled().await;
    if !json {
        note("stopping; what is unfinished goes on at the next start");
    }
    Ok(ExitCode::SUCCESS)
}

fn say_ready(url: &str, key: &str, example: &Example, json: bool) {
    if json {
        let event = json!({
            "event": "ready", "url": url, "api_key": key, "workspace": WORKSPACE.0,
            "workflow_id": example.workflow_id(), "pid": std::process::id(),
        });
        line(&event.to_string());
    } else {
        note(&format!("capstan is up at {url}/"));
    }
}

/// On one's own machine anybody may sign up; mail is in the sandbox, unless a server is set.
fn accounts(args: &DevArgs, url: &str, database: &Database) -> anyhow::Result<AccountSettings> {
    let mail = &args.services.mail_server;
    let settings = accounts::settings(&args.accounts, mail, url, &database.cell, accounts::WithoutServer::Sandbox)?;
    let sign_up = settings.sign_up || args.listen.listen.ip().is_loopback();
    Ok(AccountSettings { sign_up, ..settings })
}

/// Customers answer through the API, as the outside world does.
fn answers(args: &DevArgs, database: &Database, url: &str, key: &str) -> anyhow::Result<Answers> {
    let own = url.trim_start_matches("http://").to_owned();
    let client = fleet::services(
        &args.services,
        Reach { allow: vec![own], ..Reach::default() },
        &database.cell,
        &Arc::default(),
    )?;
    Ok(Answers::Http { client, url: url.to_owned(), key: key.to_owned() })
}

/// The key of the last start if it still opens the workspace, else a new one. The database keeps a hash only.
async fn key(database: &Database, workspace: WorkspaceId) -> anyhow::Result<String> {
    let mut owner = database.owner().await?;
    if let Some(key) = database.memory.key()
        && access::resolve_key(&mut owner, &key).await?.is_some_and(|tenant| tenant.workspace_id == workspace)
    {
        return Ok(key);
    }
    let (_, key) = access::create_key(&mut owner, workspace, KEY_NAME).await?;
    database.memory.keep_key(&key)?;
    Ok(key)
}

fn parse_span(text: &str) -> Result<Duration, String> {
    span::parse(text).map_err(|error| error.to_string())
}
