//! 3. A settled step has exactly one settled row, for ever the same; and it is the one that a calm run settles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row, Start};

/// How each step, by node and scope, settled: status and port.
type Story<'a> = BTreeMap<(&'a str, &'a str), (Option<&'a str>, Option<&'a str>)>;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = once(facts);
    found.extend(for_ever_the_same(facts));
    found.extend(as_in_a_calm_run(facts));
    found.extend(super::races::check(facts));
    found.extend(super::talk::events(facts));
    found.extend(super::talk::answers(facts));
    found
}

fn settled_rows(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| row.kind == "settled")
}

fn once(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (&id, rows) in &facts.journal {
        let mut times = HashMap::<(&str, &str), u32>::new();
        for row in settled_rows(rows) {
            let times = times.entry((&row.node, &row.scope)).or_default();
            *times += 1;
            if *times == 2 {
                found.push(Violation::new(3, id, format!("step {} is settled twice", row.node)));
            }
        }
    }
    found
}

fn for_ever_the_same(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for ((id, node, scope), digest) in &facts.seen.settled {
        let mut rows = settled_rows(facts.rows(*id)).filter(|row| row.node == *node && row.scope == *scope);
        match rows.next() {
            None => found.push(Violation::new(3, *id, format!("step {node} was settled and is not any more"))),
            Some(row) if row.digest != *digest => {
                found.push(Violation::new(3, *id, format!("the settled row of step {node} has changed")));
            }
            Some(_) => {}
        }
    }
    found
}

/// Attempts aside, every execution is like the one that ran before the first fault: what both have settled is the same;
/// and both have settled all that is certain, and ended in the same way, unless somebody was to cancel it.
fn as_in_a_calm_run(facts: &Facts) -> Vec<Violation> {
    let set_aside = facts.set_aside();
    let calm: HashMap<(usize, u64), Uuid> = facts
        .starts
        .iter()
        .filter(|start| start.calm)
        .filter_map(|start| Some(((start.workflow, start.variant), *start.acknowledged.first()?)))
        .collect();
    let mut found = Vec::new();
    for start in facts.starts.iter().filter(|start| !start.calm) {
        let (Some(&id), Some(&wanted)) = (start.acknowledged.first(), calm.get(&(start.workflow, start.variant)))
        else {
            continue;
        };
        let (Some(row), Some(calm)) = (facts.executions.get(&id), facts.executions.get(&wanted)) else { continue };
        let (own, other) = (story(facts.rows(id)), story(facts.rows(wanted)));
        let unlike = differences(facts, start, &own, &other);
        let ends_alike = row.status == calm.status || start.cancel.is_some() && row.status == "cancelled";
        if row.has_ended() && !set_aside.contains(&id) && !(ends_alike && unlike.is_empty()) {
            let what = format!("it is {}, a calm run {}; unlike are {unlike:?}", row.status, calm.status);
            found.push(Violation::new(3, id, what));
        }
    }
    found
}

fn story(rows: &[Row]) -> Story<'_> {
    let told = settled_rows(rows).map(|row| {
        let (step, status, port) =
            ((row.node.as_str(), row.scope.as_str()), row.status.as_deref(), row.port.as_deref());
        (step, (status, port))
    });
    told.collect()
}

/// The steps that should be alike and are not, each with what they came to: here, and in the calm run.
fn differences<'a>(facts: &Facts, start: &Start, own: &Story<'a>, calm: &Story<'a>) -> Vec<String> {
    let steps: BTreeSet<_> = own.keys().chain(calm.keys()).collect();
    let unlike = steps.into_iter().filter_map(|step| match (own.get(step), calm.get(step)) {
        (Some(own), Some(calm)) if own == calm => None,
        (None, _) | (_, None) if facts.may_be_cut(start, step.0) => None,
        (own, calm) => Some(format!("{step:?}: {own:?}, {calm:?}")),
    });
    unlike.collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::facts::Cancel;
    use crate::testing::{calm, each, rows_of, second};

    #[test]
    fn a_step_that_is_settled_twice_is_noticed() {
        let mut facts = calm();
        let rows = facts.journal.get_mut(&second()).unwrap();
        let again = rows.last().unwrap().clone();
        rows.push(again);
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn a_settled_row_that_changes_or_goes_is_noticed() {
        let mut facts = calm();
        let key = (second(), "n1".to_owned(), String::new());
        facts.seen.settled.insert(key.clone(), "another digest".into());
        assert!(check(&facts)[0].what.contains("has changed"));
        facts.journal.get_mut(&key.0).unwrap().retain(|row| row.node != "n1");
        assert!(check(&facts)[0].what.contains("not any more"));
    }

    #[test]
    fn an_execution_that_took_another_way_than_the_calm_one_is_noticed() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap()[0].port = Some("other".into());
        assert!(check(&facts)[0].what.contains("calm"));
    }

    #[test]
    fn a_step_of_a_frame_that_is_missing_is_noticed_unless_it_is_not_certain() {
        let mut facts = each();
        assert_eq!(check(&facts), []);
        rows_of(&mut facts).retain(|row| row.scope != "n1[1]");
        assert!(check(&facts)[0].what.contains("n1[1]"));
        facts.workflows[0].1.nodes[2].is_certain = false;
        assert_eq!(check(&facts), []);
        rows_of(&mut facts)[1].status = Some("failed".into());
        assert_eq!(check(&facts).len(), 1, "it may be missing, not another");
    }

    #[test]
    fn only_who_was_to_be_cancelled_may_be() {
        let mut facts = calm();
        rows_of(&mut facts).pop();
        facts.executions.get_mut(&second()).unwrap().status = "cancelled".into();
        assert_eq!(check(&facts).len(), 1);
        facts.starts[1].cancel = Some(Cancel::Gently);
        assert_eq!(check(&facts), []);
        facts.executions.get_mut(&second()).unwrap().status = "failed".into();
        assert_eq!(check(&facts).len(), 1);
    }
}
