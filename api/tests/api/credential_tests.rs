//! Tests of credentials as clients see them, with the part of the worker done by hand; what workers do is tested with workers.

use std::time::Duration;

use axum::body::Body;
use capstan_domain::credentials::tested::{self, Begun, TESTS_MAX, Tested, Verdict};
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::support::{Answer, App, as_json};

const PATH: &str = "/api/v1/credentials";
/// Longest wait for anything; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a credential; answers its id.
async fn make(app: &App, name: &str, kind: &str, fields: Value) -> String {
    let wish = json!({"name": name, "type": kind, "allowed_hosts": ["api.example.com"], "fields": fields});
    let made = app.post(PATH, &wish).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn bearer(app: &App, name: &str) -> String {
    make(app, name, "bearer", json!({"token": "hunter22-hunter22"})).await
}

async fn test(app: &App, id: &str) -> Answer {
    app.post(&format!("{PATH}/{id}/test"), &json!({"url": "https://api.example.com/me?as=json"})).await
}

async fn in_cell(app: &App, statement: &str) {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut owner).await.unwrap();
}

/// Waits until so many tests were asked for, and begins them as a worker does.
async fn begun(app: &App, count: i64) -> Vec<Begun> {
    asked(app, count).await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    tested::begin(&mut worker, 100).await.unwrap()
}

async fn asked(app: &App, count: i64) {
    let look = async {
        let mut ticks = interval(Duration::from_millis(10));
        while app.count("credential_tests").await < count {
            ticks.tick().await;
        }
    };
    timeout(PATIENCE, look).await.expect("nobody asks for a test");
}

async fn end(app: &App, begun: &Begun, verdict: Verdict) -> bool {
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    let tested = Tested {
        verdict,
        detail: "https://api.example.com/me answered 401".into(),
        status_code: Some(401),
        response: Some("who\0 are you".into()),
        took: Duration::from_millis(12),
    };
    tested::end(&mut worker, begun, &tested).await.unwrap()
}

