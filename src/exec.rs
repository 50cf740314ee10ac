//! `capstan exec`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use capstan_api::starter::Starter;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::connect::Role;
use capstan_node_types::registry::Registry;
use capstan_node_types::span;
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::config::{DatabaseArgs, FleetArgs, ServiceArgs};
use crate::database::Database;
use crate::demo::customer::{Answers, Customers};
use crate::follow::Followed;
use crate::output::failure::{BAD_INPUT, BadInput};
use crate::output::progress::Progress;
use crate::output::{note, table};
use crate::publish::Published;
use crate::secret_keys::SecretArgs;
use crate::validate::{self, Loaded};
use crate::{demo, fleet, interrupt, publish, workspace};

/// Connections for reading the execution.
const CONNECTIONS_MAX: u32 = 4;

/// What to run.
#[derive(Args, Debug)]
pub(crate) struct ExecArgs {
    /// Workflow file: a graph as JSON, with a pack.toml beside it if it needs one.
    file: PathBuf,
    /// Input as JSON, or @file; that of pack.toml, else {}, if absent.
    #[arg(long)]
    input: Option<String>,
    /// Id of the trigger to start at; the first if absent.
    #[arg(long)]
    trigger: Option<String>,
    /// Longest time until its end, such as `90s` or `10 min`; then it fails.
    #[arg(long, value_parser = parse_span)]
    timeout: Option<Duration>,
    /// Go on with an execution of this file that was interrupted, instead of starting one.
    #[arg(long, value_name = "EXECUTION_ID", conflicts_with_all = ["input", "trigger", "timeout"])]
    resume: Option<ExecutionId>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    services: ServiceArgs,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    fleet: FleetArgs,
}

/// Runs the file once; succeeds only if its execution completes.
pub(crate) async fn run(args: ExecArgs, json: bool) -> anyhow::Result<ExitCode> {
    let registry = Arc::new(Registry::standard());
    let loaded = match validate::load(&args.file, &registry) {
        Ok(loaded) => loaded,
        Err(problems) => {
            table::print(&args.file.display().to_string(), &problems, json);
            return Ok(ExitCode::from(BAD_INPUT));
        }
    };
    let input = input(&args, &loaded)?;
    if !json && !loaded.pack.overrides.is_empty() {
        let nodes: Vec<&str> = loaded.pack.overrides.keys().map(String::as_str).collect();
        note(&format!("pack.toml changes the config of {}", nodes.join(", ")));
    }
    let (file, cell) = cell_of(&args.file);
    let database_args = DatabaseArgs { cell_schema: cell.clone(), ..args.database.clone() };
    let database = Database::open(&database_args, "exec").await?;
    let done = Box::pin(run_in(&args, &database, &registry, &loaded, input, &file, json)).await;
    database.close().await?;
    done
}

async fn run_in(
    args: &ExecArgs,
    database: &Database,
    registry: &Arc<Registry>,
    loaded: &Loaded,
    input: Value,
    file: &str,
    json: bool,
) -> anyhow::Result<ExitCode> {
    database.migrate().await?;
    let slug = database.cell.schema.replace('_', "-");
    let workspace = workspace::ensure(database, &slug, "Runs of one file").await?;
    let demo = demo::start(&loaded.pack, &database.memory).await?;
    let document = loaded.pack.apply(&loaded.document, demo.addresses()).map_err(|problem| BadInput(problem.detail))?;
    let pool = database.cell.pool(Role::Api, CONNECTIONS_MAX);
    for (name, other) in &loaded.others {
        publish::publish(&pool, workspace, name, other, registry).await?;
    }
    let published = publish::publish(&pool, workspace, file, &document, registry).await?;
    let keys = args.secrets.ring_or_kept(&database.memory)?;
    let services = fleet::services(&args.services, demo.reach(), &database.cell, &keys)?;
    let worker = fleet::worker(&database.cell, registry, services, &args.fleet, keys).await?;
    let waker = worker.waker();
    let answers = Answers::Store { pool: pool.clone(), waker: Arc::clone(&waker) };
    let replies = if args.services.smtp().is_none() { demo.replies() } else { Vec::new() };
    let customers = Customers::new(&database.cell, workspace, answers, demo::REPLY_AFTER, replies);
    let _serving = demo.serve_mail(&customers);

    let run = Run { pool, workspace, registry, customers, stop: interrupt::token()? };
    let starter = Starter::spawn(database.cell.clone(), Some(waker));
    let done = Box::pin(run.one(args, &starter, &published, input, json)).await;
    starter.close().await;
    worker.drain().await;
    let followed = done?;
    if !followed.is_over() {
        let file = args.file.display();
        note(&format!(
            "interrupted; the execution is kept. Go on with:\n  capstan exec {file} --resume {}",
            followed.id
        ));
    }
    followed.print(json)?;
    Ok(if followed.is_completed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What it takes to run an execution beside a worker.
struct Run<'a> {
    pool: PgPool,
    workspace: WorkspaceId,
    registry: &'a Registry,
    customers: Customers,
    stop: CancellationToken,
}

impl Run<'_> {
    /// Starts or resumes one execution, and follows it until it is over or interrupted.
    async fn one(
        self,
        args: &ExecArgs,
        starter: &Starter,
        published: &Published,
        input: Value,
        json: bool,
    ) -> anyhow::Result<Followed> {
        let id = match args.resume {
            Some(id) => id,
            None => {
                let trigger = publish::trigger(&published.graph, args.trigger.as_deref())?;
                let timeout_ms = args.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
                fleet::start(starter, self.workspace, published, trigger, input, timeout_ms).await?
            }
        };
        let mut followed = Followed::new(self.pool, self.workspace, id, self.registry).await?;
        if args.resume.is_some() {
            self.customers.catch_up(&followed);
        }
        followed.until_over(&mut Progress::new(json), &self.stop).await?;
        Ok(followed)
    }
}

/// The file's name for the workflow, and a cell of its own: a run never touches the executions of other files.
fn cell_of(file: &Path) -> (String, String) {
    let full = file.canonicalize().unwrap_or_else(|_| file.to_owned()).display().to_string();
    let hash = Sha256::digest(full.as_bytes());
    let hex: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    (full, format!("exec_{hex}"))
}

fn input(args: &ExecArgs, loaded: &Loaded) -> anyhow::Result<Value> {
    let Some(given) = &args.input else {
        return Ok(loaded.pack.input.clone().unwrap_or_else(|| json!({})));
    };
    let text = match given.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|error| BadInput(format!("--input @{path}: {error}")))?,
        None => given.clone(),
    };
    Ok(serde_json::from_str(&text).map_err(|error| BadInput(format!("--input is not JSON: {error}")))?)
}

fn parse_span(text: &str) -> Result<Duration, String> {
    span::parse(text).map_err(|error| error.to_string())
}
