//! Checks of joins: whether what they wait for can come.

use super::Problems;
use crate::core::document::{Document, DocumentNode};
use crate::core::graph::{Edge, EdgeKind};
use crate::core::policy::Join;

pub(super) fn check(document: &Document, edges: &[Option<Edge>], problems: &mut Problems) {
    let mut in_edges = vec![0; document.nodes.len()];
    let counted = edges.iter().flatten().filter(|edge| edge.kind != EdgeKind::Undo);
    counted.for_each(|edge| in_edges[edge.target] += 1);
    for (node, in_edges) in document.nodes.iter().zip(in_edges) {
        problems.of_node(&node.id, |problems| one(node, in_edges, problems));
    }
}

fn one(node: &DocumentNode, in_edges: usize, problems: &mut Problems) {
    let (policy, id) = (&node.policy, &node.id);
    match (policy.join, policy.n) {
        (Join::NOfM, None) => {
            let detail = format!("node {id:?} joins n of its {in_edges} in-edges, and does not say how many");
            problems.add("join_without_n", node.pointer("/data/policy/join"), detail, "set policy.n");
        }
        (Join::NOfM, Some(n)) if !(1..=in_edges).contains(&n) => {
            let detail = format!("node {id:?} waits for {n} of its {in_edges} in-edges, which cannot be");
            let hint = format!("set policy.n to 1 to {in_edges}");
            problems.add("join_out_of_reach", node.pointer("/data/policy/n"), detail, hint);
        }
        (Join::All | Join::Any, Some(_)) => {
            let detail = format!("node {id:?} says how many in-edges it waits for, but its join is not n_of_m");
            problems.add("join_n_needless", node.pointer("/data/policy/n"), detail, "remove n, or set join to n_of_m");
        }
        _ => {}
    }
    if policy.cancel_others && policy.join == Join::All {
        let detail = format!("node {id:?} is to cancel others, but it waits for all of them");
        let hint = "remove cancel_others, or set join to any or n_of_m";
        problems.add("cancel_others_needless", node.pointer("/data/policy/cancel_others"), detail, hint);
    }
}
