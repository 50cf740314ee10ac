//! What steps do to records, over a desk as workers have it: once, whoever does it at the same time.

use std::sync::Arc;

use capstan_domain::records::{Act, Acted, Desk, Done, Goal, Sought};
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::support::{App, chain};

fn create() -> Act {
    Act::Create { type_name: "pursuit".into(), data: Map::new() }
}

fn to(record_id: Uuid, state: &str) -> Act {
    Act::Transition { record_id, goal: Goal::State(state.into()), from: None, reason: None, expected: None }
}

async fn act(app: &App, desk: &Desk, once: &str, what: &Act) -> Done {
    desk.act(app.acme, ExecutionId::new(), once, what).await.unwrap().unwrap()
}

fn acted(done: Done) -> Acted {
    match done {
        Done::Acted(acted) => *acted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_step_that_runs_twice_even_at_the_same_time_is_written_once() {
    let app = Arc::new(App::start().await);
    let desk = Desk::new(&app.cell);
    let both = futures::future::join_all((0..6).map(|_| {
        let app = Arc::clone(&app);
        async move { acted(act(&app, &Desk::new(&app.cell), "$step:a", &create()).await) }
    }))
    .await;
    assert_eq!(both.iter().filter(|acted| acted.replayed).count(), 5);
    let id = both[0].record.record_id;
    assert!(both.iter().all(|acted| acted.record.record_id == id));
    assert_eq!((app.count("records").await, app.count("record_history").await, app.count("events").await), (1, 1, 1));
    // It moves on, and an attempt of the step before comes late: nothing goes back, and it is told what it did.
    acted(act(&app, &desk, "$step:b", &to(id, "qualified")).await);
    acted(act(&app, &desk, "$step:c", &to(id, "proposal")).await);
    let late = acted(act(&app, &desk, "$step:b", &to(id, "qualified")).await);
    let entry = late.entry.unwrap();
    assert_eq!((late.replayed, late.record.state.as_str()), (true, "proposal"));
    assert_eq!((entry.from_state.as_deref(), entry.to_state.as_deref()), (Some("lead"), Some("qualified")));
    assert_eq!(entry.by_kind, "step");
    assert_eq!((app.count("record_history").await, app.count("events").await), (3, 3));
    // So it is when the record was deleted meanwhile: it is not made again.
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    sqlx::query("UPDATE records SET deleted_at = now()").execute(&mut owner).await.unwrap();
    assert!(acted(act(&app, &desk, "$step:a", &create()).await).replayed);
    assert_eq!(act(&app, &desk, "$step:d", &to(id, "won")).await, Done::NotFound);
    assert_eq!(app.count("records").await, 1);
}

#[tokio::test]
async fn what_a_step_may_not_do_leaves_nothing_behind_and_may_succeed_later() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    let unknown = Act::Create { type_name: "invoice".into(), data: Map::new() };
    assert_eq!(act(&app, &desk, "$step:a", &unknown).await, Done::NoType("invoice".into()));
    let id = acted(act(&app, &desk, "$step:b", &create()).await).record.record_id;
    assert!(matches!(act(&app, &desk, "$step:c", &to(id, "proposal")).await, Done::Refused(_)));
    assert_eq!(act(&app, &desk, "$step:d", &to(Uuid::now_v7(), "won")).await, Done::NotFound);
    assert_eq!((app.count("record_history").await, app.count("events").await), (1, 1));
    acted(act(&app, &desk, "$step:e", &to(id, "qualified")).await);
    assert_eq!(acted(act(&app, &desk, "$step:c", &to(id, "proposal")).await).record.state, "proposal");
}

#[tokio::test]
async fn workflows_hear_of_records_and_nobody_else_can_tell_of_them() {
    let app = App::start().await;
    let heard = json!({ "event": "record.transitioned", "when": "{{ event.data.to == 'won' }}" });
    app.publish(&chain(&[("start", "trigger.event", heard), ("a", "debug.noop", json!({}))])).await;
    let forged = json!({ "id": "1", "type": "record.transitioned", "data": {} });
    assert_eq!(app.post("/api/v1/events", &forged).await.status, 422);
    let types = app.get("/api/v1/event-types").await.text();
    for known in ["record.created", "record.updated", "record.transitioned"] {
        assert!(types.contains(known), "{known}");
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_step_that_changes_a_record_twice_changes_it_once_although_others_have_changed_it_meanwhile() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    let id = acted(act(&app, &desk, "$step:a", &create()).await).record.record_id;
    let owned_by = |name: &str| Act::Update { record_id: id, data: object(json!({ "owner": name })), expected: None };
    let first = acted(act(&app, &desk, "$step:b", &owned_by("Ada")).await);
    assert_eq!((first.replayed, first.entry.unwrap().fields), (false, vec!["owner".to_owned()]));
    acted(act(&app, &desk, "$step:c", &owned_by("Bob")).await);
    let late = acted(act(&app, &desk, "$step:b", &owned_by("Ada")).await);
    assert_eq!((late.replayed, late.entry.unwrap().fields), (true, vec!["owner".to_owned()]));
    assert_eq!((late.record.data, late.record.revision), (json!({ "owner": "Bob" }), 3));
    assert_eq!(app.count("events WHERE type = 'record.updated'").await, 2);
    let long = Act::Update { record_id: id, data: object(json!({ "a": "x".repeat(40_000) })), expected: None };
    assert!(matches!(act(&app, &desk, "$step:d", &long).await, Done::Flawed(_)));
    let unknown = Act::Update { record_id: Uuid::now_v7(), data: Map::new(), expected: None };
    assert_eq!(act(&app, &desk, "$step:e", &unknown).await, Done::NotFound);
}

#[tokio::test]
async fn a_step_finds_the_newest_records_that_are_all_of_what_it_says_in_its_own_workspace() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    let mut ids = Vec::new();
    for (once, data) in [
        ("$step:a", json!({ "no": 1, "open": true, "by": "Ada" })),
        ("$step:b", json!({ "no": 1.0, "open": false, "by": "Ada" })),
        ("$step:c", json!({ "no": "1", "open": true, "by": { "name": "Ada" } })),
    ] {
        let create = Act::Create { type_name: "pursuit".into(), data: object(data) };
        ids.push(acted(act(&app, &desk, once, &create).await).record.record_id);
    }
    acted(act(&app, &desk, "$step:d", &to(ids[1], "qualified")).await);
    let pursuits = Sought { type_name: Some("pursuit".into()), ..Sought::default() };
    let with = |data: Value| Sought { data: object(data), ..pursuits.clone() };
    let cases: [(Sought, i64, &[usize]); 9] = [
        (pursuits.clone(), 5, &[2, 1, 0]),
        (pursuits.clone(), 2, &[2, 1]),
        (Sought { state: Some("lead".into()), ..pursuits.clone() }, 5, &[2, 0]),
        (with(json!({ "no": 1 })), 5, &[1, 0]),
        (with(json!({ "no": "1" })), 5, &[2]),
        (with(json!({ "open": true, "by": "Ada" })), 5, &[0]),
        (Sought { record_id: Some(ids[1]), ..Sought::default() }, 5, &[1]),
        (Sought { record_id: Some(ids[1]), ..with(json!({ "open": true })) }, 5, &[]),
        (Sought { type_name: Some("deal".into()), ..Sought::default() }, 5, &[]),
    ];
    for (sought, limit, expected) in cases {
        let found = desk.find(app.acme, &sought, limit).await.unwrap();
        let found: Vec<Uuid> = found.into_iter().map(|record| record.record_id).collect();
        let expected: Vec<Uuid> = expected.iter().map(|&at| ids[at]).collect();
        assert_eq!(found, expected, "{sought:?}");
    }
    assert!(desk.find(WorkspaceId(Uuid::now_v7()), &pursuits, 5).await.unwrap().is_empty());
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    sqlx::query("UPDATE records SET deleted_at = now()").execute(&mut owner).await.unwrap();
    assert!(desk.find(app.acme, &pursuits, 5).await.unwrap().is_empty(), "what is deleted is not found");
}
