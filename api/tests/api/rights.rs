//! Nobody gives or takes more than they may do themselves, and nobody keeps what a role gave them.

use axum::http::Request;
use capstan_domain::access::{self, NewKey, Role};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::{member, start};
use crate::support::{Answer, App, as_json};

async fn key(app: &App, workspace: WorkspaceId, scopes: &[&str]) -> String {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let new = NewKey { name: "narrow".into(), scopes, ..NewKey::default() };
    access::make_key(&mut owner, workspace, &new).await.unwrap().1
}

async fn with_key(app: &App, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}")).header("x-api-key", key);
    app.send(as_json(request, body)).await
}

async fn user(app: &App, email: &str) -> Uuid {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    access::find_user(&mut owner, email).await.unwrap().unwrap().user_id
}

#[tokio::test]
async fn a_key_that_cares_for_members_makes_nobody_mightier_than_it_is() {
    let app = start().await;
    for (email, role) in [("root@example.com", Role::Admin), ("eye@example.com", Role::Viewer)] {
        member(&app, app.acme, email, role).await;
    }
    let (root, eye) = (user(&app, "root@example.com").await, user(&app, "eye@example.com").await);
    let alone = key(&app, app.acme, &["members.write"]).await;
    let mut looks: Vec<&str> = Role::Viewer.permissions().iter().map(|permission| permission.as_str()).collect();
    looks.push("members.write");
    let looks = key(&app, app.acme, &looks).await;
    let invite = |role: &str| json!({ "email": format!("{role}@example.org"), "role": role });
    let role = |role: &str| json!({ "role": role });
    for (key, method, path, body, verdict) in [
        (&alone, "POST", "/invitations".into(), invite("viewer"), "403 more_than_own"),
        (&looks, "POST", "/invitations".into(), invite("admin"), "403 more_than_own"),
        (&looks, "POST", "/invitations".into(), invite("member"), "403 more_than_own"),
        (&looks, "POST", "/invitations".into(), invite("viewer"), "201"),
        (&looks, "PUT", format!("/members/{eye}"), role("admin"), "403 more_than_own"),
        (&looks, "PUT", format!("/members/{root}"), role("viewer"), "403 more_than_own"),
        (&looks, "DELETE", format!("/members/{root}"), Value::Null, "403 more_than_own"),
        (&app.key, "PUT", format!("/members/{root}"), role("member"), "204"),
        (&app.key, "PUT", format!("/members/{root}"), role("admin"), "204"),
        (&alone, "DELETE", format!("/members/{eye}"), Value::Null, "403 more_than_own"),
        (&looks, "DELETE", format!("/members/{eye}"), Value::Null, "204"),
    ] {
        let answer = with_key(&app, key, method, &path, &body).await;
        assert_eq!(answer.verdict(), verdict, "{method} {path} {body}");
    }
    assert_eq!(app.get("/api/v1/members").await.json()["items"].as_array().map(Vec::len), Some(1));
}
