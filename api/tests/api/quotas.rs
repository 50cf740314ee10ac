//! Quotas are exact, whoever starts, dies or comes late; what is used is shown, and each unit has its receipt.

use capstan_api::starter::{StartError, Starter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use capstan_domain::quotas::{self, EMAILS, EXECUTIONS, PlanChange, Till};
use capstan_engine::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::purses::Purses;
use capstan_engine::store::quotas::{Reconciled, reclaim, reconcile};
use capstan_engine::store::start::{Start, Started};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{App, simple};

fn item(app: &App, key: Option<&str>) -> Start {
    Start {
        execution_id: ExecutionId::new(),
        workspace_id: app.acme,
        workflow_id: WorkflowId::new(),
        version_id: VersionId::new(),
        trigger: NodeId::from("start"),
        input: json!(1),
        timeout_ms: None,
        idempotency_key: key.map(|key| key.to_owned().into()),
        trace: None,
        vt: 0,
    }
}

/// Gives `acme` these limits, by way of `control` and a sync, as the command line does.
pub(crate) async fn limit(app: &App, limits: Value, buffer_percent: i32) {
    app.within_a_day().await;
    let mut control = app.control.connect(Role::Owner).await.unwrap();
    let plan = Some("unlimited".to_owned());
    let change = PlanChange { plan, overrides: Some(limits), buffer_percent: Some(buffer_percent) };
    quotas::set_plan(&mut control, app.acme, &change).await.unwrap();
    let mut cell = app.cell.connect(Role::Api).await.unwrap();
    let name = format!("SELECT set_config('app.workspace_id', '{}', false)", app.acme);
    sqlx::query(&name).execute(&mut cell).await.unwrap();
    for unsynced in quotas::to_sync(&mut control, Some(app.acme), 1).await.unwrap() {
        assert_eq!(unsynced.cell.schema_name, app.cell.schema);
        quotas::write_limits(&mut cell, &unsynced).await.unwrap();
        quotas::mark_synced(&mut control, &unsynced).await.unwrap();
    }
    assert!(quotas::to_sync(&mut control, None, 9).await.unwrap().iter().all(|one| one.workspace_id != app.acme.0));
}

/// Starts as many as asked for, over those starters in turns; answers how many started and how many were refused.
async fn start_all(app: &App, starters: &[Starter], count: usize) -> (usize, usize) {
    let starts = (0..count).map(|n| starters[n % starters.len()].start(item(app, None)));
    let answers = futures::future::join_all(starts).await;
    let started = answers.iter().filter(|answer| matches!(answer, Ok(Started::New(_)))).count();
    let refused = answers.iter().filter(|answer| matches!(answer, Err(StartError::QuotaExceeded { .. }))).count();
    (started, refused)
}

fn starters(app: &App) -> Vec<Starter> {
    (0..4).map(|_| Starter::spawn(app.cell.clone(), None)).collect()
}

/// Executions of acme that were there before.
async fn used_before(app: &App, count: i64) {
    app.within_a_day().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
         SELECT overlay(gen_random_uuid()::text placing left(uuid_floor_1(clock_timestamp())::text, 14) || '7' from 1 for 15)::uuid, \
                $1, $1, $1, 'start', '1' FROM generate_series(1, $2)",
    )
    .bind(app.acme.0)
    .bind(count)
    .execute(&mut owner)
    .await
    .unwrap();
    let counted = "INSERT INTO quota_counters (workspace_id, meter, period, granted) \
                   VALUES ($1, 'executions', date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date, $2)";
    sqlx::query(counted).bind(app.acme.0).bind(count).execute(&mut owner).await.unwrap();
}

async fn one<T>(connection: &mut PgConnection, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

async fn soft_events(app: &App) -> i64 {
    app.count("events WHERE type = 'quota.soft'").await
}

async fn exceeded_events(app: &App) -> i64 {
    app.count("events WHERE type = 'quota.exceeded'").await
}

/// Counter and facts, once all is given back.
async fn settled(app: &App) -> (i64, i64) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    assert_eq!(app.count("quota_slices").await, 0, "all is given back");
    (one(&mut owner, "SELECT granted FROM quota_counters").await, app.count("executions").await)
}

#[tokio::test]
async fn of_2000_starts_over_four_processes_exactly_300_begin_and_with_no_buffer_100() {
    for (buffer, expected) in [(20, (300, 1_700)), (0, (100, 1_900))] {
        let app = App::start().await;
        used_before(&app, 900).await;
        limit(&app, json!({ "executions_per_month": 1_000 }), buffer).await;
        let starters = starters(&app);
        assert_eq!(start_all(&app, &starters, 2_000).await, expected);
        assert_eq!((soft_events(&app).await, exceeded_events(&app).await), (1, 1));
        for starter in &starters {
            starter.close().await;
        }
        let all = 900 + i64::try_from(expected.0).unwrap();
        assert_eq!(settled(&app).await, (all, all));
    }
}

