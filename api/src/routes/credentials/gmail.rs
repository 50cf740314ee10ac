//! Connecting a Google account that mail is sent as: there and back. What is asked for is in `crate::login`; what comes back is sealed
//! as a credential of the type `gmail`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use capstan_domain::access::{self, LOGIN_MINUTES, Permission, hash_secret, new_secret};
use capstan_domain::audit::Difference;
use capstan_domain::credentials::{self, GMAIL, Kept, NewCredential};
use capstan_domain::trace;
use capstan_node_types::services::mail::is_sender;
use serde_json::{Value, json};
use tracing::Instrument;
use url::Url;
use url::form_urlencoded::{Serializer, parse};
use uuid::Uuid;

use super::wish::{checked, checked_name};
use super::{fields_set, found, name_taken, redactor, refuse_if_full, shown};
use crate::Api;
use crate::actor::Actor;
use crate::audit::Change;
use crate::auth::{Holder, admit, no_key};
use crate::login::{ConsentError, Given, GmailClient, Secrets};
use crate::people::session::{WORKSPACE, refuse_foreign};
use crate::permit::broken_off;
use crate::problem::Problem;
use crate::rates;
use crate::routes::people::login::parameter;
use crate::routes::people::tries;

/// Where it is begun.
pub(crate) const BEGIN: &str = "/connect/gmail";
/// What consents that are under way are kept as, beside logins: no provider of logins can be called so.
const UNDER_WAY: &str = "connect:gmail";
/// Longest text that is kept of a consent that is under way, and longest code, in bytes.
const KEPT_BYTES_MAX: usize = 500;
const CODE_BYTES_MAX: usize = 4_096;
/// Most characters of what the provider says that are told on.
const TOLD_CHARS_MAX: usize = 200;

/// What somebody wants to connect.
struct Wanted {
    /// Slug of the workspace that gets the credential.
    workspace: String,
    /// What the credential is called.
    name: String,
    /// Sender of mails that name none.
    from: Option<String>,
}

impl Wanted {
    /// As a text that [`Self::read`] reads.
    fn text(&self) -> String {
        let mut pairs = Serializer::new(String::new());
        pairs.append_pair("workspace", &self.workspace).append_pair("name", &self.name);
        if let Some(from) = &self.from {
            pairs.append_pair("from", from);
        }
        format!("/{}", pairs.finish())
    }

    fn read(text: &str) -> Option<Self> {
        let mut wanted = Self { workspace: String::new(), name: String::new(), from: None };
        for (name, value) in parse(text.strip_prefix('/')?.as_bytes()) {
            match &*name {
                "workspace" => wanted.workspace = value.into_owned(),
                "name" => wanted.name = value.into_owned(),
                "from" => wanted.from = Some(value.into_owned()),
                _ => {}
            }
        }
        Some(wanted)
    }

    /// The credential that comes of it.
    fn kept(&self, client: &GmailClient, refresh_token: &str) -> Result<Kept, Problem> {
        let mut hosts: Vec<String> =
            [&client.token_url, &client.send_url].into_iter().filter_map(|url| host(url)).collect();
        hosts.dedup();
        let fields = json!({
            "token_url": client.token_url, "send_url": client.send_url, "client_id": client.client_id,
            "client_secret": client.client_secret, "refresh_token": refresh_token,
        });
        let Value::Object(mut fields) = fields else { return Err(Problem::internal("fields are no object")) };
        fields.extend(self.from.iter().map(|from| ("from".to_owned(), Value::from(from.as_str()))));
        checked(Some(&self.name), GMAIL.into(), hosts, fields)
    }
}

/// As an allowed host of a credential.
fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let scheme = if url.scheme() == "http" { "http://" } else { "" };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}{}{port}", url.host_str()?))
}

/// `GET /connect/gmail?workspace&name&from`, by somebody who is logged in: 303 to where they are asked whether mail may be sent as
/// them. 403 `cross_site` where another site sends them here, 404 `not_found` if no client is set, 409 `name_taken`, 422 `bad_credential`, 429 `too_many_tries`, 503 `busy`.
pub(crate) async fn begin(State(api): State<Api>, mut parts: Parts) -> Result<Response, Problem> {
    let client = client(&api)?;
    refuse_foreign(&parts)?;
    let workspace = parameter(&parts, "workspace").filter(|slug| !slug.is_empty());
    let (holder, _) = admitted(&api, &mut parts, workspace.as_deref()).await?;
    tries::begin_login(&api, &parts).await?;
    let wanted = Wanted {
        workspace: holder.caller.slug.clone(),
        name: parameter(&parts, "name").unwrap_or_default(),
        from: parameter(&parts, "from").filter(|from| !from.trim().is_empty()),
    };
    refuse_unfit(&holder, &wanted).await?;
    let known = api.people.login_half(&parts.headers).filter(|half| hash_secret(half).is_some());
    let (state, browser) = (new_secret(), known.map_or_else(new_secret, str::to_owned));
    let address = api.consent.address(client, &Secrets { state: &state, browser: &browser }).map_err(told)?;
    let mut transaction = api.people.pool.begin().await?;
    let begun = access::begin_login(&mut transaction, UNDER_WAY, &state, &browser, &wanted.text()).await?;
    transaction.commit().await?;
    if !begun {
        let detail = "too many people are on their way through providers at this moment";
        return Err(Problem::unavailable("busy", detail, "try again in a few minutes"));
    }
    let mut response = Redirect::to(address.as_str()).into_response();
    api.people.set_login_half(&mut response, &browser, LOGIN_MINUTES * 60);
    Ok(response)
}

