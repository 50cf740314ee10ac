//! Bulk jobs as clients see them; what workers do with them is tested with workers.

use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain, simple};

const JOBS: &str = "/api/v1/bulk-jobs";

async fn keyed(app: &App, key: &str, body: &Value) -> Answer {
    app.send(as_json(app.request("POST", JOBS).header("idempotency-key", key), body)).await
}

async fn three_queued(app: &App) -> (String, Vec<String>) {
    let workflow = app.publish(&simple()).await;
    let ids = [app.begin(&workflow).await, app.begin(&workflow).await, app.begin(&workflow).await];
    (workflow, ids.into())
}

/// Ends an execution of [`simple`] as if `b` had failed after `a`; `kind` of the entry of `a` may be one that nobody knows.
async fn fail(app: &App, id: &str, reads_well: bool) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let detail = json!({ "error": { "class": "test", "reason": "planned" } });
    let entry = |position: i32, node: &str, status: &str, port: &str, detail: &Value| {
        format!(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, detail, \
             recorded_at) SELECT execution_id, {position}, workspace_id, 1, 'settled', '{node}', '{status}', {port}, 1, \
             '{detail}', now() FROM executions WHERE execution_id = '{id}'"
        )
    };
    let broken = if reads_well { json!({}) } else { json!({ "error": "no object" }) };
    for sql in [
        entry(1, "a", "completed", "'out'", &broken),
        entry(2, "b", "failed", "NULL", &detail),
        format!("UPDATE executions SET status = 'failed', ended_at = now() WHERE execution_id = '{id}'"),
    ] {
        sqlx::query(&sql).execute(&mut owner).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

fn ids(page: &Value, name: &str) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_job_is_about_the_executions_that_fit_when_it_is_made() {
    let app = App::start().await;
    let (workflow, mut begun) = three_queued(&app).await;
    let body = json!({ "verb": "cancel", "filter": { "workflow_id": workflow, "status": ["queued", "incident"] } });
    let made = app.post(JOBS, &body).await;
    assert_eq!(made.status, 202, "{}", made.text());
    let job = made.json();
    let path = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(job["counts"], json!({ "total": 3, "done": 0, "failed": 0, "skipped": 0 }));
    assert_eq!(job["filter"], body["filter"]);
    app.begin(&workflow).await;

    let first = app.get(&format!("{path}/items?limit=2&status=pending")).await.json();
    let rest = app.get(&format!("{path}/items?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    begun.reverse();
    assert_eq!([ids(&first, "execution_id"), ids(&rest, "execution_id")].concat(), begun);
    assert_eq!(app.get(&format!("{path}/items?status=done")).await.json()["items"], json!([]));
    assert_eq!(app.get(&format!("{path}/items?status=new")).await.verdict(), "400 bad_status");
    assert_eq!(app.get(&path).await.json(), job);
    assert_eq!(ids(&app.get(JOBS).await.json(), "id"), [job["id"].as_str().unwrap()]);
}

#[tokio::test]
async fn a_filter_lets_through_what_fits_all_of_it() {
    let app = App::start().await;
    let (workflow, begun) = three_queued(&app).await;
    fail(&app, &begun[0], true).await;
    let other = app.publish(&simple()).await;
    let executions = app.get("/api/v1/executions").await.json();
    let (created_at, version) = (&executions["items"][1]["created_at"], &executions["items"][1]["version_id"]);
    app.begin(&other).await;
    for (filter, expected) in [
        (json!({ "workflow_id": workflow }), 3),
        (json!({ "version_id": version }), 3),
        (json!({ "workflow_id": workflow, "version_id": version }), 3),
        (json!({ "status": ["failed"] }), 1),
        (json!({ "status": ["queued"] }), 3),
        (json!({ "status": ["failed"], "workflow_id": other }), 0),
        (json!({ "workflow_id": workflow, "started_after": created_at }), 2),
        (json!({ "workflow_id": workflow, "started_before": created_at }), 1),
        (json!({ "ids": [begun[0], begun[2]] }), 2),
        (json!({ "ids": [begun[0], begun[2]], "status": ["queued"] }), 1),
    ] {
        let body = json!({ "verb": "cancel", "filter": filter, "dry_run": true });
        let dry = app.post(JOBS, &body).await;
        assert_eq!((dry.status.as_u16(), &dry.json()["count"]), (200, &json!(expected)), "{filter}: {}", dry.text());
    }
    assert_eq!(app.count("bulk_jobs").await, 0);
}

#[tokio::test]
async fn one_key_makes_one_job_and_another_request_under_it_is_refused() {
    let app = App::start().await;
    let (workflow, _) = three_queued(&app).await;
    let body =
        json!({ "verb": "signal", "filter": { "workflow_id": workflow }, "arguments": { "name": "go", "payload": 1 } });
    let posts: Vec<Answer> = futures::future::join_all((0..5).map(|_| keyed(&app, "k", &body))).await;
    assert!(posts.iter().all(|answer| answer.status == 202 && answer.json()["id"] == posts[0].json()["id"]));
    assert_eq!(posts.iter().filter(|answer| answer.header("idempotent-replayed").is_some()).count(), 4);
    let mut other = body.clone();
    other["arguments"]["payload"] = json!(2);
    assert_eq!(keyed(&app, "k", &other).await.verdict(), "422 idempotency_key_reused");
    assert_eq!((app.count("bulk_jobs").await, app.count("bulk_items").await), (1, 3));
}

#[tokio::test]
async fn a_cancelled_job_keeps_what_is_left_pending_and_a_completed_one_is_not_cancelled() {
    let app = App::start().await;
    let (workflow, _) = three_queued(&app).await;
    let job = app.post(JOBS, &json!({ "verb": "cancel", "filter": { "workflow_id": workflow } })).await.json();
    let path = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    for _ in 0..2 {
        let cancelled = app.post_nothing(&format!("{path}/cancel")).await;
        assert_eq!((cancelled.status.as_u16(), &cancelled.json()["status"]), (200, &json!("cancelled")));
    }
    assert_eq!(app.get(&format!("{path}/items?status=pending")).await.json()["items"].as_array().unwrap().len(), 3);
    let empty = app.post(JOBS, &json!({ "verb": "cancel", "filter": { "status": ["failed"] } })).await.json();
    assert_eq!(empty["status"], "completed");
    let path = format!("{JOBS}/{}", empty["id"].as_str().unwrap());
    assert_eq!(app.post_nothing(&format!("{path}/cancel")).await.verdict(), "409 job_ended");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_what_to_do() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let other = app.publish(&simple()).await;
    let versions = app.get(&format!("/api/v1/workflows/{other}/versions")).await.json();
    let (failed, version) = (json!({ "status": ["failed"] }), &versions["items"][0]["id"]);
    let of_workflow = json!({ "workflow_id": workflow });
    let unknown = "01900000-0000-7000-8000-000000000000";
    let many = vec![unknown; 1_001];
    let backwards = json!({ "started_after": "2026-01-02T00:00:00Z", "started_before": "2026-01-01T00:00:00Z" });
    for (verb, filter, arguments, expected) in [
        ("cancel", json!({}), json!({}), "422 empty_filter"),
        ("cancel", json!({ "status": [] }), json!({}), "400 empty_list"),
        ("cancel", json!({ "ids": [], "workflow_id": workflow }), json!({}), "400 empty_list"),
        ("cancel", json!({ "statu": ["failed"] }), json!({}), "400 bad_body"),
        ("cancel", json!({ "status": ["broken"] }), json!({}), "400 bad_body"),
        ("cancel", json!({ "status": "failed" }), json!({}), "400 bad_body"),
        ("cancel", json!({ "workflow_id": "w" }), json!({}), "400 bad_body"),
        ("cancel", json!({ "ids": many }), json!({}), "422 bad_filter"),
        ("cancel", backwards, json!({}), "422 bad_filter"),
        ("cancel", json!({ "started_after": "+200000-01-01T00:00:00Z" }), json!({}), "422 bad_filter"),
        ("cancel", json!({ "workflow_id": unknown }), json!({}), "404 not_found"),
        ("cancel", json!({ "version_id": unknown }), json!({}), "404 not_found"),
        ("cancel", json!({ "workflow_id": workflow, "version_id": version }), json!({}), "422 other_workflow"),
        ("cancel", json!({ "ids": [unknown] }), json!({}), "422 unknown_ids"),
        ("resolve", failed.clone(), json!({}), "422 bad_arguments"),
        ("resolve", failed.clone(), json!({ "action": "dance" }), "422 bad_arguments"),
        ("resolve", failed.clone(), json!({ "action": "retry", "surprise": 1 }), "422 bad_arguments"),
        ("resolve", failed.clone(), json!({ "action": "retry", "port": "out" }), "422 bad_resolution"),
        ("resolve", failed.clone(), json!({ "action": "fail", "class": "" }), "422 bad_resolution"),
        ("resolve", failed.clone(), json!({ "action": "skip", "reason": "x".repeat(501) }), "422 reason_too_long"),
        ("delete", failed.clone(), json!({}), "400 bad_body"),
        ("cancel", failed.clone(), json!({ "forced": true }), "422 bad_arguments"),
        ("cancel", failed.clone(), json!({ "reason": "x".repeat(501) }), "422 reason_too_long"),
        ("signal", failed.clone(), json!({}), "422 bad_arguments"),
        ("signal", failed.clone(), json!({ "name": "$cancel" }), "422 reserved_name"),
        ("restart", failed.clone(), json!({ "version_id": "newest" }), "422 bad_arguments"),
        ("restart", failed.clone(), json!({ "version_id": unknown }), "404 not_found"),
        ("restart", of_workflow, json!({ "version_id": version }), "422 other_workflow"),
    ] {
        for dry_run in [false, true] {
            let body = json!({ "verb": verb, "filter": filter, "arguments": arguments, "dry_run": dry_run });
            assert_eq!(app.post(JOBS, &body).await.verdict(), expected, "{body}");
        }
    }
    assert_eq!(app.count("bulk_jobs").await, 0);
    let on_version = json!({ "verb": "restart", "filter": failed, "arguments": { "version_id": version } });
    assert_eq!(app.post(JOBS, &on_version).await.json()["filter"]["workflow_id"], json!(other));
}

#[tokio::test]
async fn a_dry_run_plans_the_restarts_of_a_few_and_says_what_does_not_fit() {
    let app = App::start().await;
    let (workflow, begun) = three_queued(&app).await;
    fail(&app, &begun[0], true).await;
    fail(&app, &begun[1], false).await;
    let dry = json!({ "verb": "restart", "filter": { "workflow_id": workflow }, "arguments": { "version_id": "latest" }, "dry_run": true });
    let answer = app.post(JOBS, &dry).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!((&told["count"], &told["arguments"]), (&json!(3), &json!({ "from": "failed", "version_id": "latest" })));
    assert_eq!(told["sample"][0]["execution_id"], json!(begun[0]));
    assert_eq!(
        told["sample"][0]["plan"],
        json!({
            "kept": ["a"], "changed": [], "redone": ["b"], "repeated_effects": ["b"], "new": [], "dropped": [],
        })
    );
    let reason = told["sample"][1]["reason"].as_str().unwrap();
    assert!(reason.starts_with("something went wrong on our side"), "{reason}");
    assert_eq!(told["sample"][2]["reason"], "the execution has not ended");
    assert_eq!((app.count("bulk_jobs").await, app.count("queue").await), (0, 3));
}

#[tokio::test]
async fn a_dry_run_says_which_incidents_cannot_be_resolved_like_that() {
    let app = App::start().await;
    let (workflow, _) = three_queued(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let incidents = "UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}'";
    sqlx::query(incidents).execute(&mut owner).await.unwrap();
    let dry = |step: &str| {
        let arguments = json!({ "action": "skip", "step": step, "output": 1 });
        json!({ "verb": "resolve", "filter": { "workflow_id": workflow, "status": ["incident"] }, "arguments": arguments,
                "dry_run": true })
    };
    let told = app.post(JOBS, &dry("a")).await.json();
    assert_eq!((&told["count"], told["sample"][0].get("reason")), (&json!(3), None), "{told}");
    let told = app.post(JOBS, &dry("b")).await.json();
    assert_eq!(told["sample"][0]["reason"], "the incident is not about step b");
    assert_eq!((app.count("bulk_jobs").await, app.count("signals").await), (0, 0));
}

#[tokio::test]
async fn ids_that_are_no_executions_are_named() {
    let app = App::start().await;
    let (_, begun) = three_queued(&app).await;
    let nobody: Vec<String> = (0..7).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    let ids: Vec<&String> = begun.iter().chain(&nobody).collect();
    let refused = app.post(JOBS, &json!({ "verb": "cancel", "filter": { "ids": ids } })).await;
    assert_eq!(refused.verdict(), "422 unknown_ids");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&nobody[0]) && detail.contains("and others") && !detail.contains(&begun[0]), "{detail}");
    assert_eq!(app.count("bulk_jobs").await, 0);
}

#[tokio::test]
async fn a_workspace_has_a_bounded_number_of_jobs_and_a_job_of_executions() {
    let app = App::start().await;
    let (workflow, _) = three_queued(&app).await;
    let body = json!({ "verb": "cancel", "filter": { "workflow_id": workflow } });
    for _ in 0..10 {
        assert_eq!(app.post(JOBS, &body).await.status, 202);
    }
    assert_eq!(app.post(JOBS, &body).await.verdict(), "429 too_many_jobs");
    let cancelled: Vec<String> = ids(&app.get(JOBS).await.json(), "id");
    app.post_nothing(&format!("{JOBS}/{}/cancel", cancelled[0])).await;

    let sql = format!(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
         SELECT overlay(uuid_floor_1(now())::text placing lpad(to_hex(n), 12, '0') from 25)::uuid, '{}', '{workflow}', \
         '{workflow}', 'start', '1' FROM generate_series(1, 100000) n",
        app.acme
    );
    sqlx::query(&sql).execute(&mut app.cell.connect(Role::Owner).await.unwrap()).await.unwrap();
    let refused = app.post(JOBS, &body).await;
    assert_eq!(refused.verdict(), "422 too_many", "{}", refused.text());
    assert_eq!((app.count("bulk_jobs").await, app.count("bulk_items").await), (10, 30));
    let dry = json!({ "verb": "cancel", "filter": { "workflow_id": workflow }, "dry_run": true });
    assert_eq!(app.post(JOBS, &dry).await.verdict(), "422 too_many");
}

#[tokio::test]
async fn a_restart_goes_to_its_own_the_latest_or_a_named_version_as_it_was_when_the_job_was_made() {
    let app = App::start().await;
    let (workflow, begun) = three_queued(&app).await;
    fail(&app, &begun[0], true).await;
    let again = chain(&[("start", "trigger.manual", json!({})), ("a", "debug.noop", json!({}))]);
    let draft = app.request("PUT", &format!("/api/v1/workflows/{workflow}/draft")).header("if-match", "\"1\"");
    assert_eq!(app.send(as_json(draft, &json!({ "graph": again }))).await.status, 200);
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{workflow}/publish")).await.status, 201);
    let versions = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json();
    let (newest, oldest) = (&versions["items"][0]["id"], &versions["items"][1]["id"]);
    for (wanted, expected) in [(Value::Null, oldest), (json!("latest"), newest), (newest.clone(), newest)] {
        let arguments = json!({ "version_id": wanted });
        let body = json!({ "verb": "restart", "filter": { "status": ["failed"] }, "arguments": arguments });
        let made = app.post(JOBS, &body).await;
        assert_eq!(made.status, 202, "{}", made.text());
        let mut owner = app.cell.connect(Role::Owner).await.unwrap();
        let sql = "SELECT version_id::text FROM bulk_items WHERE job_id = $1::uuid";
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let fixed: Vec<String> = sqlx::query_scalar(sql).bind(id).fetch_all(&mut owner).await.unwrap();
        assert_eq!(fixed, [expected.as_str().unwrap()], "{wanted}");
    }
}
