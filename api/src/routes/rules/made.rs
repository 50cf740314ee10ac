//! A rule's graph, checked and proven as that of any workflow; what is found is told at the places of the rule.

use axum::http::StatusCode;
use capstan_domain::rules::{Definition, Place, compile, place};
use serde_json::{Value, json};

use crate::Api;
use crate::problem::{Problem, joined};
use crate::routes::publish::{Proven, refuse_errors};
use crate::routes::workflows::invalid_graph;

/// Problems whose entries name nodes.
const OF_GRAPHS: [&str; 2] = ["invalid_graph", "never_right"];

/// The graph of a rule. 422 `invalid_rule` with all that is wrong with it.
pub(super) async fn make(api: &Api, definition: &Definition) -> Result<Proven, Problem> {
    let (document, proved) = api.graphs.prove(compile(definition)).await?;
    let (graph, proof) = proved.map_err(|problems| in_rule(invalid_graph(&problems), definition))?;
    refuse_errors(&proof, "").map_err(|problem| in_rule(problem, definition))?;
    Ok(Proven { document, graph, proof })
}

/// What is wrong with a graph, as what is wrong with its rule.
pub(super) fn in_rule(problem: Problem, rule: &Definition) -> Problem {
    if problem.status != StatusCode::UNPROCESSABLE_ENTITY || !OF_GRAPHS.contains(&problem.code) {
        return problem;
    }
    let errors: Vec<Value> = problem.errors.iter().map(|entry| at_field(entry, rule)).collect();
    let told = errors.iter().map(|entry| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default();
        format!("{}: {}", text("pointer"), text("detail"))
    });
    let detail = if errors.is_empty() { problem.detail.to_string() } else { joined(told) };
    Problem::unprocessable("invalid_rule", detail, "each entry of errors names a place").findings(errors)
}

/// One entry, with a pointer into the rule.
fn at_field(entry: &Value, rule: &Definition) -> Value {
    let text = |field: &str| entry[field].as_str().unwrap_or_default();
    // `/nodes/3/data/config/to` is `/config/to` of its node.
    let within = text("pointer").splitn(5, '/').nth(4).unwrap_or_default();
    let pointer = match place(text("node_id")) {
        Some(Place::Event) if rule.conditions.is_some() && within == "config/when" => "/conditions".to_owned(),
        Some(Place::Event) => "/event".to_owned(),
        Some(Place::Conditions) => "/conditions".to_owned(),
        Some(Place::Action(ix)) if within.is_empty() => format!("/actions/{ix}"),
        Some(Place::Action(ix)) => format!("/actions/{ix}/{within}"),
        None => String::new(),
    };
    json!({ "code": text("code"), "pointer": pointer, "detail": text("detail"), "hint": text("hint") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_the_graph_is_told_at_the_field_of_the_rule() {
        let rule = json!({ "event": "a", "conditions": { "field": "key", "op": "exists" }, "actions": [] });
        let rule: Definition = serde_json::from_value(rule).unwrap();
        for (node, pointer, expected) in [
            ("event", "/nodes/0/data/config/event", "/event"),
            ("event", "/nodes/0/data/config/when", "/conditions"),
            ("conditions", "/nodes/1/data/config/condition", "/conditions"),
            ("action_1", "/nodes/1/data/config/to", "/actions/0/config/to"),
            ("action_2", "/nodes/2/data/config/headers/a~1b", "/actions/1/config/headers/a~1b"),
            ("action_2", "", "/actions/1"),
            ("", "/edges/0", ""),
        ] {
            let entry = json!({ "code": "c", "node_id": node, "pointer": pointer, "detail": "d", "hint": "h" });
            let told = in_rule(invalid_graph(&[]).findings([entry]), &rule);
            let expected = json!({ "code": "c", "pointer": expected, "detail": "d", "hint": "h" });
            assert_eq!((told.code, &told.errors), ("invalid_rule", &vec![expected]), "{node} {pointer}");
        }
    }
}
