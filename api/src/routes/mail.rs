//! The sandbox mailbox: what would have been sent.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::response::Response;
use capstan_domain::mailbox::{self, MAILS_KEPT, MailRow, TO_PEOPLE};
use capstan_engine::core::ids::WorkspaceId;

use super::id;
use crate::Api;
use crate::auth::{Caller, is_from_this_machine};
use crate::html::{escape, page, time};
use crate::problem::Problem;
use crate::tenant;

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
        escape(&mail.body_text),
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

fn require_sandbox(api: &Api) -> Result<(), Problem> {
    if api.settings.mail_sandbox {
        return Ok(());
    }
    let detail = "mail of this installation goes to a mail server";
    let hint = "look in the mailbox of whom it was sent to";
    Err(Problem::new(axum::http::StatusCode::NOT_FOUND, "no_sandbox", detail, hint))
}