#[tokio::test]
async fn what_a_dead_process_held_is_there_for_others_once_its_lease_is_over() {
    let app = App::start().await;
    limit(&app, json!({ "executions_per_month": 100 }), 0).await;
    let mut dead = app.cell.connect(Role::Starter).await.unwrap();
    // It took 40, spent 3 of them, and was killed.
    let take = format!("SELECT granted FROM take_slice_2('{}', 'executions', gen_random_uuid(), 0, 40, 40)", app.acme);
    assert_eq!(one::<i64>(&mut dead, &take).await, 40);
    let three: Vec<Start> = (0..3).map(|_| item(&app, None)).collect();
    capstan_engine::store::start::start(&mut dead, &three).await.unwrap();
    let starters = starters(&app);
    assert_eq!(start_all(&app, &starters, 200).await, (60, 140), "the lease is not over");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    // The others have told that they hold nothing any more.
    while app.count("quota_slices").await > 1 {
        tokio::task::yield_now().await;
    }
    sqlx::query("UPDATE quota_slices SET until_at = clock_timestamp() - interval '1 second' WHERE units = 40")
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(start_all(&app, &starters, 200).await, (37, 163), "a refusal comes only after a fresh ask");
    for starter in &starters {
        starter.close().await;
    }
    assert_eq!(settled(&app).await, (100, 100));
    assert!(!reclaim(&mut app.cell.connect(Role::Worker).await.unwrap()).await.unwrap());
}

#[tokio::test]
async fn the_first_slice_of_a_month_is_counted_in_that_month_only() {
    let app = App::start().await;
    limit(&app, json!({ "executions_per_month": 10 }), 0).await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let take = |at: &str, units: i64| {
        format!(
            "SELECT granted || ' ' || period || ' ' || ends_ms FROM take_slice_at_1('{at}', '{}', 'executions', \
             'a0000000-0000-7000-8000-000000000000', 0, {units}, {units})",
            app.acme
        )
    };
    assert_eq!(one::<String>(&mut worker, &take("2031-11-30T23:59:59.990Z", 8)).await, "8 2031-11-01 10");
    assert_eq!(one::<String>(&mut worker, &take("2031-11-30T23:59:59.999Z", 9)).await, "2 2031-11-01 1");
    assert_eq!(one::<String>(&mut worker, &take("2031-12-01T00:00:00Z", 9)).await, "9 2031-12-01 2678400000");
    let counted = "SELECT string_agg(period || ' ' || granted, ', ' ORDER BY period) FROM quota_counters \
                   WHERE period > '2030-01-01'";
    assert_eq!(one::<String>(&mut worker, counted).await, "2031-11-01 10, 2031-12-01 9");
    assert_eq!(soft_events(&app).await, 1, "November was used up, December is not");
    assert_eq!(exceeded_events(&app).await, 0, "what was granted in part is no refusal");
    assert_eq!(one::<String>(&mut worker, &take("2031-12-01T00:00:00Z", 9)).await, "1 2031-12-01 2678400000");
    for _ in 0..2 {
        assert_eq!(one::<String>(&mut worker, &take("2031-12-01T00:00:00Z", 9)).await, "0 2031-12-01 2678400000");
    }
    let told = "SELECT string_agg(concat_ws(' ', type, key, data ->> 'period', data ->> 'used', data ->> 'resets_at'), ', ' \
                  ORDER BY client_id) FROM events WHERE data ->> 'period' = '2031-12'";
    let of = |what: &str| format!("quota.{what} executions_per_month 2031-12 10 2032-01-01T00:00:00Z");
    assert_eq!(one::<String>(&mut worker, told).await, format!("{}, {}", of("exceeded"), of("soft")));
}

#[tokio::test]
async fn without_a_limit_no_start_touches_a_quota_and_all_are_counted_in_the_end() {
    let app = App::start().await;
    let starter = Starter::spawn(app.cell.clone(), None);
    assert_eq!(start_all(&app, std::slice::from_ref(&starter), 300).await, (300, 0));
    assert_eq!((app.count("quota_slices").await, app.count("quota_counters").await), (0, 0));
    starter.close().await;
    assert_eq!(settled(&app).await, (300, 300));
}

