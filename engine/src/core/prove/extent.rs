//! How large an execution may become.

use super::Prover;
use super::finding::{Finding, Severity};
use crate::core::attempt::STEPS_MAX;
use crate::core::graph::{BodyIx, NodeIx};

/// Steps and attempts; absent beyond what a number holds.
type Count = Option<(u64, u64)>;

impl Prover<'_> {
    /// Most steps and attempts of an execution.
    pub(super) fn extent(&mut self) -> (Option<u64>, Option<u64>) {
        let most = self.of_body(0, true);
        let least = self.of_body(0, false);
        let is_beyond = |count: Count| count.is_none_or(|(steps, _)| steps > STEPS_MAX as u64);
        // The container with the most steps.
        let size = |&node: &NodeIx| self.of_node(node, true).map_or(u64::MAX, |(steps, _)| steps);
        let largest = self.graph.bodies[0]
            .nodes
            .iter()
            .copied()
            .filter(|&ix| self.graph.nodes[ix].container.is_some())
            .max_by_key(size);
        if let Some(node) = largest.filter(|_| is_beyond(most)) {
            let finding = self.too_large(node, most, is_beyond(least));
            self.find(node, finding);
        }
        (most.map(|(steps, _)| steps), most.map(|(_, attempts)| attempts))
    }

    fn too_large(&self, node: NodeIx, most: Count, is_certain: bool) -> Finding {
        let id = self.graph.nodes[node].id.to_string();
        let count = most.map_or("more steps than can be counted".to_owned(), |(steps, _)| format!("{steps} steps"));
        let (severity, code, when) = match is_certain {
            true => (Severity::Warning, "too_many_steps", "if its loops have all their turns"),
            false => (Severity::Note, "may_have_too_many_steps", "if its lists are as long as they may be"),
        };
        Finding {
            severity,
            code,
            detail: format!("with container {id:?}, an execution may have {count} {when}; {STEPS_MAX} are allowed"),
            node_id: Some(id),
            edge_id: None,
            hint: "bound the list or the turns, or move what it holds to a workflow of its own".to_owned(),
            path: Vec::new(),
        }
    }

    /// All nodes of a body, run once; with `all_items`, lists are as long as they may be, else as short.
    fn of_body(&self, body: BodyIx, all_items: bool) -> Count {
        self.graph.bodies[body].nodes.iter().try_fold((0, 0), |sum, &node| add(sum, self.of_node(node, all_items)?))
    }

    fn of_node(&self, node: NodeIx, all_items: bool) -> Count {
        let (own, extent) = (&self.graph.nodes[node], &self.facts.extents[node]);
        let attempts = u64::from(own.policy.retry.attempts_max);
        let itself = (1, if self.graph.triggers().any(|trigger| trigger == node) { 0 } else { attempts });
        let Some((body, _)) = own.container else { return Some(itself) };
        let frames = if extent.is_known || all_items { extent.frames_max } else { 1 };
        let frames = if extent.repeats { frames.checked_mul(attempts)? } else { frames };
        let (steps, attempts) = self.of_body(body, all_items)?;
        add(itself, (steps.checked_mul(frames)?, attempts.checked_mul(frames)?))
    }
}

fn add(one: (u64, u64), other: (u64, u64)) -> Count {
    Some((one.0.checked_add(other.0)?, one.1.checked_add(other.1)?))
}
