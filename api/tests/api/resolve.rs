//! Resolving incidents through the API.

use capstan_engine::core::journal::WORK_ENTRIES_MAX;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, simple};

/// An execution that a worker has set aside.
async fn incident(app: &App) -> String {
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}'")
        .execute(&mut owner)
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn an_incident_is_resolved_once_and_is_then_none() {
    let app = App::start().await;
    let id = incident(&app).await;
    let path = format!("/api/v1/executions/{id}/resolve");
    let skip = json!({ "action": "skip", "step": "a", "output": { "n": 1 }, "reason": "done by hand" });
    let answer = app.post(&path, &skip).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.json()["step"], json!({ "node_id": "a", "scope": "" }));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let order: Value =
        sqlx::query_scalar("SELECT payload FROM signals WHERE name = '$resolve'").fetch_one(&mut owner).await.unwrap();
    let expected = json!({
        "by": "test", "reason": "done by hand", "order": "resolve", "action": "skip", "output": { "n": 1 },
        "step": { "node_id": "a", "scope": "" }, "position": 0, "set_aside": "it broke",
    });
    assert_eq!(order, expected);
    assert_eq!(app.get(&format!("/api/v1/executions/{id}")).await.json()["status"], "queued");
    assert_eq!(app.post(&path, &skip).await.verdict(), "409 no_incident");
    assert_eq!((app.count("signals").await, app.count("queue").await), (1, 2));
}

#[tokio::test]
async fn what_cannot_be_said_of_an_incident_is_refused_with_what_can() {
    let app = App::start().await;
    let id = incident(&app).await;
    let path = format!("/api/v1/executions/{id}/resolve");
    for (body, expected) in [
        (json!({ "action": "skip", "step": "b" }), "409 cannot_resolve"),
        (json!({ "action": "fail", "step": "ghost" }), "409 cannot_resolve"),
        (json!({ "action": "skip", "step": "a", "port": "nowhere" }), "422 unknown_port"),
        (json!({ "action": "skip", "step": "a", "class": "x" }), "422 bad_resolution"),
        (json!({ "action": "retry", "step": "a", "config": [] }), "422 bad_resolution"),
        (json!({ "action": "fail", "step": "a", "class": "" }), "422 bad_resolution"),
        (json!({ "action": "retry", "reason": "x".repeat(501) }), "422 reason_too_long"),
        (json!({ "action": "dance" }), "400 bad_body"),
        (json!({ "action": "retry", "surprise": 1 }), "400 bad_body"),
    ] {
        assert_eq!(app.post(&path, &body).await.verdict(), expected, "{body}");
    }
    let told = app.post(&path, &json!({ "action": "skip", "step": "b" })).await.json();
    assert_eq!(told["detail"], "the incident is not about step b");
    assert_eq!(told["hint"], "name one of these: {\"step\":\"a\"}");
    assert_eq!(app.count("signals").await, 0);
    let other = app.send(crate::support::as_json(
        axum::http::Request::post(&path).header("authorization", format!("Bearer {}", app.other_key)),
        &json!({ "action": "retry" }),
    ));
    assert_eq!(other.await.verdict(), "404 not_found");
}

/// An incident with that many entries in its journal, in each of which its step was tried in vain.
async fn incident_with(app: &App, entries: i64) -> String {
    let id = incident(app).await;
    let fill = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, attempts, detail, recorded_at) \
                SELECT e.execution_id, n, e.workspace_id, 0, 'attempt_failed', 'a', n, \
                '{\"error\": {\"class\": \"busy\", \"reason\": \"\"}, \"retry_at\": \"2026-01-01T00:00:00Z\"}', now() \
                FROM executions e, generate_series(1, $1) AS n";
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(fill).bind(entries).execute(&mut owner).await.unwrap();
    id
}

#[tokio::test]
async fn what_does_not_help_an_execution_without_room_is_refused_with_what_does() {
    let app = App::start().await;
    let id = incident_with(&app, WORK_ENTRIES_MAX.into()).await;
    let path = format!("/api/v1/executions/{id}/resolve");
    let refused = app.post(&path, &json!({ "action": "retry" })).await;
    assert_eq!(refused.verdict(), "409 journal_full");
    let told = refused.json();
    assert!(told["detail"].as_str().unwrap().contains("100000 entries"), "{told}");
    let hint = told["hint"].as_str().unwrap();
    assert!(["fail it without naming a step", "cancel", "spill"].iter().all(|way| hint.contains(way)), "{hint}");
    assert_eq!(app.post(&path, &json!({ "action": "fail", "step": "a" })).await.verdict(), "409 journal_full");
    let answer = app.post(&path, &json!({ "action": "fail" })).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.json()["step"], Value::Null);
}

