//! A cell of its own for each test, with workers in this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use capstan_domain::approvals::Desk;
use capstan_domain::calls::CallDesk;
use capstan_domain::credentials::Vault;
use capstan_domain::secrets::KeyRing;
use capstan_domain::triggers::keep_in_step;
use capstan_domain::{events, leads, notifications, records};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, SignalId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::faults::{ask, told};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_engine::store::migrate::{Kind, fingerprint, migrate};
use capstan_engine::store::signals::{self, Sent};
use capstan_engine::store::start::{Start, Started, start};
use capstan_engine::store::workflows::{About, create, publish};
use capstan_node_types::registry::Registry;
use capstan_node_types::services::mail::{Mail, MailSettings, Mailbox, MailboxError};
use capstan_node_types::services::{ServiceSettings, Services};
use capstan_node_types::triggers::triggers_of;
use capstan_private_postgres::{TestDatabase, test_database_like};
use capstan_worker::{Worker, WorkerSettings};
use chrono::Utc;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::runtime::Handle;
use tokio::time::{Instant, interval};

/// Longest that anything in these tests may take; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Cell {
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) place: Place,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) registry: Arc<Registry>,
    pub(crate) services: Arc<Services>,
    _database: TestDatabase,
}

/// What an execution is started of.
#[derive(Clone, Copy)]
pub(crate) struct Version {
    pub(crate) workflow_id: WorkflowId,
    pub(crate) version_id: VersionId,
    pub(crate) timeout_ms: Option<u64>,
}

struct NoMailbox;

impl Mailbox for NoMailbox {
    fn store<'a>(&'a self, _: WorkspaceId, _: Mail) -> BoxFuture<'a, Result<(), MailboxError>> {
        std::future::ready(Ok(())).boxed()
    }
}

/// A database with the cell `cell_1`. Its months are the ones from now on.
async fn migrated() -> TestDatabase {
    let name = format!("cell_{}_{}", fingerprint(&[Kind::Cell]), Utc::now().format("%Y%m"));
    let prepare = |url: &str| Handle::current().block_on(migrate(&Place::new(url, "cell_1").unwrap(), Kind::Cell));
    tokio::task::spawn_blocking(move || test_database_like(&name, prepare)).await.unwrap()
}

impl Cell {
    pub(crate) async fn new() -> Self {
        Self::with_registry(Registry::standard(), &[]).await
    }

    pub(crate) async fn with_registry(registry: Registry, allow: &[&str]) -> Self {
        let database = migrated().await;
        let place = Place::new(&database.url, "cell_1").unwrap();
        let keys = Arc::new(KeyRing::generate());
        let services = services(&place, allow, &keys);
        let workspace_id = WorkspaceId::new();
        Self { keys, place, workspace_id, registry: Arc::new(registry), services, _database: database }
    }

    pub(crate) async fn worker(&self) -> Worker {
        self.worker_of(
            self.place.clone(),
            WorkerSettings { drain_timeout: Duration::from_secs(5), ..Default::default() },
        )
        .await
    }

    pub(crate) async fn worker_of(&self, place: Place, settings: WorkerSettings) -> Worker {
        Worker::start(place, Arc::clone(&self.registry), Arc::clone(&self.services), settings).await.unwrap()
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        self.place.connect(Role::Owner).await.unwrap()
    }

    /// Publishes a document as a workflow of its own; executions get the time that it sets.
    pub(crate) async fn publish(&self, document: &Value) -> Version {
        self.publish_as("test", document).await
    }

    /// The same under that name.
    pub(crate) async fn publish_as(&self, name: &str, document: &Value) -> Version {
        let graph = Graph::compile(document, &*self.registry).unwrap();
        let workflow_id = WorkflowId::new();
        let mut owner = self.owner().await;
        create(&mut owner, self.workspace_id, workflow_id, name, document).await.unwrap();
        let about = About::default();
        let version = publish(&mut owner, self.workspace_id, workflow_id, document, &graph, &[], &about);
        let version = version.await.unwrap().unwrap();
        let version_id = VersionId(version.version_id);
        let triggers = triggers_of(&graph);
        keep_in_step(&mut owner, self.workspace_id, workflow_id, version_id, &triggers).await.unwrap().unwrap();
        Version { workflow_id, version_id, timeout_ms: graph.timeout_ms }
    }

    pub(crate) async fn start(&self, version: Version, input: Value) -> ExecutionId {
        self.start_many(version, input, 1).await[0]
    }

    pub(crate) async fn start_many(&self, version: Version, input: Value, count: usize) -> Vec<ExecutionId> {
        let starts: Vec<Start> = (0..count).map(|_| self.new_start(version, input.clone())).collect();
        let mut starter = self.place.connect(Role::Starter).await.unwrap();
        let reply = start(&mut starter, &starts).await.unwrap();
        let id = |started| if let Started::New(id) = started { id } else { panic!("not started: {started:?}") };
        reply.started.into_iter().map(id).collect()
    }

    pub(crate) fn new_start(&self, version: Version, input: Value) -> Start {
        Start {
            execution_id: ExecutionId::new(),
            workspace_id: self.workspace_id,
            workflow_id: version.workflow_id,
            version_id: version.version_id,
            trigger: NodeId::from("start"),
            input,
            timeout_ms: version.timeout_ms,
            idempotency_key: None,
            trace: None,
            vt: 0,
        }
    }

