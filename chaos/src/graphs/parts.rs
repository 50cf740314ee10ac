//! What all graphs are made of: nodes of random kinds, and edges between them.

use serde_json::{Value, json};

use super::talking::{called_config, event_config};
use super::{CALL_MS_MAX, Container, EVENT_TYPE, Kind, NodeSpec, Teller, VARIANTS, Way};
use crate::dice::Dice;

/// The stream of draws that graphs are made of; each graph adds its number.
pub(super) const STREAM: u64 = 1_000;
/// Attempts of steps that fail for a while: more than any of them needs.
const ATTEMPTS_MAX: u64 = 10;
/// The same for steps that ask the database.
const ATTEMPTS_OF_ASKING_MAX: u64 = 60;
/// Of a hundred calls, so many take long: whoever is struck has one of them in its hands.
const LONG_PERCENT: u64 = 20;

pub(super) fn draw_kind(dice: &mut Dice, signalled: bool) -> Kind {
    match dice.below(100) {
        0..35 => Kind::Call { refusals: 0 },
        35..45 => Kind::Call { refusals: dice.between(1, 2) },
        45..55 => Kind::Noop,
        55..60 => Kind::Set,
        60..74 => Kind::Delay,
        74..82 if !signalled => Kind::Signal,
        74..90 => Kind::Condition,
        90..96 => Kind::Flaky,
        _ => Kind::Doomed,
    }
}

pub(super) fn configured(kind: Kind, id: &str, site_url: &str, dice: &mut Dice) -> (&'static str, Value, Value) {
    let retry = json!({ "attempts_max": ATTEMPTS_MAX, "delay_ms": dice.between(50, 400), "factor": 1.5,
                        "delay_ms_max": 1_000, "jitter": 0.0 });
    match kind {
        // Containers have configs of their own.
        Kind::Container { of, .. } => (of.type_name(), json!({}), retry),
        Kind::Calls(way) => ("logic.sub_workflow", called_config(way, id), patient(retry)),
        Kind::Event(teller) => ("logic.wait_for_event", event_config(teller, id), patient(retry)),
        Kind::Emit => {
            let key = format!("{{{{ input.tag }}}}-{id}");
            ("action.emit_event", json!({ "event": EVENT_TYPE, "key": key }), patient(retry))
        }
        Kind::Respond => ("logic.respond", json!({ "body": { "tag": "{{ input.tag }}", "node": id } }), retry),
        Kind::Link => ("data.approval_link", json!({}), patient(retry)),
        Kind::Ask => ("logic.approval", json!({ "title": id }), retry),
        Kind::Crash => ("debug.crash", json!({}), retry),
        Kind::Trigger | Kind::Noop => ("debug.noop", json!({}), retry),
        Kind::Call { .. } | Kind::Falls => {
            let (refusals, falls) = if let Kind::Call { refusals } = kind { (refusals, 0) } else { (0, 1) };
            let takes_ms = if dice.chance(LONG_PERCENT) { dice.between(400, 1_200) } else { dice.between(10, 250) };
            let query = format!("takes_ms={takes_ms}&refusals={refusals}&falls={falls}");
            let body = json!({ "tag": "{{ input.tag }}", "node": id });
            let url = format!("{site_url}/effect?{query}");
            let config = json!({ "method": "POST", "url": url, "body": body, "timeout_ms": CALL_MS_MAX });
            ("action.http_request", config, retry)
        }
        Kind::Set => ("data.set", json!({ "values": { "doubled": "{{ input.variant * 2 }}" } }), retry),
        Kind::Delay => ("logic.delay", json!({ "for_ms": dice.between(100, 3_000) }), retry),
        Kind::Signal => ("logic.wait_for_signal", json!({ "signal": id }), retry),
        Kind::Condition => {
            let condition = format!("{{{{ input.variant > {} }}}}", dice.below(VARIANTS));
            ("logic.condition", json!({ "condition": condition }), retry)
        }
        Kind::Flaky => ("debug.fail", json!({ "retryable": true, "succeed_at_attempt": dice.between(2, 4) }), retry),
        Kind::Doomed => ("debug.fail", json!({ "retryable": false, "class": "doomed" }), retry),
    }
}

/// As often as it takes: what fails is the database, not the node.
fn patient(mut retry: Value) -> Value {
    retry["attempts_max"] = json!(ATTEMPTS_OF_ASKING_MAX);
    retry
}

pub(super) fn edge(dice: &mut Dice, source: &NodeSpec, target: &str) -> Value {
    if is_error(source.kind) {
        return leading(source, target);
    }
    let port = match source.kind {
        Kind::Condition if dice.chance(50) => "true",
        Kind::Condition => "false",
        kind => port_of(kind),
    };
    // A trigger's edges have no conditions.
    let conditional = source.kind != Kind::Trigger && dice.chance(12);
    let when = conditional.then(|| format!("{{{{ input.variant != {} }}}}", dice.below(VARIANTS)));
    drawn(source, target, "flow", Some(port), when)
}

/// The edge by which a node leads on, which has one.
pub(super) fn leading(source: &NodeSpec, target: &str) -> Value {
    match is_error(source.kind) {
        true => drawn(source, target, "error", None, None),
        false => drawn(source, target, "flow", Some(port_of(source.kind)), None),
    }
}

fn is_error(kind: Kind) -> bool {
    match kind {
        Kind::Doomed | Kind::Calls(Way::Ill) => true,
        Kind::Container { of, fails } => fails && of != Container::Try,
        _ => false,
    }
}

fn port_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Container { of: Container::Try, fails: true } => "failed",
        Kind::Event(Teller::Nobody) => "expired",
        Kind::Signal | Kind::Event(_) => "received",
        _ => "out",
    }
}

pub(super) fn drawn(source: &NodeSpec, target: &str, kind: &str, port: Option<&str>, when: Option<String>) -> Value {
    let mut data = json!({ "kind": kind });
    if let Some(when) = when {
        data["when"] = json!(when);
    }
    let mut edge = json!({ "id": format!("{}-{target}", source.id), "source": source.id, "target": target,
                           "targetHandle": "in", "data": data });
    if let Some(port) = port {
        edge["sourceHandle"] = json!(port);
    }
    edge
}

pub(super) fn shown(id: &str, type_name: &str, config: Value, policy: Value) -> Value {
    let data = json!({ "label": id, "config": config, "policy": policy });
    json!({ "id": id, "type": type_name, "position": { "x": 0, "y": 0 }, "data": data })
}

impl Container {
    fn type_name(self) -> &'static str {
        match self {
            Self::ForEach => "logic.for_each",
            Self::Loop => "logic.loop",
            Self::Try => "logic.try",
            Self::Group => "logic.group",
        }
    }
}
