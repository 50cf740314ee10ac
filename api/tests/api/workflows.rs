//! Workflows, drafts, versions.

use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain, simple};

async fn save(app: &App, id: &str, if_match: Option<&str>, graph: &Value) -> Answer {
    let mut request = app.request("PUT", &format!("/api/v1/workflows/{id}/draft"));
    if let Some(etag) = if_match {
        request = request.header("if-match", etag);
    }
    app.send(as_json(request, &json!({ "graph": graph }))).await
}

#[tokio::test]
async fn a_workflow_is_made_read_changed_and_published() {
    let app = App::start().await;
    let mut graph = simple();
    graph["viewport"] = json!({ "x": 1, "unknown": ["kept"] });
    let made = app.post("/api/v1/workflows", &json!({ "name": " Lead ", "graph": graph })).await;
    assert_eq!(made.status, 201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("/api/v1/workflows/{id}").as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    let read = app.get(&format!("/api/v1/workflows/{id}")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.json()["graph"], graph);
    assert_eq!(read.json()["name"], "Lead");
    assert_eq!(read.json()["published"], Value::Null);

    assert_eq!(save(&app, &id, None, &graph).await.verdict(), "428 if_match_required");
    assert_eq!(save(&app, &id, Some("\"7\""), &graph).await.verdict(), "412 stale_revision");
    let saved = save(&app, &id, Some("\"1\""), &simple()).await;
    assert_eq!((saved.status.as_u16(), saved.header("etag")), (200, Some("\"2\"")));
    assert_eq!(saved.json(), json!({ "revision": 2, "problems": [], "ports": read.json()["ports"] }));
    assert_eq!(save(&app, &id, Some("\"1\""), &graph).await.verdict(), "412 stale_revision");

    let published = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    assert_eq!((published.status.as_u16(), &published.json()["number"]), (201, &json!(1)));
    let again = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    assert_eq!(again.json()["number"], 2);
    let versions = app.get(&format!("/api/v1/workflows/{id}/versions")).await.json();
    let numbers: Vec<_> = versions["items"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect();
    assert_eq!(numbers, [json!(2), json!(1)]);
    assert_eq!(app.get(&format!("/api/v1/workflows/{id}")).await.json()["published"], 2);
    let newest = versions["items"][0]["id"].as_str().unwrap();
    let version = app.get(&format!("/api/v1/workflows/{id}/versions/{newest}")).await.json();
    assert_eq!((&version["number"], &version["graph"]), (&json!(2), &simple()));
}

#[tokio::test]
async fn a_workflow_is_called_something_else_and_keeps_its_draft() {
    let app = App::start().await;
    let made = app.post("/api/v1/workflows", &json!({ "name": "Leed", "graph": simple() })).await.json();
    let path = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let rename = async |name: Value| app.post(&format!("{path}/rename"), &json!({ "name": name })).await;
    for _ in 0..2 {
        let renamed = rename(json!(" Lead ")).await;
        assert_eq!((renamed.status.as_u16(), renamed.header("etag")), (200, Some("\"1\"")), "{}", renamed.text());
        let read = app.get(&path).await.json();
        assert_eq!((&renamed.json(), &read["name"], &read["graph"]), (&read, &json!("Lead"), &simple()));
    }
    assert_eq!(app.get("/api/v1/workflows").await.json()["items"][0]["name"], "Lead");
    let graph = simple();
    assert_eq!(save(&app, made["id"].as_str().unwrap(), Some("\"1\""), &graph).await.status, 200);
    for name in [" ", "two\nlines", "x".repeat(201).as_str()] {
        assert_eq!(rename(json!(name)).await.verdict(), "422 bad_name", "{name:?}");
    }
    assert!((400..500).contains(&rename(Value::Null).await.status.as_u16()));
    assert_eq!(app.get(&path).await.json()["name"], "Lead");
    let gone = app.request("DELETE", &path).body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.send(gone).await.status, 204);
    assert_eq!(rename(json!("Late")).await.verdict(), "404 not_found");
}

#[tokio::test]
async fn a_draft_is_told_which_ports_its_nodes_have() {
    let app = App::start().await;
    let switch = json!({ "cases": [{ "port": "large", "when": "{{ true }}" }] });
    let graph = chain(&[("in", "trigger.manual", json!({})), ("by_size", "logic.switch", switch)]);
    let mut graph = graph;
    graph["nodes"].as_array_mut().unwrap().extend([json!({ "id": "odd", "type": "logic.of_tomorrow" }), json!(1)]);
    let made = app.post("/api/v1/workflows", &json!({ "name": "Ports", "graph": graph, "draft": true })).await;
    let ports = json!({ "in": ["out"], "by_size": ["large", "default"] });
    assert_eq!(made.json()["ports"], ports);
    let saved = save(&app, made.json()["id"].as_str().unwrap(), Some("\"1\""), &graph).await;
    assert_eq!(saved.json()["ports"], ports);
}

#[tokio::test]
async fn an_invalid_draft_is_kept_with_its_problems_but_never_published() {
    let app = App::start().await;
    let graph = chain(&[("a", "debug.noop", json!({}))]);
    let made = app.post("/api/v1/workflows", &json!({ "name": "Draft", "graph": graph, "draft": true })).await;
    assert_eq!(made.status, 201);
    assert_ne!(made.json()["problems"], json!([]));
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let saved = save(&app, &id, Some("\"1\""), &json!({ "anything": 1 })).await;
    assert_eq!(saved.status, 200);
    assert_ne!(saved.json()["problems"], json!([]));
    let checked = app.post_nothing(&format!("/api/v1/workflows/{id}/validate")).await.json();
    assert_eq!(checked["valid"], false);
    let published = app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    assert_eq!(published.verdict(), "422 invalid_graph");
    assert_eq!(published.json()["errors"], checked["problems"]);
    assert_eq!(app.count("workflow_versions").await, 0);
    let started = app.post("/api/v1/executions", &json!({ "workflow_id": id })).await;
    assert_eq!(started.verdict(), "409 not_published");
}

#[tokio::test]
async fn a_path_belongs_to_one_workflow() {
    let app = App::start().await;
    let hook = chain(&[("in", "trigger.webhook", json!({ "path": "orders" })), ("a", "debug.noop", json!({}))]);
    let first = app.publish(&hook).await;
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{first}/publish")).await.status, 201);
    let second = app.post("/api/v1/workflows", &json!({ "name": "Second", "graph": hook })).await.json();
    let second = second["id"].as_str().unwrap();
    let refused = app.post_nothing(&format!("/api/v1/workflows/{second}/publish")).await;
    assert_eq!(refused.verdict(), "409 path_taken");
    assert!(refused.json()["detail"].as_str().unwrap().contains("\"orders\""));
    assert_eq!(app.count("workflow_versions").await, 2);
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let app = App::start().await;
    for ix in 0..5 {
        app.post("/api/v1/workflows", &json!({ "name": format!("W{ix}"), "graph": simple() })).await;
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("/api/v1/workflows?limit=2{cursor}")).await.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2 && items.iter().all(|item| item.get("graph").is_none()));
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["W4", "W3", "W2", "W1", "W0"]);
}

