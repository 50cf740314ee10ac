//! Sound graphs: nothing is found in them, and everything was looked at. And one that is too large for that.

use capstan_engine::core::prove::{WORK_MAX, prove};
use serde_json::{Value, json};

use crate::catalogue::{PORTS, TestTypes};
use crate::rng::Rng;
use crate::spec::compile;

const GRAPHS: u64 = 100;
const NODES_MAX: usize = 60;
const DEPTH_MAX: usize = 3;

/// Draws nested blocks, each of which begins and ends at one node.
struct Drawer {
    rng: Rng,
    nodes: Vec<Value>,
    edges: Vec<Value>,
    left: usize,
}

/// A port of a node.
type Exit = (String, &'static str);

impl Drawer {
    fn draw(seed: u64) -> Value {
        let mut rng = Rng::new(seed);
        let left = 5 + rng.below(NODES_MAX - 5);
        let mut drawer = Self { rng, nodes: Vec::new(), edges: Vec::new(), left };
        drawer.nodes.push(json!({"id": "start", "type": "test.trigger", "data": {"config": {"ports": 1}}}));
        let (mut at, mut certain) = (Some(("start".to_owned(), "out")), vec!["start".to_owned()]);
        while drawer.left > 0 {
            at = Some(drawer.block(at, None, 0, &mut certain));
        }
        json!({"nodes": drawer.nodes, "edges": drawer.edges})
    }

    /// Goes on at `from`; where that ends. `certain` are steps that have completed there.
    fn block(&mut self, from: Option<Exit>, parent: Option<&str>, depth: usize, certain: &mut Vec<String>) -> Exit {
        let kind = if depth < DEPTH_MAX && self.left > 6 { self.rng.below(6) } else { 0 };
        let first = self.node("test.step", parent, certain, json!({}));
        if let Some(from) = from {
            self.edge(&from, &first, json!({}));
        }
        match kind {
            1 | 2 => return self.branches(first, parent, depth, certain, kind == 1),
            3 => return self.handled(&first, parent, certain),
            4 => self.container(&first, depth, certain),
            _ => certain.push(first.clone()),
        }
        (first, "out")
    }

    /// Branches that all run, or one of them, and meet again.
    fn branches(
        &mut self,
        first: String,
        parent: Option<&str>,
        depth: usize,
        certain: &mut Vec<String>,
        all: bool,
    ) -> Exit {
        certain.push(first.clone());
        let count = 2 + self.rng.below(2);
        if !all {
            self.config(&first)["ports"] = json!(count);
        }
        let mut ends = Vec::new();
        let mut met = certain.clone();
        for port in &PORTS[..count] {
            let mut own = certain.clone();
            ends.push(self.block(Some((first.clone(), if all { "out" } else { port })), parent, depth + 1, &mut own));
            met.extend(own.split_off(certain.len()));
        }
        let n = 1 + self.rng.below(count);
        let policy = match self.rng.below(3) {
            0 => json!({"join": "any"}),
            1 if all => json!({"join": "n_of_m", "n": n}),
            _ => json!({"join": "all"}),
        };
        // All of them are done only behind a join that waits for all.
        if all && policy["join"] == "all" {
            *certain = met;
        }
        let join = self.node("test.step", parent, certain, policy);
        ends.iter().for_each(|end| self.edge(end, &join, json!({})));
        certain.push(join.clone());
        (join, "out")
    }

    /// A failure is taken, something may be done beside, and all ways meet again.
    fn handled(&mut self, first: &str, parent: Option<&str>, certain: &mut Vec<String>) -> Exit {
        let handler = self.node("test.step", parent, certain, json!({}));
        let join = self.node("test.step", parent, certain, json!({}));
        let exit = (first.to_owned(), "out");
        let classes = if self.rng.chance(50) { json!([]) } else { json!(["boom"]) };
        self.edge(&exit, &handler, json!({"kind": "error", "error_classes": classes}));
        self.edge(&exit, &join, json!({}));
        self.edge(&(handler, "out"), &join, json!({}));
        if self.rng.chance(50) {
            let more = self.node("test.step", parent, certain, json!({}));
            self.edge(&exit, &more, json!({"when": "{{ input.more }}"}));
            self.edge(&(more, "out"), &join, json!({}));
        }
        certain.push(join.clone());
        (join, "out")
    }

    fn container(&mut self, id: &str, depth: usize, certain: &mut Vec<String>) {
        let frames = 1 + self.rng.below(5);
        self.config(id)["frames"] = json!(frames);
        self.drawn(id)["type"] = json!("test.container");
        let mut inside = certain.clone();
        let mut at = None;
        for _ in 0..1 + self.rng.below(2) {
            at = Some(self.block(at, Some(id), depth + 1, &mut inside));
        }
        certain.push(id.to_owned());
    }

    fn node(&mut self, type_name: &str, parent: Option<&str>, certain: &[String], policy: Value) -> String {
        self.left = self.left.saturating_sub(1);
        let id = format!("n{}", self.nodes.len());
        let text = format!("{{{{ steps.{}.part }}}}", self.rng.pick(certain));
        let data = json!({"config": {"ports": 1, "text": text}, "policy": policy});
        let mut node = json!({"id": id, "type": type_name, "data": data});
        if let Some(parent) = parent {
            node["parentId"] = json!(parent);
        }
        self.nodes.push(node);
        id
    }

    fn drawn(&mut self, id: &str) -> &mut Value {
        self.nodes.iter_mut().find(|node| node["id"] == id).unwrap()
    }

    fn config(&mut self, id: &str) -> &mut Value {
        &mut self.drawn(id)["data"]["config"]
    }

    fn edge(&mut self, (source, port): &Exit, target: &str, data: Value) {
        let id = format!("e{}", self.edges.len());
        let handle = if data["kind"] == "error" { "error" } else { port };
        self.edges.push(json!({"id": id, "source": source, "sourceHandle": handle, "target": target, "data": data}));
    }
}

#[test]
fn nothing_is_found_in_sound_graphs_and_all_of_each_is_looked_at() {
    let mut largest = 0;
    for seed in 0..GRAPHS {
        let graph = compile(&Drawer::draw(seed)).unwrap();
        let proof = prove(&graph, &TestTypes::new());
        assert!(proof.complete, "seed {seed}: {:?}", proof.left_out);
        assert!(proof.findings.is_empty(), "seed {seed}: {:#?}", proof.findings);
        largest = largest.max(graph.nodes.len());
    }
    assert!((50..=NODES_MAX + 10).contains(&largest), "the largest graph has {largest} nodes");
}

#[test]
fn branches_beside_each_other_do_not_multiply() {
    let node = |id: String, policy: Value| json!({"id": id, "type": "test.step", "data": {"config": {"ports": 2}, "policy": policy}});
    let edge = |source: &str, port: &str, target: &str| json!({"id": format!("{source}.{port}-{target}"), "source": source, "sourceHandle": port, "target": target});
    let mut nodes = vec![json!({"id": "start", "type": "test.trigger", "data": {"config": {"ports": 1}}})];
    let mut edges = Vec::new();
    for branch in 0..20 {
        let [choice, yes, no] = ["choice", "yes", "no"].map(|name| format!("{name}{branch}"));
        edges.push(edge("start", "out", &choice));
        for (port, id) in [("out", &yes), ("alt", &no)] {
            edges.push(edge(&choice, port, id));
            edges.push(edge(id, "out", "most"));
        }
        nodes.extend([choice, yes, no].map(|id| node(id, json!({}))));
    }
    nodes.push(node("most".into(), json!({"join": "n_of_m", "n": 20})));
    let mut document = json!({"nodes": nodes, "edges": edges});
    let proof = prove(&compile(&document).unwrap(), &TestTypes::new());
    assert!(proof.complete && proof.findings.is_empty(), "{proof:#?}");
    document["nodes"][61]["data"]["policy"]["n"] = json!(21);
    let proof = prove(&compile(&document).unwrap(), &TestTypes::new());
    assert!(proof.complete && proof.findings[0].code == "join_never_fires", "{proof:#?}");
    assert!(proof.findings[0].detail.contains("at most 20"), "{}", proof.findings[0].detail);
}

#[test]
fn what_is_too_much_is_said_to_be_left_out() {
    const WIDTH: usize = 20;
    let mut rng = Rng::new(7);
    let mut nodes = vec![json!({"id": "start", "type": "test.trigger", "data": {"config": {"ports": 1}}})];
    let mut edges = Vec::new();
    for ix in 1..500 {
        let policy = if ix > WIDTH { json!({"join": "n_of_m", "n": 2}) } else { json!({}) };
        let id = format!("n{ix}");
        nodes.push(json!({"id": id, "type": "test.step", "data": {"config": {"ports": 3}, "policy": policy}}));
        let mut sources = vec!["start".to_owned()];
        if ix > WIDTH {
            let row = (ix - 1) / WIDTH * WIDTH - WIDTH + 1;
            let mut before: Vec<usize> = (row..row + WIDTH).collect();
            rng.shuffle(&mut before);
            sources = before[..4].iter().map(|source| format!("n{source}")).collect();
        }
        for source in sources {
            let port = if source == "start" { PORTS[0] } else { *rng.pick(&PORTS) };
            edges.push(json!({"id": format!("{source}-{id}"), "source": source, "sourceHandle": port, "target": id}));
        }
    }
    let graph = compile(&json!({"nodes": nodes, "edges": edges})).unwrap();
    let proof = prove(&graph, &TestTypes::new());
    assert_eq!(graph.nodes.len(), 500);
    assert!(!proof.complete);
    let told = proof.left_out.iter().find(|left| left.question == "whether it runs");
    assert!(told.is_some_and(|left| left.node_id.starts_with('n')), "{:?}", proof.left_out);
    assert!(proof.explored <= WORK_MAX + WORK_MAX / 10, "{} of {WORK_MAX}", proof.explored);
}
