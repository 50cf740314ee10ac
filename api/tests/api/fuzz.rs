//! Whatever a client sends, it gets an answer that it can read, and never learns of a fault of ours.
//!
//! `PROPTEST_CASES` makes it longer. What it found once is in `tests/corpus` and sent each time.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::support::{App, chain, simple};
use crate::wire::{Received, exchange};

/// Requests of the short form.
const CASES: u32 = 4_000;

/// One request. Words in braces stand for what exists: `{workflow}`, `{execution}`, `{key}`.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Sent {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

const ROUTES: [&str; 40] = [
    "/api/v1/me",
    "/api/v1/workflows",
    "/api/v1/workflows/validate",
    "/api/v1/workflows/{workflow}",
    "/api/v1/workflows/{workflow}/draft",
    "/api/v1/workflows/{workflow}/validate",
    "/api/v1/workflows/{workflow}/publish",
    "/api/v1/workflows/{workflow}/versions",
    "/api/v1/workflows/{workflow}/versions/{junk}",
    "/api/v1/workflows/{junk}/publish",
    "/api/v1/executions",
    "/api/v1/executions/{execution}",
    "/api/v1/executions/{execution}/logs",
    "/api/v1/executions/{execution}/events",
    "/api/v1/executions/{execution}/cancel",
    "/api/v1/executions/{execution}/signals/{junk}",
    "/api/v1/executions/{junk}",
    "/api/v1/executions/{junk}/events",
    "/api/v1/bulk-jobs",
    "/api/v1/bulk-jobs/{junk}",
    "/api/v1/bulk-jobs/{execution}/items",
    "/api/v1/bulk-jobs/{junk}/cancel",
    "/api/v1/events",
    "/api/v1/events/batch",
    "/api/v1/node-types",
    "/api/v1/{junk}",
    "/",
    "/session",
    "/session/end",
    "/login/{junk}",
    "/login/{junk}/callback",
    "/api/v1/tokens",
    "/p/acme/contact",
    "/p/{junk}/{junk}",
    "/hooks/acme/order",
    "/hooks/{junk}/{junk}",
    "/dev/mail",
    "/dev/mail/{junk}",
    "/assets/page.css",
    "/readyz",
];
const METHODS: [&str; 8] = ["GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "BREW"];
const TYPES: [&str; 6] = [
    "application/json",
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
];
const QUERY_KEYS: [&str; 10] =
    ["limit", "cursor", "after", "before", "status", "workflow_id", "level", "execution", "page", "since"];
const FIELDS: [&str; 18] = [
    "name",
    "graph",
    "nodes",
    "edges",
    "id",
    "type",
    "data",
    "config",
    "policy",
    "retry",
    "source",
    "target",
    "input",
    "workflow_id",
    "trigger_node_id",
    "timeout_ms",
    "reason",
    "version",
];

/// A word that may be anything, harmless in a line of HTTP.
fn junk() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9-]{1,12}",
        "(%[0-9a-f]{2}){1,8}",
        "[a-zA-Z0-9!$&'()*+,;=:@._~-]{1,40}",
        "[a-z]{300}",
        select(vec![
            "%00",
            "%",
            "%zz",
            "%ff%fe",
            "..",
            "%2e%2e%2f",
            "0",
            "-1",
            "99999999999999999999",
            "null",
            "%F0%9F%A6%80"
        ])
        .prop_map(str::to_owned),
        Just("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
    ]
}

/// A path with its query.
fn path() -> impl Strategy<Value = String> {
    let pairs = proptest::collection::vec((select(QUERY_KEYS.to_vec()), junk()), 0..4);
    (select(ROUTES.to_vec()), proptest::collection::vec(junk(), 2), pairs).prop_map(|(route, junk, pairs)| {
        let path = route.replacen("{junk}", &junk[0], 1).replacen("{junk}", &junk[1], 1);
        let query: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    })
}

