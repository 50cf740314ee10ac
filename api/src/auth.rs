//! Who a request acts for.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use capstan_domain::access::tokens::TokenError;
use capstan_domain::access::{KeyName, Permission, Tenant};
use capstan_domain::audit::{self, Difference};
use capstan_domain::request_keys::{Claim, mark};
use capstan_engine::core::ids::WorkspaceId;
use serde_json::Value;
use sqlx::{PgConnection, PgTransaction};

use crate::Api;
use crate::actor::{self, Actor};
use crate::audit::Change;
use crate::cells::Cell;
use crate::once;
use crate::pages;
use crate::people::session::refuse_forged;
use crate::permit::{Access, Demand};
use crate::problem::Problem;
use crate::replica::FromReplica;
use crate::standing::{self, Deed};
use crate::tenant;

/// Cookie of the page that holds the API key.
pub(crate) const KEY_COOKIE: &str = "capstan_key";
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Of a request that goes on by itself: see [`crate::permit::goes_on`].
#[derive(Clone, Copy)]
pub(crate) struct GoesOn;

/// The workspace of a request, for somebody whom the route's guard has let in.
pub(crate) struct Caller {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) slug: String,
    pub(crate) cell: Arc<Cell>,
    /// Of a request with an `Idempotency-Key`: whatever it changes is marked with it.
    claim: Option<Arc<Claim>>,
    /// Of a request that is recorded: whatever it changes begins its record.
    change: Option<Arc<Change>>,
    /// Whether it reads what may be a moment old.
    from_replica: bool,
}

impl Caller {
    pub(crate) async fn new(api: &Api, tenant: Tenant) -> Result<Self, Problem> {
        let cell = api.cells.get(&tenant.cell).await?;
        Ok(Self {
            workspace_id: tenant.workspace_id,
            cell,
            slug: tenant.slug,
            claim: None,
            change: None,
            from_replica: false,
        })
    }

    /// The workspace of that slug, for forms and hooks, which anyone may send. One that is not active takes nothing: 403.
    pub(crate) async fn by_slug(api: &Api, slug: &str) -> Result<Option<Self>, Problem> {
        let Some(tenant) = api.directory.by_slug(slug).await? else { return Ok(None) };
        standing::require(&tenant, Deed::Trigger)?;
        Self::new(api, tenant).await.map(Some)
    }

    /// The workspace of that id, for links that are signed for it. Nothing is proven yet.
    pub(crate) async fn by_id(api: &Api, workspace_id: WorkspaceId) -> Result<Option<Self>, Problem> {
        let Some(tenant) = api.directory.by_id(workspace_id).await? else { return Ok(None) };
        standing::require(&tenant, Deed::Trigger)?;
        Self::new(api, tenant).await.map(Some)
    }

    /// One consistent view of the workspace's rows.
    pub(crate) async fn read(&self) -> Result<PgTransaction<'static>, Problem> {
        let copy = self.cell.replica.as_ref().filter(|_| self.from_replica);
        tenant::read(copy.unwrap_or(&self.cell.pool), self.workspace_id).await
    }

    /// Changes to the workspace's rows. One at a time in a request: its idempotency key is marked, and its record begun, in each.
    pub(crate) async fn write(&self) -> Result<PgTransaction<'static>, Problem> {
        let mut transaction = self.cell.write(self.workspace_id).await?;
        if let Some(claim) = &self.claim
            && !mark(&mut transaction, self.workspace_id, claim).await?
        {
            return Err(once::under_way());
        }
        if let Some(change) = &self.change {
            change.begin(&mut transaction, self.workspace_id).await?;
        }
        Ok(transaction)
    }

    /// Has changes of one thing take turns: nobody changes it between its before and its after. `thing` is a name of its own in the
    /// workspace. Before its rows are looked at.
    pub(crate) async fn hold(&self, transaction: &mut PgConnection, thing: &str) -> Result<(), Problem> {
        Ok(audit::hold(transaction, self.workspace_id, thing).await?)
    }

    /// Tells in the transaction of a change how a thing differs: its members before and after, null for none. The audit log shows
    /// those that differ; so no secret is to be among them, but what stands for it, such as its number.
    pub(crate) async fn differs(
        &self,
        transaction: &mut PgConnection,
        before: &Value,
        after: &Value,
    ) -> Result<(), Problem> {
        self.tells(transaction, Difference::between(before, after)).await
    }

    /// The same, of a difference that is made already.
    pub(crate) async fn tells(&self, transaction: &mut PgConnection, difference: Difference) -> Result<(), Problem> {
        match &self.change {
            Some(change) => change.tell(transaction, self.workspace_id, difference).await,
            None => Ok(()),
        }
    }

    /// Says what the request came to be about: the audit log has that instead of its path.
    pub(crate) fn names(&self, subject: String) {
        if let Some(change) = &self.change {
            change.names(subject);
        }
    }
}

/// A caller, and who it is: for what is recorded with who did it.
pub(crate) struct Holder {
    pub(crate) caller: Caller,
    pub(crate) key: KeyName,
}

impl FromRequestParts<Api> for Holder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let actor = parts.extensions.get::<Arc<Actor>>().ok_or_else(no_key)?;
        let key = actor.who.name().ok_or_else(no_key)?;
        Ok(Self { caller, key })
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    /// Whom the route's guard let in. Routes without a guard are pages that show executions.
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if parts.extensions.get::<Arc<Actor>>().is_none() {
            admit(api, parts, Permission::ExecutionsRead).await?;
        }
        let actor = parts.extensions.get::<Arc<Actor>>().ok_or_else(no_key)?;
        let tenant = actor.tenant.clone().ok_or_else(|| actor.has_no_workspace())?;
        let claim = parts.extensions.get::<Arc<Claim>>().cloned();
        let change = parts.extensions.get::<Arc<Change>>().cloned();
        let from_replica = parts.extensions.get::<FromReplica>().is_some();
        Ok(Self { claim, change, from_replica, ..Self::new(api, tenant).await? })
    }
}

