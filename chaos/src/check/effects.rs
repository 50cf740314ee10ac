//! 5. An effect runs at most recorded attempts + lease losses times, always with the same key.

use std::collections::HashMap;

use uuid::Uuid;

use super::Violation;
use crate::facts::Facts;
use crate::graphs::Kind;

/// What an idempotency key names: `execution:node:scope`.
pub(crate) struct Step<'a> {
    pub(crate) execution: Uuid,
    pub(crate) node: &'a str,
}

impl<'a> Step<'a> {
    pub(crate) fn of(key: &'a str) -> Option<Self> {
        let mut parts = key.splitn(3, ':');
        Some(Self { execution: parts.next()?.parse().ok()?, node: parts.next()? })
    }
}

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = keys(facts);
    found.extend(one_key(facts));
    found.extend(times(facts));
    found.extend(super::attempts::check(facts));
    found.extend(at_least_once(facts));
    found
}

/// Each call names its own execution and node.
fn keys(facts: &Facts) -> Vec<Violation> {
    let wrong = facts.calls.iter().filter_map(|call| {
        let step = Step::of(&call.key);
        let tag = step.as_ref().and_then(|step| facts.executions.get(&step.execution)).map(|row| row.tag.as_str());
        let good = tag == Some(call.tag.as_str()) && step.as_ref().is_some_and(|step| step.node == call.node);
        let what = format!("step {} of {} was called with the key {:?}", call.node, call.tag, call.key);
        (!good).then(|| Violation::new(5, step.map(|step| step.execution), what))
    });
    wrong.collect()
}

/// All calls of a step carry one key.
fn one_key(facts: &Facts) -> Vec<Violation> {
    let mut first = HashMap::<(&str, &str), &str>::new();
    let others = facts.calls.iter().filter_map(|call| {
        let key = *first.entry((&call.tag, &call.node)).or_insert(&call.key);
        let what = format!("step {} of {} was called with the keys {key:?} and {:?}", call.node, call.tag, call.key);
        (key != call.key).then(|| Violation::new(5, Step::of(&call.key).map(|step| step.execution), what))
    });
    others.collect()
}

fn times(facts: &Facts) -> Vec<Violation> {
    let lost = facts.lost_leases();
    let mut times = HashMap::<&str, usize>::new();
    for call in &facts.calls {
        *times.entry(&call.key).or_default() += 1;
    }
    let too_often = times.into_iter().filter_map(|(key, times)| {
        let step = Step::of(key)?;
        let rows = facts.rows(step.execution).iter().filter(|row| row.node == step.node);
        let attempts = rows.filter_map(|row| row.attempts).max().unwrap_or_default();
        let losses = lost.get(&step.execution).map_or(0, std::collections::HashSet::len);
        let what = format!("step {} was called {times} times: {attempts} attempts, {losses} losses", step.node);
        (times > attempts.unsigned_abs() as usize + losses).then(|| Violation::new(5, step.execution, what))
    });
    too_often.collect()
}

/// A call that is recorded as done has been made.
fn at_least_once(facts: &Facts) -> Vec<Violation> {
    let called: std::collections::HashSet<(&str, &str)> =
        facts.calls.iter().map(|call| (call.tag.as_str(), call.node.as_str())).collect();
    let mut found = Vec::new();
    for start in &facts.starts {
        let Some(&id) = start.acknowledged.first() else { continue };
        for row in facts.rows(id).iter().filter(|row| row.status.as_deref() == Some("completed")) {
            let node = facts.workflows[start.workflow].1.node(&row.node);
            let calls = node.is_some_and(|node| matches!(node.kind, Kind::Call { .. }));
            if calls && !called.contains(&(start.tag.as_str(), row.node.as_str())) {
                found.push(Violation::new(
                    5,
                    id,
                    format!("step {} is recorded as done and was never called", row.node),
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::{calm, kill, second};

    #[test]
    fn a_call_too_many_is_noticed_unless_a_worker_was_lost() {
        let mut facts = calm();
        let call = facts.calls.last().unwrap().clone();
        facts.calls.push(call);
        assert!(check(&facts)[0].what.contains("2 times: 1 attempts, 0 losses"));
        facts.injected.struck.push(kill(second(), 7, 3));
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_foreign_key_is_noticed() {
        let mut facts = calm();
        facts.calls[0].tag = "somebody else".into();
        assert!(check(&facts).iter().any(|found| found.what.contains("with the key")));
    }

    #[test]
    fn a_second_key_is_noticed() {
        let mut facts = calm();
        let mut again = facts.calls.last().unwrap().clone();
        again.key.push('2');
        facts.calls.push(again);
        assert!(check(&facts).iter().any(|found| found.what.contains("the keys")));
    }

    #[test]
    fn an_effect_that_never_was_is_noticed() {
        let mut facts = calm();
        facts.calls.pop();
        assert!(check(&facts)[0].what.contains("never called"));
    }
}
