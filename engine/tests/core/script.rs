//! Tables of small cases: a graph in a few words, what happens, and how it then stands.

use capstan_engine::core::decide::{IllegalEvent, begin, decide};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::SignalId;
use capstan_engine::core::journal::{Asked, Entry, Event, Resolution, SettledStatus, Settlement};
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::core::state::{End, Phase, State, Step};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::driver::{input, key, start_of_time};
use crate::judge::ended_well;
use crate::spec::compile;

/// Entries after a cancel.
const ENDING_MAX: usize = 100;

/// A graph from lines such as `start -> a`, `a.alt -> b`, `a !boom,timeout -> c`, `a ! -> d` and `b {"join": "any"}`,
/// the last of which gives a policy. Nodes come in the order in which they are first named; `start` and whatever
/// begins with it is a trigger. Edges are named by their line, without blanks. `each[a b] 2 1` makes `each` the container
/// of `a` and `b`, of which two frames are open at a time and one may fail; with `undoes` behind it, these undo what they
/// did. `a ~> b` lets `b` undo `a`. `a reads {{ steps.b.x }}` is an expression of its config, `a config {"ports": 2}` more of
/// that.
pub(crate) fn graph(lines: &str) -> Graph {
    compile(&document(lines)).unwrap()
}

/// The document of a [`graph`].
pub(crate) fn document(lines: &str) -> Value {
    let mut nodes: Vec<Value> = Vec::new();
    let mut edges: Vec<Value> = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((id, text)) = line.split_once(" reads ") {
            named(&mut nodes, id)["data"]["config"]["text"] = json!(text);
            continue;
        }
        if let Some((id, more)) = line.split_once(" config ") {
            let more: Value = serde_json::from_str(more).unwrap();
            let config = named(&mut nodes, id)["data"]["config"].as_object_mut().unwrap();
            config.extend(more.as_object().unwrap().clone());
            continue;
        }
        if let Some((id, policy)) = line.split_once(" {") {
            let policy: Value = serde_json::from_str(&format!("{{{policy}")).unwrap();
            let node = named(&mut nodes, id);
            node["data"]["policy"] = policy;
            continue;
        }
        if let Some((id, rest)) = line.split_once('[') {
            contain(&mut nodes, id, rest);
            continue;
        }
        if let Some((source, to)) = line.split_once(" ~> ") {
            named(&mut nodes, source);
            named(&mut nodes, to);
            let data = json!({"kind": "compensate"});
            edges.push(json!({"id": line.replace(' ', ""), "source": source, "target": to, "data": data}));
            continue;
        }
        let (from, to) = line.split_once(" -> ").expect("an arrow");
        let (from, when) = from.split_once(" if ").map_or((from, None), |(from, when)| (from, Some(when)));
        let (source, handle, data) = match from.split_once(" !") {
            Some((source, classes)) => {
                let classes: Vec<_> = classes.split(',').filter(|class| !class.is_empty()).collect();
                (source, "error", json!({"kind": "error", "error_classes": classes}))
            }
            None => {
                let (source, port) = from.split_once('.').unwrap_or((from, "out"));
                (source, port, json!({"kind": "flow", "when": when.map(|when| format!("{{{{ {when} }}}}"))}))
            }
        };
        named(&mut nodes, source);
        named(&mut nodes, to);
        let id = line.replace(' ', "");
        edges.push(json!({"id": id, "source": source, "sourceHandle": handle, "target": to, "data": data}));
    }
    json!({"nodes": nodes, "edges": edges})
}

fn contain(nodes: &mut Vec<Value>, id: &str, rest: &str) {
    let (inside, numbers) = rest.split_once(']').expect("a bracket");
    let (numbers, undoes) = numbers.strip_suffix("undoes").map_or((numbers, false), |numbers| (numbers, true));
    let mut numbers = numbers.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    let container = named(nodes, id);
    container["data"]["config"]["undoes"] = json!(undoes);
    container["type"] = json!("test.container");
    container["data"]["config"]["parallel"] = json!(numbers.next().unwrap_or(1));
    container["data"]["config"]["tolerated"] = json!(numbers.next().unwrap_or(0));
    for inner in inside.split_whitespace() {
        named(nodes, inner)["parentId"] = json!(id);
    }
}

