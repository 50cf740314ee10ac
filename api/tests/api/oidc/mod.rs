//! Logging in through an OpenID provider: the certified `oidc-provider`, on the loopback.

mod browser;

use axum::body::Body;
use axum::http::Request;
use capstan_api::{AccountSettings, LoginProvider};
use capstan_domain::access::Role;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use url::Url;

use self::browser::{Browser, CAPSTAN, issuer};
use crate::people::{member, send};
use crate::support::{Answer, App};

/// As `provider.mjs` has it.
const SECRET: &str = "s3cret: with %+&= and more";

/// One that the provider knows under its id.
fn provider(id: &str, issuer: &str) -> LoginProvider {
    LoginProvider {
        id: id.into(),
        name: "Company".into(),
        issuer: issuer.into(),
        client_id: id.into(),
        client_secret: (id != "public").then(|| SECRET.into()),
        scopes: vec!["email".into(), "profile".into()],
        sign_up: Some(true),
        email_domains: Vec::new(),
    }
}

async fn start(providers: Vec<LoginProvider>) -> App {
    LoginProvider::check(&providers).unwrap();
    App::start_with(|settings, _| {
        settings.accounts = AccountSettings { login_providers: providers, ..AccountSettings::default() };
    })
    .await
}

/// What the browser has while it is away: where it was sent, and its half of the login.
struct Away {
    address: String,
    half: String,
}

async fn begin(app: &App, path: &str) -> Away {
    let answer = app.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    let (half, attributes) = cookie.strip_prefix("capstan_login=").unwrap().split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
    Away { address: answer.header("location").unwrap().into(), half: half.into() }
}

/// Comes back with a half of a login.
async fn come_back(app: &App, back: &Url, half: &str) -> Answer {
    let path = back.as_str().strip_prefix(CAPSTAN).unwrap();
    let request = Request::builder().uri(path).header("cookie", format!("capstan_login={half}"));
    app.send(request.body(Body::empty()).unwrap()).await
}

/// All the way through, as `login`.
async fn log_in(app: &App, id: &str, login: &str) -> Answer {
    let away = begin(app, &format!("/login/{id}")).await;
    let back = Browser::new().log_in(&away.address, login).await;
    come_back(app, &back, &away.half).await
}

/// The session that an answer gives.
fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let token = cookies.filter_map(|cookie| cookie.strip_prefix("capstan_session=")?.split_once(';')).next().unwrap();
    assert_eq!(token.1, " Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    token.0.to_owned()
}

/// With another value of a parameter.
fn changed(url: &Url, name: &str, value: &str) -> Url {
    let mut changed = url.clone();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let pairs = pairs.iter().map(|(key, old)| (key, if key == name { value } else { old }));
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

async fn count(app: &App, table: &str) -> i64 {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut owner).await.unwrap()
}

#[tokio::test]
async fn who_has_an_account_is_known_by_the_verified_address_and_by_the_provider_from_then_on() {
    let Some(issuer) = issuer() else { return };
    let app = start(["plain", "post", "public"].map(|id| provider(id, issuer)).into()).await;
    let listed = app.send(Request::builder().uri("/api/v1/login-providers").body(Body::empty()).unwrap()).await;
    assert_eq!(listed.json()["items"][0], json!({ "id": "plain", "name": "Company", "path": "/login/plain" }));
    member(&app, app.acme, "ada@example.com", Role::Admin).await;
    // By each way in which a client proves who it is, with signatures of RSA and of elliptic curves.
    for id in ["plain", "post", "public"] {
        let token = session(&log_in(&app, id, "ada@example.com").await);
        let me = send(&app, &token, "GET", "/me", Value::Null).await.json();
        assert_eq!((&me["user"]["email"], &me["role"]), (&json!("ada@example.com"), &json!("admin")), "{id}: {me}");
    }
    assert_eq!((count(&app, "users").await, count(&app, "user_identities").await), (1, 1));
    // Her address here changes; she is who she is.
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::query("UPDATE users SET email = 'countess@example.com'").execute(&mut owner).await.unwrap();
    let away = begin(&app, "/login/plain?next=/editor/w/acme/keys%3Fa%3Db").await;
    let back = Browser::new().log_in(&away.address, "ada@example.com").await;
    let answer = come_back(&app, &back, &away.half).await;
    assert_eq!(answer.header("location"), Some("/editor/w/acme/keys?a=b"));
    let me = send(&app, &session(&answer), "GET", "/me", Value::Null).await.json();
    assert_eq!(me["user"]["email"], "countess@example.com");
    assert_eq!(count(&app, "login_attempts").await, 0);
}

