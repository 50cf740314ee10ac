//! Who may come in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use capstan_domain::access;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::App;

fn bare(path: &str) -> axum::http::request::Builder {
    Request::builder().uri(path)
}

#[tokio::test]
async fn without_a_key_that_opens_something_the_answer_is_401_with_what_to_do() {
    let app = App::start().await;
    let never_made = format!("Bearer cap_{}", "a".repeat(43));
    for (name, value) in [
        ("x-nothing", "x"),
        ("authorization", "Bearer nonsense"),
        ("authorization", never_made.as_str()),
        ("authorization", "Basic YTpi"),
        ("x-api-key", "cap_short"),
        ("cookie", "capstan_key=cap_short"),
    ] {
        for (method, path) in
            [("GET", "/api/v1/workflows"), ("POST", "/api/v1/executions"), ("GET", "/api/v1/node-types")]
        {
            let request = bare(path).method(method).header(name, value).body(Body::empty()).unwrap();
            let answer = app.send(request).await;
            assert_eq!(answer.status, 401, "{method} {path} with {name}: {value}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"capstan\""));
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert!(answer.json()["hint"].as_str().unwrap().contains("Authorization: Bearer"));
        }
    }
}

#[tokio::test]
async fn a_key_works_in_each_place_and_the_cookie_only_for_reading() {
    let app = App::start().await;
    for (name, value) in [
        ("authorization", format!("Bearer {}", app.key)),
        ("authorization", format!("bearer {}", app.key)),
        ("x-api-key", app.key.clone()),
        ("cookie", format!("a=b; capstan_key={}", app.key)),
    ] {
        let request = bare("/api/v1/workflows").header(name, &value).body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.status, 200, "{name}");
    }
    let request = bare("/api/v1/executions").method("POST").header("cookie", format!("capstan_key={}", app.key));
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.verdict(), "401 no_key");
}

#[tokio::test]
async fn a_revoked_key_opens_nothing() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let (key_id, plain) = access::create_key(&mut owner, app.acme, "old").await.unwrap();
    assert!(access::revoke_key(&mut owner, app.acme, key_id).await.unwrap());
    assert!(!access::revoke_key(&mut owner, app.acme, key_id).await.unwrap());
    let request = bare("/api/v1/workflows").header("x-api-key", plain).body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.verdict(), "401 wrong_key");
    let listed = access::list_keys(&mut owner, app.acme).await.unwrap();
    assert_eq!(
        listed.iter().map(|key| (key.name.as_str(), key.revoked_at.is_some())).collect::<Vec<_>>(),
        [("test", false), ("old", true)]
    );
}

