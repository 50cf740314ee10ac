//! Things go wrong: workers die, replies are lost, signals race. Attempts aside, the end is the calm one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use capstan_worker::WorkerSettings;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::doomed::Doomed;
use crate::outside::{Effects, Proxy};
use crate::support::{Cell, graph, node};

fn calls(effects: &Effects, policy: Value) -> Value {
    let mut call = node("call", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    call["data"]["policy"] = policy;
    graph(
        vec![node("before", "debug.noop", json!({})), call, node("after", "debug.noop", json!({ "output": "after" }))],
        &[("start", "out", "before"), ("before", "out", "call"), ("call", "out", "after")],
    )
}

async fn cell_with(effects: &Effects) -> Cell {
    Cell::with_registry(Registry::standard(), &[&effects.address]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_goes_on_where_a_killed_one_stood() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({}))).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    effects.answer();
    doomed.kill();
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!("after")));
    let keys = effects.keys();
    assert_eq!(keys, [format!("{id}:call:"), format!("{id}:call:")], "the same key on every attempt");
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'settled'").await, 3);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_at_most_once_step_is_never_repeated() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let mut document = calls(&effects, json!({ "at_most_once": true }));
    document["nodes"].as_array_mut().unwrap().push(node("unsure", "debug.noop", json!({ "output": "ask" })));
    document["edges"].as_array_mut().unwrap().push(json!({
        "id": "unsure", "source": "call", "target": "unsure",
        "data": { "kind": "error", "error_classes": ["outcome_unknown"] }
    }));
    let version = cell.publish(&document).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    effects.answer();
    doomed.kill();
    let worker = cell.worker().await;
    cell.until(id, &["completed"]).await;
    let steps = cell.steps(id).await;
    assert_eq!((steps["call"].as_str(), steps["unsure"].as_str()), ("outcome_unknown//1", "completed/out/1"));
    assert_eq!(effects.keys().len(), 1);
    worker.drain().await;
    cell.assert_clean().await;
}

