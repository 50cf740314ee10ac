//! Mails that start executions, sent by a real client to a real listener. No worker is there: what is to start waits.

mod raw;

use std::net::SocketAddr;
use std::sync::Arc;

use capstan_api::{MailInSettings, serve_mail};
use capstan_domain::access::{self, Mover, TenantState};
use capstan_engine::store::connect::Role;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::support::{App, chain};
use raw::Raw;

const DOMAIN: &str = "in.example.com";
const BYTES_MAX: usize = 100_000;
const TAKEN: &str = "trigger_starts WHERE cause = 'email' AND status = 'due'";

/// A listener of a process; it stops when this is dropped.
struct Office {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Office {
    async fn open(app: &App, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve_mail(listener, app.api.clone(), tls, CancellationToken::new()));
        Self { address, serving }
    }

    fn client(&self, tls: Tls) -> AsyncSmtpTransport<Tokio1Executor> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.address.ip().to_string());
        builder.port(self.address.port()).tls(tls).build()
    }

    /// Sends a mail; with which code it was refused.
    async fn send(&self, mail: Message) -> Result<(), u16> {
        let sent = self.client(Tls::None).send(mail).await;
        sent.map(drop).map_err(|error| error.status().map_or(0, u16::from))
    }
}

fn takes_mail() -> MailInSettings {
    MailInSettings { domain: DOMAIN.into(), bytes_max: BYTES_MAX }
}

impl App {
    async fn with_mail() -> Self {
        Self::start_with(|settings, _| settings.mail_in = Some(takes_mail())).await
    }

    /// Publishes a workflow that starts at mails; answers their address.
    async fn publish_for_mail(&self, config: Value) -> String {
        let graph = chain(&[("mail", "trigger.email", config), ("a", "debug.noop", json!({}))]);
        let made = self.post("/api/v1/workflows", &json!({ "name": "Mail", "graph": graph })).await.json();
        let published = self.post_nothing(&format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap())).await;
        assert_eq!(published.status, 201, "{}", published.text());
        let told = published.json()["triggers"][0].clone();
        assert_eq!((&told["kind"], &told["node_id"]), (&json!("email"), &json!("mail")), "{told}");
        told["url"].as_str().unwrap().strip_prefix("mailto:").unwrap().to_owned()
    }

    async fn inputs(&self) -> Vec<Value> {
        let mut owner = self.cell.connect(Role::Owner).await.unwrap();
        let sql = "SELECT input FROM trigger_starts WHERE cause = 'email' ORDER BY at";
        sqlx::query_scalar(sql).fetch_all(&mut owner).await.unwrap()
    }
}

fn mail(to: &str, id: &str, text: &str) -> Message {
    let head = Message::builder().from("Ada <ada@example.com>".parse().unwrap()).to(to.parse().unwrap());
    head.subject("Grüße").message_id(Some(format!("<{id}@example.com>"))).body(text.to_owned()).unwrap()
}

#[tokio::test]
async fn a_mail_starts_one_execution_of_its_trigger_however_often_it_comes() {
    let app = App::with_mail().await;
    let plain = app.publish_for_mail(json!({})).await;
    let full =
        app.publish_for_mail(json!({ "path": "support", "attachments": "contents", "headers": ["X-None"] })).await;
    assert!(full.starts_with("support.") && full.ends_with("@in.example.com") && plain != full, "{plain} {full}");
    let office = Office::open(&app, None).await;
    for _ in 0..2 {
        assert_eq!(office.send(mail(&plain, "1", "Hello\n.\n..\nthere")).await, Ok(()));
    }
    assert_eq!(app.count(TAKEN).await, 1);
    let input = app.inputs().await.remove(0);
    assert_eq!(input["from"], json!({ "name": "Ada", "address": "ada@example.com" }));
    assert_eq!((&input["subject"], &input["message_id"]), (&json!("Grüße"), &json!("1@example.com")));
    assert_eq!(input["text"].as_str().unwrap().replace("\r\n", "\n").trim_end(), "Hello\n.\n..\nthere");
    assert_eq!(input["envelope"], json!({ "from": "ada@example.com", "to": plain }));
    // To both at once, in capital letters, with an attachment.
    let to = full.to_ascii_uppercase();
    let head = Message::builder().from("ada@example.com".parse().unwrap()).to(to.parse().unwrap());
    let head = head.cc(plain.parse().unwrap()).message_id(Some("<2@example.com>".into()));
    let pdf = Attachment::new("a.pdf".into()).body(vec![0_u8, 1, 2], ContentType::parse("application/pdf").unwrap());
    let parts = MultiPart::mixed().singlepart(SinglePart::plain("see there".to_owned())).singlepart(pdf);
    assert_eq!(office.send(head.multipart(parts).unwrap()).await, Ok(()));
    assert_eq!(app.count(TAKEN).await, 3);
    let contents: Vec<Value> =
        app.inputs().await[1..].iter().map(|input| input["attachments"][0]["content"].clone()).collect();
    assert!(contents.contains(&json!("AAEC")) && contents.contains(&Value::Null), "{contents:?}");
}

