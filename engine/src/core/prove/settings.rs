//! Settings of a document that nothing reads: kept as they are, and told.

use serde_json::Value;

use super::{FINDINGS_MAX, Finding, Proof, Severity, notes};
use crate::core::compile::SETTINGS;

/// Longest part of a name that is told, in characters.
const NAME_CHARS_MAX: usize = 100;

impl Proof {
    /// The same with what is found out about the document that the graph was compiled from.
    #[must_use]
    pub fn with_document(mut self, document: &Value) -> Self {
        let fields = document.get("settings").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys());
        let unknown = fields.filter(|field| !SETTINGS.contains(&field.as_str()));
        self.findings.extend(unknown.take(FINDINGS_MAX).map(|field| told(field)));
        self.findings.extend(notes::findings(document));
        self.findings.sort_by_key(|finding| finding.severity);
        self.findings.truncate(FINDINGS_MAX);
        self
    }
}

fn told(field: &str) -> Finding {
    let name: String = field.chars().take(NAME_CHARS_MAX).collect();
    Finding {
        severity: Severity::Warning,
        code: "unknown_setting",
        node_id: None,
        edge_id: None,
        detail: format!("the settings have a field {name:?} that nothing reads"),
        hint: format!("correct its name, or remove it; there are {}", SETTINGS.join(", ")),
        path: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_nothing_reads_are_told_behind_what_is_worse() {
        let bad = |severity| Finding { severity, code: "other", ..told("x") };
        let proof = Proof {
            complete: true,
            explored: 0,
            left_out: Vec::new(),
            findings: vec![bad(Severity::Error), bad(Severity::Note)],
            steps_max: None,
            attempts_max: None,
        };
        let settings = json!({ "timeout_ms": 5, "timeout": 5, "flow": null, "concurrency": null });
        let found = proof.clone().with_document(&json!({ "settings": settings })).findings;
        let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["other", "unknown_setting", "other"]);
        assert!(found[1].detail.contains("\"timeout\"") && found[1].hint.contains("timeout_ms"), "{:?}", found[1]);
        for nothing in [json!({}), json!({ "settings": null }), json!({ "settings": { "timeout_ms": 5 } })] {
            assert_eq!(proof.clone().with_document(&nothing).findings.len(), 2, "{nothing}");
        }
    }
}
