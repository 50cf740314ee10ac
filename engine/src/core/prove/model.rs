//! The firing rule over all outcomes at once: in which cases each node of a body fires, and each edge is taken.
//!
//! A case says what every step of the body comes to, once it has fired. What fires grows with what is taken, and orders
//! matter only to joins that do not wait for all: there a step may also be *held*, that is, not have settled yet. So the
//! cases cover every order, and what happens in none of them happens never.

use std::collections::{HashMap, HashSet};

use super::diagrams::{ALWAYS, Cases, Diagrams, NEVER, Spent, Variable};
use super::facts::{Facts, another_class};
use crate::core::catalogue::Role;
use crate::core::graph::{BodyIx, EdgeIx, EdgeKind, Graph, NodeIx, Part};
use crate::core::policy::OnError;

/// What a step comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It emits on that port.
    Done(String),
    /// It emits on some of its ports, each for itself: [`Standing::ports`].
    Together,
    /// It fails with that class, which an error edge takes.
    Failed(String),
    /// It has not settled, or never does, or what is around it ends with it.
    Held,
}

pub(super) struct Model<'g> {
    graph: &'g Graph,
    pub(super) diagrams: Diagrams,
    /// The nodes of the body, each after those that lead to it.
    pub(super) order: Vec<NodeIx>,
    /// Without those that are left out.
    nodes: HashMap<NodeIx, Standing>,
    edges: HashMap<EdgeIx, Resolved>,
    /// Which trigger starts the execution, where there are several.
    starts: Option<Variable>,
}

/// When a node fires, and what it then comes to.
pub(super) struct Standing {
    pub(super) fires: Cases,
    pub(super) skipped: Cases,
    variable: Option<Variable>,
    pub(super) fates: Vec<Fate>,
    /// Of a node that may emit on several ports at once: when it emits on each, once it has come to that. The last is for
    /// when it does on no other.
    pub(super) ports: Vec<(String, Cases)>,
}

#[derive(Clone, Copy)]
pub(super) struct Resolved {
    pub(super) taken: Cases,
    skipped: Cases,
    /// Whether its condition holds: its second value says no.
    when: Option<Variable>,
}

/// One case, for a walk.
#[derive(Clone, Default)]
pub(super) struct Plan {
    pub(super) fates: HashMap<NodeIx, Fate>,
    /// What nodes emit on that come to [`Fate::Together`].
    pub(super) ports: HashMap<NodeIx, Vec<String>>,
    pub(super) closed: HashSet<EdgeIx>,
    pub(super) trigger: Option<NodeIx>,
}

impl<'g> Model<'g> {
    pub(super) fn build(graph: &'g Graph, body: BodyIx, facts: &Facts, work_max: u64) -> Self {
        let mut model = Self {
            graph,
            diagrams: Diagrams::new(work_max),
            order: order(graph, body),
            nodes: HashMap::new(),
            edges: HashMap::new(),
            starts: None,
        };
        if graph.triggers().count() > 1 && body == 0 {
            model.starts = model.diagrams.variable(graph.triggers().count()).ok();
        }
        let raced = raced(graph, body);
        for node in model.order.clone() {
            model.diagrams.next_question();
            // What cannot be told is left out, with all that follows from it.
            let _ = model.add(node, facts, raced.contains(&node));
        }
        model
    }

    /// Nothing if the node is left out.
    pub(super) fn node(&self, node: NodeIx) -> Option<&Standing> {
        self.nodes.get(&node)
    }

    /// Nothing if the edge is left out.
    pub(super) fn taken(&self, edge: EdgeIx) -> Option<Cases> {
        self.edges.get(&edge).map(|edge| edge.taken)
    }

    /// The cases in which the node fires and comes to one of the fates that `holds`.
    pub(super) fn comes_to(&mut self, node: NodeIx, holds: impl Fn(&Fate) -> bool) -> Result<Cases, Spent> {
        let standing = self.nodes.get(&node).ok_or(Spent)?;
        let fate = fate(&mut self.diagrams, standing.variable, &standing.fates, holds);
        self.diagrams.and(standing.fires, fate)
    }

    /// The cases in which the node fires and emits on that port.
    pub(super) fn emits_on(&mut self, node: NodeIx, port: &str) -> Result<Cases, Spent> {
        let standing = self.nodes.get(&node).ok_or(Spent)?;
        let Standing { fires, variable, fates, ports, .. } = standing;
        let emitted = emitted_on(&mut self.diagrams, *variable, fates, ports, port)?;
        self.diagrams.and(*fires, emitted)
    }

    /// The cases in which at least so many edges into the node are taken.
    pub(super) fn at_least(&mut self, node: NodeIx, wanted: usize) -> Result<Cases, Spent> {
        let taken: Vec<Cases> = self.inbound(node)?.iter().map(|edge| edge.taken).collect();
        self.diagrams.at_least(wanted, taken)
    }