#[tokio::test]
async fn what_is_for_nobody_here_or_too_large_is_refused_and_starts_nothing() {
    let app = App::with_mail().await;
    let address = app.publish_for_mail(json!({})).await;
    let (local, _) = address.split_once('@').unwrap();
    let office = Office::open(&app, None).await;
    for nobody in
        ["postmaster@in.example.com", &format!("x{address}"), &format!("{local}@example.com"), "b@elsewhere.org"]
    {
        assert_eq!(office.send(mail(nobody, "1", "Hello")).await, Err(550), "{nobody}");
    }
    assert_eq!(office.send(mail(&address, "2", &"0123456789\n".repeat(10_000))).await, Err(552));
    assert_eq!(app.count(TAKEN).await, 0);
    assert_eq!(office.send(mail(&address, "3", &"0123456789\n".repeat(8_000))).await, Ok(()));
    assert_eq!(app.count(TAKEN).await, 1);
}

#[tokio::test]
async fn the_dialogue_keeps_to_its_order_and_its_bounds() {
    let app = App::with_mail().await;
    let address = app.publish_for_mail(json!({})).await;
    let office = Office::open(&app, None).await;
    let mut client = Raw::connect(office.address).await;
    assert!(client.greeting.starts_with("220 in.example.com"), "{}", client.greeting);
    assert!(client.say("MAIL FROM:<a@b.c>").await.starts_with("503 "));
    let told = client.say("EHLO there").await;
    assert!(told.contains("250 SIZE 100000\r\n") && !told.contains("STARTTLS") && !told.contains("AUTH"), "{told}");
    for (said, code) in [
        ("DATA", "503 "),
        ("RCPT TO:<a@b.c>", "503 "),
        ("AUTH PLAIN AAAA", "502 "),
        ("STARTTLS", "500 "),
        ("MAIL FROM:a@b.c", "501 "),
        ("MAIL FROM:<a@b.c> SMTPUTF8", "555 "),
        ("MAIL FROM:<a@b.c> SIZE=100001", "552 "),
        ("VRFY postmaster", "252 "),
        ("mail from:<> size=10", "250 "),
        ("MAIL FROM:<a@b.c>", "503 "),
        ("DATA", "503 "),
        ("RSET", "250 "),
        ("NOOP", "250 "),
        ("MAIL FROM:<a@b.c>", "250 "),
    ] {
        assert!(client.say(said).await.starts_with(code), "{said}");
    }
    assert!(client.say(&format!("RCPT TO:<{address}>")).await.starts_with("250 "));
    assert!(client.say("DATA").await.starts_with("354 "));
    assert!(client.say("\r\n.").await.starts_with("554 "), "no mail");
    assert!(client.say("QUIT").await.starts_with("221 "));
    assert!(client.is_over().await);
    // Who tries one address after the other is sent away.
    let mut guesser = Raw::connect(office.address).await;
    guesser.say("EHLO there").await;
    guesser.say("MAIL FROM:<a@b.c>").await;
    let mut last = String::new();
    for n in 0..11 {
        last = guesser.say(&format!("RCPT TO:<a{n}@in.example.com>")).await;
        assert!(last.starts_with("550 "), "{last}");
    }
    assert!(guesser.reply().await.starts_with("421 "), "after {last}");
    assert_eq!(app.count(TAKEN).await, 0);
}

#[tokio::test]
async fn a_mail_whose_trigger_goes_while_it_comes_starts_nothing() {
    let app = App::with_mail().await;
    let address = app.publish_for_mail(json!({})).await;
    let office = Office::open(&app, None).await;
    let mut client = Raw::connect(office.address).await;
    client.say("EHLO there").await;
    client.say("MAIL FROM:<a@b.c>").await;
    assert!(client.say(&format!("RCPT TO:<{address}>")).await.starts_with("250 "));
    assert!(client.say("DATA").await.starts_with("354 "));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("DELETE FROM trigger_paths").execute(&mut owner).await.unwrap();
    assert!(client.say("Subject: a\r\n\r\nb\r\n.").await.starts_with("550 "));
    assert_eq!(app.count(TAKEN).await, 0);
}

