//! Every pattern of `examples/patterns`, on a real worker: it ends as its file says, step by step.

use std::fs;
use std::path::{Path, PathBuf};

use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey};
use capstan_engine::core::simulate::{self, Cancel, Stubs, Unstubbed, simulate};
use capstan_engine::core::state::{State, StepStatus};
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::{LocalRunner, WALL_TIME_MAX};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::Cell;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/patterns");
/// The page that is made of them; `UPDATE_DOCS=1` writes it.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/patterns.md");
const PATTERNS_MIN: usize = 30;
const ENTRIES_MAX: i64 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    title: String,
    known_as: Vec<String>,
    about: String,
    graph: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    input: Value,
    #[serde(default)]
    signals: Vec<Signal>,
    /// Cancelled with this reason once it waits.
    cancel: Option<String>,
    status: String,
    output: Option<Value>,
    error_class: Option<String>,
    /// All decided steps but the trigger.
    steps: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signal {
    name: String,
    #[serde(default)]
    payload: Value,
}

fn patterns() -> Vec<(PathBuf, Pattern)> {
    let mut files: Vec<PathBuf> = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        let pattern = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (file, pattern)
    };
    files.into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pattern_does_what_its_file_says() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let patterns = patterns();
    assert!(patterns.len() >= PATTERNS_MIN);
    let mut wrong = Vec::new();
    for (file, pattern) in &patterns {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let graph = Graph::compile(&pattern.graph, &*cell.registry);
        let graph = graph.unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
        let version = cell.publish(&pattern.graph).await;
        for case in &pattern.cases {
            let id = cell.start(version, case.input.clone()).await;
            for signal in &case.signals {
                cell.signal(id, &signal.name, signal.payload.clone()).await;
            }
            if let Some(reason) = &case.cancel {
                cell.until(id, &["waiting"]).await;
                cell.signal(id, CANCEL, json!({ "reason": reason })).await;
            }
            let row = cell.until(id, &["completed", "failed", "cancelled", "incident"]).await;
            let steps = steps(&cell, &graph, &row).await;
            let error = row.error.as_ref().map(|error| error["class"].clone());
            let error = error.filter(|_| row.status == "failed");
            let came = (&row.status, &row.output, error, &steps);
            let class = case.error_class.as_ref().map(|class| json!(class));
            let wanted = (&case.status, &case.output, class, &case.steps);
            if came != wanted {
                wrong.push(format!("{name}, {}:\n  came   {came:?}\n  wanted {wanted:?}", case.name));
            }
        }
    }
    worker.drain().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The decided steps but the trigger, frame by frame.
async fn steps(cell: &Cell, graph: &Graph, row: &ExecutionRow) -> Vec<String> {
    let (id, mut owner) = (ExecutionId(row.execution_id), cell.owner().await);
    let entries = executions::journal(&mut owner, cell.workspace_id, id, 0, ENTRIES_MAX).await.unwrap();
    let trigger = StepKey::root(NodeId::from("start"));
    let entries = entries.iter().map(|(_, entry)| entry);
    let state = fold(graph, &trigger, row.input.clone(), row.created_at, entries).unwrap();
    lines(graph, &state)
}

fn lines(graph: &Graph, state: &State) -> Vec<String> {
    let decided = |ix: &usize| state.step(*ix).status != StepStatus::Pending;
    let all = (0..state.steps().len()).filter(decided).map(|ix| line(graph, state, ix));
    all.filter(|line| !line.starts_with("start ")).collect()
}

#[test]
fn a_simulation_of_every_pattern_without_signals_is_what_the_worker_does() {
    let registry = Registry::standard();
    let (mut wrong, mut simulated_cases) = (Vec::new(), 0);
    for (file, pattern) in patterns() {
        let graph = Graph::compile(&pattern.graph, &registry).unwrap();
        for case in pattern.cases.iter().filter(|case| case.signals.is_empty()) {
            let runner = LocalRunner::new(&registry, WALL_TIME_MAX).unwrap();
            let simulated = simulate(
                &simulate::Case {
                    graph: &graph,
                    trigger: &StepKey::root(NodeId::from("start")),
                    input: case.input.clone(),
                    now: DateTime::UNIX_EPOCH,
                    execution_id: ExecutionId(Uuid::nil()),
                    stubs: &Stubs::default(),
                    unstubbed: Unstubbed::Fail,
                    timeout_ms: graph.timeout_ms,
                    cancel: case.cancel.clone().map(|reason| Cancel { reason, force: false, after_ms: 0 }),
                },
                &runner,
            );
            let simulated = simulated.unwrap();
            let came = (simulated.status(), simulated.output(&graph), lines(&graph, &simulated.state));
            let wanted = (case.status.as_str(), case.output.clone(), case.steps.clone());
            if came != wanted {
                let (name, stopped) = (file.display(), &simulated.stopped);
                wrong.push(format!("{name}, {}: {stopped:?}\n  came   {came:?}\n  wanted {wanted:?}", case.name));
            }
            simulated_cases += 1;
        }
    }
    assert!(wrong.is_empty() && simulated_cases >= PATTERNS_MIN, "{}", wrong.join("\n"));
}

