//! Starting, reading, signalling and cancelling executions.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use capstan_engine::store::line::AHEAD_MAX;
use capstan_engine::store::workers::register;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain, simple};

fn keyed(app: &App, key: &str, body: &Value) -> Request<Body> {
    as_json(app.request("POST", "/api/v1/executions").header("idempotency-key", key), body)
}

#[tokio::test]
async fn a_started_execution_is_queued_and_can_be_read() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let started = app.post("/api/v1/executions", &json!({ "workflow_id": workflow, "input": { "n": 1 } })).await;
    assert_eq!(started.status, 202);
    let body = started.json();
    let id = body["id"].as_str().unwrap();
    assert_eq!(started.header("location"), Some(format!("/api/v1/executions/{id}").as_str()));
    assert_eq!(body["status"], "queued");
    let mut read = app.get(&format!("/api/v1/executions/{id}")).await.json();
    assert_eq!(read["version_id"], body["version_id"]);
    let steps = read["steps"].take();
    let seen: Vec<_> = steps.as_array().unwrap().iter().map(|step| (&step["node_id"], &step["status"])).collect();
    assert_eq!(seen, [(&json!("start"), &json!("completed")), (&json!("a"), &json!("running"))]);
    assert_eq!(read["edges"], json!([{ "id": "start-a", "state": "taken" }, { "id": "a-b", "state": "open" }]));
    assert_eq!((&read["status"], &read["input"]), (&json!("queued"), &json!({ "n": 1 })));
    let listed = app.get(&format!("/api/v1/executions?workflow_id={workflow}")).await.json();
    assert_eq!(listed["items"][0]["id"], id);
    assert_eq!(app.get(&format!("/api/v1/executions/{id}/logs")).await.json(), json!({ "items": [], "next": null }));
    assert_eq!(app.count("queue").await, 1);
}

#[tokio::test]
async fn executions_are_listed_by_status_and_what_is_no_status_is_refused() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let ids = [app.begin(&workflow).await, app.begin(&workflow).await, app.begin(&workflow).await];
    let listed = async |query: &str| app.get(&format!("/api/v1/executions?{query}")).await.json();
    let first = listed(&format!("status=queued&workflow_id={workflow}&limit=2")).await;
    assert_eq!((&first["items"][0]["id"], &first["items"][1]["id"]), (&json!(ids[2]), &json!(ids[1])), "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = listed(&format!("status=queued&limit=2&cursor={cursor}")).await;
    assert_eq!((&second["items"][0]["id"], &second["next_cursor"]), (&json!(ids[0]), &Value::Null), "{second}");
    assert_eq!(listed("status=failed").await, json!({ "items": [], "next_cursor": null }));
    assert_eq!(app.get("/api/v1/executions?status=done").await.verdict(), "400 bad_query");
    let of_parent = format!("/api/v1/executions?status=queued&parent_id={}", ids[0]);
    assert_eq!(app.get(&of_parent).await.verdict(), "400 bad_query");
}

#[tokio::test]
async fn one_key_posted_fifty_times_at_once_starts_one_execution_and_gets_one_answer() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let body = json!({ "workflow_id": workflow, "input": { "n": 1 } });
    let posts = (0..50).map(|_| app.send(keyed(&app, "order-1", &body)));
    let answers: Vec<Answer> = futures::future::join_all(posts).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replayed, 49);
    assert_eq!((app.count("executions").await, app.count("queue").await), (1, 1));
}

