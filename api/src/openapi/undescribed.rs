//! What can be said of a route that has no line in `operations` yet. A test names those.

use serde_json::{Map, Value, json};

use super::assemble::path_parameters;
use crate::permit::Registered;

pub(super) fn describe(route: &Registered) -> Map<String, Value> {
    let name = name(route);
    let told = json!({
        "operationId": name,
        "summary": format!("{} {}", route.method, route.path),
        "parameters": path_parameters(route.path),
        "responses": {
            "2XX": { "description": "It was done." },
            "default": { "$ref": "#/components/responses/Problem" },
        },
        "x-undescribed": true,
    });
    match told {
        Value::Object(told) => told,
        _ => Map::new(),
    }
}

/// `GET /keys/{key_id}` is `getKeysKeyId`.
fn name(route: &Registered) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(route.method.to_ascii_lowercase(), |mut name, word| {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
        name
    })
}
