//! Bad input is refused with a reason, and nothing of it is stored.

use axum::body::Body;
use axum::http::HeaderName;
use serde_json::{Value, json};

use crate::support::{App, chain, simple};

fn edge(id: &str, source: &str, target: &str) -> Value {
    json!({ "id": id, "source": source, "target": target })
}

/// `simple()`, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut graph = simple();
    change(&mut graph);
    graph
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

#[tokio::test]
async fn an_invalid_graph_is_refused_with_all_its_problems_and_nothing_is_stored() {
    let app = App::start().await;
    let many: Vec<(String, &str, Value)> = (0..10_000).map(|ix| (format!("n{ix}"), "debug.noop", json!({}))).collect();
    let many: Vec<(&str, &str, Value)> =
        many.iter().map(|(id, kind, config)| (id.as_str(), *kind, config.clone())).collect();
    for (graph, code) in [
        (changed(|graph| push(&mut graph["edges"], edge("back", "b", "a"))), "cycle"),
        (changed(|graph| graph["nodes"][1]["type"] = json!("action.teleport")), "unknown_node_type"),
        (changed(|graph| push(&mut graph["edges"], edge("off", "b", "nowhere"))), "dangling_edge"),
        (chain(&[("a", "debug.noop", json!({}))]), "no_trigger"),
        (changed(|graph| push(&mut graph["nodes"], json!({ "id": "lost", "type": "debug.noop" }))), "unreachable_node"),
        (changed(|graph| graph["nodes"][1]["data"]["config"] = json!({ "output": "{{ 1 + }}" })), "bad_expression"),
        (changed(|graph| graph["nodes"][1]["data"]["config"] = json!({ "no_such_field": 1 })), "bad_config"),
        (chain(&many), "too_many_nodes"),
    ] {
        let refused = app.post("/api/v1/workflows", &json!({ "name": "Bad", "graph": graph })).await;
        assert_eq!(refused.verdict(), "422 invalid_graph", "{code}");
        let body = refused.json();
        let codes: Vec<_> =
            body["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
        let checked = app.post("/api/v1/workflows/validate", &json!({ "graph": graph })).await.json();
        assert_eq!(checked["valid"], false);
        assert_eq!(checked["problems"], body["errors"]);
    }
    assert_eq!(app.count("workflows").await, 0);
}

#[tokio::test]
async fn every_problem_of_a_graph_is_named_with_its_node() {
    let app = App::start().await;
    let graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("a", "action.teleport", json!({})),
        ("b", "debug.noop", json!({ "x": 1 })),
    ]);
    let refused = app.post("/api/v1/workflows", &json!({ "name": "Bad", "graph": graph })).await.json();
    let nodes: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["node_id"].as_str()).collect();
    assert!(nodes.contains(&Some("a")) && nodes.contains(&Some("b")), "{refused}");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused_as_they_are() {
    let app = App::start().await;
    let deep = format!("{{\"name\":\"x\",\"graph\":{}1{}}}", "[".repeat(70), "]".repeat(70));
    let very_deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let huge = format!("{{\"name\":\"x\",\"graph\":{{\"pad\":\"{}\"}}}}", "x".repeat(10 * 1024 * 1024));
    for (body, expected) in [
        (Vec::from("{\"name\":"), "400 malformed_json"),
        (Vec::from(b"{\"name\":\"\xff\"}".as_slice()), "400 not_utf8"),
        (Vec::from("{\"name\":\"a\\u0000b\",\"graph\":{}}"), "400 nul_character"),
        (Vec::from("{\"name\":\"a\",\"graph\":{\"a\\u0000\":1}}"), "400 nul_character"),
        (Vec::from("{\"name\":\"\\ud800\",\"graph\":{}}"), "400 malformed_json"),
        (Vec::from("[]"), "400 bad_body"),
        (Vec::from("{\"name\":\"x\"}"), "400 bad_body"),
        (Vec::from("{\"name\":\"x\",\"graph\":[],\"draft\":true}"), "400 bad_graph"),
        (Vec::from("{\"name\":\" \",\"graph\":{}}"), "422 bad_name"),
        (Vec::from("{\"name\":\"x\",\"graph\":{\"n\":1e999}}"), "400 malformed_json"),
        (deep.into_bytes(), "400 too_deep"),
        (very_deep.into_bytes(), "400 too_deep"),
        (huge.into_bytes(), "413 body_too_large"),
        (Vec::new(), "400 malformed_json"),
    ] {
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let request = app.request("POST", "/api/v1/workflows").header("content-type", "application/json");
        let answer = app.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.verdict(), expected, "{start}");
    }
    assert_eq!(app.count("workflows").await, 0);
}

