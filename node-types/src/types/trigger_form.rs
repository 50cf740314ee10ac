//! `trigger.form`

use std::collections::HashSet;
use std::time::Duration;

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::form_lead::{self, LeadMapping};
use super::parts::{check_credential, check_path, problem, trigger_run};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

/// Most fields of a form.
const FIELDS_MAX: usize = 100;
/// Longest name of a field, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Most options of a select field.
const OPTIONS_MAX: usize = 500;

/// How long the token of a page is good, and at most.
const TOKEN_VALID_DEFAULT: Duration = Duration::from_secs(12 * 3_600);
const TOKEN_VALID_MAX: Duration = Duration::from_secs(7 * 86_400);
/// Longest text that people agree to, in characters.
const CONSENT_CHARS_MAX: usize = 2_000;

/// Starts when someone sends a form.
pub(crate) struct TriggerForm;

/// The form page.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Heading of the page.
    pub title: String,
    /// Text under the heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Fields in the order of the page.
    pub fields: Vec<Field>,
    /// Words on the button.
    #[serde(default = "submit_label")]
    pub submit_label: String,
    /// Path of the page, after `/p/{workspace}/`; lower-case letters, digits, `-`, `_` and `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Makes a lead of each submission, or adds to the one of the same e-mail address: which fields say who it is. The input
    /// holds the lead as `_lead`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadMapping>,
    /// Whether only what was sent from the page itself is taken: each page has a signed token that no other site can read.
    #[serde(default)]
    pub signed: bool,
    /// How long that token is good, such as `1h`; 12 hours if absent, at most seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_valid: Option<String>,
    /// What has to be agreed to, as a box to tick; the input holds it as `_consent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// Name of a required `email` field, whose address has to be proven before anything starts: a mail with a link goes there, and
    /// the button behind it sends the form. The input holds the address as `_verified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_email: Option<String>,
    /// Name of a credential of type smtp, whose server is handed that mail; taken as written. The server's settings if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-capstan-credential" = ["smtp"]))]
    pub credential: Option<String>,
}

impl Config {
    /// How long the token of a page is good, in seconds.
    #[must_use]
    pub fn token_valid_s(&self) -> i64 {
        let valid = self.token_valid.as_deref().and_then(|text| span::parse(text).ok()).unwrap_or(TOKEN_VALID_DEFAULT);
        valid.min(TOKEN_VALID_MAX).as_secs().try_into().unwrap_or(i64::MAX)
    }
}

/// One field.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Key in the input of the execution; a letter, then letters, digits and `_`.
    pub name: String,
    /// What the page calls it.
    pub label: String,
    /// What can be entered.
    #[serde(rename = "type", default)]
    pub field_type: FieldType,
    /// True if the form cannot be sent without it.
    #[serde(default)]
    pub required: bool,
    /// The choices of a `select` field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Least number, of a `number` field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest number, of a `number` field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// What a field takes, and what it becomes in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// One line of text.
    #[default]
    Text,
    /// An e-mail address, as text.
    Email,
    /// A number.
    Number,
    /// One of the options, as text.
    Select,
    /// True or false.
    Checkbox,
    /// Several lines of text.
    Textarea,
    /// A telephone number, as text.
    Tel,
    /// An address of the web, as text.
    Url,
    /// A day, as text such as `2026-01-31`.
    Date,
}

fn submit_label() -> String {
    "Send".into()
}

impl NodeType for TriggerForm {
    const NAME: &'static str = "trigger.form";
    const EFFECT: Effect = Effect::Pure;
    const RAW: &'static [&'static str] = &["credential"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger("Form", "Starts when someone fills in a form on a page of its own; the fields are the input.")
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_path(config).into_iter().collect();
        if check_fields(config, &mut problems) == 0 {
            problems.push(problem("bad_form", "/fields", "the form has no fields", "add a field"));
        }
        problems.extend(form_lead::check(config));
        problems.extend(check_token_valid(config));
        problems.extend(check_consent(config));
        problems.extend(check_verify_email(config));
        problems.extend(check_credential(config));
        problems
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

fn check_token_valid(config: &Value) -> Option<Problem> {
    let text = config.get("token_valid")?.as_str()?;
    let why = match span::parse(text) {
        Ok(span) if !span.is_zero() && span <= TOKEN_VALID_MAX => return None,
        Ok(_) => format!("token_valid is {text:?}, and has to be more than nothing and at most seven days"),
        Err(error) => error.to_string(),
    };
    Some(problem("bad_span", "/token_valid", why, "write numbers with units, such as 1h"))
}

fn check_consent(config: &Value) -> Option<Problem> {
    let chars = config.get("consent")?.as_str()?.trim().chars().count();
    let detail = format!("what is agreed to has 1 to {CONSENT_CHARS_MAX} characters, this has {chars}");
    (chars == 0 || chars > CONSENT_CHARS_MAX)
        .then(|| problem("bad_form", "/consent", detail, "say it shorter, or leave it out"))
}

fn check_verify_email(config: &Value) -> Option<Problem> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let Some(name) = text(config.get("verify_email")) else {
        let detail = "the form names a credential, and sends no mail";
        let hint = "name the field whose address is to be proven as verify_email, or leave the credential out";
        return text(config.get("credential")).map(|_| problem("bad_form", "/credential", detail, hint));
    };
    let mut fields = config.get("fields").and_then(Value::as_array).into_iter().flatten();
    let field = fields.find(|field| text(field.get("name")).as_ref() == Some(&name));
    let is_email = field.is_some_and(|field| text(field.get("type")).as_deref() == Some("email"));
    let is_required = field.and_then(|field| field.get("required")).and_then(Value::as_bool) == Some(true);
    let detail = format!("{:?} is no required e-mail field of the form", name.chars().take(60).collect::<String>());
    let hint = "name a field of type email that is required";
    (!is_email || !is_required).then(|| problem("bad_form", "/verify_email", detail, hint))
}

