//! 8. A timer never fires early: delays, and the times of next attempts.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row};

/// A time that a step waited for, and the row that came of it.
pub(crate) struct Wait<'a> {
    pub(crate) execution: Uuid,
    pub(crate) node: &'a str,
    pub(crate) due: DateTime<Utc>,
    /// The step's next row; none if it never came.
    pub(crate) next: Option<&'a Row>,
    /// Whether the next row tells of the time itself, and not of an attempt that took time of its own.
    pub(crate) is_delay: bool,
}

/// All waits of a run.
pub(crate) struct Waits<'a>(pub(crate) Vec<Wait<'a>>);

impl<'a> Waits<'a> {
    pub(crate) fn of(facts: &'a Facts) -> Self {
        let mut waits = Vec::new();
        for (&execution, rows) in &facts.journal {
            for (nth, row) in rows.iter().enumerate() {
                let Some(due) = row.due else { continue };
                // What calls nobody may go on before the order is durable.
                let due = order(row, &rows[nth + 1..]).map_or(due, |order| due.min(order.recorded_at));
                let is_next = |next: &&Row| is_same(row, next) && next.kind != "hastened";
                let next = rows[nth + 1..].iter().find(is_next);
                waits.push(Wait { execution, node: &row.node, due, next, is_delay: row.kind == "waiting" });
            }
        }
        Self(waits)
    }

    pub(crate) fn early(&self) -> impl Iterator<Item = (&Wait<'a>, &'a Row)> {
        let pairs = self.0.iter().filter_map(|wait| Some((wait, wait.next?)));
        pairs.filter(|(wait, next)| next.recorded_at < wait.due || next.committed_at < wait.due)
    }

    pub(crate) fn lost<'b>(&'b self, facts: &'b Facts) -> impl Iterator<Item = &'b Wait<'a>> {
        let (set_aside, starts) = (facts.set_aside(), facts.by_id());
        self.0.iter().filter(move |wait| {
            let may_be_cut = || starts.get(&wait.execution).is_some_and(|start| facts.may_be_cut(start, wait.node));
            wait.next.is_none() && !set_aside.contains(&wait.execution) && !may_be_cut()
        })
    }
}

/// The order of a person to have the next attempt of a failed one at once, be it of this step or of all.
fn order<'a>(row: &Row, later: &'a [Row]) -> Option<&'a Row> {
    let is_meant = |order: &&Row| order.node.is_empty() || is_same(row, order);
    let mut orders = later.iter().filter(|later| row.kind == "attempt_failed" && later.kind == "hastened");
    orders.find(is_meant)
}

/// Whether two rows are about the same step.
fn is_same(one: &Row, other: &Row) -> bool {
    (&one.node, &one.scope) == (&other.node, &other.scope)
}

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let waits = Waits::of(facts);
    let early = waits.early().map(|(wait, next)| {
        let what = format!("step {} went on at {}, due at {}", next.node, next.recorded_at, wait.due);
        Violation::new(8, wait.execution, what)
    });
    let lost = waits.lost(facts);
    early
        .chain(early_calls(facts))
        .chain(lost.map(|wait| Violation::new(8, wait.execution, format!("nothing came of {}", wait.due))))
        .collect()
}

