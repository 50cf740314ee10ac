//! Collects findings, up to a bound.

use super::PROBLEMS_MAX;
use crate::core::problem::Problem;

/// The findings so far and what the next ones are about.
#[derive(Debug, Default)]
pub(in crate::core) struct Problems {
    found: Vec<Problem>,
    left_out: usize,
    node_id: Option<String>,
    edge_id: Option<String>,
}

impl Problems {
    pub(in crate::core) fn add(
        &mut self,
        code: &str,
        pointer: String,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let (node_id, edge_id) = (self.node_id.clone(), self.edge_id.clone());
        self.push(Problem { code: code.into(), node_id, edge_id, pointer, detail: detail.into(), hint: hint.into() });
    }

    pub(in crate::core) fn push(&mut self, problem: Problem) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push(problem);
        } else {
            self.left_out += 1;
        }
    }

    /// What `run` adds concerns that node.
    pub(in crate::core) fn of_node<T>(&mut self, id: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        self.node_id = Some(id.into());
        let result = run(self);
        self.node_id = None;
        result
    }

    /// What `run` adds concerns that edge.
    pub(in crate::core) fn of_edge<T>(&mut self, id: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        self.edge_id = Some(id.into());
        let result = run(self);
        self.edge_id = None;
        result
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(in crate::core) fn into_vec(mut self) -> Vec<Problem> {
        if self.left_out > 0 {
            self.found.push(Problem {
                code: "too_many_problems".into(),
                node_id: None,
                edge_id: None,
                pointer: String::new(),
                detail: format!("{} more problems are not listed", self.left_out),
                hint: "correct those listed and check again".into(),
            });
        }
        self.found
    }
}
