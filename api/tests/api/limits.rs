//! Limits as the API sets and shows them.

use axum::body::Body;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, as_json, chain, simple};

const OF_WORKSPACE: &str = "/api/v1/limits/workspace";

async fn put(app: &App, path: &str, body: Value) -> String {
    app.send(as_json(app.request("PUT", path), &body)).await.verdict()
}

async fn delete(app: &App, path: &str) -> String {
    app.send(app.request("DELETE", path).body(Body::empty()).unwrap()).await.verdict()
}

/// What is set, as `of: slots_max`.
async fn limits(app: &App) -> Vec<String> {
    let listed = app.get("/api/v1/limits").await.json();
    let line = |limit: &Value| format!("{}: {}", limit["of"].as_str().unwrap(), limit["slots_max"]);
    listed["items"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn limits_are_set_changed_listed_and_removed() {
    let app = App::start().await;
    let workflow = format!("/api/v1/workflows/{}/limits", app.publish(&simple()).await);
    for (path, most) in [(OF_WORKSPACE, 9), (&format!("{workflow}/executions"), 5), (&format!("{workflow}/key"), 2)] {
        assert_eq!(put(&app, path, json!({ "slots_max": 1 })).await, "204");
        assert_eq!(put(&app, path, json!({ "slots_max": most })).await, "204");
    }
    assert_eq!(limits(&app).await, ["key: 2", "workflow: 5", "workspace: 9"]);
    assert_eq!(delete(&app, &format!("{workflow}/key")).await, "204");
    assert_eq!(delete(&app, OF_WORKSPACE).await, "204");
    assert_eq!(delete(&app, OF_WORKSPACE).await, "204", "also if there is none");
    assert_eq!(limits(&app).await, ["workflow: 5"]);
}

#[tokio::test]
async fn limits_that_mean_nothing_and_workflows_that_are_not_there_are_refused() {
    let app = App::start().await;
    for wrong in [json!(0), json!(-1), json!(100_001), json!(1.5), json!("5"), Value::Null] {
        assert_eq!(put(&app, OF_WORKSPACE, json!({ "slots_max": wrong })).await, "422 bad_limit", "{wrong}");
    }
    assert_eq!(put(&app, OF_WORKSPACE, json!({})).await, "400 bad_body");
    assert_eq!(put(&app, OF_WORKSPACE, json!({ "slots_max": 1, "more": 2 })).await, "400 bad_body");
    let unknown = format!("/api/v1/workflows/{}/limits", ExecutionId::new());
    for path in [format!("{unknown}/executions"), format!("{unknown}/key")] {
        assert_eq!(put(&app, &path, json!({ "slots_max": 1 })).await, "404 not_found");
        assert_eq!(delete(&app, &path).await, "404 not_found");
    }
    assert!(limits(&app).await.is_empty());
}

#[tokio::test]
async fn publish_says_what_is_wrong_with_a_concurrency_key() {
    let app = App::start().await;
    for (concurrency, code, pointer) in [
        (json!(3), "bad_field", "/settings/concurrency"),
        (json!({ "key": "{{ input }}", "limit": 0 }), "bad_field", "/settings/concurrency/limit"),
        (json!({ "key": "{{ input }}", "limit": 100_001 }), "bad_field", "/settings/concurrency/limit"),
        (json!({ "limit": 1 }), "bad_field", "/settings/concurrency/key"),
        (json!({ "key": "{{ input", "limit": 1 }), "bad_expression", "/settings/concurrency/key"),
        (json!({ "key": "{{ steps.a }}", "limit": 1 }), "bad_expression", "/settings/concurrency/key"),
        (json!({ "key": "x", "limit": 1, "per": "day" }), "bad_field", "/settings/concurrency"),
    ] {
        let mut graph = simple();
        graph["settings"] = json!({ "concurrency": concurrency });
        let checked = app.post("/api/v1/workflows/validate", &json!({ "graph": graph })).await.json();
        let problems = checked["problems"].as_array().unwrap();
        let found: Vec<_> = problems.iter().map(|problem| (&problem["code"], &problem["pointer"])).collect();
        assert_eq!(found, [(&json!(code), &json!(pointer))], "{concurrency}");
    }
}

#[tokio::test]
async fn explain_tells_which_limit_is_full_who_holds_its_slots_and_the_place_in_line() {
    let app = App::start().await;
    let mut graph = chain(&[("start", "trigger.manual", json!({})), ("a", "debug.noop", json!({}))]);
    graph["settings"] = json!({ "concurrency": { "key": "k", "limit": 1 } });
    let workflow = app.publish(&graph).await;
    let (holder, first, second) = (app.begin(&workflow).await, app.begin(&workflow).await, app.begin(&workflow).await);
    let gate = format!("key:{workflow}:k");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    for statement in [
        "DELETE FROM queue".to_owned(),
        format!("INSERT INTO slots (workspace_id, gate, execution_id) VALUES ('{}', '{gate}', '{holder}')", app.acme),
        format!(
            "INSERT INTO gated (workspace_id, gate, vt, execution_id, gates, key_max) \
             VALUES ('{0}', '{gate}', 1, '{first}', '{{{gate}}}', 1), ('{0}', '{gate}', 2, '{second}', '{{{gate}}}', 1)",
            app.acme
        ),
        "INSERT INTO workers (name) VALUES ('w')".to_owned(),
    ] {
        sqlx::query(&statement).execute(&mut owner).await.unwrap();
    }
    let explained = app.get(&format!("/api/v1/executions/{second}/explain")).await.json();
    let mut reason = explained["reasons"][0].clone();
    assert!(reason["since"].take().is_string());
    let text = format!(
        "it waits for a slot: of this workflow with the key \"k\", 1 executions are at work, and 1 may be ({holder}); \
         1 are before it in line"
    );
    let expected = json!({
        "waits_for": "slot", "limit": "key", "key": "k", "slots_max": 1, "held": 1, "held_by": [holder], "before": 1,
        "since": null, "text": text,
    });
    assert_eq!((explained["reasons"].as_array().unwrap().len(), &reason), (1, &expected));
    let listed = app.get(&format!("/api/v1/executions/{first}/explain")).await.json();
    assert_eq!(listed["reasons"][0]["before"], 0);
}
