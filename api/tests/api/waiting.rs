//! Requests that wait for what their execution comes to.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::commit::Then;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::hand::{Hand, completed};
use crate::support::{Answer, App, as_json, chain, simple};

/// Requests of one workspace that may wait at a time.
const WAITERS_PER_WORKSPACE_MAX: i64 = 250;

fn ended(status: &'static str, output: Option<Value>, error: Option<Value>) -> Then {
    let text = |value: Value| value.to_string();
    Then::End { status, output: output.map(text), error: error.map(text), leftovers: false }
}

/// Answers at `r` and once more at `late`, then goes on to `b`.
fn answering(trigger: &str, config: Value) -> Value {
    let (respond, noop) = ("logic.respond", "debug.noop");
    chain(&[("in", trigger, config), ("r", respond, json!({})), ("late", respond, json!({})), ("b", noop, json!({}))])
}

fn reply(status: u16, body: &Value) -> Value {
    json!({ "status": status, "headers": { "x-total": "7" }, "content_type": "text/csv", "body": body })
}

async fn start(app: &App, workflow: &str, query: &str) -> Answer {
    app.post(&format!("/api/v1/executions{query}"), &json!({ "workflow_id": workflow })).await
}

async fn call(app: &App, delivery: &str) -> Answer {
    let request = Request::post("/hooks/acme/orders").header("webhook-id", delivery);
    app.send(as_json(request, &json!({ "id": 7 }))).await
}

#[tokio::test]
async fn who_waits_gets_the_output_and_who_waited_long_enough_how_to_follow_it() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let (answer, ()) = tokio::join!(start(&app, &workflow, "?wait=60"), async {
        let mut hand = Hand::claim(&app).await;
        hand.settle("a", Then::Hold).await;
        hand.settle("b", ended("completed", Some(json!({ "n": 1 })), None)).await;
    });
    let body = answer.json();
    assert_eq!(
        (answer.status.as_u16(), &body["status"], &body["output"]),
        (200, &json!("completed"), &json!({"n": 1}))
    );
    let read = app.get(&format!("/api/v1/executions/{}", body["id"].as_str().unwrap())).await.json();
    assert_eq!((&read["output"], &read["version_id"]), (&body["output"], &body["version_id"]));

    let late = start(&app, &workflow, "?wait=1ms").await;
    assert_eq!((late.status.as_u16(), &late.json()["status"]), (202, &json!("queued")));
    let follow = late.header("location").unwrap();
    assert_eq!(app.get(follow).await.json()["id"], late.json()["id"]);
    Hand::claim(&app).await;
    let preferring = app.request("POST", "/api/v1/executions").header("prefer", "respond-async, wait=1");
    let preferring = app.send(as_json(preferring, &json!({ "workflow_id": workflow }))).await;
    assert_eq!((preferring.status.as_u16(), preferring.header("preference-applied")), (202, Some("wait=1")));
}

#[tokio::test]
async fn an_execution_that_fails_is_told_with_its_error() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let error = json!({ "class": "http_4xx", "reason": "the shop said no" });
    let (answer, ()) = tokio::join!(start(&app, &workflow, "?wait=1min"), async {
        Hand::claim(&app).await.settle("a", ended("failed", None, Some(error.clone()))).await;
    });
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["status"], &body["error"]), (200, &json!("failed"), &error));
    assert!(body.get("output").is_none(), "{body}");
}

#[tokio::test]
async fn a_wait_that_cannot_be_is_refused_and_starts_nothing() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    for query in ["?wait=soon", "?wait=", "?wait=61s", "?wait=-1", "?wait=1s&wait=2s"] {
        let refused = start(&app, &workflow, query).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text());
        assert!(refused.json()["hint"].is_string());
    }
    assert_eq!(start(&app, &workflow, "?wait=soon").await.verdict(), "400 bad_wait");
    assert_eq!(app.count("executions").await, 0);
    assert_eq!(start(&app, &workflow, "?wait=0").await.status, 202);
}