#[tokio::test]
async fn a_repeated_key_gets_the_first_answer_even_after_a_new_version() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let body = json!({ "workflow_id": workflow });
    let first = app.send(keyed(&app, "k", &body)).await;
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{workflow}/publish")).await.status, 201);
    let second = app.send(keyed(&app, "k", &body)).await;
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_version_counts_at_once_and_within_a_second_where_another_process_published_it() {
    let app = App::start().await;
    let elsewhere = app.another_process();
    let workflow = app.publish(&simple()).await;
    let body = json!({ "workflow_id": workflow });
    for number in 2..4 {
        assert_eq!(elsewhere.post("/api/v1/executions", &body).await.status, 202);
        let published = app.post_nothing(&format!("/api/v1/workflows/{workflow}/publish")).await;
        let (version, published_at) = (published.json()["id"].take(), Instant::now());
        assert_eq!(published.json()["number"], number);
        assert_eq!(app.post("/api/v1/executions", &body).await.json()["version_id"], version);
        while elsewhere.post("/api/v1/executions", &body).await.json()["version_id"] != version {
            assert!(published_at.elapsed() < Duration::from_secs(2), "the old version is still used");
        }
    }
}

#[tokio::test]
async fn a_deleted_workflow_starts_nothing_after_a_second() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let versions = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json();
    let newest = json!({ "workflow_id": workflow });
    let pinned = json!({ "workflow_id": workflow, "version_id": versions["items"][0]["id"] });
    for body in [&newest, &pinned] {
        assert_eq!(app.post("/api/v1/executions", body).await.status, 202);
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE workflows SET deleted_at = now()").execute(&mut owner).await.unwrap();
    let deleted_at = Instant::now();
    for body in [&newest, &pinned] {
        while app.post("/api/v1/executions", body).await.status == 202 {
            assert!(deleted_at.elapsed() < Duration::from_secs(2), "a deleted workflow still starts");
        }
        assert_eq!(app.post("/api/v1/executions", body).await.verdict(), "404 not_found");
    }
}

#[tokio::test]
async fn one_key_with_another_request_is_refused() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    assert_eq!(app.send(keyed(&app, "k", &json!({ "workflow_id": workflow, "input": 1 }))).await.status, 202);
    let refused = app.send(keyed(&app, "k", &json!({ "workflow_id": workflow, "input": 2 }))).await;
    assert_eq!(refused.verdict(), "422 idempotency_key_reused");
    for key in ["", "with blank", &"x".repeat(201)] {
        let refused = app.send(keyed(&app, key, &json!({ "workflow_id": workflow }))).await;
        assert_eq!(refused.verdict(), "400 bad_idempotency_key", "{key}");
    }
    assert_eq!(app.count("executions").await, 1);
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let app = App::start().await;
    let two = json!({
        "nodes": [
            { "id": "one", "type": "trigger.manual" },
            { "id": "two", "type": "trigger.manual" },
            { "id": "a", "type": "debug.noop" },
        ],
        "edges": [{ "id": "1", "source": "one", "target": "a" }, { "id": "2", "source": "two", "target": "a" }],
    });
    let workflow = app.publish(&two).await;
    let nobody = uuid::Uuid::now_v7();
    let big = "x".repeat(1024 * 1024);
    for (body, expected) in [
        (json!({ "workflow_id": nobody }), "404 not_found"),
        (json!({ "workflow_id": "x" }), "400 bad_body"),
        (json!({ "workflow_id": workflow, "surprise": 1 }), "400 bad_body"),
        (json!({ "workflow_id": workflow, "version_id": nobody, "trigger": "one" }), "404 not_found"),
        (json!({ "workflow_id": workflow }), "422 trigger_required"),
        (json!({ "workflow_id": workflow, "trigger": "a" }), "422 unknown_trigger"),
        (json!({ "workflow_id": workflow, "trigger": "one", "timeout_ms": 0 }), "422 bad_timeout"),
        (json!({ "workflow_id": workflow, "trigger": "one", "input": big }), "413 input_too_large"),
        (json!({ "workflow_id": workflow, "trigger": "one", "input": "a\0" }), "400 nul_character"),
    ] {
        assert_eq!(app.post("/api/v1/executions", &body).await.verdict(), expected);
    }
    let detail = app.post("/api/v1/executions", &json!({ "workflow_id": workflow })).await.json();
    assert!(detail["detail"].as_str().unwrap().contains("\"one\", \"two\""), "{detail}");
    assert_eq!(app.count("executions").await, 0);
    let version = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json()["items"][0]["id"].clone();
    let good = json!({ "workflow_id": workflow, "version_id": version, "trigger": "two", "timeout_ms": 1000 });
    let started = app.post("/api/v1/executions", &good).await.json();
    let read = app.get(&format!("/api/v1/executions/{}", started["id"].as_str().unwrap())).await.json();
    assert!(read["deadline_at"].is_string());
}

