//! The page of a `trigger.form`.

use std::fmt::Write;

use axum::response::Response;
use capstan_node_types::types::{FieldError, FormConfig, FormField, FormFieldType};
use serde_json::{Map, Value};

use crate::html::{self, escape};

/// Name of the hidden token of a page. No field can have it: names of fields hold no `-`.
pub(crate) const TOKEN: &str = "capstan-token";
/// Name of the entry that people do not see and must leave empty.
pub(crate) const HONEYPOT: &str = "capstan-website";

/// Name of the box that one ticks to agree.
pub(crate) const CONSENT: &str = "capstan-consent";

/// The form with what was filled in and what is wrong with it.
pub(crate) fn page(config: &FormConfig, filled: &Map<String, Value>, errors: &[FieldError], token: &str) -> Response {
    let mut body = format!("<main class=\"narrow\">\n<h1>{}</h1>\n", escape(&config.title));
    if let Some(description) = &config.description {
        let _ = writeln!(body, "<p>{}</p>", escape(description));
    }
    write_errors(&mut body, &config.fields, errors);
    body.push_str("<form method=\"post\" accept-charset=\"utf-8\">\n");
    for field in &config.fields {
        let error = errors.iter().find(|error| error.field == field.name);
        write_field(&mut body, field, filled.get(&field.name), error);
    }
    if let Some(consent) = &config.consent {
        write_consent(&mut body, consent, errors.iter().find(|error| error.field == CONSENT));
    }
    let _ = write!(
        body,
        "<p class=\"trap\" aria-hidden=\"true\"><label>Leave this empty <input name=\"{HONEYPOT}\" tabindex=\"-1\" \
         autocomplete=\"off\"></label></p>\n<input type=\"hidden\" name=\"{TOKEN}\" value=\"{}\">\n\
         <button>{}</button>\n</form>\n</main>",
        escape(token),
        escape(&config.submit_label)
    );
    html::page(&config.title, &body)
}

fn write_consent(body: &mut String, consent: &str, error: Option<&FieldError>) {
    let text = escape(consent);
    let _ = writeln!(
        body,
        "<label><input type=\"checkbox\" name=\"{CONSENT}\" required> {text} <span class=\"quiet\">(required)</span></label>"
    );
    if let Some(error) = error {
        let _ = writeln!(body, "<p class=\"error\">{}</p>", escape(&error.detail));
    }
}

/// What one sees after sending the form.
pub(crate) fn thanks(config: &FormConfig) -> Response {
    let body = format!(
        "<main class=\"narrow\">\n<h1>Thank you</h1>\n<p>“{}” was received.</p>\n</main>",
        escape(&config.title)
    );
    html::page("Thank you", &body)
}

/// That there are errors, and those of no field.
pub(super) fn write_errors(body: &mut String, fields: &[FormField], errors: &[FieldError]) {
    if !errors.is_empty() {
        body.push_str("<p class=\"error\" role=\"alert\">Please correct the marked fields.</p>\n");
    }
    for error in
        errors.iter().filter(|error| error.field != CONSENT && fields.iter().all(|field| field.name != error.field))
    {
        let _ = writeln!(body, "<p class=\"error\">{}</p>", escape(&error.detail));
    }
}

pub(super) fn write_field(body: &mut String, field: &FormField, value: Option<&Value>, error: Option<&FieldError>) {
    let (name, label) = (escape(&field.name), escape(&field.label));
    let value = text(value);
    let mut attributes = format!("id=\"f-{name}\" name=\"{name}\"");
    if field.required {
        attributes.push_str(" required");
    }
    if error.is_some() {
        let _ = write!(attributes, " aria-invalid=\"true\" aria-describedby=\"e-{name}\"");
    }
    let mark = if field.required { " <span class=\"quiet\">(required)</span>" } else { "" };
    if field.field_type == FormFieldType::Checkbox {
        let checked = if ["on", "true", "1", "yes"].contains(&value.as_str()) { " checked" } else { "" };
        let _ = writeln!(body, "<label><input type=\"checkbox\" {attributes}{checked}> {label}{mark}</label>");
    } else {
        let _ = writeln!(body, "<label for=\"f-{name}\">{label}{mark}</label>");
        let _ = writeln!(body, "{}", control(field, &attributes, &value));
    }
    if let Some(error) = error {
        let _ = writeln!(body, "<p class=\"error\" id=\"e-{name}\">{}</p>", escape(&error.detail));
    }
}

fn control(field: &FormField, attributes: &str, value: &str) -> String {
    let escaped = escape(value);
    match field.field_type {
        FormFieldType::Textarea => format!("<textarea {attributes} rows=\"5\">\n{escaped}</textarea>"),
        FormFieldType::Select => {
            let mut options = String::from("<option value=\"\">Please choose</option>");
            for option in &field.options {
                let selected = if option == value { " selected" } else { "" };
                let _ = write!(options, "<option{selected}>{}</option>", escape(option));
            }
            format!("<select {attributes}>{options}</select>")
        }
        FormFieldType::Email => {
            format!("<input type=\"email\" {attributes} value=\"{escaped}\" autocomplete=\"email\">")
        }
        FormFieldType::Number => {
            let bound =
                |name: &str, value: Option<f64>| value.map(|it| format!(" {name}=\"{it}\"")).unwrap_or_default();
            let bounds = bound("min", field.min) + &bound("max", field.max);
            format!("<input type=\"number\" step=\"any\"{bounds} {attributes} value=\"{escaped}\">")
        }
        FormFieldType::Tel => format!("<input type=\"tel\" {attributes} value=\"{escaped}\" autocomplete=\"tel\">"),
        FormFieldType::Url => format!("<input type=\"url\" {attributes} value=\"{escaped}\">"),
        FormFieldType::Date => format!("<input type=\"date\" {attributes} value=\"{escaped}\">"),
        FormFieldType::Text | FormFieldType::Checkbox => {
            format!("<input type=\"text\" {attributes} value=\"{escaped}\">")
        }
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
