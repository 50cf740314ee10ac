//! Connecting a Google account that mail is sent as, with a provider on the loopback.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Form, State};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_api::GmailClient;
use capstan_domain::access::Role;
use capstan_domain::credentials::Kept;
use capstan_domain::secrets::Sealed;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use crate::people::member;
use crate::support::{Answer, App};

const SEND: &str = "https://www.googleapis.com/auth/gmail.send";
const BACK: &str = "http://127.0.0.1:7400/connect/gmail/callback";
const PATH: &str = "/api/v1/credentials";

/// Longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Fields = HashMap<String, String>;

/// What the provider heard.
struct Heard {
    /// Codes that were to be exchanged.
    forms: Mutex<Vec<Fields>>,
    /// Tokens that were to be taken back.
    revoked: mpsc::UnboundedSender<Fields>,
    /// The code `slow` has come.
    came: Notify,
    /// It may be answered.
    answers: Notify,
}

/// Says for each code what it is good for.
async fn exchange(State(heard): State<Arc<Heard>>, Form(form): Form<Fields>) -> (StatusCode, Json<Value>) {
    let code = form["code"].clone();
    heard.forms.lock().unwrap().push(form);
    let token = |scope: &str| {
        let number = if code == "good" { "1" } else { code.as_str() };
        Json(json!({"access_token": "access-1", "refresh_token": format!("refresh-token-{number}"), "scope": scope}))
    };
    match code.as_str() {
        "good" => (StatusCode::OK, token(SEND)),
        "slow" => {
            heard.came.notify_one();
            heard.answers.notified().await;
            (StatusCode::OK, token(SEND))
        }
        "broad" => (StatusCode::OK, token(&format!("{SEND} https://www.googleapis.com/auth/gmail.readonly"))),
        "other" => (StatusCode::OK, token("https://mail.google.com/")),
        "silent" => {
            (StatusCode::OK, Json(json!({"access_token": "access-1", "refresh_token": "refresh-token-silent"})))
        }
        "short" => (StatusCode::OK, Json(json!({"access_token": "access-short", "scope": SEND}))),
        "empty" => (StatusCode::OK, Json(json!({"scope": SEND}))),
        _ => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))),
    }
}

/// Takes a token back, without a word; it fails at one.
async fn revoke(State(heard): State<Arc<Heard>>, Form(form): Form<Fields>) -> StatusCode {
    let status = if form["token"] == "access-short" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    heard.revoked.send(form).unwrap();
    status
}

struct Place {
    app: App,
    provider: String,
    heard: Arc<Heard>,
    revoked: mpsc::UnboundedReceiver<Fields>,
    /// Session of an administrator.
    ada: String,
}

impl Place {
    async fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let provider = format!("http://{}", listener.local_addr().unwrap());
        let (sender, revoked) = mpsc::unbounded_channel();
        let (came, answers) = (Notify::new(), Notify::new());
        let heard = Arc::new(Heard { forms: Mutex::default(), revoked: sender, came, answers });
        let router = Router::new().route("/token", post(exchange)).route("/revoke", post(revoke));
        let router = router.with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = GmailClient {
            client_id: "capstan.apps".into(),
            client_secret: "hunter22-client".into(),
            authorize_url: format!("{provider}/auth?hl=en"),
            token_url: format!("{provider}/token"),
            revoke_url: format!("{provider}/revoke"),
            send_url: format!("{provider}/send"),
        };
        client.check().unwrap();
        let app = App::start_with(|settings, _| settings.accounts.gmail = Some(client)).await;
        let ada = member(&app, app.acme, "ada@example.com", Role::Admin).await;
        Self { app, provider, heard, revoked, ada }
    }

    async fn go(&self, path: &str, cookies: &str) -> Answer {
        let request = Request::builder().uri(path).header("cookie", cookies);
        self.app.send(request.body(Body::empty()).unwrap()).await
    }

    /// Begins as an administrator: where the browser is sent, and its half.
    async fn begin(&self, query: &str) -> (Url, String) {
        let answer = self.go(&format!("/connect/gmail?{query}"), &format!("capstan_session={}", self.ada)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let half = answer.header("set-cookie").unwrap().strip_prefix("capstan_login=").unwrap().split(';').next();
        (Url::parse(answer.header("location").unwrap()).unwrap(), half.unwrap().to_owned())
    }

    /// Comes back from there.
    async fn end(&self, away: &Url, half: &str, more: &str) -> Answer {
        let state = parameters(away)["state"].clone();
        let cookies = format!("capstan_session={}; capstan_login={half}", self.ada);
        self.go(&format!("/connect/gmail/callback?state={state}&{more}"), &cookies).await
    }

    /// The next token that is taken back.
    async fn next_revoked(&mut self) -> Fields {
        timeout(PATIENCE, self.revoked.recv()).await.expect("nothing is taken back").unwrap()
    }
}

