//! Graphs without containers: branches, joins, retries, delays, signals, handled failures.

use serde_json::{Value, json};

use super::parts::{STREAM, configured, draw_kind, drawn, edge, shown};
use super::{GraphSpec, Kind, NodeSpec};
use crate::dice::Dice;

const NODES_MIN: u64 = 3;
const NODES_MAX: u64 = 9;

/// Graph number `number` of a seed; its calls go to `site_url`.
pub(super) fn graph(seed: u64, number: u64, site_url: &str) -> GraphSpec {
    let mut dice = Dice::new(seed, STREAM + number);
    let mut spec = GraphSpec { document: Value::Null, nodes: vec![NodeSpec::new("n0", Kind::Trigger, &[])] };
    let (mut nodes, mut edges) = (vec![shown("n0", "trigger.manual", json!({}), json!({}))], Vec::new());
    for nth in 1..=dice.between(NODES_MIN, NODES_MAX) as usize {
        let id = format!("n{nth}");
        let signalled = spec.signals().next().is_some();
        let kind = if nth == 1 { Kind::Call { refusals: 0 } } else { draw_kind(&mut dice, signalled) };
        let mut sources = Vec::new();
        // Failing for good makes sense only where somebody takes it: the next node does.
        let after_doomed = spec.nodes[nth - 1].kind == Kind::Doomed;
        if after_doomed {
            sources.push(nth - 1);
        } else {
            for _ in 0..if nth > 2 && dice.chance(35) { dice.between(2, 3) } else { 1 } {
                let back = dice.between(1, 3).min(nth as u64) as usize;
                if !sources.contains(&(nth - back)) {
                    sources.push(nth - back);
                }
            }
        }
        let any = sources.len() > 1 && dice.chance(25);
        for &source in &sources {
            edges.push(edge(&mut dice, &spec.nodes[source], &id));
        }
        let (type_name, config, retry) = configured(kind, &id, site_url, &mut dice);
        let policy = json!({ "join": if any { "any" } else { "all" }, "retry": retry });
        nodes.push(shown(&id, type_name, config, policy));
        let sources: Vec<String> = sources.iter().map(|&source| spec.nodes[source].id.clone()).collect();
        spec.nodes.push(NodeSpec { sources, wanted: any.then_some(1), ..NodeSpec::new(&id, kind, &[]) });
    }
    finish(&mut spec, &mut nodes, &mut edges);
    spec.document = json!({ "nodes": nodes, "edges": edges });
    spec
}

/// A last node that fails gets somebody to take it.
fn finish(spec: &mut GraphSpec, nodes: &mut Vec<Value>, edges: &mut Vec<Value>) {
    let Some(last) = spec.nodes.last().filter(|last| last.kind == Kind::Doomed) else { return };
    let (id, source) = (format!("n{}", spec.nodes.len()), last.id.clone());
    edges.push(drawn(last, &id, "error", None, None));
    nodes.push(shown(&id, "debug.noop", json!({}), json!({})));
    spec.nodes.push(NodeSpec::new(&id, Kind::Noop, &[&source]));
}
