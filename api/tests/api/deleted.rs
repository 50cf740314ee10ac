//! Workflows that are deleted, and restored.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::matrix::triggered;
use crate::support::{Answer, App, as_json, simple};

const WORKFLOWS: &str = "/api/v1/workflows";
const DELETED: &str = "/api/v1/deleted-workflows";

async fn delete(app: &App, id: &str) -> Answer {
    app.send(app.request("DELETE", &format!("{WORKFLOWS}/{id}")).body(Body::empty()).unwrap()).await
}

async fn restore(app: &App, id: &str) -> Answer {
    app.post_nothing(&format!("{DELETED}/{id}/restore")).await
}

async fn call(app: &App) -> Answer {
    app.send(as_json(Request::post("/hooks/acme/orders"), &json!({}))).await
}

async fn items(app: &App, path: &str) -> Vec<Value> {
    app.get(path).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_deleted_workflow_is_found_no_more_and_comes_back_with_its_triggers() {
    let app = App::start().await;
    let id = app.publish(&triggered()).await;
    let path = format!("{WORKFLOWS}/{id}");
    let start = json!({ "workflow_id": id, "trigger": "start" });
    let before = app.get(&path).await.json();
    let execution = app.post("/api/v1/executions", &start).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(delete(&app, &id).await.status, 204);
    for (answer, what) in [
        (app.get(&path).await, "get"),
        (app.get(&format!("{path}/versions")).await, "versions"),
        (app.post("/api/v1/executions", &start).await, "start"),
        (app.post_nothing(&format!("{path}/publish")).await, "publish"),
        (call(&app).await, "hook"),
        (delete(&app, &id).await, "delete"),
    ] {
        assert_eq!(answer.verdict(), "404 not_found", "{what}");
    }
    assert_eq!((items(&app, WORKFLOWS).await, items(&app, "/api/v1/schedules").await), (vec![], vec![]));
    // What has begun goes on.
    assert_eq!(app.get(&format!("/api/v1/executions/{execution}")).await.json()["status"], "queued");

    let deleted = items(&app, DELETED).await;
    assert_eq!((&deleted[0]["id"], &deleted[0]["name"]), (&before["id"], &before["name"]));
    assert_eq!((deleted.len(), &deleted[0]["published"]), (1, &json!(1)));
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(items(&other, DELETED).await, Vec::<Value>::new());
    assert_eq!(restore(&other, &id).await.verdict(), "404 not_found");

    for _ in 0..2 {
        let restored = restore(&app, &id).await;
        assert_eq!((restored.status.as_u16(), restored.header("etag")), (200, Some("\"1\"")), "{}", restored.text());
        assert_eq!((&restored.json()["graph"], &restored.json()["published"]), (&before["graph"], &json!(1)));
    }
    assert_eq!((items(&app, DELETED).await.len(), items(&app, "/api/v1/schedules").await.len()), (0, 1));
    assert_eq!(call(&app).await.status, 202);
    assert_eq!(app.post("/api/v1/executions", &start).await.status, 202);
}

#[tokio::test]
async fn a_workflow_whose_path_another_one_has_meanwhile_stays_deleted() {
    let app = App::start().await;
    let old = app.publish(&triggered()).await;
    assert_eq!(delete(&app, &old).await.status, 204);
    let new = app.publish(&triggered()).await;
    assert_eq!(restore(&app, &old).await.verdict(), "409 path_taken");
    assert_eq!(items(&app, DELETED).await[0]["id"], json!(old));
    assert_eq!(items(&app, "/api/v1/schedules").await.len(), 1);
    assert_eq!(delete(&app, &new).await.status, 204);
    assert_eq!(restore(&app, &old).await.status, 200);
    assert_eq!(call(&app).await.status, 202);
}

#[tokio::test]
async fn the_workflow_of_a_rule_goes_with_the_rule_and_comes_back_without_it() {
    let app = App::start().await;
    let rule = format!("/api/v1/rules/{}", crate::rules::make(&app).await);
    let id = app.get(&rule).await.json()["workflow_id"].as_str().unwrap().to_owned();
    assert_eq!(delete(&app, &id).await.verdict(), "409 made_by_rule");
    assert_eq!(app.send(app.request("DELETE", &rule).body(Body::empty()).unwrap()).await.status, 204);
    assert_eq!(app.count("event_triggers").await, 0);
    assert_eq!(restore(&app, &id).await.json()["rule"], Value::Null);
    assert_eq!(app.count("event_triggers").await, 1);
    assert_eq!(delete(&app, &id).await.status, 204);
}

#[tokio::test]
async fn what_was_paused_or_off_stays_so_when_it_is_restored() {
    let app = App::start().await;
    let id = app.publish(&triggered()).await;
    let schedule = items(&app, "/api/v1/schedules").await[0]["id"].as_str().unwrap().to_owned();
    let paused =
        app.post(&format!("/api/v1/schedules/{schedule}/pause"), &json!({ "reason": "holidays" })).await.json();
    assert_eq!((delete(&app, &id).await.status.as_u16(), restore(&app, &id).await.status.as_u16()), (204, 200));
    let again = items(&app, "/api/v1/schedules").await;
    assert_eq!((again.len(), &again[0]["status"], &again[0]["next_at"]), (1, &json!("paused"), &Value::Null));
    assert_eq!(again[0]["paused"], paused["paused"], "by whom, when and why");
    // The hook of the same workflow answers.
    assert_eq!(call(&app).await.status, 202);

    let rule = format!("/api/v1/rules/{}", crate::rules::make(&app).await);
    let made = app.get(&rule).await.json()["workflow_id"].as_str().unwrap().to_owned();
    let mut off = crate::rules::greeting();
    off["enabled"] = json!(false);
    let off = app.send(as_json(app.request("PUT", &rule).header("if-match", "\"1\""), &off)).await;
    assert_eq!(off.status, 200, "{}", off.text());
    assert_eq!(app.send(app.request("DELETE", &rule).body(Body::empty()).unwrap()).await.status, 204);
    // As often as one likes.
    for _ in 0..2 {
        assert_eq!(restore(&app, &made).await.status, 200);
        assert_eq!(app.count("event_triggers").await, 0, "it starts though its rule was disabled");
        assert_eq!(delete(&app, &made).await.status, 204);
    }
    assert_eq!(restore(&app, &made).await.status, 200);
    assert_eq!(app.post_nothing(&format!("{WORKFLOWS}/{made}/publish")).await.status, 201);
    assert_eq!(app.count("event_triggers").await, 1, "whoever publishes it turns it on");
}

#[tokio::test]
async fn a_workspace_that_has_as_many_workflows_as_it_may_restores_none() {
    let app = App::start().await;
    let new = json!({ "name": "never published", "graph": simple() });
    let id = app.post(WORKFLOWS, &new).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(delete(&app, &id).await.status, 204);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let limit = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'workflows', 1, 1)";
    sqlx::query(limit).bind(app.acme.0).execute(&mut owner).await.unwrap();
    let other = app.post(WORKFLOWS, &new).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(restore(&app, &id).await.verdict(), "429 quota_exceeded");
    assert_eq!(delete(&app, &other).await.status, 204);
    assert_eq!(restore(&app, &id).await.json()["published"], Value::Null);
}

