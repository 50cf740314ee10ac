//! What `dev` says once it is up: addresses, key, lines to copy, and one thing to try.

use std::fmt::Write;

use capstan_engine::core::ids::ExecutionId;
use serde_json::json;

use super::example::{Example, NAME};

/// What the text is about.
pub(crate) struct Facts<'a> {
    pub(crate) url: &'a str,
    pub(crate) key: &'a str,
    pub(crate) example: &'a Example,
    /// An execution that waits for a slow customer.
    pub(crate) waiting: Option<ExecutionId>,
}

/// The text; its curl lines work as they are.
pub(crate) fn text(facts: &Facts<'_>) -> String {
    let Facts { url, key, example, waiting } = facts;
    let workflow = example.workflow_id();
    let auth = format!("-H 'Authorization: Bearer {key}'");
    let body = "-H 'Content-Type: application/json'";
    let input = quoted(&json!({"workflow_id": workflow, "input": example.slow_input()}).to_string());
    let mut text = format!(
        "\n  Editor   {url}/editor/#key={key}\n  Page     {url}/\n  Form     {url}/p/demo/lead\n  Mailbox  {url}/dev/mail\n  API key  {key}\n\n\
         Start \"{NAME}\" for a customer who takes a minute to answer:\n  \
         curl -sS {url}/api/v1/executions {auth} {body} -d {input}\n"
    );
    if let Some(id) = waiting {
        let reply = quoted(&json!({"answer": "yes"}).to_string());
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "Look at one that waits now:\n  curl -sS {url}/api/v1/executions/{id} {auth}\n\
             Answer it in the customer's place:\n  \
             curl -sS {url}/api/v1/executions/{id}/signals/reply {auth} {body} -d {reply}\n\n\
             Try this: execution {id} waits for its customer.\n\
             Kill this process now (Ctrl-C, or kill -9 {}) and start it again:\n\
             the same execution goes on from its last settled step.\n",
            std::process::id()
        );
    }
    text
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