#[tokio::test]
async fn who_has_none_becomes_a_user_where_that_is_allowed_and_the_address_is_verified() {
    let Some(issuer) = issuer() else { return };
    let closed = LoginProvider { sign_up: None, ..provider("post", issuer) };
    let company = LoginProvider { email_domains: vec!["Example.org".into()], ..provider("public", issuer) };
    let app = start(vec![provider("plain", issuer), closed, company]).await;
    for (id, login, verdict) in [
        ("post", "bob@example.com", "403 no_account"),
        ("public", "bob@example.com", "403 email_elsewhere"),
        ("plain", "unverified@example.com", "403 email_unverified"),
    ] {
        let answer = log_in(&app, id, login).await;
        assert_eq!(answer.verdict(), verdict);
        assert!(answer.header("set-cookie").is_none());
    }
    // Nobody gets at an account by claiming its address.
    member(&app, app.acme, "unverified@example.org", Role::Owner).await;
    assert_eq!(log_in(&app, "plain", "unverified@example.org").await.verdict(), "403 email_unverified");
    assert_eq!((count(&app, "users").await, count(&app, "user_identities").await), (1, 0));
    let token = session(&log_in(&app, "public", "bob@example.org").await);
    let me = send(&app, &token, "GET", "/me", Value::Null).await.json();
    assert_eq!((&me["user"]["name"], &me["workspaces"]), (&json!("Ada Lovelace"), &json!([])), "{me}");
    // Known from now on, also where nobody can sign up.
    session(&log_in(&app, "post", "bob@example.org").await);
    assert_eq!((count(&app, "users").await, count(&app, "user_identities").await), (2, 1));
}

#[tokio::test]
async fn a_login_ends_once_in_time_and_in_the_browser_that_began_it() {
    let Some(issuer) = issuer() else { return };
    let app = start(vec![provider("plain", issuer), provider("post", issuer)]).await;
    let mut browser = Browser::new();
    let away = begin(&app, "/login/plain").await;
    let back = browser.log_in(&away.address, "ada@example.com").await;
    let other = begin(&app, "/login/plain").await;
    let elsewhere = Url::parse(&back.as_str().replace("/plain/", "/post/")).unwrap();
    for (case, back, half) in [
        ("another state", &changed(&back, "state", &"a".repeat(43)), away.half.as_str()),
        ("no state", &changed(&back, "state", ""), &away.half),
        ("another browser", &back, &other.half),
        ("no browser", &back, ""),
        ("another provider", &elsewhere, &away.half),
    ] {
        assert_eq!(come_back(&app, back, half).await.verdict(), "400 login_over", "{case}");
    }
    session(&come_back(&app, &back, &away.half).await);
    assert_eq!(come_back(&app, &back, &away.half).await.verdict(), "400 login_over", "once more");
    // The code in another login of the same browser.
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let again = begin(&app, "/login/plain").await;
    let back = browser.log_in(&again.address, "ada@example.com").await;
    assert_eq!(come_back(&app, &changed(&back, "code", &code), &again.half).await.verdict(), "400 login_over");
    // Too late.
    let late = begin(&app, "/login/plain").await;
    let back = browser.log_in(&late.address, "ada@example.com").await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let end = "UPDATE login_attempts SET expires_at = clock_timestamp() - interval '1 second'";
    sqlx::query(end).execute(&mut owner).await.unwrap();
    assert_eq!(come_back(&app, &back, &late.half).await.verdict(), "400 login_over");
    // What is over goes with the next one that begins.
    begin(&app, "/login/plain?next=//evil.example").await;
    let left: Vec<String> = sqlx::query_scalar("SELECT next FROM login_attempts").fetch_all(&mut owner).await.unwrap();
    assert_eq!(left, ["/editor/"]);
}

