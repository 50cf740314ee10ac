//! What is to be written to a lead, checked before anything is.

use serde_json::{Map, Value};

/// Longest e-mail address, in bytes.
const EMAIL_BYTES_MAX: usize = 254;
/// Longest name of a person, firm or source, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Longest number, in characters.
const PHONE_CHARS_MAX: usize = 50;
/// Longest source, in bytes: that of a form holds its path.
const SOURCE_BYTES_MAX: usize = 210;
/// Most custom values that are written at once.
const VALUES_MAX: usize = 200;
/// Longest custom text, in bytes.
const VALUE_BYTES_MAX: usize = 20_000;
/// Most bytes of all custom values that are written at once, and of all of a lead, as JSON: lists hold many leads.
pub(super) const VALUES_BYTES_MAX: usize = 128 * 1024;
/// Longest name of a custom field, in bytes.
const FIELD_BYTES_MAX: usize = 64;

/// What is to be written. What is absent stays; an empty text, and a custom value of null, go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadPatch {
    /// By which a lead is known.
    pub email: Option<String>,
    /// Of the person.
    pub name: Option<String>,
    /// Of the person.
    pub phone: Option<String>,
    /// Of the firm.
    pub company: Option<String>,
    /// Where it came from.
    pub source: Option<String>,
    /// Custom values by name: texts, numbers, booleans.
    pub fields: Map<String, Value>,
    /// Whether it has agreed, just now.
    pub consented: bool,
}

/// What is wrong with one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadFlaw {
    /// `email`, or `fields/budget`: a pointer without its first slash.
    pub place: String,
    /// `invalid`, `too_long`, `bad_name`, `wrong_type` or `too_many`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl LeadFlaw {
    pub(super) fn new(place: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { place: place.into(), code, detail: detail.into() }
    }
}

impl LeadPatch {
    /// The same without spaces around texts, if nothing is wrong with it.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the fields.
    pub fn checked(mut self) -> Result<Self, Vec<LeadFlaw>> {
        let mut flaws = Vec::new();
        for (place, text, chars_max) in [
            ("email", &mut self.email, EMAIL_BYTES_MAX),
            ("name", &mut self.name, NAME_CHARS_MAX),
            ("phone", &mut self.phone, PHONE_CHARS_MAX),
            ("company", &mut self.company, NAME_CHARS_MAX),
            ("source", &mut self.source, SOURCE_BYTES_MAX),
        ] {
            let Some(text) = text else { continue };
            *text = text.trim().to_owned();
            if text.chars().count() > chars_max {
                flaws.push(LeadFlaw::new(place, "too_long", format!("{place} has more than {chars_max} characters")));
            } else if text.chars().any(char::is_control) {
                flaws.push(LeadFlaw::new(place, "invalid", format!("{place} holds a control character")));
            }
        }
        if self.email.as_deref().is_some_and(|email| !email.is_empty() && !is_email(email)) {
            let detail = "email must be an e-mail address, such as ada@example.com";
            flaws.push(LeadFlaw::new("email", "invalid", detail));
        }
        if self.source.as_deref().is_some_and(|source| source.is_empty() || source.len() > SOURCE_BYTES_MAX) {
            flaws.push(LeadFlaw::new("source", "invalid", format!("source has 1 to {SOURCE_BYTES_MAX} bytes")));
        }
        flaws.extend(self.value_flaws());
        if flaws.is_empty() { Ok(self) } else { Err(flaws) }
    }

    fn value_flaws(&self) -> Vec<LeadFlaw> {
        let bytes: usize = self.fields.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
        if self.fields.len() > VALUES_MAX || bytes > VALUES_BYTES_MAX {
            let detail =
                format!("at most {VALUES_MAX} values of {VALUES_BYTES_MAX} bytes together are written at once");
            return vec![LeadFlaw::new("fields", "too_many", detail)];
        }
        self.fields.iter().filter_map(|(name, value)| value_flaw(name, value)).collect()
    }

