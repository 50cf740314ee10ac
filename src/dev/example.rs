//! The example that `dev` publishes, runs, and after a kill goes on with.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use capstan_api::starter::Starter;
use capstan_engine::core::ids::{ExecutionId, WorkflowId, WorkspaceId};
use capstan_engine::core::problem::Problem;
use capstan_engine::store::executions;
use capstan_node_types::registry::Registry;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::demo::Demo;
use crate::demo::customer::{Customers, SLOW_PREFIX};
use crate::follow::Followed;
use crate::output::progress::Progress;
use crate::output::{line, note};
use crate::pack::Pack;
use crate::publish::{self, Published};
use crate::{document, fleet, tenant};

/// What people call its workflow.
pub(crate) const NAME: &str = "Lead automation";
/// In the binary, so that `dev` works from anywhere.
const DOCUMENT: &str = include_str!("../../examples/lead-automation/workflow.json");
const PACK: &str = include_str!("../../examples/lead-automation/pack.toml");
/// Newest executions that are looked through for unfinished ones.
const EXECUTIONS_MAX: i64 = 100;
/// Unfinished executions that are followed to their end before anything else.
const RESUMED_MAX: usize = 5;
/// How long an execution is followed; one that still waits goes on by itself.
const FOLLOW_MAX: Duration = Duration::from_secs(120);

/// The published example and what runs it.
pub(crate) struct Example {
    pool: PgPool,
    workspace: WorkspaceId,
    registry: Arc<Registry>,
    starter: Starter,
    customers: Customers,
    published: Published,
    input: Value,
}

/// Pack and document, as they lie in the repository.
pub(crate) fn files() -> anyhow::Result<(Pack, Value)> {
    Ok((
        Pack::parse(PACK).map_err(|problem| failed(&problem))?,
        document::parse(DOCUMENT).map_err(|problem| failed(&problem))?,
    ))
}

/// The document with short waits and the addresses of the demo services.
pub(crate) fn filled(pack: &Pack, document: &Value, demo: &Demo) -> anyhow::Result<Value> {
    pack.apply(document, demo.addresses()).map_err(|problem| failed(&problem))
}

fn failed(problem: &Problem) -> anyhow::Error {
    anyhow!("the built-in example cannot be used: {}", problem.detail)
}

impl Example {
    /// Publishes the document, unless it is published already.
    pub(crate) async fn publish(
        pool: PgPool,
        workspace: WorkspaceId,
        document: &Value,
        registry: Arc<Registry>,
        starter: Starter,
        customers: Customers,
        input: Option<Value>,
    ) -> anyhow::Result<Self> {
        let published = publish::publish(&pool, workspace, NAME, document, &registry).await?;
        let input = input.unwrap_or_else(|| json!({}));
        Ok(Self { pool, workspace, registry, starter, customers, published, input })
    }

    /// Its workflow.
    pub(crate) fn workflow_id(&self) -> WorkflowId {
        self.published.workflow_id
    }

    /// The input of a customer who takes a while to answer.
    pub(crate) fn slow_input(&self) -> Value {
        let mut input = self.input.clone();
        if let Some(email) = input.get("email").and_then(Value::as_str) {
            input["email"] = format!("{SLOW_PREFIX}.{email}").into();
        }
        input
    }

    /// Starts an execution that waits for a slow customer.
    pub(crate) async fn start_slow(&self) -> anyhow::Result<ExecutionId> {
        self.start(self.slow_input()).await
    }

    /// Goes on with what an earlier process left unfinished, or else runs the example once. Answers whether all of
    /// it completed.
    pub(crate) async fn run(&self, stop: &CancellationToken, json: bool) -> anyhow::Result<bool> {
        let unfinished = self.unfinished().await?;
        if unfinished.is_empty() {
            let id = self.start(self.input.clone()).await?;
            return self.follow(id, false, stop, json).await;
        }
        let mut all_completed = true;
        for id in unfinished {
            all_completed &= self.follow(id, true, stop, json).await?;
        }
        Ok(all_completed)
    }

    async fn start(&self, input: Value) -> anyhow::Result<ExecutionId> {
        let trigger = publish::trigger(&self.published.graph, None)?;
        fleet::start(&self.starter, self.workspace, &self.published, trigger, input, None).await
    }

    /// Executions of the example that have not ended, oldest first.
    async fn unfinished(&self) -> anyhow::Result<Vec<ExecutionId>> {
        let mut transaction = tenant::begin(&self.pool, self.workspace).await?;
        let newest = ExecutionId(uuid::Uuid::max());
        let workflow = Some(self.published.workflow_id);
        let rows =
            executions::list(&mut transaction, self.workspace, workflow, Some(false), newest, EXECUTIONS_MAX).await?;
        let open = rows.into_iter().filter(|row| row.ended_at.is_none() && row.status != "incident");
        let mut ids: Vec<ExecutionId> = open.map(|row| ExecutionId(row.execution_id)).take(RESUMED_MAX).collect();
        ids.reverse();
        Ok(ids)
    }

    async fn follow(
        &self,
        id: ExecutionId,
        resumed: bool,
        stop: &CancellationToken,
        json: bool,
    ) -> anyhow::Result<bool> {
        let mut followed = Followed::new(self.pool.clone(), self.workspace, id, &self.registry).await?;
        if resumed {
            self.customers.catch_up(&followed);
        }
        announce(&followed, resumed, json);
        let mut progress = Progress::new(json);
        let over = tokio::time::timeout(FOLLOW_MAX, followed.until_over(&mut progress, stop)).await;
        drop(progress);
        over.unwrap_or(Ok(false))?;
        if !followed.is_over() && !json {
            note("it is not finished, and goes on by itself:");
        }
        followed.print(json)?;
        Ok(followed.is_completed())
    }
}

fn announce(followed: &Followed, resumed: bool, json: bool) {
    let (id, last) = (followed.id, followed.last_settled().unwrap_or("its start"));
    match (json, resumed) {
        (true, _) => line(&json!({"event": "execution", "id": id, "resumed": resumed}).to_string()),
        (false, true) => note(&format!("resuming execution {id} from its last settled step, {last}")),
        (false, false) => note(&format!("running the example: execution {id}")),
    }
}
