//! Workflows, drafts, versions.

use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain, simple};

async fn save(app: &App, id: &str, if_match: Option<&str>, graph: &Value) -> Answer {
    let mut request = app.request("PUT", &format!("/api/v1/workflows/{id}/draft"));
    if let Some(etag) = if_match {
        request = request.header("if-match", etag);
    }
    app.send(as_json(request, &json!({ "graph": graph }))).await
}

#[tokio::test]
async fn a_workflow_is_made_read_changed_and_published() {
    let app = App::start().await;
    let mut graph = simple();
    graph["viewport"] = json!({ "x": 1, "unknown": ["kept"] });
    let made = app.post("/api/v1/workflows", &json!({ "name": " Lead ", "graph": graph })).await;
    assert_eq!(made.status, 201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("/api/v1/workflows/{id}").as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    let read = app.get(&format!("/api/v1/workflows/{id}")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.json()["graph"], graph);
    assert_eq!(read.json()["name"], "Lead");
    assert_eq!(read.json()["published"], Value::Null);

    assert_eq!(save(&app, &id, None, &graph).await.verdict(), "428 if_match_required");
    assert_eq!(save(&app, &id, Some("\"7\""), &graph).await.verdict(), "412 stale_revision");
    let saved = save(&app, &id, Some("\"1\""), &simple()).await;
    assert_eq!((saved.status.as_u16(), saved.header("etag")), (200, Some("\"2\"")));
    assert_eq!(saved.json(), json!({ "revision": 2, "problems": [] }));
    assert_eq!(save(&app, &id, Some("\"1\""), &graph).await.verdict(), "412 stale_revision");

    let published = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    assert_eq!((published.status.as_u16(), &published.json()["number"]), (201, &json!(1)));
    let again = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    assert_eq!(again.json()["number"], 2);
    let versions = app.get(&format!("/api/v1/workflows/{id}/versions")).await.json();
    let numbers: Vec<_> = versions["items"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect();
    assert_eq!(numbers, [json!(2), json!(1)]);
    assert_eq!(app.get(&format!("/api/v1/workflows/{id}")).await.json()["published"], 2);
}

#[tokio::test]
async fn an_invalid_draft_is_kept_with_its_problems_but_never_published() {
    let app = App::start().await;
    let graph = chain(&[("a", "debug.noop", json!({}))]);
    let made = app.post("/api/v1/workflows", &json!({ "name": "Draft", "graph": graph, "draft": true })).await;
    assert_eq!(made.status, 201);
    assert_ne!(made.json()["problems"], json!([]));
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let saved = save(&app, &id, Some("\"1\""), &json!({ "anything": 1 })).await;
    assert_eq!(saved.status, 200);
    assert_ne!(saved.json()["problems"], json!([]));
    let checked = app.post_nothing(&format!("/api/v1/workflows/{id}/validate")).await.json();
    assert_eq!(checked["valid"], false);
    let published = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    assert_eq!(published.verdict(), "422 invalid_graph");
    assert_eq!(published.json()["errors"], checked["problems"]);
    assert_eq!(app.count("workflow_versions").await, 0);
    let started = app.post("/api/v1/executions", &json!({ "workflow_id": id })).await;
    assert_eq!(started.verdict(), "409 not_published");
}

#[tokio::test]
async fn a_path_belongs_to_one_workflow() {
    let app = App::start().await;
    let hook = chain(&[("in", "trigger.webhook", json!({ "path": "orders" })), ("a", "debug.noop", json!({}))]);
    let first = app.publish(&hook).await;
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{first}/publish")).await.status, 201);
    let second = app.post("/api/v1/workflows", &json!({ "name": "Second", "graph": hook })).await.json();
    let second = second["id"].as_str().unwrap();
    let refused = app.post_nothing(&format!("/api/v1/workflows/{second}/publish")).await;
    assert_eq!(refused.verdict(), "409 path_taken");
    assert!(refused.json()["detail"].as_str().unwrap().contains("\"orders\""));
    assert_eq!(app.count("workflow_versions").await, 2);
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let app = App::start().await;
    for ix in 0..5 {
        app.post("/api/v1/workflows", &json!({ "name": format!("W{ix}"), "graph": simple() })).await;
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("/api/v1/workflows?limit=2{cursor}")).await.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2 && items.iter().all(|item| item.get("graph").is_none()));
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["W4", "W3", "W2", "W1", "W0"]);
}

#[tokio::test]
async fn the_palette_names_every_type_with_its_schema() {
    let app = App::start().await;
    let palette = app.get("/api/v1/node-types").await.json();
    let items = palette["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["schema"].is_object() && item["ports"].is_array()));
    let condition = items.iter().find(|item| item["name"] == "logic.condition").unwrap();
    assert_eq!((&condition["role"], &condition["effect"]), (&json!("step"), &json!("pure")));
}

#[tokio::test]
async fn two_saves_at_once_cannot_both_win() {
    let app = App::start().await;
    let made = app.post("/api/v1/workflows", &json!({ "name": "W", "graph": simple() })).await.json();
    let id = made["id"].as_str().unwrap();
    let graph = simple();
    let saves = (0..10).map(|_| save(&app, id, Some("\"1\""), &graph));
    let statuses: Vec<_> = futures::future::join_all(saves).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 412].contains(status)));
}
