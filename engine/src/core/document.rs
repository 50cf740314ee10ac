//! The graph document as the editor (React Flow) stores it, read leniently: every finding is kept.
//!
//! Fields that are not known here are left alone; the store keeps the document as it came.

mod edge;
mod node;
mod reader;

use serde_json::Value;

use super::compile::{EDGES_MAX, NODES_MAX, Problems};
pub use edge::{DocumentEdge, DocumentEdgeKind};
pub use node::DocumentNode;
use reader::Reader;

/// What could be read of a document. Nodes and edges without an id, or that are no objects, are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// In document order.
    pub nodes: Vec<DocumentNode>,
    /// In document order.
    pub edges: Vec<DocumentEdge>,
}

impl Document {
    /// Reads `document` and reports into `problems` what is not as it should be. None if it is no object or too large:
    /// whatever else would be found then is a fault that is none.
    pub(super) fn read(document: &Value, problems: &mut Problems) -> Option<Self> {
        let reader = Reader::object(document, String::new(), problems)?;
        let node_list = reader.list("nodes", problems);
        let edge_list = reader.list("edges", problems);
        for (list, most, what) in [(node_list, NODES_MAX, "nodes"), (edge_list, EDGES_MAX, "edges")] {
            if list.len() > most {
                let detail = format!("the graph has {} {what}; {most} are allowed", list.len());
                problems.add(
                    &format!("too_many_{what}"),
                    format!("/{what}"),
                    detail,
                    "split the graph into several workflows",
                );
            }
        }
        if node_list.len() > NODES_MAX || edge_list.len() > EDGES_MAX {
            return None;
        }
        let nodes = node_list.iter().enumerate().filter_map(|(index, node)| DocumentNode::read(node, index, problems));
        let nodes = nodes.collect();
        let edges = edge_list.iter().enumerate().filter_map(|(index, edge)| DocumentEdge::read(edge, index, problems));
        Some(Self { nodes, edges: edges.collect() })
    }
}
