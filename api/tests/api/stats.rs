//! Sums of days: equal to the facts however often, in how many pages and by whom they are counted.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::analytics::{Recomputed, Turn, is_due, recompute, turn};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Role;
use chrono::{Datelike, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{App, simple};

/// Days are due once each; the day does not end before the test.
async fn start() -> App {
    let app = App::start().await;
    app.within_a_day().await;
    app
}

/// Of the last month, all of which is over.
fn a_day() -> NaiveDate {
    let today = Utc::now().date_naive();
    today - Days::new(u64::from(today.day0()) + 10)
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Adds executions that were asked for at `at` and ended after `ms` as `status`; those that are `queued` have not ended.
async fn add(app: &App, workspace: WorkspaceId, at: &str, status: &str, ms: i64, count: i64) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let ended = if status == "queued" { "NULL".into() } else { format!("t.at + {ms} * interval '1 ms'") };
    let sql = format!(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, status, input, \
           created_at, ended_at) \
         SELECT overlay(gen_random_uuid()::text placing left(uuid_floor_1(t.at)::text, 14) || '7' from 1 for 15)::uuid, \
                '{workspace}', '{workspace}', '{workspace}', 'start', '{status}', '1', t.at, {ended} \
           FROM (SELECT '{at}'::timestamptz AS at) AS t, generate_series(1, {count})"
    );
    run(&mut owner, &sql).await;
}

/// Counts until nothing is due; answers how many turns it took.
async fn count_all(app: &App) -> usize {
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let mut turns = 0;
    while turn(&mut worker).await.unwrap() != Turn::Over {
        turns += 1;
        assert!(turns < 1_000, "it comes to no end");
    }
    assert!(!is_due(&mut worker).await.unwrap(), "nothing is due where all is counted");
    turns
}

/// Has a day counted once more.
async fn make_due(app: &App, day: NaiveDate) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    run(&mut owner, &format!("UPDATE stats_days SET due_at = clock_timestamp() WHERE day = '{day}'")).await;
}