#[tokio::test]
async fn who_comes_when_there_is_no_room_is_told_to_come_again() {
    let app = App::with_mail().await;
    let office = Office::open(&app, None).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(Raw::connect(office.address).await);
    }
    assert!(clients.iter().all(|client| client.greeting.starts_with("220 ")));
    let mut more = Raw::connect(office.address).await;
    assert!(more.greeting.starts_with("421 ") && more.is_over().await, "{}", more.greeting);
}

#[tokio::test]
async fn a_mail_that_was_not_acknowledged_has_started_nothing_and_comes_again() {
    let app = App::with_mail().await;
    let address = app.publish_for_mail(json!({})).await;
    let office = Arc::new(Office::open(&app, None).await);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("BEGIN").execute(&mut owner).await.unwrap();
    sqlx::query("LOCK TABLE trigger_starts").execute(&mut owner).await.unwrap();
    let (sending, letter) = (Arc::clone(&office), mail(&address, "1", "Hello"));
    let sent = tokio::spawn(async move { sending.send(letter).await });
    // It is about to be written: then the process dies.
    let stuck = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while app.count(stuck).await == 0 {
        tokio::task::yield_now().await;
    }
    office.serving.abort();
    assert!(sent.await.unwrap().is_err());
    sqlx::query("ROLLBACK").execute(&mut owner).await.unwrap();
    while app.count(stuck).await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(app.count(TAKEN).await, 0);
    let office = Office::open(&app, None).await;
    assert_eq!(office.send(mail(&address, "1", "Hello")).await, Ok(()));
    assert_eq!(app.count(TAKEN).await, 1);
}

#[tokio::test]
async fn a_workspace_that_has_used_its_quota_or_is_suspended_takes_mail_later_and_an_archived_one_never() {
    let app = App::with_mail().await;
    let address = app.publish_for_mail(json!({})).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let used_up = format!(
        "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ('{0}', 'executions', 1, 1); \
         INSERT INTO quota_counters (workspace_id, meter, period, granted) \
         SELECT '{0}', 'executions', (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n))::date, 1 \
           FROM generate_series(0, 1) AS n",
        app.acme
    );
    sqlx::raw_sql(&used_up).execute(&mut owner).await.unwrap();
    let office = Office::open(&app, None).await;
    assert_eq!(office.send(mail(&address, "1", "Hello")).await, Err(450));
    let mut control = app.control.connect(Role::Owner).await.unwrap();
    for (to, code) in [(TenantState::Suspended, 450), (TenantState::Archived, 550)] {
        let mover = Mover { name: "x".into(), ..Default::default() };
        access::move_tenant(&mut control, app.acme, to, None, &mover).await.unwrap();
        // Another process, which does not remember how it was.
        let other = app.another_process_with(|settings| settings.mail_in = Some(takes_mail()));
        let office = Office::open(&other, None).await;
        assert_eq!(office.send(mail(&address, "1", "Hello")).await, Err(code), "{to}");
    }
    assert_eq!(app.count(TAKEN).await, 0);
}

#[tokio::test]
async fn a_mail_may_come_encrypted_and_nothing_is_taken_from_before_that() {
    let app = App::with_mail().await;
    let address = app.publish_for_mail(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&pair).unwrap();
    std::fs::write(&chain, certificate.pem()).unwrap();
    std::fs::write(&key, pair.serialize_pem()).unwrap();
    let office = Office::open(&app, Some(capstan_api::tls_acceptor(&chain, &key).unwrap())).await;
    assert!(capstan_api::tls_acceptor(&key, &chain).is_err());
    let trusting = TlsParameters::builder("localhost".into()).dangerous_accept_invalid_certs(true).build().unwrap();
    office.client(Tls::Required(trusting)).send(mail(&address, "1", "Hello")).await.unwrap();
    assert_eq!(app.count(TAKEN).await, 1);
    let mut sneaky = Raw::connect(office.address).await;
    assert!(sneaky.say("EHLO there").await.contains("250-STARTTLS\r\n"));
    assert!(sneaky.say("STARTTLS\r\nMAIL FROM:<a@b.c>").await.starts_with("220 "));
    assert!(sneaky.is_over().await);
}
