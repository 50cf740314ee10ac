//! Stubs as a request or a case file writes them.

use serde_json::{Map, Value, json};

use super::stub::{Ending, Stub};
use super::stubs::Stubs;

impl Stubs {
    /// All of them, by node or step. What never ended by itself is written as what never ends.
    #[must_use]
    pub fn written(&self) -> Map<String, Value> {
        let written = |outcomes: &[Stub]| match outcomes {
            [one] => write(one),
            more => more.iter().map(write).collect(),
        };
        let mut all: Vec<(&String, Value)> =
            self.outcomes().map(|(name, outcomes)| (name, written(outcomes))).collect();
        all.sort_unstable_by_key(|(name, _)| *name);
        all.into_iter().map(|(name, written)| (name.clone(), written)).collect()
    }
}

fn write(stub: &Stub) -> Value {
    let mut written = match &stub.ending {
        Ending::Output { port, more_ports, output } => output_on(port.as_deref(), more_ports, output),
        Ending::Error { class, reason, is_final: false } => json!({ "error": { "class": class, "reason": reason } }),
        Ending::Error { class, reason, .. } => {
            json!({ "error": { "class": class, "reason": reason, "final": true } })
        }
        Ending::Signal(payload) => json!({ "signal": payload }),
        Ending::Timeout => json!({ "timeout": true }),
        Ending::Lost => json!({ "lost": true }),
        Ending::Never | Ending::Unended => json!({ "never": true }),
    };
    if stub.after_ms > 0 {
        written["after_ms"] = json!(stub.after_ms);
    }
    written
}

fn output_on(port: Option<&str>, more_ports: &[String], output: &Value) -> Value {
    let mut written = json!({ "output": output });
    if let Some(port) = port {
        written["port"] = json!(port);
    }
    if !more_ports.is_empty() {
        written["more_ports"] = json!(more_ports);
    }
    written
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        let written = json!({
            "a": { "output": null },
            "b": [{ "error": { "class": "x", "reason": "y" } }, { "output": 1, "port": "out", "after_ms": 7 }],
            "each[0]/c": { "error": { "class": "x", "reason": "", "final": true } },
            "d": [{ "signal": 1 }, { "timeout": true }],
            "e": [{ "lost": true }, { "never": true }],
            "f": { "output": 1, "port": "a", "more_ports": ["b", "c"] },
        });
        let stubs = Stubs::read(written.as_object().unwrap()).unwrap();
        assert_eq!(Value::Object(stubs.written()), written);
    }
}