fn parameters(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn an_account_is_connected_for_sending_mail_and_its_token_is_sealed() {
    let mut place = Place::new().await;
    let (away, half) = place.begin("name=sales&from=Sales+%3Csales%40example.com%3E").await;
    assert!(away.as_str().starts_with(&format!("{}/auth?hl=en&", place.provider)), "{away}");
    let asked = parameters(&away);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "capstan.apps"),
        ("redirect_uri", BACK),
        ("scope", SEND),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    let answer = place.end(&away, &half, "code=good&scope=whatever").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/editor/w/acme/credentials")));
    let form = place.heard.forms.lock().unwrap()[0].clone();
    assert_eq!((form["grant_type"].as_str(), form["redirect_uri"].as_str()), ("authorization_code", BACK));
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])), asked["code_challenge"]);
    let listed = place.app.get(PATH).await;
    let items = listed.json();
    let item = &items["items"][0];
    assert_eq!((&item["name"], &item["type"], &item["revision"]), (&json!("sales"), &json!("gmail"), &json!(1)));
    assert_eq!((&item["created_by"], &item["allowed_hosts"]), (&json!("ada@example.com"), &json!([place.provider])));
    assert!(!listed.text().contains("refresh-token-1") && !listed.text().contains("hunter22"), "{}", listed.text());
    let id: Uuid = item["id"].as_str().unwrap().parse().unwrap();
    let mut owner = place.app.cell.connect(connect::Role::Owner).await.unwrap();
    let stored = sqlx::query_as("SELECT sealed, key_id FROM credentials WHERE credential_id = $1").bind(id);
    let (bytes, key_id): (Vec<u8>, String) = stored.fetch_one(&mut owner).await.unwrap();
    let sealed = Sealed { key_id, bytes };
    let kept = Kept::open(&place.app.keys, place.app.acme, id, &sealed).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(kept.text("refresh_token"), Some("refresh-token-1"));
    assert_eq!(kept.text("from"), Some("Sales <sales@example.com>"));
    // Once only.
    assert_eq!(place.end(&away, &half, "code=good").await.verdict(), "400 consent_over");
    // Connected again, it is the same credential with another secret.
    let (away, half) = place.begin("name=sales&workspace=acme").await;
    assert_eq!(place.end(&away, &half, "code=good").await.status, 303);
    let again = place.app.get(PATH).await.json();
    assert_eq!((&again["items"][0]["id"], &again["items"][0]["revision"]), (&json!(id), &json!(2)));
    assert!(place.revoked.try_recv().is_err(), "what is kept is taken back");
}

#[tokio::test]
async fn what_allows_more_or_less_than_sending_is_not_kept_and_taken_back_once() {
    let mut place = Place::new().await;
    for (code, verdict, taken_back) in [
        ("code=broad", "403 wrong_scope", Some("refresh-token-broad")),
        ("code=other", "403 wrong_scope", Some("refresh-token-other")),
        ("code=silent", "403 wrong_scope", Some("refresh-token-silent")),
        // The provider fails at this one: nobody hears of it.
        ("code=short", "502 no_refresh_token", Some("access-short")),
        ("code=empty", "502 no_refresh_token", None),
        ("code=spent", "400 consent_over", None),
        ("error=access_denied", "403 consent_refused", None),
        ("scope=none", "400 consent_over", None),
    ] {
        let (away, half) = place.begin("name=sales").await;
        let answer = place.end(&away, &half, code).await;
        assert_eq!(answer.verdict(), verdict, "{code}");
        assert!(!answer.text().contains("refresh-token") && !answer.text().contains("access-"), "{}", answer.text());
        let Some(token) = taken_back else { continue };
        let form = place.next_revoked().await;
        let said = ["token", "client_id", "client_secret"].map(|name| form[name].as_str());
        assert_eq!(said, [token, "capstan.apps", "hunter22-client"], "{code}");
    }
    assert_eq!(place.app.count("credentials").await, 0);
    // Somebody else has taken the name meanwhile.
    let (away, half) = place.begin("name=sales").await;
    let bearer =
        json!({"name": "sales", "type": "bearer", "allowed_hosts": ["a.example"], "fields": {"token": "hunter22"}});
    assert_eq!(place.app.post(PATH, &bearer).await.status, 201);
    assert_eq!(place.end(&away, &half, "code=good").await.verdict(), "409 name_taken");
    assert_eq!(place.next_revoked().await["token"], "refresh-token-1");
    assert!(place.revoked.try_recv().is_err(), "something is taken back twice, or that was never given");
}

