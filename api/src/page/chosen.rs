//! One execution: its graph and its steps, those that failed first.

use std::fmt::Write;
use std::sync::Arc;

use capstan_engine::core::state::{State, StepStatus};
use capstan_engine::store::executions::ExecutionRow;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::svg;
use crate::graphs::Version;
use crate::html::{chip, escape, time, time_on};
use crate::view::{ExecutionView, StepView};

/// Characters of a value that the page shows.
const VALUE_CHARS: usize = 2_000;
const STATUSES: [&str; 8] =
    ["pending", "running", "waiting", "completed", "failed", "skipped", "cancelled", "outcome_unknown"];

/// The execution that was chosen, ready to be shown.
pub(crate) struct Chosen {
    view: ExecutionView,
    version: Arc<Version>,
}

impl Chosen {
    pub(crate) fn new(row: ExecutionRow, version: Arc<Version>, state: &State) -> Self {
        Self { view: ExecutionView::new(row, &version.graph, state), version }
    }

    pub(crate) fn view(&self) -> &ExecutionView {
        &self.view
    }

    /// The section; `name` is that of the workflow.
    pub(crate) fn render(&self, name: &str) -> String {
        let summary = &self.view.summary;
        let title = format!("{name}: {}", summary.status);
        let ended =
            summary.ended_at.map(|at| format!(", ended {}", time_on(at, summary.created_at))).unwrap_or_default();
        let follow = if summary.ended_at.is_none() {
            format!(" data-events=\"/api/v1/executions/{}/events\"", summary.id)
        } else {
            String::new()
        };
        let mut html = format!(
            "<section id=\"execution\" data-execution=\"{id}\"{follow}>\n<h2>{} {}</h2>\n\
             <p class=\"quiet\"><code>{id}</code>, started {}{ended} (UTC)</p>\n",
            escape(name),
            chip(&summary.status),
            time(summary.created_at),
            id = summary.id,
        );
        if let Some(error) = &self.view.error {
            let _ = writeln!(html, "<p class=\"error\">{}</p>", escape(&reason(error)));
        }
        let drawing =
            svg::draw(&self.version.graph, &self.version.document, &self.view.steps, &self.view.edges, &title);
        let _ = writeln!(
            html,
            "<div class=\"scroll drawing\" tabindex=\"0\" role=\"region\" aria-label=\"Graph\">{drawing}</div>\n{}",
            legend()
        );
        html.push_str(&json("Input", "input", &self.view.input));
        html.push_str(&json("Result", "result", self.view.output.as_ref().unwrap_or(&Value::Null)));
        self.write_steps(&mut html);
        html.push_str("</section>");
        html
    }

    fn write_steps(&self, html: &mut String) {
        let mut steps: Vec<&StepView> = self.view.steps.iter().collect();
        steps.sort_by_key(|step| !matches!(step.status, StepStatus::Failed | StepStatus::OutcomeUnknown));
        html.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Steps\">\n<table class=\"stack\">\n\
             <caption>Steps</caption>\n<thead><tr><th>Step</th><th>Status</th><th>Port</th><th>Attempts</th>\
             <th>Fired (UTC)</th><th>Result</th></tr></thead>\n<tbody>\n",
        );
        let day = self.view.summary.created_at;
        for step in steps {
            let _ = writeln!(
                html,
                "<tr><td>{}<br><code class=\"quiet\">{}</code></td><td>{}</td><td data-label=\"Port\">{}</td>\
                 <td data-label=\"Attempts\">{}</td><td data-label=\"Fired (UTC)\">{}</td><td>{}</td></tr>",
                escape(&step.label),
                escape(&step.type_name),
                chip(step.status.word()),
                escape(&step.port.iter().chain(&step.more_ports).map(String::as_str).collect::<Vec<_>>().join(", ")),
                if step.attempts > 0 { step.attempts.to_string() } else { String::new() },
                step.fired_at.map(|at| time_on(at, day)).unwrap_or_default(),
                result(step, day),
            );
        }
        html.push_str("</tbody>\n</table>\n</div>\n");
    }
}

fn legend() -> String {
    let items: String = STATUSES.iter().map(|status| format!("<li>{}</li>", chip(status))).collect();
    format!("<ul class=\"legend\" aria-label=\"Legend\">{items}</ul>")
}

fn result(step: &StepView, day: DateTime<Utc>) -> String {
    if let Some(error) = &step.error {
        let again = step.retry_at.map(|at| format!("<br>next attempt {}", time_on(at, day))).unwrap_or_default();
        let text = format!("{}: {}", error.class, error.reason);
        return format!("<span class=\"error\">{}</span>{again}", escape(&text));
    }
    if let Some(until) = &step.waiting {
        let signal = match &until.child {
            Some(child) => Some(format!("execution <code>{}</code> ends", child.execution_id)),
            None => until.signal.as_deref().map(|name| format!("signal <code>{}</code>", escape(name))),
        };
        let parts: Vec<String> = signal.into_iter().chain(until.time.map(|at| time_on(at, day))).collect();
        return format!("until {}", parts.join(" or "));
    }
    json("output", &format!("output of {}", step.node_id), &step.output)
}

/// A value that one can unfold, nothing if it is null. `key` is how the page's script finds it again.
fn json(title: &str, key: &str, value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let text = format!("{value:#}");
    let shown: String = text.chars().take(VALUE_CHARS).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    let (key, shown) = (escape(key), escape(&shown));
    format!("<details data-key=\"{key}\"><summary>{title}</summary><pre>{shown}{cut}</pre></details>\n")
}

fn reason(error: &Value) -> String {
    match (error.get("class").and_then(Value::as_str), error.get("reason").and_then(Value::as_str)) {
        (Some(class), Some(reason)) => format!("{class}: {reason}"),
        _ => error.to_string(),
    }
}