#[tokio::test]
async fn a_key_tells_whose_it_is_and_works_for_a_second_at_most_once_revoked() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let (key_id, plain) = access::create_key(&mut owner, app.acme, "short").await.unwrap();
    let ask = || app.send(bare("/api/v1/me").header("x-api-key", &plain).body(Body::empty()).unwrap());
    let me = ask().await.json();
    let workspace = json!({ "id": app.acme, "slug": "acme", "state": "active", "state_reason": null });
    assert_eq!(me["workspace"], workspace);
    assert_eq!((&me["kind"], &me["key"]["name"], &me["key"]["scopes"]), (&json!("key"), &json!("short"), &Value::Null));
    let revoked_at = Instant::now();
    assert!(access::revoke_key(&mut owner, app.acme, key_id).await.unwrap());
    while ask().await.status == 200 {
        assert!(revoked_at.elapsed() < Duration::from_secs(2), "a revoked key still works");
        tokio::task::yield_now().await;
    }
    assert_eq!(ask().await.verdict(), "401 wrong_key");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_until_it_expires_and_tells_when_it_was_of_use() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let (_, plain) = access::create_key(&mut owner, app.acme, "reader").await.unwrap();
    let change = "UPDATE api_keys SET scopes = '{workflows.read}', expires_at = $1 WHERE name = 'reader'";
    sqlx::query(change).bind(None::<chrono::DateTime<chrono::Utc>>).execute(&mut owner).await.unwrap();
    let ask = async |method: &str, path: &str| {
        let request = bare(path).method(method).header("x-api-key", &plain).body(Body::empty()).unwrap();
        app.send(request).await
    };
    assert_eq!(ask("GET", "/api/v1/workflows").await.status, 200);
    for (method, path) in [("POST", "/api/v1/workflows"), ("GET", "/api/v1/executions"), ("GET", "/")] {
        let answer = ask(method, path).await;
        assert_eq!(answer.verdict(), "403 forbidden", "{method} {path}");
    }
    assert_eq!(ask("GET", "/api/v1/me").await.json()["permissions"], json!(["workflows.read"]));
    let of_use = "SELECT count(*) FROM api_keys WHERE name = 'reader' AND last_used_at IS NOT NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(of_use).fetch_one(&mut owner).await.unwrap(), 1);
    // Another process asks again, within the minute, and writes nothing.
    let version = "SELECT xmin::text FROM api_keys WHERE name = 'reader'";
    let before: String = sqlx::query_scalar(version).fetch_one(&mut owner).await.unwrap();
    let elsewhere = app.another_process();
    let request = bare("/api/v1/workflows").header("x-api-key", &plain).body(Body::empty()).unwrap();
    assert_eq!(elsewhere.send(request).await.status, 200);
    assert_eq!(sqlx::query_scalar::<_, String>(version).fetch_one(&mut owner).await.unwrap(), before);
    sqlx::query(change).bind(Some(chrono::Utc::now())).execute(&mut owner).await.unwrap();
    let request = bare("/api/v1/workflows").header("x-api-key", &plain).body(Body::empty()).unwrap();
    assert_eq!(app.another_process().send(request).await.verdict(), "401 wrong_key");
}

#[tokio::test]
async fn only_in_dev_this_machine_reads_without_a_key() {
    let app = App::start_with(|settings, acme| settings.page_workspace = Some(acme)).await;
    for (method, peer, host, site, expected) in [
        ("GET", Some("127.0.0.1:50000"), "localhost:7400", "none", 200),
        ("GET", Some("127.0.0.1:50000"), "127.0.0.1:7400", "same-origin", 200),
        ("GET", Some("[::1]:50000"), "[::1]:7400", "none", 200),
        ("GET", Some("[::ffff:127.0.0.1]:50000"), "localhost:7400", "none", 200),
        ("GET", Some("10.0.0.7:50000"), "localhost:7400", "none", 401),
        ("GET", None, "localhost:7400", "none", 401),
        ("GET", Some("127.0.0.1:50000"), "evil.example.com", "none", 401),
        ("GET", Some("127.0.0.1:50000"), "localhost:7400", "cross-site", 401),
        ("POST", Some("127.0.0.1:50000"), "localhost:7400", "same-origin", 401),
    ] {
        let mut request = bare("/api/v1/workflows").method(method).header("host", host).header("sec-fetch-site", site);
        if let Some(peer) = peer {
            request = request.extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        }
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, expected, "{method} {peer:?} {host} {site}");
    }
    let outside_dev = App::start().await;
    let request = bare("/api/v1/workflows").header("host", "localhost");
    let request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))));
    let request = request.body(Body::empty()).unwrap();
    assert_eq!(outside_dev.send(request).await.status, 401);
}

#[tokio::test]
async fn workspaces_and_keys_are_refused_with_what_to_do() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    for (slug, name, cell, expected) in [
        ("acme", "Again", "cell_1", "taken"),
        ("No", "Name", "cell_1", "cannot be used"),
        ("fine", "x", "cell_1", "cannot be used"),
        ("fine", "Fine", "cell_9", "capstan migrate"),
    ] {
        let error = access::create_workspace(&mut owner, slug, name, cell).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let nobody = capstan_engine::core::ids::WorkspaceId::new();
    let error = access::create_key(&mut owner, nobody, "test").await.unwrap_err();
    assert!(error.to_string().contains("there is no workspace"), "{error}");
    let slugs: Vec<_> = access::list_workspaces(&mut owner).await.unwrap().into_iter().map(|row| row.slug).collect();
    assert_eq!(slugs, ["acme", "other"]);
}
