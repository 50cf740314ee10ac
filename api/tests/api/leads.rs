//! Leads through the API.

mod acts;
mod kept;
mod pipelines;
mod restored;
mod search;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json};

const LEADS: &str = "/api/v1/leads";

async fn patch(app: &App, id: &str, body: Value) -> Answer {
    app.send(as_json(app.request("PATCH", &format!("{LEADS}/{id}")), &body)).await
}

async fn put(app: &App, path: &str, body: Value) -> Answer {
    app.send(as_json(app.request("PUT", path), &body)).await
}

async fn make(app: &App, body: Value) -> String {
    let made = app.post(LEADS, &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("location"), Some(format!("{LEADS}/{}", made.json()["id"].as_str().unwrap()).as_str()));
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn names(app: &App, query: &str) -> Vec<String> {
    let found = app.get(&format!("{LEADS}?{query}")).await;
    assert_eq!(found.status, 200, "{query}: {}", found.text());
    found.json()["items"].as_array().unwrap().iter().map(|lead| lead["name"].as_str().unwrap().to_owned()).collect()
}

async fn history(app: &App, id: &str) -> Vec<Value> {
    app.get(&format!("{LEADS}/{id}/events")).await.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_lead_is_made_read_changed_and_hidden_and_each_act_is_in_its_history() {
    let app = App::start().await;
    let fields = json!({ "budget": 3000, "plan": "pro", "vip": true });
    let id = make(&app, json!({ "email": " Ada@Example.com", "name": "Ada", "fields": fields })).await;
    let lead = app.get(&format!("{LEADS}/{id}")).await.json();
    assert_eq!(
        (&lead["email"], &lead["status"], &lead["source"]),
        (&json!("Ada@Example.com"), &json!("new"), &json!("manual"))
    );
    assert_eq!(lead["fields"], json!({ "budget": 3000, "plan": "pro", "vip": true }));
    let taken = app.post(LEADS, &json!({ "email": "ada@example.COM" })).await;
    assert!(taken.verdict() == "409 lead_exists" && taken.text().contains(&id), "{}", taken.text());
    let changed =
        patch(&app, &id, json!({ "name": null, "company": "Firm", "fields": { "plan": null, "budget": 1.5 } })).await;
    let lead = changed.json();
    assert_eq!((&lead["name"], &lead["company"]), (&Value::Null, &json!("Firm")));
    assert_eq!(lead["fields"], json!({ "budget": 1.5, "vip": true }));
    let newest = history(&app, &id).await.remove(0);
    assert_eq!((&newest["type"], &newest["by"]), (&json!("updated"), &json!({ "kind": "key", "name": "test" })));
    assert_eq!(newest["data"]["changes"]["fields.budget"], json!({ "from": 3000, "to": 1.5 }));
    // What changes nothing is told to nobody.
    assert_eq!(patch(&app, &id, json!({ "company": "Firm" })).await.status, 200);
    assert_eq!(history(&app, &id).await.len(), 2);
    let noted = app.post(&format!("{LEADS}/{id}/events"), &json!({ "type": "email", "text": "Hello" })).await;
    assert_eq!((noted.status.as_u16(), &noted.json()["data"]["text"]), (201, &json!("Hello")));
    let after = app.get(&format!("{LEADS}/{id}")).await.json();
    assert!(after["last_email_at"].is_string() && lead["last_email_at"].is_null(), "{after}");
    let gone = app.send(app.request("DELETE", &format!("{LEADS}/{id}")).body(Body::empty()).unwrap()).await;
    assert_eq!(gone.status, 204);
    assert_eq!(app.get(&format!("{LEADS}/{id}")).await.verdict(), "404 not_found");
    assert_eq!(patch(&app, &id, json!({ "name": "x" })).await.verdict(), "404 not_found");
    make(&app, json!({ "email": "ada@example.com" })).await;
    // Each that changed something was told once, with the lead's id as its key.
    let told = app.count(&format!("events WHERE key = '{id}' AND type IN ('lead.created', 'lead.updated')")).await;
    assert_eq!((told, app.count("events").await, app.count("audit_log").await), (2, 3, 6));
}

#[tokio::test]
async fn leads_are_found_by_state_source_address_words_and_custom_values() {
    let app = App::start().await;
    for (email, name, company, source, plan, budget) in [
        ("ada@example.com", "Ada Lovelace", "Engines", "fair", "pro", 10),
        ("bob@sample.org", "Bob Łącki", "Bridges", "web", "free", 20),
        ("cat@example.com", "Cat Stone", "Engines Ltd", "web", "pro", 30),
    ] {
        let fields = json!({ "plan": plan, "budget": budget });
        make(&app, json!({ "email": email, "name": name, "company": company, "source": source, "fields": fields }))
            .await;
    }
    for (query, expected) in [
        ("", vec!["Cat Stone", "Bob Łącki", "Ada Lovelace"]),
        ("status=new&source=web", vec!["Cat Stone", "Bob Łącki"]),
        ("status=won", vec![]),
        ("email=ADA@example.com", vec!["Ada Lovelace"]),
        ("q=engin", vec!["Cat Stone", "Ada Lovelace"]),
        ("q=love%20example", vec!["Ada Lovelace"]),
        ("q=%C5%82%C4%85c", vec!["Bob Łącki"]),
        ("q=%25%27%22", vec![]),
        ("field=plan&value=pro", vec!["Cat Stone", "Ada Lovelace"]),
        ("field=budget&value=20", vec!["Bob Łącki"]),
        ("field=plan&value=pro&q=stone", vec!["Cat Stone"]),
    ] {
        assert_eq!(names(&app, query).await, expected, "{query}");
    }
    let first = app.get(&format!("{LEADS}?limit=2")).await.json();
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(names(&app, &format!("limit=2&cursor={next}")).await, ["Ada Lovelace"]);
    for (query, verdict) in [
        ("field=plan", "400 bad_field"),
        ("field=plans&value=x", "400 bad_field"),
        ("field=budget&value=much", "400 bad_field"),
        ("q=a%00", "400 nul_character"),
        ("limit=0", "400 bad_limit"),
        ("state=new", "400 unknown_parameter"),
    ] {
        assert_eq!(app.get(&format!("{LEADS}?{query}")).await.verdict(), verdict, "{query}");
    }
    let sources = app.get("/api/v1/lead-sources").await.json();
    assert_eq!(sources["items"], json!(["fair", "web"]));
}

#[tokio::test]
async fn what_is_no_lead_is_refused_by_field() {
    let app = App::start().await;
    make(&app, json!({ "name": "Ada", "fields": { "budget": 1 } })).await;
    for (body, pointer) in [
        (json!({}), "/email"),
        (json!({ "fields": { "a": 1 } }), "/email"),
        (json!({ "email": "ada" }), "/email"),
        (json!({ "name": "x".repeat(201) }), "/name"),
        (json!({ "name": "a", "fields": { "budget": "much" } }), "/fields/budget"),
        (json!({ "name": "a", "fields": { "a b": 1 } }), "/fields/a b"),
        (json!({ "name": "a", "fields": { "a": [1] } }), "/fields/a"),
    ] {
        let answer = app.post(LEADS, &body).await;
        assert_eq!(
            (answer.verdict().as_str(), &answer.json()["errors"][0]["pointer"]),
            ("422 invalid_lead", &json!(pointer))
        );
    }
    // All that is wrong at once, in the detail as in the entries.
    let twice = app.post(LEADS, &json!({ "email": "ada", "name": "x".repeat(201), "fields": { "a": [1] } })).await;
    let told = twice.json();
    let errors: Vec<&str> =
        told["errors"].as_array().unwrap().iter().map(|it| it["detail"].as_str().unwrap()).collect();
    assert_eq!((errors.len(), told["detail"].as_str()), (3, Some(errors.join("; ").as_str())), "{told}");
    assert_eq!(app.post(LEADS, &json!({ "name": "a", "status": "gone" })).await.verdict(), "422 unknown_status");
    assert_eq!(app.post(LEADS, &json!({ "name": "a", "age": 3 })).await.verdict(), "400 bad_body");
    let path = "/api/v1/lead-fields/budget";
    assert_eq!(put(&app, path, json!({ "label": "Budget", "type": "text" })).await.verdict(), "409 field_in_use");
    assert_eq!(put(&app, path, json!({ "label": "Budget", "type": "number" })).await.status, 200);
    assert_eq!(put(&app, "/api/v1/lead-fields/due", json!({ "label": "Due", "type": "date" })).await.status, 200);
    assert_eq!(
        put(&app, "/api/v1/lead-fields/a%20b", json!({ "label": "x", "type": "text" })).await.verdict(),
        "422 invalid_field"
    );
    let due = |day: &str| json!({ "name": "a", "fields": { "due": day } });
    assert_eq!(app.post(LEADS, &due("tomorrow")).await.verdict(), "422 invalid_lead");
    assert_eq!(app.post(LEADS, &due("2026-02-28")).await.status, 201);
    let known = app.get("/api/v1/lead-fields").await.json();
    assert_eq!(known["items"][0], json!({ "name": "budget", "label": "Budget", "type": "number" }));
    assert_eq!(app.count("leads").await, 2);
}

#[tokio::test]
async fn another_workspace_has_leads_of_its_own_and_sees_no_others() {
    let app = App::start().await;
    let id = make(&app, json!({ "email": "ada@example.com", "name": "Ada" })).await;
    let ask = |method: &str, path: String, body: Value| {
        let request = Request::builder().method(method).uri(path).header("x-api-key", &app.other_key);
        app.send(as_json(request, &body))
    };
    let (lead, status) = (format!("{LEADS}/{id}"), format!("{LEADS}/{id}/status"));
    assert_eq!(ask("GET", lead.clone(), json!({})).await.verdict(), "404 not_found");
    assert_eq!(ask("PATCH", lead.clone(), json!({ "name": "x" })).await.verdict(), "404 not_found");
    assert_eq!(ask("POST", status, json!({ "status": "won" })).await.verdict(), "404 not_found");
    assert_eq!(
        ask("POST", format!("{lead}/events"), json!({ "type": "note", "text": "x" })).await.verdict(),
        "404 not_found"
    );
    assert_eq!(ask("DELETE", lead, json!({})).await.verdict(), "404 not_found");
    // The same address is another lead there.
    assert_eq!(ask("POST", LEADS.into(), json!({ "email": "ada@example.com" })).await.status, 201);
    for path in [LEADS, "/api/v1/lead-board", "/api/v1/lead-sources"] {
        assert!(!ask("GET", path.into(), json!({})).await.text().contains(&id), "{path}");
    }
    // The role of the API, without a condition of its own, sees nothing outside of the workspace that it names.
    let mut api = app.cell.connect(capstan_engine::store::connect::Role::Api).await.unwrap();
    for table in ["leads", "lead_events", "lead_field_data", "lead_fields", "lead_sources", "lead_pipelines"] {
        let seen: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut api).await.unwrap();
        assert_eq!(seen, 0, "{table}");
    }
}

#[tokio::test]
async fn leads_that_are_made_at_once_with_one_address_are_one() {
    let app = Arc::new(App::start().await);
    let made =
        futures::future::join_all((0..10).map(|n| {
            let app = Arc::clone(&app);
            async move {
                app.post(LEADS, &json!({ "email": "ada@example.com", "name": format!("Ada {n}") })).await.verdict()
            }
        }));
    let mut verdicts = made.await;
    verdicts.sort_unstable();
    assert_eq!(
        (verdicts[0].as_str(), verdicts[1].as_str(), verdicts[9].as_str()),
        ("201", "409 lead_exists", "409 lead_exists")
    );
    assert_eq!((app.count("leads").await, app.count("lead_events").await, app.count("events").await), (1, 1, 1));
}
