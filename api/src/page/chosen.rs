//! One execution: its graph and its steps, those that failed first.

use std::fmt::Write;
use std::sync::Arc;

use capstan_engine::core::state::{State, StepStatus};
use capstan_engine::store::executions::ExecutionRow;
use serde_json::Value;

use super::svg;
use crate::graphs::Version;
use crate::html::{chip, escape, time};
use crate::view::{ExecutionView, StepView};

/// Characters of an output that the table shows.
const OUTPUT_CHARS: usize = 2_000;
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
        let ended = summary.ended_at.map(|at| format!(", ended {}", time(at))).unwrap_or_default();
        let follow = if summary.ended_at.is_none() {
            format!(" data-events=\"/api/v1/executions/{}/events\"", summary.id)
        } else {
            String::new()
        };
        let mut html = format!(
            "<section id=\"execution\" data-execution=\"{id}\"{follow}>\n<h2>{} {}</h2>\n\
             <p class=\"quiet\"><code>{id}</code>, started {}{ended}</p>\n",
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
        let _ = writeln!(html, "<div class=\"scroll\" tabindex=\"0\">{drawing}</div>\n{}", legend());
        self.write_steps(&mut html);
        html.push_str("</section>");
        html
    }

    fn write_steps(&self, html: &mut String) {
        let mut steps: Vec<&StepView> = self.view.steps.iter().collect();
        steps.sort_by_key(|step| !matches!(step.status, StepStatus::Failed | StepStatus::OutcomeUnknown));
        html.push_str(
            "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<caption>Steps</caption>\n<thead><tr><th>Step</th>\
             <th>Status</th><th>Port</th><th>Attempts</th><th>Fired (UTC)</th><th>Result</th></tr></thead>\n<tbody>\n",
        );
        for step in steps {
            let _ = writeln!(
                html,
                "<tr><td>{}<br><code class=\"quiet\">{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
                 <td>{}</td></tr>",
                escape(&step.label),
                escape(&step.type_name),
                chip(&word(step.status)),
                escape(step.port.as_deref().unwrap_or_default()),
                step.attempts,
                step.fired_at.map(time).unwrap_or_default(),
                result(step),
            );
        }
        html.push_str("</tbody>\n</table>\n</div>\n");
    }
}

/// A status as it is spelled everywhere.
pub(super) fn word(status: StepStatus) -> String {
    match serde_json::to_value(status) {
        Ok(Value::String(word)) => word,
        _ => "pending".into(),
    }
}

fn legend() -> String {
    let items: String = STATUSES.iter().map(|status| format!("<li>{}</li>", chip(status))).collect();
    format!("<ul class=\"legend\" aria-label=\"Legend\">{items}</ul>")
}

fn result(step: &StepView) -> String {
    if let Some(error) = &step.error {
        let again = step.retry_at.map(|at| format!("<br>next attempt {}", time(at))).unwrap_or_default();
        let text = format!("{}: {}", error.class, error.reason);
        return format!("<span class=\"error\">{}</span>{again}", escape(&text));
    }
    if let Some(until) = &step.waiting {
        let signal = until.signal.as_deref().map(|name| format!("signal <code>{}</code>", escape(name)));
        let parts: Vec<String> = signal.into_iter().chain(until.time.map(time)).collect();
        return format!("until {}", parts.join(" or "));
    }
    if step.output.is_null() {
        return String::new();
    }
    let text = step.output.to_string();
    let shown: String = text.chars().take(OUTPUT_CHARS).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    format!("<details><summary>output</summary><pre>{}{cut}</pre></details>", escape(&shown))
}

fn reason(error: &Value) -> String {
    match (error.get("class").and_then(Value::as_str), error.get("reason").and_then(Value::as_str)) {
        (Some(class), Some(reason)) => format!("{class}: {reason}"),
        _ => error.to_string(),
    }
}