    /// One of the cases, if there is one.
    pub(super) fn plan(&self, cases: Cases) -> Option<Plan> {
        if cases == NEVER {
            return None;
        }
        let picked = self.diagrams.pick(cases);
        let value = |variable: &Option<Variable>| variable.and_then(|it| picked.get(&it)).copied().unwrap_or(0);
        let fates = self.nodes.iter().map(|(&ix, node)| (ix, node.fates[value(&node.variable)].clone()));
        let closed = self.edges.iter().filter(|(_, edge)| value(&edge.when) == 1 || edge.taken == NEVER);
        let ports = |node: &Standing| -> Vec<String> {
            let emitted = node.ports.iter().filter(|(_, way)| self.diagrams.holds(*way, &picked));
            emitted.map(|(port, _)| port.clone()).collect()
        };
        let several = self.nodes.iter().filter(|(_, node)| !node.ports.is_empty());
        Some(Plan {
            fates: fates.collect(),
            ports: several.map(|(&ix, node)| (ix, ports(node))).collect(),
            closed: closed.map(|(&ix, _)| ix).collect(),
            trigger: self.graph.triggers().nth(value(&self.starts)),
        })
    }

    fn add(&mut self, ix: NodeIx, facts: &Facts, is_raced: bool) -> Result<(), Spent> {
        let (fires, skipped) = self.joined(ix)?;
        let fates = fates(self.graph, ix, facts, is_raced);
        let variable = if fates.len() > 1 { Some(self.diagrams.variable(fates.len())?) } else { None };
        let ports = self.ways(ix, facts)?;
        let settled = fate(&mut self.diagrams, variable, &fates, |fate| *fate != Fate::Held);
        let settles = self.diagrams.and(fires, settled)?;
        let mut whens = HashMap::new();
        let mut resolved = Vec::new();
        for &edge in &self.graph.nodes[ix].out_edges {
            let (emitted, when) = self.emitted(edge, variable, &fates, &ports, facts, &mut whens)?;
            let taken = self.diagrams.and(fires, emitted)?;
            let passed = self.diagrams.without(settles, emitted)?;
            resolved.push((edge, Resolved { taken, skipped: self.diagrams.or(skipped, passed)?, when }));
        }
        self.edges.extend(resolved);
        self.nodes.insert(ix, Standing { fires, skipped, variable, fates, ports });
        Ok(())
    }

    /// When a node that may emit on several ports at once emits on each of them.
    fn ways(&mut self, ix: NodeIx, facts: &Facts) -> Result<Vec<(String, Cases)>, Spent> {
        let Some(together) = facts.together(ix) else { return Ok(Vec::new()) };
        let (mut ways, mut none) = (Vec::with_capacity(together.each.len() + 1), ALWAYS);
        for (port, known) in &together.each {
            let way = match known {
                Some(true) => ALWAYS,
                Some(false) => NEVER,
                None => {
                    let variable = self.diagrams.variable(2)?;
                    self.diagrams.is(variable, |value| value == 0)
                }
            };
            none = self.diagrams.without(none, way)?;
            ways.push((port.clone(), way));
        }
        ways.push((together.otherwise.clone(), none));
        Ok(ways)
    }

    /// When its source, once fired, takes the edge; and its condition. Conditions of one source that read the same are the
    /// same.
    fn emitted(
        &mut self,
        edge: EdgeIx,
        variable: Option<Variable>,
        fates: &[Fate],
        ports: &[(String, Cases)],
        facts: &Facts,
        whens: &mut HashMap<&'g str, Variable>,
    ) -> Result<(Cases, Option<Variable>), Spent> {
        let kind = &self.graph.edges[edge].kind;
        let emitted = match kind {
            EdgeKind::Flow { port, .. } => emitted_on(&mut self.diagrams, variable, fates, ports, port)?,
            kind => fate(&mut self.diagrams, variable, fates, |fate| takes(kind, fate)),
        };
        let EdgeKind::Flow { when: Some(when), .. } = kind else { return Ok((emitted, None)) };
        match facts.when(edge) {
            Some(true) => return Ok((emitted, None)),
            Some(false) => return Ok((NEVER, None)),
            None => {}
        }
        let open = match whens.get(when.as_str()) {
            Some(&known) => known,
            None => *whens.entry(when).or_insert(self.diagrams.variable(2)?),
        };
        let holds = self.diagrams.is(open, |value| value == 0);
        Ok((self.diagrams.and(emitted, holds)?, Some(open)))
    }

    /// When the node fires, and when it is skipped.
    fn joined(&mut self, ix: NodeIx) -> Result<(Cases, Cases), Spent> {
        let node = &self.graph.nodes[ix];
        if node.role == Role::Trigger {
            let place = self.graph.triggers().position(|trigger| trigger == ix);
            return match self.starts {
                Some(starts) => {
                    let begins = self.diagrams.is(starts, |value| Some(value) == place);
                    Ok((begins, self.diagrams.without(ALWAYS, begins)?))
                }
                None if self.graph.triggers().count() > 1 => Err(Spent),
                None => Ok((ALWAYS, NEVER)),
            };
        }
        if node.in_edges.is_empty() {
            return Ok((ALWAYS, NEVER));
        }
        let edges = self.inbound(ix)?;
        let taken: Vec<Cases> = edges.iter().map(|edge| edge.taken).collect();
        let skipped: Vec<Cases> = edges.iter().map(|edge| edge.skipped).collect();
        if let Some(wanted) = node.policy.wanted() {
            let too_many = (edges.len() + 1).saturating_sub(wanted);
            return Ok((self.diagrams.at_least(wanted, taken)?, self.diagrams.at_least(too_many, skipped)?));
        }
        let none = self.diagrams.all(skipped)?;
        let some = self.diagrams.at_least(1, taken)?;
        let mut resolved = Vec::with_capacity(edges.len());
        for edge in &edges {
            resolved.push(self.diagrams.or(edge.taken, edge.skipped)?);
        }
        let all = self.diagrams.all(resolved)?;
        Ok((self.diagrams.and(some, all)?, none))
    }

