//! What persons ask of executions: real workers do as they say.

use capstan_domain::resolve::Unresolvable;
use capstan_domain::restart::Recorded;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, SignalId, StepKey};
use capstan_engine::core::journal::ENTRIES_MAX;
use capstan_engine::store::connect::Role;
use capstan_engine::store::executions;
use capstan_engine::store::orders::{self, Action, Order, Ordered, RETRY_NOW, What};
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::doomed::Doomed;
use crate::outside::Effects;
use crate::support::{Cell, graph, node};

const RETRY: Action = Action::Retry { config: None };

fn skip(output: Value) -> Action {
    Action::Skip { port: None, output }
}

fn fail(class: &str) -> Action {
    Action::Fail { class: class.into(), error: "it has to be so".into() }
}

/// A connection of the API, for the workspace.
pub(crate) async fn api(cell: &Cell) -> PgConnection {
    let mut api = cell.place.connect(Role::Api).await.unwrap();
    let tenant = format!("SET app.workspace_id = '{}'", cell.workspace_id);
    sqlx::query(&tenant).execute(&mut api).await.unwrap();
    api
}

/// Checks what is said of an incident, and says it.
pub(crate) async fn resolve(
    cell: &Cell,
    id: ExecutionId,
    document: &Value,
    step: Option<&str>,
    action: Action,
) -> bool {
    let mut api = api(cell).await;
    let graph = Graph::compile(document, &*cell.registry).unwrap();
    let row = executions::find(&mut api, cell.workspace_id, id).await.unwrap().unwrap();
    let entries = executions::journal(&mut api, cell.workspace_id, id, 0, ENTRIES_MAX.into()).await.unwrap();
    let recorded = Recorded { row: &row, graph: &graph, entries: &entries };
    let step = step.map(|step| StepKey::root(NodeId::from(step)));
    let (what, paused) = match recorded.resolve(step, action, cell.registry.as_ref()) {
        Ok((resolve, paused)) => (What::Resolve(resolve), paused),
        Err(Unresolvable::NoIncident(_)) => return false,
        Err(refused) => panic!("{refused}"),
    };
    let order = Order { by: "ops".into(), reason: Some("a test".into()), what };
    give(&mut api, id, &order, paused).await
}

async fn give(api: &mut PgConnection, id: ExecutionId, order: &Order, paused: bool) -> bool {
    orders::give(api, id, SignalId::new(), order, paused).await.unwrap() == Ordered::Accepted
}

/// Has an execution paused, or go on.
pub(crate) async fn say(cell: &Cell, id: ExecutionId, what: What) -> bool {
    let paused = what == What::Pause;
    let order = Order { by: "ops".into(), reason: None, what };
    give(&mut api(cell).await, id, &order, paused).await
}