/// Lets the request in, if it brings what is needed, and notes who it is.
pub(crate) async fn admit(api: &Api, parts: &mut Parts, demand: impl Into<Demand>) -> Result<(), Problem> {
    let Demand { access, page, goes_on, .. } = demand.into();
    if access == Access::Public {
        return refuse_forged(parts);
    }
    if goes_on {
        parts.extensions.insert(GoesOn);
    }
    let actor = actor::recognise(api, parts).await?;
    match access {
        Access::Public | Access::Anyone => {}
        Access::User => {
            actor.person()?;
        }
        Access::Platform => actor.require_platform()?,
        Access::Needs(permission) => {
            let Some(tenant) = &actor.tenant else { return Err(actor.has_no_workspace()) };
            let deed = Deed::of(permission, &parts.method);
            standing::require(tenant, deed)?;
            if !actor.permissions.has(permission) {
                return Err(actor.lacks(permission));
            }
            if let Some(page) = page {
                pages::require(api, tenant, deed, page).await?;
            }
        }
    }
    parts.extensions.insert(Arc::new(actor));
    Ok(())
}

/// Lets a request that lasts stay in its workspace. Who names none may come to mean another one meanwhile: 400 `workspace_required`.
pub(crate) async fn admit_again(
    api: &Api,
    parts: &mut Parts,
    permission: Permission,
    workspace_id: WorkspaceId,
) -> Result<(), Problem> {
    admit(api, parts, permission).await?;
    let tenant = parts.extensions.get::<Arc<Actor>>().and_then(|actor| actor.tenant.as_ref());
    if tenant.is_some_and(|tenant| tenant.workspace_id == workspace_id) { Ok(()) } else { Err(no_workspace()) }
}

pub(crate) fn key_in_headers(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, key) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(wrong_key)?;
        return if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(key.trim())) } else { Err(wrong_key()) };
    }
    headers.get(API_KEY).map(|value| value.to_str().map(str::trim).map_err(|_| wrong_key())).transpose()
}

pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    pairs.flat_map(|pairs| pairs.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Whether the connection comes from this machine (the peer's address, which no header can feign) and was meant for
/// it: see [`is_meant_for_loopback`].
pub(crate) fn is_from_this_machine(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback())
        && is_meant_for_loopback(&parts.headers, &parts.uri)
}

/// Whether the address bar says loopback, and no other site sent the browser. A name that an attacker lets point
/// to 127.0.0.1 is another name.
fn is_meant_for_loopback(headers: &HeaderMap, uri: &Uri) -> bool {
    let authority = headers.get(HOST).and_then(|host| host.to_str().ok()).or(uri.authority().map(|it| it.as_str()));
    let Some(authority) = authority else { return false };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&host) && !is_cross_site(headers)
}

/// Whether a browser says that another site caused the request.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none")
}

pub(crate) fn no_workspace() -> Problem {
    let hint = "name one with the header Capstan-Workspace: its slug";
    Problem::bad_request("workspace_required", "the request names no workspace", hint)
}

pub(crate) fn no_session() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "no_session", "this is for people who are logged in", "log in first")
}

pub(crate) fn no_key() -> Problem {
    unauthorized("no_key", "the request brings no API key")
}

pub(crate) fn wrong_key() -> Problem {
    unauthorized("wrong_key", "the API key opens nothing: it is wrong, has expired or was revoked")
}

/// 401 `token_expired`, `token_audience`, `wrong_token`.
pub(crate) fn wrong_token(error: TokenError) -> Problem {
    let code = match error {
        TokenError::Expired => "token_expired",
        TokenError::Audience => "token_audience",
        TokenError::Foreign | TokenError::Signature => "wrong_token",
    };
    let hint = "get one of this installation: POST /api/v1/tokens with an API key";
    Problem::new(StatusCode::UNAUTHORIZED, code, format!("the token opens nothing: {error}"), hint)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"capstan\", error=\"invalid_token\""))
}

fn unauthorized(code: &'static str, detail: &str) -> Problem {
    let hint = "send Authorization: Bearer cap_…; `capstan key create` makes a key";
    Problem::new(StatusCode::UNAUTHORIZED, code, detail, hint)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"capstan\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_loopback_count_as_this_machine() {
        for (host, site, expected) in [
            ("127.0.0.1:7400", None, true),
            ("localhost", None, true),
            ("[::1]:7400", Some("same-origin"), true),
            ("localhost:7400", Some("none"), true),
            ("localhost:7400", Some("cross-site"), false),
            ("localhost:7400", Some("same-site"), false),
            ("127.0.0.1.example.com:7400", None, false),
            ("evil.example.com", None, false),
            ("localhost:7400@evil.example.com", None, false),
            ("", None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            if let Some(site) = site {
                headers.insert(FETCH_SITE, site.parse().unwrap());
            }
            assert_eq!(is_meant_for_loopback(&headers, &Uri::from_static("/")), expected, "{host} {site:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "xcapstan_key=a; capstan_key2=b; capstan_key=c".parse().unwrap());
        assert_eq!(cookie(&headers, KEY_COOKIE), Some("c"));
    }
}
