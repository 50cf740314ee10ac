//! Records through the API.

mod acts;
mod guards;
mod notes;
mod restored;
mod types;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json};

const RECORDS: &str = "/api/v1/records";

async fn made(app: &App, of: &str, data: Value) -> String {
    let made = app.post(RECORDS, &json!({ "type": of, "data": data })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("{RECORDS}/{id}").as_str()));
    id
}

async fn go(app: &App, id: &str, body: Value) -> Answer {
    app.post(&format!("{RECORDS}/{id}/transitions"), &body).await
}

async fn patch(app: &App, id: &str, revision: i32, body: Value) -> Answer {
    let request = app.request("PATCH", &format!("{RECORDS}/{id}")).header("if-match", format!("\"{revision}\""));
    app.send(as_json(request, &body)).await
}

async fn history(app: &App, id: &str) -> Vec<Value> {
    app.get(&format!("{RECORDS}/{id}/history")).await.json()["items"].as_array().unwrap().clone()
}

/// A new pursuit that has gone that way.
async fn pursuit(app: &App, way: &[&str]) -> String {
    let id = made(app, "pursuit", json!({})).await;
    for to in way {
        assert_eq!(go(app, &id, json!({ "to": to })).await.status, 200, "{way:?}");
    }
    id
}

#[tokio::test]
async fn a_pursuit_goes_where_its_table_says_and_nowhere_else_and_each_move_is_told_once() {
    let app = App::start().await;
    let states: [(&str, &[&str], &[&str]); 7] = [
        ("lead", &[], &["qualified", "disqualified"]),
        ("qualified", &["qualified"], &["proposal", "lost"]),
        ("proposal", &["qualified", "proposal"], &["won", "lost"]),
        ("won", &["qualified", "proposal", "won"], &["delivered"]),
        ("delivered", &["qualified", "proposal", "won", "delivered"], &[]),
        ("lost", &["qualified", "lost"], &[]),
        ("disqualified", &["disqualified"], &[]),
    ];
    let mut moves = 0;
    for (from, way, allowed) in states {
        let stays = pursuit(&app, way).await;
        moves += way.len();
        for (to, ..) in states.iter().filter(|(to, ..)| !allowed.contains(to)) {
            let refused = go(&app, &stays, json!({ "to": to })).await;
            assert_eq!(refused.verdict(), "409 transition_forbidden", "{from} to {to}");
            let or = if allowed.is_empty() { "nothing else".to_owned() } else { allowed.join(", ") };
            let detail = format!("Invalid pursuit transition: {from} → {to}; it can become {or}");
            assert_eq!(refused.json()["detail"], json!(detail));
        }
        let ways = app.get(&format!("{RECORDS}/{stays}/transitions")).await.json();
        let open: Vec<&str> = ways["items"].as_array().unwrap().iter().map(|way| way["to"].as_str().unwrap()).collect();
        assert_eq!((ways["state"].as_str().unwrap(), open.as_slice()), (from, allowed));
        let record = app.get(&format!("{RECORDS}/{stays}")).await.json();
        assert_eq!(
            (&record["state"], &record["revision"]),
            (&json!(from), &json!(way.len() + 1)),
            "nothing was written"
        );
        for to in allowed {
            let goes = pursuit(&app, way).await;
            let went = go(&app, &goes, json!({ "to": to, "reason": "they said so" })).await;
            assert_eq!((went.verdict().as_str(), &went.json()["state"]), ("200", &json!(to)), "{from} to {to}");
            moves += way.len() + 1;
        }
    }
    let unknown = go(&app, &pursuit(&app, &[]).await, json!({ "to": "gone" })).await;
    assert_eq!(unknown.verdict(), "422 unknown_state");
    let moves = i64::try_from(moves).unwrap();
    assert_eq!(app.count("record_history WHERE kind = 'transitioned'").await, moves);
    assert_eq!(app.count("events WHERE type = 'record.transitioned'").await, moves);
    assert_eq!(app.count("events WHERE type = 'record.created'").await, app.count("records").await);
}

