//! Drafts and steps that are tried out for real, as far as the API goes.

use capstan_engine::store::connect::Role;
use capstan_engine::store::trials::{TRIALS_MAX, tidy};
use serde_json::{Value, json};

use crate::support::{App, as_json, chain, simple};

async fn draft(app: &App, graph: &Value) -> (String, String) {
    let made = app.post("/api/v1/workflows", &json!({ "name": "Test", "graph": graph, "draft": true })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/workflows/{id}/draft");
    (id, path)
}

#[tokio::test]
async fn a_trial_is_no_version_and_is_listed_only_where_it_is_asked_for() {
    let app = App::start().await;
    let (id, path) = draft(&app, &simple()).await;
    let run = app.post(&format!("{path}/run"), &json!({})).await;
    assert_eq!(run.status, 202, "{}", run.text());
    let run = run.json();
    assert_eq!((&run["trial"], &run["proof"]["findings"]), (&json!(true), &json!([])), "{run}");
    assert_eq!(app.get(&format!("/api/v1/workflows/{id}/versions")).await.json()["items"], json!([]));
    assert_eq!(app.get(&format!("/api/v1/workflows/{id}")).await.json()["published"], Value::Null);
    let start = |version: &Value| json!({ "workflow_id": id, "version_id": version });
    assert_eq!(app.post("/api/v1/executions", &start(&Value::Null)).await.verdict(), "409 not_published");
    assert_eq!(app.post("/api/v1/executions", &start(&run["version_id"])).await.verdict(), "404 not_found");
    let listed = async |query: &str| {
        let page = app.get(&format!("/api/v1/executions{query}")).await.json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("").await, listed("?trial=true").await, listed("?trial=any").await), (0, 1, 1));
    assert_eq!(app.get("/api/v1/executions?trial=maybe").await.verdict(), "400 bad_query");
    let shown = app.get(&format!("/api/v1/executions/{}", run["id"].as_str().unwrap())).await.json();
    assert_eq!((&shown["trial"], &shown["steps"][0]["node_id"]), (&json!(true), &json!("start")));
    let job = json!({ "verb": "cancel", "filter": { "workflow_id": id }, "dry_run": true });
    assert_eq!(app.post("/api/v1/bulk-jobs", &job).await.json()["count"], 0);
}

#[tokio::test]
async fn a_trial_of_the_same_draft_is_the_same_version_and_of_the_same_key_the_same_execution() {
    let app = App::start().await;
    let (_, path) = draft(&app, &simple()).await;
    let run = async |body: &Value| {
        let request = app.request("POST", &format!("{path}/run")).header("idempotency-key", "one");
        app.send(as_json(request, body)).await
    };
    let (first, again) = (run(&json!({})).await, run(&json!({})).await);
    assert_eq!((&first.json()["id"], again.header("idempotent-replayed")), (&again.json()["id"], Some("true")));
    assert_eq!(run(&json!({ "pinned": true })).await.verdict(), "422 idempotency_key_reused");
    let other = app.post(&format!("{path}/run"), &json!({})).await.json();
    assert_eq!(other["version_id"], first.json()["version_id"]);
    assert_eq!((app.count("trial_versions").await, app.count("executions").await), (1, 2));
}

#[tokio::test]
async fn a_draft_that_could_not_be_published_is_not_run() {
    let app = App::start().await;
    let mut graph = simple();
    graph["nodes"][1]["type"] = json!("debug.teleport");
    let (_, path) = draft(&app, &graph).await;
    let refused = app.post(&format!("{path}/run"), &json!({})).await;
    assert_eq!(
        (refused.verdict().as_str(), &refused.json()["errors"][0]["node_id"]),
        ("422 invalid_graph", &json!("a"))
    );
    let (_, path) = draft(&app, &simple()).await;
    for (body, verdict) in [
        (json!({ "timeout_ms": 0 }), "422 bad_timeout"),
        (json!({ "timeout_ms": 8 * 86_400_000_u64 }), "422 bad_timeout"),
        (json!({ "trigger": "a" }), "422 unknown_trigger"),
        (json!({ "pin": true }), "400 bad_body"),
    ] {
        assert_eq!(app.post(&format!("{path}/run"), &body).await.verdict(), verdict, "{body}");
    }
    assert_eq!(app.count("trial_versions").await, 0);
}

