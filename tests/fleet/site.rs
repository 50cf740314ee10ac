//! One installation: a PostgreSQL cluster of its own, a workspace with a key, and processes around it.

use std::net::SocketAddr;
use std::path::Path;

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::start::{Start, Started, start};
use capstan_engine::store::workflows::{About, create, publish};
use capstan_node_types::registry::Registry;
use capstan_private_postgres::{Options, PrivatePostgres};
use serde_json::Value;
use sqlx::PgConnection;
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio::time::{Instant, interval};

use crate::process::Process;
use crate::world::World;
use crate::{LOOK_EVERY, PATIENCE};

/// Executions that are started in one round trip.
const STARTS_MAX: usize = 500;

pub(crate) struct Site {
    pub(crate) place: Place,
    pub(crate) workspace_id: WorkspaceId,
    /// API key of the workspace.
    pub(crate) key: String,
    url: String,
    black_boxes: TempDir,
    postgres: PrivatePostgres,
}

/// What an execution is started of.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) workflow_id: WorkflowId,
    version_id: VersionId,
    trigger: NodeId,
}

impl Site {
    /// Set up as an operator does it, by commands.
    pub(crate) async fn new() -> Self {
        let postgres = block_in_place(|| {
            let postgres = PrivatePostgres::start(Options::throw_away_in_memory()).unwrap();
            postgres.create_database("capstan").unwrap();
            postgres
        });
        let url = postgres.url("capstan");
        let env = [("DATABASE_URL", url.clone())];
        Process::result(&["migrate"], &env).await;
        let workspace = Process::result(&["workspace", "create", "acme"], &env).await;
        let key = Process::result(&["key", "create", "--workspace", "acme"], &env).await;
        let workspace_id = workspace["workspace_id"].as_str().unwrap().parse().unwrap();
        let place = Place::new(&url, "cell_1").unwrap();
        Self {
            place,
            workspace_id,
            key: key["key"].as_str().unwrap().to_owned(),
            url,
            black_boxes: tempfile::tempdir().unwrap(),
            postgres,
        }
    }

