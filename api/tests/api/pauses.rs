//! Pauses of workflows and of the workspace through the API, and what explain says of them.

use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, as_json, simple};
use crate::tenants::{admin, moved};

/// What explain says of an execution, but that nobody works.
async fn reasons(app: &App, id: &str) -> Vec<Value> {
    let told = app.get(&format!("/api/v1/executions/{id}/explain")).await.json();
    let reasons = told["reasons"].as_array().unwrap().iter();
    reasons
        .filter(|reason| !["fleet", "turn", "worker"].contains(&reason["waits_for"].as_str().unwrap()))
        .cloned()
        .collect()
}

#[tokio::test]
async fn pauses_of_both_levels_are_made_once_told_by_explain_and_lifted_once() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let path = format!("/api/v1/workflows/{workflow}");
    let first = app.post(&format!("{path}/pause"), &json!({ "reason": "maintenance" })).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let view = first.json();
    assert_eq!((&view["level"], &view["workflow_id"]), (&json!("workflow"), &json!(workflow)));
    assert_eq!((&view["paused_by"], &view["reason"]), (&json!("test"), &json!("maintenance")));
    let again = app.post(&format!("{path}/pause"), &json!({ "reason": "other" })).await;
    assert_eq!(again.json(), view, "the first one stays");
    let whole = app.post_nothing("/api/v1/workspace/pause").await.json();
    assert_eq!((&whole["level"], &whole["workflow_id"]), (&json!("workspace"), &Value::Null));
    assert_eq!(app.begin(&workflow).await.len(), 36, "starts are taken in");
    let listed = app.get("/api/v1/pauses").await.json();
    assert_eq!(listed["items"], json!([view, whole]));
    let told = reasons(&app, &id).await;
    let levels: Vec<&Value> = told.iter().map(|reason| &reason["level"]).collect();
    assert_eq!(levels, ["workspace", "workflow"]);
    assert_eq!((&told[1]["paused_by"], &told[1]["reason"]), (&json!("test"), &json!("maintenance")));
    let text = told[1]["text"].as_str().unwrap();
    assert!(text.starts_with("test paused its workflow at ") && text.ends_with(": maintenance"), "{text}");
    for (route, resumed) in [(format!("{path}/resume"), true), (format!("{path}/resume"), false)] {
        assert_eq!(app.post_nothing(&route).await.json(), json!({ "resumed": resumed }));
    }
    assert_eq!(app.post("/api/v1/workspace/resume", &json!({})).await.json(), json!({ "resumed": true }));
    assert_eq!(
        (reasons(&app, &id).await.len(), app.get("/api/v1/pauses").await.json()["items"].clone()),
        (0, json!([]))
    );
}

#[tokio::test]
async fn explain_says_that_the_workspace_is_suspended_or_archived_and_what_that_means() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    // Who is asked has not heard of it yet; workers go by what the cell knows.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let suspend = "SELECT set_standing_1(0, 'suspended', 'unpaid', NULL, '{}') \
                     FROM set_config('app.workspace_id', $1, false)";
    sqlx::query(suspend).bind(app.acme.to_string()).execute(&mut owner).await.unwrap();
    let told = reasons(&app, &id).await;
    let of_workspace = (told.len(), &told[0]["waits_for"], &told[0]["state"], &told[0]["reason"]);
    assert_eq!(of_workspace, (1, &json!("workspace"), &json!("suspended"), &json!("unpaid")));
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("the workspace is suspended since ") && text.contains(", \"unpaid\": it goes on once "),
        "{text}"
    );

    let session = admin(&app).await;
    let app = moved(&app, &session, "archive", "given up").await;
    let told = reasons(&app, &id).await;
    assert_eq!((told.len(), &told[0]["state"], &told[0]["reason"]), (1, &json!("archived"), &json!("given up")));
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains(": nothing of it runs any more, and what is there can be read"), "{text}");
}

#[tokio::test]
async fn who_paused_an_execution_is_told_before_a_worker_has_seen_it_and_that_a_suspect_waits_to_run_alone() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    app.post(&format!("/api/v1/executions/{id}/pause"), &json!({ "reason": "look at it" })).await;
    let told = reasons(&app, &id).await;
    assert_eq!((told.len(), &told[0]["waits_for"], &told[0]["paused_by"]), (1, &json!("resume"), &json!("test")));
    assert_eq!((&told[0]["reason"], told[0]["since"].is_string()), (&json!("look at it"), true));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE queue SET losses = 2").execute(&mut owner).await.unwrap();
    let told = reasons(&app, &id).await;
    assert_eq!((&told[0]["waits_for"], &told[0]["losses"]), (&json!("alone"), &json!(2)));
}

#[tokio::test]
async fn a_cancel_is_told_before_a_worker_has_seen_it() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let cancel = async |body: Value| {
        assert_eq!(app.post(&format!("/api/v1/executions/{id}/cancel"), &body).await.status, 202);
        reasons(&app, &id).await
    };
    let told = cancel(json!({ "reason": "ordered twice" })).await;
    assert_eq!((told.len(), &told[0]["waits_for"], &told[0]["force"]), (1, &json!("cancel"), &json!(false)));
    assert_eq!((&told[0]["reason"], told[0]["since"].is_string()), (&json!("ordered twice"), true));
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.starts_with("it is being cancelled, since ") && text.ends_with(": ordered twice"), "{text}");
    let told = cancel(json!({ "reason": "at once", "force": true })).await;
    assert_eq!((told.len(), &told[0]["reason"], &told[0]["force"]), (1, &json!("at once"), &json!(true)));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'incident'").execute(&mut owner).await.unwrap();
    assert!(reasons(&app, &id).await.iter().any(|reason| reason["waits_for"] == "cancel"), "also of an incident");
}

#[tokio::test]
async fn what_cannot_be_paused_is_refused() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let path = format!("/api/v1/workflows/{workflow}/pause");
    assert_eq!(app.post(&path, &json!({ "reason": "x".repeat(501) })).await.verdict(), "422 reason_too_long");
    assert_eq!(app.post(&path, &json!({ "until": "noon" })).await.verdict(), "400 bad_body");
    for verb in ["pause", "resume"] {
        for of in [uuid::Uuid::nil().to_string(), uuid::Uuid::now_v7().to_string(), "x".into()] {
            let nobody = format!("/api/v1/workflows/{of}/{verb}");
            assert_eq!(app.post_nothing(&nobody).await.verdict(), "404 not_found", "{nobody}");
        }
        let theirs = format!("/api/v1/workflows/{workflow}/{verb}");
        let request = axum::http::Request::post(&theirs).header("x-api-key", &app.other_key);
        assert_eq!(app.send(as_json(request, &json!({}))).await.verdict(), "404 not_found");
    }
    assert_eq!(app.count("pauses").await, 0);
}