#[tokio::test]
async fn wrong_types_methods_and_addresses_are_problems_too() {
    let app = App::start().await;
    for (method, path, content_type, expected) in [
        ("POST", "/api/v1/workflows", "text/plain", "415 unsupported_media_type"),
        ("POST", "/api/v1/workflows", "application/x-www-form-urlencoded", "415 unsupported_media_type"),
        ("DELETE", "/api/v1/workflows", "application/json", "405 method_not_allowed"),
        ("GET", "/api/v1/nothing", "application/json", "404 not_found"),
        ("GET", "/nothing", "application/json", "404 not_found"),
        ("GET", "/api/v1/workflows/not-an-id", "application/json", "404 not_found"),
        ("GET", "/api/v1/workflows?lmit=5", "application/json", "400 unknown_parameter"),
        ("GET", "/api/v1/executions?stauts=failed", "application/json", "400 unknown_parameter"),
        ("GET", "/api/v1/pauses?limit=5&limit=6", "application/json", "400 bad_query"),
        ("GET", "/api/v1/webhook-deliveries?type=", "application/json", "400 empty_parameter"),
        ("GET", "/api/v1/usage/receipts?quota=", "application/json", "400 empty_parameter"),
        ("GET", "/api/v1/workflows?limit=0", "application/json", "400 bad_limit"),
        ("GET", "/api/v1/workflows?limit=101", "application/json", "400 bad_limit"),
        ("GET", "/api/v1/executions?cursor=!!", "application/json", "400 bad_cursor"),
        ("GET", "/api/v1/executions?workflow_id=x", "application/json", "404 not_found"),
        ("GET", "/p/acme/%00", "application/json", "404 not_found"),
        ("GET", "/p/%00/x", "application/json", "404 not_found"),
    ] {
        let request = app.request(method, path).header("content-type", content_type);
        let answer = app.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.verdict(), expected, "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}");
        assert!(answer.header("allow").is_some() == (answer.status == 405), "{method} {path}");
    }
    let compressed = app.request("POST", "/api/v1/workflows").header("content-type", "application/json");
    let compressed = compressed.header("content-encoding", "gzip").body(Body::from("{}")).unwrap();
    assert_eq!(app.send(compressed).await.verdict(), "415 content_encoding");
}

#[tokio::test]
async fn a_problem_carries_the_request_id_and_every_answer_its_guards() {
    let app = App::start().await;
    let request = app.request("GET", "/api/v1/nothing").header("x-request-id", "my-id.1");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("x-request-id"), Some("my-id.1"));
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "code": "not_found",
      "detail": "nothing is at this address",
      "hint": "look for the address in the README",
      "instance": "/api/v1/nothing",
      "request_id": "my-id.1",
      "status": 404,
      "title": "Not found",
      "type": "urn:capstan:problem:not_found"
    }
    "#);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    let request = app.request("GET", "/healthz").header("x-request-id", "<script>");
    let made = app.send(request.body(Body::empty()).unwrap()).await;
    assert_ne!(made.header("x-request-id"), Some("<script>"));
    assert_eq!(made.status, 200);
}

