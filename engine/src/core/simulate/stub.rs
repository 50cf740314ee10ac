//! What stands for one attempt, or for what a wait comes to.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An outcome that is given instead of one that is run for.
#[derive(Clone, Debug, PartialEq)]
pub struct Stub {
    /// What happens.
    pub ending: Ending,
    /// After how long, in milliseconds of virtual time.
    pub after_ms: u64,
}

/// How an attempt, or a wait, ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// Done.
    Output {
        /// The port; the default one if absent.
        port: Option<String>,
        /// Further ones, of a node that goes on at several at once.
        more_ports: Vec<String>,
        /// What it gives back.
        output: Value,
    },
    /// The attempt fails.
    Error {
        /// The class that retries and error edges go by.
        class: String,
        /// For people.
        reason: String,
        /// Whether it is not repeated, whatever the policy says.
        is_final: bool,
    },
    /// Of a wait: its signal comes, with this.
    Signal(Value),
    /// Of a wait: its time comes.
    Timeout,
    /// Of an `at_most_once` attempt: nobody knows how it ended.
    Lost,
    /// It never ends by itself.
    Never,
    /// It was cut off, and nothing tells how it would have ended: not even its time-out ends it. Never written.
    Unended,
}

/// What a stub may consist of, for messages.
const KINDS: [&str; 6] = ["output", "error", "signal", "timeout", "lost", "never"];

impl Stub {
    /// One that ends at once.
    #[must_use]
    pub fn at_once(ending: Ending) -> Self {
        Self { ending, after_ms: 0 }
    }

    /// Done at once.
    #[must_use]
    pub fn output(port: Option<&str>, output: Value) -> Self {
        Self::at_once(Ending::Output { port: port.map(Into::into), more_ports: Vec::new(), output })
    }

    /// Whether it says what a wait comes to, and not how an attempt ends.
    #[must_use]
    pub fn is_of_wait(&self) -> bool {
        matches!(self.ending, Ending::Signal(_) | Ending::Timeout)
    }

    /// The stub that is written as `value`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or("it is not an object such as {\"output\": 1}")?;
        let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| fields.contains_key(*kind)).collect();
        let [kind] = kinds[..] else {
            return Err(format!("it needs exactly one of {}", KINDS.join(", ")));
        };
        let more: &[&str] = if kind == "output" { &["port", "more_ports"] } else { &[] };
        let is_known = |field: &str| field == kind || field == "after_ms" || more.contains(&field);
        if let Some(odd) = fields.keys().find(|field| !is_known(field)) {
            return Err(format!("{odd:?} has no meaning beside {kind:?}"));
        }
        Ok(Self { ending: ending(kind, fields)?, after_ms: after_ms(fields)? })
    }
}

fn ending(kind: &str, fields: &Map<String, Value>) -> Result<Ending, String> {
    let value = &fields[kind];
    Ok(match kind {
        "output" => Ending::Output { port: port(fields)?, more_ports: more_ports(fields)?, output: value.clone() },
        "error" => error(value)?,
        "signal" => Ending::Signal(value.clone()),
        _ if *value != Value::Bool(true) => return Err(format!("{kind:?} can only be true")),
        "timeout" => Ending::Timeout,
        "lost" => Ending::Lost,
        _ => Ending::Never,
    })
}

fn port(fields: &Map<String, Value>) -> Result<Option<String>, String> {
    match fields.get("port") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(port)) => Ok(Some(port.clone())),
        Some(_) => Err("\"port\" is not text".into()),
    }
}

fn more_ports(fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    let written = fields.get("more_ports").filter(|ports| !ports.is_null());
    let read = |ports: &Value| Vec::deserialize(ports).map_err(|_| "\"more_ports\" is not a list of texts".to_owned());
    written.map_or_else(|| Ok(Vec::new()), read)
}

fn after_ms(fields: &Map<String, Value>) -> Result<u64, String> {
    let Some(value) = fields.get("after_ms") else { return Ok(0) };
    value.as_u64().ok_or_else(|| "\"after_ms\" is not a number of milliseconds".into())
}

fn error(value: &Value) -> Result<Ending, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        class: String,
        #[serde(default)]
        reason: String,
        #[serde(default)]
        r#final: bool,
    }
    let Written { class, reason, r#final: is_final } =
        Written::deserialize(value).map_err(|error| format!("its error cannot be read: {error}"))?;
    Ok(Ending::Error { class, reason, is_final })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_stub_is_exactly_one_thing() {
        let error = |is_final| Ending::Error { class: "http_5xx".into(), reason: String::new(), is_final };
        let output = |port: Option<&str>, more: &[&str], output| {
            let more_ports = more.iter().map(|&port| port.into()).collect();
            Ending::Output { port: port.map(Into::into), more_ports, output }
        };
        for (written, ending) in [
            (json!({"output": null}), output(None, &[], Value::Null)),
            (json!({"output": 1, "port": "yes"}), output(Some("yes"), &[], json!(1))),
            (json!({"output": 1, "port": "a", "more_ports": ["b"]}), output(Some("a"), &["b"], json!(1))),
            (json!({"error": {"class": "http_5xx"}}), error(false)),
            (json!({"error": {"class": "http_5xx", "final": true}}), error(true)),
            (json!({"signal": {"a": 1}}), Ending::Signal(json!({"a": 1}))),
            (json!({"timeout": true}), Ending::Timeout),
            (json!({"lost": true}), Ending::Lost),
            (json!({"never": true}), Ending::Never),
        ] {
            assert_eq!(Stub::read(&written), Ok(Stub::at_once(ending)), "{written}");
        }
        assert_eq!(Stub::read(&json!({"output": 1, "after_ms": 7})).unwrap().after_ms, 7);
        for (written, wrong) in [
            (json!([]), "object"),
            (json!({}), "exactly one"),
            (json!({"output": 1, "error": {"class": "x"}}), "exactly one"),
            (json!({"signal": 1, "port": "yes"}), "\"port\" has no meaning"),
            (json!({"output": 1, "port": 1}), "not text"),
            (json!({"output": 1, "more_ports": "a"}), "not a list"),
            (json!({"output": 1, "after_ms": -1}), "milliseconds"),
            (json!({"timeout": 1}), "only be true"),
            (json!({"error": {"reason": "x"}}), "class"),
            (json!({"error": {"class": "x", "oops": 1}}), "oops"),
        ] {
            let found = Stub::read(&written).unwrap_err();
            assert!(found.contains(wrong), "{written}: {found}");
        }
    }
}