    pub(crate) async fn signal(&self, id: ExecutionId, name: &str, payload: Value) -> Sent {
        self.send(id, SignalId::new(), name, payload).await
    }

    /// Sends a signal whose id is made of `key`, so that it can be repeated.
    pub(crate) async fn signal_as(&self, id: ExecutionId, name: &str, payload: Value, key: &str) -> Sent {
        let bytes = std::array::from_fn(|n| key.as_bytes().get(n).copied().unwrap_or_default());
        self.send(id, SignalId(uuid::Uuid::from_bytes(bytes)), name, payload).await
    }

    async fn send(&self, id: ExecutionId, signal_id: SignalId, name: &str, payload: Value) -> Sent {
        let mut owner = self.owner().await;
        let sent = signals::send(&mut owner, self.workspace_id, id, signal_id, name, &payload);
        told(ask::Signal { execution_id: id }, sent).await.unwrap()
    }

    /// Waits until the execution has one of these statuses.
    pub(crate) async fn until(&self, id: ExecutionId, statuses: &[&str]) -> ExecutionRow {
        let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(10)));
        let mut owner = self.owner().await;
        loop {
            ticks.tick().await;
            let row = executions::find(&mut owner, self.workspace_id, id).await.unwrap().unwrap();
            if statuses.contains(&row.status.as_str()) {
                return row;
            }
            assert!(
                Instant::now() < deadline,
                "execution {id} is still {}, not {statuses:?}: {:?}",
                row.status,
                row.error
            );
        }
    }

    /// Waits until a count of rows is as wished.
    pub(crate) async fn until_count(&self, sql: &str, wished: i64) {
        let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(20)));
        let mut owner = self.owner().await;
        loop {
            ticks.tick().await;
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
            if count == wished {
                return;
            }
            assert!(Instant::now() < deadline, "{sql} gives {count}, not {wished}");
        }
    }

    /// Waits for the next day where this one ends in a moment: what is counted by the day or the month begins anew with it.
    pub(crate) async fn within_a_day(&self) {
        let ends = "SELECT count(*) WHERE date_trunc('day', clock_timestamp() + interval '15 s') \
            > date_trunc('day', clock_timestamp())";
        self.until_count(ends, 0).await;
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.owner().await).await.unwrap()
    }

    /// The steps of an execution by node, as `status/port/attempts`.
    pub(crate) async fn steps(&self, id: ExecutionId) -> BTreeMap<String, String> {
        let rows: Vec<(String, String, Option<String>, i32)> =
            sqlx::query_as("SELECT node_id, status, port, attempts FROM execution_steps WHERE execution_id = $1")
                .bind(id.0)
                .fetch_all(&mut self.owner().await)
                .await
                .unwrap();
        rows.into_iter()
            .map(|(node, status, port, attempts)| (node, format!("{status}/{}/{attempts}", port.unwrap_or_default())))
            .collect()
    }

    /// Fails if a lease, token or timer is left.
    pub(crate) async fn assert_clean(&self) {
        for table in ["leases", "queue", "timers", "signals"] {
            self.until_count(&format!("SELECT count(*) FROM {table}"), 0).await;
        }
    }
}

/// Services of a process of its own.
pub(crate) fn services(place: &Place, allow: &[&str], keys: &Arc<KeyRing>) -> Arc<Services> {
    let mail = MailSettings { server: None, from: "capstan@example.com".into(), sandbox: true };
    services_with(place, allow, keys, mail)
}

/// The same, whose mail leaves in that way.
pub(crate) fn services_with(place: &Place, allow: &[&str], keys: &Arc<KeyRing>, mail: MailSettings) -> Arc<Services> {
    let calls = Arc::new(CallDesk::new(place));
    let settings = ServiceSettings {
        allow: allow.iter().map(|&entry| entry.to_owned()).collect(),
        mail,
        mailbox: Arc::new(NoMailbox),
        approvals: Arc::new(Desk::new(place)),
        events: Arc::new(events::Desk::new(place)),
        leads: Arc::new(leads::Desk::new(place)),
        records: Arc::new(records::Desk::new(place)),
        notices: Arc::new(notifications::Desk::new(place)),
        quotas: Arc::new(calls.till()),
        calls,
        credentials: Arc::new(Vault::new(place, Arc::clone(keys))),
        public_url: "http://127.0.0.1:7400".into(),
    };
    Arc::new(Services::new(settings).unwrap())
}

pub(crate) fn node(id: &str, kind: &str, config: Value) -> Value {
    json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": { "label": id, "config": config } })
}

/// A graph from nodes and `(source, port, target)` edges; `start` is a manual trigger.
pub(crate) fn graph(nodes: Vec<Value>, edges: &[(&str, &str, &str)]) -> Value {
    let trigger = node("start", "trigger.manual", json!({}));
    let edges: Vec<Value> = edges
        .iter()
        .enumerate()
        .map(|(n, (source, port, target))| {
            json!({ "id": format!("e{n}"), "source": source, "sourceHandle": port, "target": target,
                    "data": { "kind": if *port == "error" { "error" } else { "flow" } } })
        })
        .collect();
    json!({ "nodes": std::iter::once(trigger).chain(nodes).collect::<Vec<_>>(), "edges": edges })
}