/// `GET /connect/gmail/callback?code&state`: 303 to the credentials of the workspace, which has one more, or one with a new secret. In
/// the browser that began, by somebody who may. 400 `consent_over`, 403 `consent_refused`, `wrong_scope`, 502 `provider_unavailable`,
/// `no_refresh_token`, 503 `no_secret_keys`.
pub(crate) async fn end(State(api): State<Api>, mut parts: Parts) -> Result<Response, Problem> {
    client(&api)?;
    let state = parameter(&parts, "state").unwrap_or_default();
    let browser = api.people.login_half(&parts.headers).unwrap_or_default().to_owned();
    let mut transaction = api.people.pool.begin().await?;
    let under_way = access::take_login(&mut transaction, UNDER_WAY, &state, &browser).await?;
    transaction.commit().await?;
    let wanted = under_way.as_deref().and_then(Wanted::read).ok_or_else(consent_over)?;
    if let Some(error) = parameter(&parts, "error") {
        return Err(consent_refused(&error));
    }
    let code = parameter(&parts, "code").filter(|code| code.len() <= CODE_BYTES_MAX).ok_or_else(consent_over)?;
    let (holder, change) = admitted(&api, &mut parts, Some(&wanted.workspace)).await?;
    let there = format!("/editor/w/{}/credentials", holder.caller.slug);
    let back = Back { state, browser, code };
    // Whoever hangs up meanwhile leaves no token behind that nobody knows of, and no change that is not recorded.
    match tokio::spawn(trace::carried(connect(api, holder, change, wanted, back)).in_current_span()).await {
        Ok(done) => done.map(|()| Redirect::to(&there).into_response()),
        Err(error) => Ok(broken_off(error)),
    }
}

/// What somebody came back with.
struct Back {
    state: String,
    browser: String,
    code: String,
}

/// Exchanges the code, and keeps what the account gives. What is not kept is taken back.
async fn connect(api: Api, holder: Holder, change: Arc<Change>, wanted: Wanted, back: Back) -> Result<(), Problem> {
    let client = client(&api)?;
    let secrets = Secrets { state: &back.state, browser: &back.browser };
    let given = api.consent.given(client, &secrets, &back.code).await.map_err(told)?;
    let kept = wanted.kept(client, given.refresh_token().map_err(told)?)?;
    let done = keep(&api, &holder, &wanted.name, &kept, given).await;
    change.made(&api, done.as_ref().map_or_else(|problem| problem.status, |()| StatusCode::OK)).await;
    done
}

fn client(api: &Api) -> Result<&GmailClient, Problem> {
    api.consent.client.as_ref().ok_or_else(|| {
        let detail = "no Google accounts can be connected here";
        let hint =
            "whoever operates this server sets CAPSTAN_GMAIL_CLIENT_FILE; a credential can be made by hand as well";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail, hint)
    })
}

/// The person who asks, if they may write credentials of that workspace, else of the one that they mean. What they change is recorded.
async fn admitted(api: &Api, parts: &mut Parts, workspace: Option<&str>) -> Result<(Holder, Arc<Change>), Problem> {
    if let Some(slug) = workspace {
        let named = HeaderValue::from_str(slug).map_err(|_| Problem::not_found("workspace", slug))?;
        parts.headers.insert(WORKSPACE, named);
    }
    admit(api, parts, Permission::CredentialsWrite).await?;
    rates::count(api, parts, Permission::CredentialsWrite.into()).await?;
    let actor = Arc::clone(parts.extensions.get::<Arc<Actor>>().ok_or_else(no_key)?);
    let person = actor.person()?;
    let tenant = actor.tenant.clone().ok_or_else(|| actor.has_no_workspace())?;
    let change = Arc::new(Change::of_person(api, parts, tenant, person.user_id, &person.email));
    parts.extensions.insert(Arc::clone(&change));
    Ok((Holder::from_request_parts(parts, api).await?, change))
}

