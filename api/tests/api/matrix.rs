//! Every route, with every role and kind of key, on its own and on another workspace's ids: made from the list of routes.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use capstan_api::{Access, Registered, routes};
use capstan_domain::access::{self, KeyName, NewKey, Permission, Permissions, Role};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::people::member;
use crate::support::{App, simple};

/// What would take the one who asks out of the workspace, or end the session.
const LEAVES: [(&str, &str); 1] = [("POST", "/members/leave")];

/// Ids of rows by the name that they have in paths.
type Ids = BTreeMap<&'static str, String>;

fn filled(path: &str, ids: &Ids) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => ids.get(name).cloned().unwrap_or_else(|| Uuid::now_v7().to_string()),
        None => part.to_owned(),
    });
    format!("/api/v1{}", parts.collect::<Vec<_>>().join("/"))
}

/// Sends it; status, code, and the body unless it is a stream.
async fn ask(app: &App, route: &Registered, ids: &Ids, credential: (&str, &str)) -> (u16, String, String) {
    let request = Request::builder()
        .method(route.method)
        .uri(filled(route.path, ids))
        .header(credential.0, credential.1)
        .header("capstan-workspace", "acme")
        .header("if-match", "\"1\"")
        .header("content-type", "application/json");
    let body = if route.method == "GET" { Body::empty() } else { Body::from("{}") };
    let response = app.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    if response.headers().get("content-type").is_some_and(|it| it == "text/event-stream") {
        return (status, String::new(), String::new());
    }
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let code = serde_json::from_str::<serde_json::Value>(&text).ok();
    let code = code.and_then(|body| body["code"].as_str().map(str::to_owned)).unwrap_or_default();
    (status, code, text)
}

/// Makes something of `acme`; the answer.
async fn make(app: &App, path: &str, body: Value) -> Value {
    let made = app.post(&format!("/api/v1{path}"), &body).await;
    assert!(made.status.is_success(), "{path}: {}", made.text());
    made.json()
}

/// Starts by hand, by a call, and every day.
pub(crate) fn triggered() -> Value {
    let mut graph = simple();
    for (id, kind, config) in [
        ("in", "trigger.webhook", json!({ "path": "orders" })),
        ("daily", "trigger.schedule", json!({ "cron": "0 9 * * *", "zone": "UTC" })),
    ] {
        let node = json!({ "id": id, "type": kind, "data": { "label": id, "config": config } });
        graph["nodes"].as_array_mut().unwrap().push(node);
        let edge = json!({ "id": format!("{id}-a"), "source": id, "target": "a" });
        graph["edges"].as_array_mut().unwrap().push(edge);
    }
    graph
}

/// Something of `acme` for each name in paths.
async fn rows(app: &App) -> Ids {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let workflow = app.publish(&triggered()).await;
    let execution = make(app, "/executions", json!({ "workflow_id": workflow, "trigger": "start" })).await;
    let versions = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json();
    let bulk = json!({ "verb": "signal", "filter": { "ids": [execution["id"]] }, "arguments": { "name": "go" } });
    let fields = json!({ "token": "hunter22-hunter22" });
    let person = json!({ "kind": "export", "email": "somebody@example.com" });
    let credential = json!({ "name": "c", "type": "bearer", "allowed_hosts": ["example.com"], "fields": fields });
    let endpoint = json!({ "url": "https://example.com/hooks", "types": ["*"] });
    let endpoint = text(&make(app, "/webhook-endpoints", endpoint).await["id"]);
    let delivery = make(app, &format!("/webhook-endpoints/{endpoint}/test"), json!({})).await;
    let secret = make(app, "/hook-secrets", json!({ "name": "s", "secret": "It's a Secret to Everybody" })).await;
    let listen = make(app, &format!("/workflows/{workflow}/hooks/listen"), json!({ "node_id": "in" })).await;
    let schedules = app.get("/api/v1/schedules").await.json();
    member(app, app.acme, "somebody@example.com", Role::Viewer).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let user_id = access::find_user(&mut owner, "somebody@example.com").await.unwrap().unwrap().user_id;
    let by = KeyName { key_id: user_id, name: "somebody@example.com".into() };
    let invited = access::invite(&mut owner, app.acme, "bob@example.com", Role::Viewer, &by).await.unwrap().0;
    BTreeMap::from([
        ("execution_id", text(&execution["id"])),
        ("version_id", text(&versions["items"][0]["id"])),
        ("job_id", text(&make(app, "/bulk-jobs", bulk).await["id"])),
        ("key_id", text(&make(app, "/keys", json!({ "name": "of acme" })).await["id"])),
        ("credential_id", text(&make(app, "/credentials", credential).await["id"])),
        ("endpoint_id", endpoint),
        ("delivery_id", text(&delivery["id"])),
        ("hook_secret_id", text(&secret["id"])),
        ("listen_id", text(&listen["id"])),
        ("schedule_id", text(&schedules["items"][0]["id"])),
        ("user_id", user_id.to_string()),
        ("invitation_id", invited.id.to_string()),
        ("person_job_id", text(&make(app, "/person-jobs", person).await["id"])),
        ("lead_id", text(&make(app, "/leads", json!({ "email": "lead@example.com" })).await["id"])),
        ("record_id", text(&make(app, "/records", json!({ "type": "pursuit" })).await["id"])),
        ("rule_id", crate::rules::make(app).await),
        ("workflow_id", workflow),
        ("node_id", "a".into()),
        ("name", "go".into()),
    ])
}

