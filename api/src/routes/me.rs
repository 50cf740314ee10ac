//! Whose key it is.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::auth::Caller;

/// `GET /me`: the workspace that the key opens, `{workspace: {id, slug}}`.
pub(crate) async fn show(caller: Caller) -> Response {
    Json(json!({ "workspace": { "id": caller.workspace_id, "slug": caller.slug } })).into_response()
}
