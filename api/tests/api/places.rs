//! What a plan has a number of places for: nobody takes more, however many come at once.

use axum::body::Body;
use serde_json::json;

use crate::lead_forms::{ada, form, public};
use crate::quotas::limit;
use crate::support::{Answer, App, as_json, simple};

#[tokio::test]
async fn workflows_are_made_up_to_the_limit_and_no_two_take_the_last_place() {
    let app = App::start().await;
    limit(&app, json!({ "workflows": 3 }), 0).await;
    let make = || async { app.post("/api/v1/workflows", &json!({ "name": "w", "graph": simple() })).await.verdict() };
    let mut verdicts = futures::future::join_all((0..8).map(|_| make())).await;
    verdicts.sort();
    assert_eq!(verdicts[..3], ["201"; 3]);
    assert_eq!(verdicts[3..], ["429 quota_exceeded"; 5]);
}

#[tokio::test]
async fn leads_are_made_up_to_the_limit_and_no_two_take_the_last_place() {
    let app = App::start().await;
    limit(&app, json!({ "leads": 3 }), 0).await;
    let leads = "/api/v1/leads";
    let make = |n: usize| {
        let lead = json!({ "email": format!("{n}@example.com") });
        let app = &app;
        async move { app.post(leads, &lead).await }
    };
    let answers = futures::future::join_all((0..8).map(make)).await;
    let mut verdicts: Vec<String> = answers.iter().map(Answer::verdict).collect();
    verdicts.sort();
    assert_eq!(verdicts[..3], ["201"; 3]);
    assert_eq!(verdicts[3..], ["429 quota_exceeded"; 5]);
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap().json();
    assert_eq!(refused["detail"], "this workspace has 3 leads, and its plan allows 3");
    for table in ["leads", "lead_events", "events"] {
        assert_eq!(app.count(table).await, 3, "{table}");
    }
    let usage = app.get("/api/v1/usage").await.json();
    let used = usage["quotas"].as_array().unwrap().iter().find(|one| one["quota"] == "leads").unwrap();
    assert_eq!((&used["used"], &used["kind"], &used["state"]), (&json!(3), &json!("stored"), &json!("hard")));
    // One that is there can be changed, and one that goes makes room.
    let made = answers.iter().find(|answer| answer.status == 201).unwrap().json();
    let path = format!("{leads}/{}", made["id"].as_str().unwrap());
    let change = as_json(app.request("PATCH", &path), &json!({ "name": "Ada" }));
    assert_eq!(app.send(change).await.status, 200);
    assert_eq!(app.send(app.request("DELETE", &path).body(Body::empty()).unwrap()).await.status, 204);
    assert_eq!((make(8).await.verdict().as_str(), make(9).await.verdict().as_str()), ("201", "429 quota_exceeded"));
}

#[tokio::test]
async fn a_form_does_not_tell_anybody_how_many_leads_there_are() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    limit(&app, json!({ "leads": 1 }), 0).await;
    assert_eq!(public(&app, &ada(1)).await.status, 202);
    let mut other = ada(2);
    other["email"] = json!("bob@example.com");
    let refused = public(&app, &other).await;
    assert_eq!(refused.verdict(), "429 quota_exceeded");
    assert!(!refused.text().contains("leads"), "{}", refused.text());
    assert_eq!((app.count("leads").await, app.count("trigger_starts").await), (1, 1));
}
