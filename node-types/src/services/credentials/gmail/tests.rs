//! Against a server on the loopback that gives tokens and takes mail.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::HeaderMap as Headers;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use capstan_domain::credentials::{GMAIL, GMAIL_SCOPE, Kept, Token};
use capstan_domain::secrets::OpenError;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;
use crate::services::credentials::{CredentialVault, MailWay, mail_way};
use crate::testing::{context_opening, failed, retried};

const NODE: &str = "action.send_email";

/// What the server answers and heard.
#[derive(Default)]
struct Heard {
    /// Status and body for the next mails; then mails are taken.
    answers: Vec<(u16, &'static str)>,
    /// What tokens are good for.
    scope: &'static str,
    refreshes: Vec<HashMap<String, String>>,
    /// With the token that each brought.
    mails: Vec<(String, Vec<u8>)>,
}

type Server = Arc<Mutex<Heard>>;

async fn give_token(State(heard): State<Server>, Form(form): Form<HashMap<String, String>>) -> Json<Value> {
    let mut heard = heard.lock().unwrap();
    heard.refreshes.push(form);
    let token = format!("access-token-{}", heard.refreshes.len());
    Json(json!({ "access_token": token, "expires_in": 3_600, "token_type": "Bearer", "scope": heard.scope }))
}

async fn take_mail(State(heard): State<Server>, headers: Headers, Json(mail): Json<Value>) -> impl IntoResponse {
    let mut heard = heard.lock().unwrap();
    let token = headers["authorization"].to_str().unwrap().to_owned();
    heard.mails.push((token, URL_SAFE.decode(mail["raw"].as_str().unwrap()).unwrap()));
    let next = if heard.answers.is_empty() { None } else { Some(heard.answers.remove(0)) };
    let (status, body) = next.unwrap_or((200, "{\"id\": \"18c\"}"));
    (axum::http::StatusCode::from_u16(status).unwrap(), [("retry-after", "7")], body)
}

async fn start(answers: Vec<(u16, &'static str)>) -> (SocketAddr, Server) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Heard { answers, scope: GMAIL_SCOPE, ..Heard::default() }));
    let router = Router::new().route("/token", post(give_token)).route("/send", post(take_mail));
    let router = router.with_state(Arc::clone(&heard));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, heard)
}

/// A vault with one credential, by every name, in which tokens are kept.
struct One(Mutex<Opened>);

impl CredentialVault for One {
    fn find<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Result<Opened, OpenError>>, StoreError>> {
        let found = self.0.lock().unwrap().clone();
        Box::pin(async { Ok(Some(Ok(found))) })
    }

    fn begin_refresh<'a>(
        &'a self,
        _: WorkspaceId,
        opened: &'a Opened,
    ) -> BoxFuture<'a, Result<Option<i64>, StoreError>> {
        let mut kept = self.0.lock().unwrap();
        let turn = (kept.refresh_no == opened.refresh_no).then(|| kept.refresh_no + 1);
        kept.refresh_no = turn.unwrap_or(kept.refresh_no);
        Box::pin(async move { Ok(turn) })
    }

    fn finish_refresh<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a Opened,
        _: i64,
        token: &'a Token,
        _: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let mut kept = self.0.lock().unwrap();
        (kept.token, kept.is_fresh) = (Some(token.clone()), true);
        Box::pin(async { Ok(true) })
    }

    fn give_up_refresh<'a>(&'a self, _: WorkspaceId, _: &'a Opened, _: i64) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

fn context(server: SocketAddr) -> Context {
    let fields = json!({
        "token_url": format!("http://{server}/token"), "send_url": format!("http://{server}/send"), "client_id": "me",
        "client_secret": "hunter22", "refresh_token": "refresh-0", "from": "Sales <sales@example.com>",
    });
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    let kept = Kept { kind: GMAIL.into(), allowed_hosts: vec![format!("http://{server}")], fields };
    let opened = Opened { credential_id: Uuid::nil(), revision: 1, kept, token: None, is_fresh: false, refresh_no: 0 };
    context_opening(vec![server.to_string()], Arc::new(One(Mutex::new(opened))))
}

async fn send(context: &Context) -> Result<(), Outcome> {
    let MailWay::Gmail(gmail) = mail_way(context, "sales", NODE).await? else { panic!("it is an account") };
    assert_eq!(gmail.from.as_deref(), Some("Sales <sales@example.com>"));
    Box::pin(gmail.send(context, b"Subject: Hello\r\n\r\n\xc3\xbf?>")).await
}