#[tokio::test]
async fn of_publishing_and_deleting_at_once_nothing_is_left_that_starts() {
    let app = App::start().await;
    let id = app.publish(&triggered()).await;
    let publish = format!("{WORKFLOWS}/{id}/publish");
    let (published, deleted) = tokio::join!(app.post_nothing(&publish), delete(&app, &id));
    assert!(["201", "404 not_found"].contains(&published.verdict().as_str()), "{}", published.text());
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!((app.count("trigger_paths").await, app.count("schedules").await), (0, 0));
    // Who has looked before it was deleted, and publishes after that.
    assert_eq!(restore(&app, &id).await.status, 200);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql("BEGIN; UPDATE workflows SET deleted_at = now()").execute(&mut owner).await.unwrap();
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let commit = async {
        let mut eyes = app.cell.connect(Role::Owner).await.unwrap();
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut eyes).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
        sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
    };
    let before = app.count("workflow_versions").await;
    let (published, ()) = tokio::join!(app.post_nothing(&publish), commit);
    assert_eq!((published.verdict().as_str(), app.count("workflow_versions").await), ("404 not_found", before));
}

#[tokio::test]
async fn what_waited_to_be_started_is_missed_because_its_workflow_was_deleted() {
    let app = App::start().await;
    let id = app.publish(&triggered()).await;
    let schedule = items(&app, "/api/v1/schedules").await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.post_nothing(&format!("/api/v1/schedules/{schedule}/fire")).await.status, 202);
    assert_eq!(delete(&app, &id).await.status, 204);
    assert_eq!(restore(&app, &id).await.status, 200);
    let missed = items(&app, &format!("{WORKFLOWS}/{id}/trigger-starts?status=missed")).await;
    // As workers say of what is asked for a moment later.
    assert_eq!((missed.len(), &missed[0]["reason"]), (1, &json!("its workflow was deleted")));
}

#[tokio::test]
async fn the_pause_of_a_deleted_workflow_is_gone_and_the_log_tells_it() {
    let app = App::start().await;
    let id = app.publish(&triggered()).await;
    let other = app.publish(&crate::support::simple()).await;
    for id in [&id, &other] {
        assert_eq!(app.post(&format!("{WORKFLOWS}/{id}/pause"), &json!({ "reason": "night" })).await.status, 200);
    }
    assert_eq!(delete(&app, &id).await.status, 204);
    let paused: Vec<Value> = items(&app, "/api/v1/pauses").await.iter().map(|row| row["workflow_id"].clone()).collect();
    assert_eq!(paused, [json!(other)]);
    let told = items(&app, "/api/v1/audit?limit=1").await[0]["changes"].clone();
    assert!(told.as_array().unwrap().contains(&json!({ "path": "/paused", "before": true, "after": null })), "{told}");
    assert_eq!(restore(&app, &id).await.status, 200);
    assert_eq!(items(&app, "/api/v1/pauses").await.len(), 1, "it comes back as one that is not paused");
}
