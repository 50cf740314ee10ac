//! A draft over what executions recorded: one of them, or the last ones that ended.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::support::{Answer, App, as_json, chain, simple};

/// A request, and mail to whoever it names if it has money.
fn graph(enough: i64) -> Value {
    let mut graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("fetch", "action.http_request", json!({ "url": "http://example.com/{{ input.who }}" })),
        ("rich", "logic.condition", json!({ "condition": format!("{{{{ steps.fetch.body.money > {enough} }}}}") })),
        (
            "mail",
            "action.send_email",
            json!({ "to": "{{ input.who }}@example.com", "subject": "Hi", "text": "{{ now }}" }),
        ),
    ]);
    graph["edges"][2]["sourceHandle"] = json!("true");
    graph
}

/// A published workflow with executions that workers have done.
struct World {
    app: App,
    workflow: String,
    owner: PgConnection,
}

impl World {
    async fn new() -> Self {
        let app = App::start().await;
        let workflow = app.publish(&graph(5)).await;
        let owner = app.cell.connect(Role::Owner).await.unwrap();
        Self { app, workflow, owner }
    }

    /// An execution that found so much money, and ended a while later.
    async fn done(&mut self, money: i64) -> String {
        let body = json!({ "workflow_id": self.workflow, "input": { "who": "ada" } });
        let started = self.app.post("/api/v1/executions", &body).await.json();
        let id = started["id"].as_str().unwrap().to_owned();
        let rich = money > 5;
        let fetched = json!({ "status": 200, "body": { "money": money } });
        let mut steps =
            vec![("fetch", "out", fetched), ("rich", if rich { "true" } else { "false" }, json!({ "result": rich }))];
        steps.extend(rich.then(|| ("mail", "out", json!({ "message_id": "<1@example.com>" }))));
        for (position, (node, port, output)) in (1..).zip(steps) {
            self.settle(&id, position, node, port, output).await;
        }
        self.end(&id, "completed").await;
        id
    }