#[tokio::test]
async fn the_input_of_a_form_is_checked_like_the_form() {
    let app = App::start().await;
    let fields = json!([{ "name": "email", "label": "E-mail", "type": "email", "required": true }]);
    let form =
        chain(&[("form", "trigger.form", json!({ "title": "Hi", "fields": fields })), ("a", "debug.noop", json!({}))]);
    let workflow = app.publish(&form).await;
    let refused = app.post("/api/v1/executions", &json!({ "workflow_id": workflow, "input": { "email": "x" } })).await;
    assert_eq!(refused.verdict(), "422 invalid_input");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/input/email");
    let good = json!({ "workflow_id": workflow, "input": { "email": "ada@example.com" } });
    assert_eq!(app.post("/api/v1/executions", &good).await.status, 202);
}

#[tokio::test]
async fn signals_wait_for_their_execution() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let base = format!("/api/v1/executions/{id}/signals");
    assert_eq!(app.post(&format!("{base}/reply"), &json!({ "any": ["json"] })).await.status, 202);
    assert_eq!(app.post_nothing(&format!("{base}/reply")).await.status, 202);
    for _ in 0..3 {
        let request = app.request("POST", &format!("{base}/reply")).header("idempotency-key", "once");
        assert_eq!(app.send(as_json(request, &json!(1))).await.status, 202);
    }
    assert_eq!(app.count("signals").await, 3);
    let tokens = app.count("queue").await;
    let other = app.request("POST", &format!("{base}/reply")).header("idempotency-key", "once");
    assert_eq!(app.send(as_json(other, &json!(2))).await.verdict(), "422 idempotency_key_reused");
    assert_eq!((app.count("signals").await, app.count("queue").await), (3, tokens), "nothing of it stays");
    let big = Value::String("x".repeat(256 * 1024));
    assert_eq!(app.post(&format!("{base}/reply"), &big).await.verdict(), "413 body_too_large");
    assert_eq!(app.post(&format!("{base}/$cancel"), &json!(1)).await.verdict(), "422 reserved_name");
    assert_eq!(app.post(&format!("{base}/{}", "x".repeat(201)), &json!(1)).await.verdict(), "422 bad_name");
    assert_eq!(app.post(&format!("{base}/a%00"), &json!(1)).await.verdict(), "422 bad_name");
    let nobody = uuid::Uuid::now_v7();
    assert_eq!(app.post(&format!("/api/v1/executions/{nobody}/signals/x"), &json!(1)).await.verdict(), "404 not_found");
}

#[tokio::test]
async fn a_full_or_ended_execution_takes_no_signals() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
         SELECT execution_id, gen_random_uuid(), workspace_id, 'x', '1' FROM executions, generate_series(1, 1000)",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let path = format!("/api/v1/executions/{id}/signals/x");
    assert_eq!(app.post(&path, &json!(1)).await.verdict(), "429 too_many_signals");
    sqlx::query("UPDATE executions SET status = 'completed', ended_at = clock_timestamp()")
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(app.post(&path, &json!(1)).await.verdict(), "409 execution_ended");
    assert_eq!(app.post_nothing(&format!("/api/v1/executions/{id}/cancel")).await.verdict(), "409 execution_ended");
}

#[tokio::test]
async fn a_cancel_is_a_signal_with_its_reason() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let path = format!("/api/v1/executions/{id}/cancel");
    assert_eq!(app.post_nothing(&path).await.status, 202);
    assert_eq!(app.post(&path, &json!({ "reason": "no longer needed" })).await.status, 202);
    assert_eq!(app.post(&path, &json!({ "why": 1 })).await.verdict(), "400 bad_body");
    assert_eq!(app.post(&path, &json!({ "reason": "x".repeat(501) })).await.verdict(), "422 reason_too_long");
    let mut owner = app.cell.connect(capstan_engine::store::connect::Role::Owner).await.unwrap();
    let payloads: Vec<Value> =
        sqlx::query_scalar("SELECT payload FROM signals WHERE name = '$cancel' ORDER BY created_at")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert_eq!(payloads[1], json!({ "reason": "no longer needed", "force": false }));
}

