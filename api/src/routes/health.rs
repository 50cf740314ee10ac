//! Is the process alive, is it ready, what has it counted.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Api;
use crate::metrics::{answer, figures};
use crate::problem::Problem;

/// Longest wait for the database.
const PING_MAX: Duration = Duration::from_secs(1);

/// `GET /healthz`, also below `/api/v1`: 200 while the process and its database answer. `replica`, if there is one, is `used`,
/// `behind` or `lost`.
pub(crate) async fn healthz(State(api): State<Api>) -> Result<Response, Problem> {
    ping(&api).await?;
    let mut health = json!({ "status": "ok" });
    if let Some(replica) = &api.replica {
        health["replica"] = replica.standing().into();
    }
    Ok(Json(health).into_response())
}

/// `GET /readyz`, also below `/api/v1`: the same, and the process is not about to stop.
pub(crate) async fn readyz(State(api): State<Api>) -> Result<Response, Problem> {
    if api.closing.is_cancelled() {
        return Err(Problem::unavailable("stopping", "the process is about to stop", "ask another one"));
    }
    ping(&api).await?;
    Ok(Json(json!({ "status": "ready" })).into_response())
}

/// `GET /metrics`: Prometheus text, also while the database does not answer.
pub(crate) async fn metrics(State(api): State<Api>) -> Response {
    figures::refresh(&api).await;
    answer(&api.metrics).into_response()
}

async fn ping(api: &Api) -> Result<(), Problem> {
    let ping = async { api.directory.pool.begin().await?.commit().await };
    let away = |cause: String| {
        Problem::unavailable("database_unavailable", "the database does not answer", "look at the database")
            .because(cause)
    };
    match tokio::time::timeout(PING_MAX, ping).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(away(error.to_string())),
        Err(_) => Err(away(format!("no answer within {} s", PING_MAX.as_secs()))),
    }
}
