//! Pages that administrators of the platform assign to workspaces.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use capstan_api::routes;
use capstan_domain::access::{Page, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::{member, send};
use crate::support::App;
use crate::tenants::admin;

/// What every route that belongs to a page answers somebody who may do everything: refused for its page, or not.
async fn refused(app: &App) -> (BTreeSet<Page>, BTreeSet<Page>) {
    let (mut shut, mut open) = (BTreeSet::new(), BTreeSet::new());
    for route in routes() {
        let Some(page) = route.page else { continue };
        let parts = route.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { Uuid::now_v7().to_string() } else { part.into() });
        let path = format!("/api/v1{}", parts.collect::<Vec<String>>().join("/"));
        let request = app.request(route.method, &path).header("content-type", "application/json");
        let answer = app.send(request.header("if-match", "\"1\"").body(Body::from("{}")).unwrap()).await;
        assert!(answer.status.as_u16() < 500, "{} {}: {}", route.method, route.path, answer.text());
        let is_refused = answer.verdict() == "403 page_not_assigned";
        // A key can be taken away in any case.
        if (route.method, route.path) == ("DELETE", "/keys/{key_id}") {
            assert!(!is_refused);
            continue;
        }
        if is_refused {
            shut.insert(page)
        } else {
            open.insert(page)
        };
    }
    (shut, open)
}

#[tokio::test]
async fn routes_of_pages_that_a_workspace_does_not_have_refuse_and_me_tells_which_it_has() {
    let app = App::start().await;
    let session = admin(&app).await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Owner).await;
    let path = format!("/platform/tenants/{}/pages", app.acme);
    let all: BTreeSet<Page> = Page::ALL.iter().copied().collect();
    assert_eq!(refused(&app).await, (BTreeSet::new(), all.clone()), "a workspace has all pages");
    let shown = send(&app, &session, "GET", &path, json!({})).await.json();
    assert_eq!((&shown["is_all"], &shown["pages"]), (&json!(true), &json!(all)));
    let items = send(&app, &session, "GET", "/platform/pages", json!({})).await.json();
    assert_eq!(items["items"].as_array().unwrap().len(), Page::ALL.len());

    let put = async |body: Value| send(&app, &session, "PUT", &path, body).await;
    let unknown = put(json!({ "pages": ["leads", "moon"] })).await;
    assert_eq!(unknown.verdict(), "422 unknown_page");
    let assigned = put(json!({ "pages": ["workflows", "executions", "leads"] })).await.json();
    assert_eq!(assigned["pages"], json!(["workflows", "executions", "leads"]));
    assert_eq!((&assigned["is_all"], &assigned["set_by"]), (&json!(false), &json!("root@example.com")));
    // It holds here at once, and in other processes when what they remember is old.
    let kept = BTreeSet::from([Page::Workflows, Page::Executions, Page::Leads]);
    let gone: BTreeSet<Page> = all.difference(&kept).copied().collect();
    assert_eq!(refused(&app).await, (gone.clone(), kept.clone()));
    assert_eq!(refused(&app.another_process()).await, (gone, kept));
    let told = app.get("/api/v1/webhook-endpoints").await.json();
    assert_eq!(told["detail"], "the workspace \"acme\" does not have the page webhooks");
    for session in [&ada, &String::new()] {
        let me = match session.is_empty() {
            true => app.get("/api/v1/me").await.json(),
            false => send(&app, session, "GET", "/me", json!({})).await.json(),
        };
        assert_eq!(me["pages"], json!(["workflows", "executions", "leads"]), "{me}");
    }
    // Of others nothing is taken, and what anybody has to be able to do belongs to no page.
    let other = Request::get("/api/v1/webhook-endpoints").header("x-api-key", &app.other_key);
    assert_eq!(app.send(other.body(Body::empty()).unwrap()).await.status, 200);
    assert_eq!(app.get("/api/v1/members").await.status, 200);
    assert_eq!(app.get("/api/v1/workspace/settings").await.status, 200);

    // Both logs tell which went, with who took them.
    let log = send(&app, &session, "GET", "/platform/audit", json!({})).await.json();
    let entry = &log["items"][0];
    assert_eq!((&entry["by"], &entry["subject"]), (&json!("root@example.com"), &json!(app.acme)));
    let change = json!({ "path": "/webhooks", "before": true, "after": false });
    assert!(entry["changes"].as_array().unwrap().contains(&change), "{entry}");
    let audited =
        "audit_log WHERE action LIKE 'PUT %/pages' AND changes @> '[{\"path\": \"/webhooks\", \"after\": false}]'";
    assert_eq!(app.count(audited).await, 1);

    assert_eq!(put(json!({ "pages": null })).await.json()["is_all"], true);
    assert_eq!(refused(&app).await, (BTreeSet::new(), all));
}

#[tokio::test]
async fn only_administrators_of_the_platform_assign_pages() {
    let app = App::start().await;
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let path = format!("/platform/tenants/{}/pages", app.acme);
    assert_eq!(send(&app, &owner, "PUT", &path, json!({ "pages": null })).await.verdict(), "403 not_platform");
    let session = admin(&app).await;
    let nobodys = format!("/platform/tenants/{}/pages", Uuid::now_v7());
    assert_eq!(send(&app, &session, "PUT", &nobodys, json!({ "pages": null })).await.verdict(), "404 not_found");
}