async fn shown(app: &App, key: &str, day: NaiveDate) -> Vec<Value> {
    let path = format!("/api/v1/stats/daily?from={day}&to={day}");
    let answer = app.send(Request::get(path).header("x-api-key", key).body(Body::empty()).unwrap()).await;
    let body = answer.json();
    assert_eq!((&body["from"], &body["to"]), (&json!(day), &json!(day)));
    body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_day_is_the_sum_of_its_facts_and_of_no_other_day_or_workspace() {
    let app = start().await;
    let day = a_day();
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    assert!(is_due(&mut worker).await.unwrap(), "days that nobody has counted yet are due");
    add(&app, app.acme, &format!("{day} 00:00:00"), "completed", 100, 8).await;
    add(&app, app.acme, &format!("{day} 12:00:00"), "completed", 10_000, 1).await;
    add(&app, app.acme, &format!("{day} 23:59:59.999"), "failed", 1_000, 1).await;
    add(&app, app.acme, &format!("{day} 12:00:00"), "cancelled", 1_000_000, 2).await;
    add(&app, app.acme, &format!("{day} 12:00:00"), "queued", 0, 3).await;
    add(&app, app.acme, &format!("{} 23:59:59.999", day - Days::new(1)), "completed", 5, 1).await;
    add(&app, app.acme, &format!("{} 00:00:00", day + Days::new(1)), "failed", 5, 1).await;
    // Tried out while its draft was drawn.
    add(&app, app.acme, &format!("{day} 13:00"), "failed", 5, 1).await;
    app.publish(&simple()).await;
    let acme = app.acme;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let noon = format!("uuid_floor_1('{day} 12:00')::text, 14) from 1 for 14)::uuid");
    let noon = format!("overlay(gen_random_uuid()::text placing left({noon}");
    run(
        &mut owner,
        &format!(
            "INSERT INTO trial_versions (workspace_id, version_id, workflow_id, digest, semantics) \
             SELECT '{acme}', w.workflow_id, w.workflow_id, '', 1 FROM workflows w; \
             UPDATE executions SET version_id = (SELECT w.workflow_id FROM workflows w) \
              WHERE created_at = '{day} 13:00'; \
             INSERT INTO usage (execution_id, position, meter, workspace_id, units, created_at) \
             VALUES (uuid_floor_1('{day}'), 1, 'emails', '{acme}', 2, '{day} 01:00'), \
                    (uuid_floor_1('{day}'), 2, 'emails', '{acme}', 1, '{day} 23:59:59.999'), \
                    (uuid_floor_1('{day}'), 3, 'emails', '{acme}', 9, '{day}'::timestamptz + interval '1 day'), \
                    (uuid_floor_1('{day}'), 4, 'other', '{acme}', 9, '{day} 01:00'); \
             INSERT INTO leads (workspace_id, lead_id, name, status, source, deleted_at) \
             VALUES ('{acme}', {noon}, 'a', 'new', 's', NULL), ('{acme}', {noon}, 'b', 'new', 's', now()), \
                    ('{acme}', gen_random_uuid(), 'c', 'new', 's', NULL)"
        ),
    )
    .await;
    count_all(&app).await;
    let mut found = shown(&app, &app.key, day).await;
    assert_eq!(found.len(), 1);
    let mut found = found.remove(0);
    assert!(found["counted_at"].is_string());
    let durations = found["duration_ms"].take();
    assert_eq!((&durations["mean"], &durations["max"]), (&json!(1_180), &json!(10_000)));
    let near = |name: &str, exact: f64| {
        let told = durations[name].as_f64().unwrap();
        assert!((told - exact).abs() <= exact * 0.05, "{name}: {told}, not {exact}");
    };
    near("p50", 100.0);
    near("p95", 10_000.0);
    let executions = json!({ "started": 15, "completed": 9, "failed": 1, "cancelled": 2, "open": 3 });
    assert_eq!((&found["executions"], &found["success_rate"]), (&executions, &json!(0.9)));
    assert_eq!((&found["emails_sent"], &found["leads_created"]), (&json!(3), &json!(2)));
    let before = shown(&app, &app.key, day - Days::new(1)).await;
    assert_eq!(before[0]["executions"]["started"], 1);
    assert_eq!(shown(&app, &app.other_key, day).await, Vec::<Value>::new(), "the other workspace has nothing to tell");
}

#[tokio::test]
async fn a_recount_replaces_the_row_and_changes_nothing_where_the_facts_are_the_same() {
    let app = start().await;
    let day = a_day();
    add(&app, app.acme, &format!("{day} 12:00"), "queued", 0, 2).await;
    count_all(&app).await;
    let first = shown(&app, &app.key, day).await;
    assert_eq!(count_all(&app).await, 0, "what is counted is not counted again at once");
    make_due(&app, day).await;
    count_all(&app).await;
    let mut second = shown(&app, &app.key, day).await;
    assert_ne!(first[0]["counted_at"], second[0]["counted_at"].take());
    assert_eq!(first[0]["executions"], second[0]["executions"]);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    run(&mut owner, "UPDATE executions SET status = 'failed', ended_at = created_at + interval '1 minute'").await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let mut looked_at = 0;
    let done = recompute(&mut worker, day, Some(app.acme), |more| looked_at += more).await.unwrap();
    assert_eq!((done, looked_at), (Recomputed::Counted(1), 2));
    let third = shown(&app, &app.key, day).await;
    assert_eq!((&third[0]["executions"]["failed"], &third[0]["success_rate"]), (&json!(2), &json!(0.0)));
    assert_eq!(app.count("workspace_daily_stats").await, 1);
    // A count that began earlier, and comes to its end later, changes nothing.
    run(&mut owner, "DELETE FROM executions; UPDATE workspace_daily_stats SET counted_at = now() + interval '1 hour'")
        .await;
    recompute(&mut worker, day, Some(app.acme), |_| ()).await.unwrap();
    assert_eq!(app.count("workspace_daily_stats").await, 1);
    run(&mut owner, "UPDATE workspace_daily_stats SET counted_at = now()").await;
    recompute(&mut worker, day, Some(app.acme), |_| ()).await.unwrap();
    assert_eq!(app.count("workspace_daily_stats").await, 0, "where there is nothing to tell there is no row");
}

#[tokio::test]
async fn a_count_goes_on_where_it_was_broken_off_and_one_process_counts_at_a_time() {
    let app = start().await;
    let day = a_day();
    add(&app, app.acme, &format!("{day} 08:00"), "completed", 50, 11_000).await;
    add(&app, app.acme, &format!("{day} 18:00"), "failed", 70, 1).await;
    let mut workers = [app.cell.connect(Role::Worker).await.unwrap(), app.cell.connect(Role::Worker).await.unwrap()];
    run(&mut workers[0], "BEGIN; SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#stats'), 0)").await;
    assert_eq!(turn(&mut workers[1]).await.unwrap(), Turn::Over, "somebody else is at it");
    run(&mut workers[0], "ROLLBACK").await;
    // Days behind that one come first, and have nothing to count.
    let mut turns = 0;
    let (mut at_hand, mut broken_off) = (0, 0);
    while turn(&mut workers[turns % 2]).await.unwrap() != Turn::Over {
        turns += 1;
        let now_at_hand = app.count("stats_days WHERE at_workspace IS NOT NULL").await;
        at_hand = now_at_hand.max(at_hand);
        if now_at_hand == 1 && broken_off == 0 {
            // Who dies in a turn has done nothing.
            let mut dying = app.cell.connect(Role::Worker).await.unwrap();
            let mut transaction = dying.begin().await.unwrap();
            turn(&mut transaction).await.unwrap();
            transaction.rollback().await.unwrap();
            broken_off += 1;
        }
    }
    assert_eq!((at_hand, broken_off), (1, 1), "eleven thousand are more than one turn counts");
    let row = shown(&app, &app.key, day).await.remove(0);
    let executions = json!({ "started": 11_001, "completed": 11_000, "failed": 1, "cancelled": 0, "open": 0 });
    assert_eq!((&row["executions"], &row["duration_ms"]["max"]), (&executions, &json!(70)));
    assert_eq!(row["duration_ms"]["mean"], 50);
    // The same at once and in other pages.
    let mut by_hand = app.cell.connect(Role::Worker).await.unwrap();
    assert_eq!(recompute(&mut by_hand, day, None, |_| ()).await.unwrap(), Recomputed::Counted(1));
    let again = shown(&app, &app.key, day).await.remove(0);
    assert_eq!((&again["executions"], &again["duration_ms"]), (&row["executions"], &row["duration_ms"]));
}

#[tokio::test]
async fn a_workspace_that_cannot_be_counted_keeps_no_other_from_it() {
    let app = start().await;
    let day = a_day();
    let other: uuid::Uuid = {
        let mut control = app.control.connect(Role::Owner).await.unwrap();
        let sql = "SELECT workspace_id FROM workspaces WHERE slug = 'other'";
        sqlx::query_scalar(sql).fetch_one(&mut control).await.unwrap()
    };
    for workspace in [app.acme, WorkspaceId(other)] {
        add(&app, workspace, &format!("{day} 12:00"), "completed", 10, 1).await;
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let refuse = format!(
        "ALTER TABLE workspace_daily_stats ADD CONSTRAINT not_this CHECK (workspace_id <> '{}')",
        app.acme.0.min(other)
    );
    run(&mut owner, &refuse).await;
    count_all(&app).await;
    assert_eq!(app.count("workspace_daily_stats").await, 1);
    run(&mut owner, "ALTER TABLE workspace_daily_stats DROP CONSTRAINT not_this").await;
    make_due(&app, day).await;
    count_all(&app).await;
    assert_eq!(app.count("workspace_daily_stats").await, 2);
}

#[tokio::test]
async fn a_month_that_is_not_held_keeps_its_rows() {
    let app = start().await;
    let day = a_day();
    add(&app, app.acme, &format!("{day} 12:00"), "completed", 10, 1).await;
    count_all(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let month = day.format("executions_%Y_%m");
    run(&mut owner, &format!("ALTER TABLE executions DETACH PARTITION {month}")).await;
    make_due(&app, day).await;
    count_all(&app).await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    assert_eq!(recompute(&mut worker, day, Some(app.acme), |_| ()).await.unwrap(), Recomputed::NotHeld);
    assert_eq!(shown(&app, &app.key, day).await[0]["executions"]["completed"], 1);
    let left = app.count(&format!("stats_days WHERE day = '{day}' AND due_at IS NOT NULL")).await;
    assert_eq!(left, 0, "it is not due again");
}

#[tokio::test]
async fn what_is_no_range_of_days_is_refused_and_a_month_is_shown_where_none_is_asked_for() {
    let app = start().await;
    for (query, verdict) in [
        ("from=yesterday", "400 bad_day"),
        ("to=2026-02-30", "400 bad_day"),
        ("to=2026-2-3", "400 bad_day"),
        ("from=%2B12026-01-01", "400 bad_day"),
        ("to=0001-01-01", "200"),
        ("from=2026-02-02&to=2026-02-01", "400 bad_range"),
        ("from=2025-01-01&to=2026-02-05", "400 bad_range"),
        ("from=2025-01-01&to=2026-02-04", "200"),
        ("since=2026-02-01", "400 unknown_parameter"),
        ("from=a%00", "400 nul_character"),
    ] {
        assert_eq!(app.get(&format!("/api/v1/stats/daily?{query}")).await.verdict(), verdict, "{query}");
    }
    let shown = app.get("/api/v1/stats/daily").await.json();
    let day = |name: &str| shown[name].as_str().unwrap().parse::<NaiveDate>().unwrap();
    assert_eq!(day("to") - day("from"), TimeDelta::days(29));
}
