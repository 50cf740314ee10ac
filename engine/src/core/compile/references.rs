//! Checks of every expression: its syntax, and that the steps that it names come before it.

use std::collections::HashMap;

use serde_json::Value;

use super::Problems;
use super::nodes::Compiled;
use super::order::Order;
use crate::core::document::{Document, DocumentEdgeKind};
use crate::core::expression::{self, ExpressionError, References};
use crate::core::ids::NodeId;

pub(super) fn check(
    document: &Document,
    nodes: &[Compiled],
    by_id: &HashMap<NodeId, usize>,
    order: &Order,
    problems: &mut Problems,
) {
    let checker = Checker { by_id, order };
    for (ix, (drawn, compiled)) in document.nodes.iter().zip(nodes).enumerate() {
        problems.of_node(&drawn.id, |problems| {
            let at = Place { node: ix, may_name_itself: false };
            checker.config(&compiled.node.config, &mut drawn.pointer("/data/config"), at, problems);
        });
    }
    for edge in document.edges.iter().filter(|edge| edge.kind == DocumentEdgeKind::Flow) {
        let source = by_id.get(&NodeId::from(edge.source.as_str()));
        if let (Some(when), Some(&source)) = (&edge.when, source) {
            problems.of_edge(&edge.id, |problems| {
                let at = Place { node: source, may_name_itself: true };
                checker.found(expression::check_condition(when), &edge.pointer("/data/when"), at, problems);
            });
        }
    }
}

/// From where steps are named.
#[derive(Clone, Copy)]
struct Place {
    node: usize,
    may_name_itself: bool,
}

struct Checker<'g> {
    by_id: &'g HashMap<NodeId, usize>,
    order: &'g Order,
}

impl Checker<'_> {
    fn config(&self, value: &Value, pointer: &mut String, at: Place, problems: &mut Problems) {
        let length = pointer.len();
        match value {
            Value::String(text) if text.contains("{{") => self.found(expression::check(text), pointer, at, problems),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    pointer.push_str(&format!("/{index}"));
                    self.config(item, pointer, at, problems);
                    pointer.truncate(length);
                }
            }
            Value::Object(fields) => {
                for (key, item) in fields {
                    pointer.push('/');
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    self.config(item, pointer, at, problems);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn found(&self, found: Result<References, ExpressionError>, pointer: &str, at: Place, problems: &mut Problems) {
        match found {
            Err(error) => problems.add("bad_expression", pointer.into(), error.to_string(), "correct the expression"),
            Ok(references) => references.steps.iter().for_each(|id| self.reference(id, pointer, at, problems)),
        }
    }

    fn reference(&self, id: &str, pointer: &str, at: Place, problems: &mut Problems) {
        let Some(&named) = self.by_id.get(&NodeId::from(id)) else {
            let detail = format!("an expression names step {id:?}, but the graph has no such node");
            let hint = "name a node by its id; an id with `-` is written steps[\"the-id\"]";
            return problems.add("unknown_reference", pointer.into(), detail, hint);
        };
        let is_visible =
            (at.may_name_itself && named == at.node) || self.order.ancestors[at.node].binary_search(&named).is_ok();
        if self.order.is_acyclic && !is_visible {
            let detail = format!("an expression names step {id:?}, but no path leads from that node to here");
            problems.add(
                "reference_not_ancestor",
                pointer.into(),
                detail,
                "name a node that comes before, or connect the two",
            );
        }
    }
}
