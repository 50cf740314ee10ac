//! Checks configs against the JSON Schema of their node type, where an expression may stand for any value.

use std::collections::HashMap;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use super::catalogue::NodeTypeInfo;
use super::compile::Problems;

/// Most choices that an error lists.
const CHOICES_TOLD: usize = 20;

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

/// What may be written where one of several schemas has to fit, in words; nothing for another error.
fn choice(error: &ValidationError<'_>) -> Option<String> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return None;
    };
    let mut good: Vec<String> = context.iter().flatten().filter_map(|of_one| wanted(of_one, error)).collect();
    good.dedup();
    good.truncate(CHOICES_TOLD);
    (!good.is_empty()).then(|| format!("the value fits none of what it may be; write {}", good.join(", or ")))
}

/// What one of the schemas asks for, of the value itself or of what is in it.
fn wanted(of_one: &ValidationError<'_>, whole: &ValidationError<'_>) -> Option<String> {
    let within = of_one.instance_path().as_str().strip_prefix(whole.instance_path().as_str()).unwrap_or_default();
    let place = if within.is_empty() { String::new() } else { format!(" at {within:?}") };
    match of_one.kind() {
        ValidationErrorKind::Constant { expected_value } => Some(format!("{expected_value}{place}")),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options.as_array()?.iter().map(ToString::to_string).collect();
            Some(format!("{}{place}", options.join(", ")))
        }
        ValidationErrorKind::Required { property } => Some(format!("an object with the field {property}{place}")),
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if within.is_empty() => {
            Some(format!("a value of type {kind}"))
        }
        _ => None,
    }
}

/// Of a value that is of the kind which one of several schemas asks for, and of no other's: what that one has against it.
fn meant<'e>(error: &'e ValidationError<'_>) -> Option<&'e [ValidationError<'static>]> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return None;
    };
    let whole = error.instance_path().as_str();
    let is_other_kind = |of_one: &ValidationError<'static>| {
        of_one.instance_path().as_str() == whole && matches!(of_one.kind(), ValidationErrorKind::Type { .. })
    };
    let mut fitting = context.iter().filter(|branch| !branch.iter().any(is_other_kind));
    let only = fitting.next().filter(|_| fitting.next().is_none())?;
    (context.len() > 1 && !only.is_empty()).then_some(only.as_slice())
}

fn report(error: &ValidationError<'_>, type_name: &str, node_id: &str, pointer: &str, problems: &mut Problems) {
    if let Some(within) = meant(error) {
        let flaws = within.iter().filter(|error| !is_expression(error));
        return flaws.for_each(|error| report(error, type_name, node_id, pointer, problems));
    }
    let path = error.instance_path().as_str();
    let (place, detail, wanted) = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            let place = format!("{path}/{}", property.replace('~', "~0").replace('/', "~1"));
            let within = if path.is_empty() { String::new() } else { format!(" in {path:?}") };
            (place, format!("node {node_id:?} needs {property:?}{within}"), format!("fill in {property:?}"))
        }
        _ => {
            let field = if path.is_empty() { "config".to_owned() } else { format!("config field {path:?}") };
            let flaw = choice(error).unwrap_or_else(|| error.masked_with("the value").to_string());
            (
                path.to_owned(),
                format!("{field} of node {node_id:?}: {flaw}"),
                format!("write what {type_name} takes there"),
            )
        }
    };
    let hint = format!("{wanted}; an expression in {{{{ }}}} may stand for any value");
    problems.add("bad_config", format!("{pointer}{place}"), detail, hint);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_is_missing_is_named_with_what_to_do() {
        let inner = json!({ "type": "object", "required": ["a/b"] });
        let schema = json!({ "properties": { "where": inner }, "required": ["url"] });
        let (validator, value) = (validator(&schema).unwrap(), json!({ "where": {} }));
        let mut problems = Problems::default();
        for error in validator.iter_errors(&value) {
            report(&error, "action.http_request", "ask", "/config", &mut problems);
        }
        let mut found = problems.into_vec();
        found.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        let told: Vec<_> = found.iter().map(|problem| (problem.pointer.as_str(), problem.detail.as_str())).collect();
        let expected = [
            ("/config/url", "node \"ask\" needs \"url\""),
            ("/config/where/a~1b", "node \"ask\" needs \"a/b\" in \"/where\""),
        ];
        assert_eq!(told, expected);
        assert_eq!(found[0].hint, "fill in \"url\"; an expression in {{ }} may stand for any value");
    }

    #[test]
    fn a_value_of_the_kind_of_one_choice_is_told_what_that_has_against_it() {
        let spill = json!({ "type": "object", "properties": { "chunk": { "type": "integer", "minimum": 10 } } });
        let schema = json!({ "properties": { "spill": { "anyOf": [spill, { "type": "null" }] } } });
        let (validator, value) = (validator(&schema).unwrap(), json!({ "spill": { "chunk": 9 } }));
        let mut problems = Problems::default();
        for error in validator.iter_errors(&value) {
            report(&error, "logic.for_each", "each", "/config", &mut problems);
        }
        let found = problems.into_vec();
        assert_eq!((found.len(), found[0].pointer.as_str()), (1, "/config/spill/chunk"));
        assert!(found[0].detail.contains("less than the minimum of 10"), "{}", found[0].detail);
    }

    #[test]
    fn a_value_that_fits_no_choice_is_answered_with_what_would() {
        let schema = json!({ "oneOf": [{ "const": "fast" }, { "enum": ["slow", "late"] }, { "type": "integer" }] });
        let (validator, value) = (validator(&schema).unwrap(), json!("fats"));
        let error = validator.iter_errors(&value).next().unwrap();
        let told =
            "the value fits none of what it may be; write \"fast\", or \"slow\", \"late\", or a value of type integer";
        assert_eq!(choice(&error).as_deref(), Some(told));
        let kind = |name: &str| json!({ "properties": { "kind": { "const": name } }, "required": ["kind"] });
        let schema = json!({ "anyOf": [kind("fast"), kind("slow")] });
        let (validator, value) = (super::validator(&schema).unwrap(), json!({ "kind": "fats" }));
        let error = validator.iter_errors(&value).next().unwrap();
        let told = "the value fits none of what it may be; write \"fast\" at \"/kind\", or \"slow\" at \"/kind\"";
        assert_eq!(choice(&error).as_deref(), Some(told));
    }
}