#[tokio::test]
async fn a_step_that_cannot_be_tested_is_refused_by_name_and_expression() {
    let app = App::start().await;
    let mut graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("a", "debug.noop", json!({})),
        ("b", "debug.noop", json!({ "output": { "x": "{{ steps.a.id }} of {{ input.who }}" } })),
        ("each", "logic.for_each", json!({ "items": [1] })),
    ]);
    // What is wrong elsewhere does not matter.
    graph["nodes"].as_array_mut().unwrap().push(json!({ "id": "odd", "type": "debug.teleport" }));
    let (_, path) = draft(&app, &graph).await;
    let path = format!("{path}/test-step?wait=1ms");
    let b = |more: Value| {
        let mut body = json!({ "node_id": "b", "input": { "who": "ada" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, verdict, detail) in [
        (json!({ "node_id": "c" }), "422 unknown_node", "start, a, b, each, odd"),
        (json!({ "node_id": "odd" }), "422 unknown_node_type", "debug.teleport"),
        (json!({ "node_id": "start" }), "422 not_a_step", "trigger"),
        (json!({ "node_id": "each" }), "422 not_a_step", "container"),
        (b(json!({})), "422 missing_input", "{{ steps.a.id }}"),
        (b(json!({ "steps": { "a": { "output": {} } } })), "422 missing_input", "id"),
        (b(json!({ "steps": { "a": { "output": { "id": 1 } } }, "input": {} })), "422 missing_input", "who"),
        (b(json!({ "steps": { "a": { "timeout": true } } })), "422 bad_stub", "\"a\""),
        (b(json!({ "steps": { "a": { "output": "x".repeat(70_000) } } })), "422 given_too_large", "\"a\""),
        (b(json!({ "trigger": "a" })), "422 missing_input", "steps.a"),
    ] {
        let refused = app.post(&path, &body).await;
        assert_eq!(refused.verdict(), verdict, "{body}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(detail), "{}", refused.text());
    }
    assert_eq!(app.count("trial_versions").await, 0);
    let fine = app.post(&path, &b(json!({ "steps": { "a": { "output": { "id": 1 } } } }))).await;
    assert_eq!((fine.status.as_u16(), &fine.json()["status"]), (202, &json!("queued")), "{}", fine.text());
}

#[tokio::test]
async fn graphs_of_trials_are_let_go_and_the_mark_stays_as_long_as_executions_do() {
    let app = App::start().await;
    let (_, path) = draft(&app, &simple()).await;
    let id = app.post(&format!("{path}/run"), &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    assert_eq!(tidy(&mut worker).await.unwrap(), 0);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    // As it will be long from now.
    let late = "SELECT tidy_trials_1(clock_timestamp() + interval '1 minute', 10)";
    assert_eq!(sqlx::query_scalar::<_, i32>(late).fetch_one(&mut worker).await.unwrap(), 1);
    let later = app.another_process();
    assert_eq!(later.get(&format!("/api/v1/executions/{id}")).await.verdict(), "410 trial_gone");
    assert_eq!(later.get("/api/v1/executions").await.json()["items"], json!([]));
    sqlx::query("DELETE FROM executions").execute(&mut owner).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>(late).fetch_one(&mut worker).await.unwrap(), 1);
    assert_eq!(app.count("trial_versions").await, 0);
}

#[tokio::test]
async fn a_workflow_has_so_many_trials_and_one_more_takes_the_place_of_the_oldest() {
    let app = App::start().await;
    let (_, path) = draft(&app, &simple()).await;
    let first = app.post(&format!("{path}/run"), &json!({})).await;
    assert_eq!(first.status, 202);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let more = "INSERT INTO trial_versions (workspace_id, version_id, workflow_id, digest, graph, semantics) \
        SELECT workspace_id, gen_random_uuid(), workflow_id, n::text::bytea, '{}', 1 \
        FROM trial_versions, generate_series(2, $1) AS n";
    sqlx::query(more).bind(TRIALS_MAX).execute(&mut owner).await.unwrap();
    assert_eq!(app.post(&format!("{path}/run"), &json!({})).await.status, 202);
    let step = json!({ "node_id": "a" });
    let test_step = async || app.post(&format!("{path}/test-step?wait=1ms"), &step).await;
    assert_eq!(test_step().await.verdict(), "409 too_many_trials", "all of them were used just now");
    // The oldest that nothing runs of gives way: of the first one something does.
    let older = "UPDATE trial_versions SET used_at = now() - interval '20 minutes' WHERE digest IN ('7', '8'); \
        UPDATE trial_versions SET used_at = used_at - interval '1 second' WHERE digest = '7'; \
        UPDATE trial_versions SET used_at = now() - interval '30 minutes' \
         WHERE version_id = (SELECT version_id FROM executions LIMIT 1)";
    sqlx::raw_sql(older).execute(&mut owner).await.unwrap();
    assert_eq!(test_step().await.status, 202);
    let gone: Vec<Vec<u8>> = sqlx::query_scalar("SELECT digest FROM trial_versions WHERE graph IS NULL")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert_eq!(gone, [b"7"]);
    assert_eq!(app.count("trial_versions WHERE graph IS NOT NULL").await, TRIALS_MAX);
}

#[tokio::test]
async fn a_restart_of_a_trial_is_a_trial() {
    let app = App::start().await;
    let (_, path) = draft(&app, &simple()).await;
    let id = app.post(&format!("{path}/run"), &json!({})).await.json()["id"].as_str().unwrap().to_owned();
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let ended = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, recorded_at) \
        SELECT execution_id, 1, workspace_id, 1, 'settled', 'a', 'completed', 'out', 1, now() FROM executions; \
        UPDATE executions SET status = 'failed', ended_at = now(); \
        UPDATE trial_versions SET used_at = now() - interval '1 day'";
    sqlx::raw_sql(ended).execute(&mut owner).await.unwrap();
    let again = app.post(&format!("/api/v1/executions/{id}/restart"), &json!({ "from": "a" })).await;
    assert_eq!(again.status, 202, "{}", again.text());
    let again = again.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(app.get(&format!("/api/v1/executions/{again}")).await.json()["trial"], true);
    assert_eq!(app.count("trial_versions WHERE used_at > now() - interval '1 hour'").await, 1);
}
