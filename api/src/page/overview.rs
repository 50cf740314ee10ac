//! The whole page: executions on the left, the chosen one on the right.

use std::collections::HashMap;
use std::fmt::Write;

use axum::response::Response;
use capstan_engine::store::executions::ExecutionRow;
use uuid::Uuid;

use super::chosen::Chosen;
use crate::html::{self, chip, escape, time};

/// What the page shows.
pub(crate) struct Overview<'a> {
    pub(crate) slug: &'a str,
    /// Newest first.
    pub(crate) executions: &'a [ExecutionRow],
    /// Of workflows, by id.
    pub(crate) names: &'a HashMap<Uuid, String>,
    /// Paths of published forms.
    pub(crate) forms: &'a [String],
    pub(crate) chosen: Option<&'a Chosen>,
    pub(crate) has_mailbox: bool,
    /// With a key of its own, so that one can sign out.
    pub(crate) is_signed_in: bool,
}

pub(crate) fn page(overview: &Overview<'_>) -> Response {
    let mut body = header(overview);
    body.push_str("<main id=\"live\" class=\"columns\">\n");
    body.push_str(&list(overview));
    match overview.chosen {
        Some(chosen) => body.push_str(&chosen.render(overview.name(chosen.view().summary.workflow_id))),
        None => {
            body.push_str("<section id=\"execution\"><p>Start one with a form above, or through the API.</p></section>")
        }
    }
    body.push_str("\n</main>");
    html::page(&format!("{} · Capstan", overview.slug), &body)
}

impl Overview<'_> {
    fn name(&self, workflow_id: Uuid) -> &str {
        self.names.get(&workflow_id).map_or("(workflow)", String::as_str)
    }
}

fn header(overview: &Overview<'_>) -> String {
    let mut html = format!(
        "<header>\n<h1>Capstan</h1>\n<p class=\"quiet\">{}</p>\n<nav aria-label=\"Workspace\"><a href=\"/editor/\">Editor</a> ",
        escape(overview.slug)
    );
    for path in overview.forms {
        let path = escape(path);
        let _ = write!(html, "<a href=\"/p/{}/{path}\">Form {path}</a> ", escape(overview.slug));
    }
    if overview.has_mailbox {
        html.push_str("<a href=\"/dev/mail\">Mailbox</a>");
    }
    html.push_str("</nav>\n");
    if overview.is_signed_in {
        html.push_str(
            "<form method=\"post\" action=\"/session/end\"><button class=\"plain\">Sign out</button></form>\n",
        );
    }
    html.push_str("</header>\n");
    html
}

fn list(overview: &Overview<'_>) -> String {
    let mut html = String::from(
        "<nav class=\"list\" aria-label=\"Executions\">\n<h2>Executions <span class=\"quiet\">(UTC)</span></h2>\n",
    );
    if overview.executions.is_empty() {
        html.push_str("<p class=\"quiet\">None yet.</p>\n");
    }
    html.push_str("<ul>\n");
    let chosen = overview.chosen.map(|chosen| chosen.view().summary.id);
    for row in overview.executions {
        let current = if chosen == Some(row.execution_id) { " aria-current=\"true\"" } else { "" };
        let _ = writeln!(
            html,
            "<li><a id=\"x-{id}\" href=\"/?execution={id}\"{current}>{} <span>{}</span> <span class=\"quiet\">{}</span></a></li>",
            chip(&row.status),
            escape(overview.name(row.workflow_id)),
            time(row.created_at),
            id = row.execution_id,
        );
    }
    html.push_str("</ul>\n</nav>\n");
    html
}
