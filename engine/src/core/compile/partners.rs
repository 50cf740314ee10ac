//! Checks of nodes whose config names another node: it is there, of the right type, and in the same container.

use std::collections::HashMap;

use super::Problems;
use crate::core::catalogue::Catalogue;
use crate::core::document::{Document, DocumentNode};
use crate::core::ids::NodeId;

pub(super) fn check(
    document: &Document,
    catalogue: &dyn Catalogue,
    by_id: &HashMap<NodeId, usize>,
    parents: &[Option<usize>],
    problems: &mut Problems,
) {
    for (ix, node) in document.nodes.iter().enumerate() {
        let Some((field, type_name)) = catalogue.node_type(&node.type_name).and_then(|info| info.partner()) else {
            continue;
        };
        // A field of the wrong shape is the schema's finding.
        let Some(wanted) = node.config.get(field).and_then(serde_json::Value::as_str) else { continue };
        let found = by_id.get(&NodeId::from(wanted)).copied();
        let is_good = |other: usize| document.nodes[other].type_name == type_name && parents[other] == parents[ix];
        if !found.is_some_and(is_good) {
            problems.of_node(&node.id, |problems| report(node, field, type_name, problems));
        }
    }
}

fn report(node: &DocumentNode, field: &str, type_name: &str, problems: &mut Problems) {
    let detail = format!("{field} of node {:?} names no {type_name} node of the same container", node.id);
    let hint = format!("write the id of a {type_name} node that lies beside this one");
    problems.add("unknown_partner", node.pointer(&format!("/data/config/{field}")), detail, hint);
}
