//! The forms in which a program may write a secret.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Shorter ones of base64 are found everywhere.
const BASE64_CHARS_MIN: usize = 6;
/// Documents of JSON within texts of such that are looked into.
const JSON_DEPTH_MAX: usize = 3;
/// Bits of a character of base64.
const BASE64_BITS: usize = 6;

/// The secret itself and all its forms, each once.
pub(super) fn forms(secret: &str) -> Vec<String> {
    let json = json(secret);
    let mut forms = vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
        wary_json(secret),
        secret.escape_debug().to_string(),
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        html(secret, "&#39;"),
        html(secret, "&#x27;"),
        html(secret, "&#039;"),
        percent(secret, is_query, "%20", true),
        STANDARD.encode(secret),
        URL_SAFE.encode(secret),
    ];
    forms.extend(json_in_json(secret));
    for keeps in [is_unreserved, is_component, is_segments] {
        forms.extend([true, false].map(|upper| percent(secret, keeps, "%20", upper)));
    }
    for keeps in [is_unreserved, is_form] {
        forms.extend([true, false].map(|upper| percent(secret, keeps, "+", upper)));
    }
    forms.extend((0..3).flat_map(|offset| base64_within(secret, offset)));
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// As base64 has it where `offset` bytes, modulo 3, come before it, and anything after it: the characters that are its alone.
fn base64_within(secret: &str, offset: usize) -> Vec<String> {
    let shifted = [&[0; 2][..offset], secret.as_bytes()].concat();
    let begin = (offset * 8).div_ceil(BASE64_BITS);
    let end = shifted.len() * 8 / BASE64_BITS;
    let encoded = [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)];
    let own = encoded.into_iter().map(|text| text[begin.min(end)..end].to_owned());
    own.filter(|text| text.len() >= BASE64_CHARS_MIN).collect()
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As JSON, as JSON in JSON and so on: each with all characters, or in ASCII from some depth on.
fn json_in_json(secret: &str) -> Vec<String> {
    let (mut all, mut plain, mut in_ascii) = (Vec::new(), secret.to_owned(), Vec::<String>::new());
    for _ in 0..JSON_DEPTH_MAX {
        in_ascii = in_ascii.iter().map(|text| json(text)).collect();
        in_ascii.push(ascii_json(&plain));
        plain = json(&plain);
        all.push(plain.clone());
        all.extend(in_ascii.iter().cloned());
    }
    all
}

/// As JSON that nobody mistakes for HTML, as .NET writes it.
fn wary_json(text: &str) -> String {
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'\\') => escaped.push_str("\\\\"),
            Ok(byte) if (b' '..0x7f).contains(&byte) && !b"\"&'+<>`".contains(&byte) => escaped.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => _ = write!(escaped, "\\u{unit:04X}"),
        }
    }
    escaped
}

/// As JSON for channels that carry ASCII only.
fn ascii_json(text: &str) -> String {
    let mut escaped = String::new();
    for unit in json(text).encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => _ = write!(escaped, "\\u{unit:04x}"),
        }
    }
    escaped
}

/// As an attribute may have it; programs differ in how they write an apostrophe.
fn html(text: &str, apostrophe: &str) -> String {
    let within = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    within.replace('"', "&quot;").replace('\'', apostrophe)
}

fn percent(text: &str, keeps: fn(u8) -> bool, space: &str, upper: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            byte if keeps(byte) => encoded.push(char::from(byte)),
            byte if upper => _ = write!(encoded, "%{byte:02X}"),
            byte => _ = write!(encoded, "%{byte:02x}"),
        }
    }
    encoded
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What `encodeURIComponent` of JavaScript keeps.
fn is_component(byte: u8) -> bool {
    is_unreserved(byte) || b"!*'()".contains(&byte)
}

/// What stays of several segments of a path.
fn is_segments(byte: u8) -> bool {
    is_unreserved(byte) || byte == b'/'
}

/// What forms keep by the standard of browsers; others write a tilde as it is.
fn is_form(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"*-._".contains(&byte)
}

/// What an address keeps as it is.
fn is_query(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>'".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_forms_that_programs_write() {
        let forms = forms("a\"b/c é&+1");
        for form in
            ["a\"b/c é&+1", "a\\\"b/c é&+1", "a\\\"b\\/c é&+1", "a\\\"b/c \\u00e9&+1", "a%22b%2Fc%20%C3%A9%26%2B1"]
        {
            assert!(forms.iter().any(|known| known == form), "{form} is not among {forms:#?}");
        }
        for form in ["a%22b%2fc%20%c3%a9%26%2b1", "a%22b%2Fc+%C3%A9%26%2B1", "a&quot;b/c é&amp;+1", "a\\\\\\\"b/c é&+1"]
        {
            assert!(forms.iter().any(|known| known == form), "{form} is not among {forms:#?}");
        }
    }

    #[test]
    fn json_is_known_as_deep_as_it_is_and_as_others_write_it() {
        let forms = forms("\"é<+");
        for form in [
            r#"\"é<+"#,
            r#"\"\u00e9<+"#,
            r#"\\\"é<+"#,
            r#"\\\"\u00e9<+"#,
            r#"\\\"\\u00e9<+"#,
            r#"\\\\\\\"é<+"#,
            r#"\\\\\\\"\u00e9<+"#,
            r#"\\\\\\\"\\u00e9<+"#,
            r#"\\\\\\\"\\\\u00e9<+"#,
            // Go, .NET.
            r#"\"é\u003c+"#,
            r"\u0022\u00E9\u003C\u002B",
        ] {
            assert!(forms.iter().any(|known| known == form), "{form} is not among {forms:#?}");
        }
    }

    #[test]
    fn programs_that_escape_otherwise_are_known_too() {
        let forms = forms("it's <~/(*)>");
        for form in [
            // JavaScript's encodeURIComponent, Python's quote and quote_plus, forms of browsers.
            "it's%20%3C~%2F(*)%3E",
            "it%27s%20%3C~/%28%2A%29%3E",
            "it%27s+%3C~%2F%28%2A%29%3E",
            "it%27s+%3C%7E%2F%28*%29%3E",
            // Text of HTML, attributes of Rust's, Python's and PHP's libraries.
            "it's &lt;~/(*)&gt;",
            "it&#39;s &lt;~/(*)&gt;",
            "it&#x27;s &lt;~/(*)&gt;",
            "it&#039;s &lt;~/(*)&gt;",
        ] {
            assert!(forms.iter().any(|known| known == form), "{form} is not among {forms:#?}");
        }
    }

    #[test]
    fn base64_is_known_wherever_the_secret_stands_in_it() {
        let secret = "Hünter?>22";
        let forms = forms(secret);
        for before in ["", "u", "us", "user:", "a longer text "] {
            for after in ["", "!", "!!", " and so on"] {
                let text = format!("{before}{secret}{after}");
                for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let found = forms.iter().any(|form| form.len() > secret.len() && encoded.contains(form.as_str()));
                    assert!(found, "{text}: {encoded}");
                }
            }
        }
    }
}