fn named<'a>(nodes: &'a mut Vec<Value>, id: &str) -> &'a mut Value {
    let place = nodes.iter().position(|node| node["id"] == id).unwrap_or_else(|| {
        let name = if id.starts_with("start") { "test.trigger" } else { "test.step" };
        let data = json!({"label": id, "config": {"ports": if id.starts_with("start") { 1 } else { 3 }}, "policy": {}});
        nodes.push(json!({"id": id, "type": name, "position": {"x": 0, "y": 0}, "data": data}));
        nodes.len() - 1
    });
    &mut nodes[place]
}

/// The time of the entry with that number, from 1; 0 is the start.
pub(crate) fn at(position: u32) -> DateTime<Utc> {
    start_of_time() + TimeDelta::seconds(i64::from(position))
}

/// The execution after `events`, which must all be accepted, as one line per node that is decided and one for the end.
pub(crate) fn check(graph: &Graph, events: &[Event], expected: &str) {
    let expected: Vec<_> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines(graph, &after(graph, events)), expected);
    cancel_everywhere(graph, events);
}

/// Cancels after every prefix of `events`, lets whatever then still runs be done, and looks at the end.
pub(crate) fn cancel_everywhere(graph: &Graph, events: &[Event]) {
    for prefix in 0..=events.len() {
        let mut cut = events[..prefix].to_vec();
        let mut state = after(graph, &cut);
        if state.end().is_some() {
            return;
        }
        cut.push(cancelled());
        for _ in 0..ENDING_MAX {
            state = after(graph, &cut);
            if state.end().is_some() {
                break;
            }
            let ready = |(_, step): &(usize, &Step)| step.is_active() && step.phase != Phase::Open;
            let (next, _) = state.steps().iter().enumerate().find(ready).expect("something that still runs");
            cut.push(settled(&state.key(graph, next).to_string(), SettledStatus::Completed, Some("out"), None, 1));
        }
        ended_well(graph, &state).unwrap_or_else(|wrong| panic!("{wrong} after {cut:#?}"));
    }
}

/// The state after `events`, which must all be accepted.
pub(crate) fn after(graph: &Graph, events: &[Event]) -> State {
    let (mut state, _) = begin(graph, &key("start"), input(), at(0)).unwrap();
    for event in events {
        go(graph, &mut state, event).unwrap_or_else(|refusal| panic!("{event:?}: {refusal}"));
    }
    state
}

/// One entry more.
pub(crate) fn go(graph: &Graph, state: &mut State, event: &Event) -> Result<(), IllegalEvent> {
    let entry = Entry { at: at(state.position() + 1), event: event.clone() };
    let decision = decide(graph, state, &entry)?;
    state.apply(graph, entry, &decision);
    Ok(())
}

/// Why `event` may not follow `events`.
pub(crate) fn refusal(graph: &Graph, events: &[Event], event: Event) -> IllegalEvent {
    let state = after(graph, events);
    decide(graph, &state, &Entry { at: at(99), event }).expect_err("it should be refused")
}

pub(crate) fn lines(graph: &Graph, state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for (ix, step) in state.steps().iter().enumerate() {
        let key = state.key(graph, ix);
        if key.node_id.as_str().starts_with("start") {
            continue;
        }
        let status = serde_json::to_value(step.status).unwrap();
        let mut line = format!("{key} {}", status.as_str().unwrap());
        if step.port.is_some() {
            line += &format!(" on {}", step.ports().collect::<Vec<_>>().join(" and "));
        }
        if step.attempts > 1 {
            line += &format!(" after {}", step.attempts);
        }
        if let Some(error) = &step.error {
            line += &format!(" with {}", error.class);
        }
        lines.push(line);
    }
    lines.extend(state.incident().map(|_| "incident".into()));
    lines.push(match state.end() {
        None => "goes on".into(),
        Some(End::Completed) => "completed".into(),
        Some(End::Cancelled { reason }) => format!("cancelled: {reason}"),
        Some(End::Failed { step: Some(step), error }) => format!("failed: {} by {step}", error.class),
        Some(End::Failed { step: None, error }) => format!("failed: {}", error.class),
    });
    lines
}

fn settled(step: &str, status: SettledStatus, ports: Option<&str>, class: Option<&str>, attempts: u32) -> Event {
    let mut ports = ports.into_iter().flat_map(|ports| ports.split(" and ")).map(str::to_owned);
    let (port, more_ports) = (ports.next(), ports.collect());
    let settlement = Settlement {
        status,
        port,
        output: Value::Null,
        error: class.map(error),
        attempts,
        closed_edges: Vec::new(),
        failed_items: 0,
        more_ports,
    };
    Event::Settled { step: key(step), settlement }
}

