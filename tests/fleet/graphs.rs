//! The graphs that the fleet runs.

use std::fs;
use std::path::Path;

pub(crate) use capstan_chaos::graphs::row;
use serde_json::{Value, json};

use crate::world::World;

/// Steps that an execution of the example settles where it sends its mail.
pub(crate) const EXAMPLE_STEPS: i64 = 8;

/// The example's graph with short waits; its reply is awaited for `reply_ms`.
pub(crate) fn example(world: &World, reply_ms: u64) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lead-automation/workflow.json");
    let text = fs::read_to_string(path).unwrap().replace("${enrichment.url}", &world.url);
    let mut document: Value = serde_json::from_str(&text).unwrap();
    for node in document["nodes"].as_array_mut().unwrap() {
        match node["id"].as_str() {
            Some("pause") => node["data"]["config"]["for"] = json!("200ms"),
            Some("reply") => node["data"]["config"]["timeout"] = json!(format!("{reply_ms}ms")),
            _ => {}
        }
    }
    document
}

/// What a lead with enough of a budget fills in.
pub(crate) fn lead() -> Value {
    json!({ "name": "Ada Lovelace", "email": "ada@analytical.example", "budget": 12_000 })
}

/// A node that calls `url`.
pub(crate) fn call(id: &str, url: String) -> (&str, &str, Value) {
    (id, "action.http_request", json!({ "url": url }))
}