#[tokio::test]
async fn of_many_steps_that_an_incident_is_about_a_few_are_named() {
    let app = App::start().await;
    let mut nodes = vec![json!({ "id": "start", "type": "trigger.manual", "data": {} })];
    nodes.extend((0..30).map(|n| json!({ "id": format!("n{n}"), "type": "debug.noop", "data": {} })));
    let edges: Vec<Value> =
        (0..30).map(|n| json!({ "id": format!("e{n}"), "source": "start", "target": format!("n{n}") })).collect();
    let workflow = app.publish(&json!({ "nodes": nodes, "edges": edges })).await;
    let id = app.begin(&workflow).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'incident', error = '{}'").execute(&mut owner).await.unwrap();
    let refused = app.post(&format!("/api/v1/executions/{id}/resolve"), &json!({ "action": "fail" })).await;
    assert_eq!(refused.verdict(), "409 cannot_resolve");
    let hint = refused.json()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("or of 10 others") && hint.contains("n19") && !hint.contains("n20"), "{hint}");
}

#[tokio::test]
async fn only_what_is_in_back_off_can_be_tried_at_once() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let path = format!("/api/v1/executions/{id}/retry-now");
    let refused = app.post_nothing(&path).await;
    assert_eq!(refused.verdict(), "409 no_backoff");
    let alone = app.post(&path, &json!({ "scope": "each[9]" })).await;
    assert_eq!(alone.verdict(), "422 scope_alone");
    let resolve = format!("/api/v1/executions/{id}/resolve");
    let alone = app.post(&resolve, &json!({ "action": "skip", "scope": "each[9]" })).await;
    assert_eq!(alone.verdict(), "422 bad_resolution");
    assert_eq!(refused.json()["detail"], "no step waits for its next attempt");
    assert_eq!(app.post(&path, &json!({ "step": "b" })).await.json()["detail"], "step b is not active");
    assert_eq!(app.post(&path, &json!({ "surprise": 1 })).await.verdict(), "400 bad_body");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let failed = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, attempts, detail, recorded_at) \
         SELECT execution_id, 1, workspace_id, 1, 'attempt_failed', 'a', 1, \
         '{\"error\": {\"class\": \"x\", \"reason\": \"y\"}, \"retry_at\": \"2099-01-01T00:00:00Z\"}', now() FROM executions";
    sqlx::query(failed).execute(&mut owner).await.unwrap();
    assert_eq!(app.post(&path, &json!({ "step": "a", "reason": "the other side is back" })).await.status, 202);
    let order: Value = sqlx::query_scalar("SELECT payload FROM signals WHERE name = '$retry_now'")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let step = json!({ "node_id": "a", "scope": "" });
    let expected = json!({ "by": "test", "reason": "the other side is back", "order": "retry_now", "step": step });
    assert_eq!(order, expected);
}

#[tokio::test]
async fn an_execution_is_paused_and_resumed_once_each() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let path = format!("/api/v1/executions/{id}");
    let post =
        async |verb: &str| app.post(&format!("{path}/{verb}"), &json!({ "reason": "maintenance" })).await.verdict();
    assert_eq!(post("resume").await, "409 not_paused");
    assert_eq!(post("pause").await, "202");
    assert_eq!(post("pause").await, "409 already_paused");
    assert_eq!(app.get(&path).await.json()["status"], "paused");
    let restart = json!({ "from": "a" });
    assert_eq!(app.post(&format!("{path}/restart"), &restart).await.verdict(), "409 not_ended");
    assert_eq!(post("resume").await, "202");
    assert_eq!(app.get(&path).await.json()["status"], "queued");
    assert_eq!(app.count("signals").await, 2, "the worker hears both, in that order");
    assert_eq!(post("pause").await, "202");
    assert_eq!(post("cancel").await, "202");
    assert_eq!(app.get(&path).await.json()["status"], "queued", "a cancel lifts the pause");
    let nobody = format!("/api/v1/executions/{}/pause", uuid::Uuid::now_v7());
    assert_eq!(app.post_nothing(&nobody).await.verdict(), "404 not_found");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'incident'").execute(&mut owner).await.unwrap();
    assert_eq!(post("pause").await, "409 execution_incident");
    sqlx::query("UPDATE executions SET status = 'failed', ended_at = now()").execute(&mut owner).await.unwrap();
    assert_eq!(post("pause").await, "409 execution_ended");
    assert_eq!(post("resume").await, "409 execution_ended");
}
