//! Flow control over HTTP. Time passes by moving rows into the past.

use axum::http::Request;
use capstan_engine::store::connect::Role;
use capstan_engine::store::flow::drain;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain, simple};

const EXECUTIONS: &str = "/api/v1/executions";

fn with(flow: &Value) -> Value {
    let mut graph = simple();
    graph["settings"] = json!({ "flow": flow });
    graph
}

impl App {
    async fn start_flow(&self, workflow_id: &str, input: &Value, key: Option<&str>) -> Answer {
        let mut request = self.request("POST", EXECUTIONS);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.send(as_json(request, &json!({ "workflow_id": workflow_id, "input": input }))).await
    }

    async fn run(&self, sql: &str) {
        let mut owner = self.cell.connect(Role::Owner).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }

    async fn show(&self, id: &Value, rest: &str) -> Value {
        self.get(&format!("{EXECUTIONS}/{}{rest}", id.as_str().unwrap())).await.json()
    }

    async fn drain(&self) {
        self.run(
            "UPDATE pending_starts SET due_at = due_at - interval '1 day', first_at = first_at - interval '1 day'",
        )
        .await;
        drain(&mut self.cell.connect(Role::Worker).await.unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn beyond_the_rate_of_its_key_a_start_is_refused_and_told_when_to_come_again() {
    let app = App::start().await;
    let rate = json!({ "rate_limit": { "limit": 1, "per_ms": 60_000, "key": "{{ input.customer }}" } });
    let id = app.publish(&with(&rate)).await;
    assert_eq!(app.start_flow(&id, &json!({ "customer": "a" }), None).await.status, 202);
    let refused = app.start_flow(&id, &json!({ "customer": "a" }), Some("k")).await;
    assert_eq!(refused.verdict(), "429 rate_limited");
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(app.start_flow(&id, &json!({ "customer": "b" }), None).await.status, 202);
    app.run("UPDATE flow_rates SET next_at = now()").await;
    assert_eq!(app.start_flow(&id, &json!({ "customer": "a" }), Some("k")).await.status, 202);
    // A published version counts at once: without the rule nothing is refused.
    let path = format!("/api/v1/workflows/{id}/draft");
    let draft = as_json(app.request("PUT", &path).header("if-match", "\"1\""), &json!({ "graph": simple() }));
    assert_eq!(app.send(draft).await.status, 200);
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await.status, 201);
    for _ in 0..3 {
        assert_eq!(app.start_flow(&id, &json!({ "customer": "a" }), None).await.json()["status"], "queued");
    }
}

#[tokio::test]
async fn a_throttled_start_tells_its_slot_and_by_which_rule() {
    let app = App::start().await;
    let id = app.publish(&with(&json!({ "throttle": { "limit": 2, "per_ms": 600_000 } }))).await;
    let first = app.start_flow(&id, &json!(1), None).await.json();
    assert_eq!((&first["status"], &first["held"]), (&json!("queued"), &Value::Null));
    let second = app.start_flow(&id, &json!(2), Some("k")).await.json();
    assert_eq!((&second["status"], &second["held"]["rule"]), (&json!("waiting"), &json!("throttle")));
    assert_eq!(app.show(&second["id"], "").await["status"], "waiting");
    let told = app.show(&second["id"], "/explain").await;
    let reason = told["reasons"].as_array().unwrap().iter().find(|reason| reason["waits_for"] == "throttle").unwrap();
    assert_eq!((&reason["until"], &reason["limit"]), (&second["held"]["until"], &json!(2)));
    let again = app.start_flow(&id, &json!(2), Some("k")).await;
    assert_eq!((again.header("idempotent-replayed"), &again.json()["id"]), (Some("true"), &second["id"]));
    assert_eq!(again.json()["status"], "waiting");
    assert_eq!(app.count("executions").await, 2);
}

#[tokio::test]
async fn what_is_pending_is_shown_explained_and_has_its_id_from_the_first_start_on() {
    let app = App::start().await;
    let id = app.publish(&with(&json!({ "debounce": { "period_ms": 60_000, "key": "{{ input.doc }}" } }))).await;
    let first = app.start_flow(&id, &json!({ "doc": "d", "n": 1 }), Some("k1")).await;
    assert_eq!((first.status.as_u16(), &first.json()["status"]), (202, &json!("pending")), "{}", first.text());
    let second = app.start_flow(&id, &json!({ "doc": "d", "n": 2 }), Some("k2")).await.json();
    assert_eq!((&second["id"], &second["held"]["starts"]), (&first.json()["id"], &json!(2)));
    let shown = app.show(&second["id"], "").await;
    assert_eq!(
        (&shown["status"], &shown["held"]["key"], &shown["held"]["starts"]),
        (&json!("pending"), &json!("d"), &json!(2))
    );
    let told = app.show(&second["id"], "/explain").await;
    let text = told["reasons"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("debounce holds it for the key \"d\", with 2 starts so far, until "), "{text}");
    app.drain().await;
    let begun = app.show(&second["id"], "").await;
    assert_eq!((&begun["status"], &begun["input"]), (&json!("queued"), &json!({ "doc": "d", "n": 2 })));
    // The same key, the same answer, also once it has begun.
    let again = app.start_flow(&id, &json!({ "doc": "d", "n": 1 }), Some("k1")).await;
    assert_eq!((again.header("idempotent-replayed"), &again.json()["status"]), (Some("true"), &json!("pending")));
    assert_eq!(again.json()["id"], first.json()["id"]);
}

#[tokio::test]
async fn a_batch_is_one_execution_with_the_list_of_its_inputs_and_hooks_fill_it_too() {
    let app = App::start().await;
    let mut graph = chain(&[("hook", "trigger.webhook", json!({ "path": "orders" })), ("a", "debug.noop", json!({}))]);
    graph["settings"] = json!({ "flow": { "batch": { "size": 2, "timeout_ms": 60_000 } } });
    app.publish(&graph).await;
    let call = async |n: u32| app.send(as_json(Request::post("/hooks/acme/orders"), &json!(n))).await.json();
    let (first, second) = (call(1).await, call(2).await);
    assert_eq!((&first["status"], &second["status"]), (&json!("pending"), &json!("queued")));
    assert_eq!(first["id"], second["id"]);
    let third = call(3).await;
    let told = app.show(&third["id"], "/explain").await;
    assert_eq!((&told["status"], &told["reasons"][0]["rule"]), (&json!("pending"), &json!("batch")));
    let text = told["reasons"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("batch holds it, with 1 start so far, until ") && text.ends_with(" at the latest"),
        "{text}"
    );
    let input = &app.show(&first["id"], "").await["input"];
    assert_eq!((&input[0]["body"], &input[1]["body"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_singleton_answers_a_second_start_with_the_execution_that_is_at_work() {
    let app = App::start().await;
    let id = app.publish(&with(&json!({ "singleton": { "mode": "skip" } }))).await;
    let first = app.start_flow(&id, &json!(1), None).await.json();
    for _ in 0..2 {
        let second = app.start_flow(&id, &json!(2), Some("k")).await;
        assert_eq!((second.status.as_u16(), &second.json()["status"]), (202, &json!("skipped")));
        assert_eq!(second.json()["id"], first["id"]);
    }
    assert_eq!(app.count("executions").await, 1);
}

#[tokio::test]
async fn a_start_that_a_singleton_queues_tells_what_it_waits_for() {
    let app = App::start().await;
    let singleton = json!({ "mode": "newest", "key": "{{ input.doc }}" });
    let id = app.publish(&with(&json!({ "singleton": singleton }))).await;
    let first = app.start_flow(&id, &json!({ "doc": "d" }), None).await.json();
    assert_eq!(first["status"], "queued");
    for starts in [1, 2] {
        let queued = app.start_flow(&id, &json!({ "doc": "d" }), None).await.json();
        assert_ne!(queued["id"], first["id"]);
        let told = app.show(&queued["id"], "/explain").await;
        let of_rule = (&told["status"], &told["reasons"][0]["rule"], &told["reasons"][0]["key"]);
        assert_eq!(of_rule, (&json!("pending"), &json!("singleton"), &json!("d")));
        let text = told["reasons"][0]["text"].as_str().unwrap();
        let noun = if starts == 1 { "1 start" } else { "2 starts" };
        let wanted =
            format!("it waits for the end of the execution that is at work for the key \"d\", with {noun} so far");
        assert!(text.starts_with(&wanted), "{text}");
    }
}

#[tokio::test]
async fn what_is_pending_can_be_cancelled_and_is_then_an_execution_that_was() {
    let app = App::start().await;
    let id = app.publish(&with(&json!({ "batch": { "size": 5, "timeout_ms": 60_000 } }))).await;
    let pending = app.start_flow(&id, &json!(7), None).await.json();
    let own = format!("{EXECUTIONS}/{}", pending["id"].as_str().unwrap());
    let path = format!("{own}/cancel");
    for verb in ["pause", "resume", "retry-now", "signals/go"] {
        assert_eq!(app.post_nothing(&format!("{own}/{verb}")).await.verdict(), "409 pending", "{verb}");
    }
    assert_eq!(app.post_nothing(&path).await.status, 202);
    let shown = app.show(&pending["id"], "").await;
    assert_eq!((&shown["status"], &shown["input"]), (&json!("cancelled"), &json!([7])));
    assert_eq!(shown["error"]["class"], "cancelled");
    let steps: Vec<&Value> = shown["steps"].as_array().unwrap().iter().map(|step| &step["status"]).collect();
    assert!(!steps.contains(&&json!("running")), "{steps:?}");
    assert_eq!(app.show(&pending["id"], "/explain").await["reasons"], json!([]));
    app.drain().await;
    assert_eq!((app.count("pending_starts").await, app.count("queue").await), (0, 0));
    assert_eq!(app.post_nothing(&path).await.status, 409);
    // Nobody else sees or cancels what is pending.
    let other = app.start_flow(&id, &json!(8), None).await.json();
    let foreign =
        Request::get(format!("{EXECUTIONS}/{}", other["id"].as_str().unwrap())).header("x-api-key", &app.other_key);
    assert_eq!(app.send(foreign.body(axum::body::Body::empty()).unwrap()).await.status, 404);
}

#[tokio::test]
async fn rules_that_contradict_or_mean_nothing_are_told_before_they_are_published() {
    let app = App::start().await;
    for (flow, code, pointer) in [
        (json!(3), "bad_field", "/settings/flow"),
        (json!({ "debouce": {} }), "bad_field", "/settings/flow"),
        (json!({ "rate_limit": { "limit": 0, "per_ms": 1 } }), "bad_field", "/settings/flow/rate_limit/limit"),
        (json!({ "rate_limit": { "limit": 5 } }), "bad_field", "/settings/flow/rate_limit"),
        (
            json!({ "throttle": { "limit": 1, "per_ms": 2_592_000_000_u64, "burst": 1000 } }),
            "bad_field",
            "/settings/flow/throttle/burst",
        ),
        (
            json!({ "throttle": { "limit": 1, "per_ms": 1, "key": "{{ steps.a.x }}" } }),
            "bad_expression",
            "/settings/flow/throttle/key",
        ),
        (
            json!({ "throttle": { "limit": 1, "per_ms": 1, "key": "x".repeat(1_001) } }),
            "bad_field",
            "/settings/flow/throttle/key",
        ),
        (
            json!({ "debounce": { "period_ms": 5, "max_wait_ms": 4 } }),
            "bad_field",
            "/settings/flow/debounce/max_wait_ms",
        ),
        (json!({ "batch": { "size": 1, "timeout_ms": 1 } }), "bad_field", "/settings/flow/batch/size"),
        (json!({ "singleton": { "mode": "first" } }), "bad_field", "/settings/flow/singleton"),
        (json!({ "priority": 101 }), "bad_field", "/settings/flow/priority"),
        (
            json!({ "debounce": { "period_ms": 5 }, "batch": { "size": 2, "timeout_ms": 1 } }),
            "contradictory_flow",
            "/settings/flow/batch",
        ),
    ] {
        let told = app.post("/api/v1/workflows/validate", &json!({ "graph": with(&flow) })).await.json();
        let problems = told["problems"].as_array().unwrap();
        let found = problems.iter().find(|problem| problem["code"] == code && problem["pointer"] == pointer);
        assert!(found.is_some_and(|problem| problem["hint"].as_str() != Some("")), "{flow}: {told}");
    }
    let fine = json!({ "rate_limit": { "limit": 9, "per_ms": 1_000, "burst": 2 }, "singleton": { "mode": "cancel" }, "priority": "{{ input.p }}" });
    let told = app.post("/api/v1/workflows/validate", &json!({ "graph": with(&fine) })).await.json();
    assert_eq!(told["valid"], true, "{told}");
}
