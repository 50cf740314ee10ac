//! Executions that have ended, and their logs, are found by words: those of the own workspace, newest first.

use std::time::Duration;

use capstan_domain::persons;
use capstan_domain::search::write_words;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{App, chain};

/// Does what a worker does, until nothing is left.
async fn write(app: &App) {
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    while write_words(&mut worker, Duration::ZERO).await.unwrap().is_none_or(|written| written.is_more) {}
}

async fn sql(app: &App, sql: &str) {
    sqlx::raw_sql(sql).execute(&mut app.cell.connect(Role::Owner).await.unwrap()).await.unwrap();
}

/// A workflow that is called "Refund orders", with a node "Ask the bank".
async fn workflow(app: &App) -> String {
    let mut graph = chain(&[("start", "trigger.manual", json!({})), ("a", "debug.noop", json!({}))]);
    graph["nodes"][1]["data"]["label"] = json!("Ask the bank");
    let made = app.post("/api/v1/workflows", &json!({ "name": "Refund orders", "graph": graph })).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    app.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
    id
}

async fn begin(app: &App, workflow: &str, input: Value) -> String {
    let started = app.post("/api/v1/executions", &json!({ "workflow_id": workflow, "input": input })).await;
    started.json()["id"].as_str().unwrap().to_owned()
}

async fn end(app: &App, id: &str, status: &str, error: &str) {
    sql(
        app,
        &format!(
            "UPDATE executions SET status = '{status}', error = {error}, ended_at = now() WHERE execution_id = '{id}'"
        ),
    )
    .await;
}

async fn log(app: &App, id: &str, lines: &[&str]) {
    for (n, line) in lines.iter().enumerate() {
        let values = format!(
            "'{id}', uuid_floor_1(now() + {n} * interval '1 ms'), '{}', 'a', '', 1, 'info', '{line}', now()",
            app.acme
        );
        sql(app, &format!("INSERT INTO execution_logs VALUES ({values})")).await;
    }
}

async fn found(app: &App, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/api/v1/executions?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn executions_that_have_ended_are_found_by_words_of_what_they_hold_and_no_other_workspace_finds_them() {
    let app = App::start().await;
    let workflow = workflow(&app).await;
    let failed = begin(&app, &workflow, json!({ "email": "Ada@Example.com", "order": 4711 })).await;
    let done = begin(&app, &workflow, json!({ "email": "bob@example.com", "order": 4712 })).await;
    begin(&app, &workflow, json!({ "email": "cy@example.com" })).await;
    end(&app, &failed, "failed", r#"'{"class":"http_5xx","reason":"The bank refused"}'"#).await;
    end(&app, &done, "completed", "NULL").await;
    assert!(found(&app, "search=4711").await.is_empty(), "nobody has written its words yet");
    write(&app).await;
    let both = [done.as_str(), failed.as_str()];
    for (search, expected) in [
        ("4711", &both[1..]),
        ("ada%40example.com", &both[1..]),
        ("ADA", &both[1..]),
        ("exam", &both[..]),
        ("refund%20orders", &both[..]),
        ("ask%20the%20bank%204712", &both[..1]),
        ("refused", &both[1..]),
        ("refused%204712", &both[2..]),
        ("47", &both[2..]),
        ("cy", &both[2..]),
        ("order&status=failed", &both[1..]),
        ("order&error_class=http_5xx", &both[1..]),
        ("order&error_class=timeout", &both[2..]),
        ("order&status=pending", &both[2..]),
        ("order&to=2020-01-01T00:00:00Z", &both[2..]),
    ] {
        assert_eq!(found(&app, &format!("search={search}")).await, expected, "{search}");
    }
    assert_eq!(found(&app, "search=%20").await.len(), 3, "no word is no search");
    assert_eq!(found(&app, "error_class=http_5xx").await, both[1..]);
    let version =
        app.get(&format!("/api/v1/executions/{done}")).await.json()["version_id"].as_str().unwrap().to_owned();
    assert_eq!(found(&app, &format!("version_id={version}")).await.len(), 3);
    assert!(found(&app, &format!("version_id={workflow}")).await.is_empty());
    assert_eq!(app.get("/api/v1/executions?search=-%21").await.verdict(), "400 bad_query");
    assert_eq!(app.get("/api/v1/executions?search=a%00").await.verdict(), "400 nul_character");
    let asked = format!("/api/v1/executions?search=a&parent_id={done}");
    assert_eq!(app.get(&asked).await.verdict(), "400 bad_query");
    let mut stranger = app.another_process();
    stranger.key.clone_from(&app.other_key);
    assert!(found(&stranger, "search=example").await.is_empty());
    assert!(found(&stranger, "search=order").await.is_empty());
}

#[tokio::test]
async fn rare_words_are_found_behind_many_others_and_each_page_goes_on_where_the_last_one_ended() {
    let app = App::start().await;
    // 1,500 that have the one word, every 300th the other one too; another workspace has both as often.
    let fill = |workspace: &str, digits: &str| {
        format!(
            "WITH made AS (INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, \
               status, ended_at) SELECT overlay(uuid_floor_1(now() - n * interval '1 ms')::text placing '{digits}' from 35)::uuid, \
               '{workspace}', gen_random_uuid(), gen_random_uuid(), 't', to_jsonb(n), 'completed', now() \
             FROM generate_series(1, 1500) AS n RETURNING execution_id, workspace_id, input) \
             SELECT write_words_1(array_agg(execution_id), array_agg(workspace_id), \
               array_agg(CASE WHEN input::int % 300 = 0 THEN 'common rare' ELSE 'common' END), array_agg(''::text)) FROM made"
        )
    };
    sql(&app, "UPDATE word_cursor SET walked_to = NULL").await;
    sql(&app, &fill(&app.acme.to_string(), "01")).await;
    sql(&app, &fill("00000000-0000-0000-0000-000000000009", "02")).await;
    for (search, expected) in [("common", 1_500), ("rare", 5), ("rar%20comm", 5), ("rare%20nowhere", 0)] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _ in 0..40 {
            let page = app.get(&format!("/api/v1/executions?search={search}&limit=100{cursor}")).await.json();
            let ids = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
            seen.extend(ids);
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), expected, "{search}");
        assert!(seen.is_sorted_by(|one, next| one > next), "{search}: newest first, each once");
    }
    assert_eq!(found(&app, "search=rare&limit=2").await.len(), 2);
}

