//! A trace from the request to all that comes of it, over processes.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};

use crate::process::Process;
use crate::site::Site;
use crate::world::World;
use crate::{LOOK_EVERY, PATIENCE};

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const SPAN: &str = "00f067aa0ba902b7";

/// Path and `traceparent` of each request that came.
pub(crate) type Came = Arc<Mutex<Vec<(String, String)>>>;

/// Somebody else's server, which keeps the traces that it is told.
pub(crate) async fn somebody() -> (String, Came) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, came) = (listener.local_addr().unwrap().to_string(), Came::default());
    let kept = Arc::clone(&came);
    let router = Router::new().fallback(keep).with_state(kept);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, came)
}

async fn keep(State(came): State<Came>, uri: Uri, headers: HeaderMap) -> &'static str {
    let told = headers.get("traceparent").map_or("none", |value| value.to_str().unwrap()).to_owned();
    came.lock().unwrap().push((uri.path().to_owned(), told));
    "well"
}

/// The spans of the requests to a path, once so many have come, all of which belong to that trace.
pub(crate) async fn spans(came: &Came, path: &str, trace: &str, count: usize) -> Vec<String> {
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(LOOK_EVERY));
    loop {
        ticks.tick().await;
        let told: Vec<String> =
            came.lock().unwrap().iter().filter(|one| one.0 == path).map(|one| one.1.clone()).collect();
        if told.len() >= count {
            let prefix = format!("00-{trace}-");
            let of_it = |told: &String| told.strip_prefix(&prefix).unwrap_or_else(|| panic!("{told}")).to_owned();
            return told.iter().map(of_it).collect();
        }
        assert!(Instant::now() < deadline, "{path} has {} requests, not {count}", told.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_its_steps_and_its_webhooks_belong_to_one_trace() {
    let (world, _) = World::start().await;
    let (address, came) = somebody().await;
    let site = Site::new().await;
    let both = [
        ("CAPSTAN_ALLOW_PRIVATE", format!("{},{address}", world.address)),
        ("CAPSTAN_SECRET_KEYS", format!("proof:{}=", "A".repeat(43))),
    ];
    let as_json = ("CAPSTAN_LOG_FORMAT", "json".to_owned());
    let served = [both.as_slice(), std::slice::from_ref(&as_json)].concat();
    let (server, url) = site.serve_with(&served).await;
    let mut env = site.worker_env(&world);
    env.retain(|setting| both.iter().all(|ours| ours.0 != setting.0) && setting.0 != "CAPSTAN_LOG");
    env.extend(both);
    env.extend([as_json, ("CAPSTAN_LOG", "warn,capstan_worker::duties::webhooks=debug".to_owned())]);
    let worker = Process::start(&["worker"], &env).await;
    let endpoint =
        json!({ "url": format!("http://{address}/hook"), "types": ["execution.completed", "order.shipped"] });
    let made = site.post(&url, "webhook-endpoints", "e", &endpoint).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let http = |id: &str, headers: Value| {
        let config = json!({ "url": format!("http://{address}/{id}"), "headers": headers });
        json!({ "id": id, "type": "action.http_request", "data": { "config": config } })
    };
    let own = json!({ "traceparent": "00-00000000000000000000000000000001-0000000000000002-00" });
    let version = site
        .publish(&json!({
            "nodes": [
                { "id": "start", "type": "trigger.manual", "data": { "config": {} } },
                http("step", json!({})),
                http("own", own),
                { "id": "say", "type": "action.emit_event", "data": { "config": { "event": "order.shipped", "data": {} } } },
            ],
            "edges": [
                { "id": "a", "source": "start", "target": "step" },
                { "id": "b", "source": "step", "target": "own" },
                { "id": "c", "source": "own", "target": "say" },
            ],
        }))
        .await;
    let begin = async |traceparent: &str| -> Value {
        let request = Client::new().post(format!("{url}/api/v1/executions")).bearer_auth(&site.key);
        let request = request.header("traceparent", traceparent).header("x-request-id", "order-7");
        let answer = request.json(&json!({ "workflow_id": version.workflow_id })).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
        answer.json().await.unwrap()
    };

    let given = begin(&format!("00-{TRACE}-{SPAN}-01")).await;
    let mut all = spans(&came, "/step", TRACE, 1).await;
    // The end, and the event that a step sent.
    all.extend(spans(&came, "/hook", TRACE, 2).await);
    assert!(all.iter().all(|span| span.ends_with("-01") && !span.starts_with(SPAN)), "{all:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 3, "each request is a span of its own");
    assert_eq!(spans(&came, "/own", "00000000000000000000000000000001", 1).await, ["0000000000000002-00"]);
    let shown = site.get(&url, &format!("executions/{}", given["id"].as_str().unwrap())).await.body;
    assert_eq!((&shown["trace_id"], &shown["request_id"]), (&json!(TRACE), &json!("order-7")));

    // Each line of the logs is one object, and they have the ids.
    let answered: Value = serde_json::from_str(&server.line(&["\"answered\"", "order-7"]).await).unwrap();
    for (field, value) in [
        ("level", json!("INFO")),
        ("target", json!("capstan_api::access")),
        ("message", json!("answered")),
        ("method", json!("POST")),
        ("path", json!("/api/v1/executions")),
        ("status", json!(202)),
        ("request_id", json!("order-7")),
        ("trace_id", json!(TRACE)),
    ] {
        assert_eq!(answered[field], value, "{answered}");
    }
    assert!(answered["took_ms"].is_u64() && answered["timestamp"].is_string(), "{answered}");
    let sent: Value = serde_json::from_str(&worker.line(&["webhook attempt", TRACE]).await).unwrap();
    assert_eq!(
        (&sent["level"], &sent["trace_id"], &sent["outcome"]),
        (&json!("DEBUG"), &json!(TRACE), &json!("delivered"))
    );

    // What is no trace is ignored, and another one begins.
    came.lock().unwrap().clear();
    let other = begin("00-not-a-trace-01").await;
    let shown = site.get(&url, &format!("executions/{}", other["id"].as_str().unwrap())).await.body;
    let trace = shown["trace_id"].as_str().unwrap();
    assert!(trace.len() == 32 && trace != TRACE, "{shown}");
    spans(&came, "/step", trace, 1).await;
    spans(&came, "/hook", trace, 2).await;
    site.until_completed(2).await;
    worker.end().await;
    server.end().await;
}
