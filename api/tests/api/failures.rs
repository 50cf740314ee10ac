//! What lists tell of executions that failed or are incidents.

use capstan_engine::store::connect::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{App, simple};

#[tokio::test]
async fn lists_tell_in_short_why_an_execution_failed_or_is_an_incident() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let ids = [app.begin(&workflow).await, app.begin(&workflow).await, app.begin(&workflow).await];
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut end = async |id: &str, status: &str, error: &Value| {
        sqlx::query(
            "UPDATE executions SET status = $2, error = $3, ended_at = CASE WHEN $2 <> 'incident' THEN now() END \
             WHERE execution_id = $1",
        )
        .bind(id.parse::<Uuid>().unwrap())
        .bind(status)
        .bind(error)
        .execute(&mut owner)
        .await
        .unwrap();
    };
    end(&ids[0], "failed", &json!({ "class": "http", "reason": "é".repeat(400), "node_id": "a" })).await;
    end(&ids[1], "incident", &json!({ "class": "incident", "reason": "a worker was lost" })).await;
    end(&ids[2], "cancelled", &json!({ "class": "cancelled", "reason": "ordered twice" })).await;
    let listed = app.get("/api/v1/executions").await.json();
    let failures: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["failure"]).collect();
    let incident = json!({ "class": "incident", "reason": "a worker was lost" });
    let failed = json!({ "class": "http", "reason": "é".repeat(300), "node_id": "a" });
    assert_eq!(failures, [&Value::Null, &incident, &failed]);
    let of_status = app.get("/api/v1/executions?status=incident").await.json();
    assert_eq!(of_status["items"][0]["failure"], incident);
    let whole = app.get(&format!("/api/v1/executions/{}", ids[0])).await.json();
    assert_eq!((&whole["failure"], &whole["error"]["class"]), (&Value::Null, &json!("http")));
}
