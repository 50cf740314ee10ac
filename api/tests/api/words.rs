//! What is said where a request does not fit: which field, which version, which code.

use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{App, as_json, chain, simple};

#[tokio::test]
async fn a_body_that_does_not_fit_says_where() {
    let app = App::start().await;
    let told = async |path: &str, body: Value| {
        let answer = app.post(path, &body).await;
        assert_eq!(answer.verdict(), "400 bad_body", "{body}");
        let json = answer.json();
        (json["errors"][0]["pointer"].as_str().unwrap().to_owned(), json["detail"].as_str().unwrap().to_owned())
    };
    let (pointer, detail) = told("/api/v1/events", json!({ "type": "a.b", "key": 5 })).await;
    assert_eq!(pointer, "/key");
    assert_eq!(detail, "the body does not fit at \"/key\": invalid type: integer `5`, expected a string");
    let batch = json!({ "events": [{ "type": "a.b" }, { "type": "a.b", "id": [] }] });
    assert_eq!(told("/api/v1/events/batch", batch).await.0, "/events/1/id");
    let (pointer, detail) = told("/api/v1/events", json!({ "type": "a.b", "kee": "x" })).await;
    assert!(pointer.is_empty() || pointer == "/kee", "{pointer}");
    assert!(detail.contains("unknown field `kee`"), "{detail}");
    assert_eq!(told("/api/v1/events", json!({ "key": "x" })).await.0, "");
}

#[tokio::test]
async fn a_version_of_another_workflow_is_told_as_such() {
    let app = App::start().await;
    let (one, other) = (app.publish(&simple()).await, app.publish(&simple()).await);
    let versions = app.get(&format!("/api/v1/workflows/{other}/versions")).await.json();
    let version = versions["items"][0]["id"].as_str().unwrap();
    let answer = app.post("/api/v1/executions", &json!({ "workflow_id": one, "version_id": version })).await;
    assert_eq!(answer.verdict(), "404 not_found");
    let detail = format!("version \"{version}\" is of workflow \"{other}\", not of \"{one}\"");
    assert_eq!(answer.json()["detail"], detail);
    let nobody = uuid::Uuid::now_v7();
    let answer = app.post("/api/v1/executions", &json!({ "workflow_id": one, "version_id": nobody })).await;
    assert_eq!(answer.json()["detail"], format!("there is no version \"{nobody}\" in this workspace"));
}

#[tokio::test]
async fn a_restart_takes_the_newest_version_by_its_word_and_repeats_its_answer() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    let settled = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, output, \
                     recorded_at) \
                   SELECT execution_id, 1, workspace_id, 1, 'settled', 'a', 'completed', 'out', 1, '1', now() FROM executions";
    sqlx::query(settled).execute(&mut owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'cancelled', ended_at = now()").execute(&mut owner).await.unwrap();
    let publish = async || app.post_nothing(&format!("/api/v1/workflows/{workflow}/publish")).await.json()["id"].take();
    let newest = publish().await;
    let path = format!("/api/v1/executions/{id}/restart");
    let plan = json!({ "from": "a", "version_id": "latest", "dry_run": true });
    assert_eq!(app.post(&path, &plan).await.json()["version_id"], newest);
    let ask = async || {
        let request = app.request("POST", &path).header("idempotency-key", "k");
        app.send(as_json(request, &json!({ "from": "a", "version_id": "latest" }))).await
    };
    let first = ask().await;
    assert_eq!((first.status.as_u16(), &first.json()["version_id"]), (202, &newest), "{}", first.text());
    publish().await;
    assert_eq!(ask().await.json()["id"], first.json()["id"], "whichever is the newest by then");
    let answer = app.post(&path, &json!({ "from": "a", "version_id": "newest" })).await;
    assert_eq!(
        (answer.verdict().as_str(), &answer.json()["errors"][0]["pointer"]),
        ("400 bad_body", &json!("/version_id"))
    );
}

#[tokio::test]
async fn publish_takes_codes_that_there_are_and_fields_that_it_knows() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let path = format!("/api/v1/workflows/{workflow}/publish");
    let answer = app.post_nothing(&format!("{path}?accept=node_never_runs,no_such_code")).await;
    assert_eq!(answer.verdict(), "422 unknown_accept");
    assert_eq!(answer.json()["detail"], "accept names \"no_such_code\", which no finding has as its code");
    assert_eq!(app.post_nothing(&format!("{path}?accept=node_never_runs,%20join_never_fires,")).await.status, 201);
    let answer = app.post(&path, &json!({ "nonsense": 1 })).await;
    assert_eq!(answer.verdict(), "400 bad_body");
    assert!(answer.json()["detail"].as_str().unwrap().contains("nonsense"), "{}", answer.text());
    let draft = format!("/api/v1/workflows/{workflow}/draft/run?accept=no_such_code");
    assert_eq!(app.post(&draft, &json!({})).await.verdict(), "422 unknown_accept");
}

