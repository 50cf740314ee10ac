//! Notes of what was done about a record.

use capstan_domain::records::{Act, Desk, Done, NoteKind};
use capstan_engine::core::ids::ExecutionId;
use serde_json::json;

use super::{RECORDS, history, made};
use crate::support::App;

#[tokio::test]
async fn what_was_done_about_a_record_is_noted_in_its_history_and_changes_nothing_else() {
    let app = App::start().await;
    let id = made(&app, "pursuit", json!({ "client": "Engines" })).await;
    let path = format!("{RECORDS}/{id}/history");
    let before = app.get(&format!("{RECORDS}/{id}")).await.json();
    for kind in ["call", "email", "meeting", "note"] {
        let noted = app.post(&path, &json!({ "type": kind, "text": format!(" a {kind} of June ") })).await;
        assert_eq!(noted.status, 201, "{}", noted.text());
        let (noted, text) = (noted.json(), json!(format!("a {kind} of June")));
        assert_eq!((&noted["kind"], &noted["reason"], &noted["record_id"]), (&json!(kind), &text, &json!(id)));
        assert_eq!(history(&app, &id).await[0], noted, "who noted it, and when, is told as well");
    }
    assert_eq!(app.get(&format!("{RECORDS}/{id}")).await.json(), before);
    let kinds: Vec<String> =
        history(&app, &id).await.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["note", "meeting", "email", "call", "created"]);
    assert_eq!(app.count("events").await, 1, "nobody is told of a note");
}

#[tokio::test]
async fn a_note_says_something_about_a_record_that_is_there() {
    let app = App::start().await;
    let id = made(&app, "pursuit", json!({})).await;
    let path = format!("{RECORDS}/{id}/history");
    for (text, status) in [(String::from(" "), 422), ("x".repeat(2_000), 201), ("x".repeat(2_001), 422)] {
        let noted = app.post(&path, &json!({ "type": "note", "text": text })).await;
        assert_eq!(noted.status, status, "{}", noted.text());
        if status == 422 {
            assert_eq!(noted.verdict(), "422 invalid_record");
            assert_eq!(noted.json()["errors"][0]["pointer"], "/text");
        }
    }
    assert_eq!(app.post(&path, &json!({ "type": "fax", "text": "a" })).await.verdict(), "400 bad_body");
    let call = json!({ "type": "call", "text": "a" });
    let nowhere = format!("{RECORDS}/{}/history", uuid::Uuid::now_v7());
    assert_eq!(app.post(&nowhere, &call).await.verdict(), "404 not_found");
    let gone =
        app.send(app.request("DELETE", &format!("{RECORDS}/{id}")).body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(app.post(&path, &call).await.verdict(), "404 not_found");
    assert_eq!(app.count("record_history WHERE kind IN ('call', 'note')").await, 1);
}

#[tokio::test]
async fn a_step_notes_something_once_however_often_it_is_repeated() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    let record_id = made(&app, "pursuit", json!({})).await.parse().unwrap();
    let note = Act::Note { record_id, kind: NoteKind::Call, text: "a call".into() };
    for replayed in [false, true] {
        let done = desk.act(app.acme, ExecutionId::new(), "$step:a", &note).await.unwrap().unwrap();
        let Done::Acted(acted) = done else { panic!("{done:?}") };
        assert_eq!((acted.replayed, acted.record.revision), (replayed, 1));
        assert_eq!(acted.entry.and_then(|entry| entry.reason).as_deref(), Some("a call"));
    }
    assert_eq!(app.count("record_history WHERE kind = 'call' AND by_kind = 'step'").await, 1);
}
