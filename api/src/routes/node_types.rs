//! The palette: every node type with its schema.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_node_types::registry::Registry;
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

/// The output ports of each node of a document, by its id: those that its config gives it. Nodes of unknown types, and what is no
/// node, are left out.
pub(super) fn ports(registry: &Registry, document: &Value) -> BTreeMap<String, Vec<String>> {
    let nodes = document["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_node = |node: &Value| {
        let node_type = registry.get(node["type"].as_str()?)?;
        Some((node["id"].as_str()?.to_owned(), node_type.ports(&node["data"]["config"])))
    };
    nodes.iter().filter_map(of_node).collect()
}
