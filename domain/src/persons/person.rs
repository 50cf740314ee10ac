//! A person, known by an e-mail address, in texts and in JSON: what of a value is about the person, and the value without it.
//! Pure; what is exported and what is erased is the same.

use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

/// What stands where something was erased.
pub const ERASED: &str = "[erased]";

/// What of a value is about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The innermost object in which the address stands, with all that is in it: data of people.
    Object,
    /// The texts in which it stands: data of ours, whose shape has to stay.
    Text,
}

/// One that is looked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The address in lower case, and as it stands in a URL or form.
    spellings: Vec<String>,
}

impl Person {
    /// The person of that address, whatever its case.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let key = address.trim().to_lowercase();
        let encoded = byte_serialize(key.as_bytes()).collect::<String>().to_lowercase();
        let spellings = if encoded == key { vec![key] } else { vec![key, encoded] };
        Self { spellings }
    }

    /// Patterns of `LIKE` for JSON and texts in lower case of ASCII: they let through all that may be about the person, and
    /// more where the address has other letters, which a database may not have in lower case.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        let mut patterns: Vec<String> = self.spellings.iter().map(|text| pattern(text)).collect();
        patterns.dedup();
        patterns
    }

    /// Whether the address stands in a text, and not as a part of another address.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.spellings.iter().any(|spelling| {
            text.match_indices(spelling.as_str())
                .any(|(at, found)| !goes_on_before(&text[..at]) && !goes_on_after(&text[at + found.len()..]))
        })
    }

    /// What of `value` is about the person, with a pointer to each (RFC 6901).
    #[must_use]
    pub fn found(&self, value: &Value, reach: Reach) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        let is_open = self.look(value, reach, &mut String::new(), &mut found);
        if is_open {
            found.push((String::new(), value.clone()));
        }
        found
    }

    /// Erases what of `value` is about the person; whether there was anything. Done again, there is nothing.
    pub fn erase(&self, value: &mut Value, reach: Reach) -> bool {
        let pointers: Vec<String> = self.found(value, reach).into_iter().map(|(pointer, _)| pointer).collect();
        for pointer in &pointers {
            if let Some(part) = value.pointer_mut(pointer) {
                blank(part);
            }
        }
        self.rename_keys(value) | !pointers.is_empty()
    }

    /// Whether a text in `value` is about the person that no object in it takes to itself.
    fn look(&self, value: &Value, reach: Reach, at: &mut String, found: &mut Vec<(String, Value)>) -> bool {
        match value {
            Value::String(text) => self.is_in(text),
            Value::Array(items) => {
                let (length, mut open) = (at.len(), Vec::new());
                for (index, item) in items.iter().enumerate() {
                    at.push_str(&format!("/{index}"));
                    if self.look(item, reach, at, found) {
                        open.push((at.clone(), item.clone()));
                    }
                    at.truncate(length);
                }
                // The list's object takes them, if there is one.
                let is_taken = reach == Reach::Object && !at.is_empty() && !open.is_empty();
                if !is_taken {
                    found.extend(open);
                }
                is_taken
            }
            Value::Object(fields) => {
                self.look_into(fields, value, reach, at, found);
                false
            }
            _ => false,
        }
    }

    fn look_into(
        &self,
        fields: &Map<String, Value>,
        whole: &Value,
        reach: Reach,
        at: &mut String,
        found: &mut Vec<(String, Value)>,
    ) {
        let (length, before) = (at.len(), found.len());
        let mut is_open = reach == Reach::Object && fields.keys().any(|key| self.is_in(key));
        for (key, field) in fields {
            at.push('/');
            at.push_str(&key.replace('~', "~0").replace('/', "~1"));
            if self.look(field, reach, at, found) {
                match reach {
                    Reach::Object => is_open = true,
                    Reach::Text => found.push((at.clone(), field.clone())),
                }
            }
            at.truncate(length);
        }
        if is_open {
            found.truncate(before);
            found.push((at.clone(), whole.clone()));
        }
    }

    fn rename_keys(&self, value: &mut Value) -> bool {
        match value {
            Value::Array(items) => items.iter_mut().fold(false, |any, item| self.rename_keys(item) | any),
            Value::Object(fields) => {
                let mut any = fields.values_mut().fold(false, |any, field| self.rename_keys(field) | any);
                let named: Vec<String> = fields.keys().filter(|key| self.is_in(key)).cloned().collect();
                for key in named {
                    let field = fields.remove(&key).unwrap_or_default();
                    let mut names = (1..).map(|number| match number {
                        1 => ERASED.to_owned(),
                        _ => format!("{ERASED} {number}"),
                    });
                    if let Some(free) = names.find(|name| !fields.contains_key(name)) {
                        fields.insert(free, field);
                    }
                    any = true;
                }
                any
            }
            _ => false,
        }
    }
}

/// Puts [`ERASED`] in place of all texts and numbers.
pub fn blank(value: &mut Value) {
    match value {
        Value::String(_) | Value::Number(_) => *value = Value::String(ERASED.into()),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Null | Value::Bool(_) => {}
    }
}

