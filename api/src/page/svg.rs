//! A graph as a drawing, coloured by the status of its steps.

use std::fmt::Write;

use capstan_engine::core::graph::{EdgeKind, Graph};
use serde_json::Value;

use super::layout::{NODE_HEIGHT_PX, NODE_WIDTH_PX, Place, places};
use crate::html::escape;
use crate::view::{EdgeView, StepView};

/// Characters of a label that fit into a node.
const LABEL_CHARS: usize = 25;
/// Space around the drawing.
const MARGIN_PX: f64 = 16.0;

/// The drawing; `title` is what a screen reader says first.
pub(super) fn draw(graph: &Graph, document: &Value, steps: &[StepView], edges: &[EdgeView], title: &str) -> String {
    let places = places(graph, document);
    let left = places.iter().map(|place| place.x).fold(f64::INFINITY, f64::min) - MARGIN_PX;
    let top = places.iter().map(|place| place.y).fold(f64::INFINITY, f64::min) - MARGIN_PX;
    let right = places.iter().map(|place| place.x).fold(f64::NEG_INFINITY, f64::max) + NODE_WIDTH_PX + MARGIN_PX;
    let bottom = places.iter().map(|place| place.y).fold(f64::NEG_INFINITY, f64::max) + NODE_HEIGHT_PX + MARGIN_PX;
    let (width, height) = (right - left, bottom - top);
    let mut svg = format!(
        "<svg class=\"graph\" role=\"img\" aria-labelledby=\"graph-title graph-desc\" width=\"{width:.0}\" \
         height=\"{height:.0}\" viewBox=\"{left:.1} {top:.1} {width:.1} {height:.1}\">\n\
         <title id=\"graph-title\">{}</title>\n<desc id=\"graph-desc\">{}</desc>\n{ARROWS}\n",
        escape(title),
        escape(&describe(graph, steps)),
    );
    for (ix, edge) in graph.edges.iter().enumerate() {
        write_edge(&mut svg, places[edge.source], places[edge.target], &edge.kind, edges.get(ix));
    }
    for (ix, node) in graph.nodes.iter().enumerate() {
        let status = status_of(steps, node.id.as_str());
        write_node(&mut svg, places[ix], node.id.as_str(), &node.label, &node.type_name, &status);
    }
    svg.push_str("</svg>");
    svg
}

const ARROWS: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
    markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" class=\"arrow\"/></marker></defs>";

/// The status of a node as a word; `pending` if it is not decided.
fn status_of(steps: &[StepView], node_id: &str) -> String {
    let step = steps.iter().find(|step| step.node_id == node_id);
    step.map_or_else(|| "pending".into(), |step| super::chosen::word(step.status))
}

fn describe(graph: &Graph, steps: &[StepView]) -> String {
    let parts = graph.nodes.iter().map(|node| format!("{}: {}", node.label, status_of(steps, node.id.as_str())));
    parts.collect::<Vec<_>>().join("; ")
}

fn write_node(svg: &mut String, place: Place, id: &str, label: &str, type_name: &str, status: &str) {
    let Place { x, y } = place;
    let shown = if label.chars().count() > LABEL_CHARS {
        label.chars().take(LABEL_CHARS - 1).chain(['…']).collect()
    } else {
        label.to_owned()
    };
    let _ = writeln!(
        svg,
        "<g class=\"node s-{status}\" data-node=\"{}\"><title>{}</title>\
         <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{NODE_WIDTH_PX}\" height=\"{NODE_HEIGHT_PX}\" rx=\"8\"/>\
         <text x=\"{tx:.1}\" y=\"{ty:.1}\" class=\"label\">{}</text>\
         <text x=\"{tx:.1}\" y=\"{uy:.1}\" class=\"type\">{}</text>\
         <text x=\"{tx:.1}\" y=\"{vy:.1}\" class=\"status\">{status}</text></g>",
        escape(id),
        escape(label),
        escape(&shown),
        escape(type_name),
        tx = x + 12.0,
        ty = y + 20.0,
        uy = y + 37.0,
        vy = y + 54.0,
    );
}

fn write_edge(svg: &mut String, from: Place, to: Place, kind: &EdgeKind, edge: Option<&EdgeView>) {
    let state = edge.map_or("open", |edge| edge.state);
    let id = edge.map(|edge| escape(&edge.id)).unwrap_or_default();
    let (label, class) = match kind {
        EdgeKind::Flow { port, .. } if port == "out" => (String::new(), "flow"),
        EdgeKind::Flow { port, .. } => (escape(port), "flow"),
        EdgeKind::Error { .. } => ("error".into(), "error-edge"),
    };
    let is_sideways = to.x >= from.x + NODE_WIDTH_PX;
    let (a, b, bend) = if is_sideways {
        let a = Place { x: from.x + NODE_WIDTH_PX, y: from.y + NODE_HEIGHT_PX / 2.0 };
        let b = Place { x: to.x, y: to.y + NODE_HEIGHT_PX / 2.0 };
        (a, b, Place { x: (b.x - a.x) / 2.0, y: 0.0 })
    } else {
        let a = Place { x: from.x + NODE_WIDTH_PX / 2.0, y: from.y + NODE_HEIGHT_PX };
        let b = Place { x: to.x + NODE_WIDTH_PX / 2.0, y: to.y };
        (a, b, Place { x: 0.0, y: ((b.y - a.y) / 2.0).abs().max(24.0) })
    };
    let _ = writeln!(
        svg,
        "<path class=\"edge {class} e-{state}\" data-edge=\"{id}\" marker-end=\"url(#arrow)\" \
         d=\"M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}\"/>",
        a.x,
        a.y,
        a.x + bend.x,
        a.y + bend.y,
        b.x - bend.x,
        b.y - bend.y,
        b.x,
        b.y,
    );
    if !label.is_empty() {
        let (x, y) = (f64::midpoint(a.x, b.x), f64::midpoint(a.y, b.y) - 6.0);
        let _ = writeln!(svg, "<text class=\"port\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>");
    }
}