    /// Whether it writes custom values, and does not only remove some.
    pub(super) fn adds_values(&self) -> bool {
        self.fields.values().any(|value| !value.is_null())
    }

    /// Whether a lead that is made of it is known by anything.
    #[must_use]
    pub fn names_somebody(&self) -> bool {
        [&self.email, &self.name, &self.phone, &self.company]
            .into_iter()
            .any(|text| text.as_deref().is_some_and(|text| !text.is_empty()))
    }
}

fn value_flaw(name: &str, value: &Value) -> Option<LeadFlaw> {
    let place = format!("fields/{}", name.chars().take(FIELD_BYTES_MAX).collect::<String>());
    if !is_field_name(name) {
        let detail =
            format!("a field is called by a letter, then letters, digits and _, at most {FIELD_BYTES_MAX} bytes");
        return Some(LeadFlaw::new(place, "bad_name", detail));
    }
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) if text.len() > VALUE_BYTES_MAX => {
            Some(LeadFlaw::new(place, "too_long", format!("{name} is longer than {VALUE_BYTES_MAX} bytes")))
        }
        Value::String(text) if text.contains('\0') => {
            Some(LeadFlaw::new(place, "invalid", format!("{name} holds a NUL character")))
        }
        Value::String(_) => None,
        Value::Array(_) | Value::Object(_) => {
            Some(LeadFlaw::new(place, "wrong_type", format!("{name} must be a text, a number, or true or false")))
        }
    }
}

/// As in forms: they start executions with it.
pub(super) fn is_field_name(name: &str) -> bool {
    name.len() <= FIELD_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One `@`, something before it, and a name with a dot or `localhost` behind it. Whether anybody reads it is another
/// question.
pub fn is_email(text: &str) -> bool {
    let Some((before, after)) = text.rsplit_once('@') else { return false };
    let is_plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c == '@');
    let is_host = after.contains('.') && after.split('.').all(|label| !label.is_empty());
    text.len() <= EMAIL_BYTES_MAX && is_plain(before) && is_plain(after) && is_host
}

/// By which two addresses are the same.
pub(super) fn email_key(email: &str) -> String {
    email.to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flaws(patch: LeadPatch) -> Vec<String> {
        let flaws = patch.checked().err().unwrap_or_default().into_iter();
        flaws.map(|flaw| format!("{} {}", flaw.place, flaw.code)).collect()
    }

    #[test]
    fn every_flaw_is_found_with_its_place() {
        let text = |text: &str| Some(text.to_owned());
        let fields = json!({ "ok": 1, "1st": 2, "list": [1], "long": "x".repeat(20_001), "gone": null });
        let patch = LeadPatch {
            email: text("nobody"),
            name: text(&"x".repeat(201)),
            phone: text("1\u{7}2"),
            source: text(" "),
            fields: fields.as_object().unwrap().clone(),
            ..LeadPatch::default()
        };
        let found = flaws(patch);
        assert_eq!(
            found,
            [
                "name too_long",
                "phone invalid",
                "email invalid",
                "source invalid",
                "fields/1st bad_name",
                "fields/list wrong_type",
                "fields/long too_long",
            ]
        );
        let many = (0..201).map(|n| (format!("f{n}"), json!(1))).collect();
        assert_eq!(flaws(LeadPatch { fields: many, ..LeadPatch::default() }), ["fields too_many"]);
    }

    #[test]
    fn addresses_are_the_same_whatever_their_case_and_spaces() {
        let patch = LeadPatch { email: Some("  Ada@Example.COM ".into()), ..LeadPatch::default() }.checked().unwrap();
        assert_eq!(patch.email.as_deref(), Some("Ada@Example.COM"));
        assert_eq!(email_key("Ada@Example.COM"), "ada@example.com");
        for bad in ["a@b", "a b@example.com", "@example.com", "a@", "a@@example.com", "a@.com", "a@example..com"] {
            assert_eq!(
                flaws(LeadPatch { email: Some(bad.into()), ..LeadPatch::default() }),
                ["email invalid"],
                "{bad}"
            );
        }
    }
}
