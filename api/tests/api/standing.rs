//! How the platform stands, for its administrators.

use axum::body::Body;
use axum::http::Request;
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

#[tokio::test]
async fn metrics_tell_the_last_figures_of_a_cell_and_how_old_they_are() {
    let app = App::start().await;
    let cell = format!("{{cell=\"{}\"}}", app.cell.schema);
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    take(&mut worker).await.unwrap();
    let ten_minutes_ago = "UPDATE system_health_metrics SET taken_at = taken_at - interval '10 minutes', workers = 3, queued = 41, \
        queue_age_s = 12.5, timer_late_s = NULL, alerts_open = 2, connections = 30, connections_max = 60";
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(ten_minutes_ago).execute(&mut owner).await.unwrap();
    let told = app.send(Request::get("/metrics").body(Body::empty()).unwrap()).await.text();
    let figure = |name: &str| {
        let start = format!("capstan_cell_{name}{cell} ");
        told.lines().find_map(|line| line.strip_prefix(&start)).map(|figure| figure.parse::<f64>().unwrap())
    };
    let figures = [
        ("workers", 3.0),
        ("queued", 41.0),
        ("queue_age_seconds", 12.5),
        ("timer_late_seconds", 0.0),
        ("alerts_open", 2.0),
        ("webhooks_waiting", 0.0),
        ("connections_used_ratio", 0.5),
    ];
    for (name, expected) in figures {
        assert_eq!(figure(name), Some(expected), "{name}: {told}");
    }
    let age_s = figure("figures_age_seconds").unwrap();
    assert!(age_s >= 600.0, "{age_s}");
}
