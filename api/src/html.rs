//! HTML by hand: every text goes through [`escape`].

use std::fmt::Write;

use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::problem::Problem;

/// Text as HTML, also within quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A whole page. `title` is text, `body` is HTML.
pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n<link rel=\"stylesheet\" href=\"/assets/page.css\">\n\
         <script src=\"/assets/page.js\" defer></script>\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        escape(title)
    )
}

pub(crate) fn page(title: &str, body: &str) -> Response {
    Html(document(title, body)).into_response()
}

/// A point in time, for people and for machines.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    let machine = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    format!("<time datetime=\"{machine}\">{}</time>", at.format("%Y-%m-%d %H:%M:%S"))
}

/// A point in time next to one on `day`: the date is left out if it is the same.
pub(crate) fn time_on(at: DateTime<Utc>, day: DateTime<Utc>) -> String {
    if at.date_naive() != day.date_naive() {
        return time(at);
    }
    let machine = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    format!("<time datetime=\"{machine}\">{}</time>", at.format("%H:%M:%S"))
}

/// A status as a coloured word.
pub(crate) fn chip(status: &str) -> String {
    let status = escape(status);
    format!("<span class=\"chip s-{status}\">{status}</span>")
}

/// What went wrong, for someone who came with a browser.
pub(crate) fn problem_page(problem: &Problem, request_id: &str) -> String {
    let mut body = format!(
        "<main class=\"narrow\">\n<h1>{}</h1>\n<p>{}</p>\n<p>{}</p>\n",
        escape(&problem.title()),
        escape(&sentence(&problem.detail)),
        escape(&sentence(&problem.hint))
    );
    let _ = write!(body, "<p class=\"quiet\">Request {}</p>\n</main>", escape(request_id));
    document(&problem.title(), &body)
}

/// Words of a problem as a sentence.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let end = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{}{end}", first.collect::<String>(), chars.as_str())
}
