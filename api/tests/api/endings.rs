//! Executions that are being cancelled, or fail, while their clean-up runs: what is shown, and what they still take.

use capstan_engine::core::ids::{NodeId, StepKey};
use capstan_engine::core::journal::{Event, SettledStatus, Settlement};
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::store::commit::Then;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::hand::Hand;
use crate::support::{App, simple};

/// `a`, which `u` undoes once the signal "undone" has come, and `w`, which waits for "go".
fn saga() -> Value {
    let node = |id: &str, kind: &str, config: Value| json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": { "config": config } });
    json!({
        "nodes": [
            node("start", "trigger.manual", json!({})),
            node("a", "debug.noop", json!({})),
            node("w", "logic.wait_for_signal", json!({ "signal": "go" })),
            node("u", "logic.wait_for_signal", json!({ "signal": "undone" })),
        ],
        "edges": [
            { "id": "1", "source": "start", "target": "a" },
            { "id": "2", "source": "a", "target": "w" },
            { "id": "3", "source": "a", "target": "u", "data": { "kind": "compensate" } },
        ],
    })
}

fn waits(step: &str, signal: &str) -> Event {
    let until = Until { time: None, signal: Some(signal.into()), child: None };
    Event::Waiting { step: StepKey::root(NodeId::from(step)), until }
}

/// An execution whose `w` waits, in the hand of a worker.
async fn waiting(app: &App) -> (String, Hand) {
    let id = app.begin(&app.publish(&saga()).await).await;
    let mut hand = Hand::claim(app).await;
    hand.settle("a", Then::Hold).await;
    hand.record(waits("w", "go"), Then::Hold).await;
    (id, hand)
}

async fn ending(app: &App, id: &str) -> Value {
    app.get(&format!("/api/v1/executions/{id}")).await.json()["ending"].take()
}

async fn reasons(app: &App, id: &str) -> Vec<Value> {
    let told = app.get(&format!("/api/v1/executions/{id}/explain")).await.json()["reasons"].take();
    let is_told =
        |reason: &Value| ["cancel", "clean_up", "signal", "resume"].map(Value::from).contains(&reason["waits_for"]);
    told.as_array().unwrap().iter().filter(|reason| is_told(reason)).cloned().collect()
}

#[tokio::test]
async fn a_cancel_is_shown_from_its_acceptance_to_after_the_end() {
    let app = App::start().await;
    let (id, mut hand) = waiting(&app).await;
    let path = format!("/api/v1/executions/{id}");
    assert_eq!(ending(&app, &id).await, Value::Null);
    assert_eq!(app.post(&format!("{path}/cancel"), &json!({ "reason": "wrong order" })).await.status, 202);
    let shown = ending(&app, &id).await;
    let since = shown["since"].clone();
    let expected = json!({ "outcome": "cancelled", "stage": "requested", "since": since, "reason": "wrong order", "forced": false });
    assert_eq!(shown, expected);
    let listed = async || app.get("/api/v1/executions").await.json()["items"][0]["ending"].take();
    let in_list = json!({ "outcome": "cancelled", "since": since, "reason": "wrong order", "forced": false });
    assert_eq!(listed().await, in_list);
    assert_eq!(reasons(&app, &id).await[0]["waits_for"], "cancel");
    let refused = app.post(&format!("{path}/restart"), &json!({ "from": "a" })).await.json();
    assert_eq!(refused["code"], "not_ended");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("the execution is being cancelled, since ") && detail.ends_with(": wrong order"),
        "{detail}"
    );
    assert!(refused["hint"].as_str().unwrap().contains("force the cancel"), "{refused}");

    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("DELETE FROM signals").execute(&mut owner).await.unwrap();
    hand.record(Event::Cancelled { reason: "wrong order".into(), forced: false, signal_id: None }, Then::Hold).await;
    hand.record(waits("u", "undone"), Then::Hold).await;
    let shown = ending(&app, &id).await;
    assert_eq!((&shown["stage"], &shown["reason"]), (&json!("undo"), &json!("wrong order")));
    assert_eq!(listed().await["reason"], "wrong order");
    let told = reasons(&app, &id).await;
    let kinds: Vec<&Value> = told.iter().map(|reason| &reason["waits_for"]).collect();
    assert_eq!(kinds, ["clean_up", "signal"]);
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("it is being cancelled, since ")
            && text.ends_with(": wrong order; what was done is being undone")
    );
    assert_eq!((&told[1]["step"]["node_id"], &told[1]["name"]), (&json!("u"), &json!("undone")));

    let settlement = Settlement {
        status: SettledStatus::Completed,
        port: Some("received".into()),
        more_ports: Vec::new(),
        output: Value::Null,
        error: None,
        attempts: 1,
        closed_edges: Vec::new(),
        failed_items: 0,
    };
    let error = Some(json!({ "class": "cancelled", "reason": "wrong order" }).to_string());
    let end = Then::End { status: "cancelled", output: None, error, leftovers: true };
    let signalled = Event::Signalled {
        step: StepKey::root(NodeId::from("u")),
        signal_id: capstan_engine::core::ids::SignalId::new(),
        payload: Value::Null,
    };
    hand.record(signalled, Then::Hold).await;
    hand.record(Event::Settled { step: StepKey::root(NodeId::from("u")), settlement }, end).await;
    let ended = app.get(&path).await.json();
    assert_eq!((&ended["status"], &ended["ending"]["stage"]), (&json!("cancelled"), &json!("ended")));
    assert_eq!(ended["ending"]["since"], shown["since"], "it is kept");
    assert_eq!(listed().await, Value::Null, "the status of one that has ended says it");
}

