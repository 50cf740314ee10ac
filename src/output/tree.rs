//! An execution as a tree of its steps: what follows one after the other stands below each other, and the branches
//! of a step that has several ways out are indented below it. Branches that meet again end the indentation.

mod layout;

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::graph::{Graph, Node, NodeIx};
use capstan_engine::core::state::{End, State, Step, StepStatus};

use layout::{Place, layout};

/// Longest reason of an error that is shown, in characters.
const REASON_CHARS_MAX: usize = 200;

/// The tree, without a line end after its last line.
pub(crate) fn render(status: &str, graph: &Graph, state: &State, colours: bool) -> String {
    let paint = Paint { colours };
    let rows: Vec<Row<'_>> = layout(graph)
        .into_iter()
        .filter_map(|place| Some(Row { place, node: &graph.nodes[place.node], step: state.latest(graph, place.node)? }))
        .filter(|row| row.step.status != StepStatus::Pending)
        .collect();
    let name_width = rows.iter().map(Row::width).max().unwrap_or_default();
    let status_width = rows.iter().map(|row| row.step.status.word().len()).max().unwrap_or_default();
    let mut lines = vec![headline(status, state, paint)];
    for (at, row) in rows.iter().enumerate() {
        let branch = branch(&rows, at);
        let gap = " ".repeat(name_width - row.width());
        let shown = format!("{:status_width$}", row.step.status.word());
        let line = format!("{branch}{}{gap}  {}  {}", row.node.id, paint.status(&shown, row.step.status), row.detail());
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn headline(status: &str, state: &State, paint: Paint) -> String {
    let why = match state.end() {
        Some(End::Failed { step: Some(step), error }) => format!(": step {step}: {}", error.reason),
        Some(End::Failed { step: None, error }) => format!(": {}", error.reason),
        Some(End::Cancelled { reason }) if !reason.is_empty() => format!(": {reason}"),
        _ => match &state.frames()[0].ending {
            Some(End::Failed { error, .. }) => format!(", is failing: {}", error.reason),
            Some(End::Cancelled { reason }) => format!(", is being cancelled: {reason}"),
            Some(End::Completed) | None => String::new(),
        },
    };
    let colour = match status {
        "completed" => StepStatus::Completed,
        "failed" | "incident" => StepStatus::Failed,
        "cancelled" => StepStatus::Cancelled,
        _ => StepStatus::Waiting,
    };
    format!("execution {}{}", paint.status(status, colour), shortened(&why))
}

struct Row<'a> {
    place: Place,
    node: &'a Node,
    step: &'a Step,
}

impl Row<'_> {
    /// Characters of the branch lines and the name.
    fn width(&self) -> usize {
        3 * (self.place.depth + 1) + self.node.id.as_str().chars().count()
    }

    fn detail(&self) -> String {
        let mut parts = Vec::new();
        let ports: Vec<&str> = self.step.ports().collect();
        if !ports.is_empty() && self.node.ports.len() > 1 {
            parts.push(format!("port {}", ports.join(" and ")));
        }
        let has_effects = matches!(self.node.effect, Effect::AtLeastOnce | Effect::Transactional);
        if self.step.attempts > 1 || (has_effects && self.step.attempts > 0) {
            parts.push(format!("attempt {}", self.step.attempts));
        }
        if let Some(error) = &self.step.error
            && self.step.status != StepStatus::Skipped
        {
            parts.push(shortened(&format!("{}: {}", error.class, error.reason)));
        }
        parts.join("  ")
    }
}

/// The lines that lead to a row: at each depth, whether a row of that depth follows before a shallower one.
fn branch(rows: &[Row<'_>], at: usize) -> String {
    let depth = rows[at].place.depth;
    let follows = |level: usize| {
        let rest = rows[at + 1..].iter().map(|row| row.place.depth);
        rest.take_while(|&depth| depth >= level).any(|depth| depth == level)
    };
    let above: String = (0..depth).map(|level| if follows(level) { "│  " } else { "   " }).collect();
    above + if follows(depth) { "├─ " } else { "└─ " }
}

fn shortened(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = clean.clone().take(REASON_CHARS_MAX).collect();
    if clean.count() > REASON_CHARS_MAX {
        short.push('…');
    }
    short
}

#[derive(Clone, Copy)]
struct Paint {
    colours: bool,
}

impl Paint {
    fn status(self, text: &str, status: StepStatus) -> String {
        let code = match status {
            StepStatus::Completed => "32",
            StepStatus::Failed | StepStatus::OutcomeUnknown => "31",
            StepStatus::Running | StepStatus::Waiting => "33",
            StepStatus::Skipped | StepStatus::Cancelled | StepStatus::Pending => "2",
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Nodes in the order of the tree.
pub(crate) fn order(graph: &Graph) -> Vec<NodeIx> {
    layout(graph).into_iter().map(|place| place.node).collect()
}