#[tokio::test]
async fn the_palette_names_every_type_with_its_schema() {
    let app = App::start().await;
    let palette = app.get("/api/v1/node-types").await.json();
    let items = palette["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["schema"].is_object() && item["ports"].is_array()));
    let condition = items.iter().find(|item| item["name"] == "logic.condition").unwrap();
    assert_eq!((&condition["role"], &condition["effect"]), (&json!("step"), &json!("pure")));
}

#[tokio::test]
async fn two_saves_at_once_cannot_both_win() {
    let app = App::start().await;
    let made = app.post("/api/v1/workflows", &json!({ "name": "W", "graph": simple() })).await.json();
    let id = made["id"].as_str().unwrap();
    let graph = simple();
    let saves = (0..10).map(|_| save(&app, id, Some("\"1\""), &graph));
    let statuses: Vec<_> = futures::future::join_all(saves).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 412].contains(status)));
}

#[tokio::test]
async fn a_join_that_can_never_fire_is_told_with_a_path_and_published_only_if_that_is_accepted() {
    let app = App::start().await;
    let node = |id: &str, type_name: &str, data: Value| json!({ "id": id, "type": type_name, "data": data });
    let edge = |source: &str, port: &str, target: &str| json!({ "id": format!("{source}-{target}"), "source": source, "sourceHandle": port, "target": target });
    let graph = json!({
        "nodes": [
            node("start", "trigger.manual", json!({})),
            node("big", "logic.condition", json!({ "config": { "condition": "{{ input.amount > 100 }}" } })),
            node("check", "debug.noop", json!({})),
            node("pay", "debug.noop", json!({})),
            node("both", "debug.noop", json!({ "policy": { "join": "n_of_m", "n": 2 } })),
        ],
        "edges": [
            edge("start", "out", "big"),
            edge("big", "true", "check"),
            edge("big", "false", "pay"),
            edge("check", "out", "both"),
            edge("pay", "out", "both"),
        ],
    });
    let checked = app.post("/api/v1/workflows/validate", &json!({ "graph": graph })).await.json();
    let (proof, finding) = (&checked["proof"], &checked["proof"]["findings"][0]);
    assert_eq!((&checked["valid"], &proof["complete"], &proof["steps_max"]), (&json!(true), &json!(true), &json!(5)));
    assert_eq!(
        (&finding["severity"], &finding["code"], &finding["node_id"]),
        (&json!("error"), &json!("join_never_fires"), &json!("both"))
    );
    assert_eq!(finding["path"][1]["port"], "true");

    let made = app.post("/api/v1/workflows", &json!({ "name": "Never", "graph": graph })).await.json();
    let publish = format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap());
    for wrong in ["", "?accept=node_never_runs"] {
        let refused = app.post_nothing(&format!("{publish}{wrong}")).await;
        assert_eq!(refused.verdict(), "422 never_right");
        assert_eq!(refused.json()["errors"][0], *finding);
    }
    assert_eq!(app.count("workflow_versions").await, 0);
    let published = app.post_nothing(&format!("{publish}?accept=join_never_fires")).await;
    assert_eq!((published.status.as_u16(), &published.json()["proof"]), (201, proof));
}

