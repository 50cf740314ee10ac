//! A graph while it is drawn: as a document, and as what a checker has to know about it.

use serde_json::{Value, json};

use super::parts::{configured, drawn, edge, leading, shown};
use super::{GraphSpec, Kind, NodeSpec};
use crate::dice::Dice;

/// A graph with a trigger, to which nodes are added.
pub(super) struct Drawing<'a> {
    pub(super) dice: Dice,
    site_url: &'a str,
    spec: GraphSpec,
    nodes: Vec<Value>,
    edges: Vec<Value>,
}

/// Where nodes are drawn.
#[derive(Clone, Default)]
pub(super) struct Place {
    pub(super) parent: Option<String>,
    /// Containers around.
    pub(super) depth: usize,
    /// Whether what is drawn here comes to the same whatever comes first.
    pub(super) is_certain: bool,
    /// Whether `index` tells the number of a frame around.
    pub(super) is_counted: bool,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(dice: Dice, site_url: &'a str) -> Self {
        let spec = GraphSpec { document: Value::Null, nodes: vec![NodeSpec::new("n0", Kind::Trigger, &[])] };
        let nodes = vec![shown("n0", "trigger.manual", json!({}), json!({}))];
        Self { dice, site_url, spec, nodes, edges: Vec::new() }
    }

    /// Adds a node, whose id and place in it are given here; `config` is drawn if absent.
    pub(super) fn add(&mut self, place: &Place, node: NodeSpec, config: Option<Value>) -> String {
        let id = format!("n{}", self.spec.nodes.len());
        let (type_name, drawn, retry) = configured(node.kind, &id, self.site_url, &mut self.dice);
        let mut config = config.unwrap_or(drawn);
        if node.kind.calls() && place.is_counted {
            config["body"]["index"] = json!("{{ index }}");
        }
        let mut policy = json!({ "retry": retry, "finally": node.finally, "cancel_others": !node.losers.is_empty() });
        match node.wanted {
            None => {}
            Some(1) => policy["join"] = json!("any"),
            Some(wanted) => (policy["join"], policy["n"]) = (json!("n_of_m"), json!(wanted)),
        }
        let mut shown = shown(&id, type_name, config, policy);
        if let Some(parent) = &place.parent {
            shown["parentId"] = json!(parent);
        }
        self.nodes.push(shown);
        let (parent, is_certain) = (place.parent.clone(), place.is_certain);
        self.spec.nodes.push(NodeSpec { id: id.clone(), parent, is_certain, ..node });
        id
    }

    /// Adds a node that begins here, or gets its edges later.
    pub(super) fn begin(&mut self, place: &Place, kind: Kind) -> String {
        self.add(place, NodeSpec::new("", kind, &[]), None)
    }

    /// An edge of the kind that its source leads on by, perhaps with a condition on the variant.
    pub(super) fn link(&mut self, source: &str, target: &str) {
        if let Some(node) = self.spec.node(source) {
            self.edges.push(edge(&mut self.dice, node, target));
            self.lead(source, target);
        }
    }

    /// The same without a condition.
    pub(super) fn link_always(&mut self, source: &str, target: &str) {
        if let Some(node) = self.spec.node(source) {
            self.edges.push(leading(node, target));
            self.lead(source, target);
        }
    }

    /// A flow edge from the port `out`.
    pub(super) fn link_if(&mut self, source: &str, target: &str, when: Option<String>) {
        if let Some(node) = self.spec.node(source) {
            self.edges.push(drawn(node, target, "flow", Some("out"), when));
            self.lead(source, target);
        }
    }

    /// Adds a node that undoes another one.
    pub(super) fn undo(&mut self, place: &Place, undone: &str, kind: Kind) {
        let undo = self.add(place, NodeSpec { undoes: Some(undone.into()), ..NodeSpec::new("", kind, &[]) }, None);
        if let Some(node) = self.spec.node(undone) {
            self.edges.push(drawn(node, &undo, "compensate", None, None));
        }
    }

    pub(super) fn kind(&self, id: &str) -> Option<Kind> {
        self.spec.node(id).map(|node| node.kind)
    }

    /// Whether some node waits for a signal.
    pub(super) fn is_signalled(&self) -> bool {
        self.spec.signals().next().is_some()
    }

    pub(super) fn done(mut self) -> GraphSpec {
        self.spec.document = json!({ "nodes": self.nodes, "edges": self.edges });
        self.spec
    }

    fn lead(&mut self, source: &str, target: &str) {
        let target = self.spec.nodes.iter_mut().find(|node| node.id == target);
        target.into_iter().for_each(|node| node.sources.push(source.into()));
    }
}

impl Place {
    /// Outside of all containers.
    pub(super) fn top() -> Self {
        Self { is_certain: true, ..Self::default() }
    }

    /// Within a container of this place.
    pub(super) fn within(&self, container: &str) -> Self {
        Self { parent: Some(container.into()), depth: self.depth + 1, ..self.clone() }
    }
}
