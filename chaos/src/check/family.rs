//! 1 and 4, too: who is called is there, once, from the moment in which its caller knows of it; and the caller goes on
//! only when it has ended.
//!
//! A call has a tag of its own, so a second child of one step shows as a second execution of one tag (2).

use std::collections::HashMap;

use uuid::Uuid;

use super::Violation;
use crate::facts::{Child, Facts, Row};
use crate::graphs::{Kind, Way};

type Children<'a> = HashMap<(Uuid, &'a str, &'a str), &'a Child>;

/// No child is lost.
pub(super) fn is_there(facts: &Facts) -> Vec<Violation> {
    let (children, mut found) = (children(facts), Vec::new());
    for (id, row, _) in steps(facts).into_iter().filter(|(_, row, _)| row.kind == "waiting" || row.is_completed()) {
        let child = children.get(&(id, &row.node, &row.scope));
        if !child.is_some_and(|child| facts.executions.contains_key(&child.id)) {
            found.push(Violation::new(1, id, format!("the child of step {} is not there", row.node)));
        }
    }
    for child in &facts.children {
        let is_known = facts.rows(child.parent).iter().any(|row| row.node == child.node && row.scope == child.scope);
        if !is_known {
            let what = format!("it is a child of step {} of {}, which knows nothing of it", child.node, child.parent);
            found.push(Violation::new(1, child.id, what));
        }
    }
    found
}

/// A step that waits for its child is settled once the child has ended, and as it ended.
pub(super) fn is_awaited(facts: &Facts) -> Vec<Violation> {
    let (children, mut found) = (children(facts), Vec::new());
    for (id, row, _) in steps(facts).into_iter().filter(|(_, row, way)| row.is_settled() && way.waits()) {
        let Some(child) = children.get(&(id, &row.node, &row.scope)) else { continue };
        let status = facts.executions.get(&child.id).map_or("gone", |child| child.status.as_str());
        let late = facts.rows(child.id).iter().any(|last| last.committed_at > row.committed_at);
        if row.status.as_deref() != Some(status) || late {
            let own = row.status.as_deref().unwrap_or_default();
            let when = if late { "goes on after it" } else { "has ended" };
            let what = format!("step {} is {own}, and its child {}, which is {status}, {when}", row.node, child.id);
            found.push(Violation::new(4, id, what));
        }
    }
    found
}

fn children(facts: &Facts) -> Children<'_> {
    facts.children.iter().map(|child| ((child.parent, child.node.as_str(), child.scope.as_str()), child)).collect()
}

/// The rows of steps that call.
fn steps(facts: &Facts) -> Vec<(Uuid, &Row, Way)> {
    let mut steps = Vec::new();
    for (id, start) in facts.by_id() {
        let way = |row: &Row| match facts.spec(start).node(&row.node)?.kind {
            Kind::Calls(way) => Some(way),
            _ => None,
        };
        steps.extend(facts.rows(id).iter().filter_map(|row| Some((id, row, way(row)?))));
    }
    steps
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::{calls, rows_of, second};

    #[test]
    fn a_child_that_is_not_there_is_noticed() {
        let mut facts = calls(Way::Detached);
        assert_eq!(is_there(&facts), []);
        let child = facts.children.pop().unwrap();
        assert!(is_there(&facts)[0].what.contains("the child of step n1 is not there"));
        facts.children.push(child.clone());
        facts.executions.remove(&child.id);
        assert!(!is_there(&facts).is_empty());
    }

    #[test]
    fn a_child_of_which_its_caller_knows_nothing_is_noticed() {
        let mut facts = calls(Way::Awaited);
        rows_of(&mut facts).retain(|row| row.node != "n1");
        assert!(is_there(&facts)[0].what.contains("knows nothing of it"));
    }

    #[test]
    fn a_caller_that_does_not_wait_for_the_end_is_noticed() {
        let mut facts = calls(Way::Awaited);
        assert_eq!(is_awaited(&facts), []);
        let child = facts.children.last().unwrap().id;
        facts.journal.get_mut(&child).unwrap().last_mut().unwrap().committed_at += TimeDelta::seconds(60);
        let found = is_awaited(&facts);
        assert!(found[0].what.contains("goes on after it") && found[0].execution == Some(second()), "{found:?}");
        facts.workflows[0].1.nodes[1].kind = Kind::Calls(Way::Detached);
        assert_eq!(is_awaited(&facts), [], "nobody waits for that one");
    }

    #[test]
    fn a_step_that_tells_another_end_than_its_childs_is_noticed() {
        let mut facts = calls(Way::Awaited);
        let child = facts.children.last().unwrap().id;
        facts.executions.get_mut(&child).unwrap().status = "failed".into();
        assert_eq!(is_awaited(&facts).len(), 1);
    }
}
