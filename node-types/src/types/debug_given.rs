//! `debug.given`

use capstan_engine::core::catalogue::{Effect, Together};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::problem;
use crate::node_type::{Context, NodeType, Spec};

/// Gives back what is written in it.
pub(crate) struct DebugGiven;

/// What it gives back, or how it fails.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The output as JSON text, taken as it is: `{{` means nothing in it.
    #[serde(default = "null")]
    output: String,
    /// The port that it emits on; the first one if absent.
    port: Option<String>,
    /// Further ports that it emits on at the same time.
    #[serde(default)]
    more_ports: Vec<String>,
    /// Its output ports; `out` alone if absent.
    #[serde(default)]
    ports: Vec<String>,
    /// The error class that it fails with; it completes if absent.
    class: Option<String>,
    /// Why it fails, for people.
    #[serde(default)]
    reason: String,
}

fn null() -> String {
    "null".into()
}

impl NodeType for DebugGiven {
    const NAME: &'static str = "debug.given";
    const EFFECT: Effect = Effect::Pure;
    const RAW: &'static [&'static str] = &["output", "class", "reason"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Give what is written",
            "Gives back a written output, or fails as written: stands for a step in a trial.",
        )
    }

    fn ports(config: &Value) -> Vec<String> {
        let written = config["ports"].as_array().into_iter().flatten();
        let written: Vec<String> = written.filter_map(Value::as_str).map(Into::into).collect();
        if written.is_empty() { Self::spec().outputs } else { written }
    }

    fn together(config: &Value) -> Option<Together> {
        let more: Vec<&str> = config["more_ports"].as_array()?.iter().filter_map(Value::as_str).collect();
        let ports = Self::ports(config);
        let otherwise = config["port"].as_str().map(Into::into).or_else(|| ports.first().cloned())?;
        let is_emitted = |port: &String| *port == otherwise || more.contains(&port.as_str());
        let each = ports.iter().map(|port| (port.clone(), Some(is_emitted(port)))).collect();
        (!more.is_empty()).then_some(Together { each, otherwise })
    }

    fn check(config: &Value) -> Vec<Problem> {
        let unread = config["output"].as_str().and_then(|text| serde_json::from_str::<Value>(text).err());
        let unread = unread.map(|error| {
            problem("bad_output", "/output", format!("the output is not JSON: {error}"), "write for example {\"a\": 1}")
        });
        let port = config["port"].as_str().filter(|port| !Self::ports(config).iter().any(|known| known == port));
        let port = port.map(|port| {
            problem("unknown_port", "/port", format!("there is no port {port:?}"), "name one of \"ports\"")
        });
        unread.into_iter().chain(port).collect()
    }

    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        if let Some(class) = config.class {
            return Outcome::fail(&class, config.reason);
        }
        let port = config.port.or_else(|| config.ports.into_iter().next()).unwrap_or_else(|| "out".into());
        match serde_json::from_str(&config.output) {
            Ok(output) => Outcome::Done { port, more_ports: config.more_ports, output },
            Err(error) => Outcome::fail("config", format!("the output is not JSON: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::context;

    #[tokio::test]
    async fn it_gives_back_or_fails_as_written() {
        for (config, outcome) in [
            (json!({}), Outcome::done("out", json!(null))),
            (json!({"output": "{\"a\": \"{{ b }}\"}"}), Outcome::done("out", json!({"a": "{{ b }}"}))),
            (json!({"output": "7", "ports": ["yes", "no"]}), Outcome::done("yes", json!(7))),
            (json!({"output": "7", "ports": ["yes", "no"], "port": "no"}), Outcome::done("no", json!(7))),
            (json!({"class": "http_4xx", "reason": "no"}), Outcome::fail("http_4xx", "no")),
        ] {
            let config = serde_json::from_value(config).unwrap();
            assert_eq!(DebugGiven.run(config, &context()).await, outcome);
        }
    }

    #[test]
    fn what_is_no_json_or_no_port_is_found_before_anything_runs() {
        let found = DebugGiven::check(&json!({"output": "{", "port": "up"}));
        assert_eq!(found.iter().map(|found| found.pointer.as_str()).collect::<Vec<_>>(), ["/output", "/port"]);
        assert!(DebugGiven::check(&json!({"output": "{}", "port": "up", "ports": ["up"]})).is_empty());
    }
}
