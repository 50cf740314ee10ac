//! Checks what was sent to a form and gives each field its type.

use std::str::FromStr;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::trigger_form::{Config, Field, FieldType};

/// Longest entry of a one-line field, in bytes.
const TEXT_BYTES_MAX: usize = 1_000;
/// Longest entry of a textarea, in bytes.
const TEXTAREA_BYTES_MAX: usize = 20_000;
/// Longest e-mail address, in bytes.
const EMAIL_BYTES_MAX: usize = 254;
/// Longest text of a number, in bytes.
const NUMBER_BYTES_MAX: usize = 64;
/// Most unknown fields that are reported.
const UNKNOWN_MAX: usize = 20;

/// What a form itself adds to an input, which may be given to another execution as it is.
const KEPT: [&str; 3] = ["_lead", "_consent", "_verified"];

/// What is wrong with one field of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Name of the field; empty if it is the form itself.
    pub field: String,
    /// `required`, `invalid`, `out_of_range`, `too_long`, `unknown_field` or `config`.
    pub code: &'static str,
    /// For the person who filled in the form.
    pub detail: String,
}

type Checked = Result<Value, (&'static str, String)>;

/// The input of the execution: every field of the form, those not filled in as null (checkboxes as false).
///
/// Entries may be text, as browsers send them, or already typed. `config` is that of the `trigger.form` node.
///
/// # Errors
/// All findings at once, in the order of the form.
pub fn validate_submission(config: &Value, submitted: &Map<String, Value>) -> Result<Value, Vec<FieldError>> {
    let form = match Config::deserialize_from(config) {
        Ok(form) => form,
        Err(error) => {
            let detail = format!("the form is not set up properly: {error}");
            return Err(vec![FieldError { field: String::new(), code: "config", detail }]);
        }
    };
    let (kept, entries): (Map<_, _>, Map<_, _>) =
        submitted.clone().into_iter().partition(|(name, _)| KEPT.contains(&name.as_str()));
    let mut input = validate_fields(&form.fields, &entries)?;
    if let Value::Object(input) = &mut input {
        input.extend(kept);
    }
    Ok(input)
}

/// The same for these fields.
///
/// # Errors
/// All findings at once, in the order of the fields.
pub fn validate_fields(fields: &[Field], submitted: &Map<String, Value>) -> Result<Value, Vec<FieldError>> {
    let mut input = Map::new();
    let mut errors = Vec::new();
    for field in fields {
        match check(field, submitted.get(&field.name).unwrap_or(&Value::Null)) {
            Ok(value) => _ = input.insert(field.name.clone(), value),
            Err((code, detail)) => errors.push(FieldError { field: field.name.clone(), code, detail }),
        }
    }
    let unknown = submitted.keys().filter(|name| fields.iter().all(|field| field.name != **name));
    errors.extend(unknown.take(UNKNOWN_MAX).map(|name| unknown_field(name)));
    if errors.is_empty() { Ok(Value::Object(input)) } else { Err(errors) }
}

impl Config {
    fn deserialize_from(config: &Value) -> Result<Self, serde_json::Error> {
        serde::Deserialize::deserialize(config)
    }
}

fn unknown_field(name: &str) -> FieldError {
    let field: String = name.chars().take(60).collect();
    FieldError { detail: format!("the form has no field {field:?}"), field, code: "unknown_field" }
}

fn check(field: &Field, entry: &Value) -> Checked {
    if field.field_type == FieldType::Checkbox {
        return checkbox(field, entry);
    }
    let empty = match entry {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    };
    if empty && field.required {
        return Err(("required", format!("{} must be filled in", field.label)));
    }
    if empty {
        return Ok(Value::Null);
    }
    match (field.field_type, entry) {
        (FieldType::Number, Value::Number(_)) => in_range(field, entry.clone()),
        (_, Value::String(text)) => text_entry(field, text),
        _ => Err(("invalid", format!("{} is not of the right kind", field.label))),
    }
}

fn text_entry(field: &Field, text: &str) -> Checked {
    let label = &field.label;
    let bytes_max = match field.field_type {
        FieldType::Textarea => TEXTAREA_BYTES_MAX,
        FieldType::Email => EMAIL_BYTES_MAX,
        FieldType::Number => NUMBER_BYTES_MAX,
        _ => TEXT_BYTES_MAX,
    };
    if text.len() > bytes_max {
        return Err(("too_long", format!("{label} is longer than {bytes_max} bytes")));
    }
    let lines = field.field_type == FieldType::Textarea;
    if text.chars().any(|c| c.is_control() && !(c == '\t' || lines && matches!(c, '\n' | '\r'))) {
        return Err(("invalid", format!("{label} holds a control character or a line break")));
    }
    match field.field_type {
        FieldType::Number => {
            let number = number(text.trim()).ok_or_else(|| ("invalid", format!("{label} must be a number")))?;
            in_range(field, number)
        }
        FieldType::Tel if is_tel(text.trim()) => Ok(text.trim().into()),
        FieldType::Tel => Err(("invalid", format!("{label} must be a telephone number, such as +48 22 123 45 67"))),
        FieldType::Url if is_url(text.trim()) => Ok(text.trim().into()),
        FieldType::Url => Err(("invalid", format!("{label} must be an address, such as https://example.com"))),
        FieldType::Date if text.trim().len() == 10 && text.trim().parse::<NaiveDate>().is_ok() => {
            Ok(text.trim().into())
        }
        FieldType::Date => Err(("invalid", format!("{label} must be a day, such as 2026-01-31"))),
        FieldType::Email if is_email(text.trim()) => Ok(text.trim().into()),
        FieldType::Email => Err(("invalid", format!("{label} must be an e-mail address, such as ada@example.com"))),
        FieldType::Select if !field.options.iter().any(|option| option == text) => {
            Err(("invalid", format!("{label} must be one of the options")))
        }
        _ => Ok(text.into()),
    }
}

fn in_range(field: &Field, number: Value) -> Checked {
    let label = &field.label;
    let value = number.as_f64().unwrap_or(f64::NAN);
    if let Some(min) = field.min.filter(|min| value < *min) {
        return Err(("out_of_range", format!("{label} must be at least {min}")));
    }
    if let Some(max) = field.max.filter(|max| value > *max) {
        return Err(("out_of_range", format!("{label} must be at most {max}")));
    }
    Ok(number)
}

/// Digits and what people write between them.
fn is_tel(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (3..=20).contains(&digits) && text.len() <= 40 && text.chars().all(|c| c.is_ascii_digit() || " +-/.()".contains(c))
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A browser sends `on` or the value for a set checkbox, and nothing for one that is not.
fn checkbox(field: &Field, entry: &Value) -> Checked {
    let text = entry.as_str().map(str::to_ascii_lowercase);
    let set = match (entry, text.as_deref()) {
        (Value::Bool(set), _) => *set,
        (_, Some("on" | "true" | "1" | "yes")) => true,
        (Value::Null, _) | (_, Some("" | "off" | "false" | "0" | "no")) => false,
        _ => return Err(("invalid", format!("{} must be true or false", field.label))),
    };
    if field.required && !set {
        return Err(("required", format!("{} must be ticked", field.label)));
    }
    Ok(Value::Bool(set))
}

/// A whole number stays whole; anything else must be finite.
fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).and_then(Number::from_f64).map(Value::Number)
}

