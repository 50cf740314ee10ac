use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use capstan_domain::leads::{Act, Done, Filter, LeadRow};
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
async fn files_arrive_as_they_were_given_and_what_is_none_fails() {
    let (sink, mut mails) = SmtpSink::start().await.unwrap();
    let context = over_smtp(sink.address());
    let with = |files: Value| {
        let config = json!({"to": "ada@example.com", "subject": "Offer", "text": "Hello", "attachments": files});
        ActionSendEmail.run(serde_json::from_value(config).unwrap(), &context)
    };
    let files = json!([
        {"name": "offer.pdf", "content": "JVBERgD/", "encoding": "base64", "content_type": "application/pdf"},
        {"name": "list.txt", "content": "Käse"},
    ]);
    assert!(matches!(with(files).await, Outcome::Done { .. }));
    let mail = mails.recv().await.unwrap();
    for part in
        ["application/pdf", "filename=\"offer.pdf\"", "JVBERgD/", "text/plain; charset=utf-8", "filename=\"list.txt\""]
    {
        assert!(mail.body().contains(part), "{part}: {}", mail.body());
    }
    let (class, reason) = failed(with(json!([{"name": "a", "content": "%", "encoding": "base64"}])).await);
    assert!(class == "config" && reason.contains("the attachment \"a\" is not base64"), "{class}: {reason}");
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

    fn find<'a>(&'a self, _: WorkspaceId, _: &'a Filter, _: i64) -> BoxFuture<'a, Result<Vec<LeadRow>, LeadsAway>> {
        unreachable!("no lead is sought");
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

/// Never answers.
struct Silent;

impl LeadDesk for Silent {
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
        _: &'a str,
        _: &'a Mailed,
    ) -> BoxFuture<'a, Result<(), LeadsAway>> {
        Box::pin(std::future::pending())
    }

    fn find<'a>(&'a self, _: WorkspaceId, _: &'a Filter, _: i64) -> BoxFuture<'a, Result<Vec<LeadRow>, LeadsAway>> {
        unreachable!("no lead is sought");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_before_its_time_although_the_mail_is_not_noted() {
    let context = context_with_leads(Arc::new(Silent));
    let sending = Box::pin(ActionSendEmail.run(config(json!("ada@example.com")), &context));
    let outcome = context.database.within(NOTE_WAIT_MAX * 2, sending).await.unwrap();
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

/// Allows nothing, or cannot say.
struct UsedUp {
    is_away: bool,
}

impl QuotaDesk for UsedUp {
    fn admit(&self, _: WorkspaceId, _: &'static str, _: i64) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
        let refused = Ok(Err(Refused { resets_in_s: 9 }));
        Box::pin(async move { if self.is_away { Err(StoreError::LockTimeout) } else { refused } })
    }
    fn confirm(&self, _: WorkspaceId, _: &'static str, _: i64) {
        unreachable!("nothing was spent");
    }
    fn give_back(&self, _: WorkspaceId, _: &'static str, _: i64) {
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
    fn admit(&self, _: WorkspaceId, _: &'static str, _: i64) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Ok(())) })
    }
    fn confirm(&self, _: WorkspaceId, _: &'static str, _: i64) {}
    fn give_back(&self, _: WorkspaceId, _: &'static str, _: i64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn what_is_spent_on_nothing_goes_back_also_if_the_attempt_is_given_up() {
    let desk = Arc::new(Counted::default());
    let spent = || desk.0.load(Ordering::Relaxed);
    let one = || Spent::units(&*desk, WorkspaceId(Uuid::nil()), EMAILS, 1);
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
