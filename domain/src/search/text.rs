//! The words of what an execution holds.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::leads::words::words;

/// Words, each once, as many as there is room for. What comes first has them first.
pub(super) struct Words {
    kept: BTreeSet<String>,
    most: usize,
}

impl Words {
    pub(super) fn up_to(most: usize) -> Self {
        Self { kept: BTreeSet::new(), most }
    }

    /// Adds the words of a text.
    pub(super) fn add(&mut self, text: &str) {
        for word in words(text) {
            if self.kept.len() >= self.most {
                return;
            }
            self.kept.insert(word);
        }
    }

    /// Adds the words of the values in a JSON text; of one that was cut off, those of all of it.
    pub(super) fn add_json(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(value) => self.add_values(&value),
            // In JSON a line break is a backslash and a letter, which is no part of the word behind it.
            Err(_) => self.add(&text.replace("\\n", " ").replace("\\t", " ").replace("\\r", " ")),
        }
    }

    /// No deeper than the parser lets a value be.
    fn add_values(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Number(number) => self.add(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.add_values(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.add_values(field)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// All of them, with blanks between.
    pub(super) fn joined(&self) -> String {
        self.kept.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, most: usize) -> String {
        let mut words = Words::up_to(most);
        words.add_json(json);
        words.joined()
    }

    #[test]
    fn values_are_words_and_names_of_fields_are_not() {
        let json = r#"{"email":"Ada@Example.com","order":{"no":4711,"paid":true},"lines":["two\nlines",null]}"#;
        assert_eq!(of(json, 100), "4711 ada com example lines two");
        assert_eq!(of("\"Żółć\"", 100), "żółć");
    }

    #[test]
    fn of_what_was_cut_off_all_are_words_and_line_breaks_are_none() {
        assert_eq!(of(r#"{"text":"one\ntwo\tthr"#, 100), "one text thr two");
    }

    #[test]
    fn there_is_room_for_so_many_and_the_first_have_it() {
        let many = (0..50).map(|n| format!("w{n:02}")).collect::<Vec<_>>().join(" ");
        let mut words = Words::up_to(3);
        words.add("first");
        words.add(&many);
        assert_eq!(words.joined(), "first w00 w01");
    }
}
