//! What crosses all routes.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::*;

async fn ask(path: &str) -> (u16, Value) {
    let routes = Router::new()
        .route("/panics", get(async || -> &'static str { panic!("secret detail of row 7") }))
        .route("/bare", get(async || (StatusCode::BAD_GATEWAY, "secret detail")))
        .route("/query", get(async |_: axum::extract::Query<Vec<(u8, u8)>>| "fine"));
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = surrounded(routes).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

#[tokio::test]
async fn whatever_breaks_becomes_a_problem_that_tells_nothing_of_the_inside() {
    for (path, status, code) in [
        ("/panics", 500, "internal"),
        ("/bare", 500, "internal"),
        ("/query?a=b", 400, "bad_request"),
        ("/no", 404, "not_found"),
    ] {
        let (found, body) = ask(path).await;
        assert_eq!((found, body["code"].as_str()), (status, Some(code)), "{path}");
        assert!(!body.to_string().contains("secret") && body["request_id"].is_string(), "{body}");
    }
}
