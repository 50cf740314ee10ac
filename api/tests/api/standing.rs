//! How the platform stands, for its administrators.

use capstan_engine::store::connect::Role;
use capstan_engine::store::health::take;
use serde_json::json;

use crate::people::send;
use crate::support::App;
use crate::tenants::admin;

#[tokio::test]
async fn figures_that_workers_take_feed_the_page_of_the_platforms_health() {
    let app = App::start().await;
    assert_eq!(app.get("/api/v1/platform/health").await.verdict(), "403 not_platform");
    let session = admin(&app).await;
    let asked = async |query: &str| send(&app, &session, "GET", &format!("/platform/health{query}"), json!({})).await;
    let none = asked("").await.json();
    assert_eq!(json!([none["points"], none["standing"]]), json!([[], "warn"]), "{none}");
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    take(&mut worker).await.unwrap();
    let one = asked("?hours=1").await.json();
    assert_eq!(json!([one["points"].as_array().unwrap().len(), one["hours"], one["stretch_s"]]), json!([1, 1, 60]));
    let months = one["checks"].as_array().unwrap().iter().find(|it| it["check"] == "months").unwrap();
    assert_eq!(months["standing"], "good", "{one}");
    // None runs here.
    let workers = one["checks"].as_array().unwrap().iter().find(|it| it["check"] == "workers").unwrap();
    assert_eq!(workers["standing"], "warn", "{one}");
    // What was bad ten minutes ago shows, and is over, however long the stretches are that are asked for.
    let before = "INSERT INTO system_health_metrics (taken_at, workers, queued, active, queue_age_s, claimed_total, live_rows, \
        dead_rows, months_ahead, connections, connections_max) SELECT taken_at - interval '10 minutes', workers, queued, active, \
        1000, claimed_total, live_rows, dead_rows, months_ahead, connections, connections_max FROM system_health_metrics";
    sqlx::query(before).execute(&mut worker).await.unwrap();
    let weeks = asked("?hours=336").await.json();
    assert!(weeks["points"].as_array().unwrap().iter().any(|it| it["queue_age_s"] == 1000.0), "{weeks}");
    let queue = weeks["checks"].as_array().unwrap().iter().find(|it| it["check"] == "queue").unwrap();
    assert_eq!(queue["standing"], "good", "{weeks}");
    for query in ["?hours=0", "?hours=337", "?hours=x"] {
        assert_eq!(asked(query).await.verdict(), "400 bad_hours", "{query}");
    }
}
