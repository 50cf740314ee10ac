//! Inbound hooks.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, as_json, chain};

fn orders(config: Value) -> Value {
    chain(&[("in", "trigger.webhook", config), ("a", "debug.noop", json!({}))])
}

fn call(path: &str) -> axum::http::request::Builder {
    Request::post(path).header("x-shop-event", "order.paid").header("authorization", "Bearer secret")
}

#[tokio::test]
async fn a_hook_starts_an_execution_with_body_headers_and_query() {
    let app = App::start().await;
    app.publish(&orders(json!({ "path": "shop/orders" }))).await;
    let answer = app.send(as_json(call("/hooks/acme/shop/orders?a=1&b=%C3%A9"), &json!({ "id": 7 }))).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let input: Value = sqlx::query_scalar("SELECT input FROM executions").fetch_one(&mut owner).await.unwrap();
    assert_eq!(
        input,
        json!({
            "body": { "id": 7 },
            "headers": { "content-type": "application/json", "x-shop-event": "order.paid" },
            "query": { "a": "1", "b": "é" },
        })
    );
}

#[tokio::test]
async fn a_repeated_delivery_starts_nothing_although_its_signature_differs() {
    let app = App::start().await;
    app.publish(&orders(json!({ "path": "orders" }))).await;
    for attempt in 0..3 {
        let request =
            call("/hooks/acme/orders").header("webhook-id", "msg_1").header("webhook-timestamp", attempt.to_string());
        let request = request.header("webhook-signature", format!("v1,{attempt}"));
        let answer = app.send(as_json(request, &json!({ "id": 7 }))).await;
        assert_eq!(answer.status, 202);
        assert_eq!(answer.header("idempotent-replayed").is_some(), attempt > 0);
    }
    let other = call("/hooks/acme/orders").header("webhook-id", "msg_1");
    assert_eq!(app.send(as_json(other, &json!({ "id": 8 }))).await.verdict(), "422 idempotency_key_reused");
    assert_eq!(app.count("executions").await, 1);
}

#[tokio::test]
async fn a_repeated_delivery_may_come_with_other_headers_but_not_with_another_body_or_query() {
    let app = App::start().await;
    app.publish(&orders(json!({ "path": "orders" }))).await;
    let delivery = |path: &str, content_type: &str, header: (&'static str, &str), body: &Value| {
        let request = call(path).header("webhook-id", "msg_1").header(header.0, header.1);
        app.send(request.header("content-type", content_type).body(Body::from(body.to_string())).unwrap())
    };
    let (path, plain, body) = ("/hooks/acme/orders?a=1", "application/json", json!({ "id": 7 }));
    let first = delivery(path, plain, ("x-sent", "Mon, 30 Nov 2026 00:00:00 GMT"), &body).await;
    for (header, content_type) in [
        (("x-sent", "Mon, 30 Nov 2026 00:05:00 GMT"), plain),
        (("x-correlation-id", "b"), plain),
        (("user-agent", "shop/2"), "application/json; charset=utf-8"),
    ] {
        let again = delivery(path, content_type, header, &body).await;
        assert_eq!(
            (again.status.as_u16(), again.json()["id"].clone()),
            (202, first.json()["id"].clone()),
            "{header:?}"
        );
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{header:?}");
    }
    for (path, content_type, body) in [
        (path, plain, json!({ "id": 8 })),
        ("/hooks/acme/orders?a=2", plain, body.clone()),
        (path, "application/vnd.shop+json", body),
    ] {
        let other = delivery(path, content_type, ("x-sent", "now"), &body).await;
        assert_eq!(other.verdict(), "422 idempotency_key_reused", "{path} {content_type} {body}");
    }
    assert_eq!(app.count("executions").await, 1);
}

#[tokio::test]
async fn a_hook_takes_its_method_and_json_only() {
    let app = App::start().await;
    app.publish(&orders(json!({ "path": "pull", "method": "GET" }))).await;
    app.publish(&orders(json!({ "path": "push" }))).await;
    let get = |path: &str| app.send(Request::get(path).body(Body::empty()).unwrap());
    assert_eq!(get("/hooks/acme/pull?x=1").await.status, 202);
    let refused = get("/hooks/acme/push").await;
    assert_eq!((refused.verdict().as_str(), refused.header("allow")), ("405 method_not_allowed", Some("POST")));
    for path in ["/hooks/acme/none", "/hooks/other/push", "/hooks/nobody/push", "/hooks/acme/a%2F%2E%2E"] {
        assert_eq!(get(path).await.verdict(), "404 not_found", "{path}");
    }
    let post = |body: Vec<u8>, content_type: &'static str| {
        app.send(Request::post("/hooks/acme/push").header("content-type", content_type).body(Body::from(body)).unwrap())
    };
    assert_eq!(
        post(Vec::from("a=1"), "application/x-www-form-urlencoded").await.verdict(),
        "415 unsupported_media_type"
    );
    assert_eq!(post(Vec::from("{"), "application/json").await.verdict(), "400 malformed_json");
    assert_eq!(post(vec![b' '; 1024 * 1024 + 1], "application/json").await.verdict(), "413 body_too_large");
    let nul = app.send(Request::post("/hooks/acme/push?a=%00").body(Body::empty()).unwrap()).await;
    assert_eq!(nul.verdict(), "400 nul_character");
}
