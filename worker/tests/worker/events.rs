//! Custom events on real workers: each wait takes one event, in whatever order the two come.

use capstan_domain::events::{self, Desk, Intake, Matched, NewEvent, Wait, WaitingStep};
use capstan_domain::execution_triggers;
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey, WorkspaceId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::signals::SIGNALS_PENDING_MAX;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{Cell, graph, node};

const OPEN: &str = "SELECT count(*) FROM event_waits WHERE status = 'open'";
const MATCHED: &str = "SELECT count(*) FROM event_waits WHERE status = 'matched'";
const PENDING: &str = "SELECT count(*) FROM event_turns";

/// A wait with this config, and what comes of each of its ports.
fn waits(config: Value) -> Value {
    graph(
        vec![
            node("paid", "logic.wait_for_event", config),
            node("yes", "data.set", json!({ "values": { "got": "{{ steps.paid.data }}" } })),
            node("late", "data.set", json!({ "values": { "late": "{{ steps.paid }}" } })),
        ],
        &[("start", "out", "paid"), ("paid", "received", "yes"), ("paid", "expired", "late")],
    )
}

fn event(id: &str, type_name: &str, key: &str, data: Value) -> NewEvent {
    NewEvent { id: id.into(), type_name: type_name.into(), key: key.into(), data }
}

