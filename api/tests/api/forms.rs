//! Form pages.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App, chain};

fn contact() -> Value {
    let config = json!({
        "title": "Say <hello>",
        "path": "contact",
        "fields": [
            { "name": "name", "label": "Your \"name\"", "required": true },
            { "name": "email", "label": "E-mail", "type": "email", "required": true },
            { "name": "budget", "label": "Budget", "type": "number" },
            { "name": "plan", "label": "Plan", "type": "select", "options": ["<small>", "big"] },
            { "name": "terms", "label": "Terms", "type": "checkbox" },
        ],
    });
    chain(&[("form", "trigger.form", config), ("a", "debug.noop", json!({}))])
}

async fn submit(app: &App, body: &str) -> Answer {
    let request =
        Request::post("/p/acme/contact").header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn token(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"capstan-token\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_is_shown_escaped_and_starts_an_execution_with_typed_fields() {
    let app = App::start().await;
    app.publish(&contact()).await;
    let page = app.send(Request::get("/p/acme/contact").body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("Say &lt;hello&gt;") && text.contains("Your &quot;name&quot;") && !text.contains("<small>"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'self'"));
    let thanks = submit(&app, "name=Ada&email=ada%40example.com&budget=12&plan=big&terms=on&capstan-website=").await;
    assert_eq!(thanks.status, 200, "{}", thanks.text());
    assert!(thanks.text().contains("Thank you"));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let input: Value = sqlx::query_scalar("SELECT input FROM executions").fetch_one(&mut owner).await.unwrap();
    assert_eq!(input, json!({ "name": "Ada", "email": "ada@example.com", "budget": 12, "plan": "big", "terms": true }));
}

#[tokio::test]
async fn two_clicks_on_one_page_start_one_execution() {
    let app = App::start().await;
    app.publish(&contact()).await;
    let page = app.send(Request::get("/p/acme/contact").body(Body::empty()).unwrap()).await;
    let body = format!("name=Ada&email=ada%40example.com&capstan-token={}", token(&page));
    let (first, second) = tokio::join!(submit(&app, &body), submit(&app, &body));
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(app.count("executions").await, 1);
    assert_eq!(submit(&app, &body.replace("Ada", "Grace")).await.status, 200);
    assert_eq!(app.count("executions").await, 2);
}

#[tokio::test]
async fn errors_come_back_in_the_form_and_a_program_in_the_trap_starts_nothing() {
    let app = App::start().await;
    app.publish(&contact()).await;
    let refused = submit(&app, "name=%3Cb%3E&email=nobody&extra=1").await;
    assert_eq!(refused.status, 422);
    let text = refused.text();
    assert!(text.contains("id=\"e-email\"") && text.contains("value=\"&lt;b&gt;\"") && text.contains("no field"));
    let trapped = submit(&app, "name=Ada&email=ada%40example.com&capstan-website=http").await;
    assert_eq!(trapped.status, 200);
    assert_eq!(app.count("executions").await, 0);
}

#[tokio::test]
async fn a_form_takes_json_and_answers_in_json() {
    let app = App::start().await;
    app.publish(&contact()).await;
    let send = |content_type: &'static str, body: &'static str| {
        let request = Request::post("/p/acme/contact").header("content-type", content_type);
        app.send(request.header("accept", "application/json").body(Body::from(body)).unwrap())
    };
    let started = send("application/json", r#"{"name":"Ada","email":"ada@example.com"}"#).await;
    assert_eq!((started.status.as_u16(), &started.json()["status"]), (202, &json!("queued")));
    let refused = send("application/json", r#"{"name":"Ada"}"#).await;
    assert_eq!(refused.verdict(), "422 invalid_input");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/email");
    assert_eq!(send("application/json", "[]").await.verdict(), "400 bad_body");
    assert_eq!(send("application/json", r#"{"name":"a\u0000"}"#).await.verdict(), "400 nul_character");
    for content_type in ["multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded2"] {
        assert_eq!(send(content_type, "name=Ada").await.verdict(), "415 unsupported_media_type");
    }
}

#[tokio::test]
async fn a_form_without_a_path_has_one_of_its_own_and_unknown_forms_are_404() {
    let app = App::start().await;
    let mut graph = contact();
    graph["nodes"][0]["data"]["config"].as_object_mut().unwrap().remove("path");
    let workflow = app.publish(&graph).await;
    let own = format!("/p/acme/{workflow}/form");
    for (path, expected) in
        [(own.as_str(), 200), ("/p/acme/nothing", 404), ("/p/other/contact", 404), ("/p/nobody/contact", 404)]
    {
        let page = app.send(Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, expected, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    }
}

#[tokio::test]
async fn forms_that_answer_are_listed_with_what_they_have_started() {
    let app = App::start().await;
    let list = async |query: &str| app.get(&format!("/api/v1/forms{query}")).await;
    assert_eq!(list("").await.json(), json!({ "items": [], "next": null }));
    let workflow = app.publish(&contact()).await;
    let bare = chain(&[
        ("form", "trigger.form", json!({ "title": "Bare", "fields": [{ "name": "name", "label": "Name" }] })),
        ("a", "debug.noop", json!({})),
    ]);
    let other = app.publish(&bare).await;
    assert_eq!(submit(&app, "name=Ada&email=ada%40example.com").await.status, 200);
    let listed = list("").await.json();
    let paths: Vec<_> = listed["items"].as_array().unwrap().iter().map(|form| form["path"].as_str().unwrap()).collect();
    assert_eq!(paths, [format!("{other}/form").as_str(), "contact"]);
    let mut of_contact = listed["items"][1].clone();
    let last = of_contact["last"].take();
    let expected = json!({ "path": "contact", "url": "/p/acme/contact", "title": "Say <hello>", "takes_leads": false,
        "workflow_id": workflow, "workflow_name": of_contact["workflow_name"], "node_id": "form", "version": 1,
        "started": 1, "last": null, "verification": null });
    assert_eq!(of_contact, expected);
    let started = app.get("/api/v1/executions").await.json();
    assert_eq!(last["execution_id"], started["items"][0]["id"]);
    assert_eq!((&listed["items"][0]["started"], &listed["items"][0]["last"]), (&json!(0), &Value::Null));
    assert_eq!(list(&format!("?after={other}/form")).await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(list("?after=contact").await.json()["items"], json!([]));
    let elsewhere = Request::get("/api/v1/forms").header("x-api-key", &app.other_key).body(Body::empty()).unwrap();
    assert_eq!(app.send(elsewhere).await.json()["items"], json!([]));
}