#[tokio::test]
async fn settings_that_nothing_reads_are_kept_and_told_at_publish() {
    let app = App::start().await;
    let mut graph = simple();
    graph["settings"] = json!({ "timeout": 5, "timeout_ms": 60_000 });
    let made = app.post("/api/v1/workflows", &json!({ "name": "Misspelt", "graph": graph })).await.json();
    let path = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let published = app.post_nothing(&format!("{path}/publish")).await;
    assert_eq!(published.status, 201, "{}", published.text());
    let findings = published.json()["proof"]["findings"].clone();
    assert_eq!((&findings[0]["severity"], &findings[0]["code"]), (&json!("warning"), &json!("unknown_setting")));
    assert!(findings[0]["detail"].as_str().unwrap().contains("\"timeout\""), "{findings}");
    let kept = app.get(&format!("{path}/versions/{}", published.json()["id"].as_str().unwrap())).await.json();
    assert_eq!(kept["graph"]["settings"], graph["settings"]);
}

#[tokio::test]
async fn notes_on_the_canvas_stay_in_draft_and_version_and_what_is_wrong_with_one_is_told() {
    let app = App::start().await;
    let mut graph = simple();
    let size = json!({ "width": 240, "height": 96 });
    let note = json!({ "id": "note", "text": "Why, <b>and\nhow", "position": { "x": -8, "y": 16 }, "size": size, "color": "blue" });
    graph["notes"] = json!([note]);
    graph["nodes"][0]["data"]["note"] = json!("Begins by hand.");
    let made = app.post("/api/v1/workflows", &json!({ "name": "Noted", "graph": graph })).await.json();
    let path = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let saved =
        async |graph: &Value, revision: &str| save(&app, made["id"].as_str().unwrap(), Some(revision), graph).await;
    let publish = async || app.post_nothing(&format!("{path}/publish")).await;
    let version =
        async |published: &Value| app.get(&format!("{path}/versions/{}", published["id"].as_str().unwrap())).await;
    let told = |published: &Value| -> Vec<Value> {
        let findings = published["proof"]["findings"].as_array().unwrap().iter();
        findings.filter(|finding| finding["code"] == "bad_note").map(|finding| finding["severity"].clone()).collect()
    };
    let first = publish().await;
    assert_eq!((first.status.as_u16(), told(&first.json())), (201, vec![]));
    assert_eq!(app.get(&path).await.json()["graph"], graph);
    assert_eq!(version(&first.json()).await.json()["graph"], graph);

    graph["notes"] = json!([note, note, "odd"]);
    let answer = saved(&graph, "\"1\"").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["problems"]), (200, &json!([])));
    let second = publish().await;
    assert_eq!((second.status.as_u16(), told(&second.json())), (201, vec![json!("warning"), json!("warning")]));
    assert_eq!(version(&second.json()).await.json()["graph"], graph);
}

#[tokio::test]
async fn a_version_has_the_name_and_the_note_that_it_was_published_with() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let publish = async |body: &Value| app.post(&format!("/api/v1/workflows/{workflow}/publish"), body).await;
    let named = publish(&json!({ "name": " Spring prices ", "note": "All of them." })).await;
    assert_eq!(named.status, 201);
    assert_eq!((&named.json()["name"], &named.json()["note"]), (&json!("Spring prices"), &json!("All of them.")));
    assert_eq!(publish(&json!({ "name": " " })).await.json()["name"], Value::Null);
    assert_eq!(publish(&json!({ "name": "x".repeat(101) })).await.verdict(), "422 text_too_long");
    assert_eq!(publish(&json!({ "note": "x".repeat(2_001) })).await.verdict(), "422 text_too_long");
    let listed = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json();
    let names: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!(names, [&Value::Null, &json!("Spring prices"), &Value::Null]);
    let version = listed["items"][1]["id"].as_str().unwrap();
    let read = app.get(&format!("/api/v1/workflows/{workflow}/versions/{version}")).await.json();
    assert_eq!(read["note"], "All of them.");
}
