//! A graph as a drawing, coloured by the status of its steps.

use std::fmt::Write;

use capstan_engine::core::graph::{EdgeKind, Graph};
use capstan_engine::core::state::StepStatus;
use serde_json::Value;

use super::curve::Curve;
use super::layout::{NODE_HEIGHT_PX, NODE_WIDTH_PX, Place, places};
use crate::html::escape;
use crate::view::{EdgeView, StepView};

/// Characters of a label that fit into a node.
const LABEL_CHARS: usize = 24;
/// What is wider, as letters of some scripts are, is clipped.
const TEXT_WIDTH_PX: f64 = NODE_WIDTH_PX - 20.0;
/// Space around the drawing.
const MARGIN_PX: f64 = 16.0;

/// The drawing; `title` is what a screen reader says first.
pub(super) fn draw(graph: &Graph, document: &Value, steps: &[StepView], edges: &[EdgeView], title: &str) -> String {
    let places = places(graph, document);
    let left = places.iter().map(|place| place.x).fold(f64::INFINITY, f64::min) - MARGIN_PX;
    let top = places.iter().map(|place| place.y).fold(f64::INFINITY, f64::min) - MARGIN_PX;
    let curves: Vec<Curve> =
        graph.edges.iter().map(|edge| Curve::new(places[edge.source], places[edge.target], &places)).collect();
    let right = places.iter().map(|place| place.x).fold(f64::NEG_INFINITY, f64::max) + NODE_WIDTH_PX + MARGIN_PX;
    let bottoms = places.iter().map(|place| place.y + NODE_HEIGHT_PX).chain(curves.iter().map(Curve::bottom));
    let bottom = bottoms.fold(f64::NEG_INFINITY, f64::max) + MARGIN_PX;
    let (width, height) = (right - left, bottom - top);
    let mut svg = format!(
        "<svg class=\"graph\" role=\"img\" aria-labelledby=\"graph-title graph-desc\" width=\"{width:.0}\" \
         height=\"{height:.0}\" viewBox=\"{left:.1} {top:.1} {width:.1} {height:.1}\">\n\
         <title id=\"graph-title\">{}</title>\n<desc id=\"graph-desc\">{}</desc>\n{ARROWS}\n",
        escape(title),
        escape(&describe(graph, steps)),
    );
    for (ix, (edge, curve)) in graph.edges.iter().zip(&curves).enumerate() {
        write_edge(&mut svg, curve, &edge.kind, edges.get(ix));
    }
    for (ix, node) in graph.nodes.iter().enumerate().filter(|(_, node)| !node.is_chunk) {
        let status = status_of(steps, node.id.as_str());
        write_node(&mut svg, places[ix], node.id.as_str(), &node.label, &node.type_name, status);
    }
    svg.push_str("</svg>");
    svg
}

const ARROWS: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" \
    markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" class=\"arrow\"/></marker></defs>";

/// The status of a node as a word; `pending` if it is not decided.
fn status_of(steps: &[StepView], node_id: &str) -> &'static str {
    let step = steps.iter().find(|step| step.node_id == node_id);
    step.map_or(StepStatus::Pending, |step| step.status).word()
}

fn describe(graph: &Graph, steps: &[StepView]) -> String {
    let parts = graph
        .nodes
        .iter()
        .filter(|node| !node.is_chunk)
        .map(|node| format!("{}: {}", node.label, status_of(steps, node.id.as_str())));
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
         <svg x=\"{tx:.1}\" y=\"{y:.1}\" width=\"{TEXT_WIDTH_PX}\" height=\"{NODE_HEIGHT_PX}\">\
         <text y=\"20\" class=\"label\">{}</text><text y=\"37\" class=\"type\">{}</text>\
         <text y=\"54\" class=\"status\">{status}</text></svg></g>",
        escape(id),
        escape(label),
        escape(&shown),
        escape(type_name),
        tx = x + (NODE_WIDTH_PX - TEXT_WIDTH_PX) / 2.0,
    );
}

fn write_edge(svg: &mut String, curve: &Curve, kind: &EdgeKind, edge: Option<&EdgeView>) {
    let state = edge.map_or("open", |edge| edge.state);
    let id = edge.map(|edge| escape(&edge.id)).unwrap_or_default();
    let (label, class) = match kind {
        EdgeKind::Flow { port, .. } if port == "out" => (String::new(), "flow"),
        EdgeKind::Flow { port, .. } => (escape(port), "flow"),
        EdgeKind::Error { .. } => ("error".into(), "error-edge"),
        EdgeKind::Undo => ("undo".into(), "undo-edge"),
    };
    let path = curve.path();
    let _ = writeln!(
        svg,
        "<path class=\"edge {class} e-{state}\" data-edge=\"{id}\" marker-end=\"url(#arrow)\" d=\"{path}\"/>"
    );
    if !label.is_empty() {
        let Place { x, y } = curve.label();
        let _ = writeln!(svg, "<text class=\"port\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>");
    }
}
