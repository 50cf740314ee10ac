//! 7, too: what is to happen when something ends does happen, whatever fails meanwhile. What was done and must not stay
//! is undone, once, the last first; what runs at last runs, after all else.
//!
//! Only executions that have ended, and not by force, are looked at.

use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row};
use crate::graphs::{Container, GraphSpec, Kind, last_of};

/// An execution that has ended.
struct Ended<'a> {
    id: Uuid,
    spec: &'a GraphSpec,
    rows: &'a [Row],
    /// Whether it failed or was cancelled.
    is_bad: bool,
}

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (id, start) in facts.by_id() {
        let (spec, rows) = (facts.spec(start), facts.rows(id));
        let ended = facts.executions.get(&id).filter(|row| row.has_ended());
        let Some(row) = ended.filter(|_| !rows.iter().any(|row| row.is_forced)) else { continue };
        let ended = Ended { id, spec, rows, is_bad: row.status != "completed" };
        found.extend(ended.undone());
        found.extend(ended.in_order());
        found.extend(ended.at_last());
    }
    found
}

impl Ended<'_> {
    /// What was done is undone if what is around it came to nothing, and only then.
    fn undone(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.is_completed()) {
            let Some(undo) = self.spec.undo_of(&row.node) else { continue };
            let Some(wanted) = self.came_to_nothing(&row.scope) else { continue };
            let was = self.settled(&undo.id, &row.scope).is_some();
            if wanted != was {
                let what = if wanted { "was done and not undone" } else { "was undone, and nothing had failed" };
                found.push(self.wrong(&format!("step {} in {:?} {what}", row.node, row.scope)));
            }
        }
        let undoes = |row: &&Row| self.spec.node(&row.node).is_some_and(|node| node.undoes.is_some());
        for row in self.rows.iter().filter(|row| row.is_settled()).filter(undoes) {
            let undone = self.spec.node(&row.node).and_then(|node| node.undoes.as_deref()).unwrap_or_default();
            if !self.settled(undone, &row.scope).is_some_and(Row::is_completed) {
                found.push(self.wrong(&format!("step {undone} in {:?} was undone, and not done", row.scope)));
            }
        }
        found
    }

    /// Whether the execution, or a group around that scope, failed or was cancelled: a group that completed did so with
    /// its last frame. None if that cannot be told: a group may be cancelled when its last frame had ended well.
    fn came_to_nothing(&self, scope: &str) -> Option<bool> {
        let (mut around, mut is_known) = (Some(scope), true);
        while let Some((outer, container, _)) = around.and_then(last_of) {
            if self.spec.node(container).is_some_and(|node| is_group(node.kind)) {
                if self.undoes_itself(around?) {
                    return Some(true);
                }
                is_known &= self.settled(container, outer).is_some();
            }
            around = Some(outer);
        }
        (is_known || self.is_bad).then_some(self.is_bad)
    }

    /// Whether a frame is one whose own end undoes what it did, for sure; what is around others may do so later.
    fn undoes_itself(&self, scope: &str) -> bool {
        let Some((around, container, number)) = last_of(scope) else { return self.is_bad };
        let opened = |row: &&Row| row.kind == "opened" && row.node == container && row.scope == around;
        let is_repeated = self.rows.iter().filter(opened).count() > number as usize + 1;
        let failed = self.settled(container, around).is_some_and(|row| row.status.as_deref() == Some("failed"));
        self.spec.node(container).is_some_and(|node| is_group(node.kind)) && (is_repeated || failed)
    }

    /// What settled last is undone first; within one frame, as groups further in go before.
    fn in_order(&self) -> Option<Violation> {
        let mut pairs: Vec<(&str, i32, i32)> = Vec::new();
        for row in self.rows.iter().filter(|row| row.is_completed()) {
            let undo = self.spec.undo_of(&row.node).and_then(|undo| self.settled(&undo.id, &row.scope));
            pairs.extend(undo.map(|undo| (row.scope.as_str(), row.position, undo.position)));
        }
        pairs.sort_unstable();
        let wrong = pairs.windows(2).find(|two| two[0].0 == two[1].0 && two[0].2 < two[1].2)?;
        let what = format!("position {} undoes before position {} what was done before", wrong[0].2, wrong[1].2);
        Some(self.wrong(&what))
    }

    /// What runs at last has run in each frame of which there is anything, and after all else of it.
    fn at_last(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let in_body = |row: &&Row, parent: &Option<String>| {
            let node = self.spec.node(&row.node).filter(|node| node.parent == *parent);
            node.is_some_and(|node| node.is_main() || node.undoes.is_some() && self.undoes_itself(&row.scope))
        };
        for last in self.spec.nodes.iter().filter(|node| node.finally) {
            let mut frames: Vec<(&str, i32)> = Vec::new();
            for row in self.rows.iter().filter(|row| in_body(row, &last.parent)) {
                match frames.iter_mut().find(|frame| frame.0 == row.scope) {
                    Some(frame) => frame.1 = row.position,
                    None => frames.push((&row.scope, row.position)),
                }
            }
            for (scope, position) in frames {
                let row = self.settled(&last.id, scope);
                if row.is_none_or(|row| row.position < position) {
                    let when = if row.is_some() { "before all else" } else { "never" };
                    found.push(self.wrong(&format!("step {} in {scope:?}, which runs at last, ran {when}", last.id)));
                }
            }
        }
        found
    }

    fn settled(&self, node: &str, scope: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.is_settled() && row.node == node && row.scope == scope)
    }

    fn wrong(&self, what: &str) -> Violation {
        Violation::new(7, self.id, what)
    }
}

