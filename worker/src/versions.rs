//! Compiled versions: loaded in one query, compiled once, kept while there is room, for neither they nor this build change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{VersionId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workflows::version_graph;
use capstan_node_types::registry::Registry;

use crate::side::Side;

/// What is known of a version: its graph, or why this build cannot run it.
type Known = Result<Arc<Graph>, String>;

/// Versions that are kept; beyond that all are dropped and loaded anew as they are needed.
const VERSIONS_MAX: usize = 5_000;

/// The versions that one process knows.
#[derive(Default)]
pub(crate) struct Versions {
    known: Mutex<HashMap<VersionId, Known>>,
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
        if let Some(known) = self.kept(version_id) {
            return known.map_err(StoreError::Unsupported);
        }
        // Boxed, as it is rare: every activation would carry the room for it.
        let load = side.run(async |connection| {
            // Of a burst that asks for the same version only the first turn has to load it.
            if let Some(known) = self.kept(version_id) {
                return Ok(known);
            }
            let document = version_graph(connection, workspace_id, version_id).await?;
            let (document, semantics) =
                document.ok_or_else(|| StoreError::Corrupt(format!("version {version_id} does not exist")))?;
            let graph = Graph::compile(&document, registry).map(|graph| Arc::new(graph.under(semantics)));
            let graph = graph.map_err(|problems| {
                let first = problems.first().map(|problem| problem.detail.clone()).unwrap_or_default();
                format!("version {version_id} cannot be run by this build: {first}")
            });
            Ok(self.keep(version_id, graph))
        });
        Box::pin(load).await?.map_err(StoreError::Unsupported)
    }

    fn kept(&self, version_id: VersionId) -> Option<Known> {
        self.known().get(&version_id).cloned()
    }

    fn keep(&self, version_id: VersionId, graph: Known) -> Known {
        let mut known = self.known();
        if known.len() >= VERSIONS_MAX {
            known.clear();
        }
        known.insert(version_id, graph.clone());
        graph
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<VersionId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
