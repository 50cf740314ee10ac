//! `capstan dev`: the first thing that anybody runs.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;
mod trials;

use std::collections::HashMap;
use std::process::Command;

use serde_json::{Value, json};
use support::{Client, Running, capstan, data_dir, last_json, stdout, step};

/// Steps of the example that settle before its customer answers.
const BEFORE_THE_REPLY: [&str; 6] = ["form", "fields", "qualified", "enrich", "pause", "mail"];

#[tokio::test(flavor = "multi_thread")]
async fn the_example_completes_and_its_mail_is_received() {
    let data = data_dir();
    let dev = Running::start(capstan(data.path()).args(["dev", "--json"]));
    let client = Client::new(&dev.event("ready"));
    let result = dev.json_with("steps");
    assert_eq!(result["status"], "completed", "{result:#}");
    assert_eq!(step(&result, "reply")["port"], "received");
    assert_eq!(mails_to(&client, "ada@analytical.example").await, 1);
    assert!(client.get("/").await.contains("Lead automation"));
    assert!(client.get("/p/demo/lead").await.contains("Budget in euros"));
    assert_eq!(dev.interrupt().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_to_copy_work_as_they_are_printed() {
    let data = data_dir();
    let dev = Running::start(capstan(data.path()).arg("dev"));
    let mut lines = Vec::new();
    while lines.len() < 3 {
        let line = dev.line().unwrap();
        lines.extend(line.trim().starts_with("curl ").then_some(line));
    }
    let key = lines[0].split("Bearer ").nth(1).unwrap().split('\'').next().unwrap();
    let url = lines[0].split_whitespace().find(|word| word.starts_with("http")).unwrap();
    let url = url.split("/api/").next().unwrap();
    let client = Client::new(&serde_json::json!({"url": url, "api_key": key}));

    let (status, started) = client.send_curl(&lines[0]).await;
    assert_eq!(status, 202, "{started}");
    let (status, waiting) = client.send_curl(&lines[1]).await;
    assert_eq!(status, 200, "{waiting}");
    let id = waiting["id"].as_str().unwrap();
    client.until_step(id, "reply", "waiting").await;
    let (status, answer) = client.send_curl(&lines[2]).await;
    assert_eq!(status, 202, "{answer}");
    let execution = client.until_step(id, "done", "completed").await;
    assert_eq!(step(&execution, "won")["output"]["answer"], "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_goes_on_from_the_last_settled_step() {
    let data = data_dir();
    // The customer answers long after the kill.
    let dev = Running::start(capstan(data.path()).args(["dev", "--json", "--reply-after", "10 min"]));
    let client = Client::new(&dev.event("ready"));
    let id = dev.event("execution")["id"].as_str().unwrap().to_owned();
    let before = client.until_step(&id, "reply", "waiting").await;
    dev.kill9();

    let dev = Running::start(capstan(data.path()).args(["dev", "--json"]));
    let client = Client::new(&dev.event("ready"));
    let resumed = dev.event("execution");
    assert_eq!((resumed["id"].as_str(), resumed["resumed"].as_bool()), (Some(id.as_str()), Some(true)));
    let result = dev.json_with("steps");
    assert_eq!((result["id"].as_str(), result["status"].as_str()), (Some(id.as_str()), Some("completed")));

    let after = client.execution(&id).await;
    for node in BEFORE_THE_REPLY {
        assert_eq!(step(&before, node)["status"], "completed", "{node}");
        assert_eq!(step(&before, node), step(&after, node), "{node} settled again");
    }
    for (node, times) in settled(&client, &id).await {
        assert_eq!(times, 1, "{node} settled {times} times");
    }
    assert_eq!(mails_to(&client, "ada@analytical.example").await, 1);

    // An orderly end is as good: the execution that waits for its slow customer is gone on with, too.
    let slow = dev.event("waiting")["id"].as_str().unwrap().to_owned();
    client.until_step(&slow, "reply", "waiting").await;
    assert_eq!(dev.interrupt().code(), Some(0));
    let output = capstan(data.path()).args(["dev", "--json", "--once"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let result = last_json(&stdout(&output));
    assert_eq!((result["id"].as_str(), result["status"].as_str()), (Some(slow.as_str()), Some("completed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_again_and_again_makes_no_incident_of_what_it_ran() {
    let data = data_dir();
    let start = || Running::start(capstan(data.path()).args(["dev", "--json", "--no-example"]));
    let mut dev = start();
    let mut client = Client::new(&dev.event("ready"));
    let long = json!({ "code": "for (;;) {}" });
    let graph = json!({
        "nodes": [{ "id": "start", "type": "trigger.manual" },
                  { "id": "long", "type": "action.code", "data": { "config": long } }],
        "edges": [{ "id": "e", "source": "start", "target": "long" }],
    });
    let made = client.post("/api/v1/workflows", &json!({ "name": "Long", "graph": graph })).await;
    let workflow = made["id"].as_str().unwrap();
    client.post(&format!("/api/v1/workflows/{workflow}/publish"), &json!({})).await;
    let started = client.post("/api/v1/executions", &json!({ "workflow_id": workflow })).await;
    for _ in 0..3 {
        client.until_status(started["id"].as_str().unwrap(), "running").await;
        dev.kill9();
        dev = start();
        client = Client::new(&dev.event("ready"));
    }
    client.until_status(started["id"].as_str().unwrap(), "running").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_server_that_was_killed_is_started_again() {
    let data = data_dir();
    let dev = Running::start(capstan(data.path()).args(["dev", "--json", "--reply-after", "10 min"]));
    let client = Client::new(&dev.event("ready"));
    let id = dev.event("execution")["id"].as_str().unwrap().to_owned();
    client.until_step(&id, "reply", "waiting").await;
    let file = data.path().join("dev/cluster/postmaster.pid");
    let old = std::fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    assert!(Command::new("kill").args(["-9", &old]).status().unwrap().success());

    client.until_signalled(&id, "reply", &serde_json::json!({ "answer": "yes" })).await;
    client.until_step(&id, "done", "completed").await;
    assert!(!std::fs::read_to_string(&file).unwrap().starts_with(&old));
    assert_eq!(dev.interrupt().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_answered_by_the_link_in_its_mail() {
    let data = data_dir();
    let dev = Running::start(capstan(data.path()).args(["dev", "--json", "--no-example"]));
    let client = Client::new(&dev.event("ready"));
    let graph: Value = serde_json::from_str(include_str!("../examples/approval/workflow.json")).unwrap();
    let made = client.post("/api/v1/workflows", &json!({ "name": "Approval", "graph": graph })).await;
    let workflow = made["id"].as_str().unwrap();
    client.post(&format!("/api/v1/workflows/{workflow}/publish"), &json!({})).await;
    let input = json!({ "payee": "Bob", "amount": 7, "reason": "cake", "manager": "ada@example.com" });
    let started = client.post("/api/v1/executions", &json!({ "workflow_id": workflow, "input": input })).await;
    let id = started["id"].as_str().unwrap();
    client.until_step(id, "manager", "waiting").await;

    let list = client.get("/dev/mail").await;
    let mail = client
        .get(list.split("href=\"").find(|link| link.starts_with("/dev/mail/")).unwrap().split('"').next().unwrap())
        .await;
    let link = mail.split("Approve: <a href=\"").nth(1).unwrap().split('"').next().unwrap();
    let page =
        client.get(link.split_once("/approve/").map(|(_, token)| format!("/approve/{token}")).unwrap().as_str()).await;
    assert!(page.contains("Cost centre"), "{page}");
    let answer = client.press(link, "capstan-decision=approve&cost_centre=12&capstan-comment=fine").await;
    assert!(answer.contains("You approved “Pay 7 € to Bob?”"), "{answer}");
    let execution = client.until_step(id, "pay", "completed").await;
    assert_eq!(step(&execution, "pay")["output"], json!({ "paid": 7, "allowed_by": "ada@example.com" }));
    let by = &step(&execution, "manager")["output"]["by"];
    assert_eq!(by, &json!({ "kind": "link", "name": "ada@example.com", "address": "127.0.0.1" }));
    assert_eq!(dev.interrupt().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_explains_cancels_and_restarts() {
    let data = data_dir();
    let dev = Running::start(capstan(data.path()).args(["dev", "--json", "--reply-after", "10 min"]));
    let ready = dev.event("ready");
    let id = dev.event("execution")["id"].as_str().unwrap().to_owned();
    Client::new(&ready).until_step(&id, "reply", "waiting").await;
    let (url, key) = (ready["url"].as_str().unwrap(), ready["api_key"].as_str().unwrap());
    let asked = |words: &[&str], key: &str| {
        let output =
            capstan(data.path()).args(words).envs([("CAPSTAN_URL", url), ("CAPSTAN_API_KEY", key)]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap(), stdout(&output), said)
    };

    let (code, told, _) = asked(&["explain", &id], "");
    assert!(
        code == 0 && told.starts_with(&format!("execution {id} is waiting\n  reply waits for the signal")),
        "{told}"
    );
    let (_, list, _) = asked(&["execution", "list"], "");
    assert!(list.contains(&id) && list.contains("waiting"), "{list}");
    let (code, _, said) = asked(&["execution", "cancel", &id], "");
    assert!(code == 2 && said.contains("CAPSTAN_API_KEY"), "{said}");
    let (code, _, said) = asked(&["execution", "restart", &id, "--from", "mail"], key);
    assert!(code == 2 && said.contains("has not ended: cancel it first"), "{said}");
    assert_eq!(asked(&["execution", "cancel", &id, "--reason", "a test"], key).0, 0);
    Client::new(&ready).until_step(&id, "reply", "cancelled").await;
    let (code, planned, _) = asked(&["--json", "execution", "restart", &id, "--from", "reply", "--dry-run"], key);
    let planned = last_json(&planned);
    assert!(code == 0 && planned["id"].is_null() && planned["redone"] == json!(["reply"]), "{planned}");
    let (code, begun, _) = asked(&["execution", "restart", &id, "--from", "reply"], key);
    assert!(code == 0 && begun.contains("goes on with it") && begun.contains("kept: fields, qualified"), "{begun}");

    let (code, _, said) = asked(&["explain", "0"], key);
    assert!(code == 2 && said.contains("execution"), "{said}");
    assert_eq!(dev.interrupt().code(), Some(0));
    let (code, _, said) = asked(&["explain", &id], key);
    assert!(code == 1 && said.contains("cannot be reached: is `capstan serve`"), "{said}");
    assert_eq!(asked(&["explain", &id, "--url", "localhost"], key).0, 2);
}

/// How often each node settled, by the journal: the events of an execution tell it from any position on.
async fn settled(client: &Client, id: &str) -> HashMap<String, usize> {
    let stream = client.get_after(&format!("/api/v1/executions/{id}/events"), Some("0")).await;
    let mut times = HashMap::new();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data:")) {
        let event: Value = serde_json::from_str(data).unwrap();
        if let (Some(node), Some("completed" | "failed")) = (event["node_id"].as_str(), event["status"].as_str()) {
            *times.entry(node.to_owned()).or_default() += 1;
        }
    }
    assert!(times.len() >= BEFORE_THE_REPLY.len(), "{stream}");
    times
}

async fn mails_to(client: &Client, address: &str) -> usize {
    client.get("/dev/mail").await.matches(&format!("<td>{address}</td>")).count()
}
