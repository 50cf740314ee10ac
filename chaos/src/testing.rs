//! A small run without faults, for tests to plant violations in.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::facts::{Call, Execution, Facts, Row, Start};
use crate::graphs::{GraphSpec, Kind, NodeSpec};
use crate::inject::{Held, Struck};
use crate::plan::Fault;

const WORKSPACE: Uuid = Uuid::from_u128(1);
const LEASE: i64 = 10;

/// Two executions of `n0 → n1 (call) → n2 (delay) → n3 (call)`; the first is the calm one.
pub(crate) fn calm() -> Facts {
    let mut facts = Facts { workspaces: vec![WORKSPACE], ..Facts::default() };
    facts.workflows.push((0, spec()));
    facts.granted.insert(WORKSPACE, 2);
    for (nth, calm) in [(0_u32, true), (1, false)] {
        let (id, tag, at) = (Uuid::from_u128(10 + u128::from(nth)), format!("t{nth}"), time(i64::from(nth) * 100));
        let start =
            Start { tag: tag.clone(), workflow: 0, variant: 0, calm, acknowledged: vec![id], at, misused: None };
        facts.starts.push(start);
        let execution = Execution { workspace: WORKSPACE, tag: tag.clone(), status: "completed".into() };
        facts.executions.insert(id, execution);
        let settled = |position, node: &str, second| Row {
            kind: "settled".into(),
            status: Some("completed".into()),
            port: Some("out".into()),
            attempts: Some(1),
            ..row(position, node, at + TimeDelta::seconds(second))
        };
        let due = Some(at + TimeDelta::seconds(3));
        let waiting = Row { kind: "waiting".into(), due, ..row(2, "n2", at + TimeDelta::seconds(2)) };
        let rows = vec![settled(1, "n1", 1), waiting, settled(3, "n2", 4), settled(4, "n3", 6)];
        facts.journal.insert(id, rows);
        for (node, second) in [("n1", 0), ("n3", 5)] {
            let (key, at) = (format!("{id}:{node}:"), at + TimeDelta::seconds(second));
            facts.calls.push(Call { key, tag: tag.clone(), node: node.into(), at });
        }
    }
    facts
}

/// The execution of the first start.
pub(crate) fn first(facts: &Facts) -> Uuid {
    facts.starts[0].acknowledged[0]
}

/// The execution that was not calm.
pub(crate) fn second() -> Uuid {
    Uuid::from_u128(11)
}

/// A kill of a worker that held one lease, at the time zero.
pub(crate) fn kill(execution: Uuid, lease_no: i64, worker_no: i32) -> Struck {
    let held = vec![Held { execution, lease_no, worker_no }];
    Struck { fault: Fault::Kill, at: time(0), landed: true, left_vacant: false, held, outage: None }
}

/// So many seconds after a fixed time.
pub(crate) fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn row(position: i32, node: &str, at: DateTime<Utc>) -> Row {
    Row {
        position,
        workspace: WORKSPACE,
        lease_no: LEASE,
        kind: String::new(),
        node: node.into(),
        scope: String::new(),
        status: None,
        port: None,
        attempts: None,
        due: None,
        recorded_at: at,
        committed_at: at,
        digest: format!("digest of {position}"),
    }
}

fn spec() -> GraphSpec {
    let node = |id: &str, kind, source: Option<&str>| NodeSpec {
        id: id.into(),
        kind,
        sources: source.into_iter().map(Into::into).collect(),
        any: false,
    };
    let call = Kind::Call { refusals: 0 };
    let nodes = vec![
        node("n0", Kind::Trigger, None),
        node("n1", call, Some("n0")),
        node("n2", Kind::Delay, Some("n1")),
        node("n3", call, Some("n2")),
    ];
    GraphSpec { document: Value::Null, nodes }
}
