//! 3. A settled step has exactly one settled row, for ever the same; and it is the one that a calm run settles.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row};

/// How each step settled: status and port.
type Story<'a> = BTreeMap<&'a str, (Option<&'a str>, Option<&'a str>)>;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = once(facts);
    found.extend(for_ever_the_same(facts));
    found.extend(as_in_a_calm_run(facts));
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

/// Attempts aside, every execution is like the one that ran before the first fault.
fn as_in_a_calm_run(facts: &Facts) -> Vec<Violation> {
    let set_aside = facts.set_aside();
    let story = |id: Uuid| -> (Option<&str>, Story<'_>) {
        let steps = settled_rows(facts.rows(id))
            .map(|row| (row.node.as_str(), (row.status.as_deref(), row.port.as_deref())))
            .collect();
        (facts.executions.get(&id).map(|row| row.status.as_str()), steps)
    };
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
        let unlike =
            facts.executions.get(&id).is_some_and(crate::facts::Execution::has_ended) && story(id) != story(wanted);
        if unlike && !set_aside.contains(&id) {
            let what = format!("it came to {:?}, a calm run to {:?}", story(id), story(wanted));
            found.push(Violation::new(3, id, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::{calm, second};

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
}
