//! Following an execution: its row and the fold of its journal, read again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use capstan_engine::core::decide::decide;
use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkspaceId};
use capstan_engine::core::state::State;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_engine::store::workflows;
use capstan_node_types::registry::Registry;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::output::failure::BadInput;
use crate::output::progress::Progress;
use crate::output::summary::Summary;
use crate::output::{has_colours, line, tree};
use crate::tenant;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// Journal entries that one look reads at a time.
const PAGE: i64 = 1_000;
/// How long the database may be away while an execution is followed.
const OUTAGE_MAX: Duration = Duration::from_secs(30);

/// An execution as it was at the last look.
pub(crate) struct Followed {
    pub(crate) id: ExecutionId,
    pub(crate) graph: Arc<Graph>,
    pub(crate) row: ExecutionRow,
    pub(crate) state: State,
    workspace: WorkspaceId,
    pool: PgPool,
    read: i32,
}

impl Followed {
    /// Looks at an execution for the first time, with the graph of the version that it keeps for life.
    pub(crate) async fn new(
        pool: PgPool,
        workspace: WorkspaceId,
        id: ExecutionId,
        registry: &Registry,
    ) -> anyhow::Result<Self> {
        let mut transaction = tenant::begin(&pool, workspace).await?;
        let row = executions::find(&mut transaction, workspace, id).await?;
        let row = row.ok_or_else(|| BadInput(format!("there is no execution {id} here")))?;
        let document = workflows::version_graph(&mut transaction, workspace, VersionId(row.version_id)).await?;
        drop(transaction);
        let version = document.ok_or_else(|| anyhow!("version {} is gone", row.version_id))?;
        let graph = Graph::compile(&version.graph, registry)
            .map_err(|_| anyhow!("version {} of execution {id} does not compile any more", row.version_id))?;
        let graph = Arc::new(graph.under(version.semantics).with_chunks()).begun_at(&row.trigger_node_id);
        let trigger = StepKey::root(NodeId::from(row.trigger_node_id.as_str()));
        let state = fold(&graph, &trigger, row.input.clone(), row.begun_at, [])?;
        let mut followed = Self { id, graph, row, state, workspace, pool, read: 0 };
        followed.look().await?;
        Ok(followed)
    }

    /// Whether nothing more will happen by itself.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.row.status.as_str(), "completed" | "failed" | "cancelled" | "incident")
    }

    /// Whether it ended well.
    pub(crate) fn is_completed(&self) -> bool {
        self.row.status == "completed"
    }

    /// The node that settled last; none before the trigger did.
    pub(crate) fn last_settled(&self) -> Option<&str> {
        let settled = self.state.steps().iter().filter_map(|step| Some((step.settled_at?, step.node)));
        settled.max_by_key(|&(at, _)| at).map(|(_, node)| self.graph.nodes[node].id.as_str())
    }

    /// Shows progress until it is over or `stop` is cancelled; answers whether it is over.
    pub(crate) async fn until_over(
        &mut self,
        progress: &mut Progress,
        stop: &CancellationToken,
    ) -> anyhow::Result<bool> {
        let mut seen_at = Instant::now();
        loop {
            match self.look().await {
                Ok(()) => seen_at = Instant::now(),
                Err(error) if is_outage(&error) && seen_at.elapsed() < OUTAGE_MAX => {
                    tracing::warn!("the database is away: {error:#}");
                }
                Err(error) => return Err(error),
            }
            progress.update(&self.graph, &self.state);
            if self.is_over() {
                return Ok(true);
            }
            if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return Ok(false);
            }
        }
    }

    /// Reads what is new.
    pub(crate) async fn look(&mut self) -> anyhow::Result<()> {
        let mut transaction = tenant::begin(&self.pool, self.workspace).await?;
        // The row first: an execution that has ended then has its whole journal.
        let row = executions::find(&mut transaction, self.workspace, self.id).await?;
        self.row = row.ok_or_else(|| anyhow!("execution {} is gone", self.id))?;
        loop {
            let page = executions::journal(&mut transaction, self.workspace, self.id, self.read, PAGE).await?;
            let is_last = i64::try_from(page.len()).is_ok_and(|entries| entries < PAGE);
            for (position, entry) in page {
                let decision = decide(&self.graph, &self.state, &entry)?;
                self.state.apply(&self.graph, entry, &decision);
                self.read = position;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Prints the tree, or with `json` the summary.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            line(&serde_json::to_string(&Summary::new(self.id, &self.row.status, &self.graph, &self.state))?);
        } else {
            line(&tree::render(&self.row.status, &self.graph, &self.state, has_colours()));
        }
        Ok(())
    }
}

fn is_outage(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::is_transient) || error.is::<sqlx::Error>()
}
