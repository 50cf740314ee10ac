//! Fields of a config that are taken as they are, such as code: `{{` in them begins no expression.
//!
//! In a compiled graph such a text is kept in pieces, cut between the two braces, so that whoever looks for expressions
//! finds none. Whoever runs the node puts it together again.

use std::borrow::Cow;

use serde_json::Value;

/// What begins an expression, and where it is cut.
const OPENING: &str = "{{";
const CUT_AT: usize = 1;

/// The config with its raw `fields` in pieces, as far as something in them looks like an expression.
pub(super) fn apart(config: &Value, fields: &[&str]) -> Value {
    let mut config = config.clone();
    for field in fields {
        if let Some(Value::String(text)) = config.get_mut(field)
            && text.contains(OPENING)
        {
            let pieces = pieces(text);
            config[*field] = pieces;
        }
    }
    config
}

fn pieces(text: &str) -> Value {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPENING) {
        let (piece, after) = rest.split_at(at + CUT_AT);
        pieces.push(Value::from(piece));
        rest = after;
    }
    pieces.push(Value::from(rest));
    Value::Array(pieces)
}

/// The config with its raw `fields` as they were written.
#[must_use]
pub fn together<'c>(config: &'c Value, fields: &[impl AsRef<str>]) -> Cow<'c, Value> {
    let mut whole = Cow::Borrowed(config);
    for field in fields {
        if let Some(Value::Array(pieces)) = config.get(field.as_ref()) {
            whole.to_mut()[field.as_ref()] = pieces.iter().filter_map(Value::as_str).collect::<String>().into();
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::expression::has_expressions;

    #[test]
    fn a_raw_field_holds_no_expression_and_comes_back_as_it_was() {
        for text in ["", "return 1", "{{", "{{{{{", "a {{ b }} c", "if (x) {{{ y() }}}", "ä{{ö"] {
            let config = json!({"code": text, "input": "{{ input }}"});
            let taken = apart(&config, &["code"]);
            assert!(!has_expressions(&taken["code"]) && has_expressions(&taken["input"]), "{taken}");
            assert_eq!(*together(&taken, &["code"]), config);
        }
    }

    #[test]
    fn other_fields_stay_as_they_are() {
        let config = json!({"items": ["a", "b"], "text": "{{ input }}", "code": 7});
        assert_eq!(apart(&config, &["code", "more"]), config);
        assert_eq!(*together(&config, &["code", "more"]), config);
    }
}