#[tokio::test]
async fn a_word_that_is_none_of_a_few_is_answered_with_those_that_are() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    let filter = json!({ "workflow_id": workflow });
    for (path, body, words) in [
        (
            format!("/api/v1/workflows/{workflow}/draft/simulate"),
            json!({ "unstubbed": "maybe" }),
            &["fail", "null"][..],
        ),
        ("/api/v1/bulk-jobs".into(), json!({ "verb": "stop", "filter": filter }), &["cancel", "restart", "retry_now"]),
        (
            "/api/v1/bulk-jobs".into(),
            json!({ "verb": "cancel", "filter": { "status": ["done"] } }),
            &["completed", "failed"],
        ),
        (format!("/api/v1/executions/{execution}/resolve"), json!({ "action": "forget" }), &["retry", "skip", "fail"]),
    ] {
        let refused = app.post(&path, &body).await;
        let told = format!("{} {}", refused.json()["detail"], refused.json()["hint"]);
        assert!(words.iter().all(|word| told.contains(word)), "{body}: {told}");
    }
    let restart = app.post(&format!("/api/v1/executions/{execution}/restart"), &json!({ "from": "failed" })).await;
    assert_eq!(restart.verdict(), "422 cannot_restart");
    assert!(restart.json()["hint"].as_str().unwrap().contains("send {\"from\""), "{}", restart.text());
}

#[tokio::test]
async fn a_time_that_cannot_be_read_is_answered_with_how_times_are_written() {
    let app = App::start().await;
    for time in ["tomorrow", "2026-13-01T00:00:00Z", "2026-01-31", "2026-01-31T09:00:00Z or so"] {
        let refused = app.post("/api/v1/keys", &json!({ "name": "k", "expires_at": time })).await;
        assert_eq!(refused.verdict(), "400 bad_body", "{time}");
        assert!(
            refused.json()["hint"].as_str().unwrap().contains("2026-01-31T09:00:00Z"),
            "{time}: {}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn a_loop_without_a_bound_is_never_published() {
    let app = App::start().await;
    let with = |config: Value| {
        let mut graph = chain(&[("in", "trigger.manual", json!({})), ("again", "logic.loop", config)]);
        let inner = json!({ "id": "turn", "type": "debug.noop", "parentId": "again", "data": { "config": {} } });
        graph["nodes"].as_array_mut().unwrap().push(inner);
        graph
    };
    for (config, code) in [
        (json!({}), "bad_config"),
        (json!({ "max_iterations": 0 }), "bad_config"),
        (json!({ "max_iterations": 10_001 }), "bad_config"),
        (json!({ "max_iterations": "{{ input.n }}" }), "not_a_literal"),
    ] {
        let graph = with(config);
        let draft = json!({ "name": "Endless", "graph": graph, "draft": true });
        let made = app.post("/api/v1/workflows", &draft).await.json();
        let refused = app.post_nothing(&format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap())).await;
        assert_eq!(refused.verdict(), "422 invalid_graph");
        let errors = refused.json()["errors"].clone();
        let first = &errors[0];
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
        assert_eq!((&first["code"], &first["node_id"]), (&json!(code), &json!("again")));
        assert_eq!(first["pointer"], "/nodes/1/data/config/max_iterations");
        assert!(first["detail"].as_str().unwrap().contains("max_iterations"), "{first}");
    }
    let bounded =
        app.post("/api/v1/workflows", &json!({ "name": "Ends", "graph": with(json!({ "max_iterations": 3 })) })).await;
    assert_eq!(bounded.status, 201, "{}", bounded.text());
}

#[tokio::test]
async fn no_page_of_another_origin_is_told_that_it_may_ask_or_read() {
    let app = App::start().await;
    for (method, path) in [
        ("OPTIONS", "/api/v1/workflows"),
        ("GET", "/api/v1/workflows"),
        ("OPTIONS", "/api/public/lead"),
        ("GET", "/healthz"),
        ("OPTIONS", "/nothing"),
    ] {
        let request = app.request(method, path).header("origin", "https://evil.example");
        let request = request.header("access-control-request-method", "POST");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        let told: Vec<&str> = answer.headers.keys().map(HeaderName::as_str).collect();
        assert!(!told.iter().any(|name| name.starts_with("access-control-")), "{method} {path}: {told:?}");
    }
}
