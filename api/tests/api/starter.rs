//! The starter when the database misbehaves.

use std::sync::Arc;
use std::time::Duration;

use capstan_api::starter::{StartError, Starter};
use capstan_engine::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::start::{Start, Started};
use capstan_engine::store::upkeep::make_months;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::App;

fn item(app: &App, input: Value, key: Option<&str>) -> Start {
    Start {
        execution_id: ExecutionId::new(),
        workspace_id: app.acme,
        workflow_id: WorkflowId::new(),
        version_id: VersionId::new(),
        trigger: NodeId::from("start"),
        input,
        timeout_ms: None,
        idempotency_key: key.map(|key| key.to_owned().into()),
        trace: None,
        vt: 0,
    }
}

#[tokio::test]
async fn what_cannot_be_stored_fails_alone() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    let starts = (0..40).map(|n| {
        let input = if n % 10 == 3 { json!("a\0b") } else { json!(n) };
        starter.start(item(&app, input, None))
    });
    let answers = futures::future::join_all(starts).await;
    for (n, answer) in answers.iter().enumerate() {
        match answer {
            Ok(Started::New(_)) => assert_ne!(n % 10, 3),
            Err(StartError::Refused(_)) => assert_eq!(n % 10, 3),
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(app.count("executions").await, 36);
}

#[tokio::test]
async fn where_the_month_has_no_tables_nothing_is_started_and_the_input_is_not_blamed() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let no_worker_for_months = "DO $$ DECLARE v_table regclass; BEGIN \
        FOR v_table IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'executions'::regclass LOOP \
          EXECUTE format('DROP TABLE %s', v_table); END LOOP; END $$";
    sqlx::raw_sql(no_worker_for_months).execute(&mut owner).await.unwrap();
    let starts = [starter.start(item(&app, json!(1), None)), starter.start(item(&app, json!(2), Some("k")))];
    for answer in futures::future::join_all(starts).await {
        assert_eq!(answer.unwrap_err(), StartError::Unavailable);
    }
    make_months(&mut owner).await.unwrap();
    let again = starter.start(item(&app, json!(2), Some("k"))).await.unwrap();
    assert!(matches!(again, Started::New(_)), "{again:?}");
    assert_eq!(app.count("executions").await, 1);
}

#[tokio::test]
async fn a_start_wakes_the_worker_of_the_process_and_others() {
    let app = App::start().await;
    let waker = Arc::new(Notify::new());
    let mut listener = sqlx::postgres::PgListener::connect_with(&app.cell.pool(Role::Api, 1)).await.unwrap();
    listener.listen(&app.cell.channel()).await.unwrap();
    let starter = Starter::spawn(app.cell.clone(), Some(Arc::clone(&waker)));
    starter.start(item(&app, json!(1), None)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), waker.notified()).await.expect("the worker was not woken");
    tokio::time::timeout(Duration::from_secs(10), listener.recv()).await.expect("no hint came").unwrap();
}

#[tokio::test]
async fn after_a_lost_connection_starts_go_on() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    starter.start(item(&app, json!(1), None)).await.unwrap();
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'capstan' AND pid <> pg_backend_pid() AND datname = current_database()")
        .execute(&mut owner)
        .await
        .unwrap();
    let keyed = starter.start(item(&app, json!(2), Some("k"))).await.unwrap();
    assert!(matches!(keyed, Started::New(_) | Started::Replayed(_)));
    assert_eq!(app.count("executions").await, 2);
}

/// As when the primary dies with a start under way, and its standby, which may have it, refuses to write.
#[tokio::test]
async fn of_a_start_that_is_refused_when_it_is_repeated_nobody_says_that_nothing_was_started() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    starter.start(item(&app, json!(1), None)).await.unwrap();
    let mut holder = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE executions IN ACCESS EXCLUSIVE MODE").execute(&mut holder).await.unwrap();
    let start = item(&app, json!(2), Some("k"));
    let asked = tokio::spawn(async move { starter.start(start).await });
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let waits = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let session = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let found: Option<i32> = sqlx::query_scalar(waits).fetch_optional(&mut owner).await.unwrap();
            if let Some(pid) = found {
                return pid;
            }
        }
    });
    let session = session.await.expect("the start never came to the lock");
    let refuse = format!("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {} FROM capstan_starter", app.cell.schema);
    sqlx::raw_sql(&refuse).execute(&mut owner).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)").bind(session).execute(&mut owner).await.unwrap();
    assert_eq!(asked.await.unwrap(), Err(StartError::Unknown));
}

#[tokio::test]
async fn a_workspace_that_starts_much_queues_behind_itself() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    for _ in 0..3 {
        starter.start(item(&app, json!(1), None)).await.unwrap();
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let stamps: Vec<i64> = sqlx::query_scalar("SELECT vt FROM queue ORDER BY vt").fetch_all(&mut owner).await.unwrap();
    assert_eq!(stamps, [0, 1_000_000, 2_000_000]);
}

#[tokio::test]
async fn large_inputs_go_in_several_batches_and_too_many_at_once_are_put_off() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    let large = json!("x".repeat(1024 * 1024));
    let starts = (0..80).map(|_| starter.start(item(&app, large.clone(), None)));
    let answers = futures::future::join_all(starts).await;
    let started = answers.iter().filter(|answer| matches!(answer, Ok(Started::New(_)))).count();
    let put_off = answers.iter().filter(|answer| matches!(answer, Err(StartError::Overloaded))).count();
    assert_eq!(started + put_off, 80);
    assert!(started >= 60 && put_off >= 10, "{started} started, {put_off} put off");
    assert!(matches!(starter.start(item(&app, large, None)).await, Ok(Started::New(_))));
}

/// Limits the executions of `acme` to ten a month, so to twelve with the tolerance.
async fn ten_a_month(app: &App) {
    app.within_a_day().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'executions', 10, 12)",
    )
    .bind(app.acme.0)
    .execute(&mut owner)
    .await
    .unwrap();
}

#[tokio::test]
async fn what_starts_nothing_costs_nothing_and_closing_gives_the_rest_back() {
    let app = App::start().await;
    ten_a_month(&app).await;
    let starter = Starter::spawn(app.cell.clone(), None);
    for _ in 0..20 {
        let refused = starter.start(item(&app, json!("a\0b"), None)).await;
        assert!(matches!(refused, Err(StartError::Refused(_))), "{refused:?}");
    }
    assert!(matches!(starter.start(item(&app, json!(1), None)).await, Ok(Started::New(_))));
    let clone = starter.clone();
    starter.close().await;
    assert_eq!(clone.start(item(&app, json!(2), None)).await, Err(StartError::Overloaded));
    clone.close().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let granted: i64 = sqlx::query_scalar("SELECT granted FROM quota_counters").fetch_one(&mut owner).await.unwrap();
    assert_eq!((granted, app.count("executions").await), (1, 1));
}

#[tokio::test]
async fn a_quota_is_soft_up_to_a_fifth_more_and_then_hard() {
    let app = App::start().await;
    ten_a_month(&app).await;
    let starter = Starter::spawn(app.cell.clone(), None);
    let answers = futures::future::join_all((0..20).map(|n| starter.start(item(&app, json!(n), None)))).await;
    let started = answers.iter().filter(|answer| matches!(answer, Ok(Started::New(_)))).count();
    let refused = answers.iter().filter(|answer| matches!(answer, Err(StartError::QuotaExceeded { .. }))).count();
    assert_eq!((started, refused), (12, 8));
    assert_eq!(app.count("executions").await, 12);
}