    fn inbound(&self, node: NodeIx) -> Result<Vec<Resolved>, Spent> {
        self.graph.nodes[node].in_edges.iter().map(|edge| self.edges.get(edge).copied().ok_or(Spent)).collect()
    }
}

/// The cases in which a node with that variable comes to one of the fates that `holds`.
fn fate(diagrams: &mut Diagrams, variable: Option<Variable>, fates: &[Fate], holds: impl Fn(&Fate) -> bool) -> Cases {
    match variable {
        Some(variable) => diagrams.is(variable, |value| holds(&fates[value])),
        None if fates.first().is_some_and(holds) => ALWAYS,
        None => NEVER,
    }
}

/// The cases in which a node emits on that port, once it has fired.
fn emitted_on(
    diagrams: &mut Diagrams,
    variable: Option<Variable>,
    fates: &[Fate],
    ports: &[(String, Cases)],
    port: &str,
) -> Result<Cases, Spent> {
    let alone = fate(diagrams, variable, fates, |fate| matches!(fate, Fate::Done(emitted) if emitted == port));
    let Some(&(_, way)) = ports.iter().find(|(known, _)| known == port) else { return Ok(alone) };
    let together = fate(diagrams, variable, fates, |fate| *fate == Fate::Together);
    let with_others = diagrams.and(together, way)?;
    diagrams.or(alone, with_others)
}

/// Everything that a step may come to; what makes no difference to the edges is one.
fn fates(graph: &Graph, ix: NodeIx, facts: &Facts, is_raced: bool) -> Vec<Fate> {
    let mut fates: Vec<Fate> = match facts.together(ix) {
        Some(_) => vec![Fate::Together],
        None => facts.emits(ix).iter().cloned().map(Fate::Done).collect(),
    };
    let edges = graph.nodes[ix].out_edges.iter().map(|&edge| &graph.edges[edge]);
    let lists: Vec<&[String]> = edges.filter_map(|edge| edge.kind.classes()).collect();
    let mut listed: Vec<&str> = lists.iter().flat_map(|list| list.iter().map(String::as_str)).collect();
    listed.sort_unstable();
    listed.dedup();
    let possible = listed.iter().filter(|class| facts.may_fail_with(graph, ix, class));
    fates.extend(possible.map(|&class| Fate::Failed(class.to_owned())));
    if lists.iter().any(|list| list.is_empty()) {
        fates.push(Fate::Failed(another_class(&listed)));
    } else if graph.nodes[ix].policy.on_error == OnError::Continue {
        // A failure that no edge takes completes the step.
        let done = graph.nodes[ix].ports.first().cloned().map(Fate::Done);
        fates.extend(done.filter(|done| !fates.contains(done)));
    }
    if is_raced && graph.nodes[ix].role != Role::Trigger || fates.is_empty() {
        fates.push(Fate::Held);
    }
    fates
}

fn takes(kind: &EdgeKind, fate: &Fate) -> bool {
    matches!(fate, Fate::Failed(class) if kind.takes_error(class))
}

/// Nodes that a join may overtake: it fires before they settle.
fn raced(graph: &Graph, body: BodyIx) -> HashSet<NodeIx> {
    let nodes = graph.bodies[body].nodes.iter().map(|&ix| &graph.nodes[ix]);
    let joins = nodes.filter(|node| node.in_edges.len() > 1 && node.policy.wanted().is_some());
    joins.flat_map(|node| node.ancestors.iter().copied()).filter(|&ix| graph.nodes[ix].home == body).collect()
}

/// The nodes of a body, each after those that lead to it; what lies on one branch stays together.
fn order(graph: &Graph, body: BodyIx) -> Vec<NodeIx> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    for &last in graph.bodies[body].nodes.iter().filter(|&&ix| graph.nodes[ix].part != Part::Undo) {
        // Each node, and how many of its in-edges were looked at.
        let mut open = if seen.insert(last) { vec![(last, 0)] } else { Vec::new() };
        while let Some((ix, looked)) = open.pop() {
            match graph.nodes[ix].in_edges.get(looked) {
                None => order.push(ix),
                Some(&edge) => {
                    open.push((ix, looked + 1));
                    let source = graph.edges[edge].source;
                    if seen.insert(source) {
                        open.push((source, 0));
                    }
                }
            }
        }
    }
    order
}