#[tokio::test]
async fn who_hangs_up_on_the_way_back_is_connected_nevertheless() {
    let mut place = Place::new().await;
    let (away, half) = place.begin("name=sales").await;
    let heard = Arc::clone(&place.heard);
    tokio::select! {
        answer = place.end(&away, &half, "code=slow") => panic!("answered {}", answer.status),
        () = heard.came.notified() => {}
    }
    heard.answers.notify_one();
    let stored = async {
        while place.app.count("credentials").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, stored).await.expect("nothing is stored");
    assert_eq!(place.app.get(PATH).await.json()["items"][0]["name"], "sales");
    assert!(place.revoked.try_recv().is_err(), "what is kept is taken back");
}

#[tokio::test]
async fn it_is_begun_and_ended_in_one_browser_by_who_may_write_credentials() {
    let place = Place::new().await;
    let (away, half) = place.begin("name=sales").await;
    let session = |token: &str| format!("capstan_session={token}");
    let back = format!("/connect/gmail/callback?code=good&state={}", parameters(&away)["state"]);
    assert_eq!(place.go(&back, &session(&place.ada)).await.verdict(), "400 consent_over", "another browser");
    let (_, other) = place.begin("name=sales").await;
    let stolen = format!("{}; capstan_login={other}", session(&place.ada));
    assert_eq!(place.go(&back, &stolen).await.verdict(), "400 consent_over", "another half");
    let viewer = member(&place.app, place.app.acme, "eve@example.com", Role::Viewer).await;
    assert_eq!(place.go("/connect/gmail?name=sales", &session(&viewer)).await.status, 403);
    let mixed = format!("{}; capstan_login={half}", session(&viewer));
    assert_eq!(place.go(&back, &mixed).await.status, 403, "somebody who may not");
    assert_eq!(place.go("/connect/gmail?name=sales", "").await.status, 401);
    // No link of another site begins it.
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 303), ("none", 303)] {
        let request = Request::builder().uri("/connect/gmail?name=sales").header("cookie", session(&place.ada));
        let answer = place.app.send(request.header("sec-fetch-site", site).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{site}: {}", answer.text());
    }
    let begin = async |query: &str| place.go(&format!("/connect/gmail?{query}"), &session(&place.ada)).await.verdict();
    for bad in ["nobody", "a%40b%40c", "Ada+%3Cada%3E", "a%40example.com%0D%0ABcc:+b%40example.com"] {
        assert_eq!(begin(&format!("name=sales&from={bad}")).await, "422 bad_credential", "{bad}");
    }
    assert_eq!(begin("name=a+b").await, "422 bad_credential");
    assert_eq!(begin("name=sales&workspace=elsewhere").await, "404 not_found");
    assert_eq!(begin(&format!("name=sales&from={}", "x".repeat(500))).await, "422 bad_credential");
    let bearer =
        json!({"name": "crm", "type": "bearer", "allowed_hosts": ["a.example"], "fields": {"token": "hunter22"}});
    assert_eq!(place.app.post(PATH, &bearer).await.status, 201);
    assert_eq!(begin("name=crm").await, "409 name_taken");
    assert!(place.heard.forms.lock().unwrap().is_empty());
    assert_eq!(place.app.count("credentials").await, 1);
}

#[tokio::test]
async fn where_accounts_are_connected_is_told_where_they_can_be() {
    let connect = async |app: &App| {
        let types = app.get("/api/v1/credential-types").await.json();
        let gmail = types["items"].as_array().unwrap().iter().find(|kind| kind["type"] == "gmail").unwrap();
        gmail["connect"].clone()
    };
    assert_eq!(connect(&Place::new().await.app).await, "/connect/gmail");
    assert_eq!(connect(&App::start().await).await, Value::Null);
}
