//! Against real servers on the loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::smtp_sink::SmtpSink;
use crate::testing::context_keeping;

const SECRET: &str = "hunter22-token";

/// A provider: `/{code}` answers with that status, which leads elsewhere if it can, and with what it was sent; counts calls.
async fn provider() -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, calls) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&calls);
    let answer = async move |Path(code): Path<u16>, headers: HeaderMap| {
        *counted.lock().unwrap() += 1;
        let sent = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        let echo = format!("you sent {sent}, {}. {}", STANDARD.encode(sent), "and more ".repeat(200));
        (StatusCode::from_u16(code).unwrap(), [("location", "/200")], echo)
    };
    let router = Router::new().route("/{code}", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, calls)
}

fn bearer(server: SocketAddr, allow: &[SocketAddr]) -> Context {
    let allow = allow.iter().map(ToString::to_string).collect();
    context_keeping(allow, "bearer", vec![format!("http://{server}")], json!({"token": SECRET}))
}

/// A mail server that wants a login as `me`, and echoes one that is wrong; what it was told, verb by verb.
async fn mail_server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, verbs) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
    let heard = Arc::clone(&verbs);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = talk(stream, &heard).await;
        }
    });
    (address, verbs)
}

async fn talk(stream: TcpStream, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let good = STANDARD.encode(format!("\0me\0{SECRET}"));
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let (verb, said) = line.split_once(' ').unwrap_or((&line, ""));
        heard.lock().unwrap().push(verb.to_owned());
        let answer = match verb {
            "EHLO" => "250-mail\r\n250 AUTH PLAIN".to_owned(),
            "AUTH" if said.ends_with(&good) => "235 welcome".into(),
            "AUTH" => {
                let told = STANDARD.decode(said.trim_start_matches("PLAIN ")).unwrap();
                format!("535 5.7.8 not {}", String::from_utf8(told).unwrap().replace('\0', " "))
            }
            "QUIT" => "221 bye".into(),
            _ => "250 ok".into(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn mail(server: SocketAddr, more: Value) -> Context {
    let (host, port) = (server.ip().to_string(), server.port());
    let mut fields = json!({"host": host, "port": port, "tls": "none"});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    context_keeping(vec![server.to_string()], "smtp", vec![host], fields)
}

#[tokio::test]
async fn an_answer_tells_by_its_status_and_without_the_secret() {
    let (server, calls) = provider().await;
    let context = bearer(server, &[server]);
    for (code, verdict) in [
        (200, Verdict::Passed),
        (204, Verdict::Passed),
        (302, Verdict::Unclear),
        (401, Verdict::Refused),
        (403, Verdict::Refused),
        (404, Verdict::Unclear),
        (500, Verdict::Unclear),
    ] {
        let tested = try_out(&context, "api", Some(&format!("http://{server}/{code}?key=in-the-query"))).await;
        assert_eq!((tested.verdict, tested.status_code), (verdict, Some(code)), "{}", tested.detail);
        assert!(tested.detail.contains(&format!("answered {code}")), "{}", tested.detail);
        let told = format!("{tested:?}");
        assert!(!told.contains("hunter22") && !told.contains("in-the-query"), "{told}");
        assert!(!told.contains(&STANDARD.encode(format!("Bearer {SECRET}"))), "{told}");
        match (verdict, tested.response) {
            (Verdict::Passed, response) => assert_eq!(response, None),
            (_, response) => {
                let response = response.unwrap();
                assert!(response.starts_with("you sent Bearer [redacted], "), "{response}");
                assert!(response.len() <= RESPONSE_BYTES_MAX, "{}", response.len());
            }
        }
    }
    assert_eq!(*calls.lock().unwrap(), 7, "no redirect was followed");
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_is_not_for_it() {
    let ((server, calls), (other, _)) = (provider().await, provider().await);
    let url = format!("http://{server}/200");
    let private = try_out(&bearer(server, &[]), "api", Some(&url)).await;
    assert_eq!(private.verdict, Verdict::NotAllowed, "{}", private.detail);
    let foreign = try_out(&bearer(other, &[server, other]), "api", Some(&url)).await;
    assert_eq!(foreign.verdict, Verdict::NotAllowed, "{}", foreign.detail);
    assert_eq!(*calls.lock().unwrap(), 0);
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let gone = nobody.local_addr().unwrap();
    drop(nobody);
    let unreachable = try_out(&bearer(gone, &[gone]), "api", Some(&format!("http://{gone}/"))).await;
    assert_eq!(unreachable.verdict, Verdict::Unreachable, "{}", unreachable.detail);
    assert_eq!(try_out(&bearer(server, &[server]), "api", None).await.verdict, Verdict::Unusable);
}

#[tokio::test]
async fn a_mail_server_is_logged_in_to_and_gets_no_mail() {
    let (server, verbs) = mail_server().await;
    let tested = try_out(&mail(server, json!({"username": "me", "password": SECRET})), "mail", None).await;
    assert_eq!(tested.verdict, Verdict::Passed, "{}", tested.detail);
    assert_eq!(std::mem::take(&mut *verbs.lock().unwrap()), ["EHLO", "AUTH", "NOOP", "QUIT"]);
    let wrong = try_out(&mail(server, json!({"username": "me", "password": "hunter22-wrong"})), "mail", None).await;
    assert_eq!(wrong.verdict, Verdict::Refused, "{}", wrong.detail);
    assert!(wrong.detail.contains("5.7.8 not") && wrong.detail.contains("[redacted]"), "{}", wrong.detail);
    assert!(!wrong.detail.contains("hunter22"), "{}", wrong.detail);
    let heard = verbs.lock().unwrap().join(" ");
    assert!(!heard.contains("MAIL") && !heard.contains("DATA"), "{heard}");
}

#[tokio::test]
async fn a_mail_server_that_does_not_fit_says_why() {
    let (sink, mut mails) = SmtpSink::start().await.unwrap();
    let without = try_out(&mail(sink.address(), json!({})), "mail", None).await;
    assert_eq!(without.verdict, Verdict::Passed, "{}", without.detail);
    assert!(without.detail.contains("no login"), "{}", without.detail);
    let login = json!({"username": "me", "password": SECRET});
    let no_login = try_out(&mail(sink.address(), login.clone()), "mail", None).await;
    assert_eq!(no_login.verdict, Verdict::Unusable, "{}", no_login.detail);
    let no_tls = try_out(&mail(sink.address(), json!({"tls": "required"})), "mail", None).await;
    assert_eq!(no_tls.verdict, Verdict::Unusable, "{}", no_tls.detail);
    let address = sink.address();
    drop(sink);
    let fields = json!({"host": "127.0.0.1", "port": address.port(), "tls": "none"});
    let private = context_keeping(Vec::new(), "smtp", vec!["127.0.0.1".into()], fields);
    assert_eq!(try_out(&private, "mail", None).await.verdict, Verdict::NotAllowed);
    assert!(mails.try_recv().is_err(), "no mail was sent");
}
