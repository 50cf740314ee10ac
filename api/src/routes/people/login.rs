//! Logging in through an OpenID provider: there and back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use capstan_domain::access::{
    self, AccessError, Entry, LOGIN_MINUTES, Visitor, Welcome, hash_password, hash_secret, new_secret,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{open, refused, tries, unhashed};
use crate::Api;
use crate::in_force;
use crate::login::{LoginError, Provider, Returned, Secrets, Subject};
use crate::problem::Problem;

/// Where the browser goes if it was not said where.
const HOME: &str = "/editor/";
/// Longest place to go to, in bytes.
const NEXT_BYTES_MAX: usize = 500;
/// Longest code of a provider, in bytes.
const CODE_BYTES_MAX: usize = 4_096;
/// Most characters of what a provider says that are told on.
const TOLD_CHARS_MAX: usize = 200;

/// A provider, as a page for logging in shows it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProviderView<'a> {
    id: &'a str,
    /// What people call it.
    name: &'a str,
    /// Where the browser goes to log in there; `?next=` says where it goes afterwards.
    path: String,
}

/// `GET /login-providers`: where people may log in beside here.
pub(crate) async fn list(State(api): State<Api>) -> Response {
    let items: Vec<ProviderView<'_>> = api.login.providers().iter().map(view).collect();
    Json(json!({ "items": items })).into_response()
}

fn view(provider: &Provider) -> ProviderView<'_> {
    let settings = &provider.settings;
    ProviderView { id: &settings.id, name: &settings.name, path: format!("/login/{}", settings.id) }
}

/// `GET /login/{provider}?next=/editor/…`: 303 to the provider. 404 `not_found`, 429 `too_many_tries`, 502
/// `provider_unavailable`, 503 `busy`.
pub(crate) async fn begin(
    State(api): State<Api>,
    Path(provider): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    let provider = find(&api, &provider)?;
    tries::begin_login(&api, &parts).await?;
    let next = parameter(&parts, "next").filter(|next| is_place(next)).unwrap_or_else(|| HOME.into());
    // Logins in several tabs share the browser's half.
    let known = api.people.login_half(&parts.headers).filter(|half| hash_secret(half).is_some());
    let (state, browser) = (new_secret(), known.map_or_else(new_secret, str::to_owned));
    let secrets = Secrets { state: &state, browser: &browser };
    let address = api.login.address(provider, &secrets).await.map_err(|error| told(provider, error))?;
    let mut transaction = api.people.pool.begin().await?;
    let begun = access::begin_login(&mut transaction, &provider.settings.id, &state, &browser, &next).await?;
    transaction.commit().await?;
    if !begun {
        let detail = "too many people log in through providers at this moment";
        return Err(Problem::unavailable("busy", detail, "try again in a few minutes"));
    }
    let mut response = Redirect::to(address.as_str()).into_response();
    api.people.set_login_half(&mut response, &browser, LOGIN_MINUTES * 60);
    Ok(response)
}

/// `GET /login/{provider}/callback?code&state`: 303 to where one wanted to go, with the cookie of a session. 400 `login_over`,
/// 403 `login_refused`, `email_unverified`, `email_elsewhere`, `no_account`, 404 `not_found`, 502 `provider_unavailable`,
/// `bad_id_token`.
pub(crate) async fn end(
    State(api): State<Api>,
    Path(provider): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    let provider = find(&api, &provider)?;
    let state = parameter(&parts, "state").unwrap_or_default();
    let browser = api.people.login_half(&parts.headers).unwrap_or_default();
    let mut transaction = api.people.pool.begin().await?;
    let next = access::take_login(&mut transaction, &provider.settings.id, &state, browser).await?;
    transaction.commit().await?;
    let next = next.ok_or_else(login_over)?;
    if let Some(error) = parameter(&parts, "error") {
        return Err(login_refused(provider, &error, parameter(&parts, "error_description").as_deref()));
    }
    let code = parameter(&parts, "code").filter(|code| code.len() <= CODE_BYTES_MAX).ok_or_else(login_over)?;
    let issuer = parameter(&parts, "iss");
    let secrets = Secrets { state: &state, browser };
    let returned = Returned { code: &code, issuer: issuer.as_deref() };
    let subject = api.login.subject(provider, &secrets, &returned).await.map_err(|error| told(provider, error))?;
    let token = let_in(&api, &parts, provider, &subject).await?;
    let mut response = Redirect::to(&next).into_response();
    api.people.give(&mut response, &token);
    api.people.set_login_half(&mut response, "", 0);
    Ok(response)
}