#[tokio::test]
async fn what_an_execution_waits_for_is_explained() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let path = format!("/api/v1/executions/{id}/explain");
    let step = json!({ "node_id": "a", "scope": "" });
    let expected = json!({
        "id": id,
        "status": "queued",
        "reasons": [
            { "waits_for": "fleet", "text": "no worker is there" },
            { "waits_for": "turn", "before": 0, "before_of_workspace": 0, "text": "it is the next in line" },
            { "waits_for": "worker", "step": step, "text": "a waits for a worker that runs it" },
        ],
    });
    assert_eq!(app.get(&path).await.json(), expected);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let lease = "INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses) \
                 SELECT execution_id, workspace_id, 7, 1, 0 FROM executions";
    sqlx::query(lease).execute(&mut owner).await.unwrap();
    let held = app.get(&path).await.json();
    assert_eq!((&held["status"], &held["held_by"]["worker_no"]), (&json!("running"), &json!(7)));
    let told = held["reasons"].as_array().unwrap().last().unwrap();
    assert_eq!(told["text"], "a runs, or is about to, in worker 7");
    let unknown = format!("/api/v1/executions/{}/explain", uuid::Uuid::now_v7());
    assert_eq!(app.get(&unknown).await.status, 404);
}

#[tokio::test]
async fn the_place_in_line_is_counted_up_to_a_bound_and_so_is_who_works() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let ids = [app.begin(&workflow).await, app.begin(&workflow).await];
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let reasons = async |id: &str| app.get(&format!("/api/v1/executions/{id}/explain")).await.json()["reasons"].take();
    let registered = register(&mut worker, "one").await.unwrap();
    let turn = |before: u32, own: u32, text: &str| json!({ "waits_for": "turn", "before": before, "before_of_workspace": own, "text": text });
    assert_eq!(reasons(&ids[0]).await[0], turn(0, 0, "it is the next in line"), "a worker is there");
    assert_eq!(reasons(&ids[1]).await[0], turn(1, 1, "it waits for its turn: about 1 before it, 1 of this workspace"));
    let push = "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
                SELECT 0, gen_random_uuid(), gen_random_uuid(), true FROM generate_series(1, $1::int)";
    sqlx::query(push).bind(AHEAD_MAX - 1).execute(&mut owner).await.unwrap();
    sqlx::query("UPDATE queue SET vt = vt + 10 WHERE workspace_id = $1")
        .bind(app.acme.0)
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(
        reasons(&ids[1]).await[0],
        turn(1_000, 1, "it waits for its turn: about 1000 before it, 1 of this workspace")
    );
    sqlx::query(push).bind(1).execute(&mut owner).await.unwrap();
    let text = "it waits for its turn: more than 1000 before it";
    let far = json!({ "waits_for": "turn", "before_more_than": AHEAD_MAX, "text": text });
    assert_eq!(reasons(&ids[1]).await[0], far);
    sqlx::query("UPDATE workers SET fenced = true WHERE worker_no = $1")
        .bind(registered.worker_no)
        .execute(&mut owner)
        .await
        .unwrap();
    let nobody = reasons(&ids[0]).await;
    assert_eq!(nobody[0]["waits_for"], "fleet", "the only worker is gone: {nobody}");
    assert!(nobody[0]["unseen_s"].is_u64());
}

