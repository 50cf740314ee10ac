//! Where the nodes of a graph are drawn: where the author put them, else in columns by depth.

use std::cmp::Ordering;

use capstan_engine::core::graph::Graph;
use serde_json::Value;

/// Size of a node, in pixels of the drawing.
pub(crate) const NODE_WIDTH_PX: f64 = 200.0;
pub(crate) const NODE_HEIGHT_PX: f64 = 64.0;
const GAP_X_PX: f64 = 80.0;
const GAP_Y_PX: f64 = 36.0;
/// Least space between nodes when the author's positions are used: there must be room for an arrow and its label.
const GAP_X_MIN_PX: f64 = 64.0;
const GAP_Y_MIN_PX: f64 = 20.0;
/// Nodes that the author drew smaller are moved apart at most that many times.
const STRETCH_MAX: f64 = 3.0;
/// Coordinates beyond are not believed.
const COORDINATE_MAX: f64 = 100_000.0;

/// Upper left corner of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// The places of all nodes, in graph order. Author's positions count if every node has one and no two are the same.
pub(crate) fn places(graph: &Graph, document: &Value) -> Vec<Place> {
    let drawn = drawn(document);
    let is_usable = drawn.len() == graph.nodes.iter().filter(|node| !node.is_chunk).count()
        && drawn.iter().enumerate().all(|(ix, place)| !drawn[..ix].contains(place));
    match is_usable {
        true => stretch(graph, drawn.into_iter().flatten().collect()),
        false => columns(graph),
    }
}

/// Positions as drawn; one that is missing or absurd makes the list too short.
fn drawn(document: &Value) -> Vec<Option<Place>> {
    let nodes = document.get("nodes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let coordinate = |node: &Value, axis: &str| {
        let value = node.get("position")?.get(axis)?.as_f64()?;
        (value.abs() <= COORDINATE_MAX).then_some(value)
    };
    let place = |node: &Value| Some(Place { x: coordinate(node, "x")?, y: coordinate(node, "y")? });
    nodes.iter().map(place).filter(Option::is_some).collect()
}

/// Moves nodes apart, all by the same factor along an axis, so that neighbours do not touch.
fn stretch(graph: &Graph, mut places: Vec<Place>) -> Vec<Place> {
    let factor = |least: f64, found: f64| if found > least / STRETCH_MAX { least / found } else { 1.0 };
    let x = graph.edges.iter().fold(1.0, |x: f64, edge| {
        x.max(factor(NODE_WIDTH_PX + GAP_X_MIN_PX, places[edge.target].x - places[edge.source].x))
    });
    let mut sorted = places.clone();
    sorted.sort_by(|a, b| (a.x, a.y).partial_cmp(&(b.x, b.y)).unwrap_or(Ordering::Equal));
    let y = sorted.windows(2).fold(1.0, |y: f64, pair| {
        let is_column = (pair[1].x - pair[0].x) * x < NODE_WIDTH_PX;
        if is_column { y.max(factor(NODE_HEIGHT_PX + GAP_Y_MIN_PX, (pair[1].y - pair[0].y).abs())) } else { y }
    });
    for place in &mut places {
        *place = Place { x: place.x * x, y: place.y * y };
    }
    places
}

fn columns(graph: &Graph) -> Vec<Place> {
    let depths = depths(graph);
    let mut heights: Vec<f64> = Vec::new();
    depths
        .into_iter()
        .map(|depth| {
            if heights.len() <= depth {
                heights.resize(depth + 1, 0.0);
            }
            let y = heights[depth];
            heights[depth] += NODE_HEIGHT_PX + GAP_Y_PX;
            #[expect(clippy::cast_precision_loss, reason = "a graph has at most some thousand nodes")]
            let x = depth as f64 * (NODE_WIDTH_PX + GAP_X_PX);
            Place { x, y }
        })
        .collect()
}

/// Length of the longest path to each node. The graph has no cycle, so a node waits only for nodes before it.
fn depths(graph: &Graph) -> Vec<usize> {
    let mut open: Vec<usize> = graph.nodes.iter().map(|node| node.in_edges.len()).collect();
    let mut depths = vec![0; open.len()];
    let mut ready: Vec<usize> = (0..open.len()).filter(|&ix| open[ix] == 0).collect();
    while let Some(ix) = ready.pop() {
        for &edge in &graph.nodes[ix].out_edges {
            let target = graph.edges[edge].target;
            depths[target] = depths[target].max(depths[ix] + 1);
            open[target] -= 1;
            if open[target] == 0 {
                ready.push(target);
            }
        }
    }
    depths
}
