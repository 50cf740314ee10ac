//! 4. A step that is not pure starts only when all that it was decided on is durable.
//!
//! When a call comes in, the steps that its node waited for must have been committed: all of them at a join that waits
//! for all, at least one at a join that takes the first. The server and the database share a clock.

use super::Violation;
use super::effects::Step;
use crate::facts::Facts;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let starts = facts.by_tag();
    let mut found = Vec::new();
    for call in &facts.calls {
        let (Some(step), Some(start)) = (Step::of(&call.key), starts.get(call.tag.as_str())) else { continue };
        let Some(node) = facts.workflows[start.workflow].1.node(&call.node) else { continue };
        let settled = |source: &String| facts.settled(step.execution, source);
        let early = |source: &&String| settled(source).is_some_and(|row| row.committed_at > call.at);
        let on_ground =
            |source: &String| source == "n0" || settled(source).is_some_and(|row| row.committed_at <= call.at);
        let first_early = node.sources.iter().find(early);
        let wrong = match node.any {
            true if node.sources.iter().any(on_ground) => None,
            true => node.sources.first(),
            false => first_early,
        };
        if let Some(source) = wrong {
            let what = format!("step {} was called at {} before step {source} was durable", call.node, call.at);
            found.push(Violation::new(4, step.execution, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::check;
    use crate::testing::{calm, second};

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
        (n3.any, n3.sources) = (true, vec!["n1".into(), "n2".into()]);
        assert_eq!(check(&facts), []);
        n3_only_on_n2(&mut facts);
        assert_eq!(check(&facts).len(), 1);
    }

    fn n3_only_on_n2(facts: &mut crate::facts::Facts) {
        let n3 = facts.workflows[0].1.nodes.iter_mut().find(|node| node.id == "n3").unwrap();
        n3.sources = vec!["n2".into()];
    }
}
