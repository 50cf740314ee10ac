//! 3, too: what is over stays over. Once a race is won its losers write nothing more, and once a frame has failed
//! nothing of its graph does. What can be undone is awaited, and so may settle later.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row};
use crate::graphs::{GraphSpec, NodeSpec};

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (id, start) in facts.by_id() {
        let (spec, rows) = (facts.spec(start), facts.rows(id));
        found.extend(after_the_race(id, spec, rows));
        found.extend(after_the_failure(id, spec, rows));
        found.extend(after_the_forced_end(id, rows));
    }
    found
}

fn after_the_race(id: Uuid, spec: &GraphSpec, rows: &[Row]) -> Vec<Violation> {
    let (mut found, mut awaited) = (Vec::new(), Awaited::new());
    for join in spec.nodes.iter().filter(|node| !node.losers.is_empty()) {
        let mut taken = HashMap::<&str, usize>::new();
        for row in rows {
            let taken = taken.entry(&row.scope).or_default();
            let is_won = *taken >= join.wanted.unwrap_or(usize::MAX);
            if is_won && join.losers.contains(&row.node) && !is_awaited(spec, row, &mut awaited) {
                found.push(late(id, row, &format!("{} had taken the others", join.id)));
            }
            *taken += usize::from(row.is_completed() && join.sources.contains(&row.node));
        }
    }
    found
}

fn after_the_failure(id: Uuid, spec: &GraphSpec, rows: &[Row]) -> Vec<Violation> {
    let (mut found, mut failed, mut awaited) = (Vec::new(), HashSet::<&str>::new(), Awaited::new());
    for row in rows {
        let is_main = spec.node(&row.node).is_some_and(NodeSpec::is_main);
        if is_main && failed.contains(row.scope.as_str()) && !is_awaited(spec, row, &mut awaited) {
            found.push(late(id, row, "what is around it had failed"));
        }
        let fails = row.is_settled() && row.status.as_deref() == Some("failed");
        if fails && is_main && spec.is_unhandled(&row.node) {
            failed.insert(&row.scope);
        }
    }
    found
}

/// A cancel that is recorded while its client asked for force ends the execution at once.
fn after_the_forced_end(id: Uuid, rows: &[Row]) -> Option<Violation> {
    let forced = rows.iter().position(|row| row.kind == "cancelled" && row.is_forced)?;
    rows.get(forced + 1).map(|row| late(id, row, "it had been cancelled with force"))
}

/// Steps, by node and scope, that have told how the attempt came out which was awaited.
type Awaited<'a> = HashSet<(&'a str, &'a str)>;

/// Whether a step that nobody needs was awaited, since it can be undone: how its attempt came out is recorded, and no
/// more than that.
fn is_awaited<'a>(spec: &GraphSpec, row: &'a Row, awaited: &mut Awaited<'a>) -> bool {
    let tells = row.is_settled() || row.kind == "attempt_failed";
    tells && spec.undo_of(&row.node).is_some() && awaited.insert((&row.node, &row.scope))
}

fn late(id: Uuid, row: &Row, why: &str) -> Violation {
    let Row { position, node, scope, kind, .. } = row;
    Violation::new(3, id, format!("position {position}, {kind} of step {node} in {scope:?}, came when {why}"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graphs::{Kind, NodeSpec};
    use crate::testing::{calm, group, rows_of};

    #[test]
    fn a_loser_that_goes_on_is_noticed_unless_it_is_awaited() {
        let mut facts = calm();
        let nodes = &mut facts.workflows[0].1.nodes;
        nodes[3].losers = vec!["n1".into(), "n2".into()];
        (nodes[3].wanted, nodes[3].sources) = (Some(1), vec!["n1".into(), "n2".into()]);
        let found = check(&facts);
        assert!(found[0].what.contains("step n2") && found[0].what.contains("n3 had taken the others"));
        let undo = NodeSpec { undoes: Some("n2".into()), ..NodeSpec::new("n4", Kind::Noop, &[]) };
        facts.workflows[0].1.nodes.push(undo);
        for rows in facts.journal.values_mut() {
            rows.retain(|row| row.kind != "waiting");
        }
        assert_eq!(check(&facts), []);
        let failed = crate::facts::Row { kind: "attempt_failed".into(), ..rows_of(&mut facts)[1].clone() };
        rows_of(&mut facts).insert(1, failed);
        assert_eq!(check(&facts).len(), 1, "only one attempt is awaited");
    }

    #[test]
    fn a_frame_that_goes_on_after_its_failure_is_noticed() {
        let mut facts = group();
        assert_eq!(check(&facts), []);
        rows_of(&mut facts).swap(1, 2);
        assert_eq!(check(&facts), [], "it may have been awaited");
        facts.workflows[0].1.nodes[3].undoes = None;
        let found = check(&facts);
        assert!(found.iter().any(|it| it.what.contains("step n2 in \"n1[0]\"")), "{found:?}");
    }

    #[test]
    fn a_row_after_a_forced_cancel_is_noticed() {
        let mut facts = calm();
        let mut cancel = rows_of(&mut facts).last().unwrap().clone();
        (cancel.kind, cancel.node, cancel.is_forced) = ("cancelled".into(), String::new(), true);
        rows_of(&mut facts).push(cancel.clone());
        assert_eq!(check(&facts), []);
        rows_of(&mut facts).insert(1, cancel);
        assert_eq!(check(&facts).len(), 1);
    }
}
