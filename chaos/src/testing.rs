//! A small run without faults, for tests to plant violations in.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::facts::{Call, Child, Execution, Facts, Row, Start};
use crate::graphs::{Container, GraphSpec, Kind, NodeSpec, Way};
use crate::inject::{Held, Struck};
use crate::plan::Fault;

const WORKSPACE: Uuid = Uuid::from_u128(1);
const LEASE: i64 = 10;

/// Two executions of `n0 → n1 (call) → n2 (delay) → n3 (call)`; the first is the calm one.
pub(crate) fn calm() -> Facts {
    let mut facts = Facts { workspaces: vec![WORKSPACE], ..Facts::default() };
    facts.workflows.push((0, spec()));
    facts.granted.insert(WORKSPACE, 2);
    facts.reconciled.insert(WORKSPACE, 2);
    for (nth, calm) in [(0_u32, true), (1, false)] {
        let (id, tag, at) = (Uuid::from_u128(10 + u128::from(nth)), format!("t{nth}"), time(i64::from(nth) * 100));
        let start = Start {
            tag: tag.clone(),
            workflow: 0,
            variant: 0,
            calm,
            acknowledged: vec![id],
            at,
            misused: None,
            cancel: None,
            told: None,
        };
        facts.starts.push(start);
        let execution =
            Execution { workspace: WORKSPACE, tag: tag.clone(), status: "completed".into(), created_at: at };
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
            facts.calls.push(Call { key, tag: tag.clone(), node: node.into(), index: None, at });
        }
    }
    facts
}

/// Two executions of a for-each over two items, whose steps call; the first is the calm one.
pub(crate) fn each() -> Facts {
    let spec = vec![
        NodeSpec::new("n0", Kind::Trigger, &[]),
        NodeSpec::new("n1", Kind::Container { of: Container::ForEach, fails: false }, &["n0"]),
        inside(NodeSpec::new("n2", Kind::Call { refusals: 0 }, &[])),
    ];
    let rows = [
        told("opened", "n1", "", None),
        told("settled", "n2", "n1[0]", Some("completed")),
        told("settled", "n2", "n1[1]", Some("completed")),
        told("settled", "n1", "", Some("completed")),
    ];
    run_of(spec, &rows, &[(2, "n2", "n1[0]", Some(0)), (3, "n2", "n1[1]", Some(1))])
}

/// Two executions of a group that fails once and is undone, each time with something at last; the first is the calm one.
pub(crate) fn group() -> Facts {
    let call = Kind::Call { refusals: 0 };
    let spec = vec![
        NodeSpec::new("n0", Kind::Trigger, &[]),
        NodeSpec::new("n1", Kind::Container { of: Container::Group, fails: false }, &["n0"]),
        inside(NodeSpec::new("n2", call, &[])),
        inside(NodeSpec { undoes: Some("n2".into()), ..NodeSpec::new("n3", call, &[]) }),
        inside(NodeSpec::new("n4", Kind::Falls, &["n2"])),
        inside(NodeSpec { finally: true, ..NodeSpec::new("n5", call, &[]) }),
    ];
    let done = Some("completed");
    let rows = [
        told("opened", "n1", "", None),
        told("settled", "n2", "n1[0]", done),
        told("settled", "n4", "n1[0]", Some("failed")),
        told("settled", "n3", "n1[0]", done),
        told("settled", "n5", "n1[0]", done),
        told("attempt_failed", "n1", "", None),
        told("opened", "n1", "", None),
        told("settled", "n2", "n1[1]", done),
        told("settled", "n4", "n1[1]", done),
        told("settled", "n5", "n1[1]", done),
        told("settled", "n1", "", done),
    ];
    let first =
        [(2, "n2", "n1[0]", None), (3, "n4", "n1[0]", None), (4, "n3", "n1[0]", None), (5, "n5", "n1[0]", None)];
    let second = [(8, "n2", "n1[1]", None), (9, "n4", "n1[1]", None), (10, "n5", "n1[1]", None)];
    run_of(spec, &rows, &[first.as_slice(), &second].concat())
}

/// Two executions whose step `n1` calls a child in that way; the first is the calm one.
pub(crate) fn calls(way: Way) -> Facts {
    let spec = vec![NodeSpec::new("n0", Kind::Trigger, &[]), NodeSpec::new("n1", Kind::Calls(way), &["n0"])];
    let rows = [told("waiting", "n1", "", None), told("settled", "n1", "", Some("completed"))];
    let mut facts = run_of(spec, &rows, &[]);
    for start in facts.starts.clone() {
        let (parent, id) = (start.acknowledged[0], Uuid::from_u128(start.acknowledged[0].as_u128() + 10));
        facts.children.push(Child { id, parent, node: "n1".into(), scope: String::new() });
        let tag = format!("{}-n1", start.tag);
        let created_at = start.at + TimeDelta::seconds(1);
        facts.executions.insert(id, Execution { workspace: WORKSPACE, tag, status: "completed".into(), created_at });
        for counted in [&mut facts.granted, &mut facts.reconciled] {
            *counted.entry(WORKSPACE).or_default() += 1;
        }
        facts.journal.insert(id, vec![row(1, "n1", start.at + TimeDelta::seconds(1))]);
    }
    facts
}

/// The rows of the execution that was not calm.
pub(crate) fn rows_of(facts: &mut Facts) -> &mut Vec<Row> {
    facts.journal.entry(second()).or_default()
}

fn inside(node: NodeSpec) -> NodeSpec {
    NodeSpec { parent: Some("n1".into()), ..node }
}

fn told(kind: &str, node: &str, scope: &str, status: Option<&str>) -> Row {
    let settles = kind == "settled";
    let (scope, status) = (scope.into(), status.map(Into::into));
    Row { kind: kind.into(), scope, status, attempts: settles.then_some(1), ..row(0, node, time(0)) }
}

/// Each row is committed a second after the one before, and each call comes half a second before the row of that number.
fn run_of(nodes: Vec<NodeSpec>, rows: &[Row], calls: &[(i64, &str, &str, Option<u64>)]) -> Facts {
    let mut facts = calm();
    facts.workflows[0].1.nodes = nodes;
    facts.calls.clear();
    for start in &facts.starts {
        let placed = rows.iter().zip(1_i32..).map(|(row, position)| {
            let at = start.at + TimeDelta::seconds(position.into());
            Row { position, recorded_at: at, committed_at: at, ..row.clone() }
        });
        facts.journal.insert(start.acknowledged[0], placed.collect());
        for &(position, node, scope, index) in calls {
            let at = start.at + TimeDelta::seconds(position) - TimeDelta::milliseconds(500);
            let key = format!("{}:{node}:{scope}", start.acknowledged[0]);
            facts.calls.push(Call { key, tag: start.tag.clone(), node: node.into(), index, at });
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
        heard: None,
        is_forced: false,
        recorded_at: at,
        committed_at: at,
        digest: format!("digest of {position}"),
    }
}

fn spec() -> GraphSpec {
    let call = Kind::Call { refusals: 0 };
    let nodes = vec![
        NodeSpec::new("n0", Kind::Trigger, &[]),
        NodeSpec::new("n1", call, &["n0"]),
        NodeSpec::new("n2", Kind::Delay, &["n1"]),
        NodeSpec::new("n3", call, &["n2"]),
    ];
    GraphSpec { document: Value::Null, nodes }
}
