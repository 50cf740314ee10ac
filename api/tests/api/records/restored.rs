//! Records that are deleted, and restored.

use axum::body::Body;
use capstan_domain::records::{DELETED_KEPT_DAYS, tidy};
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use super::{RECORDS, go, history, made};
use crate::support::{Answer, App};

const DELETED: &str = "/api/v1/deleted-records";

async fn delete(app: &App, id: &str) {
    let request = app.request("DELETE", &format!("{RECORDS}/{id}"));
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 204);
}

async fn restore(app: &App, id: &str) -> Answer {
    app.post_nothing(&format!("{DELETED}/{id}/restore")).await
}

async fn deleted(app: &App) -> Vec<Value> {
    app.get(DELETED).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_deleted_record_comes_back_in_its_state_with_its_data() {
    let app = App::start().await;
    let id = made(&app, "pursuit", json!({ "client": "Engines" })).await;
    assert_eq!(go(&app, &id, json!({ "to": "qualified" })).await.status, 200);
    delete(&app, &id).await;
    let listed = deleted(&app).await;
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["state"]), (1, &json!(id), &json!("qualified")));
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(deleted(&other).await, Vec::<Value>::new());
    assert_eq!(restore(&other, &id).await.verdict(), "404 not_found");
    for _ in 0..2 {
        let restored = restore(&app, &id).await;
        assert_eq!((restored.status.as_u16(), restored.header("etag")), (200, Some("\"4\"")), "{}", restored.text());
        assert_eq!(restored.json()["data"], json!({ "client": "Engines" }));
    }
    let kinds: Vec<Value> = history(&app, &id).await.iter().map(|row| row["kind"].clone()).collect();
    assert_eq!(kinds, ["restored", "deleted", "transitioned", "created"]);
    assert_eq!(app.count(&format!("events WHERE type = 'record.restored' AND key = '{id}'")).await, 1);
    assert_eq!(deleted(&app).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_record_without_its_state_stays_deleted_and_one_that_was_deleted_long_ago_is_emptied() {
    let app = App::start().await;
    let [stuck, old, late] = [1, 2, 3].map(|no| json!({ "no": no }));
    let (stuck, old, late) =
        (made(&app, "pursuit", stuck).await, made(&app, "pursuit", old).await, made(&app, "pursuit", late).await);
    for id in [&stuck, &old, &late] {
        delete(&app, id).await;
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut change = async |sql: String| {
        sqlx::raw_sql(&sql).execute(&mut owner).await.unwrap();
    };
    change(format!("UPDATE records SET state = 'gone' WHERE record_id = '{stuck}'")).await;
    assert_eq!(restore(&app, &stuck).await.verdict(), "422 unknown_state");
    change(format!("UPDATE records SET type = 'gone' WHERE record_id = '{stuck}'")).await;
    assert_eq!(restore(&app, &stuck).await.verdict(), "422 unknown_type");
    for (id, days) in [(&late, DELETED_KEPT_DAYS - 1), (&old, DELETED_KEPT_DAYS + 1)] {
        let past = "UPDATE records SET deleted_at = now() - interval";
        change(format!("{past} '{days} days' WHERE record_id = '{id}'")).await;
    }
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    assert_eq!((tidy(&mut worker).await.unwrap(), tidy(&mut worker).await.unwrap()), (1, 0));
    assert_eq!(restore(&app, &old).await.verdict(), "404 not_found");
    assert_eq!(app.count(&format!("records WHERE record_id = '{old}' AND data = '{{}}'")).await, 1);
    assert_eq!(restore(&app, &late).await.json()["data"], json!({ "no": 3 }));
    let listed: Vec<Value> = deleted(&app).await.iter().map(|row| row["id"].clone()).collect();
    assert_eq!(listed, [json!(stuck)]);
}
