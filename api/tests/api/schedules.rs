//! Schedules over HTTP. No worker is there: what is to start waits.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, as_json, chain, simple};

const SCHEDULES: &str = "/api/v1/schedules";

fn daily(config: Value) -> Value {
    chain(&[("daily", "trigger.schedule", config), ("a", "debug.noop", json!({}))])
}

impl App {
    async fn only_schedule(&self) -> Value {
        let list = self.get(SCHEDULES).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
        list["items"][0].clone()
    }

    async fn republish(&self, workflow_id: &str, graph: &Value) {
        let draft = self.get(&format!("/api/v1/workflows/{workflow_id}")).await;
        let request = self.request("PUT", &format!("/api/v1/workflows/{workflow_id}/draft"));
        let request = request.header("if-match", draft.header("etag").unwrap());
        assert_eq!(self.send(as_json(request, &json!({ "graph": graph }))).await.status, 200);
        let published = self.post_nothing(&format!("/api/v1/workflows/{workflow_id}/publish")).await;
        assert_eq!(published.status, 201, "{}", published.text());
    }
}

#[tokio::test]
async fn a_schedule_comes_with_publishing_and_is_kept_in_step() {
    let app = App::start().await;
    let config = json!({ "cron": "0 9 * * *", "zone": "Europe/Berlin" });
    let workflow_id = app.publish(&daily(config.clone())).await;
    let first = app.only_schedule().await;
    assert_eq!(
        (&first["status"], &first["workflow_name"], &first["node_id"]),
        (&json!("active"), &json!("Test"), &json!("daily"))
    );
    assert!(first["next_local"].as_str().unwrap().contains("T09:00:00+0"), "{first}");
    // The same times: the next one stays, whatever else changes.
    let mut more = config.clone();
    more["jitter"] = json!("5min");
    app.republish(&workflow_id, &daily(more)).await;
    let second = app.only_schedule().await;
    assert_eq!((&second["id"], &second["next_at"]), (&first["id"], &first["next_at"]));
    assert_ne!(second["version_id"], first["version_id"]);
    // Other times: the next one is another.
    app.republish(&workflow_id, &daily(json!({ "cron": "30 9 * * *", "zone": "Europe/Berlin" }))).await;
    let third = app.only_schedule().await;
    assert!(third["id"] == first["id"] && third["next_at"] != first["next_at"]);
    // No schedule any more: what waits is missed.
    let path = format!("{SCHEDULES}/{}/fire", first["id"].as_str().unwrap());
    assert_eq!(app.post_nothing(&path).await.status, 202);
    app.republish(&workflow_id, &simple()).await;
    assert_eq!(app.get(SCHEDULES).await.json()["items"], json!([]));
    let starts = app.get(&format!("/api/v1/workflows/{workflow_id}/trigger-starts?status=missed")).await.json();
    assert!(starts["items"][0]["reason"].as_str().unwrap().contains("not in the published version"), "{starts}");
}

#[tokio::test]
async fn what_never_fires_or_has_no_zone_is_refused_with_node_and_reason() {
    let app = App::start().await;
    for (config, code, said) in [
        (json!({ "cron": "0 0 30 2 *" }), "never_fires", "never fires"),
        (json!({ "cron": "0 25 * * *" }), "bad_cron", "\"25\" is no hour"),
        (json!({ "cron": "0 9 * * *", "zone": "Europe/Atlantis" }), "bad_zone", "Europe/Atlantis"),
    ] {
        let answer = app.post("/api/v1/workflows", &json!({ "name": "T", "graph": daily(config) })).await;
        assert_eq!(answer.verdict(), "422 invalid_graph", "{}", answer.text());
        let found = answer.json()["errors"][0].clone();
        assert_eq!((&found["code"], &found["node_id"]), (&json!(code), &json!("daily")), "{found}");
        assert!(found["detail"].as_str().unwrap().contains(said), "{found}");
    }
    let answer = app.post(&format!("{SCHEDULES}/preview"), &json!({ "cron": "0 0 31 4 *" })).await;
    assert_eq!(
        (answer.verdict().as_str(), &answer.json()["errors"][0]["code"]),
        ("422 invalid_schedule", &json!("never_fires"))
    );
}

