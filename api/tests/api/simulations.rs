//! Drafts are simulated, with stubs in the place of effects.

use serde_json::{Value, json};

use crate::support::{App, chain};

/// A request, a delay of a year, and a wait for an answer.
fn graph(pinned: Value) -> Value {
    let mut graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("fetch", "action.http_request", json!({ "url": "http://example.com/" })),
        ("pause", "logic.delay", json!({ "for": "365d" })),
        ("reply", "logic.wait_for_signal", json!({ "signal": "reply" })),
        ("end", "data.set", json!({ "values": { "said": "{{ steps.reply }}", "fetched": "{{ steps.fetch }}" } })),
    ]);
    graph["edges"][3]["sourceHandle"] = json!("received");
    graph["nodes"][1]["data"]["pinned"] = pinned;
    graph
}

async fn draft(app: &App, graph: Value) -> String {
    let made = app.post("/api/v1/workflows", &json!({ "name": "Test", "graph": graph })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    format!("/api/v1/workflows/{}/draft/simulate", made.json()["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_draft_is_simulated_with_stubs_and_nothing_is_kept() {
    let app = App::start().await;
    let path = draft(&app, graph(Value::Null)).await;
    let error = json!({ "error": { "class": "http_5xx" } });
    let stubs = json!({ "fetch": [error, { "output": 7 }], "reply": { "signal": "yes" } });
    let wish = json!({ "stubs": stubs, "now": "2026-01-01T00:00:00Z" });
    let answer = app.post(&path, &wish).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!((&answer["status"], &answer["output"]), (&json!("completed"), &json!({ "said": "yes", "fetched": 7 })));
    assert_eq!((&answer["steps"][1]["attempts"], &answer["steps"][3]["port"]), (&json!(2), &json!("received")));
    assert!(answer["ended_at"].as_str().unwrap().starts_with("2027-01-01T00:00:0"), "{answer}");
    assert_eq!(app.count("executions").await, 0);
}

#[tokio::test]
async fn what_is_missing_is_named_and_what_is_pinned_stands_in() {
    let app = App::start().await;
    let path = draft(&app, graph(Value::Null)).await;
    let stopped = app.post(&path, &json!({})).await.json();
    assert_eq!((&stopped["status"], &stopped["stopped"]["code"]), (&json!("stopped"), &json!("missing_stub")));
    assert_eq!(stopped["stopped"]["steps"], json!(["fetch"]));
    let path = draft(&app, graph(json!({ "output": 5 }))).await;
    let waits = app.post(&path, &json!({})).await.json();
    assert_eq!((&waits["stopped"]["code"], &waits["stopped"]["steps"]), (&json!("waits"), &json!(["reply"])));
    let cancelled = app.post(&path, &json!({ "cancel": { "reason": "enough", "after_ms": 5 } })).await.json();
    assert_eq!((&cancelled["status"], &cancelled["error"]["reason"]), (&json!("cancelled"), &json!("enough")));
}

#[tokio::test]
async fn a_simulation_that_cannot_be_is_refused_by_name() {
    let app = App::start().await;
    let path = draft(&app, graph(Value::Null)).await;
    for (wish, verdict) in [
        (json!({ "stubs": { "nobody": { "output": 1 } } }), "422 bad_stub"),
        (json!({ "stubs": { "fetch": {} } }), "422 bad_stub"),
        (json!({ "stubs": { "fetch": { "output": 1, "port": "up" } } }), "422 bad_stub"),
        (json!({ "trigger": "nobody" }), "422 unknown_trigger"),
        (json!({ "now": "+100000-01-01T00:00:00Z" }), "422 bad_time"),
        (json!({ "unstubbed": "maybe" }), "400 bad_body"),
    ] {
        assert_eq!(app.post(&path, &wish).await.verdict(), verdict, "{wish}");
    }
    let path = draft(&app, graph(json!({ "error": { "class": "x" } }))).await;
    assert_eq!(app.post(&path, &json!({})).await.verdict(), "422 bad_stub");
}