fn line(graph: &Graph, state: &State, ix: usize) -> String {
    let step = state.step(ix);
    let status = serde_json::to_value(step.status).unwrap();
    let mut line = format!("{} {}", state.key(graph, ix), status.as_str().unwrap());
    if step.port.is_some() {
        line += &format!(" on {}", step.ports().collect::<Vec<_>>().join(" and "));
    }
    if step.attempts > 1 {
        line += &format!(" after {}", step.attempts);
    }
    if let Some(error) = &step.error {
        line += &format!(" with {}", error.class);
    }
    line
}

#[test]
fn the_page_of_patterns_is_up_to_date() {
    let mut page = String::from(
        "# Patterns\n\nWell-known shapes of work, as graphs. Each is a file in [examples/patterns](../examples/patterns), and a test \
         runs its\ncases on a worker. Generated from these files; do not edit.\n\n\
         A file holds more than a graph: `title`, `known_as`, `about`, the `graph`, in [the format of all graphs](graphs.md), \
         and its\n`cases`: inputs and signals, and the steps and the end that have to come of them. `capstan validate`, `exec` and \
         `test` take\nthe graph alone, and so do the editor and the API. To run one:\n\n\
         ```sh\njq .graph examples/patterns/exclusive-choice.json > choice.json\n\
         capstan validate choice.json\ncapstan exec choice.json --input '{\"total\": 20}'\n```\n\n\
         The input is that of a case. A graph that waits for a signal waits for it here, too. `make test` runs all cases of all\n\
         files. Cases of your own go [beside your graph](testing.md#cases-beside-a-graph), in another form.\n\n\
         | pattern | known as |\n|---|---|\n",
    );
    let patterns = patterns();
    for (file, pattern) in &patterns {
        let name = file.file_stem().unwrap().to_str().unwrap();
        page += &format!("| [{}](#{}) | {} |\n", pattern.title, anchor(&pattern.title), pattern.known_as.join("; "));
        assert!(!pattern.cases.is_empty(), "{name} has no case");
    }
    for (file, pattern) in &patterns {
        page +=
            &format!("\n## {}\n\n{}\n\n```mermaid\n{}```\n\n", pattern.title, pattern.about, drawing(&pattern.graph));
        let name = file.file_name().unwrap().to_str().unwrap();
        let cases: Vec<String> = pattern.cases.iter().map(|case| format!("{} ({})", case.name, case.status)).collect();
        page += &format!("[{name}](../examples/patterns/{name}): {}.\n", cases.join("; "));
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let kept = fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    assert!(kept == page, "docs/patterns.md is of other patterns: run this test with UPDATE_DOCS=1");
}

/// As the page's headings are linked to.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars().filter(|&letter| letter.is_alphanumeric() || letter == '-').collect()
}

/// A graph in the language of Mermaid.
fn drawing(graph: &Value) -> String {
    let nodes = graph["nodes"].as_array().unwrap();
    let mut drawing = String::from("flowchart LR\n");
    draw(nodes, None, 1, &mut drawing);
    for edge in graph["edges"].as_array().unwrap() {
        let text = |name: &str| edge[name].as_str().unwrap_or_default();
        let label = match edge["data"]["kind"].as_str() {
            Some("compensate") => "-. undone by .->".into(),
            Some("error") => "-- error -->".into(),
            _ if edge["data"]["when"].is_string() => "-- if -->".into(),
            _ if ["", "out"].contains(&text("sourceHandle")) => "-->".into(),
            _ => format!("-- {} -->", text("sourceHandle")),
        };
        drawing += &format!("  {} {label} {}\n", drawn_id(text("source")), drawn_id(text("target")));
    }
    drawing
}

fn draw(nodes: &[Value], parent: Option<&str>, depth: usize, drawing: &mut String) {
    let indent = "  ".repeat(depth);
    for node in nodes.iter().filter(|node| node["parentId"].as_str() == parent) {
        let id = node["id"].as_str().unwrap();
        let last = if node["data"]["policy"]["finally"] == true { ", at last" } else { "" };
        let name = format!("{id}{last}");
        if nodes.iter().any(|inner| inner["parentId"] == id) {
            *drawing += &format!("{indent}subgraph {}[\"{name}\"]\n", drawn_id(id));
            draw(nodes, Some(id), depth + 1, drawing);
            *drawing += &format!("{indent}end\n");
        } else {
            *drawing += &format!("{indent}{}[\"{name}\"]\n", drawn_id(id));
        }
    }
}

/// `end` is a word of Mermaid's own.
fn drawn_id(id: &str) -> String {
    format!("n_{}", id.replace('-', "_"))
}
