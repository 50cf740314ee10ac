//! Holds what the API answers, and what it takes, against its own document.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::{Method, StatusCode};
use capstan_api::document;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::Answer;

const ROOT: &str = "/api/v1";

/// By pointer into the document: made once for each.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Panics if the answer is none that the document names, or has another shape; or if a body was accepted that the document
/// forbids. Paths and methods that are none of ours prove nothing.
pub(crate) fn hold(method: &Method, path: &str, sent: Option<&Value>, answer: &Answer) {
    let Some((template, operation)) = operation(method, path) else { return };
    let what = format!("{method} {template} answered {}: {}", answer.status, answer.text());
    let responses = format!("{}/responses", operation.pointer);
    let status = answer.status.as_str();
    let (pointer, response) = match document().pointer(&format!("{responses}/{status}")) {
        Some(response) => resolve(format!("{responses}/{status}"), response),
        None if answer.status == StatusCode::METHOD_NOT_ALLOWED => return,
        None => panic!("the document names no such status: {what}"),
    };
    let found = answer.header("content-type").unwrap_or_default();
    let kind = found.split(';').next().unwrap_or_default();
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "the document says that nothing is answered: {what}");
        return;
    };
    let is_told = content.contains_key(kind) || (*method == Method::HEAD && answer.body.is_empty());
    assert!(is_told, "the document names no {kind:?}: {what}");
    if let (true, Ok(body)) = (kind.ends_with("json"), serde_json::from_slice(&answer.body)) {
        check(&format!("{pointer}/content/{}/schema", escaped(kind)), &body, &what);
    }
    let takes = format!("{}/requestBody/content/application~1json/schema", operation.pointer);
    if let (Some(sent), true, Some(_)) = (sent, answer.status.is_success(), document().pointer(&takes)) {
        check(&takes, sent, &format!("it took {sent}, and {what}"));
    }
}

struct Operation {
    pointer: String,
}

/// The operation of the document that a request is for.
fn operation(method: &Method, path: &str) -> Option<(&'static str, Operation)> {
    let parts: Vec<&str> = path.strip_prefix(ROOT)?.split('/').collect();
    let paths = document()["paths"].as_object().unwrap();
    let fits = |template: &&String| {
        let words: Vec<&str> = template.split('/').collect();
        words.len() == parts.len()
            && words.iter().zip(&parts).all(|(word, part)| (word.starts_with('{') && !part.is_empty()) || word == part)
    };
    // Words come before names in braces, as in the router.
    let template = paths.keys().filter(fits).min_by_key(|template| template.matches('{').count())?;
    let method = if *method == Method::HEAD { "get".to_owned() } else { method.as_str().to_ascii_lowercase() };
    paths[template].get(&method)?;
    Some((template.as_str(), Operation { pointer: format!("/paths/{}/{method}", escaped(template)) }))
}

/// What is there, or what that refers to.
fn resolve(pointer: String, value: &'static Value) -> (String, &'static Value) {
    match value["$ref"].as_str() {
        Some(target) => {
            let pointer = target.trim_start_matches('#').to_owned();
            let value = document().pointer(&pointer).unwrap();
            (pointer, value)
        }
        None => (pointer, value),
    }
}

fn check(pointer: &str, value: &Value, what: &str) {
    let validator = validator(pointer);
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("at {:?}: {error}", error.instance_path().as_str())).collect();
    assert!(errors.is_empty(), "{pointer} of docs/openapi.json says otherwise.\n{what}\n{errors:#?}");
}

fn validator(pointer: &str) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(validator) = known.get(pointer) {
        return Arc::clone(validator);
    }
    let schema = document().pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the document"));
    let whole = json!({ "allOf": [schema], "components": { "schemas": document()["components"]["schemas"] } });
    let made = Arc::new(jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap());
    known.insert(pointer.to_owned(), Arc::clone(&made));
    made
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
