//! What administrators of the platform see of upkeep.

use std::sync::Arc;

use capstan_engine::store::connect::Role;
use capstan_private_postgres::{Options, PrivatePostgres};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::people::send;
use crate::support::{App, left_out, prepare};
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
    assert_eq!((&told["cell"], &duty["cell"], &duty["workspace"]), (&json!("cell_1"), &json!("cell_1"), &json!(null)));
    assert_eq!((&duty["is_late"], &duty["is_held"]), (&json!(true), &json!(false)));
    assert_eq!((&told["unreachable"], &told["next_cursor"]), (&json!([]), &json!(null)));
    assert_eq!(told["retention"], json!({ "keep_days": 90, "is_archived": true }));
    assert_eq!(told["months"][0]["month"], "2020-01-01");
    assert_eq!(told["slow_statements"].is_array(), preloaded, "{told}");
    let unused = told["unused_indexes"].as_array().unwrap();
    assert!(unused.iter().any(|it| it["index"] == "filled_text" && it["bytes"].as_i64().unwrap() > 1 << 20), "{told}");
}

/// Whether the server that tests run on has the extension. Where CI is, it has to.
async fn has_statistics_of_statements() -> bool {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let found = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')";
    let is_there: bool = sqlx::query_scalar(found).fetch_one(&mut owner).await.unwrap();
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "the server of the tests has no pg_stat_statements");
        left_out(
            "lists of slow statements are not tested: the server has no pg_stat_statements (it comes with contrib)",
        );
    }
    is_there
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_statements_of_the_product_are_told_worst_first_and_without_values() {
    if !has_statistics_of_statements().await {
        return;
    }
    let postgres = tokio::task::spawn_blocking(|| {
        let options = Options::throw_away_in_memory().setting("shared_buffers", "32MB");
        PrivatePostgres::start(options.setting("shared_preload_libraries", "pg_stat_statements")).unwrap()
    });
    let postgres = postgres.await.unwrap();
    let url = postgres.url("postgres");
    prepare(&url).await.unwrap();
    let app = App::start_at(&url, Arc::new(postgres), |_, _| {}).await;
    let session = admin(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let of_the_owner = "CREATE EXTENSION pg_stat_statements; SELECT pg_stat_statements_reset(); \
                        SELECT count(*) FROM generate_series(1, 100000) AS of_the_superuser WHERE of_the_superuser::text <> 'hunter2'";
    sqlx::raw_sql(of_the_owner).execute(&mut owner).await.unwrap();
    let mut api = app.cell.connect(Role::Api).await.unwrap();
    for _ in 0..3 {
        let slow = "SELECT count(*) FROM generate_series(1, 100000) AS slow WHERE slow::text <> 'hunter2'";
        sqlx::raw_sql(slow).execute(&mut api).await.unwrap();
    }
    let told = send(&app, &session, "GET", "/platform/duties", json!({})).await.json();
    let statements = told["slow_statements"].as_array().unwrap_or_else(|| panic!("{told}"));
    let slow: Vec<&Value> = statements.iter().filter(|it| text(&it["statement"]).contains("AS slow WHERE")).collect();
    assert_eq!((slow.len(), slow[0]["calls"].as_i64()), (1, Some(3)), "{told}");
    assert!(slow[0]["mean_ms"].as_f64().is_some_and(|mean_ms| mean_ms > 0.0), "{told}");
    let all = told["slow_statements"].to_string();
    assert!(!all.contains("hunter2") && !all.contains("of_the_superuser"), "{told}");
    let times: Vec<i64> = statements.iter().map(|it| it["total_ms"].as_i64().unwrap()).collect();
    assert!(times.is_sorted_by(|before, after| before >= after), "{times:?}");
}

/// A dedicated cell as `control` knows it, with a worker there for so many seconds.
async fn dedicated(control: &mut PgConnection, cell_id: Uuid, schema: &str, database: &str, served_s: f64) {
    sqlx::query("INSERT INTO cells (cell_id, schema_name, placement, database_name) VALUES ($1, $2, 'dedicated', $3)")
        .bind(cell_id)
        .bind(schema)
        .bind(database)
        .execute(&mut *control)
        .await
        .unwrap();
    sqlx::query("INSERT INTO cell_dues (cell_id) VALUES ($1)").bind(cell_id).execute(&mut *control).await.unwrap();
    sqlx::query(
        "INSERT INTO cell_hands (cell_id, worker, held_until) \
         VALUES ($1, 'w', clock_timestamp() + make_interval(secs => $2))",
    )
    .bind(cell_id)
    .bind(served_s)
    .execute(control)
    .await
    .unwrap();
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Cell, workspace and duty of each.
fn named(items: &Value) -> Vec<(&str, &str, &str)> {
    items.as_array().unwrap().iter().map(|it| (text(&it["cell"]), text(&it["workspace"]), text(&it["name"]))).collect()
}

#[tokio::test]
async fn duties_are_told_of_all_cells_that_are_awake_and_one_that_is_away_hides_no_other() {
    let app = App::start().await;
    let session = admin(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut control = app.control.connect(Role::Owner).await.unwrap();
    let (database, other): (String, Uuid) =
        sqlx::query_as("SELECT current_database()::text, workspace_id FROM workspaces WHERE slug = 'other'")
            .fetch_one(&mut control)
            .await
            .unwrap();
    // What counts of a cell here is its table of duties: it may as well be in a schema of the same database.
    let sql = "INSERT INTO duties (name, holder, take_no, leased_until, last_begun_at, last_ended_at, is_done, outcome, next_due_at) \
                 VALUES ('health', 'w', 3, now() + interval '1 hour', now(), now(), true, 'taken', now() - interval '2 hours'), \
                        ('tidying', 'w', 3, NULL, now(), now(), true, 'done', now() - interval '2 hours'); \
               CREATE SCHEMA far; \
               CREATE TABLE far.duties (LIKE duties INCLUDING ALL); \
               GRANT USAGE ON SCHEMA far TO capstan_api; \
               GRANT SELECT ON far.duties TO capstan_api; \
               INSERT INTO far.duties (name, holder, take_no, last_begun_at, last_ended_at, is_done, outcome, next_due_at) \
                 VALUES ('retention', 'v', 1, now(), now(), false, 'the archive is full', now() + interval '1 hour')";
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    dedicated(&mut control, other, "far", &database, 3_600.0).await;
    dedicated(&mut control, Uuid::now_v7(), "capstan", "capstan_nowhere", 3_600.0).await;
    dedicated(&mut control, Uuid::now_v7(), "capstan", "capstan_asleep", -1.0).await;

    let told_at = async |path: &str| {
        let told = send(&app, &session, "GET", path, json!({})).await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()
    };
    let told = told_at("/platform/duties").await;
    let all = [("cell_1", "", "health"), ("cell_1", "", "tidying"), (database.as_str(), "other", "retention")];
    assert_eq!(named(&told["items"]), all, "{told}");
    let how = |at: usize| {
        let duty = &told["items"][at];
        (duty["is_done"].as_bool(), duty["is_held"].as_bool(), duty["is_late"].as_bool())
    };
    // At work, late, failed.
    assert_eq!(how(0), (Some(true), Some(true), Some(false)));
    assert_eq!(how(1), (Some(true), Some(false), Some(true)));
    assert_eq!(how(2), (Some(false), Some(false), Some(false)));
    assert_eq!(told["items"][2]["outcome"], "the archive is full");
    assert_eq!(told["items"][2]["workspace_id"], json!(other));
    // The one that is asleep was not looked for: it would be among these.
    assert_eq!(named(&told["unreachable"]), [("capstan_nowhere", "", "")]);
    assert_eq!(told["unreachable"][0]["reason"], "the database does not answer at the moment");

    // By pages of dedicated cells, newest first; pooled ones are on the first.
    let first = told_at("/platform/duties?limit=1").await;
    assert_eq!(named(&first["items"]), all[..2]);
    assert_eq!(named(&first["unreachable"]), [("capstan_nowhere", "", "")]);
    let next = format!("/platform/duties?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = told_at(&next).await;
    assert_eq!((named(&second["items"]), &second["unreachable"]), (all[2..].to_vec(), &json!([])));
    assert_eq!((&second["next_cursor"], &second["cell"]), (&json!(null), &json!("cell_1")));
    let wrong = send(&app, &session, "GET", "/platform/duties?cursor=x", json!({})).await;
    assert_eq!(wrong.verdict(), "400 bad_cursor");

    // One that hangs is waited for so long and no longer.
    let hang = "DROP TABLE far.duties; \
        CREATE VIEW far.duties AS SELECT d.* FROM duties d CROSS JOIN (SELECT pg_sleep(600)) AS pause; \
        GRANT SELECT ON far.duties TO capstan_api";
    sqlx::raw_sql(hang).execute(&mut owner).await.unwrap();
    let told = told_at("/platform/duties").await;
    assert_eq!(named(&told["items"]), all[..2]);
    let hung = told["unreachable"].as_array().unwrap().iter().find(|it| it["workspace"] == "other").unwrap();
    assert_eq!(hung["reason"], "there was no answer within 2 s");
}