    async fn settle(&mut self, id: &str, position: i32, node: &str, port: &str, output: Value) {
        sqlx::query(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, output, recorded_at) \
             SELECT execution_id, $2::int, workspace_id, 1, 'settled', $3, 'completed', $4, 1, $5, \
             created_at + make_interval(secs => $2::int) \
             FROM executions WHERE execution_id = $1",
        )
        .bind(id.parse::<ExecutionId>().unwrap().0)
        .bind(position)
        .bind(node)
        .bind(port)
        .bind(output)
        .execute(&mut self.owner)
        .await
        .unwrap();
    }

    async fn end(&mut self, id: &str, status: &str) {
        sqlx::query(
            "UPDATE executions SET status = $2, ended_at = created_at + interval '1 hour' WHERE execution_id = $1",
        )
        .bind(id.parse::<ExecutionId>().unwrap().0)
        .bind(status)
        .execute(&mut self.owner)
        .await
        .unwrap();
    }

    /// Changes the draft.
    async fn draw(&self, graph: &Value) {
        let path = format!("/api/v1/workflows/{}", self.workflow);
        let etag = self.app.get(&path).await.header("etag").unwrap().to_owned();
        let request = self.app.request("PUT", &format!("{path}/draft")).header("if-match", etag);
        let saved = self.app.send(as_json(request, &json!({ "graph": graph }))).await;
        assert_eq!(saved.status, 200, "{}", saved.text());
    }

    async fn simulate(&self, wish: &Value) -> Answer {
        self.app.post(&format!("/api/v1/workflows/{}/draft/simulate", self.workflow), wish).await
    }

    async fn backtest(&self, asked: &Value) -> Value {
        let answer = self.app.post(&format!("/api/v1/workflows/{}/draft/backtest", self.workflow), asked).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

#[tokio::test]
async fn a_draft_is_simulated_over_the_record_of_an_execution() {
    let mut world = World::new().await;
    let id = world.done(7).await;
    let over = json!({ "of_execution": id });
    let same = world.simulate(&over).await;
    assert_eq!(same.status, 200, "{}", same.text());
    let same = same.json();
    assert_eq!((&same["status"], &same["output"]), (&json!("completed"), &json!({ "message_id": "<1@example.com>" })));
    // A draft with a new step needs a stub for that one only.
    let mut longer = graph(5);
    let mut again = longer["nodes"][3].clone();
    again["id"] = json!("again");
    longer["nodes"].as_array_mut().unwrap().push(again);
    longer["edges"].as_array_mut().unwrap().push(json!({ "id": "more", "source": "mail", "target": "again" }));
    world.draw(&longer).await;
    let stopped = world.simulate(&over).await.json();
    assert_eq!(stopped["stopped"]["steps"], json!(["again"]));
    // What is given comes before what is recorded.
    let given = json!({ "of_execution": id, "stubs": { "fetch": { "output": { "body": { "money": 1 } } } } });
    let given = world.simulate(&given).await.json();
    assert_eq!((&given["status"], &given["steps"][2]["port"]), (&json!("completed"), &json!("false")));
}

#[tokio::test]
async fn a_record_that_cannot_be_used_is_refused_by_name() {
    let mut world = World::new().await;
    let id = world.done(7).await;
    let unknown = json!({ "of_execution": uuid::Uuid::now_v7() });
    assert_eq!(world.simulate(&unknown).await.verdict(), "404 not_found");
    assert_eq!(world.simulate(&json!({ "of_execution": "x" })).await.verdict(), "400 bad_body");
    let other = world.app.publish(&simple()).await;
    let path = format!("/api/v1/workflows/{other}/draft/simulate");
    let answer = world.app.post(&path, &json!({ "of_execution": id })).await;
    assert_eq!(answer.verdict(), "422 other_workflow");
    let theirs = |path: &str, body: &Value| {
        let request = axum::http::Request::post(path).header("x-api-key", &world.app.other_key);
        world.app.send(as_json(request, body))
    };
    let made = theirs("/api/v1/workflows", &json!({ "name": "Theirs", "graph": graph(5) })).await.json();
    let path = format!("/api/v1/workflows/{}/draft/simulate", made["id"].as_str().unwrap());
    assert_eq!(theirs(&path, &json!({ "of_execution": id })).await.verdict(), "404 not_found");
    for position in 10..30 {
        world.settle(&id, position, "fetch", "out", json!("x".repeat(1 << 20))).await;
    }
    assert_eq!(world.simulate(&json!({ "of_execution": id })).await.verdict(), "422 record_too_large");
    let seen = world.backtest(&json!({})).await;
    assert_eq!(
        (&seen["totals"]["unclear"], &seen["executions"][0]["why"]["code"]),
        (&json!(1), &json!("record_too_large"))
    );
}

#[tokio::test]
async fn a_backtest_says_what_would_have_changed_in_which_executions() {
    let mut world = World::new().await;
    let mut ids = Vec::new();
    for money in [1, 7, 20] {
        ids.insert(0, world.done(money).await);
    }
    world.app.begin(&world.workflow).await;
    let seen = world.backtest(&json!({})).await;
    let totals = json!({
        "executions": 3, "same": 3, "changed": 0, "unclear": 0, "inexact": 0, "left_out": 0, "changes": [],
    });
    assert_eq!(seen["totals"], totals, "{seen:#}");
    let listed: Vec<&Value> = seen["executions"].as_array().unwrap().iter().map(|one| &one["execution_id"]).collect();
    assert_eq!(listed, ids.iter().collect::<Vec<_>>());

    world.draw(&graph(10)).await;
    let seen = world.backtest(&json!({ "executions": 2 })).await;
    assert_eq!((&seen["totals"]["same"], &seen["totals"]["changed"]), (&json!(1), &json!(1)));
    let changed = &seen["executions"][1];
    assert_eq!((&changed["verdict"], &changed["exact"]), (&json!("changed"), &json!(true)));
    let told: Vec<(&Value, &Value)> =
        changed["differences"].as_array().unwrap().iter().map(|it| (&it["step"], &it["change"])).collect();
    assert_eq!(told, [(&json!("rich"), &json!("other_port")), (&json!("mail"), &json!("no_longer_runs"))]);
    assert_eq!(seen["totals"]["changes"][0], json!({ "node_id": "mail", "change": "no_longer_runs", "executions": 1 }));

    let mut other = graph(5);
    other["nodes"][3]["data"]["config"]["subject"] = json!("Hello");
    world.draw(&other).await;
    let seen = world.backtest(&json!({ "executions": 1 })).await;
    let difference = &seen["executions"][0]["differences"][0];
    assert_eq!((&difference["step"], &difference["change"]), (&json!("mail"), &json!("other_config")));
    assert_eq!(difference["at"], json!({ "pointer": "/subject", "before": "Hi", "now": "Hello" }));
}

#[tokio::test]
async fn a_backtest_tells_what_it_cannot_tell() {
    let mut world = World::new().await;
    let id = world.done(7).await;
    // Poor now, so that mail is sent to whoever has none: there is no record of that.
    world.done(1).await;
    world.draw(&graph(0)).await;
    let seen = world.backtest(&json!({})).await;
    assert_eq!((&seen["totals"]["same"], &seen["totals"]["changed"]), (&json!(1), &json!(1)));
    let newest = &seen["executions"][0];
    assert_eq!((&newest["now"]["status"], &newest["now"]["stopped"]["steps"]), (&json!("stopped"), &json!(["mail"])));
    assert_eq!(newest["differences"][1]["change"], "newly_runs");
    let seen = world.backtest(&json!({ "stubs": { "mail": { "output": {} } } })).await;
    assert_eq!(seen["executions"][0]["now"]["status"], "completed");
    // It ended otherwise than its journal says, as if in an outage.
    world.end(&id, "failed").await;
    let seen = world.backtest(&json!({})).await;
    assert_eq!((&seen["totals"]["inexact"], &seen["executions"][1]["exact"]), (&json!(1), &json!(false)));

    let path = format!("/api/v1/workflows/{}/draft/backtest", world.workflow);
    for (asked, verdict) in [
        (json!({ "executions": 0 }), "422 bad_executions"),
        (json!({ "executions": 101 }), "422 bad_executions"),
        (json!({ "executions": -1 }), "400 bad_body"),
        (json!({ "stubs": { "nobody": { "output": 1 } } }), "422 bad_stub"),
        (json!({ "odd": 1 }), "400 bad_body"),
    ] {
        assert_eq!(world.app.post(&path, &asked).await.verdict(), verdict, "{asked}");
    }
}

#[tokio::test]
async fn an_event_that_was_there_before_its_step_comes_again() {
    let app = App::start().await;
    let graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("paid", "logic.wait_for_event", json!({ "event": "order.paid", "timeout": "1h", "accept_earlier": "1h" })),
    ]);
    let workflow = app.publish(&graph).await;
    let owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut world = World { app, workflow, owner };
    let started = world.app.post("/api/v1/executions", &json!({ "workflow_id": world.workflow })).await.json();
    let id = started["id"].as_str().unwrap();
    world.settle(id, 1, "paid", "received", json!({ "data": 7 })).await;
    world.end(id, "completed").await;
    let again = world.simulate(&json!({ "of_execution": id })).await.json();
    assert_eq!(again["output"], json!({ "data": 7 }), "{again:#}");
    let tested = world.backtest(&json!({})).await;
    assert_eq!(tested["executions"][0]["exact"], true, "{tested:#}");
}

