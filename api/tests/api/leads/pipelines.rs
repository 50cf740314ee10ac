//! The pipeline and the board.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{LEADS, history, make};
use crate::support::{Answer, App, as_json};

const PIPELINE: &str = "/api/v1/lead-pipeline";

/// Replaces the pipeline of that revision.
async fn put(app: &App, revision: i32, body: &Value) -> Answer {
    let request = app.request("PUT", PIPELINE).header("if-match", format!("\"{revision}\""));
    app.send(as_json(request, body)).await
}

async fn go(app: &App, id: &str, body: Value) -> String {
    app.post(&format!("{LEADS}/{id}/status"), &body).await.verdict()
}

#[tokio::test]
async fn a_lead_goes_only_where_the_pipeline_leads() {
    let app = App::start().await;
    let id = make(&app, json!({ "name": "Ada" })).await;
    let refused = app.post(&format!("{LEADS}/{id}/status"), &json!({ "status": "won" })).await;
    assert_eq!(refused.verdict(), "409 transition_forbidden");
    let detail = "Invalid lead transition: new → won; it can become qualified, booked, disqualified";
    assert_eq!(refused.json()["detail"], detail);
    assert_eq!(go(&app, &id, json!({ "status": "gone" })).await, "422 unknown_status");
    assert_eq!(go(&app, &id, json!({ "status": "qualified", "reason": "rang back" })).await, "200");
    let newest = history(&app, &id).await.remove(0);
    assert_eq!(newest["data"], json!({ "from": "new", "to": "qualified", "reason": "rang back" }));
    // Who dragged the card of a moment ago is told.
    assert_eq!(go(&app, &id, json!({ "status": "booked", "from": "new" })).await, "409 status_changed");
    assert_eq!(go(&app, &id, json!({ "status": "disqualified", "from": "qualified" })).await, "200");
    for status in ["new", "qualified", "won", "lost"] {
        assert_eq!(go(&app, &id, json!({ "status": status })).await, "409 transition_forbidden", "{status}");
    }
    // Staying is no move, and told to nobody.
    assert_eq!(go(&app, &id, json!({ "status": "disqualified" })).await, "200");
    assert_eq!(app.count("events WHERE type = 'lead.status_changed'").await, 2);
    assert_eq!(app.count("lead_events WHERE type = 'status_changed'").await, 2);
}

#[tokio::test]
async fn a_workspace_has_states_and_conditions_of_its_own() {
    let app = App::start().await;
    let rich = make(&app, json!({ "name": "Rich", "fields": { "budget": 5000 } })).await;
    let poor = make(&app, json!({ "name": "Poor", "fields": { "budget": 5 } })).await;
    let state = |name: &str| json!({ "name": name, "label": name.to_uppercase() });
    let way = json!({ "from": "new", "to": "hot", "when": "{{ input.fields.budget > 1000 }}", "reason": "the budget is too small" });
    let pipeline = json!({ "initial": "new", "states": [state("new"), state("hot")], "transitions": [way] });
    let shipped = app.get(PIPELINE).await;
    assert_eq!((shipped.header("etag"), &shipped.json()["revision"]), (Some("\"0\""), &json!(0)));
    let made = put(&app, 0, &pipeline).await;
    assert_eq!((made.status.as_u16(), &made.json()["revision"]), (200, &json!(1)), "{}", made.text());
    assert_eq!(go(&app, &rich, json!({ "status": "hot" })).await, "200");
    let refused = app.post(&format!("{LEADS}/{poor}/status"), &json!({ "status": "hot" })).await;
    assert_eq!(refused.json()["detail"], "Invalid lead transition: new → hot; the budget is too small");
    // A state with leads in it stays.
    let less = json!({ "initial": "new", "states": [state("new")], "transitions": [] });
    assert_eq!(put(&app, 1, &less).await.verdict(), "409 state_in_use");
    let wrong = json!({ "initial": "x", "states": [state("new")], "transitions": [{ "from": "new", "to": "y" }] });
    let wrong = put(&app, 1, &wrong).await;
    let pointers: Vec<Value> =
        wrong.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
    assert_eq!(
        (wrong.verdict().as_str(), pointers),
        ("422 invalid_pipeline", vec![json!("/initial"), json!("/transitions/0/to")])
    );
    let again = put(&app, 1, &pipeline).await;
    assert_eq!((again.header("etag"), &again.json()["revision"]), (Some("\"2\""), &json!(2)));
    // Who knows an older one replaces nothing; of several who know this one, one does.
    let blind = app.send(as_json(app.request("PUT", PIPELINE), &pipeline)).await;
    assert_eq!(blind.verdict(), "428 if_match_required");
    assert_eq!(put(&app, 1, &pipeline).await.verdict(), "412 stale_revision");
    let mut at_once: Vec<String> =
        join_all((0..4).map(|_| put(&app, 2, &pipeline))).await.iter().map(Answer::verdict).collect();
    at_once.sort();
    assert_eq!(at_once, ["200", "412 stale_revision", "412 stale_revision", "412 stale_revision"]);
}

#[tokio::test]
async fn the_board_shows_each_state_with_those_where_something_was_done_last() {
    let app = App::start().await;
    let (ada, bob) = (make(&app, json!({ "name": "Ada" })).await, make(&app, json!({ "name": "Bob" })).await);
    make(&app, json!({ "name": "Cat" })).await;
    assert_eq!(go(&app, &bob, json!({ "status": "qualified" })).await, "200");
    let noted = app.post(&format!("{LEADS}/{ada}/events"), &json!({ "type": "call", "text": "Rang" })).await;
    assert_eq!(noted.status, 201);
    let board = app.get("/api/v1/lead-board").await.json();
    let columns: Vec<(String, Vec<String>)> = board["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            let leads = column["leads"].as_array().unwrap().iter();
            let names = leads.map(|lead| lead["name"].as_str().unwrap().to_owned()).collect();
            (column["status"].as_str().unwrap().to_owned(), names)
        })
        .collect();
    assert_eq!(columns[0], ("new".into(), vec!["Ada".into(), "Cat".into()]));
    assert_eq!(columns[1], ("qualified".into(), vec!["Bob".into()]));
    assert_eq!(columns.len(), 8);
    assert_eq!(board["columns"][0]["allowed"], json!(["qualified", "booked", "disqualified"]));
    let small = app.get("/api/v1/lead-board?limit=1").await.json();
    assert_eq!((&small["columns"][0]["count"], small["columns"][0]["leads"].as_array().unwrap().len()), (&json!(2), 1));
    let found = app.get("/api/v1/lead-board?q=bob").await.json();
    assert_eq!((&found["columns"][0]["count"], &found["columns"][1]["count"]), (&json!(0), &json!(1)));
    // A state that the pipeline has no more, and that a lead came into at the same time, is shown and may be left.
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    sqlx::query("UPDATE leads SET status = 'of_yesterday' WHERE name = 'Cat'").execute(&mut owner).await.unwrap();
    let board = app.get("/api/v1/lead-board").await.json();
    assert_eq!((&board["columns"][8]["status"], &board["columns"][8]["count"]), (&json!("of_yesterday"), &json!(1)));
    let cat = board["columns"][8]["leads"][0]["id"].as_str().unwrap();
    assert_eq!(go(&app, cat, json!({ "status": "won" })).await, "200");
}
