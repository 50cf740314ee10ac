//! Compiled graphs: of drafts once, of versions for as long as there is room, since they never change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::core::problem::Problem as Finding;
use capstan_engine::core::prove::{Proof, prove};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workflows::{self, VersionGraph};
use capstan_node_types::registry::Registry;
use serde_json::Value;
use sqlx::PgConnection;
use tokio::sync::Semaphore;

use crate::problem::Problem;
use crate::remembered::Remembered;

/// Most bytes of documents, as compact JSON, whose graphs are kept.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long starts use the version that was the newest, or a workflow that was there, without asking again. What this
/// process publishes counts at once.
const CURRENT_FOR: Duration = Duration::from_millis(900);

/// Proofs of one process at a time; more wait for their turn, as long as a request may.
const PROOFS_MAX: usize = 2;
static PROOFS: Semaphore = Semaphore::const_new(PROOFS_MAX);

/// A published graph, as drawn and as walked.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) document: Value,
    pub(crate) graph: Arc<Graph>,
    bytes: usize,
}

impl Version {
    pub(crate) fn node(&self, id: &str) -> Option<&Node> {
        self.graph.find(&id.into()).map(|ix| &self.graph.nodes[ix])
    }

    /// The same for an execution that begins at `trigger`: chunks walk a graph of their own.
    pub(crate) fn begun_at(self: Arc<Self>, trigger: &str) -> Arc<Self> {
        if self.graph.handed_over(trigger).is_none() {
            return self;
        }
        Arc::new(Self { document: self.document.clone(), graph: self.graph.begun_at(trigger), bytes: self.bytes })
    }
}

#[derive(Default)]
struct Kept {
    versions: HashMap<(WorkspaceId, VersionId), Arc<Version>>,
    bytes: usize,
}

pub(crate) struct Graphs {
    registry: Arc<Registry>,
    kept: Mutex<Kept>,
    /// Which version starts use, by workflow and the version that was asked for.
    pub(crate) current: Remembered<(WorkspaceId, WorkflowId, Option<VersionId>), VersionId>,
}

impl Graphs {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry, kept: Mutex::default(), current: Remembered::for_at_most(CURRENT_FOR) }
    }

    /// The node types.
    pub(crate) fn catalogue(&self) -> &Registry {
        &self.registry
    }

    /// Checks and compiles a document, away from the threads that serve: a large one takes a while.
    pub(crate) async fn compile(&self, document: Value) -> Result<(Value, Result<Graph, Vec<Finding>>), Problem> {
        let registry = Arc::clone(&self.registry);
        let work = move || {
            let compiled = registry.compile(&document);
            (document, compiled)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::internal(format!("compiling a graph failed: {error}")))
    }

    /// The same, and what is found out about the graph, within a bound.
    pub(crate) async fn prove(
        &self,
        document: Value,
    ) -> Result<(Value, Result<(Graph, Proof), Vec<Finding>>), Problem> {
        let (document, compiled) = self.compile(document).await?;
        let graph = match compiled {
            Ok(graph) => graph,
            Err(problems) => return Ok((document, Err(problems))),
        };
        let turn = PROOFS.acquire().await.map_err(|error| Problem::internal(error.to_string()))?;
        let registry = Arc::clone(&self.registry);
        let work = move || {
            // Lasts as long as the work, also where nobody waits for it any more.
            let _turn = turn;
            let proof = prove(&graph, registry.as_ref()).with_document(&document);
            (document, Ok((graph, proof)))
        };
        let proved = tokio::task::spawn_blocking(work).await;
        proved.map_err(|error| Problem::internal(format!("proving a graph failed: {error}")))
    }

    /// A version of the workspace, if there is one of that id.
    pub(crate) async fn version(
        &self,
        connection: &mut PgConnection,
        workspace_id: WorkspaceId,
        version_id: VersionId,
    ) -> Result<Option<Arc<Version>>, Problem> {
        let key = (workspace_id, version_id);
        if let Some(version) = self.find(workspace_id, version_id) {
            return Ok(Some(version));
        }
        let Some(VersionGraph { graph: document, semantics, .. }) =
            workflows::version_graph(connection, workspace_id, version_id).await?
        else {
            return Ok(None);
        };
        let (document, graph) = self.compile(document).await?;
        let graph = graph.map_err(|problems| {
            let first = problems.first().map(|problem| problem.detail.clone()).unwrap_or_default();
            // It did when it was published.
            StoreError::Unsupported(format!("version {version_id} needs another build: {first}"))
        })?;
        let version = Arc::new(Version {
            bytes: document.to_string().len(),
            document,
            graph: Arc::new(graph.under(semantics).with_chunks()),
        });
        self.keep(key, &version);
        Ok(Some(version))
    }

    /// A version of the workspace, if it is kept.
    pub(crate) fn find(&self, workspace_id: WorkspaceId, version_id: VersionId) -> Option<Arc<Version>> {
        self.kept().versions.get(&(workspace_id, version_id)).cloned()
    }

    fn keep(&self, key: (WorkspaceId, VersionId), version: &Arc<Version>) {
        let mut kept = self.kept();
        if kept.bytes + version.bytes > KEPT_BYTES_MAX {
            *kept = Kept::default();
        }
        if kept.versions.insert(key, Arc::clone(version)).is_none() {
            kept.bytes += version.bytes;
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