    /// Settings of a command that needs the database only.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![("DATABASE_URL", self.url.clone())]
    }

    pub(crate) async fn worker(&self, world: &World) -> Process {
        Process::start(&["worker"], &self.worker_env(world)).await
    }

    pub(crate) fn worker_env(&self, world: &World) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", self.url.clone()),
            ("CAPSTAN_ALLOW_PRIVATE", world.address.to_string()),
            ("CAPSTAN_SMTP_URL", format!("smtp://{}", world.mail_address())),
            ("CAPSTAN_BLACK_BOXES", self.black_boxes.path().display().to_string()),
            ("CAPSTAN_ALLOW_CRASH", "true".into()),
            ("CAPSTAN_LOG", "capstan=info".into()),
        ]
    }

    /// Settings of a provisioner that makes databases as the login `creator`.
    pub(crate) fn provision_env(&self, creator: &str) -> Vec<(&'static str, String)> {
        let creator_url = self.postgres.url("postgres").replacen("//capstan@", &format!("//{creator}@"), 1);
        vec![
            ("DATABASE_URL", self.url.clone()),
            ("CAPSTAN_CREATOR_URL", creator_url),
            ("CAPSTAN_LOG", "capstan=info".into()),
        ]
    }

    /// Serves the API; answers its address, too.
    pub(crate) async fn serve(&self) -> (Process, String) {
        self.serve_with(&[]).await
    }

    /// The same, with more settings.
    pub(crate) async fn serve_with(&self, more: &[(&'static str, String)]) -> (Process, String) {
        let mut env = vec![
            ("DATABASE_URL", self.url.clone()),
            ("CAPSTAN_ALLOW_CRASH", "true".into()),
            ("CAPSTAN_LISTEN", "127.0.0.1:0".into()),
        ];
        env.extend_from_slice(more);
        let process = Process::start(&["serve"], &env).await;
        let url = process.ready["url"].as_str().unwrap().to_owned();
        (process, url)
    }

    /// What `capstan doctor` finds with these settings beside the database: whether all is well, and each check's states.
    pub(crate) async fn doctor(&self, settings: &[(&'static str, String)]) -> (bool, Value) {
        let mut env = vec![("DATABASE_URL", self.url.clone())];
        env.extend_from_slice(settings);
        let (status, result) = Process::outcome(&["doctor"], &env).await;
        (status.success(), result)
    }

    /// A standby of the database, which follows it.
    pub(crate) fn standby(&self) -> PrivatePostgres {
        block_in_place(|| self.postgres.standby(Options::throw_away_in_memory())).unwrap()
    }

    /// The folder of the database's socket.
    pub(crate) fn socket_dir(&self) -> &Path {
        self.postgres.socket_dir()
    }

    /// From now on everything here, and each process that is started, reaches the database by that address.
    pub(crate) fn go_by(&mut self, address: SocketAddr) {
        self.url = format!("postgres://{}@{address}/capstan?sslmode=disable", self.postgres.superuser());
        self.place = Place::new(&self.url, "cell_1").unwrap();
    }

    /// Stops the database without writing, as in a crash.
    pub(crate) fn crash_database(&mut self) {
        block_in_place(|| self.postgres.stop_immediate()).unwrap();
    }

    pub(crate) fn stop_database(&mut self) {
        block_in_place(|| self.postgres.stop()).unwrap();
    }

    pub(crate) fn start_database(&mut self) {
        block_in_place(|| self.postgres.restart()).unwrap();
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        self.place.connect(Role::Owner).await.unwrap()
    }

    /// Publishes the first version of a new workflow.
    pub(crate) async fn publish(&self, document: &Value) -> Version {
        let workflow_id = WorkflowId::new();
        create(&mut self.owner().await, self.workspace_id, workflow_id, "test", document).await.unwrap();
        self.publish_next(workflow_id, document).await
    }

    /// Publishes the next version of a workflow.
    pub(crate) async fn publish_next(&self, workflow_id: WorkflowId, document: &Value) -> Version {
        let graph = Graph::compile(document, &Registry::standard().with_crash()).unwrap();
        let mut owner = self.owner().await;
        let about = About::default();
        let version = publish(&mut owner, self.workspace_id, workflow_id, document, &graph, &[], &about);
        let version = version.await.unwrap().unwrap();
        let trigger = graph.nodes[graph.triggers().next().unwrap()].id.clone();
        Version { workflow_id, version_id: VersionId(version.version_id), trigger }
    }

    pub(crate) async fn start(&self, version: &Version, input: Value) -> ExecutionId {
        self.start_many(version, &input, 1).await[0]
    }

    pub(crate) async fn start_many(&self, version: &Version, input: &Value, count: usize) -> Vec<ExecutionId> {
        let mut starter = self.place.connect(Role::Starter).await.unwrap();
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            let batch = (count - ids.len()).min(STARTS_MAX);
            let starts: Vec<Start> = (0..batch).map(|_| self.a_start(version, input)).collect();
            for started in start(&mut starter, &starts).await.unwrap().started {
                let Started::New(id) = started else { panic!("not started: {started:?}") };
                ids.push(id);
            }
        }
        ids
    }

    fn a_start(&self, version: &Version, input: &Value) -> Start {
        Start {
            execution_id: ExecutionId::new(),
            workspace_id: self.workspace_id,
            workflow_id: version.workflow_id,
            version_id: version.version_id,
            trigger: version.trigger.clone(),
            input: input.clone(),
            timeout_ms: None,
            idempotency_key: None,
            trace: None,
            vt: 0,
        }
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.owner().await).await.unwrap()
    }

    /// Waits until a count is at least `wished`.
    pub(crate) async fn until_count(&self, sql: &str, wished: i64) {
        let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(LOOK_EVERY));
        let mut owner = self.owner().await;
        loop {
            ticks.tick().await;
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
            if count >= wished {
                return;
            }
            assert!(Instant::now() < deadline, "{sql} gives {count}, not {wished}");
        }
    }

    /// The number under which a process works at present.
    pub(crate) async fn worker_no(&self, process: &Process) -> Option<i32> {
        sqlx::query_scalar("SELECT worker_no FROM workers WHERE name = $1 AND NOT fenced")
            .bind(format!("pid-{}", process.id()))
            .fetch_optional(&mut self.owner().await)
            .await
            .unwrap()
    }

    /// The journal of an execution, whole.
    pub(crate) async fn journal(&self, id: ExecutionId) -> Vec<Value> {
        sqlx::query_scalar("SELECT to_jsonb(j) FROM journal j WHERE execution_id = $1 ORDER BY position")
            .bind(id.0)
            .fetch_all(&mut self.owner().await)
            .await
            .unwrap()
    }
}