#[tokio::test]
async fn a_priority_that_is_no_number_is_told_to_who_starts_and_who_looks() {
    let app = App::start().await;
    let mut graph = simple();
    graph["settings"] = json!({ "flow": { "priority": "{{ input.p }}" } });
    let workflow = app.publish(&graph).await;
    let start =
        async |p: Value| app.post("/api/v1/executions", &json!({ "workflow_id": workflow, "input": { "p": p } })).await;
    let odd = start(json!("urgent")).await;
    let text = "settings.flow.priority comes to \"urgent\", which is no whole number: the start has the priority 0";
    let warnings = json!([{ "code": "priority_not_a_number", "text": text }]);
    assert_eq!((odd.status.as_u16(), &odd.json()["warnings"]), (202, &warnings));
    let looked = app.get(&format!("/api/v1/executions/{}", odd.json()["id"].as_str().unwrap())).await.json();
    assert_eq!(looked["warnings"], warnings);
    assert_eq!(start(json!(7)).await.json().get("warnings"), None);
}

#[tokio::test]
async fn what_is_paused_or_pending_is_listed_by_that() {
    let app = App::start().await;
    let plain = app.publish(&simple()).await;
    let mut graph = simple();
    graph["settings"] = json!({ "flow": { "debounce": { "period_ms": 600_000, "key": "{{ input.k }}" } } });
    let held = app.publish(&graph).await;
    let (paused, _) = (app.begin(&plain).await, app.begin(&plain).await);
    assert_eq!(app.post_nothing(&format!("/api/v1/executions/{paused}/pause")).await.status, 202);
    let ids = async |query: &str| {
        let page = app.get(&format!("/api/v1/executions?{query}")).await.json();
        let items = page["items"].as_array().unwrap().iter();
        let ids: Vec<String> = items.map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        (ids, page["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(ids("status=paused").await.0, std::slice::from_ref(&paused));
    let mut pending = Vec::new();
    for k in 0..3 {
        let body = json!({ "workflow_id": held, "input": { "k": k } });
        pending.push(app.post("/api/v1/executions", &body).await.json()["id"].as_str().unwrap().to_owned());
    }
    pending.reverse();
    let (first, cursor) = ids("status=pending&limit=2").await;
    let (second, end) = ids(&format!("status=pending&limit=2&cursor={}", cursor.unwrap())).await;
    assert_eq!(([first, second].concat(), end), (pending, None));
    assert_eq!(ids(&format!("status=pending&workflow_id={plain}")).await.0, Vec::<String>::new());
    assert_eq!(ids("status=pending&trial=true").await.0, Vec::<String>::new());
    let item = app.get("/api/v1/executions?status=pending&limit=1").await.json()["items"][0].take();
    assert_eq!((&item["status"], &item["trigger"]), (&json!("pending"), &json!("start")));
    let other =
        Request::get("/api/v1/executions?status=pending").header("authorization", format!("Bearer {}", app.other_key));
    let answer = app.send(other.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.json()["items"], json!([]), "nobody else's");
    assert_eq!(app.get("/api/v1/executions?status=asleep").await.verdict(), "400 bad_query");
}

#[tokio::test]
async fn a_config_that_cannot_fit_resolves_nothing() {
    let app = App::start().await;
    let wait = ("a", "logic.delay", json!({ "for": "1h" }));
    let workflow = app.publish(&chain(&[("start", "trigger.manual", json!({})), wait])).await;
    let id = app.begin(&workflow).await;
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}'")
        .execute(&mut owner)
        .await
        .unwrap();
    let path = format!("/api/v1/executions/{id}/resolve");
    let retry =
        async |config: Value| app.post(&path, &json!({ "action": "retry", "step": "a", "config": config })).await;
    let refused = retry(json!({ "for": 5, "fro": "1h" })).await;
    assert_eq!(refused.verdict(), "422 bad_config");
    let json = refused.json();
    let mut found: Vec<&str> =
        json["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, ["/config", "/config/for"], "{json}");
    let refused = retry(json!({ "for": "{{ input. }}" })).await.json();
    assert_eq!((&refused["code"], &refused["errors"][0]["code"]), (&json!("bad_config"), &json!("bad_expression")));
    assert_eq!(app.count("signals").await, 0);
    assert_eq!(retry(json!({ "for": "{{ input.span }}" })).await.status, 202, "an expression may come to what fits");
}