fn is_group(kind: Kind) -> bool {
    matches!(kind, Kind::Container { of: Container::Group, .. })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::graphs::{Kind, NodeSpec};
    use crate::testing::{calm, group, rows_of, second};

    #[test]
    fn what_is_not_undone_or_in_vain_is_noticed() {
        let mut facts = group();
        assert_eq!(check(&facts), []);
        let undo = rows_of(&mut facts).remove(3);
        assert!(check(&facts)[0].what.contains("n2 in \"n1[0]\" was done and not undone"));
        rows_of(&mut facts).push(crate::facts::Row { scope: "n1[1]".into(), ..undo });
        assert!(check(&facts).iter().any(|found| found.what.contains("n2 in \"n1[1]\" was undone, and nothing")));
        rows_of(&mut facts).retain(|row| row.node != "n2");
        assert!(check(&facts).iter().any(|found| found.what.contains("and not done")));
    }

    #[test]
    fn what_runs_at_last_runs_in_each_frame_and_after_all_else() {
        let mut facts = group();
        let last = rows_of(&mut facts).remove(4);
        assert!(check(&facts)[0].what.contains("n5 in \"n1[0]\", which runs at last, ran never"));
        rows_of(&mut facts).insert(0, crate::facts::Row { position: 0, ..last });
        assert!(check(&facts)[0].what.contains("ran before all else"));
    }

    #[test]
    fn what_undoes_comes_before_what_runs_at_last_unless_it_is_what_is_around_that_undoes() {
        let mut facts = group();
        rows_of(&mut facts)[3].position = 6;
        assert!(check(&facts)[0].what.contains("n5 in \"n1[0]\", which runs at last, ran before all else"));
        let mut facts = group();
        facts.executions.get_mut(&second()).unwrap().status = "failed".into();
        let undo = rows_of(&mut facts)[3].clone();
        rows_of(&mut facts).push(crate::facts::Row { scope: "n1[1]".into(), position: 12, ..undo });
        assert_eq!(check(&facts), [], "the execution undoes the second frame, which had ended well");
    }

    #[test]
    fn an_execution_that_fails_undoes_the_last_first() {
        let mut facts = calm();
        facts.executions.get_mut(&second()).unwrap().status = "failed".into();
        for (undo, undone) in [("n4", "n1"), ("n5", "n3")] {
            let node = NodeSpec { undoes: Some(undone.into()), ..NodeSpec::new(undo, Kind::Noop, &[]) };
            facts.workflows[0].1.nodes.push(node);
        }
        assert_eq!(check(&facts).len(), 2, "neither is undone");
        let last = rows_of(&mut facts).last().unwrap().clone();
        let undo = |node: &str, position| crate::facts::Row { node: node.into(), position, ..last.clone() };
        rows_of(&mut facts).extend([undo("n5", 5), undo("n4", 6)]);
        assert_eq!(check(&facts), []);
        rows_of(&mut facts).truncate(4);
        rows_of(&mut facts).extend([undo("n4", 5), undo("n5", 6)]);
        assert!(check(&facts)[0].what.contains("undoes before"));
        let last = rows_of(&mut facts).len() - 1;
        rows_of(&mut facts)[last].is_forced = true;
        assert_eq!(check(&facts), [], "by force nothing is undone");
    }
}
