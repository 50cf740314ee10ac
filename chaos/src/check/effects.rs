//! 5. An effect runs at most recorded attempts + lease losses times, always with the same key.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row};
use crate::graphs::{Container, GraphSpec, Kind, frames_of};

/// What an idempotency key names: `execution:node:scope`.
pub(crate) struct Step<'a> {
    pub(crate) execution: Uuid,
    pub(crate) node: &'a str,
    pub(crate) scope: &'a str,
}

impl<'a> Step<'a> {
    pub(crate) fn of(key: &'a str) -> Option<Self> {
        let mut parts = key.splitn(3, ':');
        Some(Self { execution: parts.next()?.parse().ok()?, node: parts.next()?, scope: parts.next()? })
    }
}

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = keys(facts);
    found.extend(scopes(facts));
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

/// The scope in the key of a call is a place of its node, and that of its frame: so all calls of a step carry one key.
fn scopes(facts: &Facts) -> Vec<Violation> {
    let starts = facts.by_tag();
    let others = facts.calls.iter().filter_map(|call| {
        let (step, start) = (Step::of(&call.key)?, starts.get(call.tag.as_str())?);
        let spec = facts.spec(start);
        let is_own = in_place(spec, &step) && index_of(spec, step.scope) == call.index;
        let what = format!("step {} of {} was called with the key {:?}", call.node, call.tag, call.key);
        (!is_own).then(|| Violation::new(5, step.execution, format!("{what} at the index {:?}", call.index)))
    });
    others.collect()
}

/// Whether the frames of a scope are those of the containers around a node.
fn in_place(spec: &GraphSpec, step: &Step<'_>) -> bool {
    let frames = frames_of(step.scope);
    frames.is_some_and(|frames| {
        frames.iter().rev().map(|frame| frame.0).eq(spec.around(step.node).map(|container| container.id.as_str()))
    })
}

/// The index that a call tells of the frames around it: that of the innermost which counts.
fn index_of(spec: &GraphSpec, scope: &str) -> Option<u64> {
    let counts = |container: &str| {
        let kind = spec.node(container).map(|node| node.kind);
        matches!(kind, Some(Kind::Container { of: Container::ForEach | Container::Loop, .. }))
    };
    frames_of(scope)?.into_iter().rev().find(|frame| counts(frame.0)).map(|frame| frame.1.into())
}

fn times(facts: &Facts) -> Vec<Violation> {
    let lost = facts.lost_leases();
    let mut times = HashMap::<&str, usize>::new();
    for call in &facts.calls {
        *times.entry(&call.key).or_default() += 1;
    }
    let too_often = times.into_iter().filter_map(|(key, times)| {
        let step = Step::of(key)?;
        let rows = || {
            let rows = facts.rows(step.execution).iter();
            rows.filter(|row| row.node == step.node && row.scope == step.scope)
        };
        let failed = rows().filter_map(|row| row.attempts).max().unwrap_or_default();
        // One that was cancelled has an attempt that is not recorded.
        let attempts = if rows().any(Row::is_settled) { failed } else { failed + 1 };
        let losses = lost.get(&step.execution).map_or(0, HashSet::len);
        let what = format!("step {} was called {times} times: {attempts} attempts, {losses} losses", step.node);
        (times > attempts.unsigned_abs() as usize + losses).then(|| Violation::new(5, step.execution, what))
    });
    too_often.collect()
}

/// A call that is recorded as done has been made.
fn at_least_once(facts: &Facts) -> Vec<Violation> {
    let called: HashSet<&str> = facts.calls.iter().map(|call| call.key.as_str()).collect();
    let mut found = Vec::new();
    for start in &facts.starts {
        let Some(&id) = start.acknowledged.first() else { continue };
        for row in facts.rows(id).iter().filter(|row| row.is_completed()) {
            let calls = facts.spec(start).node(&row.node).is_some_and(|node| node.kind.calls());
            let key = format!("{id}:{}:{}", row.node, row.scope);
            if calls && !called.contains(key.as_str()) {
                found.push(Violation::new(5, id, format!("{key} is recorded as done and was never called")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::{calm, each, kill, second};

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
        assert!(check(&facts)[0].what.contains("n3:2"));
    }

    #[test]
    fn an_effect_that_never_was_is_noticed() {
        let mut facts = calm();
        facts.calls.pop();
        assert!(check(&facts)[0].what.contains("never called"));
    }

    #[test]
    fn the_key_of_another_frame_is_noticed() {
        let mut facts = each();
        assert_eq!(check(&facts), []);
        let (n2, key) = (facts.calls.iter().rposition(|call| call.node == "n2").unwrap(), "n1[0]");
        facts.calls[n2].key = facts.calls[n2].key.replace("n1[1]", key);
        assert!(check(&facts).iter().any(|found| found.what.contains("at the index Some(1)")));
        assert!(check(&facts).iter().any(|found| found.what.contains("2 times")), "the other one had been called");
        assert!(check(&facts).iter().any(|found| found.what.contains("n1[1] is recorded as done")));
    }

    #[test]
    fn a_step_that_was_cancelled_may_have_been_called_once_more_than_it_failed() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap().retain(|row| row.node != "n3");
        assert_eq!(check(&facts), []);
        facts.calls.push(facts.calls.last().unwrap().clone());
        assert_eq!(check(&facts).len(), 1);
    }
}