/// Opens a session for whom the provider has let in; they and their link with it are made in the same transaction.
async fn let_in(api: &Api, parts: &Parts, provider: &Provider, subject: &Subject) -> Result<String, Problem> {
    let settings = &provider.settings;
    let visitor = Visitor {
        issuer: &settings.issuer,
        subject: &subject.sub,
        email: subject.email.as_deref(),
        is_verified: subject.email_verified,
        name: subject.name.as_deref(),
    };
    let sign_up = settings.sign_up.unwrap_or_else(|| in_force::sign_up(api));
    let welcome = Welcome { sign_up, email_domains: &settings.email_domains };
    let mut hash = None;
    // Once more with a hash, once more if somebody else was quicker.
    for _ in 0..3 {
        let mut transaction = api.people.pool.begin().await?;
        match access::enter(&mut transaction, &visitor, welcome, hash.as_deref()).await {
            Ok(Entry::User(user_id)) => {
                let token = open(api, &mut transaction, parts, user_id).await?;
                transaction.commit().await?;
                tracing::info!(provider = settings.id, user = %user_id, "logged in through a provider");
                return Ok(token);
            }
            Ok(Entry::New) => {
                transaction.rollback().await?;
                hash = Some(hash_password(new_secret()).await.map_err(unhashed)?);
            }
            Ok(entry) => return Err(not_let_in(provider, subject, entry)),
            Err(AccessError::EmailTaken) => transaction.rollback().await?,
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Problem::internal("a visitor was neither known nor new"))
}

fn find<'a>(api: &'a Api, id: &str) -> Result<&'a Provider, Problem> {
    api.login.find(id).ok_or_else(|| {
        let id: String = id.chars().take(100).collect();
        let detail = format!("there is no login provider \"{id}\"");
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail, "GET /api/v1/login-providers lists those there are")
    })
}

/// The first of that name; providers add what they like.
pub(in crate::routes) fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query()?.as_bytes();
    url::form_urlencoded::parse(query).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// Whether it is a place on this host, and only that: to a browser, `//` and `/\` begin another one.
fn is_place(next: &str) -> bool {
    let mut bytes = next.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && next.len() <= NEXT_BYTES_MAX
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn told(provider: &Provider, error: LoginError) -> Problem {
    let name = &provider.settings.name;
    let cause = format!("login provider {}: {error}", provider.settings.id);
    match error {
        LoginError::Code => login_over().because(cause),
        LoginError::Token(_) => {
            let detail = format!("what {name} says of who you are cannot be trusted");
            let hint = "log in again; if it stays so, tell whoever operates this server";
            Problem::new(StatusCode::BAD_GATEWAY, "bad_id_token", detail, hint).because(cause)
        }
        LoginError::Wire(_) => {
            let detail = format!("{name} cannot be asked who you are: it is away, or not set up as it should be");
            let hint = "try again in a moment, or log in with a password; the log of this server says what is wrong";
            Problem::new(StatusCode::BAD_GATEWAY, "provider_unavailable", detail, hint).because(cause)
        }
    }
}

fn not_let_in(provider: &Provider, subject: &Subject, entry: Entry) -> Problem {
    let name = &provider.settings.name;
    let email: String = subject.email.as_deref().unwrap_or("your account").chars().take(TOLD_CHARS_MAX).collect();
    let (code, detail, hint) = match entry {
        Entry::Elsewhere => (
            "email_elsewhere",
            format!("addresses such as {email} are not let in through {name}"),
            "log in there with another account, or here with a password",
        ),
        Entry::Unknown => (
            "no_account",
            format!("{email} has no account here, and nobody can sign up through {name}"),
            "ask somebody of a workspace to invite you",
        ),
        Entry::Unverified | Entry::New | Entry::User(_) => (
            "email_unverified",
            format!("{name} does not say that {email} has an e-mail address of its own that was verified"),
            "verify your address there, or log in here with a password",
        ),
    };
    Problem::new(StatusCode::FORBIDDEN, code, detail, hint)
}

fn login_over() -> Problem {
    let detail = "this login was used, took too long, or was begun in another browser";
    Problem::bad_request("login_over", detail, "log in again")
}

fn login_refused(provider: &Provider, error: &str, description: Option<&str>) -> Problem {
    let plain = |text: &str| text.chars().filter(|it| !it.is_control()).take(TOLD_CHARS_MAX).collect::<String>();
    let said = description.map_or_else(|| plain(error), |it| format!("{}: {}", plain(error), plain(it)));
    let detail = format!("{} has not let you in: {said}", provider.settings.name);
    Problem::new(StatusCode::FORBIDDEN, "login_refused", detail, "log in again, or with a password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_this_host_only() {
        for (next, good) in [
            ("/editor/", true),
            ("/editor/w/acme/workflows?q=a%20b#top", true),
            ("/", true),
            ("", false),
            ("editor", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/a\\b", false),
            ("https://evil.example", false),
            ("/a b", false),
            ("/a\r\nset-cookie: x", false),
            (&format!("/{}", "a".repeat(500)), false),
        ] {
            assert_eq!(is_place(next), good, "{next}");
        }
    }
}
