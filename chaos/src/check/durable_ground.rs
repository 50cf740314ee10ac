//! 4. A step that is not pure starts only when all that it was decided on is durable.
//!
//! When a call comes in, the steps that its node waited for must have been committed: all of them at a join that waits
//! for all, so many as it asks for at another one. A frame begins with the entry that opened it, an undo with what it
//! undoes, and what runs at last with all else of its frame. The server and the database share a clock.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Violation;
use super::effects::Step;
use crate::facts::{Facts, Row};
use crate::graphs::{Container, GraphSpec, Kind, NodeSpec, last_of};

/// One call, and what is known of its execution.
struct Ground<'a> {
    facts: &'a Facts,
    spec: &'a GraphSpec,
    execution: Uuid,
    scope: &'a str,
    at: DateTime<Utc>,
}

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let starts = facts.by_tag();
    let mut found = Vec::new();
    for call in &facts.calls {
        let (Some(step), Some(start)) = (Step::of(&call.key), starts.get(call.tag.as_str())) else { continue };
        let Some(node) = facts.spec(start).node(&call.node) else { continue };
        let (execution, scope, at) = (step.execution, step.scope, call.at);
        if let Some(lack) = (Ground { facts, spec: facts.spec(start), execution, scope, at }).lack(node) {
            let what = format!("step {} in {scope:?} was called at {at} before {lack} was durable", call.node);
            found.push(Violation::new(4, execution, what));
        }
    }
    found.extend(super::family::is_awaited(facts));
    found.extend(super::paused::check(facts));
    found
}

impl Ground<'_> {
    /// What should have been durable and was not.
    fn lack(&self, node: &NodeSpec) -> Option<String> {
        match (&node.undoes, &node.parent) {
            (Some(undone), _) => (!self.is_durable(undone)).then(|| format!("step {undone}")),
            _ if node.finally => self.lack_before_last(&node.id),
            (_, Some(container)) if node.sources.is_empty() => self.lack_of_opening(container),
            _ => self.lack_of_sources(node),
        }
    }

    fn lack_of_sources(&self, node: &NodeSpec) -> Option<String> {
        let wrong = match node.wanted {
            None => {
                node.sources.iter().find(|source| self.settled(source).is_some_and(|row| row.committed_at > self.at))
            }
            Some(wanted) => {
                let on_ground = node.sources.iter().filter(|source| *source == "n0" || self.is_durable(source)).count();
                node.sources.first().filter(|_| on_ground < wanted)
            }
        };
        wrong.map(|source| format!("step {source}"))
    }

    /// A for-each and a try open all their frames at once, the others one at a time.
    fn lack_of_opening(&self, container: &str) -> Option<String> {
        let (around, _, number) = last_of(self.scope)?;
        let at_once = |kind| matches!(kind, Kind::Container { of: Container::ForEach | Container::Try, .. });
        let nth = if self.spec.node(container).is_some_and(|node| at_once(node.kind)) { 0 } else { number };
        let opened = |row: &&Row| row.kind == "opened" && row.node == container && row.scope == around;
        let row = self.facts.rows(self.execution).iter().filter(opened).nth(nth as usize);
        let is_durable = row.is_some_and(|row| row.committed_at <= self.at);
        (!is_durable).then(|| format!("the opening of {:?}", self.scope))
    }

    /// What is around the frame may undo it later; what its own end undid comes before.
    fn lack_before_last(&self, last: &str) -> Option<String> {
        let own = self.settled(last).map(|row| row.position);
        let before = |row: &&Row| match self.spec.node(&row.node) {
            Some(node) if node.is_main() => true,
            Some(node) => node.undoes.is_some() && own.is_some_and(|own| row.position < own),
            None => false,
        };
        let others = self.facts.rows(self.execution).iter().filter(|row| row.is_settled() && row.scope == self.scope);
        let late = others.filter(before).find(|row| row.committed_at > self.at);
        late.map(|row| format!("step {}", row.node))
    }

    fn is_durable(&self, node: &str) -> bool {
        self.settled(node).is_some_and(|row| row.committed_at <= self.at)
    }

    fn settled(&self, node: &str) -> Option<&Row> {
        self.facts.settled(self.execution, node, self.scope)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::check;
    use crate::testing::{calm, group, rows_of, second};

    #[test]
    fn a_call_on_results_that_are_not_durable_is_noticed() {
        let mut facts = calm();
        assert_eq!(check(&facts), []);
        // n3 calls after n2; the commit of n2 moves behind the call.
        let rows = facts.journal.get_mut(&second()).unwrap();
        let n2 = rows.iter_mut().find(|row| row.node == "n2" && row.kind == "settled").unwrap();
        n2.committed_at += TimeDelta::seconds(60);
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn a_join_that_takes_the_first_needs_one_of_them() {
        let mut facts = calm();
        let rows = facts.journal.get_mut(&second()).unwrap();
        rows.iter_mut().find(|row| row.node == "n2" && row.kind == "settled").unwrap().committed_at +=
            TimeDelta::seconds(60);
        let n3 = facts.workflows[0].1.nodes.iter_mut().find(|node| node.id == "n3").unwrap();
        (n3.wanted, n3.sources) = (Some(1), vec!["n1".into(), "n2".into()]);
        assert_eq!(check(&facts), []);
        n3_only_on_n2(&mut facts);
        assert_eq!(check(&facts).len(), 1);
    }

    fn n3_only_on_n2(facts: &mut crate::facts::Facts) {
        let n3 = facts.workflows[0].1.nodes.iter_mut().find(|node| node.id == "n3").unwrap();
        n3.sources = vec!["n2".into()];
    }

    #[test]
    fn a_frame_begins_once_its_opening_is_durable() {
        for (nth, scope) in [(0, "n1[0]"), (6, "n1[1]")] {
            let mut facts = group();
            assert_eq!(check(&facts), []);
            rows_of(&mut facts)[nth].committed_at += TimeDelta::milliseconds(900);
            let found = check(&facts);
            assert!(found[0].what.contains(&format!("n2 in {scope:?}")), "{found:?}");
            rows_of(&mut facts).remove(nth);
            assert!(!check(&facts).is_empty(), "it never opened");
        }
    }

    #[test]
    fn what_was_not_done_for_sure_is_not_undone() {
        let mut facts = group();
        rows_of(&mut facts)[1].committed_at += TimeDelta::milliseconds(1_900);
        let found = check(&facts);
        assert!(found.iter().any(|found| found.what.starts_with("step n3")), "{found:?}");
    }

    #[test]
    fn what_runs_at_last_waits_for_what_undoes() {
        let mut facts = group();
        rows_of(&mut facts)[3].committed_at += TimeDelta::milliseconds(900);
        let found = check(&facts);
        assert!(found[0].what.starts_with("step n5"), "{found:?}");
    }
}