/// Refuses before anybody is asked what could not be kept afterwards.
async fn refuse_unfit(holder: &Holder, wanted: &Wanted) -> Result<(), Problem> {
    checked_name(&wanted.name)?;
    if wanted.from.as_deref().is_some_and(|from| !is_sender(from)) {
        let detail = "the sender is no address";
        let hint = "write it as in ada@example.com or Ada <ada@example.com>, or leave it out";
        return Err(Problem::unprocessable("bad_credential", detail, hint));
    }
    if wanted.text().len() > KEPT_BYTES_MAX {
        let detail = "the name and the sender are too long together";
        return Err(Problem::unprocessable("bad_credential", detail, "choose a shorter name, or leave the sender out"));
    }
    let caller = &holder.caller;
    let mut transaction = caller.read().await?;
    let known = credentials::find_named(&mut transaction, caller.workspace_id, &wanted.name).await?;
    transaction.commit().await?;
    if known.is_some_and(|row| row.kind != GMAIL) { Err(name_taken(&wanted.name)) } else { Ok(()) }
}

/// Stores it as a new credential, or in place of what the one of that name held.
async fn keep(api: &Api, holder: &Holder, name: &str, kept: &Kept, given: Given) -> Result<(), Problem> {
    let caller = &holder.caller;
    let (fields_set, secrets) = (fields_set(kept), redactor(kept)?);
    let mut transaction = caller.write().await?;
    let before = credentials::find_named(&mut transaction, caller.workspace_id, name).await?;
    let credential_id = before.as_ref().map_or_else(Uuid::now_v7, |row| row.credential_id);
    let sealed = kept.seal(&api.settings.keys, caller.workspace_id, credential_id)?;
    let new = NewCredential {
        credential_id,
        name,
        kind: &kept.kind,
        allowed_hosts: &kept.allowed_hosts,
        fields_set: &fields_set,
        sealed: &sealed,
        by: &holder.key.name,
    };
    let is_kept = match &before {
        Some(row) if row.kind != GMAIL => false,
        Some(_) => credentials::replace(&mut transaction, caller.workspace_id, &new).await?,
        None => {
            refuse_if_full(&mut transaction, caller).await?;
            credentials::create(&mut transaction, caller.workspace_id, &new).await?
        }
    };
    if !is_kept {
        return Err(name_taken(name));
    }
    let row = found(&mut transaction, caller, credential_id).await?;
    let before = before.as_ref().map_or(Value::Null, shown);
    caller.names(format!("/api/v1/credentials/{credential_id}"));
    caller.tells(&mut transaction, Difference::between(&before, &shown(&row)).without(&secrets)).await?;
    // From here on it may be stored, whatever the database answers.
    given.keep();
    transaction.commit().await?;
    Ok(())
}

fn told(error: ConsentError) -> Problem {
    let cause = format!("connecting a Google account: {error}");
    let (status, code, detail, hint) = match error {
        ConsentError::Code => return consent_over().because(cause),
        ConsentError::Scope(granted) => (
            StatusCode::FORBIDDEN,
            "wrong_scope",
            format!(
                "the account was to allow sending mail and nothing else, and it allowed {granted:?}; nothing was kept"
            ),
            "take back what the account allows this application, and connect it again",
        ),
        ConsentError::NoRefreshToken => (
            StatusCode::BAD_GATEWAY,
            "no_refresh_token",
            "the provider did not give what mail could be sent with later".to_owned(),
            "take back what the account allows this application, and connect it again",
        ),
        ConsentError::Wire(_) => (
            StatusCode::BAD_GATEWAY,
            "provider_unavailable",
            "the provider cannot be asked: it is away, or not set up as it should be".to_owned(),
            "try again in a moment; the log of this server says what is wrong",
        ),
    };
    Problem::new(status, code, detail, hint).because(cause)
}

fn consent_over() -> Problem {
    let detail = "this was used, took too long, or was begun in another browser; nothing was kept";
    Problem::bad_request("consent_over", detail, "connect the account again")
}

fn consent_refused(error: &str) -> Problem {
    let said: String = error.chars().filter(|it| !it.is_control()).take(TOLD_CHARS_MAX).collect();
    let detail = format!("the account does not allow sending mail: {said}");
    Problem::new(StatusCode::FORBIDDEN, "consent_refused", detail, "connect it again, and agree")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_comes_back_as_it_was() {
        let from = Some("Über & Co <a+b@example.com>".to_owned());
        let wanted = Wanted { workspace: "acme".into(), name: "sales".into(), from };
        let read = Wanted::read(&wanted.text()).unwrap();
        assert_eq!((read.workspace, read.name, read.from), (wanted.workspace, wanted.name, wanted.from));
        assert_eq!(host("https://oauth2.googleapis.com/token").as_deref(), Some("oauth2.googleapis.com"));
        assert_eq!(host("http://127.0.0.1:81/token").as_deref(), Some("http://127.0.0.1:81"));
    }
}
