//! Which route goes where.

use axum::Router;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::{any, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::Api;
use crate::edge;
use crate::problem::Problem;
use crate::routes::{
    assets, events, executions, forms, health, hooks, logs, mail, node_types, page, publish, session, signals,
    workflows,
};

pub(crate) fn router(api: &Api) -> Router {
    Router::new()
        .nest("/api/v1", resources())
        .route("/", get(page::show))
        .route("/session", post(session::sign_in))
        .route("/session/end", post(session::sign_out))
        .route("/p/{workspace}/{*path}", get(forms::show).post(forms::submit))
        .route("/hooks/{workspace}/{*path}", any(hooks::receive))
        .route("/dev/mail", get(mail::list))
        .route("/dev/mail/{mail_id}", get(mail::show))
        .route("/assets/page.css", get(assets::css))
        .route("/assets/page.js", get(assets::js))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem::from_status(axum::http::StatusCode::NOT_FOUND).into_response())
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn(edge::surround))
        .with_state(api.clone())
}

fn resources() -> Router<Api> {
    Router::new()
        .route("/workflows", get(workflows::list).post(workflows::create))
        .route("/workflows/validate", post(publish::validate))
        .route("/workflows/{workflow_id}", get(workflows::get))
        .route("/workflows/{workflow_id}/draft", put(workflows::save_draft))
        .route("/workflows/{workflow_id}/validate", post(publish::validate_draft))
        .route("/workflows/{workflow_id}/publish", post(publish::publish))
        .route("/workflows/{workflow_id}/versions", get(publish::versions))
        .route("/executions", get(executions::list).post(executions::start))
        .route("/executions/{execution_id}", get(executions::get))
        .route("/executions/{execution_id}/logs", get(logs::read))
        .route("/executions/{execution_id}/events", get(events::follow))
        .route("/executions/{execution_id}/cancel", post(signals::cancel))
        .route("/executions/{execution_id}/signals/{name}", post(signals::send))
        .route("/node-types", get(node_types::list))
}
