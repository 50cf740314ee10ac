//! Random valid graphs: branches, joins, retries, delays, signals, handled failures; and, in two of three, containers
//! in containers, races, undos and what runs at last. Others talk: they call workflows, send events and wait for some,
//! and answer whoever waits.
//!
//! Conditions look at the input and at the place in a container only, and every failure is retried, taken, or meant. So
//! each execution must settle the same steps on the same ports as a calm one with the same input. The exceptions know
//! it: where branches race, or what is beside a failure is cancelled, a node is not certain.

mod drawing;
mod nested;
mod parts;
mod plain;
mod scope;
mod talking;

use serde_json::{Value, json};

pub(crate) use scope::{frames_of, last_of};
pub(crate) use talking::{CALLED, EVENT_TYPE, called, talking};

/// Inputs carry a `variant` below this; conditions look at it.
pub const VARIANTS: u64 = 3;
/// One of so many graphs has no containers and no races.
const PLAIN_EVERY: u64 = 3;

/// Longest time of a call, in milliseconds: far above what any takes, and below a hang of the server.
pub(crate) const CALL_MS_MAX: u64 = 3_000;

/// A graph, and what a checker has to know about it.
#[derive(Clone, Debug)]
pub struct GraphSpec {
    /// As the editor would store it.
    pub document: Value,
    /// The trigger first, then in an order in which edges point forward.
    pub nodes: Vec<NodeSpec>,
}

/// One node.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// `n0` is the trigger.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// Nodes that it has a flow or error edge from.
    pub sources: Vec<String>,
    /// At how many taken edges it fires; none if it waits for all.
    pub wanted: Option<usize>,
    /// Nodes that are cancelled once it fires, as they lead to nothing else; each always leads on if it can.
    pub losers: Vec<String>,
    /// The container that it lies in.
    pub parent: Option<String>,
    /// The node that it undoes.
    pub undoes: Option<String>,
    /// Whether it runs at last.
    pub finally: bool,
    /// Whether it comes to the same whatever comes first.
    pub is_certain: bool,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `trigger.manual`
    Trigger,
    /// Calls the effect server, which refuses the first `refusals` calls.
    Call {
        /// Calls answered with 503 first.
        refusals: u64,
    },
    /// Calls the effect server, which refuses it for good in the first frame of its container.
    Falls,
    /// `debug.noop`
    Noop,
    /// `data.set`
    Set,
    /// `logic.delay`
    Delay,
    /// `logic.wait_for_signal` without a limit; the signal has the node's name.
    Signal,
    /// `logic.condition` on the variant.
    Condition,
    /// `debug.fail`, which succeeds at a later attempt.
    Flaky,
    /// `debug.fail` for good.
    Doomed,
    /// `logic.sub_workflow`
    Calls(Way),
    /// `logic.wait_for_event`
    Event(Teller),
    /// `action.emit_event`
    Emit,
    /// `logic.respond`
    Respond,
    /// `data.approval_link`, to a step that never asks.
    Link,
    /// `logic.approval`
    Ask,
    /// `debug.crash`; no random graph has one.
    Crash,
    /// Holds a graph.
    Container {
        /// In which way.
        of: Container,
        /// Whether what it holds comes to a failure, with some inputs at least.
        fails: bool,
    },
}

/// The kinds of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// `logic.for_each`
    ForEach,
    /// `logic.loop`
    Loop,
    /// `logic.try`
    Try,
    /// `logic.group`
    Group,
}

/// How a workflow is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The step waits for the end of its child, which is cancelled with it.
    Awaited,
    /// The same, and the child goes on if the step is cancelled.
    Abandoned,
    /// The same as awaited, and the child fails.
    Ill,
    /// Nobody waits for the child.
    Detached,
}

/// Who sends what a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// The client, before the start or after it.
    Client,
    /// The step before it.
    Step,
    /// Nobody, so that its time runs out.
    Nobody,
}

impl Way {
    /// Whether the step goes on only once the child has ended.
    pub(crate) fn waits(self) -> bool {
        self != Self::Detached
    }
}