#[tokio::test]
async fn a_preview_tells_the_next_ten_times_in_the_zone_and_in_utc() {
    let app = App::start().await;
    let wish = json!({ "cron": "30 2 * * *", "zone": "Europe/Berlin", "from": "2026-03-27T12:00:00Z" });
    let told = app.post(&format!("{SCHEDULES}/preview"), &wish).await.json();
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.len(), 10);
    assert_eq!(items[1], json!({ "at": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00" }));
    let now = app.post(&format!("{SCHEDULES}/preview"), &json!({ "cron": "@daily" })).await.json();
    assert_eq!(now["items"].as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn a_schedule_is_paused_resumed_fired_and_back_filled() {
    let app = App::start().await;
    app.publish(&daily(json!({ "cron": "0 * * * *" }))).await;
    let id = app.only_schedule().await["id"].as_str().unwrap().to_owned();
    let path = |verb: &str| format!("{SCHEDULES}/{id}/{verb}");
    for _ in 0..2 {
        let paused = app.post(&path("pause"), &json!({ "reason": "holidays" })).await.json();
        assert_eq!(
            (&paused["status"], &paused["next_at"], &paused["paused"]["reason"]),
            (&json!("paused"), &Value::Null, &json!("holidays"))
        );
        assert_eq!(paused["paused"]["by"], "test");
    }
    assert_eq!(app.post_nothing(&path("fire")).await.status, 202);
    for _ in 0..2 {
        let resumed = app.post_nothing(&path("resume")).await.json();
        assert_eq!(
            (&resumed["status"], &resumed["paused"], &resumed["waiting"]),
            (&json!("active"), &Value::Null, &json!(1))
        );
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let hours: Vec<String> = sqlx::query_scalar(
        "SELECT to_char(date_trunc('hour', now() AT TIME ZONE 'UTC') - n * interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
           FROM unnest(ARRAY[30, 6]) AS n",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let range = json!({ "from": hours[0], "to": hours[1] });
    let mut dry = range.clone();
    dry["dry_run"] = json!(true);
    let told = app.post(&path("backfill"), &dry).await;
    assert_eq!((told.status.as_u16(), &told.json()["count"], &told.json()["new"]), (200, &json!(24), &Value::Null));
    for new in [24, 0] {
        let told = app.post(&path("backfill"), &range).await;
        assert_eq!((told.status.as_u16(), &told.json()["count"], &told.json()["new"]), (202, &json!(24), &json!(new)));
    }
    let shown = app.get(&format!("{SCHEDULES}/{id}")).await.json();
    assert_eq!((shown["next"].as_array().map(Vec::len), shown["fires"].as_array().map(Vec::len)), (Some(10), Some(25)));
    for (range, verdict) in [
        (json!({ "from": hours[1], "to": hours[0] }), "422 bad_range"),
        (json!({ "from": "2020-01-01T00:00:00Z", "to": hours[0] }), "422 bad_range"),
        (json!({ "from": "yesterday", "to": hours[0] }), "400 bad_body"),
        (json!({ "from": hours[0] }), "400 bad_body"),
    ] {
        assert_eq!(app.post(&path("backfill"), &range).await.verdict(), verdict);
    }
}

#[tokio::test]
async fn schedules_of_others_are_not_there() {
    let app = App::start().await;
    app.publish(&daily(json!({ "cron": "@daily" }))).await;
    let id = app.only_schedule().await["id"].as_str().unwrap().to_owned();
    for (method, path) in [
        ("GET", format!("{SCHEDULES}/{id}")),
        ("POST", format!("{SCHEDULES}/{id}/pause")),
        ("POST", format!("{SCHEDULES}/{id}/fire")),
    ] {
        let request = Request::builder().method(method).uri(&path).header("x-api-key", &app.other_key);
        assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.verdict(), "404 not_found", "{path}");
        let bad = app.request(method, &path.replace(&id, "x")).body(Body::empty()).unwrap();
        assert_eq!(app.send(bad).await.verdict(), "404 not_found");
    }
    let list = Request::get(SCHEDULES).header("x-api-key", &app.other_key).body(Body::empty()).unwrap();
    assert_eq!(app.send(list).await.json()["items"], json!([]));
}
