//! The pages around a mail that asks whether an address is somebody's own.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::form_submissions::LINK_HOURS;
use capstan_node_types::types::FormConfig;

use crate::html::{self, escape};

/// What one sees after sending the form: where the mail goes, and what to do with it.
pub(crate) fn asked(config: &FormConfig, email: &str) -> Response {
    let body = format!(
        "<main class=\"narrow\">\n<h1>One more step</h1>\n\
         <p>A mail is on its way to <strong>{}</strong>. Open the link in it and press the button there: “{}” is sent then.</p>\n\
         <p class=\"quiet\">The link can be used once, within {LINK_HOURS} hours. If no mail comes, look among what your mail program \
         sorted out, or send the form again.</p>\n</main>",
        escape(email),
        escape(&config.title)
    );
    html::page("One more step", &body)
}

/// The page behind the link. Only its button does anything.
pub(crate) fn button(title: &str, email: &str) -> Response {
    let body = format!(
        "<main class=\"narrow\">\n<h1>{}</h1>\n\
         <p>You have filled in this form with the address <strong>{}</strong>. Press the button to send it.</p>\n\
         <form method=\"post\"><button>Send</button></form>\n\
         <p class=\"quiet\">If it was not you, close this page: nothing is sent.</p>\n</main>",
        escape(title),
        escape(email)
    );
    html::page(title, &body)
}

/// What one sees who comes again.
pub(crate) fn already(title: &str) -> Response {
    let body = format!(
        "<main class=\"narrow\">\n<h1>Already sent</h1>\n\
         <p>“{}” was sent with this link before. There is nothing more to do.</p>\n</main>",
        escape(title)
    );
    (StatusCode::CONFLICT, html::page("Already sent", &body)).into_response()
}
