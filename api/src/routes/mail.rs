//! The sandbox mailbox: what would have been sent.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::response::Response;
use capstan_domain::mailbox::{self, MAILS_KEPT, MailRow, TO_PEOPLE};
use capstan_engine::core::ids::WorkspaceId;
use url::Url;

use super::id;
use crate::Api;
use crate::auth::{Caller, is_from_this_machine};
use crate::html::{escape, page, time};
use crate::problem::Problem;
use crate::tenant;

/// How addresses begin that can be clicked.
const SCHEMES: [&str; 2] = ["http://", "https://"];

/// `GET /dev/mail`: newest first.
pub(crate) async fn list(State(api): State<Api>, caller: Caller, parts: Parts) -> Result<Response, Problem> {
    require_sandbox(&api)?;
    let mut mails = Vec::new();
    for workspace_id in boxes(&api, &caller, &parts) {
        let mut transaction = tenant::read(&caller.cell.pool, workspace_id).await?;
        mails.extend(mailbox::list_mails(&mut transaction, workspace_id, MAILS_KEPT).await?);
        transaction.commit().await?;
    }
    mails.sort_unstable_by_key(|mail| std::cmp::Reverse(mail.mail_id));
    let mut body = String::from("<main class=\"narrow\">\n<p><a href=\"/\">← Executions</a></p>\n<h1>Mailbox</h1>\n");
    if mails.is_empty() {
        body.push_str("<p>No mail yet. Mail of this workspace comes here because no mail server is set.</p>\n");
    } else {
        body.push_str("<table class=\"stack\">\n<thead><tr><th>Subject</th><th>To</th><th>Sent (UTC)</th></tr></thead>\n<tbody>\n");
        for mail in &mails {
            row(&mut body, mail);
        }
        body.push_str("</tbody>\n</table>\n");
    }
    body.push_str("</main>");
    Ok(page("Mailbox", &body))
}

/// `GET /dev/mail/{id}`: text as text; HTML in a frame that may do nothing.
pub(crate) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(mail_id): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    require_sandbox(&api)?;
    let wanted = id(&mail_id, "mail")?;
    let mut mail = None;
    for workspace_id in boxes(&api, &caller, &parts) {
        let mut transaction = tenant::read(&caller.cell.pool, workspace_id).await?;
        mail = mail.or(mailbox::find_mail(&mut transaction, workspace_id, wanted).await?);
        transaction.commit().await?;
    }
    let mail = mail.ok_or_else(|| Problem::not_found("mail", &mail_id))?;
    let mut body = format!(
        "<main class=\"narrow\">\n<p><a href=\"/dev/mail\">← Mailbox</a></p>\n<h1>{}</h1>\n<dl>\n\
         <dt>From</dt><dd>{}</dd>\n<dt>To</dt><dd>{}</dd>\n<dt>Sent (UTC)</dt><dd>{}</dd>\n\
         <dt>Message-ID</dt><dd>{}</dd>\n</dl>\n<pre class=\"mail\">{}</pre>\n",
        escape(&mail.subject),
        escape(&mail.sender),
        escape(&mail.recipients.join(", ")),
        time(mail.created_at),
        escape(&mail.message_id),
        linked(&mail.body_text),
    );
    if let Some(html) = &mail.body_html {
        let _ = writeln!(
            body,
            "<h2>As HTML</h2>\n<iframe class=\"mail\" sandbox title=\"The mail as HTML\" srcdoc=\"{}\"></iframe>",
            escape(html)
        );
    }
    body.push_str("</main>");
    Ok(page(&mail.subject, &body))
}

/// The mailboxes that the request may look into. Links to people open accounts: nobody sees them by what they may do in a workspace,
/// only this machine does, where `capstan dev` lets it look.
fn boxes(api: &Api, caller: &Caller, parts: &Parts) -> Vec<WorkspaceId> {
    let sees_people = api.settings.page_workspace.is_some() && is_from_this_machine(parts);
    [Some(caller.workspace_id), sees_people.then_some(TO_PEOPLE)].into_iter().flatten().collect()
}

fn row(body: &mut String, mail: &MailRow) {
    let _ = writeln!(
        body,
        "<tr><td><a href=\"/dev/mail/{}\">{}</a></td><td>{}</td><td>{}</td></tr>",
        mail.mail_id,
        escape(if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }),
        escape(&mail.recipients.join(", ")),
        time(mail.created_at),
    );
}

/// Text as HTML, whose addresses can be clicked.
fn linked(text: &str) -> String {
    let (mut html, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = next_address(rest) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`".contains(c));
        // What ends a sentence is not of the address.
        let address = from[..end.unwrap_or(from.len())].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        html.push_str(&escape(before));
        let shown = escape(address);
        let _ = match Url::parse(address) {
            Ok(_) => write!(html, "<a href=\"{shown}\" rel=\"noopener noreferrer\">{shown}</a>"),
            Err(_) => write!(html, "{shown}"),
        };
        rest = &from[address.len()..];
    }
    html.push_str(&escape(rest));
    html
}

/// Where the next one begins.
fn next_address(text: &str) -> Option<usize> {
    let begins = |at: &usize| SCHEMES.iter().any(|scheme| text[*at..].starts_with(scheme));
    text.match_indices("http").map(|(at, _)| at).find(begins)
}

fn require_sandbox(api: &Api) -> Result<(), Problem> {
    if api.settings.mail_sandbox {
        return Ok(());
    }
    let detail = "mail of this installation goes to a mail server";
    let hint = "look in the mailbox of whom it was sent to";
    Err(Problem::new(axum::http::StatusCode::NOT_FOUND, "no_sandbox", detail, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_mails_are_links_and_nothing_else_is() {
        let link = |url: &str| format!("<a href=\"{url}\" rel=\"noopener noreferrer\">{url}</a>");
        let one = link("http://127.0.0.1:8080/editor/sign-up#token=a-b_c");
        let two = link("https://example.com/?a=1&amp;b=2");
        for (text, expected) in [
            ("Open http://127.0.0.1:8080/editor/sign-up#token=a-b_c\nSoon.", format!("Open {one}\nSoon.")),
            ("(See https://example.com/?a=1&b=2).", format!("(See {two}).")),
            ("<b>https://example.com/?a=1&b=2</b>", format!("&lt;b&gt;{two}&lt;/b&gt;")),
            ("http:// https://. ftp://a javascript:alert(1)", "http:// https://. ftp://a javascript:alert(1)".into()),
            ("https://a\" onclick=\"b", format!("{}&quot; onclick=&quot;b", link("https://a"))),
            ("ünd", "ünd".into()),
        ] {
            assert_eq!(linked(text), expected, "{text}");
        }
    }
}
