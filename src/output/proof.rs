//! What is found out about a valid graph, each finding with the path along which it comes about.

use capstan_engine::core::prove::{Came, Finding, Move, Proof, Severity};
use serde_json::json;

use super::{line, printable};

/// Prints what is found out about the graph in `file`.
pub(crate) fn print(file: &str, proof: &Proof, json: bool) {
    if json {
        line(&json!({ "valid": true, "problems": [], "proof": proof }).to_string());
    } else {
        line(&render(file, proof));
    }
}

fn render(file: &str, proof: &Proof) -> String {
    let mut lines: Vec<String> = proof.findings.iter().flat_map(finding).collect();
    lines.extend(
        proof.left_out.iter().map(|left| format!("left out: node {}, {}", left.node_id, printable(&left.question))),
    );
    let count = |count: Option<u64>| count.map_or("uncounted".to_owned(), |count| count.to_string());
    let (steps, attempts) = (count(proof.steps_max), count(proof.attempts_max));
    lines.push(format!("{file} is valid"));
    lines.push(format!("at most {steps} steps with {attempts} attempts"));
    lines.push(match (proof.complete, proof.findings.len()) {
        (true, 0) => "every path was looked at, and there is nothing to say".to_owned(),
        (true, 1) => "every path was looked at, with 1 finding".to_owned(),
        (true, findings) => format!("every path was looked at, with {findings} findings"),
        (false, findings) => format!("not every path was looked at; so far, {findings} findings"),
    });
    lines.join("\n")
}

fn finding(finding: &Finding) -> Vec<String> {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut lines = vec![
        format!("{severity} {}: {}", finding.code, printable(&finding.detail)),
        format!("   {}", printable(&finding.hint)),
    ];
    lines.extend(finding.path.iter().map(|step| format!("   ├─ {}", printable(&told(step)))));
    if let Some(last) = lines.last_mut().filter(|_| !finding.path.is_empty()) {
        *last = last.replacen('├', "└", 1);
    }
    lines
}

fn told(Move { step, came }: &Move) -> String {
    match came {
        Came::Completed { port, more_ports, closed_edges } => {
            let more: String = more_ports.iter().map(|port| format!(" and {port}")).collect();
            let closed = if closed_edges.is_empty() {
                String::new()
            } else {
                format!(", not along {}", closed_edges.join(", "))
            };
            format!("{step}  completed  port {port}{more}{closed}")
        }
        Came::Failed { class } => format!("{step}  failed  {class}"),
        Came::Opened { items: 1 } => format!("{step}  runs its graph"),
        Came::Opened { items } => format!("{step}  runs its graph {items} times"),
    }
}
