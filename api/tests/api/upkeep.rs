//! What administrators of the platform see of upkeep.

use capstan_engine::store::connect::Role;
use serde_json::json;

use crate::people::send;
use crate::support::App;
use crate::tenants::admin;

#[tokio::test]
async fn administrators_of_the_platform_see_duties_retention_and_reports() {
    let app = App::start().await;
    assert_eq!(app.get("/api/v1/platform/duties").await.verdict(), "403 not_platform");
    let session = admin(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    // Without the library in the server the view refuses to tell; that is no reason for an error.
    let sql = "INSERT INTO duties (name, holder, take_no, last_begun_at, last_ended_at, is_done, outcome, next_due_at) \
                 VALUES ('retention', 'w', 3, now(), now(), false, 'why', now() - interval '1 hour'); \
               UPDATE retention SET keep_days = 90, is_archived = true; \
               INSERT INTO history_months (month) VALUES ('2020-01-01'); \
               CREATE TABLE filled AS SELECT n, repeat('x', 100) || n AS text FROM generate_series(1, 20000) AS n; \
               CREATE INDEX filled_text ON filled (text); \
               DO $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') \
                 THEN CREATE EXTENSION pg_stat_statements; END IF; END $$";
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    let preloaded: bool = sqlx::query_scalar(
        "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' \
            AND EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements')",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    let told = send(&app, &session, "GET", "/platform/duties", json!({})).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    let duty = &told["items"][0];
    assert_eq!(
        (&duty["name"], &duty["outcome"], &duty["is_done"]),
        (&json!("retention"), &json!("why"), &json!(false))
    );
    assert!(duty["late_s"].as_f64().unwrap() >= 3_600.0, "{told}");
    assert_eq!(told["cell"], "cell_1");
    assert_eq!(told["retention"], json!({ "keep_days": 90, "is_archived": true }));
    assert_eq!(told["months"][0]["month"], "2020-01-01");
    assert_eq!(told["slow_statements"].is_array(), preloaded, "{told}");
    let unused = told["unused_indexes"].as_array().unwrap();
    assert!(unused.iter().any(|it| it["index"] == "filled_text" && it["bytes"].as_i64().unwrap() > 1 << 20), "{told}");
}
