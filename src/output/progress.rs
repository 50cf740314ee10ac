//! Live progress of an execution on standard error: spinners in a terminal, else a line for each change.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::time::Duration;

use capstan_engine::core::graph::{Graph, NodeIx};
use capstan_engine::core::outcome::Until;
use capstan_engine::core::state::{Phase, State, Step, StepStatus};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{note, tree};

/// Time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(120);

/// Shows what changed since the last look.
pub(crate) struct Progress {
    shown: HashMap<NodeIx, StepStatus>,
    mode: Mode,
}

enum Mode {
    Silent,
    Lines,
    Spinners { all: MultiProgress, active: HashMap<NodeIx, ProgressBar> },
}

impl Progress {
    /// For a person at a terminal, for a log, or, with `json`, for nobody.
    pub(crate) fn new(json: bool) -> Self {
        let mode = match (json, io::stderr().is_terminal()) {
            (true, _) => Mode::Silent,
            (false, true) => Mode::Spinners { all: MultiProgress::new(), active: HashMap::new() },
            (false, false) => Mode::Lines,
        };
        Self { shown: HashMap::new(), mode }
    }

    /// Shows the changes from the last state to this one.
    pub(crate) fn update(&mut self, graph: &Graph, state: &State) {
        if matches!(self.mode, Mode::Silent) {
            return;
        }
        for node in tree::order(graph) {
            let Some(step) = state.latest(graph, node) else { continue };
            let before = self.shown.insert(node, step.status).unwrap_or(StepStatus::Pending);
            if step.status != before {
                self.show(node, graph.nodes[node].id.as_str(), step);
            }
        }
    }

    fn show(&mut self, node: NodeIx, id: &str, step: &Step) {
        let text = describe(id, step);
        match &mut self.mode {
            Mode::Silent => {}
            Mode::Lines if step.status == StepStatus::Running => {}
            Mode::Lines => note(&text),
            Mode::Spinners { all, active } if step.is_active() => {
                active.entry(node).or_insert_with(|| all.add(spinner())).set_message(text);
            }
            Mode::Spinners { all, active } => {
                if let Some(bar) = active.remove(&node) {
                    bar.finish_and_clear();
                }
                // A terminal that has gone away is no reason to fail.
                let _ = all.println(text);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Mode::Spinners { all, .. } = &self.mode {
            let _ = all.clear();
        }
    }
}

fn describe(id: &str, step: &Step) -> String {
    let sign = match step.status {
        StepStatus::Completed => '✓',
        StepStatus::Failed | StepStatus::OutcomeUnknown => '✗',
        StepStatus::Skipped | StepStatus::Cancelled => '-',
        StepStatus::Pending | StepStatus::Running | StepStatus::Waiting => '…',
    };
    let why = match &step.phase {
        Phase::Waiting(Until { child: Some(child), .. }) => format!(" for execution {}", child.execution_id),
        Phase::Waiting(until) => match (&until.signal, &until.time) {
            (Some(signal), Some(time)) => format!(" for signal \"{signal}\" until {}", time.format("%H:%M:%S UTC")),
            (Some(signal), None) => format!(" for signal \"{signal}\""),
            (None, Some(time)) => format!(" until {}", time.format("%H:%M:%S UTC")),
            (None, None) => String::new(),
        },
        Phase::Backoff(at) => format!(" for its next attempt at {}", at.format("%H:%M:%S UTC")),
        _ => String::new(),
    };
    format!("  {sign} {id} {}{why}", step.status.word())
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner}{msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}
