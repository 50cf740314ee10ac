//! What is wrong with the config of a node that a person changes for one execution.

use serde_json::Value;

use super::Problems;
use crate::core::catalogue::{Catalogue, NodeTypeInfo};
use crate::core::config::Validators;
use crate::core::expression;
use crate::core::graph::Node;
use crate::core::problem::Problem;
use crate::core::resolve::merge;

impl Node {
    /// What the config has against its node type once `patch` (RFC 7396) is merged in, as publish would say it, and had not
    /// before. Pointers lead into the config. Nothing if the type is not known here.
    #[must_use]
    pub fn flaws_of_change(&self, patch: &Value, catalogue: &dyn Catalogue) -> Vec<Problem> {
        let Some(info) = catalogue.node_type(&self.type_name) else { return Vec::new() };
        let written = self.config_as_written();
        let mut changed = written.clone().into_owned();
        merge(&mut changed, patch);
        let before = flaws(self, info, &written);
        let is_new =
            |flaw: &Problem| !before.iter().any(|old| (&old.code, &old.pointer) == (&flaw.code, &flaw.pointer));
        flaws(self, info, &changed).into_iter().filter(is_new).collect()
    }
}

fn flaws(node: &Node, info: &dyn NodeTypeInfo, config: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    problems.of_node(node.id.as_str(), |problems| {
        Validators::default().check(info, config, node.id.as_str(), "", problems);
        for problem in info.check(config) {
            problems.push(Problem { node_id: Some(node.id.to_string()), ..problem });
        }
        for (field, value) in config.as_object().into_iter().flatten() {
            if !info.raw().contains(&field.as_str()) {
                expressions(value, &format!("/{}", field.replace('~', "~0").replace('/', "~1")), problems);
            }
        }
    });
    problems.into_vec()
}

/// Which steps they name is not looked at: that of one that is not there is null.
fn expressions(value: &Value, pointer: &str, problems: &mut Problems) {
    match value {
        Value::String(text) if text.contains("{{") => {
            if let Err(error) = expression::check(text) {
                problems.add("bad_expression", pointer.into(), error.to_string(), "correct the expression");
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                expressions(item, &format!("{pointer}/{index}"), problems);
            }
        }
        Value::Object(fields) => {
            for (field, item) in fields {
                expressions(item, &format!("{pointer}/{}", field.replace('~', "~0").replace('/', "~1")), problems);
            }
        }
        _ => {}
    }
}
