//! Defining types, and changing them while records are of them.

use axum::body::Body;
use capstan_engine::store::connect::Role;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{go, made};
use crate::support::{Answer, App, as_json};

const TYPES: &str = "/api/v1/record-types";

async fn put(app: &App, name: &str, revision: Option<i32>, body: &Value) -> Answer {
    let mut request = app.request("PUT", &format!("{TYPES}/{name}"));
    if let Some(revision) = revision {
        request = request.header("if-match", format!("\"{revision}\""));
    }
    app.send(as_json(request, body)).await
}

async fn delete(app: &App, name: &str) -> Answer {
    app.send(app.request("DELETE", &format!("{TYPES}/{name}")).body(Body::empty()).unwrap()).await
}

/// A type whose states follow one another.
fn chain(states: &[&str]) -> Value {
    let transitions: Vec<Value> = states.windows(2).map(|two| json!({ "from": two[0], "to": two[1] })).collect();
    let states: Vec<Value> = states.iter().map(|name| json!({ "name": name, "label": name.to_uppercase() })).collect();
    json!({ "label": "Chain", "initial": states[0]["name"], "states": states, "transitions": transitions })
}

#[tokio::test]
async fn a_workspace_takes_the_shipped_type_over_and_gives_it_back() {
    let app = App::start().await;
    let listed = app.get(TYPES).await.json();
    assert_eq!(listed["items"], json!([{ "name": "pursuit", "label": "Pursuit", "revision": 0, "shipped": true }]));
    let shipped = app.get(&format!("{TYPES}/pursuit")).await;
    assert_eq!((shipped.header("etag"), &shipped.json()["initial"]), (Some("\"0\""), &json!("lead")));
    assert_eq!(delete(&app, "pursuit").await.verdict(), "404 not_found", "it is as it is shipped");
    let id = made(&app, "pursuit", json!({})).await;
    let mut own = shipped.json();
    for field in ["name", "revision", "shipped", "updated_at"] {
        own.as_object_mut().unwrap().remove(field);
    }
    own["states"].as_array_mut().unwrap().push(json!({ "name": "parked", "label": "Parked" }));
    own["transitions"].as_array_mut().unwrap().push(json!({ "from": "lead", "to": "parked" }));
    assert_eq!(put(&app, "pursuit", None, &own).await.verdict(), "428 if_match_required");
    let taken = put(&app, "pursuit", Some(0), &own).await;
    assert_eq!((taken.verdict().as_str(), &taken.json()["revision"]), ("200", &json!(1)), "{}", taken.text());
    assert_eq!(put(&app, "pursuit", Some(0), &own).await.verdict(), "412 stale_revision");
    assert_eq!(go(&app, &id, json!({ "to": "parked" })).await.json()["state"], "parked");
    let refused = delete(&app, "pursuit").await;
    assert_eq!(refused.verdict(), "409 state_in_use");
    assert!(refused.text().contains(&format!("{id} (parked)")), "{}", refused.text());
    let gone = app.send(app.request("DELETE", &format!("{}/{id}", super::RECORDS)).body(Body::empty()).unwrap()).await;
    assert_eq!(gone.status, 204);
    assert_eq!(delete(&app, "pursuit").await.status, 204);
    assert_eq!(app.get(TYPES).await.json(), listed);
}

#[tokio::test]
async fn a_state_that_holds_records_stays_and_the_refusal_names_them() {
    let app = App::start().await;
    assert_eq!(put(&app, "order", Some(1), &chain(&["a", "b", "c"])).await.verdict(), "412 stale_revision");
    assert_eq!(put(&app, "order", None, &chain(&["a", "b", "c"])).await.verdict(), "201");
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(made(&app, "order", json!({})).await);
    }
    assert_eq!(go(&app, &ids[0], json!({ "to": "b" })).await.status, 200);
    let refused = put(&app, "order", Some(1), &chain(&["a", "c"])).await;
    assert_eq!(refused.verdict(), "409 state_in_use");
    assert!(refused.text().contains(&format!("{} (b)", ids[0])), "{}", refused.text());
    let refused = put(&app, "order", Some(1), &chain(&["b", "c"])).await;
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with(" and more") && detail.matches("(a)").count() == 5, "{detail}");
    assert_eq!(delete(&app, "order").await.verdict(), "409 state_in_use");
    // What holds nothing may go, and nothing is lost where all stay.
    let less = put(&app, "order", Some(1), &chain(&["a", "b"])).await;
    assert_eq!((less.verdict().as_str(), &less.json()["revision"]), ("200", &json!(2)));
    assert_eq!(go(&app, &ids[0], json!({ "to": "c" })).await.verdict(), "422 unknown_state");
    let same = chain(&["a", "b"]);
    let mut at_once: Vec<String> =
        join_all((0..4).map(|_| put(&app, "order", Some(2), &same))).await.iter().map(Answer::verdict).collect();
    at_once.sort();
    assert_eq!(at_once, ["200", "412 stale_revision", "412 stale_revision", "412 stale_revision"]);
    for name in ["nothing", "a%00b", "%C3%A9"] {
        assert_eq!(app.get(&format!("{TYPES}/{name}")).await.verdict(), "404 not_found", "{name}");
    }
}