#[tokio::test]
async fn a_limit_that_is_lowered_below_what_is_used_is_told_with_the_first_refusal() {
    let app = App::start().await;
    used_before(&app, 5).await;
    limit(&app, json!({ "executions_per_month": 3 }), 0).await;
    let starters = starters(&app);
    assert_eq!(start_all(&app, &starters, 8).await, (0, 8));
    assert_eq!((soft_events(&app).await, exceeded_events(&app).await), (1, 1));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let used = "SELECT string_agg(data ->> 'used', ' ' ORDER BY type) FROM events";
    assert_eq!(one::<String>(&mut owner, used).await, "5 3");
}

#[tokio::test]
async fn repetitions_cost_nothing_and_a_start_beyond_the_limit_says_so() {
    let app = App::start().await;
    let id = app.publish(&simple()).await;
    limit(&app, json!({ "executions_per_month": 2 }), 50).await;
    let start = async |key: &str| {
        let request = app.request("POST", "/api/v1/executions").header("idempotency-key", key);
        app.send(crate::support::as_json(request, &json!({ "workflow_id": id }))).await
    };
    let first = start("a").await;
    assert_eq!((first.verdict().as_str(), first.header("capstan-quota")), ("202", None));
    for _ in 0..5 {
        assert_eq!(start("a").await.header("idempotent-replayed"), Some("true"));
    }
    for (key, expected) in [("b", "202"), ("c", "202"), ("d", "429 quota_exceeded")] {
        let answer = start(key).await;
        assert_eq!(answer.verdict(), expected, "{key}");
        let retry_after = answer.header("retry-after").map(|text| text.parse::<u64>().unwrap());
        assert_eq!(retry_after.is_some_and(|after| (1..=31 * 86_400 + 1).contains(&after)), key == "d");
        let soft = answer.header("capstan-quota") == Some("executions_per_month; state=soft; limit=2");
        assert_eq!(soft, key != "d", "{key}");
    }
    let usage = app.get("/api/v1/usage").await.json();
    let executions =
        usage["quotas"].as_array().unwrap().iter().find(|one| one["quota"] == "executions_per_month").unwrap();
    assert_eq!((&executions["limit"], &executions["hard"]), (&json!(2), &json!(3)));
    assert_eq!(app.count("executions").await, 3);
}

