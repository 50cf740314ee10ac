//! Three node types, enough to draw any graph with.

use capstan_engine::core::catalogue::{Catalogue, Effect, Extent, Frames, NodeTypeInfo, Role, Together};
use capstan_engine::core::chunk::Spilling;
use capstan_engine::core::problem::Problem;
use serde_json::{Value, json};

/// Ports of `test.step`; `config.ports` says how many of them a node has.
pub(crate) const PORTS: [&str; 3] = ["out", "alt", "other"];

pub(crate) struct TestTypes {
    trigger: TestType,
    step: TestType,
    container: TestType,
}

struct TestType {
    name: &'static str,
    role: Role,
    schema: Value,
}

impl TestTypes {
    pub(crate) fn new() -> Self {
        let schema =
            json!({"type": "object", "properties": {"ports": {"type": "integer", "minimum": 1, "maximum": 3}}});
        let named = |name, role| TestType { name, role, schema: schema.clone() };
        Self {
            trigger: named("test.trigger", Role::Trigger),
            step: named("test.step", Role::Step),
            container: named("test.container", Role::Container),
        }
    }
}

impl Catalogue for TestTypes {
    fn node_type(&self, name: &str) -> Option<&dyn NodeTypeInfo> {
        [&self.trigger, &self.step, &self.container]
            .into_iter()
            .find(|known| known.name == name)
            .map(|known| known as &dyn NodeTypeInfo)
    }

    fn names(&self) -> Vec<&str> {
        vec![self.container.name, self.step.name, self.trigger.name]
    }
}

impl NodeTypeInfo for TestType {
    fn name(&self) -> &str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn effect(&self) -> Effect {
        Effect::AtLeastOnce
    }

    fn schema(&self) -> &Value {
        &self.schema
    }

    fn ports(&self, config: &Value) -> Vec<String> {
        if !config["named"].is_null() {
            return texts(&config["named"]);
        }
        let ports = config["ports"].as_u64().unwrap_or(1) as usize;
        PORTS.iter().take(ports).map(|&port| port.to_owned()).collect()
    }

    fn emits(&self, config: &Value) -> Vec<String> {
        if let Some(together) = self.together(config) {
            return together.emits();
        }
        if config["emits"].is_null() { self.ports(config) } else { texts(&config["emits"]) }
    }

    /// `config.together` lists ports, each with whether it is known to be emitted on; the last port is for none of them.
    fn together(&self, config: &Value) -> Option<Together> {
        let each = config["together"].as_array()?.iter();
        let each = each.map(|port| (port[0].as_str().unwrap().to_owned(), port[1].as_bool())).collect();
        Some(Together { each, otherwise: PORTS[2].into() })
    }

    fn classes(&self, config: &Value) -> Option<Vec<String>> {
        (!config["classes"].is_null()).then(|| texts(&config["classes"]))
    }

    fn extent(&self, config: &Value) -> Extent {
        let repeats = config["repeats"] == true;
        match config["frames"].as_u64() {
            Some(frames_max) => Extent { frames_max, is_known: true, repeats },
            None => Extent { repeats, ..Extent::default() },
        }
    }

    fn frames(&self, config: &Value) -> Frames {
        let number = |name: &str| config[name].as_u64().unwrap_or_default() as usize;
        Frames {
            parallel: number("parallel"),
            tolerated: number("tolerated"),
            tolerated_percent: number("percent"),
            undoes: config["undoes"] == true,
            passes_item: false,
            spilling: config["spill"]
                .as_u64()
                .map(|above| Spilling { above: above as usize, chunk: number("chunk").max(1) }),
        }
    }

    fn late(&self) -> &[&str] {
        if self.role == Role::Container { &["ports"] } else { &[] }
    }

    fn check(&self, _config: &Value) -> Vec<Problem> {
        Vec::new()
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