#[tokio::test]
async fn a_record_is_made_changed_moved_and_deleted_and_its_history_says_who_when_and_why() {
    let app = App::start().await;
    let id = made(&app, "pursuit", json!({ "client": "Engines", "budget": 10, "none": null })).await;
    let read = app.get(&format!("{RECORDS}/{id}")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.json()["data"], json!({ "client": "Engines", "budget": 10 }));
    let blind = app.send(as_json(app.request("PATCH", &format!("{RECORDS}/{id}")), &json!({ "data": {} }))).await;
    assert_eq!(blind.verdict(), "428 if_match_required");
    let changed = patch(&app, &id, 1, json!({ "data": { "budget": null, "days": [1, 2] } })).await;
    assert_eq!(changed.json()["data"], json!({ "client": "Engines", "days": [1, 2] }), "{}", changed.text());
    assert_eq!(changed.header("etag"), Some("\"2\""));
    assert_eq!(patch(&app, &id, 1, json!({ "data": { "days": 3 } })).await.verdict(), "412 stale_revision");
    // What changes nothing is told to nobody.
    assert_eq!(patch(&app, &id, 2, json!({ "data": { "days": [1, 2] } })).await.json()["revision"], 2);
    let went = go(&app, &id, json!({ "to": "qualified", "reason": " rang back " })).await;
    assert_eq!((went.header("etag"), &went.json()["state"]), (Some("\"3\""), &json!("qualified")));
    let told = history(&app, &id).await;
    let kinds: Vec<&str> = told.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["transitioned", "updated", "created"]);
    let moved = &told[0];
    assert_eq!((&moved["from"], &moved["to"]), (&json!("lead"), &json!("qualified")));
    assert_eq!((&moved["reason"], &moved["by"]), (&json!("rang back"), &json!({ "kind": "key", "name": "test" })));
    assert!(moved["at"].is_string());
    assert_eq!((&told[1]["fields"], &told[2]["to"]), (&json!(["budget", "days"]), &json!("lead")));
    // The event has the whole record, and the id of the record as its key.
    let sql = "SELECT data FROM events WHERE type = 'record.transitioned' AND key = $1";
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    let event: Value = sqlx::query_scalar(sql).bind(&id).fetch_one(&mut owner).await.unwrap();
    assert_eq!(
        (&event["from"], &event["to"], &event["reason"]),
        (&json!("lead"), &json!("qualified"), &json!("rang back"))
    );
    for part in ["id", "type", "state", "data", "revision"] {
        assert_eq!(event["record"][part], went.json()[part], "{part}");
    }
    let gone = app.send(app.request("DELETE", &format!("{RECORDS}/{id}")).body(Body::empty()).unwrap()).await;
    assert_eq!(gone.status, 204);
    for path in [format!("{RECORDS}/{id}"), format!("{RECORDS}/{id}/history"), format!("{RECORDS}/{id}/transitions")] {
        assert_eq!(app.get(&path).await.verdict(), "404 not_found", "{path}");
    }
    assert_eq!(go(&app, &id, json!({ "to": "lost" })).await.verdict(), "404 not_found");
    assert_eq!(app.get(RECORDS).await.json()["items"], json!([]));
    assert_eq!(app.count("records WHERE data <> '{}' AND deleted_at IS NOT NULL").await, 1);
    assert_eq!((app.count("record_history").await, app.count("events").await), (4, 3));
}

#[tokio::test]
async fn of_moves_that_come_at_once_one_wins_and_the_others_are_told_where_it_went() {
    let app = Arc::new(App::start().await);
    for (extra, header, lost) in [
        (json!({}), None, "409 transition_forbidden"),
        (json!({ "from": "lead" }), None, "409 state_changed"),
        (json!({}), Some("\"1\""), "412 stale_revision"),
    ] {
        let id = made(&app, "pursuit", json!({})).await;
        let asked = (0..8).map(|n| {
            let mut body = extra.clone();
            body["to"] = json!(if n % 2 == 0 { "qualified" } else { "disqualified" });
            let mut request = app.request("POST", &format!("{RECORDS}/{id}/transitions"));
            if let Some(header) = header {
                request = request.header("if-match", header);
            }
            let app = Arc::clone(&app);
            async move { app.send(as_json(request, &body)).await.verdict() }
        });
        let mut verdicts = join_all(asked).await;
        verdicts.sort_unstable();
        assert_eq!(verdicts[0], "200");
        assert!(verdicts[1..].iter().all(|verdict| verdict == lost), "{verdicts:?}");
        assert_eq!(history(&app, &id).await.len(), 2);
    }
    assert_eq!(app.count("events WHERE type = 'record.transitioned'").await, 3);
}

