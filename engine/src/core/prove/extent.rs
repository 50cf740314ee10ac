//! How large an execution may become, and whether its journal has room for that.

use super::Prover;
use super::finding::{Finding, Severity};
use crate::core::attempt::{ITEMS_MAX, STEPS_MAX};
use crate::core::chunk::{CHUNK_ITEMS_MAX, CHUNKS_MAX, Spilling};
use crate::core::graph::{BodyIx, NodeIx};
use crate::core::journal::WORK_ENTRIES_MAX;

/// Entries of an attempt that waits, beside its end: that it waits, and what woke it.
const ENTRIES_OF_WAIT: u64 = 2;
/// Entries of a chunk in the journal of its parent.
const ENTRIES_OF_CHUNK: u64 = 3;

// Each step is an entry at least, so an execution with room in its journal has room for its steps.
const _: () = assert!(STEPS_MAX >= WORK_ENTRIES_MAX as usize);

/// Most that an execution comes to.
#[derive(Clone, Copy, Default)]
struct Size {
    steps: u64,
    attempts: u64,
    /// In one journal: lists that are handed over have those of their chunks.
    entries: u64,
}

/// Absent beyond what a number holds.
type Count = Option<Size>;

/// What is counted.
#[derive(Clone, Copy)]
struct Asked {
    /// Whether lists are as long as they may be, or else as short.
    all_items: bool,
    /// Whether lists are handed over; what lies in a chunk hands nothing over.
    spills: bool,
}

impl Prover<'_> {
    /// Most steps and attempts of an execution.
    pub(super) fn extent(&mut self) -> (Option<u64>, Option<u64>) {
        let asked = |all_items| Asked { all_items, spills: true };
        let (most, least) = (self.of_body(0, asked(true)), self.of_body(0, asked(false)));
        let is_beyond = |count: Count| count.is_none_or(|size| size.entries > WORK_ENTRIES_MAX.into());
        let entries = |&node: &NodeIx| self.of_node(node, asked(true)).map_or(u64::MAX, |size| size.entries);
        let largest = self.graph.bodies[0].nodes.iter().copied().max_by_key(entries);
        if let Some(node) = largest.filter(|_| is_beyond(most)) {
            let is_certain = is_beyond(least);
            self.find(node, self.too_large(node, most, is_certain));
            if !is_certain {
                self.leave_out(node, "whether the journal has room for it, which depends on its lists".to_owned());
            }
        }
        (most.map(|size| size.steps), most.map(|size| size.attempts))
    }

    fn too_large(&self, node: NodeIx, most: Count, is_certain: bool) -> Finding {
        let id = self.graph.nodes[node].id.to_string();
        let count =
            most.map_or("more entries than can be counted".to_owned(), |size| format!("{} entries", size.entries));
        let (severity, code, when) = match is_certain {
            true => (Severity::Warning, "too_many_steps", ""),
            false => (Severity::Note, "may_have_too_many_steps", ", if its lists are as long as they may be"),
        };
        Finding {
            severity,
            code,
            detail: format!(
                "with node {id:?}, an execution may write {count}, if all of its nodes run with all their attempts and its \
                 loops have all their turns{when}; the journal of an execution has room for {WORK_ENTRIES_MAX}, and it becomes \
                 an incident there"
            ),
            node_id: Some(id),
            edge_id: None,
            hint: "bound the list, the turns or the attempts, hand long lists over in chunks with \"spill\", or move what it \
                   holds to a child workflow"
                .to_owned(),
            path: Vec::new(),
        }
    }

    /// All nodes of a body, run once.
    fn of_body(&self, body: BodyIx, asked: Asked) -> Count {
        let nodes = self.graph.bodies[body].nodes.iter();
        nodes.map(|&node| self.of_node(node, asked)).try_fold(Size::default(), |sum, size| sum.and(size?))
    }

    fn of_node(&self, node: NodeIx, asked: Asked) -> Count {
        let (own, extent) = (&self.graph.nodes[node], &self.facts.extents[node]);
        let attempts = u64::from(own.policy.retry.attempts_max);
        if self.graph.triggers().any(|trigger| trigger == node) {
            return Some(Size { steps: 1, attempts: 0, entries: 0 });
        }
        let Some((body, rules)) = own.container else {
            let waits = if self.facts.waits[node] { ENTRIES_OF_WAIT } else { 0 };
            let entries = attempts.checked_mul(1 + u64::from(own.policy.at_most_once) + waits)?;
            return Some(Size { steps: 1, attempts, entries });
        };
        let spilling = rules.spilling.filter(|_| asked.spills);
        let of_body = self.of_body(body, Asked { spills: asked.spills && spilling.is_none(), ..asked })?;
        let once = if extent.is_known || asked.all_items { extent.frames_max } else { 1 };
        let frames = if extent.repeats { once.checked_mul(attempts)? } else { once };
        // A loop opens its frames one at a time, a list all at once in each attempt.
        let opened = if extent.is_known { frames } else { attempts };
        let itself = Size { steps: 1, attempts, entries: attempts.checked_add(opened)? };
        let all = of_body.times(frames)?;
        let entries = match spilling.filter(|spilling| asked.all_items || once > spilling.above as u64) {
            Some(spilling) => of_body.handed_over(spilling, once, extent.is_known)?,
            None => all.entries,
        };
        itself.and(Size { entries, ..all })
    }
}

impl Size {
    fn and(self, other: Self) -> Count {
        Some(Self {
            steps: self.steps.checked_add(other.steps)?,
            attempts: self.attempts.checked_add(other.attempts)?,
            entries: self.entries.checked_add(other.entries)?,
        })
    }

    fn times(self, frames: u64) -> Count {
        Some(Self {
            steps: self.steps.checked_mul(frames)?,
            attempts: self.attempts.checked_mul(frames)?,
            entries: self.entries.checked_mul(frames)?,
        })
    }

    /// Most entries of one journal where lists of more than so many items are handed over: of the parent, with a list that is
    /// just not long enough or with all chunks, or of one chunk.
    fn handed_over(self, Spilling { above, chunk }: Spilling, items: u64, is_known: bool) -> Option<u64> {
        let at_home = (above as u64).min(if is_known { items } else { ITEMS_MAX as u64 });
        let in_chunk = if is_known { chunk.max(1) as u64 } else { chunk.clamp(1, CHUNK_ITEMS_MAX) as u64 };
        let longest = self.entries.checked_mul(at_home.max(in_chunk))?;
        Some(longest.max(CHUNKS_MAX as u64 * ENTRIES_OF_CHUNK))
    }
}