#[tokio::test]
async fn a_restart_tells_its_plan_and_begins_with_what_was_done() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    for statement in [
        "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, recorded_at) \
         SELECT execution_id, 1, workspace_id, 1, 'settled', 'a', 'completed', 'out', 1, now() FROM executions",
        "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, attempts, detail, recorded_at) \
         SELECT execution_id, 2, workspace_id, 1, 'settled', 'b', 'failed', 1, \
                '{\"error\": {\"class\": \"boom\", \"reason\": \"it broke\"}}', now() FROM executions",
    ] {
        sqlx::query(statement).execute(&mut owner).await.unwrap();
    }
    let path = format!("/api/v1/executions/{id}/restart");
    let keyed = |key: &str, body: &Value| as_json(app.request("POST", &path).header("idempotency-key", key), body);
    assert_eq!(app.post(&path, &json!({ "from": "b" })).await.verdict(), "409 not_ended");
    sqlx::query("UPDATE executions SET status = 'failed', ended_at = now()").execute(&mut owner).await.unwrap();
    for (body, verdict) in [
        (json!({ "from": "start" }), "422 cannot_restart"),
        (json!({ "from": "ghost" }), "422 cannot_restart"),
        (json!({ "from": "b", "version_id": uuid::Uuid::now_v7() }), "404 not_found"),
        (json!({}), "400 bad_body"),
    ] {
        assert_eq!(app.post(&path, &body).await.verdict(), verdict, "{body}");
    }
    let plan = app.post(&path, &json!({ "from": "b", "dry_run": true })).await;
    assert_eq!(plan.status, 200);
    let plan = plan.json();
    assert_eq!((&plan["kept"], &plan["redone"], &plan["id"]), (&json!(["a"]), &json!(["b"]), &Value::Null));
    let started = app.send(keyed("once", &json!({ "from": "b" }))).await;
    assert_eq!(started.status, 202);
    let new = started.json()["id"].as_str().unwrap().to_owned();
    let again = app.send(keyed("once", &json!({ "from": "b" }))).await;
    assert_eq!((again.json()["id"].as_str(), again.header("idempotent-replayed")), (Some(new.as_str()), Some("true")));
    assert_eq!(app.send(keyed("once", &json!({ "from": "a" }))).await.verdict(), "422 idempotency_key_reused");
    let read = app.get(&format!("/api/v1/executions/{new}")).await.json();
    let steps: Vec<_> =
        read["steps"].as_array().unwrap().iter().map(|step| (&step["node_id"], &step["status"])).collect();
    let expected = [("start", "completed"), ("a", "completed"), ("b", "running")];
    assert_eq!(
        steps,
        expected.map(|(node, status)| (node.into(), status.into())).each_ref().map(|(a, b): &(Value, Value)| (a, b))
    );
    assert_eq!((app.count("executions").await, app.count("queue").await), (2, 2));
}

#[tokio::test]
async fn the_time_limit_is_that_of_the_request_else_of_the_graph() {
    let app = App::start().await;
    let mut graph = simple();
    graph["settings"] = json!({ "timeout_ms": 60_000 });
    let workflow = app.publish(&graph).await;
    for (asked, expected_s) in [(Value::Null, 60), (json!(5_000), 5)] {
        let body = json!({ "workflow_id": workflow, "timeout_ms": asked });
        let started = app.post("/api/v1/executions", &body).await.json();
        let read = app.get(&format!("/api/v1/executions/{}", started["id"].as_str().unwrap())).await.json();
        let at = |field: &str| read[field].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let limit_ms = (at("deadline_at") - at("created_at")).num_milliseconds();
        assert!((limit_ms - expected_s * 1_000).abs() < 500, "{limit_ms} ms");
    }
}

#[tokio::test]
async fn an_execution_whose_version_is_of_another_build_is_left_to_that() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let id = app.begin(&workflow).await;
    let newer = "UPDATE workflow_versions SET graph = jsonb_set(graph, '{nodes,1,type}', '\"logic.of_tomorrow\"')";
    sqlx::query(newer).execute(&mut app.cell.connect(Role::Owner).await.unwrap()).await.unwrap();
    let answer = app.another_process().get(&format!("/api/v1/executions/{id}")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (503, Some("needs_newer_build")));
}
