//! Lists of a span of time, and the audit log of somebody or something.

use capstan_domain::audit::LOOKED_AT_MAX;
use capstan_engine::store::connect::Role;
use capstan_engine::store::day::id_floor;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::{App, simple};

/// Adds changes of so many days of January 2026, one each day, made by the same person.
async fn log(app: &App, by: &str, action: &str, days: impl Iterator<Item = u32>) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    for day in days {
        let at: DateTime<Utc> = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
        let sql = "INSERT INTO audit_log (workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, status, \
                   request_id) VALUES ($1, $2, $3, 'user', gen_random_uuid(), $4, $5, '/', 200, 'r')";
        let insert = sqlx::query(sql).bind(app.acme.0).bind(id_floor(at)).bind(at).bind(by).bind(action);
        insert.execute(&mut owner).await.unwrap();
    }
}

/// The days of what is listed, and the cursor.
async fn days(app: &App, query: &str) -> (Vec<String>, Option<String>) {
    let page = app.get(&format!("/api/v1/audit?{query}")).await;
    assert_eq!(page.status, 200, "{query}: {}", page.text());
    let page = page.json();
    let day = |item: &Value| item["at"].as_str().unwrap()[8..10].to_owned();
    let days = page["items"].as_array().unwrap().iter().map(day).collect();
    (days, page["next_cursor"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn the_audit_log_is_listed_by_time_person_and_action() {
    let app = App::start().await;
    log(&app, "ada@example.com", "PUT /x", 1..=3).await;
    log(&app, "bob@example.com", "PUT /x", 4..=5).await;
    log(&app, "bob@example.com", "DELETE /x", 6..=6).await;
    for (query, expected) in [
        ("", &["06", "05", "04", "03", "02", "01"][..]),
        ("from=2026-01-02T00:00:00Z&to=2026-01-04T00:00:00Z", &["03", "02"]),
        ("from=2026-01-05T01:00:00%2B01:00", &["06", "05"]),
        ("to=2026-01-02T00:00:00.001Z&by=ada@example.com", &["02", "01"]),
        ("by=bob@example.com&action=PUT%20/x", &["05", "04"]),
        ("action=DELETE%20/x", &["06"]),
        ("by=nobody", &[]),
        ("from=2026-02-01T00:00:00Z", &[]),
    ] {
        assert_eq!(days(&app, query).await, (expected.iter().map(|day| (*day).to_owned()).collect(), None), "{query}");
    }
    // Page by page within the span.
    let (first, cursor) = days(&app, "from=2026-01-02T00:00:00Z&to=2026-01-05T00:00:00Z&limit=2").await;
    let rest = format!("from=2026-01-02T00:00:00Z&to=2026-01-05T00:00:00Z&limit=2&cursor={}", cursor.unwrap());
    assert_eq!((first, days(&app, &rest).await), (vec!["04".into(), "03".into()], (vec!["02".into()], None)));
    for (query, verdict) in [
        ("from=yesterday", "400 bad_time"),
        ("to=2026-01-02", "400 bad_time"),
        ("from=2026-01-05T01:00:00+01:00", "400 bad_time"),
        ("by=%00", "400 nul_character"),
    ] {
        assert_eq!(app.get(&format!("/api/v1/audit?{query}")).await.verdict(), verdict, "{query}");
    }
}

#[tokio::test]
async fn what_is_rare_in_the_audit_log_is_found_page_by_page() {
    let app = App::start().await;
    log(&app, "ada@example.com", "PUT /x", 1..=1).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let many = "INSERT INTO audit_log (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, request_id) \
                SELECT $1, ('019f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user', $1, 'bob@example.com', 'PUT /x', '/', \
                  200, 'r' FROM generate_series(1, $2) n";
    sqlx::query(many).bind(app.acme.0).bind(LOOKED_AT_MAX).execute(&mut owner).await.unwrap();
    let (none, cursor) = days(&app, "by=ada@example.com").await;
    assert_eq!(none, Vec::<String>::new());
    let rest = format!("by=ada@example.com&cursor={}", cursor.unwrap());
    assert_eq!(days(&app, &rest).await, (vec!["01".into()], None));
    // What is older than the span is not looked for.
    assert_eq!(days(&app, "by=ada@example.com&from=2026-06-01T00:00:00Z").await.0, Vec::<String>::new());
}

#[tokio::test]
async fn executions_are_listed_by_the_time_of_their_start() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let written = |hours: i64| (Utc::now() + TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (before, after) = (written(-1), written(1));
    for (query, is_there) in [
        (format!("from={before}&to={after}"), true),
        (format!("from={before}&workflow_id={workflow}&status=queued"), true),
        (format!("from={after}"), false),
        (format!("from={after}&status=queued"), false),
        (format!("to={before}"), false),
        (format!("to={before}&status=queued"), false),
    ] {
        let page = app.get(&format!("/api/v1/executions?{query}")).await.json();
        let ids: Vec<&str> =
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, if is_there { vec![id.as_str()] } else { vec![] }, "{query}");
        assert_eq!(page["next_cursor"], Value::Null, "{query}");
    }
    assert_eq!(app.get("/api/v1/executions?from=now").await.verdict(), "400 bad_time");
}
