//! A cell of our own, and what scenarios do with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use capstan_engine::core::ids::{ExecutionId, NodeId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::start::Start;
use capstan_node_types::registry::Registry;
use capstan_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::sleep;

use super::process::Settings;
use crate::config::ServiceArgs;
use crate::fleet::{self, Reach};
use crate::publish::{self, Published};

/// Time between two looks whether a backlog is worked off.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longest that a scenario waits for a backlog.
const PATIENCE: Duration = Duration::from_secs(600);

/// A cell with one workspace.
pub(crate) struct Cell {
    pub(crate) place: Place,
    pub(crate) control: Place,
    pub(crate) workspace: WorkspaceId,
    pub(crate) registry: Arc<Registry>,
    /// Of processes of their own that work for it.
    pub(crate) settings: Settings,
    pub(crate) services: ServiceArgs,
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
        self.publish(self.workspace, &json!({ "nodes": nodes, "edges": edges })).await
    }

    /// Publishes the row of three durable steps that most scenarios run.
    pub(crate) async fn publish_durable(&self) -> anyhow::Result<Published> {
        self.publish_row("debug.noop", &noop(), STEPS).await
    }

    /// Publishes a graph for a workspace.
    pub(crate) async fn publish(&self, workspace: WorkspaceId, graph: &Value) -> anyhow::Result<Published> {
        let pool = self.place.pool(Role::Api, 1);
        let name = format!("bench {}", uuid::Uuid::now_v7());
        let published = publish::publish(&pool, workspace, &name, graph, &self.registry).await?;
        pool.close().await;
        Ok(published)
    }

    /// A start as the API would ask for.
    pub(crate) fn start_of(&self, published: &Published) -> Start {
        Start {
            execution_id: ExecutionId::new(),
            workspace_id: self.workspace,
            workflow_id: published.workflow_id,
            version_id: published.version_id,
            trigger: NodeId::from("start"),
            input: result(),
            timeout_ms: None,
            idempotency_key: None,
            trace: None,
            vt: 0,
        }
    }

    /// A worker in this process.
    pub(crate) async fn worker(&self) -> anyhow::Result<Worker> {
        let services = fleet::services(&self.services, Reach::default(), &self.place, &Arc::default())?;
        let registry = Arc::clone(&self.registry);
        let worker = Worker::start(self.place.clone(), registry, services, WorkerSettings::default());
        worker.await.context("the worker did not start")
    }

    /// A connection of the owner.
    pub(crate) async fn owner(&self) -> anyhow::Result<PgConnection> {
        Ok(self.place.connect(Role::Owner).await?)
    }

    /// Waits until queue and leases are empty.
    pub(crate) async fn until_drained(&self, owner: &mut PgConnection) -> anyhow::Result<()> {
        let empty = "SELECT NOT EXISTS (SELECT FROM leases) AND NOT EXISTS (SELECT FROM queue)";
        self.until(owner, empty).await.context("the backlog was not worked off")
    }

    /// Waits until `sql` says true.
    pub(crate) async fn until(&self, owner: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let holds: bool = sqlx::query_scalar(sql).fetch_one(&mut *owner).await?;
            if holds {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "not so within {PATIENCE:?}: {sql}");
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

/// Steps of the usual execution.
pub(crate) const STEPS: usize = 3;

/// Config of a durable step that gives back [`result`].
pub(crate) fn noop() -> Value {
    json!({ "output": result() })
}

/// A result of about a hundred bytes, as a small step would give back; the same as the raw loop's.
pub(crate) fn result() -> Value {
    json!({ "ok": true, "value": 42, "text": "a result of about a hundred bytes, as a small step would give back" })
}

pub(crate) fn node(id: &str, type_name: &str, config: &Value) -> Value {
    json!({ "id": id, "type": type_name, "position": { "x": 0, "y": 0 }, "data": { "label": id, "config": config } })
}

pub(crate) fn edge(source: &str, target: &str) -> Value {
    json!({ "id": format!("{source}-{target}"), "source": source, "target": target, "sourceHandle": "out" })
}
