//! Drafts, and single steps of them, run for real by the fleet.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Client, Running, capstan, data_dir, last_json, stdout, step};

fn node(id: &str, kind: &str, config: Value) -> Value {
    json!({ "id": id, "type": kind, "data": { "label": id, "config": config } })
}

fn edge(source: &str, target: &str) -> Value {
    json!({ "id": format!("{source}-{target}"), "source": source, "target": target })
}

/// Code on what was fetched, and a list of it; what fetches is pinned.
fn graph() -> Value {
    let code = "console.log('adds'); return input.a + input.b;";
    let mut fetch = node("fetch", "action.http_request", json!({ "url": "http://127.0.0.1:9/" }));
    fetch["data"]["pinned"] =
        json!({ "output": { "status": 200, "body": { "b": 40, "text": "{{ no expression }}" } } });
    let input = json!({ "a": "{{ input.a }}", "b": "{{ steps.fetch.body.b }}" });
    let mut inner =
        node("inner", "data.set", json!({ "values": { "twice": "{{ item * 2 }}", "token": "{{ index }}" } }));
    inner["parentId"] = json!("each");
    json!({
        "nodes": [
            node("start", "trigger.manual", json!({})),
            fetch,
            node("add", "action.code", json!({ "code": code, "input": input })),
            node("each", "logic.for_each", json!({ "items": "{{ [steps.add] }}" })),
            inner,
            node("wait", "logic.wait_for_signal", json!({ "signal": "go" })),
        ],
        "edges": [edge("start", "fetch"), edge("fetch", "add"), edge("add", "each")],
    })
}

async fn draft(client: &Client, mut graph: Value) -> String {
    graph["edges"].as_array_mut().unwrap().push(edge("each", "wait"));
    let made = client.post("/api/v1/workflows", &json!({ "name": "Trial", "graph": graph })).await;
    format!("/api/v1/workflows/{}/draft", made["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_and_its_steps_run_for_real_without_being_published() {
    let data = data_dir();
    let dev = Running::start(capstan(data.path()).args(["dev", "--json", "--reply-after", "10 min"]));
    let ready = dev.event("ready");
    let client = Client::new(&ready);
    let draft = draft(&client, graph()).await;
    let path = format!("{draft}/test-step");

    let added = client.post(&path, &json!({ "node_id": "add", "input": { "a": 2 } })).await;
    assert_eq!((&added["status"], &added["output"]), (&json!("completed"), &json!(42)), "{added:#}");
    assert_eq!((&added["attempts"], &added["config"]["input"]), (&json!(1), &json!({ "a": 2, "b": 40 })));
    assert!(added["duration_ms"].is_u64() && added["logs"][0]["message"] == "adds", "{added:#}");

    let other = json!({ "output": { "body": { "b": "x" } } });
    let told = client.post(&path, &json!({ "node_id": "add", "input": { "a": 2 }, "steps": { "fetch": other } })).await;
    assert_eq!(told["output"], "2x", "{told:#}");

    // One attempt, whatever its policy says, and no address that a worker would not ask.
    let refused = client.post(&path, &json!({ "node_id": "fetch" })).await;
    assert_eq!((&refused["status"], &refused["attempts"]), (&json!("failed"), &json!(1)), "{refused:#}");
    assert!(refused["error"]["reason"].as_str().unwrap().contains("127.0.0.1"), "{refused:#}");

    let inner = client.post(&path, &json!({ "node_id": "inner", "item": 21 })).await;
    assert_eq!(inner["output"]["twice"], 42, "{inner:#}");
    assert_eq!(inner["config"]["values"]["token"], "[redacted]");
    let waits = client.post(&path, &json!({ "node_id": "wait" })).await;
    assert_eq!((&waits["status"], &waits["waiting"]["signal"]), (&json!("waiting"), &json!("go")), "{waits:#}");

    let run = client.post(&format!("{draft}/run"), &json!({ "pinned": true, "input": { "a": 2 } })).await;
    let id = run["id"].as_str().unwrap();
    let execution = client.until_step(id, "wait", "waiting").await;
    assert_eq!((&execution["trial"], &step(&execution, "add")["output"]), (&json!(true), &json!(42)));
    assert_eq!(step(&execution, "fetch")["output"]["body"]["text"], "{{ no expression }}");
    let listed = client.get("/api/v1/executions").await;
    assert!(!listed.contains(id) && client.get("/api/v1/executions?trial=true").await.contains(id));
    a_case_is_written_and_passes(&client, &ready, data.path()).await;
    assert_eq!(dev.interrupt().code(), Some(0));
}

/// Of an execution with code, which a case does not run again.
async fn a_case_is_written_and_passes(client: &Client, ready: &Value, data: &Path) {
    let mut graph = graph();
    graph["edges"].as_array_mut().unwrap().pop();
    graph["nodes"].as_array_mut().unwrap().truncate(3);
    let made = client.post("/api/v1/workflows", &json!({ "name": "Case", "graph": graph })).await;
    let run = format!("/api/v1/workflows/{}/draft/run?wait=60s", made["id"].as_str().unwrap());
    let ended = client.post(&run, &json!({ "pinned": true, "input": { "a": 2, "password": "s3cret" } })).await;
    assert_eq!((&ended["status"], &ended["output"]), (&json!("completed"), &json!(42)), "{ended:#}");
    let (folder, text) = (tempfile::tempdir().unwrap(), |name: &str| ready[name].as_str().unwrap());
    std::fs::write(folder.path().join("w.json"), graph.to_string()).unwrap();
    let into = folder.path().join("w.tests.json");
    let case = [
        "execution",
        "case",
        ended["id"].as_str().unwrap(),
        "--url",
        text("url"),
        "--api-key",
        text("api_key"),
        "--into",
    ];
    let written = capstan(data).args(case).arg(&into).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", stdout(&written));
    assert!(stdout(&written).contains("[redacted]") && !std::fs::read_to_string(&into).unwrap().contains("s3cret"));
    let tested = capstan(data).args(["test", "--json"]).arg(folder.path()).output().unwrap();
    assert_eq!(
        (tested.status.code(), &last_json(&stdout(&tested))["passed"]),
        (Some(0), &json!(1)),
        "{}",
        stdout(&tested)
    );
    let again = capstan(data).args(case).arg(&into).output().unwrap();
    assert_eq!(again.status.code(), Some(2), "a name is there twice");
}