fn is_email(text: &str) -> bool {
    let domain_has_dot = text.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'));
    domain_has_dot && lettre::Address::from_str(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(submitted: Value) -> Result<Value, Vec<(String, &'static str)>> {
        let config = json!({"title": "Lead", "fields": [
            {"name": "name", "label": "Name", "required": true},
            {"name": "email", "label": "E-mail", "type": "email"},
            {"name": "budget", "label": "Budget", "type": "number"},
            {"name": "size", "label": "Size", "type": "select", "options": ["s", "l"]},
            {"name": "terms", "label": "Terms", "type": "checkbox", "required": true},
            {"name": "note", "label": "Note", "type": "textarea"},
        ]});
        validate_submission(&config, submitted.as_object().unwrap())
            .map_err(|errors| errors.into_iter().map(|error| (error.field, error.code)).collect())
    }

    #[test]
    fn entries_get_their_types() {
        assert_eq!(
            check(
                json!({"name": "Ada", "email": " ada@example.com ", "budget": "12000", "size": "l", "terms": "on", "note": "a\nb"})
            ),
            Ok(
                json!({"name": "Ada", "email": "ada@example.com", "budget": 12000, "size": "l", "terms": true, "note": "a\nb"})
            )
        );
        assert_eq!(
            check(json!({"name": "Ada", "budget": 1.5, "email": "", "terms": true})),
            Ok(json!({"name": "Ada", "email": null, "budget": 1.5, "size": null, "terms": true, "note": null}))
        );
    }

    #[test]
    fn one_bad_entry_is_one_finding() {
        for (field, entry, code) in [
            ("name", json!("  "), "required"),
            ("name", json!(null), "required"),
            ("name", json!("a\r\nBcc: b"), "invalid"),
            ("name", json!("a\u{0}"), "invalid"),
            ("name", json!("x".repeat(1_001)), "too_long"),
            ("name", json!({"a": 1}), "invalid"),
            ("email", json!("ada"), "invalid"),
            ("email", json!("ada@localhost"), "invalid"),
            ("email", json!("a b@example.com"), "invalid"),
            ("budget", json!("much"), "invalid"),
            ("budget", json!("NaN"), "invalid"),
            ("budget", json!("1e999"), "invalid"),
            ("budget", json!("inf"), "invalid"),
            ("size", json!("m"), "invalid"),
            ("terms", json!("off"), "required"),
            ("terms", json!("maybe"), "invalid"),
            ("note", json!("x".repeat(20_001)), "too_long"),
            ("colour", json!("red"), "unknown_field"),
        ] {
            let mut submitted = json!({"name": "Ada", "terms": true});
            submitted[field] = entry.clone();
            assert_eq!(check(submitted), Err(vec![(field.to_owned(), code)]), "{field} = {entry:.40}");
        }
    }

    #[test]
    fn all_findings_come_at_once() {
        let errors = check(json!({"email": "x", "budget": "x"})).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["name", "email", "budget", "terms"]);
    }

    #[test]
    fn a_broken_form_is_said_to_be_broken() {
        let errors = validate_submission(&json!({"fields": 3}), &Map::new()).unwrap_err();
        assert_eq!(errors[0].code, "config");
    }
}
