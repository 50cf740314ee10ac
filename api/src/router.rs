//! Which route goes where.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::{any, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::Api;
use crate::edge;
use crate::problem::Problem;
use crate::routes::{
    approvals, approve, assets, backtest, bulk_jobs, case, custom_events, editor, events, executions, explain, forms,
    health, hooks, limits, logs, mail, me, migrate, node_types, orders, page, pauses, publish, resolve, restart,
    retry_now, session, signals, simulate, test_step, trial, version, workflows,
};

pub(crate) fn router(api: &Api) -> Router {
    surrounded(routes()).with_state(api.clone())
}

/// What crosses all routes, also those that do not exist.
fn surrounded<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .fallback(async || Problem::from_status(StatusCode::NOT_FOUND).into_response())
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn(edge::surround))
}

fn routes() -> Router<Api> {
    Router::new()
        .nest("/api/v1", resources())
        .route("/", get(page::show))
        .route("/editor", get(editor::to_home))
        .route("/editor/", get(editor::home))
        .route("/editor/{*path}", get(editor::show))
        .route("/session", post(session::sign_in))
        .route("/session/end", post(session::sign_out))
        .route("/p/{workspace}/{*path}", get(forms::show).post(forms::submit))
        .route("/hooks/{workspace}/{*path}", any(hooks::receive))
        .route("/approve/{token}", get(approve::show).post(approve::submit))
        .route("/dev/mail", get(mail::list))
        .route("/dev/mail/{mail_id}", get(mail::show))
        .route("/assets/page.css", get(assets::css))
        .route("/assets/page.js", get(assets::js))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
}

fn resources() -> Router<Api> {
    Router::new()
        .route("/me", get(me::show))
        .route("/workflows", get(workflows::list).post(workflows::create))
        .route("/workflows/validate", post(publish::validate))
        .route("/workflows/{workflow_id}", get(workflows::get))
        .route("/workflows/{workflow_id}/draft", put(workflows::save_draft))
        .route("/workflows/{workflow_id}/draft/simulate", post(simulate::create))
        .route("/workflows/{workflow_id}/draft/backtest", post(backtest::create))
        .route("/workflows/{workflow_id}/draft/test-step", post(test_step::create))
        .route("/workflows/{workflow_id}/draft/run", post(trial::run))
        .route("/workflows/{workflow_id}/validate", post(publish::validate_draft))
        .route("/workflows/{workflow_id}/publish", post(publish::publish))
        .route("/workflows/{workflow_id}/versions", get(publish::versions))
        .route("/workflows/{workflow_id}/pause", post(pauses::pause))
        .route("/workflows/{workflow_id}/resume", post(pauses::resume))
        .route("/workspace/pause", post(pauses::pause_all))
        .route("/workspace/resume", post(pauses::resume_all))
        .route("/pauses", get(pauses::list))
        .route("/workflows/{workflow_id}/versions/{version_id}", get(version::get))
        .route("/executions", get(executions::list).post(executions::start))
        .route("/executions/{execution_id}", get(executions::get))
        .route("/executions/{execution_id}/logs", get(logs::read))
        .route("/executions/{execution_id}/events", get(events::follow))
        .route("/executions/{execution_id}/cancel", post(signals::cancel))
        .route("/executions/{execution_id}/explain", get(explain::read))
        .route("/executions/{execution_id}/case", get(case::get))
        .route("/executions/{execution_id}/pause", post(orders::pause))
        .route("/executions/{execution_id}/resume", post(orders::resume))
        .route("/executions/{execution_id}/resolve", post(resolve::create))
        .route("/executions/{execution_id}/restart", post(restart::create))
        .route("/executions/{execution_id}/migrate", post(migrate::create))
        .route("/executions/{execution_id}/retry-now", post(retry_now::create))
        .route("/executions/{execution_id}/signals/{name}", post(signals::send))
        .route("/executions/{execution_id}/approvals/{node_id}", post(approvals::answer))
        .route("/approvals", get(approvals::list))
        .route("/events", post(custom_events::create))
        .route("/events/batch", post(custom_events::create_batch))
        .route("/bulk-jobs", get(bulk_jobs::list).post(bulk_jobs::create))
        .route("/bulk-jobs/{job_id}", get(bulk_jobs::get))
        .route("/bulk-jobs/{job_id}/items", get(bulk_jobs::items))
        .route("/bulk-jobs/{job_id}/cancel", post(bulk_jobs::cancel))
        .route("/limits", get(limits::list))
        .route("/limits/workspace", put(limits::set_of_workspace).delete(limits::remove_of_workspace))
        .route(
            "/workflows/{workflow_id}/limits/executions",
            put(limits::set_of_workflow).delete(limits::remove_of_workflow),
        )
        .route("/workflows/{workflow_id}/limits/key", put(limits::set_of_key).delete(limits::remove_of_key))
        .route("/node-types", get(node_types::list))
}

#[cfg(test)]
mod tests {
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
}
