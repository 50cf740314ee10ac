//! What a handler leaves behind that panics while it acts for a workspace: a problem, and a connection that acts for nobody.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use capstan_private_postgres::test_database;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::router::surrounded;
use crate::tenant;

const WORKSPACE: WorkspaceId = WorkspaceId(Uuid::from_u128(0x0192_7f3e_2c50_7000_8000_0000_0000_0001));
/// The session, and for whom it acts.
const LOOK: &str = "SELECT pg_backend_pid(), coalesce(current_setting('app.workspace_id', true), '')";

async fn panics(State(pool): State<Transactions>) -> StatusCode {
    let mut transaction = tenant::write(&pool, WORKSPACE).await.unwrap();
    let (_, acts_for): (i32, String) = sqlx::query_as(LOOK).fetch_one(&mut *transaction).await.unwrap();
    panic!("while it acted for {acts_for}");
}

async fn looks(State(pool): State<Transactions>) -> Json<(i32, String)> {
    let mut transaction = pool.begin().await.unwrap();
    let found = sqlx::query_as(LOOK).fetch_one(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    Json(found)
}

async fn ask(router: &Router, path: &str) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_handler_that_panics_answers_a_problem_and_its_connection_acts_for_nobody_afterwards() {
    let database = tokio::task::spawn_blocking(test_database).await.unwrap();
    // One connection, so that the next request has the same one.
    let pool = Transactions::new(&Place::new(&database.url, "public").unwrap(), Role::Owner, 1);
    let routes = Router::new().route("/looks", get(looks)).route("/panics", get(panics));
    let router = surrounded(routes).with_state(pool);
    let look = async || -> (i32, String) { serde_json::from_slice(&ask(&router, "/looks").await.2).unwrap() };
    let before = look().await;
    assert_eq!(before.1, "");

    let (status, headers, body) = ask(&router, "/panics").await;
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (StatusCode::INTERNAL_SERVER_ERROR, "application/problem+json")
    );
    assert_eq!((&problem["status"], &problem["code"]), (&json!(500), &json!("internal")));
    assert_eq!(problem["request_id"].as_str().unwrap(), headers["x-request-id"].to_str().unwrap());
    assert!(!problem.to_string().contains("while it acted"), "{problem}");

    assert_eq!(look().await, before, "the same session, which acts for nobody");
}
