//! `action.send_email`

use std::collections::BTreeMap;
use std::time::Duration;

use capstan_domain::events::step_event_id;
use capstan_domain::leads::Mailed;
use capstan_domain::quotas::EMAILS;
use capstan_engine::core::attempt::BROKEN;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::parts::{Encoding, OneOrMany, Scalar, check_credential, problem};
use crate::node_type::{Context, LogLevel, NodeType, Spec};
use crate::own_database::unanswered;
use crate::services::credentials::{
    CLASSES as CREDENTIAL_CLASSES, GMAIL_REJECTED, GMAIL_TRANSIENT, Gmail, MailWay, mail_way,
};
use crate::services::mail::letter::may_set_header;
use crate::services::mail::{Attachment, Letter, Mail, MailError, MailboxError};
use crate::services::quotas::{QUOTA, QUOTA_AWAY, Spent};

/// Longest time that a mail which was sent waits to be noted on leads.
const NOTE_TIME_MAX: Duration = Duration::from_secs(5);
/// How long its step waits for that: little, since an attempt that is given up meanwhile would send the mail again.
const NOTE_WAIT_MAX: Duration = Duration::from_secs(1);

/// Sends mail.
pub(crate) struct ActionSendEmail;

/// The mail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Recipients, at most 50: an address, several with commas, or a list; `Ada <ada@example.com>` works too.
    to: OneOrMany<String>,
    /// Subject, one line.
    subject: Scalar,
    /// Message as plain text.
    text: Scalar,
    /// Message as HTML, sent along with the plain text; values that are filled in are not escaped.
    html: Option<String>,
    /// Sender; the one of the server's settings if absent.
    from: Option<String>,
    /// Address that answers go to, if not the sender.
    reply_to: Option<String>,
    /// Name of a credential of type smtp, whose server the mail is handed to, or gmail, as whose account it is sent; taken as written.
    #[schemars(extend("x-capstan-credential" = ["smtp", "gmail"]))]
    credential: Option<String>,
    /// Further headers, one line each, such as `List-Id`.
    #[serde(default)]
    headers: BTreeMap<String, Scalar>,
    /// Files that go along, at most 20. All that is filled in is 1 MiB at most, so that bytes may be about 750 KiB together.
    #[serde(default)]
    attachments: Vec<File>,
}

/// A file of the mail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// What the receiver sees, such as `offer.pdf`.
    name: String,
    /// What is in it: text, or base64 if `encoding` says so.
    content: String,
    /// `base64` for bytes, such as the body of an HTTP request's answer that is no text.
    encoding: Option<Encoding>,
    /// Such as `application/pdf`; `application/octet-stream` for base64 and `text/plain` for text if absent.
    content_type: Option<String>,
}

impl File {
    fn attachment(self) -> Result<Attachment, String> {
        let (kind, bytes) = match self.encoding {
            Some(encoding) => {
                let bytes = encoding.bytes(&self.content);
                ("application/octet-stream", bytes.map_err(|why| format!("the attachment {:?} {why}", self.name))?)
            }
            None => ("text/plain; charset=utf-8", self.content.into_bytes()),
        };
        Ok(Attachment { name: self.name, content_type: self.content_type.unwrap_or_else(|| kind.into()), bytes })
    }
}

