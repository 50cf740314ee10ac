//! Approvals on real workers: asked once, answered once, whatever happens in between.

use capstan_domain::approvals::{
    self, Answered, ApprovalStep, Ask, By, Decision, Desk, Filter, NewAnswer, UnverifiedLink,
};
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey};
use capstan_engine::store::connect::Role;
use capstan_engine::store::signals::{CANCEL, Sent};
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::doomed::Doomed;
use crate::support::{Cell, Version, graph, node};

const OPEN: &str = "SELECT count(*) FROM approvals WHERE status = 'open'";
const PARKED: &str = "SELECT count(*) FROM journal WHERE kind = 'waiting'";

/// An approval with this config, and what comes of each of its ports.
fn asks(config: Value) -> Value {
    graph(
        vec![
            node("ok", "logic.approval", config),
            node(
                "yes",
                "data.set",
                json!({ "values": { "by": "{{ steps.ok.by }}", "note": "{{ steps.ok.fields.note }}" } }),
            ),
            node("no", "data.set", json!({ "values": { "no": "{{ steps.ok.comment }}" } })),
            node("late", "data.set", json!({ "values": { "late": "{{ steps.ok.answer }}" } })),
        ],
        &[("start", "out", "ok"), ("ok", "approved", "yes"), ("ok", "rejected", "no"), ("ok", "expired", "late")],
    )
}

fn asking(cell: &Cell, execution_id: ExecutionId, node: &str, scope: &str) -> ApprovalStep {
    let step = StepKey { node_id: NodeId::from(node), scope: Scope(scope.into()) };
    ApprovalStep { workspace_id: cell.workspace_id, execution_id, step }
}

fn by(name: &str) -> By {
    By::ApiKey { id: Uuid::nil(), name: name.into(), address: None }
}

fn answer_of(decision: Decision, name: &str) -> NewAnswer {
    let fields = json!({ "note": name });
    NewAnswer { decision, fields, comment: Some("because".into()), by: by(name), idempotency_key: None }
}

