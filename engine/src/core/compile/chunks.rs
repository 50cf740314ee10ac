//! Containers that hand their items over: whether what lies in them may run elsewhere, and what it has to be told.

use std::collections::BTreeSet;

use super::Problems;
use super::bodies::Parents;
use super::nodes::Compiled;
use super::parts::Parts;
use crate::core::catalogue::Catalogue;
use crate::core::chunk::Chunks;
use crate::core::document::Document;
use crate::core::graph::{Graph, NodeIx};

/// Reports what lies in such a container and cannot run in a chunk.
pub(super) fn check(
    document: &Document,
    catalogue: &dyn Catalogue,
    nodes: &[Compiled],
    parents: &Parents,
    parts: &Parts,
    problems: &mut Problems,
) {
    for (ix, drawn) in document.nodes.iter().enumerate() {
        let around = std::iter::successors(parents[ix], |&parent| parents[parent]);
        let spills = |container: &usize| nodes[*container].node.container.is_some_and(|(_, it)| it.spilling.is_some());
        let Some(container) = around.into_iter().find(spills) else { continue };
        let stays = catalogue.node_type(&drawn.type_name).is_some_and(|info| info.stays());
        let why = match (parts.undos[ix].is_some(), stays) {
            (true, _) => "what a chunk has done is not undone once the chunk has ended",
            (_, true) => "it speaks with whoever started the execution, and a chunk is another execution",
            (false, false) => continue,
        };
        let (node, container) = (&drawn.id, &document.nodes[container].id);
        problems.of_node(node, |problems| {
            let detail = format!("node {node:?} cannot run in a chunk of the items of {container:?}: {why}");
            let hint = format!("remove spill from the config of {container:?}, or move the node out of it");
            problems.add("cannot_spill", drawn.pointer(""), detail, hint);
        });
    }
}

/// Notes what the bodies of such containers name around them.
pub(super) fn note(graph: &mut Graph) {
    for container in 0..graph.nodes.len() {
        let Some(spilling) = graph.nodes[container].container.and_then(|(_, frames)| frames.spilling) else { continue };
        let (mut reads, mut reads_input) = (BTreeSet::new(), false);
        for node in (0..graph.nodes.len()).filter(|&node| graph.lies_in(node, container)) {
            for references in graph.references(node) {
                reads_input |= references.input;
                reads.extend(references.steps.iter().filter_map(|id| around(graph, container, id)));
            }
        }
        let reads = reads.into_iter().collect();
        graph.nodes[container].chunks = Some(Box::new(Chunks { spilling, body: None, reads, reads_input }));
    }
}

fn around(graph: &Graph, container: NodeIx, id: &str) -> Option<NodeIx> {
    graph.find(&id.into()).filter(|named| graph.nodes[container].ancestors.binary_search(named).is_ok())
}
