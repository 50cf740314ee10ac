//! Ways through the graph: from the trigger into containers and to a node, each leg with what the steps on it come to.

use std::collections::HashSet;

use super::model::{Fate, Model, Plan};
use super::walk::{Came, Walk};
use crate::core::graph::{EdgeKind, Graph, NodeIx, Part};
use crate::core::state::FrameIx;

/// Within one body: to a node that fires. Containers on the way are opened once.
#[derive(Clone)]
pub(super) struct Leg {
    pub(super) node: NodeIx,
    pub(super) plan: Plan,
}

/// The walk along the legs, up to where the last node has fired; nothing if it does not.
pub(super) fn walk<'g>(graph: &'g Graph, models: &[Model<'_>], legs: &[Leg]) -> Option<Walk<'g>> {
    let (last, before) = legs.split_last()?;
    let (mut walk, frame) = enter(graph, models, before, last)?;
    let order = &models[graph.nodes[last.node].home].order;
    lead(graph, &mut walk, frame, last, order).then_some(walk)
}

/// The same where the last node never fires: up to where nothing on the way to it is left to run.
pub(super) fn in_vain<'g>(graph: &'g Graph, models: &[Model<'_>], legs: &[Leg]) -> Option<Walk<'g>> {
    let (last, before) = legs.split_last()?;
    let (mut walk, frame) = enter(graph, models, before, last)?;
    let order = &models[graph.nodes[last.node].home].order;
    (!lead(graph, &mut walk, frame, last, order)).then_some(walk)
}

/// Into the frame of the body that the last leg lies in.
pub(super) fn enter<'g>(
    graph: &'g Graph,
    models: &[Model<'_>],
    before: &[Leg],
    last: &Leg,
) -> Option<(Walk<'g>, FrameIx)> {
    let trigger = before.first().unwrap_or(last).plan.trigger.or_else(|| graph.triggers().next())?;
    let mut walk = Walk::from_trigger(graph, trigger).ok()?;
    let mut frame = 0;
    for leg in before {
        if !lead(graph, &mut walk, frame, leg, &models[graph.nodes[leg.node].home].order) {
            return None;
        }
        frame = walk.open(frame, leg.node).ok()?;
    }
    Some((walk, frame))
}

/// Lets the steps on the way to a node come to what is planned; whether it has fired.
fn lead(graph: &Graph, walk: &mut Walk<'_>, frame: FrameIx, leg: &Leg, order: &[NodeIx]) -> bool {
    let cone = cone(graph, leg.node);
    loop {
        let before = walk.path.len();
        for &node in order.iter().filter(|node| cone.contains(node)) {
            if walk.has_fired(frame, leg.node) {
                return true;
            }
            let came = if walk.step(frame, node).is_active() { came(graph, node, &leg.plan) } else { None };
            if came.is_some_and(|came| walk.settle(frame, node, came).is_err()) {
                return false;
            }
        }
        // What runs at last begins only after a pass.
        if walk.path.len() == before || walk.has_fired(frame, leg.node) {
            return walk.has_fired(frame, leg.node);
        }
    }
}

/// The nodes of its body that a node waits for: if it runs at last, all of them.
pub(super) fn cone(graph: &Graph, node: NodeIx) -> HashSet<NodeIx> {
    let (own, body) = (&graph.nodes[node], &graph.bodies[graph.nodes[node].home]);
    match own.part {
        Part::Finally => body.nodes.iter().copied().collect(),
        Part::Main | Part::Undo => {
            own.ancestors.iter().copied().filter(|&ix| graph.nodes[ix].home == own.home).collect()
        }
    }
}

/// What a step comes to; nothing if it is held.
pub(super) fn came(graph: &Graph, node: NodeIx, plan: &Plan) -> Option<Came> {
    let ports = match plan.fates.get(&node)? {
        Fate::Held => return None,
        Fate::Failed(class) => return Some(Came::Failed { class: class.clone() }),
        Fate::Done(port) => std::slice::from_ref(port),
        Fate::Together => plan.ports.get(&node)?,
    };
    let leaves = |edge: &usize| matches!(&graph.edges[*edge].kind, EdgeKind::Flow { port, .. } if ports.contains(port));
    let edges = graph.nodes[node].out_edges.iter().filter(|edge| leaves(edge));
    let closed = edges.filter(|edge| is_conditional(graph, **edge) && plan.closed.contains(edge));
    Some(Came::completed(ports, closed.map(|&edge| graph.edges[edge].id.clone()).collect()))
}

fn is_conditional(graph: &Graph, edge: usize) -> bool {
    matches!(graph.edges[edge].kind, EdgeKind::Flow { when: Some(_), .. })
}
