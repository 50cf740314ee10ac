//! Migration of an execution through the API.

use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, as_json, chain, simple};

/// Publishes another version of a workflow; answers its id.
async fn next(app: &App, workflow: &str, revision: u8, graph: &Value) -> String {
    let etag = format!("\"{revision}\"");
    let draft = app.request("PUT", &format!("/api/v1/workflows/{workflow}/draft")).header("if-match", etag);
    assert_eq!(app.send(as_json(draft, &json!({ "graph": graph }))).await.status, 200);
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{workflow}/publish")).await.status, 201);
    let versions = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json();
    versions["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_execution_goes_on_with_a_version_that_fits_and_history_and_explain_follow() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let path = format!("/api/v1/executions/{id}");
    let migrate = format!("{path}/migrate");
    assert_eq!(app.post_nothing(&migrate).await.verdict(), "409 same_version");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let settled = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, \
                   output, detail, recorded_at) \
                   SELECT execution_id, 1, workspace_id, 1, 'settled', 'a', 'completed', 'out', 1, '1', '{}', now() FROM executions";
    sqlx::query(settled).execute(&mut owner).await.unwrap();
    let noop = |id: &'static str| (id, "debug.noop", json!({}));
    let start = ("start", "trigger.manual", json!({}));
    let without_a = next(&app, &workflow, 1, &chain(&[start.clone(), noop("b"), noop("c")])).await;
    let longer = next(&app, &workflow, 2, &chain(&[start, noop("a"), noop("b"), noop("c")])).await;

    let dry = app.post(&migrate, &json!({ "version_id": without_a, "dry_run": true })).await;
    assert_eq!((dry.status.as_u16(), &dry.json()["fits"]), (200, &json!(false)));
    assert_eq!(dry.json()["reasons"][0]["node_id"], "a");
    let refused = app.post(&migrate, &json!({ "version_id": without_a })).await;
    assert_eq!(refused.verdict(), "409 does_not_fit");
    let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("step a: journal entry 1 could not have come about"), "{detail}");
    let dry = app.post(&migrate, &json!({ "dry_run": true })).await.json();
    assert_eq!((&dry["fits"], &dry["migrated"], &dry["version_id"]), (&json!(true), &json!(false), &json!(longer)));
    assert_eq!(app.count("execution_migrations").await, 0);

    let lease = "INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses) \
                 SELECT execution_id, workspace_id, 1, 1, 0 FROM executions";
    sqlx::query(lease).execute(&mut owner).await.unwrap();
    assert_eq!(app.post_nothing(&migrate).await.verdict(), "409 execution_running");
    sqlx::query("DELETE FROM leases").execute(&mut owner).await.unwrap();
    let done = app.post(&migrate, &json!({ "version_id": longer, "reason": "corrected" })).await;
    assert_eq!((done.status.as_u16(), &done.json()["migrated"]), (200, &json!(true)), "{}", done.text());

    let shown = app.get(&path).await.json();
    assert_eq!((&shown["version_id"], shown["steps"].as_array().unwrap().len()), (&json!(longer), 3));
    let told = &shown["migrations"][0];
    assert_eq!((&told["to_version_id"], &told["by"]), (&json!(longer), &json!("test")));
    assert_eq!((&told["reason"], &told["position"]), (&json!("corrected"), &json!(1)));
    assert_eq!(app.get(&format!("{path}/explain")).await.status, 200);
    sqlx::query("UPDATE executions SET status = 'failed', ended_at = now(), error = '{}'")
        .execute(&mut owner)
        .await
        .unwrap();
    let plan = app.post(&format!("{path}/restart"), &json!({ "from": "b", "dry_run": true })).await.json();
    assert_eq!((&plan["kept"], &plan["version_id"]), (&json!(["a"]), &json!(longer)));
    assert_eq!(app.post_nothing(&migrate).await.verdict(), "409 execution_ended");
}

#[tokio::test]
async fn what_cannot_be_meant_by_a_migration_is_refused() {
    let app = App::start().await;
    let (workflow, other) = (app.publish(&simple()).await, app.publish(&simple()).await);
    let id = app.begin(&workflow).await;
    let path = format!("/api/v1/executions/{id}/migrate");
    let theirs = app.get(&format!("/api/v1/workflows/{other}/versions")).await.json()["items"][0]["id"].clone();
    for (body, expected) in [
        (json!({ "version_id": "newest" }), "400 bad_body"),
        (json!({ "version": 2 }), "400 bad_body"),
        (json!({ "version_id": theirs }), "404 not_found"),
        (json!({ "version_id": uuid::Uuid::now_v7() }), "404 not_found"),
        (json!({ "reason": "x".repeat(501) }), "422 reason_too_long"),
    ] {
        assert_eq!(app.post(&path, &body).await.verdict(), expected, "{body}");
    }
    assert_eq!(app.post_nothing("/api/v1/executions/x/migrate").await.verdict(), "404 not_found");
}
