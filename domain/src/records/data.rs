//! What a record may hold.

use serde_json::{Map, Value};

use super::act::RecordFlaw;

/// Most bytes of the data of a record, as JSON: an event that tells of it holds all of them.
const DATA_BYTES_MAX: usize = 32 * 1024;
/// Most fields of it, those within others not counted.
const FIELDS_MAX: usize = 200;
/// Longest name of such a field, in bytes.
const FIELD_BYTES_MAX: usize = 100;

/// The first thing wrong with data.
pub(super) fn check(data: &Map<String, Value>) -> Result<(), RecordFlaw> {
    let flaw = |code, detail| Err(RecordFlaw::new("/data", code, detail));
    if data.len() > FIELDS_MAX {
        return flaw("too_many", format!("a record has at most {FIELDS_MAX} fields, this one {}", data.len()));
    }
    let is_good = |name: &String| (1..=FIELD_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control);
    if data.keys().any(|name| !is_good(name)) {
        let detail = format!("the name of a field has 1 to {FIELD_BYTES_MAX} bytes and no control characters");
        return flaw("bad_name", detail);
    }
    let bytes = serde_json::to_string(data).map_or(usize::MAX, |text| text.len());
    if bytes > DATA_BYTES_MAX {
        return flaw("too_long", format!("the data of a record has at most {DATA_BYTES_MAX} bytes, this {bytes}"));
    }
    Ok(())
}

/// Data after a change, and the names of what is other than before, in their order.
pub(super) fn merged(old: &Value, change: Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let mut data = old.as_object().cloned().unwrap_or_default();
    let mut changed = Vec::new();
    for (name, value) in change {
        let before = data.get(&name);
        if value.is_null() {
            if before.is_some() {
                data.remove(&name);
                changed.push(name);
            }
        } else if before != Some(&value) {
            data.insert(name.clone(), value);
            changed.push(name);
        }
    }
    (data, changed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn data_has_bounds_at_which_it_is_just_good() {
        // Braces, quotes, the name and the colon are eight bytes.
        for (bytes, code) in [(DATA_BYTES_MAX, None), (DATA_BYTES_MAX + 1, Some("too_long"))] {
            let found = check(&object(json!({ "a": "x".repeat(bytes - 8) }))).err().map(|flaw| flaw.code);
            assert_eq!(found, code, "{bytes}");
        }
        let many = |count: usize| (0..count).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(check(&many(FIELDS_MAX)), Ok(()));
        assert_eq!(check(&many(FIELDS_MAX + 1)).unwrap_err().code, "too_many");
        for name in ["", "a\nb", "n".repeat(101).as_str()] {
            assert_eq!(check(&object(json!({ name: 1 }))).unwrap_err().code, "bad_name", "{name:?}");
        }
    }

    #[test]
    fn a_change_is_merged_by_name_and_null_removes() {
        let change = object(json!({ "a": 1, "b": null, "c": { "d": 2 }, "e": null }));
        let (data, changed) = merged(&json!({ "a": 1, "b": 2, "c": 3 }), change);
        assert_eq!(data, object(json!({ "a": 1, "c": { "d": 2 } })));
        assert_eq!(changed, ["b", "c"]);
    }
}