impl Kind {
    /// Whether what it waits for may be late by itself.
    pub(crate) fn is_told(self) -> bool {
        matches!(self, Self::Signal | Self::Calls(_) | Self::Event(_))
    }

    /// Whether it calls the effect server.
    #[must_use]
    pub fn calls(self) -> bool {
        matches!(self, Self::Call { .. } | Self::Falls)
    }

    /// Whether it may need more than one attempt.
    #[must_use]
    pub fn repeats(self) -> bool {
        // The database cannot be asked now and then.
        let asks = matches!(self, Self::Calls(_) | Self::Event(_) | Self::Emit | Self::Link);
        self.calls() || asks || matches!(self, Self::Flaky | Self::Container { of: Container::Group, .. })
    }
}

impl NodeSpec {
    /// A node at the top that waits for all of its sources.
    #[must_use]
    pub fn new(id: &str, kind: Kind, sources: &[&str]) -> Self {
        Self {
            id: id.into(),
            kind,
            sources: sources.iter().map(|&source| source.into()).collect(),
            wanted: None,
            losers: Vec::new(),
            parent: None,
            undoes: None,
            finally: false,
            is_certain: true,
        }
    }

    /// Whether it is part of the graph as drawn, and not of what undoes or runs at last.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.undoes.is_none() && !self.finally
    }
}

impl GraphSpec {
    /// The nodes that wait for a signal.
    pub fn signals(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter(|node| node.kind == Kind::Signal).map(|node| node.id.as_str())
    }

    /// The nodes that wait for an event of the client.
    pub(crate) fn events(&self) -> impl Iterator<Item = &str> {
        let told = |node: &&NodeSpec| node.kind == Kind::Event(Teller::Client);
        self.nodes.iter().filter(told).map(|node| node.id.as_str())
    }

    /// Whether it may answer before its end.
    pub(crate) fn responds(&self) -> bool {
        self.nodes.iter().any(|node| node.kind == Kind::Respond)
    }

    /// The node of that id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&NodeSpec> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The containers around a node, the innermost first.
    pub fn around(&self, id: &str) -> impl Iterator<Item = &NodeSpec> {
        let parent = |node: &NodeSpec| node.parent.as_deref().and_then(|parent| self.node(parent));
        std::iter::successors(self.node(id).and_then(parent), move |&node| parent(node))
    }

    /// The node that undoes that one.
    #[must_use]
    pub fn undo_of(&self, id: &str) -> Option<&NodeSpec> {
        self.nodes.iter().find(|node| node.undoes.as_deref() == Some(id))
    }

    /// Whether a failure of that node goes to what encloses it.
    #[must_use]
    pub fn is_unhandled(&self, id: &str) -> bool {
        let fails = |node: &NodeSpec| match node.kind {
            Kind::Doomed | Kind::Falls | Kind::Calls(Way::Ill) => true,
            Kind::Container { of, fails } => fails && of != Container::Try,
            _ => false,
        };
        self.node(id).is_some_and(fails) && !self.nodes.iter().any(|node| node.sources.iter().any(|it| it == id))
    }
}

/// Graph number `number` of a seed; its calls go to `site_url`.
#[must_use]
pub fn graph(seed: u64, number: u64, site_url: &str) -> GraphSpec {
    if number.is_multiple_of(PLAIN_EVERY) {
        return plain::graph(seed, number, site_url);
    }
    nested::graph(seed, number, number - number / PLAIN_EVERY - 1, site_url)
}

/// A document: a trigger, then these nodes in a row, each with its id, type and config.
#[must_use]
pub fn row(nodes: &[(&str, &str, Value)]) -> Value {
    let node = |id: &str, kind: &str, config: &Value| json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": { "label": id, "config": config } });
    let mut all = vec![node("start", "trigger.manual", &json!({}))];
    let (mut edges, mut source) = (Vec::new(), "start");
    for (id, kind, config) in nodes {
        all.push(node(id, kind, config));
        edges.push(json!({ "id": format!("{source}-{id}"), "source": source, "sourceHandle": "out", "target": id,
                           "targetHandle": "in", "data": { "kind": "flow" } }));
        source = id;
    }
    json!({ "nodes": all, "edges": edges })
}

#[cfg(test)]
mod tests;