#[tokio::test]
async fn a_signal_that_nothing_takes_any_more_is_refused_and_what_clean_up_waits_for_is_not() {
    let app = App::start().await;
    let (id, mut hand) = waiting(&app).await;
    let path = format!("/api/v1/executions/{id}");
    let send = async |name: &str| app.post(&format!("{path}/signals/{name}"), &json!(1)).await.verdict();
    assert_eq!(send("later").await, "202", "one that goes on keeps it");
    app.post_nothing(&format!("{path}/cancel")).await;
    assert_eq!(send("go").await, "409 execution_ending", "the cancel is before it");
    assert_eq!(send("undone").await, "202", "what undoes is yet to wait for it");
    hand.record(Event::Cancelled { reason: "x".into(), forced: false, signal_id: None }, Then::Hold).await;
    hand.record(waits("u", "undone"), Then::Hold).await;
    assert_eq!((send("go").await.as_str(), send("undone").await.as_str()), ("409 execution_ending", "202"));
    let refused = app.post(&format!("{path}/signals/go"), &json!(1)).await.json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("is being cancelled") && detail.contains("\"go\""), "{detail}");
    assert_eq!(app.post_nothing(&format!("{path}/cancel")).await.status, 202, "a cancel is always taken");
}

#[tokio::test]
async fn a_failing_execution_says_so_and_a_pause_says_that_it_holds_clean_up() {
    let app = App::start().await;
    let (id, mut hand) = waiting(&app).await;
    let path = format!("/api/v1/executions/{id}");
    let error = StepError { class: "boom".into(), reason: "it broke".into() };
    let settlement = Settlement {
        status: SettledStatus::Failed,
        port: None,
        more_ports: Vec::new(),
        output: Value::Null,
        error: Some(error),
        attempts: 1,
        closed_edges: Vec::new(),
        failed_items: 0,
    };
    let w = StepKey::root(NodeId::from("w"));
    let signal_id = capstan_engine::core::ids::SignalId::new();
    hand.record(Event::Signalled { step: w.clone(), signal_id, payload: Value::Null }, Then::Hold).await;
    let plain = app.post_nothing(&format!("{path}/pause")).await;
    assert_eq!((plain.status.as_u16(), plain.json()), (202, json!({ "status": "paused" })));
    assert_eq!(app.post_nothing(&format!("{path}/resume")).await.status, 202);
    hand.record(Event::Settled { step: w, settlement }, Then::Hold).await;
    hand.record(waits("u", "undone"), Then::Hold).await;
    let shown = app.get(&path).await.json();
    assert_eq!((&shown["status"], &shown["error"]), (&json!("running"), &Value::Null));
    let ending = &shown["ending"];
    assert_eq!(
        (&ending["outcome"], &ending["stage"], &ending["class"]),
        (&json!("failed"), &json!("undo"), &json!("boom"))
    );
    assert_eq!((&ending["reason"], &ending["step"]["node_id"]), (&json!("it broke"), &json!("w")));
    assert!(
        reasons(&app, &id).await[0]["text"]
            .as_str()
            .unwrap()
            .contains("with boom, it broke; what was done is being undone")
    );
    let held = app.post_nothing(&format!("{path}/pause")).await;
    assert_eq!((held.status.as_u16(), &held.json()["ending"]["outcome"]), (202, &json!("failed")), "{}", held.text());
    assert!(held.json()["text"].as_str().unwrap().contains("its clean-up is held up until"), "{}", held.text());
}

#[tokio::test]
async fn of_an_execution_that_has_ended_and_whose_history_is_not_there_that_is_explained() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    // As its row is while the rest of its month is in the archive.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let end = "UPDATE executions SET status = 'completed', ended_at = '2026-01-31T12:00:00Z'";
    sqlx::query(end).execute(&mut owner).await.unwrap();
    let told = app.get(&format!("/api/v1/executions/{id}/explain")).await.json();
    let reason = json!({
        "waits_for": "history",
        "ended_at": "2026-01-31T12:00:00Z",
        "text": "it has ended, at 2026-01-31 12:00:00 UTC, and its history is not there: its month may be in the archive",
    });
    assert_eq!(told, json!({ "id": id, "status": "completed", "reasons": [reason] }));
    let settled = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, recorded_at) \
        SELECT execution_id, 1, workspace_id, 1, 'settled', 'a', 'completed', 'out', 1, now() FROM executions";
    sqlx::query(settled).execute(&mut owner).await.unwrap();
    let told = app.get(&format!("/api/v1/executions/{id}/explain")).await.json();
    assert_eq!(told["reasons"], json!([]), "it is there");
}
