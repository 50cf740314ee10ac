//! What scenarios run on: a database, and a fresh cell for each of our turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use capstan_engine::core::ids::{ExecutionId, NodeId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, migrate};
use capstan_engine::store::start::{Start, start};
use capstan_node_types::registry::Registry;
use capstan_private_postgres::{Options, PrivatePostgres};
use capstan_worker::{Worker, WorkerSettings};
use futures::future::try_join_all;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::sleep;

use crate::config::{DatabaseArgs, ServiceArgs};
use crate::fleet::{self, Reach};
use crate::publish::{self, Published};

/// Executions that one call starts, and connections that start side by side.
const START_BATCH: usize = 500;
const START_CONNECTIONS: usize = 4;
/// Time between two looks whether a backlog is worked off.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longest that a scenario waits for a backlog.
const PATIENCE: Duration = Duration::from_secs(600);
/// The schema of the raw loop.
const LIMIT_SCHEMA: &str = "bench_limit";
/// What operators are told to set (docs/operation.md), for 2 cores.
const SETTINGS: [(&str, &str); 4] =
    [("shared_buffers", "2GB"), ("max_wal_size", "4GB"), ("autovacuum_naptime", "5s"), ("max_connections", "500")];

/// The database and the services that all scenarios share.
pub(crate) struct Rig {
    url: String,
    control: Place,
    registry: Arc<Registry>,
    services: ServiceArgs,
    private: Option<PrivatePostgres>,
    cells: u32,
}

/// A cell with one workspace, for one turn.
pub(crate) struct Cell {
    pub(crate) place: Place,
    pub(crate) workspace: WorkspaceId,
    pub(crate) registry: Arc<Registry>,
    services: ServiceArgs,
}

impl Rig {
    /// The server at DATABASE_URL, else a private one with the settings that operators are told.
    pub(crate) async fn open(args: &DatabaseArgs, services: ServiceArgs) -> anyhow::Result<Self> {
        let (private, url) = match args.url() {
            Some(url) => (None, url.to_owned()),
            None => {
                let (private, url) = tokio::task::spawn_blocking(start_private).await??;
                (Some(private), url)
            }
        };
        let control = Place::new(&url, "bench_control").context("DATABASE_URL cannot be used")?;
        let mut owner = control.connect(Role::Owner).await.context("the database cannot be reached")?;
        capstan_engine::store::preflight::preflight(&mut owner).await?;
        migrate(&control, Kind::Control).await?;
        Ok(Self { url, control, registry: Arc::new(Registry::standard()), services, private, cells: 0 })
    }

    /// Where the raw loop works: a schema of its own, emptied.
    pub(crate) async fn limit(&self) -> anyhow::Result<PgConnectOptions> {
        let place = self.control.sibling(LIMIT_SCHEMA);
        let mut owner = self.control.connect(Role::Owner).await?;
        remake(&mut owner, LIMIT_SCHEMA).await?;
        Ok(place.options(Role::Owner))
    }

    /// A fresh cell; what the one before left is removed.
    pub(crate) async fn cell(&mut self) -> anyhow::Result<Cell> {
        let mut owner = self.control.connect(Role::Owner).await?;
        drop_schema(&mut owner, &format!("bench_{}", self.cells)).await?;
        drop_schema(&mut owner, LIMIT_SCHEMA).await?;
        self.cells += 1;
        let place = self.control.sibling(&format!("bench_{}", self.cells));
        drop_schema(&mut owner, &place.schema).await?;
        migrate(&place, Kind::Cell).await?;
        let cell = Cell {
            place,
            workspace: WorkspaceId::new(),
            registry: Arc::clone(&self.registry),
            services: self.services.clone(),
        };
        Ok(cell)
    }

    /// Where processes of their own connect to.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        let mut owner = self.control.connect(Role::Owner).await?;
        for schema in [format!("bench_{}", self.cells), LIMIT_SCHEMA.to_owned(), self.control.schema.clone()] {
            drop_schema(&mut owner, &schema).await?;
        }
        let Some(mut private) = self.private.take() else { return Ok(()) };
        tokio::task::spawn_blocking(move || private.stop()).await?.context("the private PostgreSQL did not stop")
    }
}

fn start_private() -> anyhow::Result<(PrivatePostgres, String)> {
    let options = SETTINGS.iter().fold(Options::throw_away(), |options, (name, value)| options.setting(name, value));
    let private = PrivatePostgres::start(options).context("the private PostgreSQL did not start")?;
    private.ensure_database("capstan")?;
    let url = private.url("capstan");
    Ok((private, url))
}

async fn drop_schema(owner: &mut PgConnection, schema: &str) -> anyhow::Result<()> {
    // Table by table, as all partitions of a cell are more locks than a transaction may have.
    owner.execute(format!("DROP SCHEMA IF EXISTS {schema} CASCADE").as_str()).await?;
    Ok(())
}

