//! What cases of workflows came to.

use serde_json::json;

use super::{line, printable};
use crate::test::{Fault, Ran};

/// Prints what one case came to, with what was expected and did not come.
pub(crate) fn print(ran: &Ran<'_>, json: bool) {
    let Ran { file, case, status, path, mismatches } = ran;
    let passed = mismatches.is_empty();
    if json {
        let told = json!({
            "file": file,
            "case": case,
            "passed": passed,
            "status": status,
            "path": path,
            "mismatches": mismatches,
        });
        line(&told.to_string());
        return;
    }
    line(&format!("{} {}: {}", if passed { '✓' } else { '✗' }, printable(file), printable(case)));
    for mismatch in mismatches {
        line(&format!("    {}", printable(&mismatch.field)));
        line(&format!("      expected  {}", printable(&mismatch.expected)));
        line(&format!("      came      {}", printable(&mismatch.came)));
    }
}

/// Prints how many passed.
pub(crate) fn print_summary(passed: usize, failed: usize, files: usize, json: bool) {
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let words = || {
        let (cases, files) = (count(passed + failed, "case"), count(files, "file"));
        format!("{cases} in {files}: {passed} passed, {failed} failed")
    };
    line(&if json { json!({ "passed": passed, "failed": failed, "files": files }).to_string() } else { words() });
}

/// Prints everything that is wrong with the files.
pub(crate) fn print_faults(faults: &[Fault], json: bool) {
    if json {
        let told = |Fault { file, case, problem }: &Fault| {
            let mut told = json!(problem);
            told["file"] = json!(file);
            told["case"] = json!(case);
            told
        };
        line(&json!({ "valid": false, "problems": faults.iter().map(told).collect::<Vec<_>>() }).to_string());
        return;
    }
    for Fault { file, case, problem } in faults {
        let case = case.as_ref().map(|case| format!(", case {case:?}")).unwrap_or_default();
        let place = match (&problem.node_id, problem.pointer.as_str()) {
            (Some(node), _) => format!(", node {node}"),
            (None, "") => String::new(),
            (None, pointer) => format!(", at {pointer}"),
        };
        line(&format!("{}: {}", printable(&format!("{file}{case}{place}")), printable(&problem.detail)));
        line(&format!("   {}", printable(&problem.hint)));
    }
}
