//! Workflow files: read with every limit, so that any file gives a document or a problem.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use capstan_engine::core::problem::Problem;
use serde_json::Value;

/// Largest file that is read; the limit of the document itself is on its compact form.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The document in the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Value, Box<Problem>> {
    parse(&text(path)?)
}

/// The text of the file at `path`.
pub(crate) fn text(path: &Path) -> Result<String, Box<Problem>> {
    let name = path.display();
    let unreadable = |error: std::io::Error| {
        problem(
            "unreadable_file",
            format!("{name} cannot be read: {error}"),
            "name a workflow file, such as workflow.json",
        )
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let detail = format!("{name} is larger than {FILE_BYTES_MAX} bytes");
        return Err(problem("file_too_large", detail, "move data out of the graph, into the input"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let detail = format!("{name} is not UTF-8 at byte {}", error.utf8_error().valid_up_to());
        problem("not_utf8", detail, "save the file as UTF-8")
    })
}

/// The document that `text` holds.
pub(crate) fn parse(text: &str) -> Result<Value, Box<Problem>> {
    if let Some(at) = text.find('\0') {
        return Err(problem("nul", format!("the file holds a NUL at byte {at}"), "remove it"));
    }
    serde_json::from_str(text).map_err(|error| {
        problem("not_json", format!("the file is not JSON: {error}"), "correct the file at that line and column")
    })
}

/// A problem of the file as a whole.
pub(crate) fn problem(code: &str, detail: String, hint: &str) -> Box<Problem> {
    Box::new(Problem {
        code: code.into(),
        node_id: None,
        edge_id: None,
        pointer: String::new(),
        detail,
        hint: hint.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_file_is_a_problem_with_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.json");
        let deep = "[".repeat(100_000);
        for (content, code) in [
            (&b"{"[..], "not_json"),
            (&b"{\"a\": \"\0\"}"[..], "nul"),
            (&b"\"\xff\""[..], "not_utf8"),
            (deep.as_bytes(), "not_json"),
            (&vec![b' '; usize::try_from(FILE_BYTES_MAX).unwrap() + 1], "file_too_large"),
        ] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read(&path).unwrap_err().code, code);
        }
        assert_eq!(read(&folder.path().join("none")).unwrap_err().code, "unreadable_file");
        assert_eq!(read(folder.path()).unwrap_err().code, "unreadable_file");
    }
}
