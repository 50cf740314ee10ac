//! The palette: every node type with its schema.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Api;
use crate::auth::Caller;

/// `GET /node-types`: in the order of the palette. `ports` are those of an empty config.
pub(crate) async fn list(State(api): State<Api>, _caller: Caller) -> Response {
    let items: Vec<Value> = api
        .registry
        .iter()
        .map(|node_type| {
            let spec = node_type.spec();
            json!({
                "name": node_type.name(),
                "title": spec.title,
                "description": spec.description,
                "role": node_type.role(),
                "effect": node_type.effect(),
                "ports": node_type.ports(&json!({})),
                "schema": node_type.schema(),
            })
        })
        .collect();
    Json(json!({ "items": items })).into_response()
}
