//! How many requests one may send within a minute, counted for all processes together: a key or a person, a workspace, and on
//! public routes an address.
//!
//! See `docs/decisions/0049-processes-take-shares-of-a-minute.md`.

mod shares;
mod told;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use capstan_domain::access::{Share, Tried, take_share};
use capstan_engine::core::ids::WorkspaceId;
use uuid::Uuid;

use crate::Api;
use crate::actor::{Actor, Who};
use crate::in_force;
use crate::people::address;
use crate::permit::Access;
use crate::problem::Problem;
pub(crate) use shares::Shares;
pub(crate) use told::Told;

/// The span of all of these limits, in seconds.
const SPAN_S: i32 = 60;
/// For how long requests are let through without being counted, before it is tried again.
const UNCOUNTED: Duration = Duration::from_secs(5);
/// What a limit is divided by for the share that a process takes at a time.
const SHARES: i32 = 100;

/// Requests within a minute, for all processes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Of a key, with its tokens, or of a person.
    pub caller: i32,
    /// Of all who act in a workspace.
    pub workspace: i32,
    /// From one address, on public routes that change something.
    pub address: i32,
}

impl RateLimits {
    /// Ten thousand a second: no client that is well comes near.
    pub const CALLER: i32 = 600_000;
    /// Twice that.
    pub const WORKSPACE: i32 = 1_200_000;
    /// What a person can do by hand.
    pub const ADDRESS: i32 = 100;
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { caller: Self::CALLER, workspace: Self::WORKSPACE, address: Self::ADDRESS }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Key(Uuid),
    Person(Uuid),
    Workspace(WorkspaceId),
}

impl Subject {
    /// What the policy is called in headers and metrics.
    fn policy(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Person(_) => "person",
            Self::Workspace(_) => "workspace",
        }
    }

    fn requests_max(self, limits: &RateLimits) -> i32 {
        match self {
            Self::Key(_) | Self::Person(_) => limits.caller,
            Self::Workspace(_) => limits.workspace,
        }
    }

    fn tried(self, tries_max: i32) -> Tried {
        let (Self::Key(id) | Self::Person(id) | Self::Workspace(WorkspaceId(id))) = self;
        Tried { subject: format!("requests {} {id}", self.policy()), tries_max, span_s: SPAN_S }
    }
}

/// Counts a request of who was let in, or one on a public route that changes something. 429 `too_many_requests`, or
/// `too_many_tries` for an address.
pub(crate) async fn count(api: &Api, parts: &Parts, access: Access) -> Result<(), Problem> {
    if access == Access::Public {
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        return if reads { Ok(()) } else { count_address(api, parts, None).await };
    }
    let Some(actor) = parts.extensions.get::<Arc<Actor>>() else { return Ok(()) };
    let caller = match &actor.who {
        Who::Key(admitted) => Subject::Key(admitted.key.key_id),
        Who::Person(person) => Subject::Person(person.user_id),
        Who::Machine => return Ok(()),
    };
    count_for(api, parts, caller).await?;
    match &actor.tenant {
        Some(tenant) => count_for(api, parts, Subject::Workspace(tenant.workspace_id)).await,
        None => Ok(()),
    }
}

async fn count_for(api: &Api, parts: &Parts, subject: Subject) -> Result<(), Problem> {
    let requests_max = subject.requests_max(&in_force::rates(api));
    let ask = async {
        let mut transaction = api.people.pool.begin().await?;
        let wanted = (requests_max / SHARES).max(1);
        let share = take_share(&mut transaction, &subject.tried(requests_max), wanted).await?;
        transaction.commit().await?;
        Ok::<_, Problem>(share)
    };
    // Where nobody can count, nobody is refused for that.
    let ask = async { Ok::<_, Problem>(ask.await.unwrap_or_else(|problem| uncounted(requests_max, &problem))) };
    let given = api.shares.take(subject, ask).await?;
    judge(parts, subject.policy(), requests_max, given).map_err(|wait_s| {
        let whom = match subject {
            Subject::Key(_) => "this key",
            Subject::Person(_) => "you, in all sessions,",
            Subject::Workspace(_) => "all who act in this workspace",
        };
        let detail =
            format!("{whom} may send {requests_max} requests within a minute, and have; come again in {wait_s} s");
        refused("too_many_requests", detail, "wait until then, and ask less often", wait_s)
    })
}

/// The share of who cannot be counted: all there is, for a short time.
fn uncounted(requests_max: i32, problem: &Problem) -> Share {
    tracing::warn!(cause = problem.internal, "requests cannot be counted; their limits do not hold for a moment");
    Share { granted: requests_max, rest: 0, ends_in: UNCOUNTED }
}

/// Counts a call of a public route by its address, and `within` a workspace where one sender calls for all of them. 429
/// `too_many_tries`.
pub(crate) async fn count_address(api: &Api, parts: &Parts, within: Option<WorkspaceId>) -> Result<(), Problem> {
    let Some(client) = address::client(parts, &api.people.settings.trusted_proxies) else { return Ok(()) };
    let (tries_max, share) = take_of_client(api, client, within).await?;
    judge(parts, "address", tries_max, share.into()).map_err(tried_too_often)
}

/// The same for who does not come through HTTP.
pub(crate) async fn count_client(api: &Api, client: IpAddr, within: Option<WorkspaceId>) -> Result<(), Problem> {
    let (_, share) = take_of_client(api, client, within).await?;
    grant("address", &share.into()).map_err(tried_too_often)
}

async fn take_of_client(api: &Api, client: IpAddr, within: Option<WorkspaceId>) -> Result<(i32, Share), Problem> {
    let mut subject = format!("public client {}", address::household(client));
    if let Some(workspace_id) = within {
        subject = format!("{subject} {workspace_id}");
    }
    let tried = Tried { subject, tries_max: in_force::rates(api).address, span_s: SPAN_S };
    let mut transaction = api.people.pool.begin().await?;
    let share = take_share(&mut transaction, &tried, 1).await?;
    transaction.commit().await?;
    Ok((tried.tries_max, share))
}

fn tried_too_often(wait_s: u64) -> Problem {
    let detail = format!("this was tried too often; come again in {wait_s} s");
    refused("too_many_tries", detail, "wait until then", wait_s)
}

/// Notes it for the headers of the answer. Refused: in how many seconds to come again.
fn judge(parts: &Parts, policy: &'static str, tries_max: i32, given: shares::Given) -> Result<(), u64> {
    if let Some(told) = parts.extensions.get::<Told>() {
        told.note(policy, tries_max, SPAN_S, given);
    }
    grant(policy, &given)
}

/// Refused: in how many seconds to come again.
fn grant(policy: &'static str, given: &shares::Given) -> Result<(), u64> {
    if given.granted {
        return Ok(());
    }
    crate::metrics::rate_limited(policy);
    Err(given.seconds().max(1))
}

fn refused(code: &'static str, detail: String, hint: &str, wait_s: u64) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail, hint).header(RETRY_AFTER, HeaderValue::from(wait_s))
}
