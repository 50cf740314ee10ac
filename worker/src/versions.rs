//! Compiled versions: loaded in one query, compiled once, kept while there is room, for they never change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{VersionId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workflows::version_graph;
use capstan_node_types::registry::Registry;

use crate::side::Side;

/// Compiled versions that are kept; beyond that all are dropped and loaded anew as they are needed.
const VERSIONS_MAX: usize = 5_000;

/// The cache of compiled versions of one process.
#[derive(Default)]
pub(crate) struct Versions {
    compiled: Mutex<HashMap<VersionId, Arc<Graph>>>,
}

impl Versions {
    /// The compiled graph of a version.
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
    ) -> Result<Arc<Graph>, StoreError> {
        if let Some(graph) = self.kept(version_id) {
            return Ok(graph);
        }
        // Boxed, as it is rare: every activation would carry the room for it.
        let load = side.run(async |connection| {
            // Of a burst that asks for the same version only the first turn has to load it.
            if let Some(graph) = self.kept(version_id) {
                return Ok(graph);
            }
            let document = version_graph(connection, workspace_id, version_id).await?;
            let document =
                document.ok_or_else(|| StoreError::Corrupt(format!("version {version_id} does not exist")))?;
            let graph = Graph::compile(&document, registry).map_err(|problems| {
                let first = problems.first().map(|problem| problem.detail.clone()).unwrap_or_default();
                StoreError::Unsupported(format!("version {version_id} cannot be run by this build: {first}"))
            })?;
            Ok(self.keep(version_id, Arc::new(graph)))
        });
        Box::pin(load).await
    }

    fn kept(&self, version_id: VersionId) -> Option<Arc<Graph>> {
        self.compiled().get(&version_id).map(Arc::clone)
    }

    fn keep(&self, version_id: VersionId, graph: Arc<Graph>) -> Arc<Graph> {
        let mut compiled = self.compiled();
        if compiled.len() >= VERSIONS_MAX {
            compiled.clear();
        }
        compiled.insert(version_id, Arc::clone(&graph));
        graph
    }

    fn compiled(&self) -> std::sync::MutexGuard<'_, HashMap<VersionId, Arc<Graph>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
