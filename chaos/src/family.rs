//! Executions that others have called: nobody has acknowledged them, and what is promised of a start holds for them, too.

use crate::facts::{Cancel, Child, Facts, Start};
use crate::graphs::{CALLED, Kind, Way};

/// Adds a start for each child of a known step, with the tag that its caller gives it.
pub(crate) fn adopt(facts: &mut Facts) {
    let parents = facts.by_id();
    let known = facts.children.iter().filter_map(|child| start_of(facts, parents.get(&child.parent)?, child));
    let starts: Vec<Start> = known.collect();
    facts.starts.extend(starts);
}

fn start_of(facts: &Facts, parent: &Start, child: &Child) -> Option<Start> {
    let Kind::Calls(way) = facts.spec(parent).node(&child.node)?.kind else { return None };
    let may_be_cut = matches!(way, Way::Awaited | Way::Ill) && facts.may_be_cut(parent, &child.node);
    Some(Start {
        tag: format!("{}-{}", parent.tag, child.node),
        workflow: called_by(facts, parent.workflow, way)?,
        variant: parent.variant,
        calm: false,
        acknowledged: vec![child.id],
        at: parent.at,
        misused: None,
        cancel: may_be_cut.then_some(Cancel::Gently),
        told: None,
    })
}

/// The workflow that is called: the workspace's own, which are published before all that talk.
fn called_by(facts: &Facts, caller: usize, way: Way) -> Option<usize> {
    let own = |nth: &usize| facts.workflows[*nth].0 == facts.workflows[caller].0;
    let talks = |kind: &Kind| matches!(kind, Kind::Calls(_) | Kind::Event(_) | Kind::Emit | Kind::Respond);
    let is_caller = |nth: &usize| facts.workflows[*nth].1.nodes.iter().any(|node| talks(&node.kind));
    let first = (0..facts.workflows.len()).filter(own).find(is_caller)?;
    first.checked_sub(CALLED.len() - usize::from(way == Way::Ill))
}