fn error(class: &str) -> StepError {
    StepError { class: class.into(), reason: "it broke".into() }
}

pub(crate) fn done(step: &str) -> Event {
    done_on(step, "out")
}

/// Done on a port, or on several, as `out and alt`.
pub(crate) fn done_on(step: &str, port: &str) -> Event {
    settled(step, SettledStatus::Completed, Some(port), None, 1)
}

/// Done, with these edges closed by their `when`.
pub(crate) fn done_without(step: &str, closed: &[&str]) -> Event {
    let mut event = done(step);
    if let Event::Settled { settlement, .. } = &mut event {
        settlement.closed_edges = closed.iter().map(|&edge| edge.to_owned()).collect();
    }
    event
}

pub(crate) fn done_despite(step: &str, class: &str) -> Event {
    settled(step, SettledStatus::Completed, Some("out"), Some(class), 1)
}

pub(crate) fn failed(step: &str, class: &str) -> Event {
    settled(step, SettledStatus::Failed, None, Some(class), 1)
}

pub(crate) fn failed_after(step: &str, class: &str, attempts: u32) -> Event {
    settled(step, SettledStatus::Failed, None, Some(class), attempts)
}

pub(crate) fn unknown(step: &str) -> Event {
    settled(step, SettledStatus::OutcomeUnknown, None, Some("outcome_unknown"), 1)
}

pub(crate) fn retry(step: &str, attempt: u32) -> Event {
    Event::AttemptFailed { step: key(step), attempt, error: error("http_5xx"), retry_at: at(attempt * 10) }
}

/// A container opens this many frames.
pub(crate) fn opened(step: &str, items: usize) -> Event {
    Event::Opened {
        step: key(step),
        items: (0..items).map(|item| json!(item)).collect(),
        until: None,
        note: Value::Null,
        spill: None,
    }
}

pub(crate) fn started(step: &str) -> Event {
    Event::Started { step: key(step) }
}

/// Waits for a time, in seconds from the start, or a signal, or both.
pub(crate) fn waiting(step: &str, time: Option<u32>, signal: Option<&str>) -> Event {
    Event::Waiting { step: key(step), until: Until { time: time.map(at), signal: signal.map(Into::into), child: None } }
}

pub(crate) fn signalled(step: &str) -> Event {
    Event::Signalled { step: key(step), signal_id: SignalId::new(), payload: json!("yes") }
}

pub(crate) fn cancelled() -> Event {
    Event::Cancelled { reason: "enough".into(), forced: false, signal_id: None }
}

pub(crate) fn forced() -> Event {
    Event::Cancelled { reason: "now".into(), forced: true, signal_id: None }
}

/// A container opens this many frames, until a time in seconds from the start.
pub(crate) fn opened_until(step: &str, items: usize, until: u32) -> Event {
    match opened(step, items) {
        Event::Opened { step, items, note, spill, .. } => {
            Event::Opened { step, items, note, spill, until: Some(at(until)) }
        }
        other => other,
    }
}

pub(crate) fn expired(step: &str) -> Event {
    Event::Expired { step: key(step) }
}

/// A person said what becomes of a step; of all that was under way if it is empty.
pub(crate) fn resolved(step: &str, resolution: Resolution) -> Event {
    let asked = Asked { by: "ops".into(), reason: None, signal_id: SignalId::new() };
    Event::Resolved { step: (!step.is_empty()).then(|| key(step)), resolution, asked }
}

/// A person has a step go on that waits for its next attempt; all of them if it is empty.
pub(crate) fn hastened(step: &str) -> Event {
    let asked = Asked { by: "ops".into(), reason: None, signal_id: SignalId::new() };
    Event::Hastened { step: (!step.is_empty()).then(|| key(step)), asked }
}

pub(crate) fn paused() -> Event {
    Event::Paused { asked: Asked { by: "ops".into(), reason: Some("maintenance".into()), signal_id: SignalId::new() } }
}

pub(crate) fn resumed() -> Event {
    Event::Resumed { asked: Asked { by: "ops".into(), reason: None, signal_id: SignalId::new() } }
}

/// A retry that changes no config.
pub(crate) const RETRY: Resolution = Resolution::Retry { config: None };

pub(crate) fn poisoned() -> Event {
    Event::Poisoned { reason: "three workers were lost".into(), is_full: false }
}
