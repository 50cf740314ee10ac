//! 2 and 3, too: an event is there once, a step that waits takes one, and its own; and whoever waited for an answer was
//! told what the tables tell.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row, Start};
use crate::graphs::{GraphSpec, Kind, Teller};

/// The same id, and the same step that sends, is the same event.
pub(super) fn events_once(facts: &Facts) -> Vec<Violation> {
    facts.events_twice.iter().map(|key| Violation::new(2, None, format!("there are several events {key}"))).collect()
}

/// No step takes another one's event, or more than one.
pub(super) fn events(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (id, start) in facts.by_id() {
        let (spec, mut taken) = (facts.spec(start), HashMap::<(&str, &str), u32>::new());
        for row in facts.rows(id) {
            let Some(wanted) = key_of(spec, start, &row.node) else { continue };
            let times = taken.entry((&row.node, &row.scope)).or_default();
            *times += u32::from(row.kind == "signalled");
            if row.kind == "signalled" && *times > 1 {
                found.push(Violation::new(3, id, format!("step {} took {times} events", row.node)));
            }
            if row.port.as_deref() == Some("received") && row.heard.as_ref() != Some(&wanted) {
                let what = format!("step {} waited for {wanted} and took {:?}", row.node, row.heard);
                found.push(Violation::new(3, id, what));
            }
        }
    }
    found
}

/// The key for which a step waits: its own, or that of the step that sends it.
fn key_of(spec: &GraphSpec, start: &Start, node: &str) -> Option<String> {
    let node = spec.node(node)?;
    let of = match node.kind {
        Kind::Event(Teller::Step) => node.sources.first()?,
        Kind::Event(_) => &node.id,
        _ => return None,
    };
    Some(format!("{}-{of}", start.tag))
}

/// Who waited for an answer was not told anything else than what came of the execution.
pub(super) fn answers(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for start in &facts.starts {
        let (Some(&id), Some(told)) = (start.acknowledged.first(), &start.told) else { continue };
        if !is_true(facts, id, start, told) {
            found.push(Violation::new(3, id, format!("whoever waited for {} was told {told}", start.tag)));
        }
    }
    found
}

/// What the first step that responds says; and without one, the end.
fn is_true(facts: &Facts, id: Uuid, start: &Start, told: &Value) -> bool {
    let responds = |row: &&Row| facts.spec(start).node(&row.node).is_some_and(|node| node.kind == Kind::Respond);
    let first = facts.rows(id).iter().filter(|row| row.is_completed()).find(responds);
    let body = &told["response"]["body"];
    match first {
        Some(first) => body["tag"] == start.tag && body["node"] == first.node,
        None => body.is_null() && facts.executions.get(&id).is_some_and(|row| told["status"] == row.status),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{calm, rows_of, second};

    fn heard() -> Facts {
        let mut facts = calm();
        facts.workflows[0].1.nodes[2].kind = Kind::Event(Teller::Client);
        for (tag, id) in [("t0", Uuid::from_u128(10)), ("t1", second())] {
            for row in facts.journal.get_mut(&id).unwrap().iter_mut().filter(|row| row.node == "n2") {
                row.heard = Some(format!("{tag}-n2"));
                row.port = row.port.take().map(|_| "received".into());
                row.kind = if row.kind == "waiting" { "signalled".into() } else { row.kind.clone() };
            }
        }
        facts
    }

    #[test]
    fn an_event_of_somebody_else_or_a_second_one_is_noticed() {
        let mut facts = heard();
        assert_eq!(events(&facts), []);
        let again = rows_of(&mut facts)[1].clone();
        rows_of(&mut facts).insert(2, again);
        assert_eq!(events(&facts)[0].what, "step n2 took 2 events");
        let mut facts = heard();
        rows_of(&mut facts)[2].heard = Some("t0-n2".into());
        assert!(events(&facts)[0].what.contains("waited for t1-n2 and took"));
    }

    #[test]
    fn an_event_that_is_there_twice_is_noticed() {
        let mut facts = calm();
        assert_eq!(events_once(&facts), []);
        facts.events_twice.push("t1-n2".into());
        assert_eq!(events_once(&facts).len(), 1);
    }

    #[test]
    fn an_answer_that_is_not_what_came_of_it_is_noticed() {
        let mut facts = calm();
        facts.starts[1].told = Some(json!({ "status": "completed" }));
        assert_eq!(answers(&facts), []);
        facts.starts[1].told = Some(json!({ "status": "failed" }));
        assert_eq!(answers(&facts).len(), 1);
        facts.workflows[0].1.nodes[1].kind = Kind::Respond;
        facts.starts[1].told = Some(json!({ "status": "completed" }));
        assert_eq!(answers(&facts).len(), 1, "it had answered before its end");
        let answer = |tag: &str| json!({ "status": "running", "response": { "body": { "tag": tag, "node": "n1" } } });
        facts.starts[1].told = Some(answer("t0"));
        assert_eq!(answers(&facts).len(), 1);
        facts.starts[1].told = Some(answer("t1"));
        assert_eq!(answers(&facts), []);
    }
}
