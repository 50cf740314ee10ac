//! Automation rules over HTTP: each with the workflow that it is compiled to, in step with it or changed by hand.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::access::{self, NewKey};
use capstan_domain::rules::RULES_MAX;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json};

const RULES: &str = "/api/v1/rules";

/// Greets leads of a fair.
pub(crate) fn greeting() -> Value {
    json!({
        "name": "Greet",
        "event": "lead.created",
        "conditions": { "field": "data.lead.source", "op": "eq", "value": "fair" },
        "actions": [
            { "type": "action.send_email",
              "config": { "to": "{{ input.data.lead.email }}", "subject": "Hello", "text": "It was nice to meet you." } },
            { "type": "lead.set_status", "config": { "lead_id": "{{ input.data.lead.id }}", "status": "qualified" } },
        ],
    })
}

/// Makes a rule; its id.
pub(crate) async fn make(app: &App) -> String {
    text(&made(app, &greeting()).await["id"])
}

async fn made(app: &App, rule: &Value) -> Value {
    let made = app.post(RULES, rule).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

async fn put(app: &App, id: &str, if_match: Option<i32>, rule: &Value) -> Answer {
    let mut request = app.request("PUT", &format!("{RULES}/{id}"));
    if let Some(revision) = if_match {
        request = request.header("if-match", format!("\"{revision}\""));
    }
    app.send(as_json(request, rule)).await
}

async fn remove(app: &App, id: &str) -> Answer {
    app.send(app.request("DELETE", &format!("{RULES}/{id}")).body(Body::empty()).unwrap()).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn with(rule: &Value, field: &str, value: Value) -> Value {
    let mut rule = rule.clone();
    rule[field] = value;
    rule
}

/// Triggers that wait for events of that type.
async fn waiting(app: &App, type_name: &str) -> i64 {
    app.count(&format!("event_triggers WHERE type = '{type_name}'")).await
}

#[tokio::test]
async fn a_rule_is_a_published_workflow_that_changes_and_goes_with_it() {
    let app = App::start().await;
    let keyed = || as_json(app.request("POST", RULES).header("idempotency-key", "greet"), &greeting());
    let first = app.send(keyed()).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let rule = first.json();
    let (id, workflow_id) = (text(&rule["id"]), text(&rule["workflow_id"]));
    assert_eq!(first.header("location"), Some(format!("{RULES}/{id}").as_str()));
    assert_eq!((first.header("etag"), &rule["revision"], &rule["version"]), (Some("\"1\""), &json!(1), &json!(1)));
    let told = (&rule["enabled"], &rule["edited_by_hand"], &rule["log_misses"], &rule["updated_by"]);
    assert_eq!(told, (&json!(true), &json!(false), &json!(false), &json!("test")));
    let again = app.send(keyed()).await;
    assert_eq!((again.json(), again.header("idempotent-replayed")), (rule.clone(), Some("true")));
    assert_eq!((app.count("automation_rules").await, app.count("workflows").await), (1, 1));

    let workflow = app.get(&format!("/api/v1/workflows/{workflow_id}")).await.json();
    assert_eq!((&workflow["name"], &workflow["published"]), (&json!("Greet"), &json!(1)));
    let by = json!({ "id": id, "name": "Greet", "enabled": true, "edited_by_hand": false });
    assert_eq!(workflow["rule"], by);
    let nodes: Vec<_> = workflow["graph"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
    assert_eq!(nodes, ["event", "action_1", "action_2"]);
    assert_eq!(waiting(&app, "lead.created").await, 1);
    assert_eq!(app.get(RULES).await.json()["items"], json!([rule]));

    // Another event, another name.
    let other = with(&with(&greeting(), "event", json!("order.paid")), "name", json!("Orders"));
    assert_eq!(put(&app, &id, None, &other).await.verdict(), "428 if_match_required");
    assert_eq!(put(&app, &id, Some(7), &other).await.verdict(), "412 stale_revision");
    let changed = put(&app, &id, Some(1), &other).await;
    assert_eq!((changed.verdict().as_str(), changed.header("etag")), ("200", Some("\"2\"")), "{}", changed.text());
    assert_eq!((&changed.json()["event"], &changed.json()["version"]), (&json!("order.paid"), &json!(2)));
    let workflow = app.get(&format!("/api/v1/workflows/{workflow_id}")).await.json();
    assert_eq!(
        (&workflow["name"], &workflow["published"], &workflow["revision"]),
        (&json!("Orders"), &json!(2), &json!(2))
    );
    assert_eq!((waiting(&app, "lead.created").await, waiting(&app, "order.paid").await), (0, 1));

    // Off and on again, without a new version.
    let off = put(&app, &id, Some(2), &with(&other, "enabled", json!(false))).await.json();
    assert_eq!((&off["enabled"], &off["version"], &off["edited_by_hand"]), (&json!(false), &json!(2), &json!(false)));
    assert_eq!(waiting(&app, "order.paid").await, 0);
    let on = put(&app, &id, Some(3), &with(&other, "enabled", json!(true))).await.json();
    assert_eq!((&on["enabled"], &on["version"], &on["revision"]), (&json!(true), &json!(2), &json!(4)));
    assert_eq!(waiting(&app, "order.paid").await, 1);

    assert_eq!(remove(&app, &id).await.status, 204);
    assert_eq!(remove(&app, &id).await.verdict(), "404 not_found");
    assert_eq!(app.get(&format!("{RULES}/{id}")).await.verdict(), "404 not_found");
    assert_eq!(app.get(&format!("/api/v1/workflows/{workflow_id}")).await.verdict(), "404 not_found");
    assert_eq!((waiting(&app, "order.paid").await, app.count("workflow_versions").await), (0, 2));
    assert_eq!(app.get(RULES).await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_told_at_its_fields_and_nothing_is_made() {
    let app = App::start().await;
    let places = |answer: &Answer| {
        let errors = answer.json()["errors"].clone();
        errors.as_array().unwrap().iter().map(|entry| text(&entry["pointer"])).collect::<Vec<_>>()
    };
    let mail = |more: Value| {
        let mut config = json!({ "to": "a@example.com", "subject": "s", "text": "t" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([{ "type": "lead.update", "config": { "email": "a@example.com", "name": "A" } },
               { "type": "action.send_email", "config": config }])
    };
    let long = json!({ "all": vec![json!({ "field": "data.a", "op": "one_of", "value": vec!["x"; 50] }); 20] });
    for (rule, verdict, place) in [
        (with(&greeting(), "name", json!(" ")), "422 invalid_rule", "/name"),
        (with(&greeting(), "event", json!("execution.failed")), "422 invalid_rule", "/event"),
        (with(&greeting(), "actions", json!([])), "422 invalid_rule", "/actions"),
        (with(&greeting(), "conditions", json!({ "field": "lead" })), "422 invalid_rule", "/conditions/field"),
        (with(&greeting(), "conditions", long), "422 invalid_rule", "/conditions"),
        (with(&greeting(), "actions", mail(json!({ "to": "{{ nope }}" }))), "422 invalid_rule", "/actions/1/config/to"),
        (with(&greeting(), "actions", mail(json!({ "cc": 1 }))), "422 invalid_rule", "/actions/1/config"),
        (
            with(&greeting(), "actions", mail(json!({ "credential": "gone" }))),
            "422 invalid_rule",
            "/actions/1/config/credential",
        ),
        (
            with(&greeting(), "actions", json!([{ "type": "debug.noop", "config": {} }])),
            "400 bad_body",
            "/actions/0/type",
        ),
        (with(&greeting(), "more", json!(1)), "400 bad_body", "/more"),
    ] {
        let refused = app.post(RULES, &rule).await;
        assert_eq!((refused.verdict().as_str(), places(&refused)[0].as_str()), (verdict, place), "{}", refused.text());
    }
    let told = app.post(RULES, &with(&with(&greeting(), "name", json!(" ")), "actions", json!([]))).await.json();
    let errors: Vec<String> = told["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{}: {}", text(&entry["pointer"]), text(&entry["detail"])))
        .collect();
    assert_eq!((errors.len(), told["detail"].as_str()), (2, Some(errors.join("; ").as_str())), "{told}");
    assert_eq!((app.count("workflows").await, app.count("automation_rules").await), (0, 0));

    let rule = made(&app, &greeting()).await;
    let bad = with(&greeting(), "actions", mail(json!({ "credential": "gone" })));
    assert_eq!(put(&app, rule["id"].as_str().unwrap(), Some(1), &bad).await.verdict(), "422 invalid_rule");
    assert_eq!((app.count("workflow_versions").await, app.get(RULES).await.json()["items"][0].clone()), (1, rule));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let many = format!(
        "INSERT INTO workflows (workspace_id, workflow_id, name) \
           SELECT '{0}', gen_random_uuid(), 'many' FROM generate_series(2, {RULES_MAX}); \
         INSERT INTO automation_rules (workspace_id, rule_id, workflow_id, name, definition, is_enabled, draft_revision, version, \
           updated_by) SELECT workspace_id, workflow_id, workflow_id, 'n', '{{}}', false, 1, 1, 'b' FROM workflows \
            WHERE name = 'many'",
        app.acme
    );
    sqlx::raw_sql(&many).execute(&mut owner).await.unwrap();
    assert_eq!(app.post(RULES, &greeting()).await.verdict(), "422 too_many_rules");
    assert_eq!(app.count("workflows").await, RULES_MAX);
}

#[tokio::test]
async fn a_workflow_that_is_changed_by_hand_is_not_compiled_over_and_stays_on_or_off_with_its_rule() {
    let app = App::start().await;
    let rule = made(&app, &greeting()).await;
    let (id, workflow) = (text(&rule["id"]), format!("/api/v1/workflows/{}", text(&rule["workflow_id"])));
    let rename = async |name: &str| app.post(&format!("{workflow}/rename"), &json!({ "name": name })).await;
    assert_eq!(
        (rename("Greet").await.status.as_u16(), rename("Mine").await.verdict().as_str()),
        (200, "409 made_by_rule")
    );
    let mut graph = app.get(&workflow).await.json()["graph"].clone();
    graph["nodes"][1]["data"]["label"] = json!("By hand");
    let save = app.request("PUT", &format!("{workflow}/draft")).header("if-match", "\"1\"");
    assert_eq!(app.send(as_json(save, &json!({ "graph": graph }))).await.status, 200);

    assert_eq!(app.get(&format!("{RULES}/{id}")).await.json()["edited_by_hand"], json!(true));
    assert_eq!(app.get(&workflow).await.json()["rule"]["edited_by_hand"], json!(true));
    assert_eq!(rename("Mine").await.json()["name"], "Mine");
    let other = with(&greeting(), "event", json!("order.paid"));
    assert_eq!(put(&app, &id, Some(1), &other).await.verdict(), "409 edited_by_hand");
    assert_eq!(app.get(&workflow).await.json()["graph"], graph);

    // It is turned off still, and what is published then does not start.
    let off = put(&app, &id, Some(1), &with(&greeting(), "enabled", json!(false))).await;
    assert_eq!((off.verdict().as_str(), waiting(&app, "lead.created").await), ("200", 0), "{}", off.text());
    let published = app.post_nothing(&format!("{workflow}/publish")).await;
    assert_eq!((published.status.as_u16(), waiting(&app, "lead.created").await), (201, 0), "{}", published.text());
    let on = put(&app, &id, Some(2), &greeting()).await;
    assert_eq!(on.verdict(), "200", "{}", on.text());
    let newest = format!("event_triggers WHERE version_id = '{}'", text(&published.json()["id"]));
    assert_eq!(app.count(&newest).await, 1, "the version that was published by hand starts");

    // Who publishes what a rule was compiled to changes it by hand as well.
    let rule = made(&app, &greeting()).await;
    let publish = format!("/api/v1/workflows/{}/publish", text(&rule["workflow_id"]));
    assert_eq!(app.post_nothing(&publish).await.status, 201);
    assert_eq!(put(&app, &text(&rule["id"]), Some(1), &other).await.verdict(), "409 edited_by_hand");
    for rule in [id, text(&rule["id"])] {
        assert_eq!(remove(&app, &rule).await.status, 204);
    }
    assert_eq!((waiting(&app, "lead.created").await, app.count("workflows WHERE deleted_at IS NULL").await), (0, 0));
}

#[tokio::test]
async fn of_two_who_change_a_rule_at_once_one_is_told_and_who_cannot_write_workflows_writes_no_rule() {
    let app = App::start().await;
    let id = make(&app).await;
    let events = ["order.paid", "order.lost"].map(|event| with(&greeting(), "event", json!(event)));
    let both = futures::future::join_all(events.iter().map(|rule| put(&app, &id, Some(1), rule))).await;
    let mut verdicts: Vec<String> = both.iter().map(Answer::verdict).collect();
    verdicts.sort();
    assert_eq!(verdicts, ["200", "412 stale_revision"]);
    let rule = app.get(&format!("{RULES}/{id}")).await.json();
    assert_eq!((&rule["revision"], &rule["version"], &rule["edited_by_hand"]), (&json!(2), &json!(2), &json!(false)));

    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let scopes = Some(vec!["workflows.publish".to_owned(), "workflows.read".to_owned()]);
    let new = NewKey { name: "publishes".into(), scopes, expires_at: None, created_by: None };
    let (_, key) = access::make_key(&mut owner, app.acme, &new).await.unwrap();
    for (method, path) in
        [("POST", RULES.to_owned()), ("PUT", format!("{RULES}/{id}")), ("DELETE", format!("{RULES}/{id}"))]
    {
        let request = Request::builder().method(method).uri(path).header("x-api-key", &key).header("if-match", "\"2\"");
        assert_eq!(app.send(as_json(request, &greeting())).await.verdict(), "403 forbidden", "{method}");
    }
    assert_eq!(app.count("automation_rules").await, 1);
}