/// Takes each request whole and hangs up without an answer; the requests that it took.
async fn hangs_up() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, taken) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{\"pay\":7}") && stream.read_buf(&mut request).await.unwrap() > 0 {}
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_at_most_once_step_whose_connection_breaks_is_not_repeated_and_any_other_is() {
    let (address, taken) = hangs_up().await;
    let cell = Cell::with_registry(Registry::standard(), &[&address]).await;
    let document = |at_most_once: bool| {
        let config = json!({ "method": "POST", "url": format!("http://{address}/"), "body": { "pay": 7 } });
        let mut call = node("call", "action.http_request", config);
        call["data"]["policy"] = json!({ "at_most_once": at_most_once, "retry": { "delay_ms": 0 } });
        graph(vec![call], &[("start", "out", "call")])
    };
    let (once, again) = (cell.publish(&document(true)).await, cell.publish(&document(false)).await);
    let worker = cell.worker().await;
    for (version, step, class, calls) in
        [(once, "outcome_unknown//1", "outcome_unknown", 1), (again, "failed//3", "broken", 3)]
    {
        let before = taken.load(Ordering::SeqCst);
        let id = cell.start(version, json!({})).await;
        let error = cell.until(id, &["completed", "failed"]).await.error.unwrap();
        assert_eq!((error["class"].as_str(), cell.steps(id).await["call"].as_str()), (Some(class), step));
        assert_eq!(taken.load(Ordering::SeqCst) - before, calls, "{class}");
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_loses_three_workers_becomes_an_incident() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let mut document = calls(&effects, json!({}));
    document["nodes"].as_array_mut().unwrap().remove(1);
    document["edges"] = json!([
        { "id": "a", "source": "start", "target": "call", "data": { "kind": "flow" } },
        { "id": "b", "source": "call", "target": "after", "data": { "kind": "flow" } }
    ]);
    let version = cell.publish(&document).await;
    let id = cell.start(version, json!({})).await;
    for lost in 1..=3 {
        let doomed = Doomed::start(&cell, cell.place.clone()).await;
        effects.until_called(lost).await;
        doomed.kill();
    }
    let worker = cell.worker().await;
    let row = cell.until(id, &["incident"]).await;
    assert_eq!(row.error.unwrap()["class"], "incident");
    assert_eq!(effects.keys().len(), 3);
    cell.signal(id, CANCEL, json!({ "reason": "given up" })).await;
    cell.until(id, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_reply_is_lost_is_neither_lost_nor_doubled() {
    let cell = Cell::new().await;
    let document = graph(
        vec![
            node("a", "debug.noop", json!({ "output": "the-first" })),
            node("b", "debug.noop", json!({ "output": "the-second" })),
            node("wait", "logic.delay", json!({ "for_ms": 50 })),
            node("c", "debug.noop", json!({ "output": "the-last" })),
        ],
        &[("start", "out", "a"), ("a", "out", "b"), ("b", "out", "wait"), ("wait", "out", "c")],
    );
    let version = cell.publish(&document).await;
    let proxy = Proxy::start(&cell.place).await;
    let worker = cell.worker_of(proxy.place(), WorkerSettings::default()).await;
    for text in ["the-first", "the-second", "\"until\"", "the-last"] {
        proxy.lose_reply_to(text.trim_matches('"'));
        let id = cell.start(version, json!({})).await;
        proxy.until_lost().await;
        assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!("the-last")));
    }
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'settled'").await, 4 * 4);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_reply_is_lost_in_a_long_outage_is_neither_lost_nor_doubled() {
    const EXECUTIONS: i64 = 60;
    let cell = Cell::new().await;
    let nodes =
        vec![node("a", "debug.noop", json!({ "output": "{{ input.word }}" })), node("b", "debug.noop", json!({}))];
    let version = cell.publish(&graph(nodes, &[("start", "out", "a"), ("a", "out", "b")])).await;
    for n in 0..EXECUTIONS {
        cell.start(version, json!({ "word": format!("the word {n}") })).await;
    }
    let proxy = Proxy::start(&cell.place).await;
    // Longer than a committer takes a group for sound that it cannot write.
    proxy.lose_reply_and_stay_away("the word 31", 25);
    let worker = cell.worker_of(proxy.place(), WorkerSettings { committers: 1, ..WorkerSettings::default() }).await;
    proxy.until_lost().await;
    cell.until_count("SELECT count(*) FROM executions WHERE status <> 'queued'", EXECUTIONS).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE status = 'completed'").await, EXECUTIONS);
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'settled'").await, 2 * EXECUTIONS);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_whose_reply_is_lost_is_given_back() {
    let cell = Cell::new().await;
    let version = cell.publish(&graph(vec![node("a", "debug.noop", json!({}))], &[("start", "out", "a")])).await;
    let proxy = Proxy::start(&cell.place).await;
    let worker = cell.worker_of(proxy.place(), WorkerSettings::default()).await;
    // The first claim of a connection still names its function; later ones are prepared.
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["completed"]).await;
    let mut owner = cell.owner().await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .execute(&mut owner)
        .await
        .unwrap();
    proxy.lose_reply_to("claim_3");
    let ids = cell.start_many(version, json!({}), 20).await;
    proxy.until_lost().await;
    for id in ids {
        cell.until(id, &["completed"]).await;
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_sent_while_executions_park_are_never_lost() {
    let cell = Cell::new().await;
    let document = graph(
        vec![
            node("one", "logic.wait_for_signal", json!({ "signal": "go" })),
            node("two", "logic.wait_for_signal", json!({ "signal": "go" })),
        ],
        &[("start", "out", "one"), ("one", "received", "two")],
    );
    let version = cell.publish(&document).await;
    let (first, second) = (cell.worker().await, cell.worker().await);
    let ids = cell.start_many(version, json!({}), 300).await;
    for &id in &ids {
        cell.signal(id, "go", json!(1)).await;
    }
    for &id in ids.iter().rev() {
        cell.signal(id, "go", json!(2)).await;
    }
    for &id in &ids {
        assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!(2)));
    }
    first.drain().await;
    second.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_gives_back_what_does_not_finish_in_time_and_counts_no_loss() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({}))).await;
    let settings = WorkerSettings { drain_timeout: Duration::from_millis(100), ..WorkerSettings::default() };
    let worker = cell.worker_of(cell.place.clone(), settings).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    worker.drain().await;
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
    assert_eq!(cell.count("SELECT sum(losses)::bigint FROM queue").await, 0);
    effects.answer();
    let worker = cell.worker().await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_reaches_a_long_effect() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({ "timeout_ms": 3_600_000 }))).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    cell.signal(id, CANCEL, json!({})).await;
    cell.until(id, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_logs_a_hundred_megabytes_leaves_the_cap_and_a_marker() {
    let cell = Cell::new().await;
    let line = "x".repeat(10_000);
    let document =
        graph(vec![node("log", "debug.log", json!({ "message": line, "repeat": 10_000 }))], &[("start", "out", "log")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["completed"]).await;
    cell.until_count("SELECT count(*) FROM execution_logs WHERE message LIKE '%more lines were dropped%'", 1).await;
    let kept = cell.count("SELECT sum(length(message))::bigint FROM execution_logs").await;
    assert!((200_000..300_000).contains(&kept), "{kept} bytes were kept");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_room_still_hears_a_cancel() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({ "timeout_ms": 3_600_000 }))).await;
    let settings = WorkerSettings { slots: 1, ..WorkerSettings::default() };
    let worker = cell.worker_of(cell.place.clone(), settings).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    cell.signal(id, CANCEL, json!({})).await;
    cell.until(id, &["cancelled"]).await;
    // The token of the cancel finds an ended execution, now that there is room.
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_park_that_is_found_again_after_a_lost_reply_is_not_gone_on_with() {
    let cell = Cell::new().await;
    let mut fails = node("fails", "debug.fail", json!({ "class": "c", "reason": "the-reason", "retryable": true }));
    fails["data"]["policy"] = json!({ "retry": { "attempts_max": 2, "delay_ms": 1_000, "jitter": 0 } });
    let version = cell.publish(&graph(vec![fails], &[("start", "out", "fails")])).await;
    let proxy = Proxy::start(&cell.place).await;
    let worker = cell.worker_of(proxy.place(), WorkerSettings::default()).await;
    proxy.lose_reply_to("the-reason");
    let id = cell.start(version, json!({})).await;
    proxy.until_lost().await;
    cell.until(id, &["failed"]).await;
    assert_eq!(cell.steps(id).await["fails"], "failed//2");
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'attempt_failed'").await, 1);
    let leases = cell.count("SELECT count(DISTINCT lease_no) FROM journal").await;
    assert_eq!(leases, 2, "each attempt under a lease of its own");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_repeated_after_it_was_consumed_changes_nothing() {
    let cell = Cell::new().await;
    let wait = |id| node(id, "logic.wait_for_signal", json!({ "signal": "go" }));
    let document = graph(vec![wait("one"), wait("two")], &[("start", "out", "one"), ("one", "received", "two")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.signal_as(id, "go", json!(1), "first").await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'signalled'", 1).await;
    cell.signal_as(id, "go", json!(1), "first").await;
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    cell.until(id, &["waiting"]).await;
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'signalled'").await, 1);
    cell.signal_as(id, "go", json!(2), "second").await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!(2)));
    worker.drain().await;
    cell.assert_clean().await;
}