/// Those that are of `acme` alone.
fn secrets(ids: &Ids) -> impl Iterator<Item = (&'static str, &String)> {
    ids.iter().filter(|(name, _)| !["node_id", "name"].contains(name)).map(|(name, id)| (*name, id))
}

/// Which of the ids `acme` is shown, wherever it looks.
async fn shown(app: &App, ids: &Ids) -> BTreeSet<&'static str> {
    let mut texts = String::new();
    for route in routes().iter().filter(|route| route.method == "GET") {
        texts += &ask(app, route, ids, ("x-api-key", &app.key)).await.2;
    }
    secrets(ids).filter(|(_, id)| texts.contains(id.as_str())).map(|(name, _)| name).collect()
}

async fn key(app: &App, workspace: WorkspaceId, scopes: Option<Vec<Permission>>) -> String {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let scopes = scopes.map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect());
    let new = NewKey { name: "matrix".into(), scopes, expires_at: None, created_by: None };
    access::make_key(&mut owner, workspace, &new).await.unwrap().1
}

#[tokio::test]
async fn every_route_does_for_every_role_what_the_table_says() {
    let app = App::start().await;
    let ids = rows(&app).await;
    let mut who: Vec<(String, &str, String, Permissions, bool)> = Vec::new();
    for role in Role::ALL {
        let token = member(&app, app.acme, &format!("{role}@example.com"), role).await;
        who.push((role.to_string(), "cookie", format!("capstan_session={token}"), role.permissions(), true));
    }
    who.push(("full key".into(), "x-api-key", app.key.clone(), Permissions::all_scopes(), false));
    let scopes = vec![Permission::WorkflowsRead, Permission::ExecutionsStart];
    let narrow = key(&app, app.acme, Some(scopes.clone())).await;
    who.push(("narrow key".into(), "x-api-key", narrow, scopes.into_iter().collect(), false));
    for (name, header, value, permissions, is_person) in &who {
        for route in routes() {
            if LEAVES.contains(&(route.method, route.path)) || (route.method != "GET" && route.path == "/session") {
                continue;
            }
            // Of what needs a person, only looking: the rest ends sessions, and has its own tests.
            if route.access == Access::User && *is_person && route.method != "GET" {
                continue;
            }
            // What is of the key's own would revoke the key that asks.
            let (status, code, text) = ask(&app, &route, &ids, (header, value)).await;
            let said = format!("{name}: {} {} said {status} {code} {text}", route.method, route.path);
            assert!(status < 500, "{said}");
            let may = match route.access {
                Access::Public | Access::Anyone => true,
                Access::User => *is_person,
                Access::Platform => false,
                Access::Needs(permission) => permissions.has(permission),
            };
            let is_refused = ["forbidden", "no_session", "not_platform"].contains(&code.as_str());
            assert_eq!(is_refused, !may && status >= 400, "{said}");
            assert!(may || !(200..300).contains(&status), "{said}");
        }
    }
}

#[tokio::test]
async fn no_route_does_anything_for_another_workspace_or_for_nobody() {
    let app = App::start().await;
    let ids = rows(&app).await;
    let stranger = member(&app, other(&app).await, "stranger@example.com", Role::Owner).await;
    let cookie = format!("capstan_session={stranger}");
    let all: BTreeSet<&str> = secrets(&ids).map(|(name, _)| name).collect();
    assert_eq!(shown(&app, &ids).await, all);
    for route in routes() {
        let Access::Needs(_) = route.access else { continue };
        // With the key of the other workspace: nothing of acme is there.
        let (status, code, text) = ask(&app, &route, &ids, ("x-api-key", &app.other_key)).await;
        let said = format!("{} {} said {status} {code} {text}", route.method, route.path);
        assert!(status < 500, "{said}");
        let mut names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert!(names.clone().all(|name| ids.contains_key(name)), "{}: make a row for it", route.path);
        assert!(!names.any(|name| all.contains(name)) || status >= 400, "{said}");
        assert!(status >= 400 || !secrets(&ids).any(|(_, id)| text.contains(id.as_str())), "{said}");
        // With a person who names acme and does not belong to it.
        let (status, code, _) = ask(&app, &route, &ids, ("cookie", &cookie)).await;
        assert_eq!((status, code.as_str()), (404, "not_found"), "{said}");
        // With nothing.
        let (status, code, _) = ask(&app, &route, &ids, ("x-nothing", "x")).await;
        assert_eq!((status, code.as_str()), (401, "no_key"), "{said}");
    }
    // Nothing of acme has changed.
    assert_eq!(shown(&app, &ids).await, all);
    assert_eq!(app.get("/api/v1/pauses").await.json()["items"], json!([]));
    assert_eq!(app.count("signals").await, 0);
}

async fn other(app: &App) -> WorkspaceId {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    access::resolve_slug(&mut owner, "other").await.unwrap().unwrap().workspace_id
}
