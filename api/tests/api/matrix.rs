//! Every route, with every role and kind of key, on its own and on another workspace's ids: made from the list of routes.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use capstan_api::{Access, Registered, routes};
use capstan_domain::access::{self, NewKey, Permission, Permissions, Role};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect;
use http_body_util::BodyExt;
use serde_json::json;
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

/// Something of `acme` for the names in paths.
async fn rows(app: &App) -> Ids {
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    let versions = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json();
    let bulk = json!({ "verb": "signal", "filter": { "ids": [execution] }, "arguments": { "name": "go" } });
    let job = app.post("/api/v1/bulk-jobs", &bulk).await.json()["id"].as_str().unwrap().to_owned();
    let key = app.post("/api/v1/keys", &json!({ "name": "of acme" })).await.json()["id"].as_str().unwrap().to_owned();
    BTreeMap::from([
        ("workflow_id", workflow),
        ("execution_id", execution),
        ("version_id", versions["items"][0]["id"].as_str().unwrap().to_owned()),
        ("job_id", job),
        ("key_id", key),
        ("node_id", "a".into()),
        ("name", "go".into()),
    ])
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
                Access::Needs(permission) => permissions.has(permission),
            };
            let is_refused = code == "forbidden" || code == "no_session";
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
    let secrets: Vec<&String> =
        ["workflow_id", "execution_id", "version_id", "job_id", "key_id"].iter().map(|name| &ids[name]).collect();
    for route in routes() {
        let Access::Needs(_) = route.access else { continue };
        // With the key of the other workspace: nothing of acme is there.
        let (status, code, text) = ask(&app, &route, &ids, ("x-api-key", &app.other_key)).await;
        let said = format!("{} {} said {status} {code} {text}", route.method, route.path);
        assert!(status < 500, "{said}");
        let is_by_id = ["workflow_id", "execution_id", "version_id", "job_id", "key_id"]
            .iter()
            .any(|name| route.path.contains(&format!("{{{name}}}")));
        assert!(!is_by_id || status >= 400, "{said}");
        assert!(status >= 400 || !secrets.iter().any(|id| text.contains(id.as_str())), "{said}");
        // With a person who names acme and does not belong to it.
        let (status, code, _) = ask(&app, &route, &ids, ("cookie", &cookie)).await;
        assert_eq!((status, code.as_str()), (404, "not_found"), "{said}");
        // With nothing.
        let (status, code, _) = ask(&app, &route, &ids, ("x-nothing", "x")).await;
        assert_eq!((status, code.as_str()), (401, "no_key"), "{said}");
    }
    // Nothing of acme has changed.
    assert_eq!(app.get("/api/v1/pauses").await.json()["items"], json!([]));
    assert_eq!(app.count("signals").await, 0);
}

async fn other(app: &App) -> WorkspaceId {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    access::resolve_slug(&mut owner, "other").await.unwrap().unwrap().workspace_id
}