async fn remake(owner: &mut PgConnection, schema: &str) -> anyhow::Result<()> {
    drop_schema(owner, schema).await?;
    owner.execute(format!("CREATE SCHEMA {schema}").as_str()).await?;
    Ok(())
}

impl Cell {
    /// Publishes a row of nodes of one type and config behind a manual trigger.
    pub(crate) async fn publish_row(&self, type_name: &str, config: &Value, steps: usize) -> anyhow::Result<Published> {
        let mut nodes = vec![node("start", "trigger.manual", &json!({}))];
        let mut edges = Vec::new();
        for step in 1..=steps {
            nodes.push(node(&format!("step_{step}"), type_name, config));
            let source = if step == 1 { "start".to_owned() } else { format!("step_{}", step - 1) };
            edges.push(edge(&source, &format!("step_{step}")));
        }
        self.publish(&json!({ "nodes": nodes, "edges": edges })).await
    }

    /// Publishes a graph.
    pub(crate) async fn publish(&self, graph: &Value) -> anyhow::Result<Published> {
        let pool = self.place.pool(Role::Api, 1);
        let published = publish::publish(&pool, self.workspace, "bench", graph, &self.registry).await?;
        pool.close().await;
        Ok(published)
    }

    /// Starts `count` executions through the start function, and tidies up as autovacuum would.
    pub(crate) async fn fill(&self, published: &Published, input: &Value, count: usize) -> anyhow::Result<()> {
        let batches = count.div_ceil(START_BATCH);
        try_join_all((0..START_CONNECTIONS).map(|lane| async move {
            let mut starter = self.place.connect(Role::Starter).await?;
            for batch in (lane..batches).step_by(START_CONNECTIONS) {
                let size = START_BATCH.min(count - batch * START_BATCH);
                let starts: Vec<Start> = (0..size).map(|_| self.start_of(published, input)).collect();
                start(&mut starter, &starts).await?;
            }
            starter.close().await?;
            anyhow::Ok(())
        }))
        .await?;
        let mut owner = self.owner().await?;
        owner.execute("VACUUM ANALYZE queue").await?;
        Ok(())
    }

    /// A start as the API would ask for.
    pub(crate) fn start_of(&self, published: &Published, input: &Value) -> Start {
        Start {
            execution_id: ExecutionId::new(),
            workspace_id: self.workspace,
            workflow_id: published.workflow_id,
            version_id: published.version_id,
            trigger: NodeId::from("start"),
            input: input.clone(),
            timeout_ms: None,
            idempotency_key: None,
            vt: 0,
        }
    }

    /// A worker in this process.
    pub(crate) async fn worker(&self) -> anyhow::Result<Worker> {
        self.worker_of(WorkerSettings::default()).await
    }

    pub(crate) async fn worker_of(&self, settings: WorkerSettings) -> anyhow::Result<Worker> {
        let services = fleet::services(&self.services, Reach::default(), &self.place)?;
        let worker = Worker::start(self.place.clone(), Arc::clone(&self.registry), services, settings);
        worker.await.context("the worker did not start")
    }

    /// A connection of the owner.
    pub(crate) async fn owner(&self) -> anyhow::Result<PgConnection> {
        Ok(self.place.connect(Role::Owner).await?)
    }

    /// Waits until queue and leases are empty.
    pub(crate) async fn until_drained(&self, owner: &mut PgConnection) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let empty: bool =
                sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM leases) AND NOT EXISTS (SELECT FROM queue)")
                    .fetch_one(&mut *owner)
                    .await?;
            if empty {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the backlog was not worked off within {PATIENCE:?}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Fails unless exactly so many executions have completed, with so many settled steps, and nothing else.
    pub(crate) async fn ensure_done(
        &self,
        owner: &mut PgConnection,
        executions: usize,
        steps: usize,
    ) -> anyhow::Result<()> {
        let (completed, ended, settled): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status <> 'queued'), \
             (SELECT count(*) FROM journal WHERE kind = 'settled') FROM executions",
        )
        .fetch_one(owner)
        .await?;
        let done = (completed as usize, ended as usize, settled as usize);
        ensure!(
            done == (executions, executions, steps),
            "the engine lost work: {done:?} of {executions}, {steps} steps"
        );
        Ok(())
    }
}

fn node(id: &str, type_name: &str, config: &Value) -> Value {
    json!({ "id": id, "type": type_name, "position": { "x": 0, "y": 0 }, "data": { "label": id, "config": config } })
}

fn edge(source: &str, target: &str) -> Value {
    json!({ "id": format!("{source}-{target}"), "source": source, "target": target, "sourceHandle": "out" })
}
