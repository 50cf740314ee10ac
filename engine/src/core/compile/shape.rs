//! Size, depth and characters of the raw document, before anything is read from it.

use std::io;

use serde_json::Value;

use super::{DEPTH_MAX, DOCUMENT_BYTES_MAX, Problems};

/// Whether the document may be read further; if not, `problems` says why.
pub(super) fn check(document: &Value, problems: &mut Problems) -> bool {
    if !is_shallow(document, DEPTH_MAX) {
        let detail = format!("the graph is nested more than {DEPTH_MAX} deep");
        problems.add("too_deep", String::new(), detail, "flatten the config");
        return false;
    }
    let bytes = json_bytes(document);
    if bytes > DOCUMENT_BYTES_MAX {
        let detail = format!("the graph has {bytes} bytes; {DOCUMENT_BYTES_MAX} are allowed");
        problems.add("document_too_large", String::new(), detail, "split the graph, or move data out of configs");
        return false;
    }
    find_nul(document, &mut String::new(), problems);
    true
}

fn is_shallow(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return false };
    match value {
        Value::Array(items) => items.iter().all(|item| is_shallow(item, below)),
        Value::Object(fields) => fields.values().all(|item| is_shallow(item, below)),
        _ => true,
    }
}

/// Length of `value` as compact JSON.
pub(in crate::core) fn json_bytes(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
}

fn find_nul(value: &Value, pointer: &mut String, problems: &mut Problems) {
    let length = pointer.len();
    match value {
        Value::String(text) => report_nul(text, pointer, problems),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                find_nul(item, pointer, problems);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                report_nul(key, pointer, problems);
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                find_nul(item, pointer, problems);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

fn report_nul(text: &str, pointer: &str, problems: &mut Problems) {
    if text.contains('\0') {
        let detail = format!("{pointer} holds a NUL character, which cannot be stored");
        problems.add("nul_character", pointer.into(), detail, "remove the character");
    }
}
