//! Checks configs against the JSON Schema of their node type, where an expression may stand for any value.

use std::collections::HashMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use super::catalogue::NodeTypeInfo;
use super::compile::Problems;

/// Validators by node type, each made once.
#[derive(Default)]
pub(super) struct Validators {
    by_type: HashMap<String, Result<Validator, String>>,
}

impl Validators {
    /// Reports what `config` of node `node_id`, which stands at `pointer`, has against the schema of `info`.
    pub(super) fn check(
        &mut self,
        info: &dyn NodeTypeInfo,
        config: &Value,
        node_id: &str,
        pointer: &str,
        problems: &mut Problems,
    ) {
        let validator = self.by_type.entry(info.name().into()).or_insert_with(|| validator(info.schema()));
        match validator {
            Ok(validator) => {
                for error in validator.iter_errors(config).filter(|error| !is_expression(error)) {
                    report(&error, info.name(), node_id, pointer, problems);
                }
            }
            Err(reason) => {
                let detail = format!("the schema of node type {:?} cannot be used: {reason}", info.name());
                problems.add(
                    "bad_schema",
                    pointer.into(),
                    detail,
                    "this is a fault of the node type, not of the graph",
                );
            }
        }
    }
}

/// Nothing is ever fetched: a schema refers to itself only.
fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options().with_draft(Draft::Draft202012).offline().build(schema).map_err(|error| error.to_string())
}

/// Whether the error may be the fault of an expression that stands for the value.
fn is_expression(error: &ValidationError<'_>) -> bool {
    let chooses = matches!(
        error.kind(),
        ValidationErrorKind::AnyOf { .. }
            | ValidationErrorKind::OneOfNotValid { .. }
            | ValidationErrorKind::OneOfMultipleValid { .. }
            | ValidationErrorKind::Not { .. }
            | ValidationErrorKind::Contains
            | ValidationErrorKind::Enum { .. }
            | ValidationErrorKind::Constant { .. }
            | ValidationErrorKind::UniqueItems
    );
    match error.instance().as_ref() {
        Value::String(text) => text.contains("{{"),
        instance => chooses && super::expression::has_expressions(instance),
    }
}

fn report(error: &ValidationError<'_>, type_name: &str, node_id: &str, pointer: &str, problems: &mut Problems) {
    let path = error.instance_path().as_str();
    let (place, detail) = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            let place = format!("{path}/{}", property.replace('~', "~0").replace('/', "~1"));
            (place, format!("node {node_id:?} lacks the config field {property:?}"))
        }
        _ => {
            let field = if path.is_empty() { "config".to_owned() } else { format!("config field {path:?}") };
            (path.to_owned(), format!("{field} of node {node_id:?}: {}", error.masked_with("the value")))
        }
    };
    let hint = format!("see the config of {type_name}; an expression in {{{{ }}}} is accepted for any value");
    problems.add("bad_config", format!("{pointer}{place}"), detail, hint);
}