#[tokio::test]
async fn a_reply_comes_before_the_end_and_is_found_again_by_whoever_repeats_the_request() {
    let app = App::start().await;
    let body = json!({ "workflow_id": app.publish(&answering("trigger.manual", json!({}))).await });
    let post = |app: &App| {
        as_json(app.request("POST", "/api/v1/executions?wait=60s").header("idempotency-key", "order-7"), &body)
    };
    let said = reply(201, &json!({ "order": 7 }));
    let (first, mut hand) = tokio::join!(app.send(post(&app)), async {
        let mut hand = Hand::claim(&app).await;
        hand.settle_with("r", said.clone(), Then::Hold).await;
        hand
    });
    let told = first.json();
    assert_eq!((first.status.as_u16(), &told["status"], &told["response"]), (200, &json!("running"), &said));
    hand.settle_with("late", reply(500, &Value::Null), Then::Hold).await;
    hand.settle("b", ended("completed", Some(json!({ "n": 1 })), None)).await;

    let elsewhere = app.another_process();
    for again in [app.send(post(&app)).await, elsewhere.send(post(&elsewhere)).await] {
        let told_again = again.json();
        assert_eq!((&told_again["id"], &told_again["response"]), (&told["id"], &said), "the first reply counts");
        assert_eq!((&told_again["status"], &told_again["output"]), (&json!("completed"), &json!({ "n": 1 })));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
    assert_eq!(app.count("executions").await, 1);
}

#[tokio::test]
async fn a_hook_answers_in_the_words_of_its_workflow_while_the_execution_goes_on() {
    let app = App::start().await;
    app.publish(&answering("trigger.webhook", json!({ "path": "orders", "respond": "with_respond_node" }))).await;
    let (answer, mut hand) = tokio::join!(call(&app, "one"), async {
        let mut hand = Hand::claim(&app).await;
        hand.settle_with("r", reply(404, &json!("a,b")), Then::Hold).await;
        hand
    });
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (404, "a,b"));
    assert_eq!((answer.header("x-total"), answer.header("content-type")), (Some("7"), Some("text/csv")));
    assert!(answer.header("content-security-policy").unwrap().starts_with("sandbox "));
    let follow = format!("/api/v1/executions/{}", answer.header("capstan-execution-id").unwrap());
    assert_eq!(app.get(&follow).await.json()["status"], "running");
    hand.settle_with("late", reply(500, &Value::Null), Then::Hold).await;
    hand.settle("b", completed()).await;
    assert_eq!(app.get(&follow).await.json()["status"], "completed");
    let again = call(&app, "one").await;
    assert_eq!(
        (again.status, again.text(), again.header("idempotent-replayed")),
        (answer.status, answer.text(), Some("true"))
    );

    let (silent, ()) =
        tokio::join!(call(&app, "two"), async { Hand::claim(&app).await.settle("b", completed()).await });
    assert_eq!((silent.status.as_u16(), &silent.json()["status"]), (200, &json!("completed")), "nobody replied");
}

#[tokio::test]
async fn a_hook_answers_with_the_output_or_that_it_failed_or_that_it_takes_longer() {
    let app = App::start().await;
    let hook = |path: &str, config: Value| {
        let mut config = config;
        config["path"] = json!(path);
        chain(&[("in", "trigger.webhook", config), ("a", "debug.noop", json!({}))])
    };
    let without = json!({ "name": "a", "graph": hook("orders", json!({ "respond": "with_respond_node" })) });
    let without = app.post("/api/v1/workflows", &without).await;
    assert_eq!((without.status.as_u16(), &without.json()["errors"][0]["code"]), (422, &json!("no_respond_node")));
    app.publish(&hook("orders", json!({ "respond": "when_done" }))).await;
    app.publish(&hook("slow", json!({ "respond": "when_done", "respond_timeout": "1ms" }))).await;
    let slow = app.send(Request::post("/hooks/acme/slow").body(Body::empty()).unwrap()).await;
    assert_eq!((slow.status.as_u16(), &slow.json()["status"]), (202, &json!("queued")));
    Hand::claim(&app).await.settle("a", completed()).await;

    let (done, ()) = tokio::join!(call(&app, "one"), async {
        Hand::claim(&app).await.settle("a", ended("completed", Some(json!([1, 2])), None)).await;
    });
    assert_eq!((done.status.as_u16(), done.json()), (200, json!([1, 2])));
    let (failed, ()) = tokio::join!(call(&app, "two"), async {
        let error = json!({ "class": "http_4xx", "reason": "a secret of the inside" });
        Hand::claim(&app).await.settle("a", ended("failed", None, Some(error))).await;
    });
    assert_eq!(failed.verdict(), "500 execution_failed");
    assert!(failed.header("capstan-execution-id").is_some() && !failed.text().contains("secret"), "{}", failed.text());
}

#[tokio::test]
async fn requests_that_wait_are_bounded_and_one_that_goes_away_leaves_its_execution_and_its_place() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let mut waiting = JoinSet::new();
    for _ in 0..WAITERS_PER_WORKSPACE_MAX {
        let request = as_json(app.request("POST", "/api/v1/executions?wait=60s"), &json!({ "workflow_id": workflow }));
        waiting.spawn(app.router.clone().oneshot(request));
    }
    while app.count("executions").await < WAITERS_PER_WORKSPACE_MAX {
        assert!(waiting.try_join_next().is_none(), "one did not wait");
    }
    let refused = start(&app, &workflow, "?wait=60s").await;
    assert_eq!((refused.verdict().as_str(), refused.header("retry-after")), ("503 too_many_waiters", Some("2")));
    assert_eq!(app.count("executions").await, WAITERS_PER_WORKSPACE_MAX, "what is refused is not started");
    waiting.shutdown().await;
    assert_eq!(start(&app, &workflow, "?wait=1ms").await.status, 202);
    assert_eq!(app.count("queue").await, WAITERS_PER_WORKSPACE_MAX + 1, "what was started goes on");
}

#[tokio::test]
async fn a_server_that_stops_tells_those_who_wait_how_to_follow_their_execution() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(capstan_api::serve(listener, app.api.clone(), shutdown.clone()));
    let body = json!({ "workflow_id": workflow }).to_string();
    let request = format!(
        "POST /api/v1/executions?wait=60s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        app.key,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    while app.count("executions").await == 0 {}
    shutdown.cancel();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 ") && answer.contains("location: /api/v1/executions/"), "{answer}");
    serving.await.unwrap().unwrap();
}
