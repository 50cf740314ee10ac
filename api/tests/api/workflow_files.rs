//! Workflows go out as files and come in again, and no change is lost.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::quotas::limit;
use crate::support::{Answer, App, as_json, simple};

const WORKFLOWS: &str = "/api/v1/workflows";
const IMPORT: &str = "/api/v1/workflows/import";
const SECRET: &str = "Bearer of-a-canary-1234";

/// A graph that names a credential and holds what it should not.
fn graph(url: &str) -> Value {
    let config = json!({ "url": url, "credential": "crm", "headers": { "Authorization": SECRET } });
    json!({
        "nodes": [
            { "id": "start", "type": "trigger.manual", "position": { "x": 0, "y": 0 }, "data": { "label": "Start", "config": {} } },
            { "id": "call", "type": "action.http_request", "position": { "x": 0, "y": 9 },
              "data": { "label": "Call", "config": config, "pinned": { "output": 1 } } },
        ],
        "edges": [{ "id": "e", "source": "start", "sourceHandle": "out", "target": "call", "targetHandle": "in",
                    "data": { "kind": "flow" } }],
        "mark": 1,
    })
}

async fn make(app: &App, name: &str) -> String {
    let made = app.post(WORKFLOWS, &json!({ "name": name, "graph": graph("https://a.example/"), "draft": true })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn export(app: &App, id: &str) -> Value {
    let file = app.get(&format!("{WORKFLOWS}/{id}/export")).await;
    assert_eq!(file.status, 200, "{}", file.text());
    file.json()
}

async fn draft(app: &App, id: &str) -> Value {
    app.get(&format!("{WORKFLOWS}/{id}")).await.json()
}

/// Saves the draft as somebody does in the editor.
async fn touch(app: &App, id: &str, url: &str) {
    let revision = draft(app, id).await["revision"].clone();
    let request = app.request("PUT", &format!("{WORKFLOWS}/{id}/draft")).header("if-match", format!("\"{revision}\""));
    assert_eq!(app.send(as_json(request, &json!({ "graph": graph(url) }))).await.status, 200);
}

async fn send(app: &App, files: &[&Value], more: Value) -> Answer {
    let mut body = json!({ "workflows": files });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post(IMPORT, &body).await
}

/// What became of one file.
async fn import(app: &App, file: &Value, more: Value) -> Value {
    let answer = send(app, &[file], more).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["items"][0].clone()
}

fn with_url(file: &Value, url: &str) -> Value {
    let mut file = file.clone();
    file["nodes"][1]["data"]["config"]["url"] = url.into();
    file
}

fn url(draft: &Value) -> &Value {
    &draft["graph"]["nodes"][1]["data"]["config"]["url"]
}

#[tokio::test]
async fn a_file_holds_no_secret_and_gives_back_what_it_took_out() {
    let app = App::start().await;
    let id = make(&app, "Orders").await;
    let file = export(&app, &id).await;
    assert!(!file.to_string().contains("canary"), "{file}");
    assert_eq!((&file["workflow"]["id"], &file["workflow"]["name"]), (&json!(id), &json!("Orders")));
    let config = &file["nodes"][1]["data"]["config"];
    assert_eq!((&config["credential"], &config["headers"]["Authorization"]), (&json!("crm"), &json!("[redacted]")));
    assert_eq!((&file["mark"], &file["nodes"][1]["data"]["pinned"]), (&json!(1), &Value::Null));
    assert_eq!(import(&app, &file, json!({})).await["result"], "unchanged");
    // What was changed in the file comes in; what it left out, and what is pinned, stays.
    let mut changed = with_url(&file, "https://b.example/");
    changed["workflow"]["name"] = "Orders 2".into();
    let item = import(&app, &changed, json!({})).await;
    assert_eq!((&item["result"], &item["revision"], &item["left_out"]), (&json!("updated"), &json!(2), &json!([])));
    let now = draft(&app, &id).await;
    assert_eq!((&now["graph"], &now["name"]), (&graph("https://b.example/"), &json!("Orders 2")));
    // The same file again changes nothing.
    assert_eq!(import(&app, &changed, json!({})).await["result"], "unchanged");
    assert_eq!(draft(&app, &id).await["revision"], 2);
    // Who fills in a secret has it come in, though no sum knows of it.
    let mut filled = changed.clone();
    filled["nodes"][1]["data"]["config"]["headers"]["Authorization"] = "Bearer another-1234".into();
    assert_eq!(import(&app, &filled, json!({})).await["result"], "updated");
    for file in [&filled, &changed] {
        assert_eq!(import(&app, file, json!({})).await["result"], "unchanged");
    }
    let now = draft(&app, &id).await;
    let node = &now["graph"]["nodes"][1]["data"];
    let kept = (&node["config"]["headers"]["Authorization"], &node["pinned"], &now["revision"]);
    assert_eq!(kept, (&json!("Bearer another-1234"), &json!({ "output": 1 }), &json!(3)));
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_never_overwritten_unless_one_says_so() {
    let app = App::start().await;
    let id = make(&app, "Orders").await;
    let file = with_url(&export(&app, &id).await, "https://file.example/");
    touch(&app, &id, "https://here.example/").await;
    assert_eq!(import(&app, &file, json!({})).await["result"], "conflict");
    let dry = import(&app, &file, json!({ "on_conflict": "overwrite", "dry_run": true })).await;
    assert_eq!((&dry["result"], &dry["revision"]), (&json!("overwritten"), &Value::Null));
    assert_eq!(url(&draft(&app, &id).await), "https://here.example/");
    // A copy is made once for a key, and once more without.
    let body = json!({ "workflows": [file], "on_conflict": "copy" });
    let ids: Vec<Value> = {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let answer = app.send(as_json(app.request("POST", IMPORT).header("idempotency-key", "k"), &body)).await;
            ids.push(answer.json()["items"][0].clone());
        }
        ids
    };
    assert_eq!((&ids[0]["result"], &ids[0]), (&json!("copied"), &ids[1]));
    let copy = draft(&app, ids[0]["id"].as_str().unwrap()).await;
    assert_eq!((url(&copy), &copy["name"]), (&json!("https://file.example/"), &json!("Orders (imported)")));
    assert_eq!(ids[0]["left_out"], json!(["/nodes/1/data/config/headers/Authorization"]), "a copy has no secrets");
    assert_eq!(app.count("workflows").await, 2);
    let over = import(&app, &file, json!({ "on_conflict": "overwrite" })).await;
    assert_eq!((&over["result"], &over["revision"]), (&json!("overwritten"), &json!(3)));
    assert_eq!(draft(&app, &id).await["graph"], graph("https://file.example/"));
}

#[tokio::test]
async fn a_workflow_keeps_its_id_elsewhere_and_follows_there_until_somebody_changes_it() {
    let app = App::start().await;
    let mut there = app.another_process();
    there.key = app.other_key.clone();
    let id = make(&app, "Orders").await;
    let first = import(&there, &export(&app, &id).await, json!({})).await;
    assert_eq!((&first["result"], &first["id"]), (&json!("created"), &json!(id)));
    touch(&app, &id, "https://second.example/").await;
    let second = export(&app, &id).await;
    assert_eq!(import(&there, &second, json!({})).await["result"], "updated");
    assert_eq!(url(&draft(&there, &id).await), "https://second.example/");
    touch(&there, &id, "https://there.example/").await;
    touch(&app, &id, "https://third.example/").await;
    assert_eq!(import(&there, &export(&app, &id).await, json!({})).await["result"], "conflict");
    // And it is never found by who it is not of.
    assert_eq!(url(&draft(&app, &id).await), "https://third.example/");
}

#[tokio::test]
async fn what_cannot_come_in_is_told_and_stops_nothing_else() {
    let app = App::start().await;
    let gone = make(&app, "Gone").await;
    let file = export(&app, &gone).await;
    let request = app.request("DELETE", &format!("{WORKFLOWS}/{gone}"));
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, 204);
    limit(&app, json!({ "workflows": 1 }), 0).await;
    let mut new = simple();
    new["workflow"] = json!({ "name": "New" });
    let mut wrong = json!({ "workflow": { "name": "Wrong" }, "nodes": "none" });
    let answer = send(&app, &[&file, &wrong, &new], json!({ "on_conflict": "overwrite" })).await.json();
    let results: Vec<&Value> = answer["items"].as_array().unwrap().iter().map(|item| &item["result"]).collect();
    assert_eq!(results, ["deleted", "created", "no_room"]);
    assert!(!answer["items"][1]["problems"].as_array().unwrap().is_empty(), "it is a draft all the same: {answer}");
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for (workflow, at) in [
        (r#"{ "name": "" }"#, "/workflows/0/workflow/name"),
        (r#"{ "name": "n", "id": "00000000-0000-4000-8000-000000000000" }"#, "/workflows/0/workflow/id"),
    ] {
        wrong["workflow"] = read(workflow);
        let refused = send(&app, &[&wrong], json!({})).await;
        assert_eq!(
            (refused.verdict().as_str(), &refused.json()["errors"][0]["pointer"]),
            ("422 invalid_file", &json!(at))
        );
    }
    assert_eq!(send(&app, &[], json!({})).await.verdict(), "422 invalid_file");
    assert_eq!(send(&app, &[&file, &file], json!({})).await.verdict(), "422 invalid_file");
    assert_eq!(send(&app, &[&simple()], json!({})).await.verdict(), "400 bad_body");
    assert_eq!(app.count("workflows WHERE deleted_at IS NULL").await, 1);
}

#[tokio::test]
async fn all_workflows_go_out_and_what_is_deleted_or_of_others_does_not() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for no in 0..12 {
        ids.push(make(&app, &format!("No {no}")).await);
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let hide = format!("UPDATE workflows SET deleted_at = now() WHERE workflow_id = '{}'", ids.remove(5));
    sqlx::raw_sql(&hide).execute(&mut owner).await.unwrap();
    let all = app.get(&format!("{WORKFLOWS}/export")).await;
    assert_eq!(all.header("content-type"), Some("application/x-ndjson"));
    let text = all.text();
    assert!(!text.contains("canary"));
    let found: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["workflow"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, ids);
    let request = Request::get(format!("{WORKFLOWS}/export")).header("x-api-key", &app.other_key);
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.text(), "");
}