#[tokio::test]
async fn an_event_that_was_found_when_the_time_was_over_is_no_time_out() {
    let app = App::start().await;
    let mut graph = chain(&[
        ("start", "trigger.manual", json!({})),
        ("paid", "logic.wait_for_event", json!({ "event": "order.paid", "timeout": "1 min" })),
        ("end", "data.set", json!({ "values": { "paid": "{{ steps.paid.data }}" } })),
    ]);
    graph["edges"][1]["sourceHandle"] = json!("received");
    let workflow = app.publish(&graph).await;
    let owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut world = World { app, workflow, owner };
    let started = world.app.post("/api/v1/executions", &json!({ "workflow_id": world.workflow })).await.json();
    let id = started["id"].as_str().unwrap();
    let waiting = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, detail, recorded_at) \
        SELECT execution_id, 1, workspace_id, 1, 'waiting', 'paid', \
        jsonb_build_object('time', created_at + interval '1 second', 'signal', '$event:paid'), created_at FROM executions";
    sqlx::query(waiting).execute(&mut world.owner).await.unwrap();
    // A second later than the time was over.
    world.settle(id, 2, "paid", "received", json!({ "data": 7 })).await;
    world.settle(id, 3, "end", "out", json!({ "paid": 7 })).await;
    world.end(id, "completed").await;
    let again = world.simulate(&json!({ "of_execution": id })).await.json();
    assert_eq!(again["output"], json!({ "paid": 7 }), "{again:#}");
    assert_eq!(world.backtest(&json!({})).await["executions"][0]["exact"], true);
    let over =
        "UPDATE journal SET port = 'expired', output = NULL WHERE position = 2; DELETE FROM journal WHERE position = 3";
    sqlx::raw_sql(over).execute(&mut world.owner).await.unwrap();
    let over = world.simulate(&json!({ "of_execution": id })).await.json();
    assert_eq!(over["steps"][1]["port"], "expired", "{over:#}");
}

#[tokio::test]
async fn a_case_is_what_an_execution_got_from_outside_and_what_comes_of_it() {
    let mut world = World::new().await;
    let id = world.done(7).await;
    let path = format!("/api/v1/executions/{id}/case");
    let told = world.app.get(&path).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    assert_eq!((&told["exact"], &told["redacted"]), (&json!(true), &json!(false)), "{told:#}");
    let case = &told["case"];
    assert_eq!((&case["trigger"], &case["input"]), (&json!("start"), &json!({ "who": "ada" })));
    assert_eq!(case["stubs"]["fetch"]["output"]["body"]["money"], 7);
    assert_eq!(
        case["expect"],
        json!({
            "status": "completed",
            "path": ["fetch completed on out", "rich completed on true", "mail completed on out"],
            "output": { "message_id": "<1@example.com>" },
            "outputs": { "rich": { "result": true } },
        })
    );
    let secret =
        "UPDATE journal SET output = jsonb_set(output, '{body,api_token}', '\"s3cret\"') WHERE node_id = 'fetch'";
    sqlx::query(secret).execute(&mut world.owner).await.unwrap();
    let told = world.app.get(&path).await;
    assert!(told.json()["redacted"] == true && !told.text().contains("s3cret"), "{}", told.text());
    let begun = world.app.begin(&world.workflow.clone()).await;
    assert_eq!(world.app.get(&format!("/api/v1/executions/{begun}/case")).await.verdict(), "409 not_ended");
}