#[tokio::test]
async fn what_a_worker_finds_is_answered_kept_and_recorded() {
    let app = App::start().await;
    let id = bearer(&app, "crm").await;
    assert_eq!(app.get(&format!("{PATH}/{id}")).await.json()["last_test"], Value::Null);
    let work = async {
        let begun = begun(&app, 1).await;
        let [one] = begun.as_slice() else { panic!("{begun:?}") };
        assert_eq!((one.name.as_str(), one.url.as_deref()), ("crm", Some("https://api.example.com/me?as=json")));
        assert_eq!(test(&app, &id).await.verdict(), "409 test_under_way");
        let mut another = app.cell.connect(Role::Worker).await.unwrap();
        assert!(tested::begin(&mut another, 100).await.unwrap().is_empty(), "a test is begun once");
        assert!(end(&app, one, Verdict::Refused).await);
        assert!(!end(&app, one, Verdict::Passed).await, "a test ends once");
    };
    let (answer, ()) = tokio::join!(test(&app, &id), work);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(
        (&told["outcome"], &told["status_code"], &told["took_ms"]),
        (&json!("refused"), &json!(401), &json!(12))
    );
    assert_eq!((&told["response"], &told["token_until"]), (&json!("who\u{fffd} are you"), &Value::Null));
    assert_eq!(app.get(&format!("{PATH}/{id}")).await.json()["last_test"], told);
    assert_eq!(app.get(PATH).await.json()["items"][0]["last_test"], told);
    let log = app.get("/api/v1/audit").await.json();
    let actions: Vec<&str> = log["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| action.ends_with("/test")).count(), 1, "{actions:?}");

    let body = json!({"allowed_hosts": ["api.example.com"], "fields": {"token": "hunter22-another"}});
    let replaced = app.send(as_json(app.request("PUT", &format!("{PATH}/{id}")), &body)).await.json();
    assert_eq!(replaced["last_test"], Value::Null, "it says nothing of the new fields");
}

#[tokio::test]
async fn a_workspace_tests_few_at_a_time_and_what_was_lost_gives_way() {
    let app = App::start().await;
    let ids = [bearer(&app, "a").await, bearer(&app, "b").await, bearer(&app, "c").await, bearer(&app, "d").await];
    assert_eq!(TESTS_MAX, 3);
    let work = async {
        let all = begun(&app, 3).await;
        assert_eq!(all.len(), 3);
        assert_eq!(test(&app, &ids[3]).await.verdict(), "409 too_many_tests");
        // As if their worker had died a minute ago.
        in_cell(&app, "UPDATE credential_tests SET asked_at = now() - interval '1 minute'").await;
        let next = async {
            let next = begun(&app, 4).await;
            assert_eq!(next.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["d"]);
            assert!(end(&app, &next[0], Verdict::Passed).await);
        };
        let (answer, ()) = tokio::join!(test(&app, &ids[3]), next);
        assert_eq!(answer.json()["outcome"], "passed", "{}", answer.text());
        // They were not dead: their end is told all the same.
        for one in &all {
            assert!(end(&app, one, Verdict::Unclear).await);
        }
    };
    let [a, b, c, _] = &ids;
    let (a, b, c, ()) = tokio::join!(test(&app, a), test(&app, b), test(&app, c), work);
    for answer in [a, b, c] {
        assert_eq!(answer.json()["outcome"], "unclear", "{}", answer.text());
    }
}

#[tokio::test]
async fn a_test_that_no_worker_begins_is_not_made() {
    let app = App::start().await;
    let id = bearer(&app, "crm").await;
    let wait = async {
        asked(&app, 1).await;
        in_cell(&app, "UPDATE credential_tests SET asked_at = now() - interval '11 seconds'").await;
    };
    let (answer, ()) = tokio::join!(test(&app, &id), wait);
    assert_eq!(answer.verdict(), "503 no_worker");
    assert_eq!(app.count("credential_tests").await, 0);
    let remove = async {
        let begun = begun(&app, 1).await;
        let gone = app.send(app.request("DELETE", &format!("{PATH}/{id}")).body(Body::empty()).unwrap()).await;
        assert_eq!(gone.status, 204, "{}", gone.text());
        assert!(!end(&app, &begun[0], Verdict::Passed).await);
    };
    let (answer, ()) = tokio::join!(test(&app, &id), remove);
    assert_eq!(answer.verdict(), "503 test_lost");
}

#[tokio::test]
async fn what_cannot_be_tested_is_refused_and_nothing_is_asked() {
    let app = App::start().await;
    let id = bearer(&app, "crm").await;
    let mail = json!({"host": "api.example.com", "port": 587});
    let mail = make(&app, "mail", "smtp", mail).await;
    for (id, body, expected) in [
        (&id, json!({}), "422 url_needed"),
        (&id, json!({"url": null}), "422 url_needed"),
        (&id, json!({"url": "api.example.com/me"}), "422 bad_url"),
        (&id, json!({"url": "ftp://api.example.com/"}), "422 bad_url"),
        (&id, json!({"url": "https://me:pw@api.example.com/"}), "422 bad_url"),
        (&id, json!({"url": format!("https://api.example.com/{}", "x".repeat(2_048))}), "422 bad_url"),
        (&id, json!({"url": "https://example.com/"}), "422 host_not_allowed"),
        (&id, json!({"url": "http://api.example.com/"}), "422 host_not_allowed"),
        (&mail, json!({"url": "https://api.example.com/"}), "422 bad_url"),
        (&id, json!({"to": "x"}), "400 bad_body"),
    ] {
        let answer = app.post(&format!("{PATH}/{id}/test"), &body).await;
        assert_eq!(answer.verdict(), expected, "{body}: {}", answer.text());
    }
    let nothing = app.post_nothing(&format!("{PATH}/{id}/test")).await;
    assert_eq!(nothing.verdict(), "422 url_needed");
    assert_eq!(nothing.json()["errors"][0]["pointer"], "/url");
    in_cell(&app, "UPDATE credentials SET type = 'of_tomorrow' WHERE name = 'mail'").await;
    assert_eq!(app.post_nothing(&format!("{PATH}/{mail}/test")).await.verdict(), "422 cannot_be_tested");
    assert_eq!(app.count("credential_tests").await, 0);
}