#[tokio::test]
async fn a_mail_is_sent_as_the_account_with_one_token_for_all() {
    let (server, heard) = start(Vec::new()).await;
    let context = context(server);
    for _ in 0..2 {
        send(&context).await.unwrap();
    }
    let heard = heard.lock().unwrap();
    let [refresh] = heard.refreshes.as_slice() else { panic!("{:?}", heard.refreshes) };
    assert_eq!((refresh["grant_type"].as_str(), refresh["refresh_token"].as_str()), ("refresh_token", "refresh-0"));
    let mail = ("Bearer access-token-1".to_owned(), b"Subject: Hello\r\n\r\n\xc3\xbf?>".to_vec());
    assert_eq!(heard.mails, [mail.clone(), mail]);
    assert_eq!(context.secrets.text("with access-token-1 and refresh-0"), "with [redacted] and [redacted]");
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_fetched_anew_once() {
    let (server, heard) = start(vec![(401, "{}")]).await;
    send(&context(server)).await.unwrap();
    let tokens = |heard: &Heard| heard.mails.iter().map(|mail| mail.0.clone()).collect::<Vec<_>>();
    assert_eq!(tokens(&heard.lock().unwrap()), ["Bearer access-token-1", "Bearer access-token-2"]);
    let (server, heard) = start(vec![(401, "{}"), (401, "{}")]).await;
    let (class, reason) = failed(send(&context(server)).await.unwrap_err());
    assert!(class == CLASS && reason.contains("connect the account anew"), "{class}: {reason}");
    assert_eq!(heard.lock().unwrap().mails.len(), 2);
}

#[tokio::test]
async fn a_refusal_fails_and_a_delay_is_another_attempt() {
    let slow = "{\"error\": {\"errors\": [{\"reason\": \"userRateLimitExceeded\"}], \"message\": \"too fast\"}}";
    for (status, body, said) in [(429, "{}", "429"), (503, "away", "away"), (403, slow, "too fast")] {
        let (server, _) = start(vec![(status, body)]).await;
        let outcome = send(&context(server)).await.unwrap_err();
        let Outcome::Retry { after, .. } = &outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(*after, Some(Duration::from_secs(7)));
        let (class, reason) = retried(outcome);
        assert!(class == TRANSIENT && reason.contains(said), "{class}: {reason}");
    }
    let bad = "{\"error\": {\"message\": \"Invalid To header\"}}";
    for (status, body, said) in [(400, bad, "400: Invalid To header"), (403, "{}", "403"), (302, "", "302")] {
        let (server, heard) = start(vec![(status, body)]).await;
        let (class, reason) = failed(send(&context(server)).await.unwrap_err());
        assert!(class == REJECTED && reason.contains(said), "{class}: {reason}");
        assert_eq!(heard.lock().unwrap().mails.len(), 1);
    }
}

#[tokio::test]
async fn a_token_that_is_good_for_more_is_not_used() {
    let (server, heard) = start(Vec::new()).await;
    heard.lock().unwrap().scope = "https://www.googleapis.com/auth/gmail.send https://mail.google.com/";
    let (class, reason) = failed(send(&context(server)).await.unwrap_err());
    assert!(class == CLASS && reason.contains("other things than sending"), "{class}: {reason}");
    assert!(heard.lock().unwrap().mails.is_empty());
}

#[tokio::test]
async fn mail_goes_to_allowed_hosts_only() {
    let (server, heard) = start(Vec::new()).await;
    let context = context(server);
    let Ok(MailWay::Gmail(gmail)) = mail_way(&context, "sales", NODE).await else { panic!("it is an account") };
    let mut opened = gmail.opened.clone();
    opened.kept.fields["send_url"] = "https://elsewhere.example/send".into();
    let Err(outcome) = Gmail::of("sales", opened) else { panic!("it is not allowed") };
    assert_eq!(failed(outcome).0, crate::services::credentials::HOST_CLASS);
    let Err(outcome) = mail_way(&context, "sales", "action.http_request").await else { panic!("it does not fit") };
    assert_eq!(failed(outcome).0, CLASS);
    assert!(heard.lock().unwrap().refreshes.is_empty());
}