/// What has to stand in a text in which `spelling` stands: all of it, or of other letters than ASCII, or those that JSON
/// writes otherwise, its longest part without.
fn pattern(spelling: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "@.-_+%".contains(letter);
    let parts = spelling.split(|letter| !is_plain(letter));
    let longest = parts.max_by_key(|part| part.len()).unwrap_or_default();
    let escaped: String = longest
        .chars()
        .flat_map(|letter| (letter == '%' || letter == '_').then_some('\\').into_iter().chain([letter]))
        .collect();
    format!("%{escaped}%")
}

/// Whether an address that follows on this text begins in it. Where that cannot be told, it does not: rather one too many.
fn goes_on_before(text: &str) -> bool {
    let goes_on = text.chars().next_back().is_some_and(|last| last.is_alphanumeric() || "._+-".contains(last));
    goes_on && !ends_escaped(text.as_bytes())
}

/// Whether a text ends with a letter that is written otherwise: `%20` of a URL, `\n` or `\u003c` of JSON within a text.
fn ends_escaped(text: &[u8]) -> bool {
    matches!(text, [.., b'%', _, _] | [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] | [.., b'\\', b'u', _, _, _, _])
}

/// Whether a host that ends before this text goes on in it.
fn goes_on_after(text: &str) -> bool {
    let mut letters = text.chars();
    match letters.next() {
        Some('.') => letters.next().is_some_and(char::is_alphanumeric),
        Some(letter) => letter.is_alphanumeric() || letter == '-',
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ann() -> Person {
        Person::new(" Ann@Example.org ")
    }

    #[test]
    fn an_address_is_found_in_any_case_and_not_as_a_part_of_another() {
        for (text, expected) in [
            ("ann@example.org", true),
            ("Write to ANN@EXAMPLE.ORG.", true),
            ("<mailto:ann@example.org>", true),
            ("?email=ann%40example.org&x=1", true),
            ("a%20ann%40example.org", true),
            ("ann@example.org, bob@example.org", true),
            ("joann@example.org", false),
            ("dear.ann@example.org", false),
            ("ann@example.org.uk", false),
            ("ann@example.orgs", false),
            ("ann@example.org-x", false),
            ("joann@example.org ann@example.org", true),
            ("", false),
        ] {
            assert_eq!(ann().is_in(text), expected, "{text}");
        }
        assert!(Person::new("Ä@Exämple.org").is_in("an ä@exämple.org"));
    }

    #[test]
    fn patterns_let_through_what_json_may_hold() {
        assert_eq!(ann().patterns(), ["%ann@example.org%", "%ann\\%40example.org%"]);
        assert_eq!(Person::new("a_b@x.org").patterns()[0], "%a\\_b@x.org%");
        assert_eq!(Person::new("\"o\\k\"@x.org").patterns()[0], "%@x.org%");
        assert_eq!(Person::new("ä@exämple.org").patterns()[0], "%mple.org%");
    }

    /// What is found of `value`, and the value without it, in which nothing more is found.
    fn check(value: &Value, reach: Reach, pointers: &[&str], erased: &Value) {
        let mut left = value.clone();
        let found: Vec<String> = ann().found(value, reach).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(found, pointers, "{value}");
        assert_eq!(ann().erase(&mut left, reach), !pointers.is_empty(), "{value}");
        assert_eq!(&left, erased);
        assert!(!ann().erase(&mut left, reach), "{left}");
    }

    #[test]
    fn the_innermost_object_goes_and_others_stay() {
        let ann =
            json!({ "email": "ann@example.org", "name": "Ann", "age": 40, "vip": true, "tags": ["x"], "no": null });
        let gone = json!({ "email": ERASED, "name": ERASED, "age": ERASED, "vip": true, "tags": [ERASED], "no": null });
        let bob = json!({ "email": "bob@example.org", "name": "Bob" });
        check(&ann, Reach::Object, &[""], &gone);
        check(&bob, Reach::Object, &[], &bob);
        check(
            &json!({ "n": 1, "a/b": [bob, ann] }),
            Reach::Object,
            &["/a~1b/1"],
            &json!({ "n": 1, "a/b": [bob, gone] }),
        );
        check(
            &json!({ "to": ["ann@example.org"], "text": "Dear Ann", "meta": { "id": "7" } }),
            Reach::Object,
            &[""],
            &json!({ "to": [ERASED], "text": ERASED, "meta": { "id": ERASED } }),
        );
        check(&json!("by ann@example.org"), Reach::Object, &[""], &json!(ERASED));
        check(&json!(["ann@example.org", "x"]), Reach::Object, &["/0"], &json!([ERASED, "x"]));
        check(&json!({ "ann@example.org": 1, "x": 2 }), Reach::Object, &[""], &json!({ ERASED: ERASED, "x": ERASED }));
    }

    #[test]
    fn of_what_is_ours_the_texts_go_and_the_shape_stays() {
        check(
            &json!({ "error": { "class": "test", "reason": "no ann@example.org here" }, "at": ["x", "ann@example.org"] }),
            Reach::Text,
            &["/at/1", "/error/reason"],
            &json!({ "error": { "class": "test", "reason": ERASED }, "at": ["x", ERASED] }),
        );
    }
}