#[tokio::test]
async fn no_record_gets_into_a_state_in_the_moment_in_which_it_is_taken_away() {
    let app = App::start().await;
    assert_eq!(put(&app, "order", None, &chain(&["a", "b"])).await.verdict(), "201");
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(made(&app, "order", json!({})).await);
    }
    let moves = join_all(ids.iter().map(|id| go(&app, id, json!({ "to": "b" }))));
    let shorter = chain(&["a"]);
    let (moved, less) = tokio::join!(moves, put(&app, "order", Some(1), &shorter));
    let verdicts: Vec<String> = moved.iter().map(Answer::verdict).collect();
    let in_b = app.count("records WHERE state = 'b'").await;
    match less.verdict().as_str() {
        "200" => assert!(in_b == 0 && verdicts.iter().all(|it| it == "422 unknown_state"), "{verdicts:?}"),
        "409 state_in_use" => assert!(in_b > 0 && verdicts.iter().all(|it| it == "200"), "{in_b} {verdicts:?}"),
        other => panic!("{other}"),
    }
    // Who moves a record holds the types: who changes one waits until it is seen where the record went.
    let name = "order2";
    assert_eq!(put(&app, name, None, &chain(&["a", "b"])).await.verdict(), "201");
    let id = made(&app, name, json!({})).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let lock = format!("BEGIN; SELECT FROM records WHERE record_id = '{id}' FOR UPDATE");
    sqlx::raw_sql(&lock).execute(&mut owner).await.unwrap();
    let (moved, changed, ()) = tokio::join!(
        go(&app, &id, json!({ "to": "b" })),
        async {
            until_waiting(&app, 1).await;
            put(&app, name, Some(1), &shorter).await
        },
        async {
            until_waiting(&app, 2).await;
            sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
        }
    );
    assert_eq!((moved.verdict().as_str(), changed.verdict().as_str()), ("200", "409 state_in_use"));
}

/// Waits until so many sessions of this database wait for a lock.
async fn until_waiting(app: &App, wished: i64) {
    const LOOKS_MAX: usize = 100_000;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..LOOKS_MAX {
        let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
        if waiting >= wished {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{wished} sessions never waited");
}

#[tokio::test]
async fn what_is_no_type_is_refused_by_place_and_types_are_bounded() {
    let app = App::start().await;
    let mut wrong = chain(&["a", "b"]);
    wrong["label"] = json!(" ");
    wrong["initial"] = json!("x");
    wrong["transitions"] = json!([{ "from": "a", "to": "y" }, { "from": "b", "to": "a", "when": "{{ steps.x }}" }]);
    let refused = put(&app, "order", None, &wrong).await;
    let pointers: Vec<Value> =
        refused.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
    let expected = json!(["/label", "/initial", "/transitions/0/to", "/transitions/1/when"]);
    assert_eq!((refused.verdict().as_str(), json!(pointers)), ("422 invalid_type", expected));
    for name in ["Order", "a-b", "1a", "%C3%A9"] {
        assert_eq!(put(&app, name, None, &chain(&["a"])).await.verdict(), "422 invalid_type", "{name}");
    }
    assert_eq!(put(&app, "order", None, &json!({ "label": "x" })).await.verdict(), "400 bad_body");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let fill = "INSERT INTO record_types (workspace_id, name, label, machine, revision) \
                SELECT $1, 't' || n, 'T', $2, 1 FROM generate_series(1, 49) n";
    let mut machine = chain(&["a"]);
    machine.as_object_mut().unwrap().remove("label");
    sqlx::query(fill).bind(app.acme.0).bind(machine).execute(&mut owner).await.unwrap();
    let app = &app;
    let mut at_once: Vec<String> =
        join_all(["x", "y"].map(|name| async move { put(app, name, None, &chain(&["a"])).await.verdict() })).await;
    at_once.sort();
    assert_eq!(at_once, ["201", "422 too_many_types"]);
    assert_eq!(put(app, "t1", Some(1), &chain(&["a", "b"])).await.verdict(), "200", "one that is there may change");
    assert_eq!(app.get(TYPES).await.json()["items"].as_array().unwrap().len(), 51);
}