/// Something that is done, something that undoes it, and something that waits for ever.
pub(crate) fn saga(refund: Value) -> Value {
    let nodes = vec![
        node("charge", "debug.noop", json!({ "output": "paid" })),
        node("refund", "debug.noop", json!({ "output": refund })),
        node("wait", "logic.wait_for_signal", json!({ "signal": "never" })),
    ];
    let mut graph = graph(nodes, &[("start", "out", "charge"), ("charge", "out", "wait")]);
    let undo = json!({ "id": "undo", "source": "charge", "target": "refund", "data": { "kind": "compensate" } });
    graph["edges"].as_array_mut().unwrap().push(undo);
    graph
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_failed_is_tried_again_with_another_config_done_by_hand_or_given_up() {
    let cell = Cell::new().await;
    let document = saga(json!("{{ steps.charge.missing.deeper }}"));
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let retry = Action::Retry { config: Some(json!({ "output": "corrected" })) };
    for (action, expected, output) in [
        (retry, "completed/out/1", json!("corrected")),
        (skip(json!({ "by": "hand" })), "completed/out/1", json!({ "by": "hand" })),
        (fail("resolved"), "failed//1", Value::Null),
    ] {
        let id = cell.start(version, json!({})).await;
        let waits = format!("SELECT count(*) FROM journal WHERE kind = 'waiting' AND execution_id = '{id}'");
        cell.until_count(&waits, 1).await;
        cell.signal(id, CANCEL, json!({ "reason": "changed my mind" })).await;
        let row = cell.until(id, &["incident"]).await;
        assert!(row.error.unwrap()["reason"].as_str().unwrap().contains("refund could not undo: expression"));
        assert!(resolve(&cell, id, &document, None, action).await);
        let row = cell.until(id, &["cancelled"]).await;
        assert_eq!(row.error, Some(json!({ "class": "cancelled", "reason": "changed my mind" })));
        let last: (String, Value) = sqlx::query_as(
            "SELECT status || '/' || coalesce(port, '') || '/' || attempts, output FROM journal \
             WHERE execution_id = $1 AND kind = 'settled' AND node_id = 'refund' ORDER BY position DESC LIMIT 1",
        )
        .bind(id.0)
        .fetch_one(&mut cell.owner().await)
        .await
        .unwrap();
        assert_eq!(last, (expected.to_owned(), output));
        assert!(!resolve(&cell, id, &document, None, RETRY).await, "nobody resolves what has ended");
    }
    let told: Value = sqlx::query_scalar("SELECT detail - 'signal_id' FROM journal WHERE kind = 'resolved' LIMIT 1")
        .fetch_one(&mut cell.owner().await)
        .await
        .unwrap();
    assert_eq!((&told["by"], &told["reason"]), (&json!("ops"), &json!("a test")));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_kills_its_workers_is_skipped_by_a_person() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let document = graph(
        vec![
            node("call", "action.http_request", json!({ "method": "POST", "url": effects.url })),
            node("after", "debug.noop", json!({ "output": "{{ steps.call.body }}" })),
        ],
        &[("start", "out", "call"), ("call", "out", "after")],
    );
    let version = cell.publish(&document).await;
    let id = cell.start(version, json!({})).await;
    for lost in 1..=3 {
        let doomed = Doomed::start(&cell, cell.place.clone()).await;
        effects.until_called(lost).await;
        doomed.kill();
    }
    let worker = cell.worker().await;
    cell.until(id, &["incident"]).await;
    assert!(resolve(&cell, id, &document, Some("call"), skip(json!({ "body": "by hand" }))).await);
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!("by hand")));
    assert_eq!(effects.keys().len(), 3, "it is not called again");
    assert_eq!(cell.steps(id).await["call"], "completed/out/0");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_set_aside_goes_on_when_a_person_says_so() {
    let cell = Cell::new().await;
    let document = graph(
        vec![node("wait", "logic.wait_for_signal", json!({ "signal": "go" })), node("after", "debug.noop", json!({}))],
        &[("start", "out", "wait"), ("wait", "received", "after")],
    );
    let version = cell.publish(&document).await;
    let id = cell.start(version, json!({})).await;
    let set_aside = "UPDATE executions SET status = 'incident', \
                     error = '{\"class\": \"incident\", \"reason\": \"a result could not be stored\"}'";
    sqlx::query(set_aside).execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    assert!(resolve(&cell, id, &document, None, RETRY).await);
    cell.until(id, &["waiting"]).await;
    cell.signal(id, "go", json!(1)).await;
    cell.until(id, &["completed"]).await;
    let kinds: Vec<String> = sqlx::query_scalar("SELECT kind FROM journal ORDER BY position")
        .fetch_all(&mut cell.owner().await)
        .await
        .unwrap();
    assert_eq!(kinds, ["poisoned", "resolved", "waiting", "signalled", "settled", "settled"]);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_counts_though_other_signals_came_before() {
    let cell = Cell::new().await;
    let wait = |id: &str, signal: &str| node(id, "logic.wait_for_signal", json!({ "signal": signal }));
    let document = graph(vec![wait("a", "go"), wait("b", "late")], &[("start", "out", "a"), ("start", "out", "b")]);
    let version = cell.publish(&document).await;
    let id = cell.start(version, json!({})).await;
    let worker = cell.worker().await;
    cell.until(id, &["waiting"]).await;
    worker.drain().await;
    let set_aside =
        "UPDATE executions SET status = 'incident', error = '{\"class\": \"incident\", \"reason\": \"full\"}'";
    sqlx::query(set_aside).execute(&mut cell.owner().await).await.unwrap();
    cell.signal(id, "late", json!(1)).await;
    assert!(resolve(&cell, id, &document, Some("a"), skip(json!("by hand"))).await);
    let worker = cell.worker().await;
    cell.until(id, &["completed"]).await;
    assert_eq!(cell.steps(id).await["a"], "completed/received/0");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_in_back_off_is_tried_at_once_and_a_delay_is_not_skipped() {
    let cell = Cell::new().await;
    let mut fail = node("fail", "debug.fail", json!({ "retryable": true, "succeed_at_attempt": 2 }));
    fail["data"]["policy"] =
        json!({ "retry": { "attempts_max": 3, "delay_ms": 3_000_000, "delay_ms_max": 3_000_000 } });
    let document = graph(
        vec![fail, node("delay", "logic.delay", json!({ "for_ms": 3_000_000 }))],
        &[("start", "out", "fail"), ("start", "out", "delay")],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM timers", 1).await;
    for _ in 0..2 {
        // The second one comes to nothing, and goes.
        let order = Order { by: "ops".into(), reason: None, what: What::RetryNow { step: None } };
        cell.signal(id, RETRY_NOW, json!(order)).await;
        cell.until_count("SELECT count(*) FROM signals", 0).await;
    }
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'settled'", 1).await;
    assert_eq!(cell.steps(id).await["fail"], "completed/out/2");
    cell.until(id, &["waiting"]).await;
    cell.signal(id, CANCEL, json!({})).await;
    cell.until(id, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

/// What an execution has recorded.
pub(crate) async fn kinds(cell: &Cell, id: ExecutionId) -> Vec<String> {
    let kinds = sqlx::query_scalar("SELECT kind FROM journal WHERE execution_id = $1 ORDER BY position").bind(id.0);
    kinds.fetch_all(&mut cell.owner().await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_when_an_execution_is_paused_is_recorded_and_what_follows_waits() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let call = |id: &str| {
        let mut call = node(id, "action.http_request", json!({ "method": "POST", "url": effects.url }));
        call["data"]["policy"] = json!({ "timeout_ms": 2_000, "retry": { "delay_ms": 1 } });
        call
    };
    let nodes = vec![call("a"), call("b"), node("wait", "logic.wait_for_signal", json!({ "signal": "go" }))];
    let edges = [("start", "out", "a"), ("a", "out", "b"), ("b", "out", "wait")];
    let version = cell.publish(&graph(nodes, &edges)).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    assert!(say(&cell, id, What::Pause).await);
    assert!(!say(&cell, id, What::Pause).await, "it is paused already");
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'paused'", 1).await;
    effects.answer();
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    assert_eq!(kinds(&cell, id).await, ["paused", "attempt_failed"]);
    assert_eq!(effects.keys().len(), 1, "the next attempt is due, and not started");
    cell.until(id, &["paused"]).await;

    // Signals are kept, and move nothing.
    cell.signal(id, "go", json!(1)).await;
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    assert_eq!(kinds(&cell, id).await.len(), 2);
    assert!(say(&cell, id, What::Resume).await);
    assert!(!say(&cell, id, What::Resume).await, "it goes on already");
    cell.until(id, &["completed"]).await;
    let [a, b] = ["a", "b"].map(|step| format!("{id}:{step}:"));
    assert_eq!(effects.keys(), [a.clone(), a, b]);
    worker.drain().await;
    cell.assert_clean().await;
}

/// A delay, and what follows it.
pub(crate) fn delayed(for_ms: u32) -> Value {
    graph(
        vec![node("delay", "logic.delay", json!({ "for_ms": for_ms })), node("after", "debug.noop", json!({}))],
        &[("start", "out", "delay"), ("delay", "out", "after")],
    )
}

/// Nobody holds one of them, and none is about to be claimed.
async fn until_idle(cell: &Cell) {
    for table in ["queue", "leases", "timers", "signals"] {
        cell.until_count(&format!("SELECT count(*) FROM {table}"), 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_that_no_worker_has_seen_are_paused_too() {
    let cell = Cell::new().await;
    let version = cell.publish(&delayed(1)).await;
    let ids = cell.start_many(version, json!({}), 10).await;
    for &id in &ids {
        // Whoever changes his mind is heard, too.
        for what in [What::Pause, What::Resume, What::Pause] {
            assert!(say(&cell, id, what).await);
        }
    }
    let worker = cell.worker().await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'paused'", 10).await;
    until_idle(&cell).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE status = 'paused'").await, 10);
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 10, "none of them has begun");
    for &id in &ids {
        assert!(say(&cell, id, What::Resume).await);
    }
    for &id in &ids {
        cell.until(id, &["completed"]).await;
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_due_while_paused_fires_once_it_is_resumed() {
    let cell = Cell::new().await;
    let version = cell.publish(&delayed(3_000)).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM timers", 1).await;
    assert!(say(&cell, id, What::Pause).await);
    // Its timer fires, and nothing comes of it.
    until_idle(&cell).await;
    assert_eq!(kinds(&cell, id).await, ["waiting", "paused"]);
    assert!(say(&cell, id, What::Resume).await);
    cell.until(id, &["completed"]).await;
    assert_eq!(kinds(&cell, id).await, ["waiting", "paused", "resumed", "settled", "settled"]);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_came_while_paused_is_heard_once_it_is_resumed() {
    let cell = Cell::new().await;
    let document = graph(vec![node("w", "logic.wait_for_signal", json!({ "signal": "go" }))], &[("start", "out", "w")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["waiting"]).await;
    assert!(say(&cell, id, What::Pause).await);
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'paused'", 1).await;
    cell.signal(id, "go", json!(1)).await;
    for table in ["queue", "leases"] {
        cell.until_count(&format!("SELECT count(*) FROM {table}"), 0).await;
    }
    assert!(say(&cell, id, What::Resume).await);
    cell.until(id, &["completed"]).await;
    assert_eq!(kinds(&cell, id).await, ["waiting", "paused", "resumed", "signalled", "settled"]);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_a_paused_execution_and_undoes_what_was_done() {
    let cell = Cell::new().await;
    let version = cell.publish(&saga(json!("{{ steps.charge }} back"))).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 1).await;
    assert!(say(&cell, id, What::Pause).await);
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'paused'", 1).await;
    cell.signal(id, CANCEL, json!({ "reason": "enough" })).await;
    cell.until(id, &["cancelled"]).await;
    assert_eq!(cell.steps(id).await["refund"], "completed/out/1");
    worker.drain().await;
    cell.assert_clean().await;
}