/// Before the next attempt of a step is due, no more calls have come than it had attempts, and losses that may each have
/// repeated one.
fn early_calls(facts: &Facts) -> Vec<Violation> {
    let lost = facts.lost_leases();
    let mut calls = HashMap::<&str, Vec<DateTime<Utc>>>::new();
    for call in &facts.calls {
        calls.entry(&call.key).or_default().push(call.at);
    }
    let mut found = Vec::new();
    for (id, rows) in &facts.journal {
        let losses = lost.get(id).map_or(0, HashSet::len);
        for (nth, row) in rows.iter().enumerate().filter(|(_, row)| row.kind == "attempt_failed") {
            let Some((due, attempts)) = row.due.zip(row.attempts) else { continue };
            let due = order(row, &rows[nth + 1..]).map_or(due, |order| due.min(order.committed_at));
            let Some(calls) = calls.get(format!("{id}:{}:{}", row.node, row.scope).as_str()) else { continue };
            let before = calls.iter().filter(|&&at| at < due).count();
            if before > attempts.unsigned_abs() as usize + losses {
                let what = format!(
                    "step {} was called {before} times before {due}, when the attempt after {attempts} was due",
                    row.node
                );
                found.push(Violation::new(8, *id, what));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::check;
    use crate::facts::Cancel;
    use crate::testing::{calm, kill, rows_of, second};

    #[test]
    fn a_delay_that_ends_early_is_noticed() {
        let mut facts = calm();
        let rows = facts.journal.get_mut(&second()).unwrap();
        let waiting = rows.iter_mut().find(|row| row.kind == "waiting").unwrap();
        *waiting.due.as_mut().unwrap() += TimeDelta::seconds(2);
        assert!(check(&facts)[0].what.contains("due at"));
    }

    #[test]
    fn an_attempt_that_fails_again_before_it_was_due_is_noticed_unless_it_was_ordered() {
        let mut facts = calm();
        let rows = facts.journal.get_mut(&second()).unwrap();
        let at = rows.iter().position(|row| row.kind == "waiting").unwrap();
        rows[at].kind = "attempt_failed".into();
        *rows[at].due.as_mut().unwrap() += TimeDelta::seconds(2);
        let mut order = rows[at].clone();
        (order.kind, order.due) = ("hastened".into(), None);
        rows.insert(at + 1, order);
        let mut about = |node: &str, scope: &str| {
            let order = &mut facts.journal.get_mut(&second()).unwrap()[at + 1];
            (order.node, order.scope) = (node.into(), scope.into());
            check(&facts).iter().filter(|violation| violation.what.contains("due at")).count()
        };
        assert_eq!(about("n1", ""), 1, "it was about another step");
        assert_eq!(about("n2", ""), 0);
        assert_eq!(about("", ""), 0, "it was about all steps");
    }

    #[test]
    fn a_call_before_the_next_attempt_is_due_is_noticed_unless_a_loss_repeated_it() {
        let mut facts = calm();
        let mut again = facts.calls.last().unwrap().clone();
        let mut failed = rows_of(&mut facts).last().unwrap().clone();
        let due = Some(again.at + TimeDelta::milliseconds(800));
        (failed.kind, failed.due, failed.committed_at) = ("attempt_failed".into(), due, again.at);
        rows_of(&mut facts).insert(3, failed);
        assert_eq!(check(&facts), []);
        again.at += TimeDelta::milliseconds(700);
        facts.calls.push(again);
        assert!(check(&facts)[0].what.contains("was called 2 times before"));
        facts.calls.last_mut().unwrap().at += TimeDelta::milliseconds(200);
        assert_eq!(check(&facts), []);
        facts.calls.last_mut().unwrap().at -= TimeDelta::milliseconds(200);
        assert_eq!(check(&facts).len(), 1);
        let mut hastened = rows_of(&mut facts)[3].clone();
        (hastened.kind, hastened.due) = ("hastened".into(), None);
        hastened.recorded_at = hastened.committed_at + TimeDelta::milliseconds(500);
        hastened.committed_at += TimeDelta::milliseconds(600);
        rows_of(&mut facts).insert(4, hastened);
        assert_eq!(check(&facts), []);
        rows_of(&mut facts)[4].committed_at += TimeDelta::milliseconds(150);
        assert_eq!(check(&facts).len(), 1, "it came before the order");
        (rows_of(&mut facts)[4].node, rows_of(&mut facts)[4].scope) = ("n1".into(), String::new());
        rows_of(&mut facts)[4].committed_at -= TimeDelta::milliseconds(150);
        assert_eq!(check(&facts).len(), 1, "it was about another step");
        rows_of(&mut facts).remove(4);
        facts.injected.struck.push(kill(second(), 7, 3));
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_timer_that_never_fires_is_noticed() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap().retain(|row| row.node != "n2" || row.kind == "waiting");
        assert!(check(&facts)[0].what.contains("nothing came"));
    }

    #[test]
    fn only_a_step_that_may_be_cancelled_may_wait_for_ever() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap().retain(|row| row.node != "n2" || row.kind == "waiting");
        assert_eq!(check(&facts).len(), 1);
        facts.starts[1].cancel = Some(Cancel::Gently);
        assert_eq!(check(&facts), []);
        facts.starts[1].cancel = None;
        facts.workflows[0].1.nodes[2].is_certain = false;
        assert_eq!(check(&facts), []);
    }
}
