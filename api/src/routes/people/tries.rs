//! How often one may try, by account and by client.

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use capstan_domain::access::{Tried, count_try, forgive_try};
use capstan_engine::core::ids::WorkspaceId;

use crate::Api;
use crate::people::address;
use crate::problem::Problem;

/// A quarter of an hour, in seconds.
const SPAN_S: i32 = 900;
/// Wrong passwords for one account from one client.
const OF_BOTH_MAX: i32 = 10;
/// Wrong passwords for one account.
const OF_ACCOUNT_MAX: i32 = 100;
/// Wrong passwords, and mails asked for, from one client.
const OF_CLIENT_MAX: i32 = 50;
/// Logins through providers that one client begins.
const BEGUN_MAX: i32 = 100;
/// Mails of one kind to one address.
const MAILS_MAX: i32 = 5;
/// Invitations from one workspace.
const INVITATIONS_MAX: i32 = 50;

/// What is mailed to an address. Each kind is counted by itself, so that none of them stands in the way of another.
#[derive(Clone, Copy)]
pub(super) enum MailKind {
    SignUp,
    Reset,
}

/// Tries that were counted before they were made.
pub(super) struct Tries(Vec<Tried>);

impl Tries {
    /// Counts a log-in. 429 `too_many_tries` once there were too many.
    pub(super) async fn log_in(api: &Api, parts: &Parts, email: &str) -> Result<Self, Problem> {
        let mut tried = vec![limit(format!("log-in account {email}"), OF_ACCOUNT_MAX)];
        if let Some(client) = client(api, parts) {
            tried.push(limit(format!("log-in client {client}"), OF_CLIENT_MAX));
            tried.push(limit(format!("log-in both {client} {email}"), OF_BOTH_MAX));
        }
        count(api, tried).await?.map_err(too_many)
    }

    /// It was the right password.
    pub(super) async fn forgive(self, api: &Api) -> Result<(), Problem> {
        let mut transaction = api.people.pool.begin().await?;
        forgive_try(&mut transaction, &self.0).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Counts what asks for a mail. False if the address has got enough of them: whoever asks is not told, since that would
/// tell that somebody else did. 429 `too_many_tries` for a client that asks too much.
pub(super) async fn may_mail(api: &Api, parts: &Parts, kind: MailKind, email: &str) -> Result<bool, Problem> {
    if let Some(client) = client(api, parts) {
        count(api, vec![limit(format!("mail client {client}"), OF_CLIENT_MAX)]).await?.map_err(too_many)?;
    }
    let kind = match kind {
        MailKind::SignUp => "sign-up",
        MailKind::Reset => "reset",
    };
    Ok(count(api, vec![limit(format!("mail {kind} {email}"), MAILS_MAX)]).await?.is_ok())
}

/// Counts a login through a provider. 429 `too_many_tries` for a client that begins too many.
pub(in crate::routes) async fn begin_login(api: &Api, parts: &Parts) -> Result<(), Problem> {
    if let Some(client) = client(api, parts) {
        count(api, vec![limit(format!("login begun {client}"), BEGUN_MAX)]).await?.map_err(too_many)?;
    }
    Ok(())
}

/// Counts an invitation. 429 `too_many_tries` if the address has got enough of them, or the workspace has sent enough.
pub(super) async fn invite(api: &Api, workspace_id: WorkspaceId, email: &str) -> Result<(), Problem> {
    let of_workspace = limit(format!("invite workspace {}", workspace_id.0), INVITATIONS_MAX);
    let to_address = limit(format!("mail invitation {email}"), MAILS_MAX);
    count(api, vec![of_workspace, to_address]).await?.map_err(too_many)?;
    Ok(())
}

/// Within: how many seconds to wait.
async fn count(api: &Api, tried: Vec<Tried>) -> Result<Result<Tries, u64>, Problem> {
    let mut transaction = api.people.pool.begin().await?;
    let wait = count_try(&mut transaction, &tried).await?;
    transaction.commit().await?;
    Ok(match wait {
        Some(wait) => Err(wait.as_secs() + 1),
        None => Ok(Tries(tried)),
    })
}

fn limit(subject: String, tries_max: i32) -> Tried {
    Tried { subject, tries_max, span_s: SPAN_S }
}

fn client(api: &Api, parts: &Parts) -> Option<String> {
    let client = address::client(parts, &api.people.settings.trusted_proxies)?;
    Some(address::household(client).to_string())
}

fn too_many(wait_s: u64) -> Problem {
    let detail = format!("this was tried too often; come again in {wait_s} s");
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail, "wait until then");
    problem.header(axum::http::header::RETRY_AFTER, HeaderValue::from(wait_s))
}