#[tokio::test]
async fn lines_of_logs_are_found_over_the_workspace_and_within_an_execution() {
    let app = App::start().await;
    let workflow = workflow(&app).await;
    let (one, other) = (begin(&app, &workflow, json!({})).await, begin(&app, &workflow, json!({})).await);
    log(&app, &one, &["sent the invoice 77", "the printer is on fire", "sent the invoice 78"]).await;
    log(&app, &other, &["no printer", "no invoice"]).await;
    let within = async |search: &str| {
        let lines = app.get(&format!("/api/v1/executions/{one}/logs?search={search}")).await.json();
        lines["items"].as_array().unwrap().iter().map(|line| line["message"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(within("fire").await, ["the printer is on fire"]);
    assert_eq!(within("invo%20sent").await, ["sent the invoice 77", "sent the invoice 78"]);
    assert!(within("invoice%20printer").await.is_empty(), "no line has both");

    for id in [&one, &other] {
        end(&app, id, "completed", "NULL").await;
    }
    write(&app).await;
    let over = async |search: &str| {
        let page = app.get(&format!("/api/v1/logs?search={search}")).await.json();
        let logs = page["items"].as_array().unwrap().clone();
        let of = |log: &Value| {
            let lines = log["lines"].as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap());
            (log["execution_id"].as_str().unwrap().to_owned(), lines.collect::<Vec<_>>().join("; "))
        };
        logs.iter().map(of).collect::<Vec<_>>()
    };
    let newest = (other.clone(), "no printer".to_owned());
    assert_eq!(over("printer").await, [newest, (one.clone(), "the printer is on fire".to_owned())]);
    assert_eq!(over("sent%20invoice").await, [(one.clone(), "sent the invoice 77; sent the invoice 78".to_owned())]);
    assert!(over("printer%20invoice").await.is_empty(), "the words are in one log, but not in one line");
    assert!(over("refund").await.is_empty(), "names are no lines");
    assert_eq!(app.get("/api/v1/logs").await.verdict(), "400 bad_query");
    let mut stranger = app.another_process();
    stranger.key.clone_from(&app.other_key);
    assert_eq!(stranger.get("/api/v1/logs?search=printer").await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_erased_person_is_not_found_any_more_and_the_rest_is() {
    let app = App::start().await;
    let workflow = workflow(&app).await;
    let id =
        begin(&app, &workflow, json!({ "order": 4711, "who": { "email": "ada@example.com", "name": "Lovelace" } }))
            .await;
    log(&app, &id, &["mail to ada@example.com", "done"]).await;
    end(&app, &id, "completed", "NULL").await;
    write(&app).await;
    assert_eq!(found(&app, "search=lovelace").await, [id.as_str()]);
    let job = app.post("/api/v1/person-jobs", &json!({ "kind": "erase", "email": "ada@example.com" })).await;
    assert_eq!(job.status, 202, "{}", job.text());
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    while persons::work(&mut worker).await.unwrap() {}
    for gone in ["lovelace", "ada", "example"] {
        assert!(found(&app, &format!("search={gone}")).await.is_empty(), "{gone}");
    }
    assert_eq!(app.get("/api/v1/logs?search=ada").await.json()["items"], json!([]));
    assert_eq!(app.count("execution_words WHERE words::text LIKE '%lovelace%' OR words::text LIKE '%ada''%'").await, 0);
    assert_eq!(found(&app, "search=4711").await, [id.as_str()]);
    assert_eq!(app.get("/api/v1/logs?search=done").await.json()["items"][0]["execution_id"], json!(id));
}

#[tokio::test]
async fn words_come_with_the_end_once_the_walk_over_older_ones_is_done() {
    let app = App::start().await;
    let workflow = workflow(&app).await;
    write(&app).await;
    assert_eq!(app.count("word_cursor WHERE walked_to IS NULL").await, 1);
    let id = begin(&app, &workflow, json!({ "order": 4711 })).await;
    end(&app, &id, "completed", "NULL").await;
    let event = format!(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) \
         VALUES (gen_random_uuid(), '{}', 'execution.completed', '{id}', '{{}}')",
        app.acme
    );
    sql(&app, &event).await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let hour = Duration::from_secs(3_600);
    assert_eq!(write_words(&mut worker, hour).await.unwrap().unwrap().executions, 0, "it has ended only now");
    // Transactions of other tests on the same server come to their end at some time, and with them the horizon.
    let mut tries = 0;
    while app.count("execution_words").await == 0 {
        write_words(&mut worker, Duration::ZERO).await.unwrap();
        tries += 1;
        assert!(tries < 10_000, "its words were not written");
    }
    assert_eq!(found(&app, "search=4711").await, [id.as_str()]);
    // The same end again, as after a crash: the same words.
    sql(&app, "UPDATE word_cursor SET xid = '0'").await;
    write(&app).await;
    assert_eq!(app.count("execution_words").await, 1);
}
