//! What the expressions of a node read of other steps.

use capstan_engine::core::expression;
use serde_json::Value;

use super::id;
use crate::node_type::AnyNodeType;

/// An expression, and a step that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The step.
    pub step: String,
    /// The field of the config that holds the expression, as a JSON pointer.
    pub field: String,
    /// The whole text of that field.
    pub expression: String,
}

/// The steps that the config of a node names, in its order. What does not parse is left to the compiler.
#[must_use]
pub fn needs(node: &Value, node_type: &dyn AnyNodeType) -> Vec<Need> {
    let mut found = Vec::new();
    for (field, value) in node["data"]["config"].as_object().into_iter().flatten() {
        if !node_type.raw().contains(&field.as_str()) {
            walk(value, &format!("/{field}"), id(node), &mut found);
        }
    }
    found
}

fn walk(value: &Value, field: &str, own: &str, found: &mut Vec<Need>) {
    match value {
        Value::String(text) if text.contains("{{") => {
            let steps = expression::check(text).map(|references| references.steps).unwrap_or_default();
            let need = |step| Need { step, field: field.into(), expression: text.clone() };
            found.extend(steps.into_iter().filter(|step| step != own).map(need));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{field}/{index}"), own, found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, item)| walk(item, &format!("{field}/{key}"), own, found));
        }
        _ => {}
    }
}
