//! Every order of what is on the way to a node that a join may cancel: whether it runs before, no function of outcomes tells.

use std::collections::HashSet;

use super::diagrams::{ALWAYS, Cases};
use super::model::{Fate, Model};
use super::route::{Leg, cone, enter};
use super::walk::{Came, Walk};
use crate::core::graph::{EdgeIx, EdgeKind, Graph, NodeIx};
use crate::core::state::{EdgeState, FrameIx, StepStatus};

/// Most states of one exploration.
const STATES_MAX: usize = 1_000;
/// Most conditions of edges, and most ports that are emitted on together, that are tried in all combinations.
const CONDITIONS_MAX: usize = 4;

pub(super) enum Explored<'g> {
    Found(Box<Walk<'g>>),
    Never,
    TooMuch,
}

/// A walk to where `is_there` holds, through the frame of `last`, in which only what is on the way to its node moves. Fates
/// are those of `model`.
pub(super) fn explore<'g>(
    graph: &'g Graph,
    models: &[Model<'_>],
    model: &Model<'_>,
    before: &[Leg],
    last: &Leg,
    is_there: impl Fn(&Walk<'g>, FrameIx) -> bool,
) -> Explored<'g> {
    let Some((mut open, frame)) = starts(graph, models, before, last) else { return Explored::TooMuch };
    let cone = cone(graph, last.node);
    let mut seen: HashSet<Picture> = HashSet::new();
    while let Some(walk) = open.pop() {
        if is_there(&walk, frame) {
            return Explored::Found(Box::new(walk));
        }
        if !seen.insert(picture(graph, &walk, frame)) {
            continue;
        }
        if seen.len() > STATES_MAX {
            return Explored::TooMuch;
        }
        for &node in model.order.iter().filter(|node| cone.contains(node)) {
            if !walk.step(frame, node).is_active() {
                continue;
            }
            let Some(all) = outcomes(graph, model, node) else { return Explored::TooMuch };
            for came in all {
                let mut next = walk.clone();
                if next.settle(frame, node, came).is_ok() {
                    open.push(next);
                }
            }
        }
    }
    Explored::Never
}

/// Where it begins: at each trigger, or in a frame of a container, which is the same whichever trigger led there.
fn starts<'g>(graph: &'g Graph, models: &[Model<'_>], before: &[Leg], last: &Leg) -> Option<(Vec<Walk<'g>>, FrameIx)> {
    if before.is_empty() {
        let walks: Result<_, _> = graph.triggers().map(|trigger| Walk::from_trigger(graph, trigger)).collect();
        return Some((walks.ok()?, 0));
    }
    let (walk, frame) = enter(graph, models, before, last)?;
    Some((vec![walk], frame))
}

/// All that the future of a frame depends on.
type Picture = (Vec<StepStatus>, Vec<EdgeState>);

fn picture(graph: &Graph, walk: &Walk<'_>, frame: FrameIx) -> Picture {
    let nodes = &graph.bodies[walk.state.frames()[frame].body].nodes;
    let statuses = nodes.iter().map(|&node| walk.step(frame, node).status);
    (statuses.collect(), walk.state.edges(graph, frame).to_vec())
}

/// Everything that a node may come to; nothing if that is too much, or left out.
fn outcomes(graph: &Graph, model: &Model<'_>, node: NodeIx) -> Option<Vec<Came>> {
    let mut all = Vec::new();
    let standing = model.node(node)?;
    for fate in &standing.fates {
        let emitted = match fate {
            Fate::Held => Vec::new(),
            Fate::Failed(class) => {
                all.push(Came::Failed { class: class.clone() });
                Vec::new()
            }
            Fate::Done(port) => vec![vec![port.clone()]],
            Fate::Together => together(&standing.ports)?,
        };
        for ports in emitted {
            all.extend(conditions(graph, node, &ports)?);
        }
    }
    Some(all)
}

/// All that may be emitted on together; nothing if that is too much.
fn together(ports: &[(String, Cases)]) -> Option<Vec<Vec<String>>> {
    let ((otherwise, _), each) = ports.split_last()?;
    let open: Vec<&String> = each.iter().filter(|(_, way)| *way > ALWAYS).map(|(port, _)| port).collect();
    if open.len() > CONDITIONS_MAX {
        return None;
    }
    let chosen = |chosen: u32| {
        let is_chosen = |port: &String| open.iter().position(|it| *it == port).is_some_and(|at| chosen >> at & 1 == 1);
        let ports = each.iter().filter(|(port, way)| *way == ALWAYS || is_chosen(port));
        let ports: Vec<String> = ports.map(|(port, _)| port.clone()).collect();
        if ports.is_empty() { vec![otherwise.clone()] } else { ports }
    };
    Some((0..1_u32 << open.len()).map(chosen).collect())
}

/// With each combination of conditions behind these ports; nothing if those are too many.
fn conditions(graph: &Graph, node: NodeIx, ports: &[String]) -> Option<Vec<Came>> {
    let conditional = |edge: &&EdgeIx| {
        let kind = &graph.edges[**edge].kind;
        matches!(kind, EdgeKind::Flow { port, when: Some(_) } if ports.contains(port))
    };
    let edges: Vec<EdgeIx> = graph.nodes[node].out_edges.iter().filter(conditional).copied().collect();
    if edges.len() > CONDITIONS_MAX {
        return None;
    }
    let came = |closed: u32| {
        let closed_edges = edges.iter().enumerate().filter(|(place, _)| closed >> place & 1 == 1);
        Came::completed(ports, closed_edges.map(|(_, &edge)| graph.edges[edge].id.clone()).collect())
    };
    Some((0..1_u32 << edges.len()).map(came).collect())
}
