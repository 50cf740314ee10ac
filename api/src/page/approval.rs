//! The page on which a person answers an approval.

use std::fmt::Write;

use axum::response::Response;
use capstan_domain::approvals::{ApprovalRow, Decision};
use capstan_node_types::types::{FieldError, FormField};
use serde_json::{Map, Value};

use super::form::{write_errors, write_field};
use crate::html::{self, escape, time};

/// Name of the buttons. No field can have it: names of fields hold no `-`.
pub(crate) const DECISION: &str = "capstan-decision";
/// Name of the comment.
pub(crate) const COMMENT: &str = "capstan-comment";

/// What is asked, with what was filled in and what is wrong with it. The button for `wish` comes first.
pub(crate) fn page(
    row: &ApprovalRow,
    fields: &[FormField],
    filled: &Map<String, Value>,
    errors: &[FieldError],
    wish: Option<Decision>,
) -> Response {
    let mut body = format!("<main class=\"narrow\">\n<h1>{}</h1>\n", escape(&row.title));
    if let Some(text) = &row.body {
        let _ = writeln!(body, "<p class=\"lines\">{}</p>", escape(text));
    }
    if let Some(deadline_at) = row.deadline_at {
        let _ = writeln!(body, "<p class=\"quiet\">Please answer before {} (UTC).</p>", time(deadline_at));
    }
    write_errors(&mut body, fields, errors);
    body.push_str("<form method=\"post\" accept-charset=\"utf-8\">\n");
    for field in fields {
        let error = errors.iter().find(|error| error.field == field.name);
        write_field(&mut body, field, filled.get(&field.name), error);
    }
    let comment = filled.get(COMMENT).and_then(Value::as_str).unwrap_or_default();
    let _ = writeln!(
        body,
        "<label for=\"comment\">Comment</label>\n\
         <textarea id=\"comment\" name=\"{COMMENT}\" rows=\"3\" maxlength=\"2000\">\n{}</textarea>",
        escape(comment)
    );
    let approve = format!("<button name=\"{DECISION}\" value=\"approve\">Approve</button>");
    // Who rejects need not fill in anything.
    let reject = format!("<button name=\"{DECISION}\" value=\"reject\" formnovalidate>Reject</button>");
    let (first, second) = if wish == Some(Decision::Rejected) { (reject, approve) } else { (approve, reject) };
    let _ = write!(body, "{first}\n{second}\n</form>\n</main>");
    html::page(&row.title, &body)
}

/// What one sees after the answer.
pub(crate) fn thanks(row: &ApprovalRow, decision: Decision) -> Response {
    let body = format!(
        "<main class=\"narrow\">\n<h1>Thank you</h1>\n<p>You {} “{}”.</p>\n</main>",
        decision.as_str(),
        escape(&row.title)
    );
    html::page("Thank you", &body)
}