#[tokio::test]
async fn what_is_for_somebody_else_is_no_proof() {
    let Some(issuer) = issuer() else { return };
    let app = start(vec![provider("plain", issuer), provider("mixed-up", issuer)]).await;
    // The nonce of another login.
    let away = begin(&app, "/login/plain").await;
    let address = changed(&Url::parse(&away.address).unwrap(), "nonce", "of-another-login");
    let back = Browser::new().log_in(address.as_str(), "ada@example.com").await;
    assert_eq!(come_back(&app, &back, &away.half).await.verdict(), "502 bad_id_token");
    // The audience of another client.
    assert_eq!(log_in(&app, "mixed-up", "ada@example.com").await.verdict(), "502 bad_id_token");
    // The answer of another provider.
    let away = begin(&app, "/login/plain").await;
    let back = Browser::new().log_in(&away.address, "ada@example.com").await;
    let forged = changed(&back, "iss", "https://evil.example");
    assert_eq!(come_back(&app, &forged, &away.half).await.verdict(), "502 bad_id_token");
    // PKCE: the challenge of another login.
    let away = begin(&app, "/login/plain").await;
    let address = changed(&Url::parse(&away.address).unwrap(), "code_challenge", &"a".repeat(43));
    let back = Browser::new().log_in(address.as_str(), "ada@example.com").await;
    assert_eq!(come_back(&app, &back, &away.half).await.verdict(), "400 login_over");
    assert_eq!((count(&app, "users").await, count(&app, "user_sessions").await), (0, 0));
}

#[tokio::test]
async fn whoever_turns_back_is_told_what_the_provider_says() {
    let Some(issuer) = issuer() else { return };
    let app = start(vec![provider("plain", issuer)]).await;
    let away = begin(&app, "/login/plain").await;
    let back = Browser::new().abort(&away.address).await;
    let refused = come_back(&app, &back, &away.half).await;
    assert_eq!(refused.verdict(), "403 login_refused");
    assert!(refused.json()["detail"].as_str().unwrap().contains("access_denied"), "{}", refused.text());
    // Not what just anybody writes into the address.
    assert_eq!(come_back(&app, &back, &away.half).await.verdict(), "400 login_over");
}

#[tokio::test]
async fn a_provider_that_is_away_or_another_one_is_told_clearly() {
    // Somebody had this port a moment ago, and nobody listens there now.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut providers = vec![provider("away", &format!("http://{gone}"))];
    if let Some(issuer) = issuer() {
        providers.push(provider("other", &format!("{issuer}/")));
    }
    let ids: Vec<String> = providers.iter().map(|it| it.id.clone()).collect();
    let app = start(providers).await;
    for id in ids {
        let request = || Request::builder().uri(format!("/login/{id}"));
        let answer = app.send(request().body(Body::empty()).unwrap()).await;
        assert_eq!(answer.verdict(), "502 provider_unavailable", "{id}");
        assert!(!answer.text().contains("127.0.0.1"), "where it is, is nobody's business: {}", answer.text());
        let page = app.send(request().header("accept", "text/html").body(Body::empty()).unwrap()).await;
        assert!(page.text().contains("Company cannot be asked"), "{}", page.text());
    }
    let unknown = app.send(Request::builder().uri("/login/nobody").body(Body::empty()).unwrap()).await;
    assert_eq!(unknown.verdict(), "404 not_found");
    assert_eq!(count(&app, "login_attempts").await, 0);
}
