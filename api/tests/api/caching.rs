//! What is read again costs little: packed answers, and none at all for who knows them.

use std::io::Read;

use axum::body::Body;
use axum::http::{Request, Response};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Answer, App, as_json, simple};

/// A GET with these headers.
async fn get(app: &App, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(app.request("GET", path), |request, (name, value)| request.header(*name, *value));
    app.send(request.body(Body::empty()).unwrap()).await
}

/// A GET that takes packed bytes, as they come.
async fn packed(app: &App, path: &str) -> Response<Body> {
    let request = app.request("GET", path).header("accept-encoding", "gzip, br");
    app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn who_knows_a_list_is_told_that_it_is_the_same_until_it_changes() {
    let app = App::start().await;
    let list = "/api/v1/workflows";
    let first = app.get(list).await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let strong = tag.trim_start_matches("W/");
    for known in [tag.as_str(), strong, "*", &format!("\"other\", {tag}")] {
        let again = get(&app, list, &[("if-none-match", known)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{known}");
        assert_eq!((again.header("etag"), again.header("content-type")), (Some(tag.as_str()), None), "{known}");
        assert!(again.header("x-request-id").is_some() && again.header("ratelimit").is_some());
    }
    assert_eq!(get(&app, list, &[("if-none-match", "\"other\"")]).await.status, 200);
    app.publish(&simple()).await;
    let changed = get(&app, list, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    // Whoever sees something else is not told that it is the same.
    let others = Request::get(list).header("x-api-key", &app.other_key);
    let others = others.header("if-none-match", changed.header("etag").unwrap()).body(Body::empty()).unwrap();
    assert_eq!(app.send(others).await.status, 200);
}

#[tokio::test]
async fn what_may_be_about_people_or_hold_secrets_is_not_kept_anywhere() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    for path in ["executions", "credentials", "keys", "members", "me", "leads", "webhook-endpoints", "audit"] {
        let answer = get(&app, &format!("/api/v1/{path}"), &[("if-none-match", "*")]).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, Some("no-store")), "{path}");
        assert_eq!(answer.header("etag"), None, "{path}");
    }
    // A draft has a revision, which is for changing it: what else is told of it may change without it.
    let draft = get(&app, &format!("/api/v1/workflows/{workflow}"), &[("if-none-match", "*")]).await;
    assert_eq!((draft.status.as_u16(), draft.header("cache-control")), (200, Some("no-store")));
    // So has the pipeline, and another workspace may have the same one: a browser has one address for both.
    let pipeline = get(&app, "/api/v1/lead-pipeline", &[("if-none-match", "*")]).await;
    assert_eq!((pipeline.status.as_u16(), pipeline.header("cache-control")), (200, Some("no-store")));
    assert!(pipeline.header("etag").is_some());
    let head = app.send(app.request("HEAD", "/api/v1/workflows").body(Body::empty()).unwrap()).await;
    assert_eq!((head.header("etag"), head.header("cache-control")), (None, Some("no-store")));
    let refused = app.get("/api/v1/workflows?limit=many").await;
    assert_eq!((refused.status.as_u16(), refused.header("cache-control")), (400, Some("no-store")));
}

#[tokio::test]
async fn long_answers_are_packed_and_short_ones_streams_and_pages_are_not() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    let plain = app.get("/api/v1/node-types").await;
    let response = packed(&app, "/api/v1/node-types").await;
    assert_eq!(
        (header(&response, "content-encoding"), header(&response, "vary")),
        (Some("gzip"), Some("accept-encoding"))
    );
    assert_eq!(header(&response, "etag"), plain.header("etag"), "a weak tag is of both");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert!(bytes.len() * 3 < plain.body.len(), "{} of {}", bytes.len(), plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&unpacked).unwrap(), plain.json());
    for path in [
        "/api/v1/lead-sources".to_owned(),
        format!("/api/v1/executions/{execution}/events"),
        format!("/api/v1/workflows/{workflow}/unknown"),
        "/".to_owned(),
    ] {
        let response = packed(&app, &path).await;
        assert_eq!(header(&response, "content-encoding"), None, "{path}");
    }
    // Whoever refuses plain bytes and takes nothing that there is gets them anyway.
    let stubborn = get(&app, "/api/v1/lead-sources", &[("accept-encoding", "identity;q=0")]).await;
    assert_eq!(stubborn.status, 200);
}

#[tokio::test]
async fn a_draft_is_changed_by_who_names_its_revision_packed_or_among_others_and_not_weakly() {
    let app = App::start().await;
    let mut graph = simple();
    graph["nodes"][0]["data"]["extra"] = json!("long ".repeat(400));
    let workflow = app.publish(&graph).await;
    let path = format!("/api/v1/workflows/{workflow}");
    let response = packed(&app, &path).await;
    assert_eq!((header(&response, "content-encoding"), header(&response, "etag")), (Some("gzip"), Some("\"1-gzip\"")));
    let put = async |tag: &str| {
        let request = app.request("PUT", &format!("{path}/draft")).header("if-match", tag);
        app.send(as_json(request, &json!({ "graph": graph }))).await
    };
    assert_eq!(put("W/\"1\"").await.verdict(), "412 stale_revision");
    assert_eq!(put("\"7\", \"8\"").await.verdict(), "412 stale_revision");
    for (tag, revision) in [("\"1-gzip\"", 2), ("\"7\", \"2\"", 3), ("*", 4)] {
        let saved = put(tag).await;
        assert_eq!((saved.status.as_u16(), &saved.json()["revision"]), (200, &json!(revision)), "{tag}");
    }
}
