//! Settings of the platform and of workspaces.

use capstan_domain::access::Role;
use serde_json::{Value, json};

use crate::people::{member, send, start};
use crate::support::{App, as_json};
use crate::tenants::admin;

async fn set(app: &App, session: &str, name: &str, value: Value) -> String {
    send(app, session, "PUT", &format!("/platform/settings/{name}"), json!({ "value": value })).await.verdict()
}

#[tokio::test]
async fn what_is_set_holds_in_all_processes_without_a_restart_and_is_told_with_before_and_after() {
    let app = start().await;
    let session = admin(&app).await;
    let other = app.another_process_with(|settings| settings.accounts.sign_up = true);
    let offers = async |app: &App| send(app, "", "GET", "/access", json!({})).await.json();
    assert_eq!((&offers(&app).await["sign_up"], &offers(&app).await["notice"]), (&json!(true), &Value::Null));
    let sign_up = json!({ "email": "new@example.com" });
    assert_eq!(send(&app, "", "POST", "/sign-up", sign_up.clone()).await.status, 202);

    assert_eq!(set(&app, &session, "sign_up", json!("closed")).await, "200");
    assert_eq!(set(&app, &session, "notice", json!("Down at noon.")).await, "200");
    assert_eq!(set(&app, &session, "support_address", json!("help@example.com")).await, "200");
    let told = offers(&app).await;
    let expected = json!([false, "Down at noon.", "help@example.com"]);
    assert_eq!(json!([told["sign_up"], told["notice"], told["support_address"]]), expected);
    assert_eq!(send(&app, "", "POST", "/sign-up", sign_up.clone()).await.verdict(), "403 sign_up_off");
    // Another process looks each few seconds; here it looks now.
    other.api.look_at_settings().await.unwrap();
    assert_eq!(offers(&other).await["notice"], "Down at noon.");
    assert_eq!(send(&other, "", "POST", "/sign-up", sign_up).await.verdict(), "403 sign_up_off");

    for (name, value, expected) in [
        ("sign_up", json!("ajar"), "422 bad_setting"),
        ("notice", json!(""), "422 bad_setting"),
        ("requests_per_minute_of_caller", json!(1), "422 bad_setting"),
        ("default_plan", json!("moon"), "422 unknown_plan"),
        ("moon", json!("full"), "404 not_found"),
        ("default_plan", json!("starter"), "200"),
        ("sign_up", json!("open"), "200"),
    ] {
        assert_eq!(set(&app, &session, name, value.clone()).await, expected, "{name} {value}");
    }
    let listed = send(&app, &session, "GET", "/platform/settings", json!({})).await.json();
    let plan = listed["items"].as_array().unwrap().iter().find(|it| it["name"] == "default_plan").unwrap();
    assert_eq!(json!([plan["value"], plan["usual"], plan["is_set"]]), json!(["starter", "free", true]));
    assert_eq!(plan["changed_by"], "root@example.com");
    let back = send(&app, &session, "DELETE", "/platform/settings/default_plan", json!({})).await.json();
    assert_eq!(json!([back["value"], back["is_set"]]), json!(["free", false]));

    let log = send(&app, &session, "GET", "/platform/audit?limit=3", json!({})).await.json();
    let lines: Vec<Value> = log["items"].as_array().unwrap().iter().map(|it| it["changes"][0].clone()).collect();
    let expected = json!([
        { "path": "/default_plan", "before": "starter", "after": null },
        { "path": "/sign_up", "before": "closed", "after": "open" },
        { "path": "/default_plan", "before": null, "after": "starter" },
    ]);
    assert_eq!(json!(lines), expected);
    assert!(log["next_cursor"].is_string());
}

#[tokio::test]
async fn limits_that_are_set_count_at_once_and_only_administrators_of_the_platform_set_any() {
    let app = App::start().await;
    let session = admin(&app).await;
    let policy = async || {
        let answer = app.get("/api/v1/members").await;
        answer.header("ratelimit-policy").unwrap_or_default().to_owned()
    };
    assert!(policy().await.contains("\"key\";q=600000;"), "{}", policy().await);
    assert_eq!(set(&app, &session, "requests_per_minute_of_caller", json!(700)).await, "200");
    assert!(policy().await.contains("\"key\";q=700;"), "{}", policy().await);
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    assert_eq!(set(&app, &owner, "sign_up", json!("open")).await, "403 not_platform");
    assert_eq!(app.get("/api/v1/platform/settings").await.verdict(), "403 not_platform");
    assert_eq!(send(&app, &owner, "GET", "/platform/audit", json!({})).await.verdict(), "403 not_platform");
}

#[tokio::test]
async fn a_workspace_has_settings_of_its_own() {
    let app = App::start().await;
    let path = "/api/v1/workspace/settings";
    let put = async |body: Value| app.send(as_json(app.request("PUT", path), &body)).await;
    let usual = app.get(path).await.json();
    assert_eq!((&usual["time_zone"], &usual["notifications"]["alert.raised"]), (&json!("UTC"), &json!(true)));
    for (body, expected) in [
        (json!({ "time_zone": "Mars/Olympus" }), "422 bad_zone"),
        (json!({ "notifications": { "moon": true } }), "422 bad_notifications"),
        (json!({ "notifications": { "quota.soft": 1 } }), "422 bad_notifications"),
        (json!({ "notifications": { "operation.failed": false } }), "422 bad_notifications"),
        (json!({ "time_zone": "Europe/Berlin" }), "200"),
        (json!({ "notifications": { "quota.soft": false } }), "200"),
    ] {
        assert_eq!(put(body.clone()).await.verdict(), expected, "{body}");
    }
    let now = app.get(path).await.json();
    assert_eq!(now["time_zone"], "Europe/Berlin", "what was not named stays");
    assert_eq!((&now["notifications"]["quota.soft"], &now["updated_by"]), (&json!(false), &json!("test")));
    let viewer = member(&app, app.acme, "viewer@example.com", Role::Viewer).await;
    assert_eq!(send(&app, &viewer, "GET", "/workspace/settings", json!({})).await.status, 200);
    assert_eq!(send(&app, &viewer, "PUT", "/workspace/settings", json!({})).await.verdict(), "403 forbidden");
    let other = axum::http::Request::get(path).header("x-api-key", &app.other_key);
    let other = app.send(other.body(axum::body::Body::empty()).unwrap()).await.json();
    assert_eq!(other["time_zone"], "UTC");
}
