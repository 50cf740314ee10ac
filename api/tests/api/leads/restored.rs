//! Leads that are deleted, and restored.

use axum::body::Body;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use super::{LEADS, history, make};
use crate::quotas::limit;
use crate::support::{Answer, App};

const DELETED: &str = "/api/v1/deleted-leads";

async fn delete(app: &App, id: &str) {
    let request = app.request("DELETE", &format!("{LEADS}/{id}"));
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 204);
}

async fn restore(app: &App, id: &str) -> Answer {
    app.post_nothing(&format!("{DELETED}/{id}/restore")).await
}

async fn deleted(app: &App) -> Vec<Value> {
    app.get(DELETED).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_deleted_lead_is_listed_and_comes_back_as_it_was_with_an_event_and_a_row_of_history() {
    let app = App::start().await;
    let id = make(&app, json!({ "email": "ada@example.com", "name": "Ada", "fields": { "plan": "pro" } })).await;
    let before = app.get(&format!("{LEADS}/{id}")).await.json();
    assert_eq!(deleted(&app).await, Vec::<Value>::new());
    delete(&app, &id).await;
    let listed = deleted(&app).await;
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["email"]), (1, &json!(id), &json!("ada@example.com")));
    assert!(listed[0]["deleted_at"].is_string());
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(deleted(&other).await, Vec::<Value>::new());
    assert_eq!(restore(&other, &id).await.verdict(), "404 not_found");
    // The second time it is there already, and nothing is told again.
    for _ in 0..2 {
        let restored = restore(&app, &id).await;
        assert_eq!(restored.status, 200, "{}", restored.text());
        for member in ["id", "email", "name", "status", "source", "fields", "created_at"] {
            assert_eq!(restored.json()[member], before[member], "{member}");
        }
    }
    let kinds: Vec<Value> = history(&app, &id).await.iter().map(|row| row["type"].clone()).collect();
    assert_eq!(kinds, ["restored", "deleted", "created"]);
    assert_eq!(app.count(&format!("events WHERE type = 'lead.restored' AND key = '{id}'")).await, 1);
    assert_eq!((deleted(&app).await, restore(&app, "nobody").await.verdict()), (vec![], "404 not_found".into()));
}

#[tokio::test]
async fn who_cannot_be_restored_stays_deleted_and_is_told_why() {
    let app = App::start().await;
    let old = make(&app, json!({ "email": "ada@example.com" })).await;
    delete(&app, &old).await;
    let new = make(&app, json!({ "email": "Ada@Example.com" })).await;
    let refused = restore(&app, &old).await;
    assert!(refused.verdict() == "409 lead_exists" && refused.text().contains(&new), "{}", refused.text());
    // The limit counts who is restored as it counts who is new.
    let third = make(&app, json!({ "name": "third" })).await;
    delete(&app, &new).await;
    limit(&app, json!({ "leads": 1 }), 0).await;
    assert_eq!(restore(&app, &old).await.verdict(), "429 quota_exceeded");
    delete(&app, &third).await;
    assert_eq!(restore(&app, &old).await.status, 200);
    limit(&app, json!({}), 0).await;
    // A state that the pipeline has not any more.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let moved = format!("UPDATE leads SET status = 'gone' WHERE lead_id = '{third}'");
    sqlx::raw_sql(&moved).execute(&mut owner).await.unwrap();
    assert_eq!(restore(&app, &third).await.verdict(), "422 unknown_status");
    // Who was erased, or emptied after its time, is nobody any more.
    let emptied = format!("UPDATE leads SET name = '[erased]', status = 'new' WHERE lead_id = '{third}'");
    sqlx::raw_sql(&emptied).execute(&mut owner).await.unwrap();
    assert_eq!(restore(&app, &third).await.verdict(), "404 not_found");
    let listed: Vec<Value> = deleted(&app).await.iter().map(|lead| lead["id"].clone()).collect();
    assert_eq!(listed, [json!(new)]);
    assert_eq!(app.count("events WHERE type = 'lead.restored'").await, 1);
}
