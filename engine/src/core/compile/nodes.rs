//! Checks of each node by itself: its type, config and policy.

use serde_json::Value;

use super::Problems;
use crate::core::catalogue::{Catalogue, Effect, NodeTypeInfo, Role};
use crate::core::config::Validators;
use crate::core::document::{Document, DocumentNode};
use crate::core::graph::{Node, Part};
use crate::core::ids::NodeId;
use crate::core::policy::{ATTEMPT_TIMEOUT_MS_MAX, ATTEMPTS_MAX};
use crate::core::raw::apart;

/// Largest factor between the delays of a retry policy.
const FACTOR_MAX: f64 = 10.0;
/// Most names listed in a hint.
const LISTED_MAX: usize = 50;

/// A node, and whether its type is known: if not, its role and ports are made up.
pub(super) struct Compiled {
    pub(super) node: Node,
    pub(super) is_known: bool,
}

/// One per node of the document, in its order.
pub(super) fn compile(document: &Document, catalogue: &dyn Catalogue, problems: &mut Problems) -> Vec<Compiled> {
    let mut validators = Validators::default();
    let compile =
        |node: &DocumentNode| problems.of_node(&node.id, |problems| one(node, catalogue, &mut validators, problems));
    document.nodes.iter().map(compile).collect()
}

fn one(
    drawn: &DocumentNode,
    catalogue: &dyn Catalogue,
    validators: &mut Validators,
    problems: &mut Problems,
) -> Compiled {
    check_policy(drawn, problems);
    let info = catalogue.node_type(&drawn.type_name);
    if let Some(info) = info {
        check_config(drawn, info, validators, problems);
    } else if !drawn.type_name.is_empty() {
        let detail = format!(
            "node {:?} has the type {:?}, which does not exist",
            drawn.id,
            drawn.type_name.chars().take(100).collect::<String>()
        );
        problems.add("unknown_node_type", drawn.pointer("/type"), detail, names_like(&drawn.type_name, catalogue));
    }
    let raw = info.map_or(&[][..], NodeTypeInfo::raw);
    let node = Node {
        id: NodeId::from(drawn.id.as_str()),
        label: drawn.label.clone(),
        type_name: drawn.type_name.clone(),
        role: info.map_or(Role::Step, NodeTypeInfo::role),
        effect: info.map_or(Effect::AtLeastOnce, NodeTypeInfo::effect),
        config: apart(&drawn.config, raw),
        raw: raw.iter().map(|&field| field.into()).collect(),
        policy: drawn.policy.clone(),
        ports: info.map_or_else(Vec::new, |info| info.ports(&drawn.config)),
        in_edges: Vec::new(),
        out_edges: Vec::new(),
        ancestors: Vec::new(),
        feeders: Vec::new(),
        home: 0,
        place: 0,
        container: info.filter(|info| info.role() == Role::Container).map(|info| (0, info.frames(&drawn.config))),
        chunks: None,
        is_chunk: false,
        part: Part::Main,
        undo: None,
        undoes: None,
    };
    Compiled { node, is_known: info.is_some() }
}

fn check_config(drawn: &DocumentNode, info: &dyn NodeTypeInfo, validators: &mut Validators, problems: &mut Problems) {
    let pointer = drawn.pointer("/data/config");
    validators.check(info, &drawn.config, &drawn.id, &pointer, problems);
    for mut problem in info.check(&drawn.config) {
        problem.node_id = Some(drawn.id.clone());
        problem.pointer = format!("{pointer}{}", problem.pointer);
        problems.push(problem);
    }
    if drawn.policy.at_most_once && matches!(info.effect(), Effect::Pure | Effect::Idempotent) {
        let detail =
            format!("node {:?} is set to at_most_once, but {} may happen twice without harm", drawn.id, info.name());
        problems.add(
            "at_most_once_needless",
            drawn.pointer("/data/policy/at_most_once"),
            detail,
            "remove at_most_once",
        );
    }
}

fn check_policy(drawn: &DocumentNode, problems: &mut Problems) {
    let policy = &drawn.policy;
    let retry = &policy.retry;
    let mut range = |holds: bool, field: &str, value: Value, allowed: String| {
        if !holds {
            let detail = format!("{field} of node {:?} is {value}; it must be {allowed}", drawn.id);
            problems.add(
                "policy_out_of_range",
                drawn.pointer(&format!("/data/policy/{field}")),
                detail,
                format!("set it to {allowed}"),
            );
        }
    };
    let attempts = (1..=ATTEMPTS_MAX).contains(&retry.attempts_max);
    range(attempts, "retry/attempts_max", retry.attempts_max.into(), format!("1 to {ATTEMPTS_MAX}"));
    range(
        (1.0..=FACTOR_MAX).contains(&retry.factor),
        "retry/factor",
        retry.factor.into(),
        format!("1 to {FACTOR_MAX}"),
    );
    range((0.0..=1.0).contains(&retry.jitter), "retry/jitter", retry.jitter.into(), "0 to 1".into());
    for (field, delay_ms) in [("retry/delay_ms", retry.delay_ms), ("retry/delay_ms_max", retry.delay_ms_max)] {
        range(delay_ms <= RETRY_DELAY_MS_MAX, field, delay_ms.into(), format!("at most {RETRY_DELAY_MS_MAX}"));
    }
    if let Some(timeout_ms) = policy.timeout_ms {
        let holds = (1..=ATTEMPT_TIMEOUT_MS_MAX).contains(&timeout_ms);
        range(holds, "timeout_ms", timeout_ms.into(), format!("1 to {ATTEMPT_TIMEOUT_MS_MAX}"));
    }
}

/// Longest delay of a retry policy: thirty days.
const RETRY_DELAY_MS_MAX: u64 = 30 * 86_400_000;

fn names_like(wanted: &str, catalogue: &dyn Catalogue) -> String {
    let names = catalogue.names();
    let wanted = wanted.chars().take(100).collect::<String>();
    let last = wanted.rsplit('.').next().unwrap_or_default();
    let is_close = |name: &&&str| distance(&wanted, name) <= 3 || (last.len() > 2 && name.ends_with(last));
    let close: Vec<_> = names.iter().filter(is_close).copied().collect();
    if close.is_empty() {
        format!("use one of: {}", names.into_iter().take(LISTED_MAX).collect::<Vec<_>>().join(", "))
    } else {
        format!("did you mean {}?", close.join(" or "))
    }
}

/// Insertions, deletions and substitutions from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