#[tokio::test]
async fn records_are_listed_by_type_and_state_page_by_page() {
    let app = App::start().await;
    let (one, two) = (pursuit(&app, &["qualified"]).await, pursuit(&app, &[]).await);
    let three = pursuit(&app, &["qualified"]).await;
    let ids = async |query: &str| {
        let found = app.get(&format!("{RECORDS}?{query}")).await;
        assert_eq!(found.status, 200, "{query}: {}", found.text());
        let page = found.json();
        let ids: Vec<String> =
            page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        (ids, page["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(ids("").await.0, [three.clone(), two.clone(), one.clone()]);
    assert_eq!(ids("type=pursuit&state=lead").await.0, std::slice::from_ref(&two));
    assert_eq!(ids("type=invoice").await.0, Vec::<String>::new());
    let (first, next) = ids("type=pursuit&state=qualified&limit=1").await;
    assert_eq!(first, [three]);
    let (second, none) = ids(&format!("type=pursuit&state=qualified&limit=1&cursor={}", next.unwrap())).await;
    assert_eq!((second, none), (vec![one], None));
    for (query, verdict) in [
        ("state=lead", "400 state_without_type"),
        ("type=a%00", "400 nul_character"),
        ("limit=0", "400 bad_limit"),
        ("status=lead", "400 unknown_parameter"),
    ] {
        assert_eq!(app.get(&format!("{RECORDS}?{query}")).await.verdict(), verdict, "{query}");
    }
}

#[tokio::test]
async fn what_is_no_record_or_no_move_is_refused_and_nothing_is_written() {
    let app = App::start().await;
    for (body, verdict) in [
        (json!({}), "400 bad_body"),
        (json!({ "type": "pursuit", "data": [1] }), "400 bad_body"),
        (json!({ "type": "pursuit", "state": "won" }), "400 bad_body"),
        (json!({ "type": "invoice" }), "422 unknown_type"),
        (json!({ "type": "pursuit", "data": { "a": "x".repeat(33_000) } }), "422 invalid_record"),
        (json!({ "type": "pursuit", "data": { "a\n": 1 } }), "422 invalid_record"),
        (json!({ "type": "pursuit", "data": { "a": "x".repeat(70_000) } }), "413 body_too_large"),
    ] {
        assert_eq!(app.post(RECORDS, &body).await.verdict(), verdict, "{}", body.to_string().len());
    }
    assert_eq!((app.count("records").await, app.count("events").await), (0, 0));
    let id = made(&app, "pursuit", json!({})).await;
    for (body, verdict) in [
        (json!({}), "422 no_goal"),
        (json!({ "to": "qualified", "name": "qualify" }), "422 no_goal"),
        (json!({ "name": "qualify" }), "422 unknown_transition"),
        (json!({ "to": "qualified", "reason": "x".repeat(2_001) }), "422 invalid_record"),
        (json!({ "to": "qualified", "from": "won" }), "409 state_changed"),
    ] {
        assert_eq!(go(&app, &id, body.clone()).await.verdict(), verdict, "{body}");
    }
    // All fields together are bounded, however they come.
    let half = json!({ "a": "x".repeat(20_000) });
    assert_eq!(patch(&app, &id, 1, json!({ "data": half })).await.status, 200);
    let more = patch(&app, &id, 2, json!({ "data": { "b": "x".repeat(20_000) } })).await;
    assert_eq!(
        (more.verdict().as_str(), &more.json()["errors"][0]["pointer"]),
        ("422 invalid_record", &json!("/data"))
    );
    assert_eq!(app.count("record_history").await, 2);
}

#[tokio::test]
async fn a_request_that_is_repeated_under_its_key_makes_one_record_and_one_move() {
    let app = App::start().await;
    let post = async |path: String, key: &str, body: Value| {
        app.send(as_json(app.request("POST", &path).header("idempotency-key", key), &body)).await
    };
    let body = json!({ "type": "pursuit", "data": { "n": 1 } });
    let (first, again) = (post(RECORDS.into(), "a", body.clone()).await, post(RECORDS.into(), "a", body).await);
    assert_eq!((first.verdict(), first.json()), (again.verdict(), again.json()));
    let path = format!("{RECORDS}/{}/transitions", first.json()["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(post(path.clone(), "b", json!({ "to": "qualified" })).await.json()["state"], "qualified");
    }
    assert_eq!((app.count("records").await, app.count("record_history").await), (1, 2));
}

#[tokio::test]
async fn another_workspace_has_records_and_types_of_its_own_and_sees_no_others() {
    let app = App::start().await;
    let machine =
        json!({ "label": "Order", "initial": "a", "states": [{ "name": "a", "label": "A" }], "transitions": [] });
    let defined = app.send(as_json(app.request("PUT", "/api/v1/record-types/order"), &machine)).await;
    assert_eq!(defined.status, 201, "{}", defined.text());
    let id = made(&app, "order", json!({ "secret": "of acme" })).await;
    let ask = |method: &str, path: String, body: Value| {
        let request =
            Request::builder().method(method).uri(path).header("x-api-key", &app.other_key).header("if-match", "\"1\"");
        app.send(as_json(request, &body))
    };
    let record = format!("{RECORDS}/{id}");
    for (method, path, body) in [
        ("GET", record.clone(), json!({})),
        ("PATCH", record.clone(), json!({ "data": {} })),
        ("POST", format!("{record}/transitions"), json!({ "to": "a" })),
        ("GET", format!("{record}/transitions"), json!({})),
        ("GET", format!("{record}/history"), json!({})),
        ("POST", format!("{record}/history"), json!({ "type": "call", "text": "a" })),
        ("DELETE", record, json!({})),
        ("GET", "/api/v1/record-types/order".into(), json!({})),
        ("DELETE", "/api/v1/record-types/order".into(), json!({})),
    ] {
        assert_eq!(ask(method, path.clone(), body).await.verdict(), "404 not_found", "{method} {path}");
    }
    assert_eq!(ask("POST", RECORDS.into(), json!({ "type": "order" })).await.verdict(), "422 unknown_type");
    for path in [RECORDS, "/api/v1/records?type=order", "/api/v1/record-types"] {
        let text = ask("GET", path.into(), json!({})).await.text();
        assert!(!text.contains(&id) && !text.contains("Order"), "{path}: {text}");
    }
    // The role of the API, without a condition of its own, sees nothing outside of the workspace that it names.
    let mut api = app.cell.connect(capstan_engine::store::connect::Role::Api).await.unwrap();
    for table in ["records", "record_types", "record_history"] {
        let seen: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut api).await.unwrap();
        assert_eq!(seen, 0, "{table}");
    }
}