/// Takes an event in as the API does: with its role, for the workspace of the transaction.
async fn send_to(cell: &Cell, workspace_id: WorkspaceId, event: NewEvent) -> Intake {
    let mut api = cell.place.connect(Role::Api).await.unwrap();
    let mut transaction = api.begin().await.unwrap();
    sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
        .bind(workspace_id.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let intake = events::accept(&mut transaction, &events::Room::default(), workspace_id, &[event]).await.unwrap();
    if matches!(intake, Intake::Accepted(_)) {
        transaction.commit().await.unwrap();
        events::Bell::new(&cell.place).ring(&mut api).await.unwrap();
    }
    intake
}

async fn send(cell: &Cell, event: NewEvent) {
    let intake = send_to(cell, cell.workspace_id, event).await;
    assert!(matches!(intake, Intake::Accepted(_)), "{intake:?}");
}

fn waiting(cell: &Cell, execution_id: ExecutionId, scope: &str) -> WaitingStep {
    let step = StepKey { node_id: NodeId::from("paid"), scope: Scope(scope.into()) };
    WaitingStep { workspace_id: cell.workspace_id, execution_id, step }
}

/// A wait for an event of that key, also for one of the last hour.
fn wait(key: &str) -> Wait {
    let since_at = Utc::now() - TimeDelta::hours(1);
    Wait { type_name: "order.paid".into(), key: key.into(), condition: None, since_at, until_at: None }
}

/// Executions whose steps wait as the tests say, not as a worker would have it.
async fn executions(cell: &Cell, count: usize) -> Vec<ExecutionId> {
    let version = cell.publish(&waits(json!({ "event": "order.paid" }))).await;
    cell.start_many(version, json!({}), count).await
}

/// Does what the duty of a worker does, until there is nothing to do; how many waits had their event.
async fn work(worker: &mut PgConnection) -> usize {
    let mut given = 0;
    while events::is_any(worker).await.unwrap() {
        events::pass_by(worker).await.unwrap();
        given += events::work(worker, None).await.unwrap().map_or(0, |matched| matched.waits);
    }
    given
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_that_type_and_key_for_which_the_condition_holds_is_the_output() {
    let cell = Cell::new().await;
    let config = json!({ "event": "order.paid", "key": "{{ input.order }}", "when": "{{ event.data.amount > 10 }}" });
    let version = cell.publish(&waits(config)).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "order": 7 })).await;
    cell.until_count(OPEN, 1).await;
    for (n, other) in [
        event("1", "order.paid", "8", json!({ "amount": 100 })),
        event("2", "order.sent", "7", json!({ "amount": 100 })),
        event("3", "order.paid", "", json!({ "amount": 100 })),
        event("4", "order.paid", "7", json!({ "amount": 10 })),
        event("5", "order.paid", "7", json!({ "sum": 100 })),
        event("6", "order.paid", "7", json!(null)),
    ]
    .into_iter()
    .enumerate()
    {
        send(&cell, other).await;
        cell.until_count(PENDING, 0).await;
        assert_eq!(cell.count(OPEN).await, 1, "{n}");
    }
    send(&cell, event("7", "order.paid", "7", json!({ "amount": 11 }))).await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "got": { "amount": 11 } })));
    assert_eq!(cell.steps(id).await["paid"], "completed/received/1");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_came_before_counts_if_the_step_says_so() {
    let cell = Cell::new().await;
    let strict = cell.publish(&waits(json!({ "event": "order.paid", "timeout_ms": 100 }))).await;
    let kind = cell.publish(&waits(json!({ "event": "order.paid", "accept_earlier": "1h" }))).await;
    let worker = cell.worker().await;
    send(&cell, event("1", "order.paid", "", json!(1))).await;
    send(&cell, event("2", "order.paid", "", json!(2))).await;
    cell.until_count(PENDING, 0).await;
    let (strict, kind) = (cell.start(strict, json!({})).await, cell.start(kind, json!({})).await);
    assert_eq!(cell.until(kind, &["completed"]).await.output, Some(json!({ "got": 1 })), "the first of them");
    assert_eq!(cell.until(strict, &["completed"]).await.output, Some(json!({ "late": null })));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_wakes_all_who_wait_and_each_takes_one() {
    let cell = Cell::new().await;
    let version = cell.publish(&waits(json!({ "event": "order.paid" }))).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 5).await;
    cell.until_count(OPEN, 5).await;
    send(&cell, event("1", "order.paid", "", json!(1))).await;
    send(&cell, event("2", "order.paid", "", json!(2))).await;
    for id in ids {
        cell.until(id, &["completed"]).await;
    }
    cell.until_count(PENDING, 0).await;
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'signalled'").await, 5);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_workspace_is_never_taken() {
    let cell = Cell::new().await;
    let id = executions(&cell, 1).await[0];
    let desk = Desk::new(&cell.place);
    let other = WorkspaceId::new();
    assert!(matches!(send_to(&cell, other, event("1", "order.paid", "", json!(1))).await, Intake::Accepted(_)));
    assert_eq!(desk.wait(&waiting(&cell, id, ""), &wait("")).await.unwrap(), None);
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    assert_eq!(work(&mut worker).await, 0);
    assert!(matches!(send_to(&cell, other, event("2", "order.paid", "", json!(2))).await, Intake::Accepted(_)));
    assert_eq!(work(&mut worker).await, 0);
    assert_eq!((cell.count(OPEN).await, cell.count(PENDING).await), (1, 0));
    assert_eq!(desk.expire(&waiting(&cell, id, ""), &wait("")).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_and_a_wait_that_come_at_the_same_time_always_meet() {
    const PAIRS: usize = 120;
    const FLEET: usize = 3;
    let cell = Cell::new().await;
    let ids = executions(&cell, PAIRS).await;
    let desk = Desk::new(&cell.place);
    let (cell, desk) = (&cell, &desk);
    let pair = async |n: usize, id: ExecutionId| {
        let (key, step) = (n.to_string(), waiting(cell, id, ""));
        let (wait, event) = (wait(&key), event(&key, "order.paid", &key, json!(n)));
        let (found, ()) = futures::join!(desk.wait(&step, &wait), send(cell, event));
        usize::from(found.unwrap().is_some())
    };
    // Workers look all the while, and once more when all is committed.
    let duty = async || {
        let mut worker = cell.place.connect(Role::Worker).await.unwrap();
        let mut given = 0;
        while cell.count("SELECT count(*) FROM events").await < PAIRS as i64 {
            given += work(&mut worker).await;
        }
        given + work(&mut worker).await
    };
    let lanes = (0..4).map(async |lane| {
        let mut found = 0;
        for (n, &id) in ids.iter().enumerate().filter(|(n, _)| n % 4 == lane) {
            found += pair(n, id).await;
        }
        found
    });
    let (found, given) = futures::join!(join_all(lanes), join_all((0..FLEET).map(|_| duty())));
    let (found, mut given) = (found.iter().sum::<usize>(), given.iter().sum::<usize>());
    given += work(&mut cell.place.connect(Role::Worker).await.unwrap()).await;
    assert_eq!(found + given, PAIRS, "{found} found by the step, {given} brought to it");
    assert_eq!(cell.count(&format!("{MATCHED} AND event ->> 'key' = key")).await, PAIRS as i64);
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, given as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_for_which_very_many_wait_is_brought_to_them_in_chunks() {
    const WAITS: usize = 450;
    let cell = Cell::new().await;
    let ids = executions(&cell, WAITS).await;
    let desk = Desk::new(&cell.place);
    for &id in &ids {
        desk.wait(&waiting(&cell, id, ""), &wait("")).await.unwrap();
    }
    send(&cell, event("1", "order.paid", "", json!(1))).await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    let mut chunks = Vec::new();
    while let Some(Matched { waits, is_more, .. }) = events::work(&mut worker, None).await.unwrap() {
        chunks.push((waits, is_more));
    }
    assert_eq!(chunks, [(200, true), (200, true), (50, false)]);
    assert_eq!((cell.count(OPEN).await, cell.count("SELECT count(*) FROM signals").await), (0, WAITS as i64));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_without_room_for_its_signals_gets_the_rest_later_and_holds_up_nobody() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    let desk = Desk::new(&cell.place);
    for item in 0..3 {
        desk.wait(&waiting(&cell, ids[0], &format!("each[{item}]")), &wait("")).await.unwrap();
    }
    desk.wait(&waiting(&cell, ids[1], ""), &wait("")).await.unwrap();
    // Nobody has taken what came for one of its steps, as often as may be.
    let fill = "INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
        SELECT $1, gen_random_uuid(), $2, $3, '1' FROM generate_series(1, $4)";
    sqlx::query(fill)
        .bind(ids[0].0)
        .bind(cell.workspace_id.0)
        .bind(waiting(&cell, ids[0], "each[1]").signal())
        .bind(SIGNALS_PENDING_MAX)
        .execute(&mut cell.owner().await)
        .await
        .unwrap();
    send(&cell, event("1", "order.paid", "", json!(1))).await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    assert_eq!(work(&mut worker).await, 3, "all for which there is room, and the other one");
    assert_eq!((cell.count(OPEN).await, cell.count(PENDING).await), (1, 1));
    let mut owner = cell.owner().await;
    for hurry in ["DELETE FROM signals", "UPDATE event_turns SET due_at = clock_timestamp()"] {
        sqlx::query(hurry).execute(&mut owner).await.unwrap();
    }
    assert_eq!(work(&mut worker).await, 1);
    assert_eq!((cell.count(OPEN).await, cell.count(PENDING).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_died_is_repeated_and_has_the_event_that_came_meanwhile() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    let desk = Desk::new(&cell.place);
    // One dies after its wait was written, the other after it found an event.
    assert_eq!(desk.wait(&waiting(&cell, ids[0], ""), &wait("")).await.unwrap(), None);
    send(&cell, event("1", "order.paid", "", json!(1))).await;
    assert_eq!(work(&mut cell.place.connect(Role::Worker).await.unwrap()).await, 1);
    let found = desk.wait(&waiting(&cell, ids[1], ""), &wait("")).await.unwrap().unwrap();
    assert_eq!((&found["id"], &found["data"]), (&json!("1"), &json!(1)));
    // The waits are counted afterwards: nobody tidies meanwhile.
    let tidied = "INSERT INTO duties (name, holder, take_no, last_begun_at, next_due_at) \
                  VALUES ('tidying', 'nobody', 1, now(), 'infinity')";
    sqlx::query(tidied).execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    for id in ids {
        assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "got": 1 })));
    }
    assert_eq!(cell.count("SELECT count(*) FROM event_waits").await, 2);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_taken_in_before_the_time_was_over_counts_though_nobody_had_looked_at_it() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    let desk = Desk::new(&cell.place);
    let wait = Wait { until_at: Some(DateTime::<Utc>::MAX_UTC), ..wait("") };
    let (in_time, late) = (waiting(&cell, ids[0], ""), waiting(&cell, ids[1], ""));
    assert_eq!(desk.wait(&in_time, &wait).await.unwrap(), None);
    assert_eq!(desk.expire(&late, &wait).await.unwrap(), None);
    send(&cell, event("1", "order.paid", "", json!(1))).await;
    for _ in 0..2 {
        assert_eq!(desk.expire(&in_time, &wait).await.unwrap().unwrap()["data"], json!(1));
        assert_eq!(desk.expire(&late, &wait).await.unwrap(), None, "it had given up before");
    }
    assert_eq!(work(&mut cell.place.connect(Role::Worker).await.unwrap()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_sends_what_another_waits_for_and_a_circle_of_events_is_stopped() {
    let cell = Cell::new().await;
    let hop = graph(
        vec![
            node(
                "paid",
                "logic.wait_for_event",
                json!({ "event": "hop", "key": "{{ input.n }}", "accept_earlier": "1h" }),
            ),
            node(
                "on",
                "action.emit_event",
                json!({ "event": "hop", "key": "{{ input.n + 1 }}", "data": "{{ input.n }}" }),
            ),
        ],
        &[("start", "out", "paid"), ("paid", "received", "on")],
    );
    let version = cell.publish(&hop).await;
    send(&cell, event("1", "hop", "0", json!(null))).await;
    sqlx::query("UPDATE events SET depth = 63").execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    let (first, second) = (cell.start(version, json!({ "n": 0 })).await, cell.start(version, json!({ "n": 1 })).await);
    let sent = cell.until(first, &["completed"]).await.output.unwrap();
    assert_eq!((&sent["type"], &sent["key"], &sent["data"]), (&json!("hop"), &json!("1"), &json!(0)));
    let error = cell.until(second, &["failed"]).await.error.unwrap();
    assert_eq!(error["class"], "event_loop", "{error}");
    assert!(error["reason"].as_str().unwrap().contains("64 events"), "{error}");
    assert_eq!(cell.count("SELECT count(*) FROM events").await, 2);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_removes_old_events_and_the_waits_of_executions_that_have_ended() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    let desk = Desk::new(&cell.place);
    for &id in &ids {
        desk.wait(&waiting(&cell, id, ""), &wait("")).await.unwrap();
    }
    send(&cell, event("1", "order.sent", "", json!(1))).await;
    send(&cell, event("2", "order.sent", "", json!(1))).await;
    let mut owner = cell.owner().await;
    let ended = format!("UPDATE executions SET status = 'failed', ended_at = now() WHERE execution_id = '{}'", ids[0]);
    for past in ["UPDATE events SET received_at = now() - interval '9 days' WHERE client_id = '1'", &ended] {
        sqlx::query(past).execute(&mut owner).await.unwrap();
    }
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    assert_eq!(events::tidy(&mut worker).await.unwrap(), 1);
    assert_eq!(events::tidy(&mut worker).await.unwrap(), 0);
    let reached = events::tidy_waits(&mut worker, (Uuid::nil(), Uuid::nil())).await.unwrap().unwrap();
    assert_eq!(events::tidy_waits(&mut worker, reached).await.unwrap(), None);
    let left = "SELECT count(*) FROM event_waits WHERE execution_id =";
    assert_eq!(cell.count(&format!("{left} '{}'", ids[0])).await, 0);
    assert_eq!(cell.count(&format!("{left} '{}'", ids[1])).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_finds_nothing_leaves_no_transaction_open() {
    let cell = Cell::new().await;
    let (mut worker, mut other) =
        (cell.place.connect(Role::Worker).await.unwrap(), cell.place.connect(Role::Worker).await.unwrap());
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut worker).await.unwrap();
    let state = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND state = 'idle'");
    assert_eq!(events::work(&mut worker, None).await.unwrap(), None);
    assert_eq!(cell.count(&state).await, 1);
    // Somebody else looks at ends.
    let held = "SELECT pg_advisory_lock(hashtext(current_schema() || '#ends'), 0)";
    sqlx::query(held).execute(&mut other).await.unwrap();
    assert!(execution_triggers::hand_on(&mut worker).await.unwrap().is_none());
    assert_eq!(cell.count(&state).await, 1);
}