#[tokio::test]
async fn each_unit_has_its_receipt_page_by_page_and_no_other_workspace_sees_it() {
    let app = App::start().await;
    let id = app.publish(&simple()).await;
    let mut started = Vec::new();
    for _ in 0..3 {
        started.insert(0, app.begin(&id).await);
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    for position in [4, 9] {
        let used = "INSERT INTO usage (execution_id, position, meter, workspace_id, units) VALUES ($1::uuid, $2, 'emails', $3, 1)";
        sqlx::query(used).bind(&started[1]).bind(position).bind(app.acme.0).execute(&mut owner).await.unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/usage/receipts?limit=2{cursor}")).await.json();
        for item in page["items"].as_array().unwrap() {
            found.push((item["execution_id"].as_str().unwrap().to_owned(), item["quota"].as_str().unwrap().to_owned()));
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let (run, mail) = ("executions_per_month", "email_sends_per_month");
    let expected = [(0, run), (1, mail), (1, mail), (1, run), (2, run)];
    assert_eq!(found, expected.map(|(n, quota)| (started[n].clone(), quota.to_owned())));
    let mails = app.get(&format!("/api/v1/usage/receipts?quota={mail}")).await.json();
    assert_eq!(mails["items"].as_array().unwrap().len(), 2);
    for (wrong, expected) in
        [("quota=leads", "400 bad_quota"), ("cursor=x", "400 bad_cursor"), ("limit=0", "400 bad_limit")]
    {
        assert_eq!(app.get(&format!("/api/v1/usage/receipts?{wrong}")).await.verdict(), expected);
    }
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(other.get("/api/v1/usage/receipts").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_workspace_whose_cell_cannot_be_told_waits_behind_the_others() {
    let app = App::start().await;
    let mut control = app.control.connect(Role::Owner).await.unwrap();
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT workspace_id FROM workspaces").fetch_all(&mut control).await.unwrap();
    for id in ids {
        let change = PlanChange { plan: Some("free".into()), ..PlanChange::default() };
        quotas::set_plan(&mut control, WorkspaceId(id), &change).await.unwrap();
    }
    let mut all = quotas::to_sync(&mut control, None, 9).await.unwrap();
    assert_eq!(all.len(), 2);
    quotas::mark_tried(&mut control, &all[0]).await.unwrap();
    all.reverse();
    let ids = |all: &[quotas::Unsynced]| all.iter().map(|one| one.workspace_id).collect::<Vec<_>>();
    assert_eq!(ids(&quotas::to_sync(&mut control, None, 9).await.unwrap()), ids(&all));
}

#[tokio::test]
async fn the_nightly_check_mends_a_counter_that_is_not_its_facts_and_says_so_once() {
    let app = App::start().await;
    used_before(&app, 5).await;
    limit(&app, json!({ "executions_per_month": 100 }), 0).await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    sqlx::query("UPDATE quota_counters SET granted = 9, is_off = false").execute(&mut worker).await.unwrap();
    assert_eq!(reconcile(&mut worker).await.unwrap(), Reconciled::Mended);
    assert_eq!(settled(&app).await, (5, 5));
    let said =
        "SELECT payload ->> 'counted' || ' ' || (payload ->> 'facts') FROM outbox WHERE type = 'quota.reconciled'";
    assert_eq!(one::<String>(&mut worker, said).await, "9 5");
    assert_eq!(reconcile(&mut worker).await.unwrap(), Reconciled::Over, "nothing more to do today");
    sqlx::query("UPDATE quota_rounds SET day = day - 1").execute(&mut worker).await.unwrap();
    assert_eq!(reconcile(&mut worker).await.unwrap(), Reconciled::Right);
}

#[tokio::test]
async fn many_ask_while_what_is_held_is_told_and_none_waits_for_the_other() {
    let app = App::start().await;
    limit(&app, json!({ "executions_per_month": 1 }), 0).await;
    let till = Till::new(&app.cell, Role::Starter);
    // It is told of in a few seconds, while the others are refused again and again: each time they ask.
    let free = WorkspaceId(Uuid::now_v7());
    assert_eq!(till.admit(free, EMAILS).await.unwrap(), Ok(()));
    let is_over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let (till, is_over, acme) = (Arc::clone(&till), Arc::clone(&is_over), app.acme);
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let _ = till.admit(acme, EXECUTIONS).await.unwrap();
                }
            })
        })
        .collect();
    let told = async {
        while app.count("quota_counters WHERE meter = 'emails'").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    // Who waits for the other gives up after forty seconds, and fails.
    let told = timeout(Duration::from_secs(120), told).await;
    is_over.store(true, Ordering::Relaxed);
    assert!(told.is_ok(), "those that ask and what is told wait for each other");
    for one in asking {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn units_of_an_ask_that_was_given_up_come_back() {
    let app = App::start().await;
    limit(&app, json!({ "executions_per_month": 100 }), 0).await;
    let (purses, key) = (Purses::default(), (app.acme, EXECUTIONS));
    let mut starter = app.cell.connect(Role::Starter).await.unwrap();
    assert_eq!(purses.refill(&mut starter, key, 1).await.unwrap(), Ok(()));
    let mut spent = 1;
    while purses.spend(key) {
        spent += 1;
    }
    purses.confirm(key, spent);

    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut locked = owner.begin().await.unwrap();
    sqlx::query("SELECT FROM quota_counters FOR UPDATE").execute(&mut *locked).await.unwrap();
    let mut other = app.cell.connect(Role::Owner).await.unwrap();
    let holder: i32 = one(&mut locked, "SELECT pg_backend_pid()").await;
    let waits = format!("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {holder} = ANY(pg_blocking_pids(pid)))");
    tokio::select! {
        _ = purses.refill(&mut starter, key, 1) => panic!("it did not wait for the counter"),
        () = async { while !one::<bool>(&mut other, &waits).await {} } => {}
    }
    locked.commit().await.unwrap();
    while one::<i64>(&mut other, "SELECT granted FROM quota_counters").await == spent {
        tokio::task::yield_now().await;
    }
    purses.close(&mut app.cell.connect(Role::Starter).await.unwrap()).await.unwrap();
    assert_eq!(app.count("quota_slices").await, 1, "it is there until its lease is over");
    let over = "UPDATE quota_slices SET until_at = clock_timestamp() - interval '1 second'";
    sqlx::query(over).execute(&mut other).await.unwrap();
    while reclaim(&mut app.cell.connect(Role::Worker).await.unwrap()).await.unwrap() {}
    assert_eq!(settled(&app).await, (0, 0));
}

#[tokio::test]
async fn units_that_are_too_few_for_one_are_there_for_another_at_once() {
    let app = App::start().await;
    limit(&app, json!({ "pages": 10 }), 0).await;
    let mut starter = app.cell.connect(Role::Starter).await.unwrap();
    let mut admitted = Vec::new();
    let processes = [(); 3].map(|()| Purses::default());
    for (purses, units) in processes.iter().zip([8, 5, 2]) {
        admitted.push(purses.refill_units(&mut starter, (app.acme, "pages"), units).await.unwrap().is_ok());
    }
    assert_eq!(admitted, [true, false, true]);
    assert_eq!(app.count("quota_counters WHERE meter = 'pages' AND granted = 10").await, 1);
}