/// The value of a header.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~][ -~]{0,40}", "[a-z]{0,5}", "[é-ü]{1,8}", "[a-z0-9]{260}", "[,;=\" ]{1,8}x"]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let authorization = prop_oneof![
        8 => Just(vec!["Bearer {key}".to_owned()]),
        1 => Just(Vec::new()),
        1 => value().prop_map(|it| vec![format!("Bearer {it}")]),
        1 => value().prop_map(|it| vec![it]),
        1 => Just(vec!["Bearer {key}".to_owned(), "Basic eDp5".to_owned()]),
    ];
    let other = (
        select(vec![
            "idempotency-key",
            "accept",
            "last-event-id",
            "x-request-id",
            "cookie",
            "origin",
            "if-match",
            "range",
        ]),
        value(),
    );
    (authorization, prop::option::of(select(TYPES.to_vec())), proptest::collection::vec(other, 0..4)).prop_map(
        |(authorization, content_type, others)| {
            let mut all: Vec<(String, String)> =
                authorization.into_iter().map(|value| ("authorization".to_owned(), value)).collect();
            all.extend(content_type.map(|it| ("content-type".to_owned(), it.to_owned())));
            all.extend(others.into_iter().map(|(name, value)| (name.to_owned(), value)));
            all
        },
    )
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(u64::MAX)),
        "\\PC{0,12}".prop_map(Value::from),
        select(vec!["{workflow}", "{{ input.a }}", "{{", "\u{0}", "trigger.manual", "debug.noop"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((select(FIELDS.to_vec()), inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// What clients send, with one field replaced, and perhaps cut off or spoiled.
fn body() -> impl Strategy<Value = String> {
    let good = select(vec![
        json!({ "name": "Test", "graph": simple() }),
        json!({ "graph": simple() }),
        json!({ "workflow_id": "{workflow}", "input": { "a": 1 } }),
        json!({ "reason": "enough" }),
        json!({ "name": "Ada", "email": "ada@analytical.example" }),
    ]);
    let changed = (good, select(FIELDS.to_vec()), any_json()).prop_map(|(mut body, field, value)| {
        let place = match body.get_mut("graph") {
            Some(graph) if graph.get(field).is_some() => graph,
            _ => &mut body,
        };
        place[field] = value;
        body.to_string()
    });
    prop_oneof![
        6 => changed,
        2 => any_json().prop_map(|body| body.to_string()),
        1 => (any_json(), any::<prop::sample::Index>()).prop_map(|(body, at)| {
            let text = body.to_string();
            text.chars().take(at.index(text.len() + 1)).collect()
        }),
        1 => "[a-z%&=+ é\\[\\]\"{}:,]{0,60}",
        1 => Just(String::new()),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    (select(METHODS.to_vec()), path(), headers(), body()).prop_map(|(method, path, headers, body)| Sent {
        method: method.into(),
        path,
        headers,
        body,
    })
}

/// A server with something to find in it.
struct Served {
    address: SocketAddr,
    words: [(&'static str, String); 3],
    _app: App,
}

impl Served {
    async fn start() -> Self {
        let app = App::start().await;
        let workflow = app.publish(&simple()).await;
        app.publish(&chain(&[(
            "form",
            "trigger.form",
            json!({ "path": "contact", "title": "Contact", "fields": [{ "name": "name", "label": "Name" }] }),
        )]))
        .await;
        app.publish(&chain(&[("hook", "trigger.webhook", json!({ "path": "order" }))])).await;
        let execution = app.begin(&workflow).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(capstan_api::serve(listener, app.api.clone(), CancellationToken::new()));
        let words = [("{workflow}", workflow), ("{execution}", execution), ("{key}", app.key.clone())];
        Self { address, words, _app: app }
    }

    /// Sends it, and says what is wrong with the answer.
    async fn judge(&self, sent: &Sent) -> Result<(), String> {
        let filled = |text: &str| self.words.iter().fold(text.to_owned(), |text, (word, is)| text.replace(word, is));
        let mut request =
            format!("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", sent.method, filled(&sent.path));
        for (name, value) in &sent.headers {
            request.push_str(&format!("{name}: {}\r\n", filled(value)));
        }
        let body = filled(&sent.body);
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let received =
            exchange(self.address, request.as_bytes()).await.map_err(|error| format!("no answer: {error}"))?;
        complaint(sent, &received).map_or(Ok(()), Err)
    }
}

fn complaint(sent: &Sent, received: &Received) -> Option<String> {
    let status = received.status;
    if status >= 500 {
        return Some(format!("status {status}: {}", received.text()));
    }
    let is_problem = received.content_type.starts_with("application/problem+json");
    if status >= 400 && sent.path.starts_with("/api/") && !is_problem {
        return Some(format!("status {status} with {:?}: {}", received.content_type, received.text()));
    }
    if !is_problem || sent.method == "HEAD" {
        return None;
    }
    let Ok(problem) = serde_json::from_slice::<Value>(&received.body) else {
        return Some(format!("a problem that is no JSON: {}", received.text()));
    };
    let is_whole =
        ["type", "title", "code", "detail", "hint", "instance", "request_id"].iter().all(|it| problem[it].is_string());
    (!is_whole || problem["status"] != status).then(|| format!("a problem that lacks something: {problem}"))
}

#[test]
fn any_request_is_answered_well() {
    let runtime = Runtime::new().unwrap();
    let served = runtime.block_on(Served::start());
    let long = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig::with_source_file(file!());
    let config = ProptestConfig { cases: if long { usual.cases } else { CASES }, ..usual };
    let judged = TestRunner::new(config).run(&sent(), |sent| {
        runtime.block_on(served.judge(&sent)).map_err(|complaint| {
            TestCaseError::fail(format!("{complaint}\nfor tests/corpus: {}", serde_json::to_string(&sent).unwrap()))
        })
    });
    if let Err(found) = judged {
        panic!("{found}");
    }
}

#[test]
fn what_was_found_before_is_answered_well() {
    let runtime = Runtime::new().unwrap();
    let served = runtime.block_on(Served::start());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut replayed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let sent: Sent = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        if let Err(complaint) = runtime.block_on(served.judge(&sent)) {
            panic!("{}: {complaint}", path.display());
        }
        replayed += 1;
    }
    assert!(replayed > 0, "the corpus is empty");
}
