//! What a collector of traces gets from a fleet: one trace from the request to all that comes of it, and nothing of what it holds.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Told;
use opentelemetry_proto::tonic::trace::v1::Span as Wire;
use prost::Message;
use reqwest::Client;
use serde_json::json;
use tokio::net::TcpListener;

use crate::process::Process;
use crate::site::Site;
use crate::traces::{SPAN, TRACE, somebody, spans};
use crate::world::World;

/// A secret, part of the address that is called, and of what is sent.
const CANARY: &str = "canary-7f3a-d41d8cd98f00b204";

/// A collector of traces that keeps what it is sent, in either form.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// With the name of the process.
    spans: Vec<(String, Wire)>,
    raw: Vec<u8>,
    forms: Vec<String>,
}

impl Collector {
    async fn listen() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, collector) = (format!("http://{}", listener.local_addr().unwrap()), Self::default());
        let router = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (collector, address)
    }

    /// The span of that name, kind and parent; there is one.
    fn span(&self, name: &str, parent: &[u8]) -> Wire {
        let kept = self.0.lock().unwrap();
        let found: Vec<&Wire> = kept
            .spans
            .iter()
            .map(|(_, span)| span)
            .filter(|span| span.name == name && span.parent_span_id == parent)
            .collect();
        let all: Vec<&str> = kept.spans.iter().map(|(_, span)| span.name.as_str()).collect();
        assert_eq!(found.len(), 1, "{name} among {all:?}");
        assert_eq!(hex(&found[0].trace_id), TRACE, "{name}");
        found[0].clone()
    }
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) {
    let form = headers["content-type"].to_str().unwrap().to_owned();
    let came: ExportTraceServiceRequest = match form.as_str() {
        "application/json" => serde_json::from_slice(&body).unwrap(),
        _ => ExportTraceServiceRequest::decode(body.clone()).unwrap(),
    };
    let mut kept = collector.0.lock().unwrap();
    for process in came.resource_spans {
        let resource = process.resource.unwrap();
        let name = resource.attributes.iter().find(|one| one.key == "service.name").unwrap();
        let name = text(name.value.clone().and_then(|any| any.value));
        kept.spans
            .extend(process.scope_spans.into_iter().flat_map(|scope| scope.spans).map(|span| (name.clone(), span)));
    }
    kept.raw.extend_from_slice(&body);
    kept.forms.push(form);
}

fn text(value: Option<Told>) -> String {
    match value {
        Some(Told::StringValue(text)) => text,
        Some(Told::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a span tells by these names.
fn told<const N: usize>(span: &Wire, names: [&str; N]) -> [String; N] {
    names.map(|name| {
        let found = span.attributes.iter().find(|one| one.key == name);
        let found = found.unwrap_or_else(|| panic!("{} has no {name}: {:?}", span.name, span.attributes));
        text(found.value.clone().and_then(|any| any.value))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_one_trace_from_the_request_to_its_calls_and_webhooks() {
    let (world, _) = World::start().await;
    let (address, came) = somebody().await;
    let (collector, collector_url) = Collector::listen().await;
    let site = Site::new().await;
    let both = [
        ("CAPSTAN_ALLOW_PRIVATE", format!("{},{address}", world.address)),
        ("CAPSTAN_SECRET_KEYS", format!("proof:{}=", "A".repeat(43))),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector_url),
    ];
    let mut served = both.to_vec();
    served.push(("OTEL_SERVICE_NAME", "flows-api".into()));
    let (server, url) = site.serve_with(&served).await;
    let mut env = site.worker_env(&world);
    env.retain(|setting| both.iter().all(|ours| ours.0 != setting.0));
    env.extend(both);
    env.extend([("OTEL_SERVICE_NAME", "flows-worker".into()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json".into())]);
    let worker = Process::start(&["worker"], &env).await;
    let endpoint = json!({ "url": format!("http://{address}/hook"), "types": ["execution.completed"] });
    assert_eq!(site.post(&url, "webhook-endpoints", "e", &endpoint).await.status, 201);
    let credential = json!({ "name": "crm", "type": "bearer", "allowed_hosts": [format!("http://{address}")], "fields": { "token": CANARY } });
    let made = site.post(&url, "credentials", "c", &credential).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let config = json!({
        "url": format!("http://{address}/step?token={CANARY}"), "method": "POST", "credential": "crm",
        "headers": { "x-own": CANARY }, "body": { "of": "{{ input.note }}" },
    });
    let version = site
        .publish(&json!({
            "nodes": [
                { "id": "start", "type": "trigger.manual", "data": { "config": {} } },
                { "id": "call", "type": "action.http_request", "data": { "config": config } },
            ],
            "edges": [{ "id": "a", "source": "start", "target": "call" }],
        }))
        .await;
    let request = Client::new().post(format!("{url}/api/v1/executions")).bearer_auth(&site.key);
    let request = request.header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
    let body = json!({ "workflow_id": version.workflow_id, "input": { "note": CANARY } });
    assert_eq!(request.json(&body).send().await.unwrap().status().as_u16(), 202);
    let [step, hook] = [spans(&came, "/step", TRACE, 1).await, spans(&came, "/hook", TRACE, 1).await];
    site.until_completed(1).await;
    // Their ends send what is left.
    worker.end().await;
    server.end().await;

    let caller: Vec<u8> = (0..8).map(|at| u8::from_str_radix(&SPAN[2 * at..2 * at + 2], 16).unwrap()).collect();
    let request = collector.span("POST /api/v1/executions", &caller);
    assert_eq!(
        told(
            &request,
            ["http.request.method", "http.route", "url.scheme", "http.response.status_code", "server.address"]
        ),
        ["POST", "/api/v1/executions", "http", "202", "127.0.0.1"]
    );
    let start = collector.span("start", &request.span_id);
    let execution = collector.span("execution", &start.span_id);
    assert_eq!(told(&execution, ["capstan.execution.id"]), told(&start, ["capstan.execution.id"]));
    assert_eq!(told(&execution, ["capstan.execution.status"]), ["completed"]);
    let attempt = collector.span("action.http_request", &execution.span_id);
    assert_eq!(
        told(&attempt, ["capstan.node.id", "capstan.step.attempt", "capstan.step.outcome"]),
        ["call", "1", "done"]
    );
    let call = collector.span("POST", &attempt.span_id);
    let (host, port) = address.split_once(':').unwrap();
    let names = ["http.request.method", "server.address", "server.port", "http.response.status_code"];
    assert_eq!(told(&call, names), ["POST", host, port, "200"]);
    assert_eq!(step, [format!("{}-01", hex(&call.span_id))], "who is called is told of the span that calls");
    let webhook = collector.span("webhook", &start.span_id);
    let sent = collector.span("POST", &webhook.span_id);
    assert_eq!(hook, [format!("{}-01", hex(&sent.span_id))]);
    // OTLP's numbers of the kinds.
    let kinds = [&request, &start, &execution, &attempt, &call, &webhook].map(|span| span.kind);
    assert_eq!(kinds, [2, 4, 5, 1, 3, 4]);

    let kept = collector.0.lock().unwrap();
    let of = |process: &str| kept.spans.iter().any(|(name, _)| name == process);
    assert!(of("flows-api") && of("flows-worker"));
    assert!(["application/json", "application/x-protobuf"].iter().all(|form| kept.forms.iter().any(|one| one == form)));
    for secret in [CANARY, "/step", "/hook"] {
        assert!(!String::from_utf8_lossy(&kept.raw).contains(secret), "{secret} is told");
    }
}