/// Adds what is wrong with the fields of `config`; how many there are.
pub(super) fn check_fields(config: &Value, problems: &mut Vec<Problem>) -> usize {
    let fields = config.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if fields.len() > FIELDS_MAX {
        let detail = format!("a form has at most {FIELDS_MAX} fields, this one has {}", fields.len());
        problems.push(problem("bad_form", "/fields", detail, "remove fields"));
    }
    let mut names = HashSet::new();
    for (index, field) in fields.iter().take(FIELDS_MAX).enumerate() {
        check_field(index, field, &mut names, problems);
    }
    fields.len()
}

fn check_field<'a>(index: usize, field: &'a Value, names: &mut HashSet<&'a str>, problems: &mut Vec<Problem>) {
    // A field of the wrong shape is the schema's finding.
    let Some(name) = field.get("name").and_then(Value::as_str) else { return };
    let mut report = |part: &str, detail: String, hint: &str| {
        problems.push(problem("bad_form", &format!("/fields/{index}/{part}"), detail, hint));
    };
    let shown: String = name.chars().take(NAME_BYTES_MAX).collect();
    if !is_field_name(name) {
        let hint = "use a letter, then letters, digits and _, so that expressions can say input.name";
        report("name", format!("the field name {shown:?} cannot be used"), hint);
    }
    if !names.insert(name) {
        report("name", format!("two fields are called {shown:?}"), "rename one of them");
    }
    let options = field.get("options").and_then(Value::as_array).map_or(0, Vec::len);
    let is_select = field.get("type").and_then(Value::as_str) == Some("select");
    if is_select && options == 0 {
        report("options", format!("the select field {shown:?} has no options"), "list the choices in options");
    }
    if options > OPTIONS_MAX {
        let detail = format!("the field {shown:?} has {options} options; {OPTIONS_MAX} are possible");
        report("options", detail, "remove some, or take a text field");
    }
}

fn is_field_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_flaw_of_a_form_is_found_with_its_place() {
        let config = json!({"title": "T", "path": "a b", "fields": [
            {"name": "ok", "label": "Ok"},
            {"name": "ok", "label": "Again"},
            {"name": "1st", "label": "First"},
            {"name": "pick", "label": "Pick", "type": "select"},
        ]});
        let found: Vec<_> = TriggerForm::check(&config).into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(found, ["/path", "/fields/1/name", "/fields/2/name", "/fields/3/options"]);
        assert_eq!(TriggerForm::check(&json!({"title": "T", "fields": []})).len(), 1);
        assert_eq!(TriggerForm::check(&json!(null)).len(), 1);
    }

    #[test]
    fn only_a_required_address_can_be_proven() {
        let found = |more: Value| {
            let mut config = json!({"title": "T", "fields": [
                {"name": "email", "label": "E", "type": "email", "required": true},
                {"name": "other", "label": "O", "type": "email"},
                {"name": "text", "label": "T", "required": true},
            ]});
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            TriggerForm::check(&config).into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
        };
        assert!(found(json!({"verify_email": "email", "credential": "mail"})).is_empty());
        for name in ["other", "text", "none", ""] {
            assert_eq!(found(json!({"verify_email": name})), ["/verify_email"], "{name}");
        }
        assert_eq!(found(json!({"credential": "mail"})), ["/credential"]);
        assert_eq!(found(json!({"verify_email": "email", "credential": "{{ input.x }}"})), ["/credential"]);
    }

    #[test]
    fn a_form_needs_little() {
        let config = json!({"title": "T", "fields": [{"name": "a", "label": "A"}]});
        assert!(TriggerForm::check(&config).is_empty());
        let config: Config = serde_json::from_value(config).unwrap();
        assert_eq!((config.submit_label.as_str(), config.fields[0].field_type), ("Send", FieldType::Text));
    }
}