impl NodeType for ActionSendEmail {
    const NAME: &'static str = "action.send_email";
    const EFFECT: Effect = Effect::AtLeastOnce;
    const METER: Option<&'static str> = Some(EMAILS);
    const RAW: &'static [&'static str] = &["credential"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Send an e-mail", "Sends mail over SMTP, with the same message id at every attempt.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        let own =
            ["smtp_rejected", "smtp_transient", "connect", BROKEN, "mailbox", "address_blocked", QUOTA, QUOTA_AWAY];
        Some(
            own.into_iter()
                .chain([GMAIL_REJECTED, GMAIL_TRANSIENT])
                .chain(CREDENTIAL_CLASSES)
                .map(Into::into)
                .collect(),
        )
    }

    fn check(config: &Value) -> Vec<Problem> {
        let names = config.get("headers").and_then(Value::as_object).into_iter().flat_map(|headers| headers.keys());
        let bad = names.filter(|name| !may_set_header(name));
        bad.map(|name| {
            let detail = format!("the header {:?} cannot be set", name.chars().take(60).collect::<String>());
            problem("bad_header", "/headers", detail, "use the fields of the node, or another name")
        })
        .chain(check_credential(config))
        .collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let attachments = match config.attachments.into_iter().map(File::attachment).collect() {
            Ok(attachments) => attachments,
            Err(why) => return Outcome::fail("config", why),
        };
        let letter = Letter {
            attachments,
            to: config.to.into_vec(),
            from: config.from,
            reply_to: config.reply_to,
            subject: config.subject.to_string(),
            text: config.text.to_string(),
            html: config.html,
            headers: config.headers.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        };
        let subject = letter.subject.clone();
        let (services, workspace_id) = (&context.services, context.workspace_id);
        let way = match &config.credential {
            Some(name) => match mail_way(context, name, Self::NAME).await {
                Ok(way) => Some(way),
                Err(outcome) => return outcome,
            },
            None => None,
        };
        let spent = match Spent::of_step(context, EMAILS, 1, "mails").await {
            Ok(spent) => spent,
            Err(outcome) => return outcome,
        };
        let key = context.idempotency_key();
        let is_kept = services.mail.keeps(way.is_some());
        let (letter, login) = match way {
            Some(MailWay::Gmail(gmail)) => {
                let letter = Letter { from: letter.from.or_else(|| gmail.from.clone()), ..letter };
                if !is_kept {
                    let outcome = Box::pin(as_account(context, &gmail, letter, &key)).await;
                    if matches!(outcome, Outcome::Done { .. }) {
                        spent.confirm();
                    }
                    return outcome;
                }
                (letter, None)
            }
            Some(MailWay::Server(login)) => (letter, Some(login)),
            None => (letter, None),
        };
        let sending = Box::pin(services.mail.send(workspace_id, &key, letter, login.zip(Some(&services.http))));
        match if is_kept { context.database.ask(sending).await } else { sending.await } {
            Ok(receipt) => {
                spent.confirm();
                let output = json!({"message_id": receipt.message_id, "accepted_by": receipt.accepted_by});
                note(context, Mailed { to: receipt.to, subject, message_id: receipt.message_id }).await;
                Outcome::done("out", output)
            }
            Err(error) => mail_error(&error),
        }
    }
}

/// Notes the mail on the leads that it went to, once for the step. It was sent, whatever becomes of that.
async fn note(context: &Context, mail: Mailed) {
    let of_step = context.clone();
    let noting = tokio::spawn(async move { note_in_time(&of_step, &mail).await });
    // It goes on by itself where it takes longer.
    _ = context.database.ask(timeout(NOTE_WAIT_MAX, noting)).await;
}

async fn note_in_time(context: &Context, mail: &Mailed) {
    let once = step_event_id(&context.idempotency_key());
    let noting = context.services.leads.mailed(context.workspace_id, context.execution_id, &once, mail);
    let why = match timeout(NOTE_TIME_MAX, noting).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the database did not answer within {} s", NOTE_TIME_MAX.as_secs()),
    };
    context.log.log(LogLevel::Warn, &format!("the mail was sent, but it is not noted on leads: {why}"));
}

/// Sends it as a Google account.
async fn as_account(context: &Context, gmail: &Gmail, letter: Letter, key: &str) -> Outcome {
    let (message, mail) = match context.services.mail.message(letter, key) {
        Ok(made) => made,
        Err(error) => return Outcome::fail("config", error.to_string()),
    };
    let Mail { to, subject, message_id, .. } = mail;
    match gmail.send(context, &message).await {
        Ok(()) => {
            let output = json!({"message_id": message_id, "accepted_by": gmail.server()});
            note(context, Mailed { to, subject, message_id }).await;
            Outcome::done("out", output)
        }
        Err(outcome) => outcome,
    }
}

fn mail_error(error: &MailError) -> Outcome {
    let reason = error.to_string();
    match error {
        MailError::Letter(_) | MailError::Setup { .. } => Outcome::fail("config", reason),
        MailError::Rejected { .. } => Outcome::fail("smtp_rejected", reason),
        MailError::Transient { .. } => Outcome::retry("smtp_transient", reason, None),
        MailError::Connect { .. } => Outcome::retry("connect", reason, None),
        MailError::Broken { .. } => Outcome::retry(BROKEN, reason, None),
        MailError::Refused(_) => Outcome::fail("address_blocked", reason),
        MailError::Mailbox(MailboxError(error)) => unanswered(error, "mailbox", reason),
    }
}

#[cfg(test)]
mod tests;
