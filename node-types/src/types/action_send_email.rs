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

use super::parts::{OneOrMany, Scalar, check_credential, problem};
use crate::node_type::{Context, LogLevel, NodeType, Spec};
use crate::own_database::unanswered;
use crate::services::credentials::{
    CLASSES as CREDENTIAL_CLASSES, GMAIL_REJECTED, GMAIL_TRANSIENT, Gmail, MailWay, mail_way,
};
use crate::services::mail::letter::may_set_header;
use crate::services::mail::{Letter, MailError, MailboxError};
use crate::services::quotas::Spent;

/// Class of a step that the plan of its workspace does not allow.
const QUOTA: &str = "quota";
/// Class of an attempt at which nobody knew what the plan allows.
const QUOTA_AWAY: &str = "quota_unknown";
const USED_UP: &str = "this workspace has used up its mails of this month; wait for the next, or have the quota raised";

/// Longest time that a mail which was sent waits to be noted on leads.
const NOTE_TIME_MAX: Duration = Duration::from_secs(5);

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
        let letter = Letter {
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
        let spending = Spent::one(&*services.quotas, workspace_id, EMAILS);
        let spent = match context.database.ask(spending).await {
            Ok(Ok(spent)) => spent,
            Ok(Err(_)) => return Outcome::fail(QUOTA, USED_UP),
            Err(error) => {
                let reason = format!("the quota cannot be asked for at the moment: {error}");
                return unanswered(&error, QUOTA_AWAY, reason);
            }
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
    let once = step_event_id(&context.idempotency_key());
    let noting = context.services.leads.mailed(context.workspace_id, context.execution_id, &once, &mail);
    let why = match timeout(NOTE_TIME_MAX, context.database.ask(noting)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the database did not answer within {} s", NOTE_TIME_MAX.as_secs()),
    };
    context.log.log(LogLevel::Warn, &format!("the mail was sent, but it is not noted on leads: {why}"));
}

/// Sends it as a Google account.
async fn as_account(context: &Context, gmail: &Gmail, letter: Letter, key: &str) -> Outcome {
    let (to, subject) = (letter.to.clone(), letter.subject.clone());
    let (message, message_id) = match context.services.mail.message(letter, key) {
        Ok(made) => made,
        Err(error) => return Outcome::fail("config", error.to_string()),
    };
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
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, Mutex};

    use capstan_domain::leads::{Act, Done};
    use capstan_domain::quotas::Refused;
    use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
    use capstan_engine::store::error::StoreError;
    use futures::future::BoxFuture;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use uuid::Uuid;

    use super::*;
    use crate::services::leads::{LeadDesk, LeadsAway};
    use crate::services::mail::MailSettings;
    use crate::services::quotas::QuotaDesk;
    use crate::smtp_sink::SmtpSink;
    use crate::testing::{Mails, context, context_with, context_with_leads, context_within, failed, put_off, retried};

    fn over_smtp(server: SocketAddr) -> Context {
        let server = Some(format!("smtp://{server}").parse().unwrap());
        let mail = MailSettings { server, from: "Capstan <capstan@example.com>".into(), sandbox: false };
        context_with(&[], mail, Arc::new(Mails::default()))
    }

    fn config(to: Value) -> Config {
        let config = json!({"to": to, "subject": "Offer", "text": "Hello,\n.\nbye", "headers": {"X-Tag": 7}});
        serde_json::from_value(config).unwrap()
    }

    #[tokio::test]
    async fn mail_is_delivered_with_one_id_for_all_attempts() {
        let (sink, mut mails) = SmtpSink::start().await.unwrap();
        let context = over_smtp(sink.address());
        let mut ids = Vec::new();
        for _ in 0..2 {
            let to = json!(["Ada <ada@example.com>", "bob@example.com"]);
            let outcome = ActionSendEmail.run(config(to), &context).await;
            let Outcome::Done { output, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(output["accepted_by"], sink.address().to_string());
            let mail = mails.recv().await.unwrap();
            assert_eq!(mail.from, "capstan@example.com");
            assert_eq!(mail.to, ["ada@example.com", "bob@example.com"]);
            assert_eq!(mail.header("subject").as_deref(), Some("Offer"));
            assert_eq!(mail.header("X-Tag").as_deref(), Some("7"));
            assert_eq!(mail.header("X-Idempotency-Key"), Some(context.idempotency_key()));
            assert_eq!(mail.body().trim_end(), "Hello,\r\n.\r\nbye");
            assert_eq!(mail.header("Message-ID").as_deref(), output["message_id"].as_str());
            ids.push(mail.header("Message-ID"));
        }
        assert_eq!(ids[0], ids[1]);
    }

    #[tokio::test]
    async fn a_refusal_fails_and_a_delay_is_another_attempt() {
        let (sink, _mails) = SmtpSink::start().await.unwrap();
        let context = over_smtp(sink.address());
        let (class, reason) = failed(ActionSendEmail.run(config(json!("reject@example.com")), &context).await);
        assert!(class == "smtp_rejected" && reason.contains("no such mailbox"), "{class}: {reason}");
        let (class, reason) = retried(ActionSendEmail.run(config(json!("busy@example.com")), &context).await);
        assert!(class == "smtp_transient" && reason.contains("try again"), "{class}: {reason}");
        let closed = sink.address();
        drop(sink);
        tokio::task::yield_now().await;
        let (class, reason) = retried(ActionSendEmail.run(config(json!("ada@example.com")), &over_smtp(closed)).await);
        assert!(class == "connect" && reason.contains(&closed.to_string()), "{class}: {reason}");
    }

    #[tokio::test]
    async fn a_mail_that_was_taken_and_never_answered_for_is_told_from_one_that_was_never_sent() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        let taken = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (lines, mut answers) = stream.into_split();
            let mut lines = BufReader::new(lines).lines();
            answers.write_all(b"220 here\r\n").await.unwrap();
            loop {
                let line = lines.next_line().await.unwrap().expect("the client goes away early");
                match line.as_str() {
                    // The end of the mail: it is taken, and nobody hears of that.
                    "." => return,
                    "DATA" => answers.write_all(b"354 go on\r\n").await.unwrap(),
                    _ if ["EHLO", "MAIL", "RCPT"].iter().any(|verb| line.starts_with(verb)) => {
                        answers.write_all(b"250 good\r\n").await.unwrap();
                    }
                    _ => {}
                }
            }
        });
        let outcome = ActionSendEmail.run(config(json!("ada@example.com")), &over_smtp(server)).await;
        let (class, reason) = retried(outcome);
        assert!(class == "broken" && reason.contains("broke before it had answered for the mail"), "{class}: {reason}");
        taken.await.unwrap();
    }

    #[tokio::test]
    async fn without_a_server_mail_goes_to_the_sandbox() {
        let mails = Arc::new(Mails::default());
        let settings = MailSettings { from: "capstan@example.com".into(), ..MailSettings::default() };
        let context = context_with(&[], settings, mails.clone());
        let outcome = ActionSendEmail.run(config(json!("Ada <ada@example.com>")), &context).await;
        let Outcome::Done { output, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(output["accepted_by"], "sandbox");
        let kept = mails.0.lock().unwrap();
        assert_eq!((kept[0].to.as_slice(), kept[0].subject.as_str()), (&["ada@example.com".to_owned()][..], "Offer"));
        assert_eq!(kept[0].message_id, output["message_id"]);
    }

    /// Keeps what is noted, or cannot.
    #[derive(Default)]
    struct Notes {
        noted: Mutex<Vec<(String, Mailed)>>,
        is_away: bool,
    }

    impl LeadDesk for Notes {
        fn act<'a>(
            &'a self,
            _: WorkspaceId,
            _: ExecutionId,
            _: &'a str,
            _: &'a Act,
        ) -> BoxFuture<'a, Result<Option<Done>, LeadsAway>> {
            unreachable!("no lead is changed");
        }

        fn mailed<'a>(
            &'a self,
            _: WorkspaceId,
            _: ExecutionId,
            once: &'a str,
            mail: &'a Mailed,
        ) -> BoxFuture<'a, Result<(), LeadsAway>> {
            self.noted.lock().unwrap().push((once.into(), mail.clone()));
            Box::pin(async { if self.is_away { Err(StoreError::LockTimeout.into()) } else { Ok(()) } })
        }
    }

    #[tokio::test]
    async fn a_mail_that_was_sent_is_noted_on_leads_and_has_been_sent_also_where_it_cannot_be() {
        for is_away in [false, true] {
            let desk = Arc::new(Notes { is_away, ..Notes::default() });
            let context = context_with_leads(desk.clone());
            let to = json!(["Ada <Ada@example.com>", "bob@example.com"]);
            let outcome = ActionSendEmail.run(config(to), &context).await;
            let Outcome::Done { output, .. } = outcome else { panic!("{outcome:?}") };
            let noted = desk.noted.lock().unwrap();
            let [(once, mail)] = noted.as_slice() else { panic!("{noted:?}") };
            assert!(once.starts_with("$step:"), "{once}");
            assert_eq!((mail.subject.as_str(), &json!(mail.message_id)), ("Offer", &output["message_id"]));
            assert_eq!(mail.to, ["Ada@example.com", "bob@example.com"]);
        }
        let desk = Arc::new(Notes::default());
        let context = context_with_leads(desk.clone());
        assert_eq!(failed(ActionSendEmail.run(config(json!("nobody")), &context).await).0, "config");
        assert!(desk.noted.lock().unwrap().is_empty(), "it was never sent");
    }

    /// Allows nothing, or cannot say.
    struct UsedUp {
        is_away: bool,
    }

    impl QuotaDesk for UsedUp {
        fn admit(&self, _: WorkspaceId, _: &'static str) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
            let refused = Ok(Err(Refused { resets_in_s: 9 }));
            Box::pin(async move { if self.is_away { Err(StoreError::LockTimeout) } else { refused } })
        }
        fn confirm(&self, _: WorkspaceId, _: &'static str) {
            unreachable!("nothing was spent");
        }
        fn give_back(&self, _: WorkspaceId, _: &'static str) {
            unreachable!("nothing was spent");
        }
    }

    #[tokio::test]
    async fn beyond_the_quota_nothing_is_sent() {
        let within = |is_away| context_within(Arc::new(UsedUp { is_away }));
        let send = async |context| ActionSendEmail.run(config(json!("ada@example.com")), &context).await;
        assert_eq!(failed(send(within(false)).await).0, "quota");
        assert!(put_off(send(within(true)).await).contains("quota"));
    }

    /// Counts what is spent and not given back.
    #[derive(Default)]
    struct Counted(AtomicI64);

    impl QuotaDesk for Counted {
        fn admit(&self, _: WorkspaceId, _: &'static str) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(Ok(())) })
        }
        fn confirm(&self, _: WorkspaceId, _: &'static str) {}
        fn give_back(&self, _: WorkspaceId, _: &'static str) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn what_is_spent_on_nothing_goes_back_also_if_the_attempt_is_given_up() {
        let desk = Arc::new(Counted::default());
        let spent = || desk.0.load(Ordering::Relaxed);
        let one = || Spent::one(&*desk, WorkspaceId(Uuid::nil()), EMAILS);
        {
            let given_up = async {
                let _spent = one().await.unwrap().unwrap();
                std::future::pending::<()>().await;
            };
            tokio::pin!(given_up);
            assert!(futures::poll!(given_up.as_mut()).is_pending());
            assert_eq!(spent(), 1);
        }
        assert_eq!(spent(), 0);
        one().await.unwrap().unwrap().confirm();
        assert_eq!(spent(), 1);

        let context = context_within(desk.clone());
        let mut nameless: Value = json!({"to": "ada@example.com", "subject": "s", "text": "t", "credential": "absent"});
        let without = serde_json::from_value(nameless.clone()).unwrap();
        assert!(!matches!(ActionSendEmail.run(without, &context).await, Outcome::Done { .. }));
        nameless["credential"] = Value::Null;
        nameless["to"] = json!("nobody");
        assert_eq!(failed(ActionSendEmail.run(serde_json::from_value(nameless).unwrap(), &context).await).0, "config");
        assert_eq!(spent(), 1, "neither was sent");
    }

    #[tokio::test]
    async fn a_bad_mail_fails_before_it_is_sent() {
        for to in [json!("nobody"), json!([]), json!("a@example.com\r\nBcc: b@example.com")] {
            assert_eq!(failed(ActionSendEmail.run(config(to), &context()).await).0, "config");
        }
        assert_eq!(ActionSendEmail::check(&json!({"headers": {"Bcc": "x", "X-Tag": "x"}})).len(), 1);
    }
}
