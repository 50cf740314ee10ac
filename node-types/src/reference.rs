//! The reference page of node types, generated from the registry.

use std::fmt::Write;

use capstan_engine::core::catalogue::{Effect, Role};
use serde_json::{Value, json};

use crate::node_type::AnyNodeType;
use crate::registry::Registry;

/// Markdown: an overview, then each type with its ports and config fields. The same registry gives the same text.
#[must_use]
pub fn reference_markdown(registry: &Registry) -> String {
    let mut page = String::from(
        "# Node types\n\nGenerated from the registry; do not edit.\n\n| Type | What it does | Effect | Ports |\n|---|---|---|---|\n",
    );
    for node_type in registry.iter() {
        let (name, spec) = (node_type.name(), node_type.spec());
        let effect = if node_type.role() == Role::Trigger { "trigger" } else { effect(node_type.effect()) };
        line(
            &mut page,
            format_args!("| [`{name}`](#{}) | {} | {effect} | {} |", anchor(name), spec.description, ports(node_type)),
        );
    }
    for node_type in registry.iter() {
        section(&mut page, node_type);
    }
    page
}

fn section(page: &mut String, node_type: &dyn AnyNodeType) {
    let spec = node_type.spec();
    line(page, format_args!("\n## {}\n\n**{}.** {}\n", node_type.name(), spec.title, spec.description));
    let schema = node_type.schema();
    let rows = rows(schema, schema, "");
    if rows.is_empty() {
        line(page, format_args!("Nothing to set."));
        return;
    }
    line(page, format_args!("| Field | Type | Required | Meaning |\n|---|---|---|---|"));
    for row in rows {
        line(page, format_args!("{row}"));
    }
}

/// A row for each field; the fields of listed objects follow with their path, one level deep.
fn rows(root: &Value, schema: &Value, prefix: &str) -> Vec<String> {
    let mut rows = Vec::new();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let needed = if required.contains(&name.as_str()) { "yes" } else { "" };
        let meaning = field["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        let default = match field.get("default") {
            None | Some(Value::Null) => String::new(),
            Some(value) if *value == json!({}) || *value == json!([]) => String::new(),
            Some(value) => format!(" Default: `{value}`."),
        };
        rows.push(format!("| `{prefix}{name}` | {} | {needed} | {meaning}{default} |", kind(root, field)));
        let items = resolved(root, &field["items"]);
        if prefix.is_empty() && items["properties"].is_object() {
            rows.extend(self::rows(root, items, &format!("{name}[].")));
        }
    }
    rows
}

/// The type in words: `text`, `list of number`, `"GET" or "POST"`.
fn kind(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    for choice in ["anyOf", "oneOf"] {
        if let Some(variants) = schema[choice].as_array() {
            let mut kinds: Vec<String> = variants.iter().map(|variant| kind(root, variant)).collect();
            kinds.retain(|kind| kind != "null");
            kinds.dedup();
            return kinds.join(" or ");
        }
    }
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    }
    let name = match &schema["type"] {
        Value::String(name) => name.as_str(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("any"),
        _ => "any",
    };
    match name {
        "string" => "text".into(),
        "array" => format!("list of {}", kind(root, &schema["items"])),
        other => other.into(),
    }
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| root.pointer(path.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn ports(node_type: &dyn AnyNodeType) -> String {
    node_type.spec().outputs.iter().map(|port| format!("`{port}`")).collect::<Vec<_>>().join(", ")
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::Idempotent => "idempotent",
        Effect::AtLeastOnce => "at least once",
        Effect::Transactional => "transactional",
    }
}

fn anchor(name: &str) -> String {
    name.replace('.', "")
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(page, "{text}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_type_and_field() {
        let registry = Registry::standard();
        let page = reference_markdown(&registry);
        for node_type in registry.iter() {
            assert!(page.contains(&format!("\n## {}\n", node_type.name())));
        }
        for row in [
            "| [`logic.condition`](#logiccondition) | Goes on at the port true or the port false. | pure | `true`, `false` |",
            "| `cases[].port` | text | yes | Name of the output port, such as `large`. |",
            "| `for_ms` | integer |  | Span in milliseconds, at most five years. |",
        ] {
            assert!(page.contains(row), "{row}\n{page}");
        }
    }
}