/// Answers as the API does: with its role, for the workspace of the transaction.
async fn answer(cell: &Cell, asking: &ApprovalStep, new: &NewAnswer) -> Answered {
    let mut api = cell.place.connect(Role::Api).await.unwrap();
    let mut transaction = api.begin().await.unwrap();
    sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
        .bind(asking.workspace_id.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let answered = approvals::answer(&mut transaction, asking, new).await.unwrap();
    match answered {
        Answered::Accepted(_) => transaction.commit().await.unwrap(),
        _ => transaction.rollback().await.unwrap(),
    }
    answered
}

/// Asks as an attempt does that dies before its step waits.
async fn ask(cell: &Cell, asking: &ApprovalStep) {
    let ask =
        Ask { title: "Pay?".into(), body: None, fields: json!([]), by_api_key: true, by_link: true, deadline_at: None };
    Desk::new(&cell.place).ask(asking, &ask).await.unwrap();
}

async fn publish(cell: &Cell, config: Value) -> Version {
    cell.publish(&asks(config)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leads_out_of_its_port_and_the_output_says_who_gave_it() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay {{ input.amount }}?" })).await;
    let worker = cell.worker().await;
    let (yes, no) =
        (cell.start(version, json!({ "amount": 7 })).await, cell.start(version, json!({ "amount": 8 })).await);
    cell.until_count(PARKED, 2).await;
    assert_eq!(cell.count("SELECT count(*) FROM approvals WHERE title = 'Pay 7?'").await, 1);
    let answered = answer(&cell, &asking(&cell, yes, "ok", ""), &answer_of(Decision::Approved, "Ada")).await;
    assert!(matches!(answered, Answered::Accepted(_)), "{answered:?}");
    answer(&cell, &asking(&cell, no, "ok", ""), &answer_of(Decision::Rejected, "Bob")).await;
    let output = cell.until(yes, &["completed"]).await.output.unwrap();
    assert_eq!(output, json!({ "by": { "kind": "api_key", "id": Uuid::nil(), "name": "Ada" }, "note": "Ada" }));
    assert_eq!(cell.until(no, &["completed"]).await.output, Some(json!({ "no": "because" })));
    // The journal has it twice: with the signal, and as the output.
    let told = "SELECT count(*) FROM journal WHERE output -> 'by' ->> 'name' = 'Ada' AND output ? 'at'";
    assert_eq!(cell.count(&format!("{told} AND kind IN ('signalled', 'settled')")).await, 2);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_in_time_it_expires_and_takes_none() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?", "deadline_ms": 1 })).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "late": "expired" })));
    assert_eq!(cell.count("SELECT count(*) FROM approvals WHERE status = 'expired' AND answer IS NULL").await, 1);
    let answered = answer(&cell, &asking(&cell, id, "ok", ""), &answer_of(Decision::Approved, "Ada")).await;
    assert!(matches!(&answered, Answered::Closed(row) if row.status == "expired"), "{answered:?}");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_answers_at_once_exactly_one_counts() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?" })).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count(OPEN, 1).await;
    let asking = asking(&cell, id, "ok", "");
    let names: Vec<String> = (0..20).map(|n| format!("person {n}")).collect();
    let answers: Vec<NewAnswer> = names.iter().map(|name| answer_of(Decision::Approved, name)).collect();
    let all = futures::future::join_all(answers.iter().map(|new| answer(&cell, &asking, new))).await;
    let accepted: Vec<usize> = (0..20).filter(|&n| matches!(all[n], Answered::Accepted(_))).collect();
    assert_eq!(accepted.len(), 1, "{all:?}");
    let closed = all.iter().filter(|answered| matches!(answered, Answered::Closed(row) if row.status == "answered"));
    assert_eq!(closed.count(), 19, "{all:?}");
    let output = cell.until(id, &["completed"]).await.output.unwrap();
    assert_eq!(output["by"]["name"], names[accepted[0]]);
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'signalled'").await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_died_after_asking_is_repeated_and_finds_the_answer_that_came_meanwhile() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?", "deadline": "1h" })).await;
    let id = cell.start(version, json!({})).await;
    let asking = asking(&cell, id, "ok", "");
    ask(&cell, &asking).await;
    let answered = answer(&cell, &asking, &answer_of(Decision::Approved, "Ada")).await;
    assert!(matches!(answered, Answered::Accepted(_)), "{answered:?}");
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output.unwrap()["note"], "Ada");
    assert_eq!(cell.count("SELECT count(*) FROM approvals").await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_time_counts_also_if_the_time_is_over_before_its_signal_is_seen() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?", "deadline_ms": 1 })).await;
    let id = cell.start(version, json!({})).await;
    let asking = asking(&cell, id, "ok", "");
    ask(&cell, &asking).await;
    answer(&cell, &asking, &answer_of(Decision::Rejected, "Ada")).await;
    sqlx::query("DELETE FROM signals").execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "no": "because" })));
    assert_eq!(cell.steps(id).await["ok"], "completed/rejected/1");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_across_restarts_and_a_repeated_answer_is_the_same_answer() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?" })).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count(PARKED, 1).await;
    worker.drain().await;
    let asking = asking(&cell, id, "ok", "");
    let new = NewAnswer { idempotency_key: Some("k".into()), ..answer_of(Decision::Approved, "Ada") };
    let Answered::Accepted(first) = answer(&cell, &asking, &new).await else { panic!("not accepted") };
    assert_eq!(answer(&cell, &asking, &new).await, Answered::Replayed(first));
    let other = NewAnswer { decision: Decision::Rejected, ..new };
    assert_eq!(answer(&cell, &asking, &other).await, Answered::KeyReused);
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, 1);
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output.unwrap()["note"], "Ada");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_lost_as_soon_as_it_has_asked_does_not_lose_the_question() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?" })).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let id = cell.start(version, json!({})).await;
    cell.until_count(OPEN, 1).await;
    doomed.kill();
    let worker = cell.worker().await;
    let answered = answer(&cell, &asking(&cell, id, "ok", ""), &answer_of(Decision::Approved, "Ada")).await;
    assert!(matches!(answered, Answered::Accepted(_)), "{answered:?}");
    assert_eq!(cell.until(id, &["completed"]).await.output.unwrap()["note"], "Ada");
    assert_eq!(cell.count("SELECT count(*) FROM approvals").await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_was_cancelled_takes_no_answer_and_asks_no_more() {
    let cell = Cell::new().await;
    let version = publish(&cell, json!({ "title": "Pay?" })).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count(OPEN, 1).await;
    cell.signal(id, CANCEL, json!({ "reason": "enough" })).await;
    cell.until(id, &["cancelled"]).await;
    let asking = asking(&cell, id, "ok", "");
    let answered = answer(&cell, &asking, &answer_of(Decision::Approved, "Ada")).await;
    assert_eq!(answered, Answered::Refused(Sent::Ended));
    assert_eq!(cell.count(OPEN).await, 1, "what was refused was rolled back");
    let open =
        approvals::list(&mut cell.owner().await, cell.workspace_id, Filter::Open, Uuid::max(), 10).await.unwrap();
    assert_eq!(open, [], "nobody waits for its answer");
    let row = approvals::find(&mut cell.owner().await, &asking).await.unwrap().unwrap();
    assert_eq!(row.status, "cancelled");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_of_a_container_is_asked_for_and_answered_on_its_own() {
    let cell = Cell::new().await;
    let mut ok = node("ok", "logic.approval", json!({ "title": "Pay {{ item }}?" }));
    ok["parentId"] = json!("each");
    let each = node("each", "logic.for_each", json!({ "items": ["rent", "cake"], "concurrency": 2 }));
    let version = cell.publish(&graph(vec![each, ok], &[("start", "out", "each")])).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count(OPEN, 2).await;
    let of = |scope: &str| asking(&cell, id, "ok", scope);
    answer(&cell, &of("each[1]"), &answer_of(Decision::Rejected, "Bob")).await;
    answer(&cell, &of("each[0]"), &answer_of(Decision::Approved, "Ada")).await;
    assert_eq!(answer(&cell, &of(""), &answer_of(Decision::Approved, "Eve")).await, Answered::Unknown);
    let results = &cell.until(id, &["completed"]).await.output.unwrap()["results"];
    let told = |n: usize| (results[n]["answer"].clone(), results[n]["by"]["name"].clone());
    assert_eq!((told(0), told(1)), ((json!("approved"), json!("Ada")), (json!("rejected"), json!("Bob"))));
    // The second answer may have asked for a turn that was not needed any more.
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_signed_with_the_one_key_of_the_workspace() {
    let cell = Cell::new().await;
    let link = |id: &str| node(id, "data.approval_link", json!({ "node": "ok", "holder": id, "expires": "1h" }));
    let pair = json!({ "values": { "ada": "{{ steps.ada.page_url }}", "bob": "{{ steps.bob.page_url }}" } });
    let nodes = vec![
        link("ada"),
        link("bob"),
        node("both", "data.set", pair),
        node("ok", "logic.approval", json!({ "title": "Pay?", "deadline_ms": 1 })),
    ];
    let edges = [
        ("start", "out", "ada"),
        ("start", "out", "bob"),
        ("ada", "out", "both"),
        ("bob", "out", "both"),
        ("both", "out", "ok"),
    ];
    let version = cell.publish(&graph(nodes, &edges)).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 5).await;
    for id in ids {
        cell.until(id, &["completed"]).await;
        let settled = "SELECT output FROM journal WHERE execution_id = $1 AND node_id = 'both' AND kind = 'settled'";
        let urls: Value = sqlx::query_scalar(settled).bind(id.0).fetch_one(&mut cell.owner().await).await.unwrap();
        for holder in ["ada", "bob"] {
            let (_, token) = urls[holder].as_str().unwrap().split_once("http://127.0.0.1:7400/approve/").unwrap();
            let unverified = UnverifiedLink::read(token).unwrap();
            let mut owner = cell.owner().await;
            let key = approvals::verifying_key(&mut owner, cell.workspace_id, unverified.key_no).await.unwrap();
            let (key, now) = key.unwrap();
            let link = unverified.verify(&key).unwrap();
            assert_eq!((link.asking, link.holder.as_str()), (asking(&cell, id, "ok", ""), holder));
            assert!(link.expires_at > now);
        }
    }
    assert_eq!(cell.count("SELECT count(*) FROM link_keys").await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}
