//! Notes on the canvas, and those of steps: nothing reads them but people, so what is wrong with one is told and stops nothing.

use std::collections::HashSet;

use serde_json::Value;

use super::{FINDINGS_MAX, Finding, Severity};
use crate::core::compile::is_node_id;

/// Most notes on the canvas of a graph.
pub const NOTES_MAX: usize = 200;
/// Longest text of a note on the canvas, in characters.
pub const NOTE_CHARS_MAX: usize = 4_000;
/// Longest note of a step, in characters.
pub const STEP_NOTE_CHARS_MAX: usize = 2_000;
/// Longest side of a note on the canvas, in its pixels.
pub const NOTE_PX_MAX: f64 = 4_000.0;
/// The colours that a note may have; a theme says how they look.
pub const NOTE_COLORS: [&str; 6] = ["yellow", "blue", "green", "red", "violet", "gray"];

const HINT: &str = "see Notes in docs/graphs.md; it is kept as it is, and nothing that runs looks at it";

/// What is wrong with the notes of a document: at most one finding for each, and [`FINDINGS_MAX`] in all.
pub(super) fn findings(document: &Value) -> Vec<Finding> {
    let mut found = match document.get("notes") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(notes)) => of_canvas(notes),
        Some(_) => vec![told(None, "the notes of the graph are no list".to_owned())],
    };
    let nodes = document.get("nodes").and_then(Value::as_array).into_iter().flatten();
    found.extend(nodes.filter_map(of_step).take(FINDINGS_MAX));
    found.truncate(FINDINGS_MAX);
    found
}

fn of_canvas(notes: &[Value]) -> Vec<Finding> {
    let mut found = Vec::new();
    if notes.len() > NOTES_MAX {
        found.push(told(None, format!("the graph has {} notes; {NOTES_MAX} are meant to be the most", notes.len())));
    }
    let mut ids = HashSet::new();
    let flaws = notes.iter().enumerate().filter_map(|(index, note)| {
        let id = note.get("id").and_then(Value::as_str).unwrap_or_default();
        let flaw =
            if id.is_empty() || ids.insert(id) { flaw(note, id)? } else { "has the id of another note".to_owned() };
        Some(told(None, format!("the note at /notes/{index} {flaw}")))
    });
    found.extend(flaws.take(FINDINGS_MAX));
    found
}

/// The first thing that is wrong with a note.
fn flaw(note: &Value, id: &str) -> Option<String> {
    if !note.is_object() {
        return Some("is no object".to_owned());
    }
    if !is_node_id(id) {
        return Some("needs an id of 1 to 100 letters, digits, `_` or `-`".to_owned());
    }
    match note.get("text").and_then(Value::as_str).map(|text| text.chars().count()) {
        None => return Some("has no text".to_owned()),
        Some(chars) if chars > NOTE_CHARS_MAX => {
            return Some(format!("has {chars} characters; {NOTE_CHARS_MAX} are meant to be the most"));
        }
        Some(_) => {}
    }
    let is_number = |field: &str, axis: &str| note.get(field).and_then(|of| of.get(axis)).is_some_and(Value::is_number);
    if !["x", "y"].iter().all(|axis| is_number("position", axis)) {
        return Some("has no position of x and y".to_owned());
    }
    let is_side = |side: &str| {
        let px = note.get("size").and_then(|size| size.get(side)).and_then(Value::as_f64);
        px.is_some_and(|px| px > 0.0 && px <= NOTE_PX_MAX)
    };
    let has = |field: &str| note.get(field).is_some_and(|value| !value.is_null());
    if has("size") && !["width", "height"].iter().all(|side| is_side(side)) {
        return Some(format!("needs a width and a height of at most {NOTE_PX_MAX}"));
    }
    let color = note.get("color").and_then(Value::as_str).unwrap_or_default();
    if has("color") && !NOTE_COLORS.contains(&color) {
        return Some(format!("has a colour that is none of {}", NOTE_COLORS.join(", ")));
    }
    None
}

fn of_step(node: &Value) -> Option<Finding> {
    let id = node.get("id").and_then(Value::as_str)?;
    let note = node.get("data")?.get("note").filter(|note| !note.is_null())?;
    let Some(text) = note.as_str() else {
        return Some(told(Some(id), format!("the note of step {id:?} is no text")));
    };
    let chars = text.chars().count();
    let detail =
        || format!("the note of step {id:?} has {chars} characters; {STEP_NOTE_CHARS_MAX} are meant to be the most");
    (chars > STEP_NOTE_CHARS_MAX).then(|| told(Some(id), detail()))
}

fn told(node: Option<&str>, detail: String) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "bad_note",
        node_id: node.map(str::to_owned),
        edge_id: None,
        detail,
        hint: HINT.to_owned(),
        path: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        let size = json!({ "width": 240, "height": 120 });
        json!({ "id": "note", "text": "", "position": { "x": -8, "y": 0.5 }, "size": size, "color": "blue" })
    }

    #[track_caller]
    fn check(document: &Value, expected: &[&str]) {
        let found = findings(document);
        let details: Vec<_> = found.iter().map(|finding| finding.detail.as_str()).collect();
        let fits = details.iter().zip(expected).all(|(detail, words)| detail.contains(words));
        assert!(fits && details.len() == expected.len(), "{details:?}");
        assert!(found.iter().all(|finding| finding.severity == Severity::Warning && finding.code == "bad_note"));
    }

    #[test]
    fn notes_as_the_editor_writes_them_are_fine() {
        let bare = json!({ "id": "n2", "text": "x".repeat(NOTE_CHARS_MAX), "position": { "x": 0, "y": 0 }, "more": 1 });
        for notes in [json!([good(), bare]), json!([]), Value::Null] {
            check(&json!({ "notes": notes }), &[]);
        }
        check(&json!({ "nodes": [{ "id": "a", "data": { "note": "ä".repeat(STEP_NOTE_CHARS_MAX) } }, 5] }), &[]);
    }

    #[test]
    fn whatever_is_wrong_with_a_note_is_told_once() {
        check(&json!({ "notes": "none" }), &["are no list"]);
        for (field, value, words) in [
            ("id", json!("a b"), "needs an id"),
            ("id", json!(7), "needs an id"),
            ("text", Value::Null, "has no text"),
            ("text", json!("x".repeat(NOTE_CHARS_MAX + 1)), "4001 characters"),
            ("position", json!({ "x": 1 }), "has no position"),
            ("size", json!({ "width": 0, "height": 5 }), "needs a width"),
            ("size", json!({ "width": 5, "height": 4_001 }), "needs a width"),
            ("color", json!("mauve"), "a colour that is none of yellow"),
        ] {
            let mut note = good();
            note[field] = value;
            check(&json!({ "notes": [note] }), &[words]);
        }
        check(&json!({ "notes": [good(), 5, good()] }), &["/notes/1 is no object", "/notes/2 has the id of another"]);
        let step = json!({ "id": "a", "data": { "note": "x".repeat(STEP_NOTE_CHARS_MAX + 1) } });
        check(&json!({ "nodes": [step, { "id": "b", "data": { "note": 1 } }] }), &["step \"a\" has", "is no text"]);
    }

    #[test]
    fn however_many_there_are_the_list_of_findings_has_an_end() {
        let many: Vec<_> = (0..NOTES_MAX + 1).map(|ix| json!({ "id": format!("n{ix}") })).collect();
        let found = findings(&json!({ "notes": many }));
        assert_eq!(found.len(), FINDINGS_MAX);
        assert!(found[0].detail.contains("201 notes"), "{}", found[0].detail);
    }
}
