//! Nothing goes wrong: executions run, branch, wait, fail and end as their graphs say.

use capstan_engine::store::signals::{CANCEL, Sent};
use serde_json::json;

use crate::support::{Cell, graph, node};

#[tokio::test(flavor = "multi_thread")]
async fn three_steps_in_a_row_complete() {
    let cell = Cell::new().await;
    let noop = |id| node(id, "debug.noop", json!({ "output": id }));
    let version = cell
        .publish(&graph(
            vec![noop("a"), noop("b"), noop("c")],
            &[("start", "out", "a"), ("a", "out", "b"), ("b", "out", "c")],
        ))
        .await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "n": 1 })).await;
    let row = cell.until(id, &["completed"]).await;
    assert_eq!(row.output, Some(json!("c")));
    assert_eq!(cell.steps(id).await.values().collect::<Vec<_>>(), ["completed/out/1"; 3]);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_branches_and_joins_follow_the_graph() {
    let cell = Cell::new().await;
    let document = graph(
        vec![
            node("fields", "data.set", json!({ "values": { "budget": "{{ input.budget }}" } })),
            node("enough", "logic.condition", json!({ "condition": "{{ steps.fields.budget >= 1000 }}" })),
            node("rich", "debug.noop", json!({ "output": "rich" })),
            node("poor", "debug.noop", json!({ "output": "poor" })),
            node("both", "logic.merge", json!({ "output": "{{ steps.rich }} {{ steps.poor }}" })),
        ],
        &[
            ("start", "out", "fields"),
            ("fields", "out", "enough"),
            ("enough", "true", "rich"),
            ("enough", "false", "poor"),
            ("rich", "out", "both"),
            ("poor", "out", "both"),
        ],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "budget": 5000 })).await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!("rich ")));
    assert!(!cell.steps(id).await.contains_key("poor"));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_and_a_signal_park_and_wake() {
    let cell = Cell::new().await;
    let document = graph(
        vec![
            node("delay", "logic.delay", json!({ "for_ms": 200 })),
            node("reply", "logic.wait_for_signal", json!({ "signal": "reply" })),
            node("end", "data.set", json!({ "values": { "said": "{{ steps.reply.text }}" } })),
        ],
        &[("start", "out", "delay"), ("delay", "out", "reply"), ("reply", "received", "end")],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 2).await;
    cell.until(id, &["waiting"]).await;
    assert_eq!(cell.signal(id, "reply", json!({ "text": "yes" })).await, Sent::Accepted);
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "said": "yes" })));
    assert_eq!(cell.signal(id, "reply", json!({})).await, Sent::Ended);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_signal_waits_for_its_step() {
    let cell = Cell::new().await;
    let document =
        graph(vec![node("reply", "logic.wait_for_signal", json!({ "signal": "reply" }))], &[("start", "out", "reply")]);
    let version = cell.publish(&document).await;
    let id = cell.start(version, json!({})).await;
    cell.signal(id, "reply", json!("early")).await;
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!("early")));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_retried_then_taken_by_its_error_edge() {
    let cell = Cell::new().await;
    let mut fails = node("fails", "debug.fail", json!({ "class": "flaky", "reason": "again", "retryable": true }));
    fails["data"]["policy"] = json!({ "retry": { "attempts_max": 3, "delay_ms": 1 } });
    let document = graph(
        vec![fails, node("saved", "debug.noop", json!({}))],
        &[("start", "out", "fails"), ("fails", "error", "saved")],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["completed"]).await;
    let steps = cell.steps(id).await;
    assert_eq!((steps["fails"].as_str(), steps["saved"].as_str()), ("failed//3", "completed/out/1"));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unhandled_failure_fails_the_execution_with_its_reason() {
    let cell = Cell::new().await;
    let document =
        graph(vec![node("set", "data.set", json!({ "values": "{{ input.nope }}" }))], &[("start", "out", "set")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "name": 1, "mail": 2 })).await;
    let error = cell.until(id, &["failed"]).await.error.unwrap();
    assert_eq!((&error["class"], &error["node_id"]), (&json!("expression"), &json!("set")));
    let reason = error["reason"].as_str().unwrap();
    assert!(reason.contains("nope") && reason.contains("mail") && reason.contains("name"), "{reason}");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_a_waiting_execution() {
    let cell = Cell::new().await;
    let document = graph(vec![node("delay", "logic.delay", json!({ "for": "3d" }))], &[("start", "out", "delay")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM timers", 1).await;
    cell.signal(id, CANCEL, json!({ "reason": "no longer needed" })).await;
    let row = cell.until(id, &["cancelled"]).await;
    assert_eq!(row.error.unwrap()["reason"], "no longer needed");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_runs_out_of_time_fails() {
    let cell = Cell::new().await;
    let mut document = graph(vec![node("delay", "logic.delay", json!({ "for": "3d" }))], &[("start", "out", "delay")]);
    document["settings"] = json!({ "timeout_ms": 300 });
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let row = cell.until(id, &["failed"]).await;
    assert_eq!(row.error.unwrap()["class"], "execution_timeout");
    assert!((row.ended_at.unwrap() - row.created_at).num_milliseconds() >= 300);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_outlives_a_restart_of_everything() {
    let cell = Cell::new().await;
    let document = graph(vec![node("delay", "logic.delay", json!({ "for_ms": 1500 }))], &[("start", "out", "delay")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM timers", 1).await;
    worker.drain().await;
    let worker = cell.worker().await;
    let row = cell.until(id, &["completed"]).await;
    let took = row.ended_at.unwrap() - row.created_at;
    assert!(took.num_milliseconds() >= 1_500, "a timer fired early, after {took}");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_executions_complete_and_leave_nothing() {
    let cell = Cell::new().await;
    let noop = |id| node(id, "debug.noop", json!({}));
    let version = cell.publish(&graph(vec![noop("a"), noop("b")], &[("start", "out", "a"), ("a", "out", "b")])).await;
    let ids = cell.start_many(version, json!({}), 2_000).await;
    let (one, two) = (cell.worker().await, cell.worker().await);
    cell.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", 2_000).await;
    assert_eq!(ids.len(), 2_000);
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 4_000);
    one.drain().await;
    two.drain().await;
    cell.assert_clean().await;
}
