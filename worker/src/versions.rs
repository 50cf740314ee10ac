//! Compiled versions: loaded in one query, compiled once, kept while there is room, for neither they nor this build change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_engine::core::graph::{Graph, NodeIx};
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workflows::version_graph;
use capstan_node_types::registry::Registry;

use crate::side::Side;

/// A version as it is run.
pub(crate) struct Version {
    /// Whose it is.
    pub(crate) workflow_id: WorkflowId,
    /// Its graph.
    pub(crate) graph: Arc<Graph>,
}

/// What is known of a version, or why this build cannot run it.
type Known = Result<Arc<Version>, String>;

/// Versions that are kept; beyond that all are dropped and loaded anew as they are needed.
const VERSIONS_MAX: usize = 5_000;

/// The versions that one process knows.
#[derive(Default)]
pub(crate) struct Versions {
    known: Mutex<HashMap<VersionId, Known>>,
    /// The same of chunks, by version and container.
    chunks: Mutex<HashMap<(VersionId, NodeIx), Arc<Version>>>,
}

impl Versions {
    /// A version, compiled.
    ///
    /// # Errors
    /// If the database fails, [`StoreError::Corrupt`] if the version is gone, or [`StoreError::Unsupported`] if this
    /// build cannot run it.
    pub(crate) async fn get(
        &self,
        side: &Side,
        registry: &Registry,
        workspace_id: WorkspaceId,
        version_id: VersionId,
    ) -> Result<Arc<Version>, StoreError> {
        if let Some(known) = self.kept(version_id) {
            return known.map_err(StoreError::Unsupported);
        }
        // Boxed, as it is rare: every activation would carry the room for it.
        let load = side.run(async |connection| {
            // Of a burst that asks for the same version only the first turn has to load it.
            if let Some(known) = self.kept(version_id) {
                return Ok(known);
            }
            let row = version_graph(connection, workspace_id, version_id).await?;
            let row = row.ok_or_else(|| StoreError::Corrupt(format!("version {version_id} does not exist")))?;
            let version = |graph: Graph| Version {
                workflow_id: WorkflowId(row.workflow_id),
                graph: Arc::new(graph.under(row.semantics).with_chunks()),
            };
            let version = Graph::compile(&row.graph, registry).map(version).map(Arc::new).map_err(|problems| {
                let first = problems.first().map(|problem| problem.detail.clone()).unwrap_or_default();
                format!("version {version_id} cannot be run by this build: {first}")
            });
            Ok(self.keep(version_id, version))
        });
        Box::pin(load).await?.map_err(StoreError::Unsupported)
    }

    /// The version as an execution which begins at `trigger` runs it: chunks have their own graphs.
    pub(crate) fn begun_at(&self, version_id: VersionId, version: Arc<Version>, trigger: &str) -> Arc<Version> {
        let Some(container) = version.graph.handed_over(trigger) else { return version };
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        if chunks.len() >= VERSIONS_MAX {
            chunks.clear();
        }
        let begun = || Arc::new(Version { graph: version.graph.begun_at(trigger), ..*version });
        Arc::clone(chunks.entry((version_id, container)).or_insert_with(begun))
    }

    fn kept(&self, version_id: VersionId) -> Option<Known> {
        self.known().get(&version_id).cloned()
    }

    fn keep(&self, version_id: VersionId, version: Known) -> Known {
        let mut known = self.known();
        if known.len() >= VERSIONS_MAX {
            known.clear();
        }
        known.insert(version_id, version.clone());
        version
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<VersionId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
