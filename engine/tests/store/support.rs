//! A cell of its own for each test, and short words for what tests do to it.

use std::time::{Duration, Instant};

use capstan_engine::core::ids::{ExecutionId, NodeId, SignalId, StepKey, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::core::journal::{Entry, Event, SettledStatus, Settlement};
use capstan_engine::store::children::Family;
use capstan_engine::store::claim::{Claimed, NO_BOUND, claim};
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::{Commit, Reply, Then, commit};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, fingerprint, migrate};
use capstan_engine::store::signals::{self, Sent};
use capstan_engine::store::start::{Start, Started, start};
use capstan_engine::store::workers::register;
use capstan_private_postgres::{TestDatabase, test_database_like};
use chrono::Utc;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::runtime::Handle;
use uuid::Uuid;

/// Longest wait for another connection to get where it should be.
const PATIENCE: Duration = Duration::from_secs(20);

/// A migrated cell in a database of its own, dropped with it.
pub(crate) struct Cell {
    pub(crate) place: Place,
    pub(crate) workspace: WorkspaceId,
    _database: TestDatabase,
}

pub(crate) async fn database() -> TestDatabase {
    tokio::task::spawn_blocking(capstan_private_postgres::test_database).await.unwrap()
}

/// A database with the cell `cell_1`. Its months are the ones from now on.
async fn migrated() -> TestDatabase {
    let name = format!("cell_{}_{}", fingerprint(&[Kind::Cell]), Utc::now().format("%Y%m"));
    let prepare = |url: &str| Handle::current().block_on(migrate(&Place::new(url, "cell_1").unwrap(), Kind::Cell));
    tokio::task::spawn_blocking(move || test_database_like(&name, prepare)).await.unwrap()
}

impl Cell {
    pub(crate) async fn new() -> Self {
        let database = migrated().await;
        let place = Place::new(&database.url, "cell_1").unwrap();
        Self { place, workspace: WorkspaceId::new(), _database: database }
    }

    pub(crate) async fn connect(&self, role: Role) -> PgConnection {
        self.place.connect(role).await.unwrap()
    }

    /// A worker's number with a connection that works as it.
    pub(crate) async fn worker(&self) -> (PgConnection, i32) {
        let mut connection = self.connect(Role::Worker).await;
        let number = register(&mut connection, "test").await.unwrap().worker_no;
        (connection, number)
    }

    pub(crate) async fn start(&self, count: usize) -> Vec<ExecutionId> {
        let starts: Vec<Start> = (0..count).map(|_| new_start(self.workspace)).collect();
        self.start_all(&starts).await
    }

    pub(crate) async fn start_all(&self, starts: &[Start]) -> Vec<ExecutionId> {
        let reply = start(&mut self.connect(Role::Starter).await, starts).await.unwrap();
        reply.started.into_iter().map(new_id).collect()
    }

    /// Starts one execution and claims it for this worker.
    pub(crate) async fn leased(&self, worker: &mut (PgConnection, i32)) -> Claimed {
        self.leased_many(worker, 1).await.remove(0)
    }

    /// Starts some executions and claims them for this worker, in execution order.
    pub(crate) async fn leased_many(&self, worker: &mut (PgConnection, i32), count: usize) -> Vec<Claimed> {
        self.start(count).await;
        let mut claimed = claim_all(worker).await;
        assert_eq!(claimed.len(), count);
        claimed.sort_by_key(|claimed| claimed.execution_id);
        claimed
    }

    pub(crate) async fn signal(&self, execution: Uuid) -> Sent {
        send(&mut self.connect(Role::Worker).await, self.workspace, execution).await
    }

    /// A number that a query gives to the superuser.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut owner = self.connect(Role::Owner).await;
        sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let mut owner = self.connect(Role::Owner).await;
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Waits until the session `pid` waits for a lock.
    pub(crate) async fn until_blocked(&self, pid: i32) {
        self.until_count(&format!("SELECT (cardinality(pg_blocking_pids({pid})) > 0)::int::bigint"), 1).await;
    }

    /// Waits until a query gives `wished` to the superuser.
    pub(crate) async fn until_count(&self, sql: &str, wished: i64) {
        let mut owner = self.connect(Role::Owner).await;
        let (deadline, mut ticks) = (Instant::now() + PATIENCE, tokio::time::interval(Duration::from_millis(5)));
        loop {
            ticks.tick().await;
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
            if count == wished {
                return;
            }
            assert!(Instant::now() < deadline, "{sql} gives {count}, not {wished}");
        }
    }
}

pub(crate) async fn pid(connection: &mut PgConnection) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

pub(crate) fn new_start(workspace_id: WorkspaceId) -> Start {
    Start {
        execution_id: ExecutionId::new(),
        workspace_id,
        workflow_id: WorkflowId(Uuid::nil()),
        version_id: VersionId(Uuid::nil()),
        trigger: NodeId::from("start"),
        input: json!({ "n": 1 }),
        timeout_ms: None,
        idempotency_key: None,
        trace: None,
        vt: 0,
    }
}

pub(crate) fn new_id(started: Started) -> ExecutionId {
    if let Started::New(id) = started { id } else { panic!("not started: {started:?}") }
}

pub(crate) async fn claim_all(worker: &mut (PgConnection, i32)) -> Vec<Claimed> {
    claim(&mut worker.0, worker.1, 10_000, NO_BOUND, false).await.unwrap()
}

pub(crate) async fn send(connection: &mut PgConnection, workspace: WorkspaceId, execution: Uuid) -> Sent {
    signals::send(connection, workspace, ExecutionId(execution), SignalId::new(), "go", &Value::Null).await.unwrap()
}

/// The entry of a step that has completed with `output`.
pub(crate) fn settled(node: &str, output: Value) -> Entry {
    let step = StepKey::root(NodeId::from(node));
    let settlement = Settlement {
        status: SettledStatus::Completed,
        port: Some("out".into()),
        output,
        error: None,
        attempts: 1,
        closed_edges: Vec::new(),
        failed_items: 0,
        more_ports: Vec::new(),
    };
    Entry { at: Utc::now(), event: Event::Settled { step, settlement } }
}

/// A commit of one settled step at `position`, under the lease that was claimed.
pub(crate) fn step(claimed: &Claimed, position: u32, then: Then) -> Commit {
    Commit {
        execution_id: ExecutionId(claimed.execution_id),
        workspace_id: WorkspaceId(claimed.workspace_id),
        lease_no: claimed.lease_no,
        position,
        rows: vec![Row::of(&settled(&format!("n{position}"), json!(position)))],
        usage: Vec::new(),
        family: Family::default(),
        leaves: false,
        dropped: Vec::new(),
        bytes: 0,
        then,
    }
}

pub(crate) fn end(leftovers: bool) -> Then {
    Then::End { status: "completed", output: Some(json!("done").to_string()), error: None, leftovers }
}

/// A park until a signal comes.
pub(crate) const PARK: Then = Then::Park { due_at: None };

/// Commits, and expects that all of it was written and no signal was there.
pub(crate) async fn write(worker: &mut (PgConnection, i32), commits: &[&Commit]) {
    assert_eq!(commit(&mut worker.0, worker.1, commits).await.unwrap(), Reply::Written(Vec::new()));
}
