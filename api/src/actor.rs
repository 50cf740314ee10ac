//! Who a request comes from, and what they may do in the workspace that it is for.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use capstan_domain::access::{AdmittedKey, KeyName, Permission, Permissions, Role, Tenant};

use crate::Api;
use crate::auth::{KEY_COOKIE, cookie, is_from_this_machine, key_in_headers, no_key, wrong_key};
use crate::problem::Problem;

/// Somebody whose request was recognised.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) who: Who,
    /// The workspace that the request is for, if it names one.
    pub(crate) tenant: Option<Tenant>,
    /// Of a person, there.
    pub(crate) role: Option<Role>,
    /// There.
    pub(crate) permissions: Permissions,
}

/// How they were recognised.
#[derive(Clone)]
pub(crate) enum Who {
    /// By an API key.
    Key(Arc<AdmittedKey>),
    /// By nothing: `capstan dev` lets its own machine look.
    Machine,
}

impl Who {
    /// Under which name things are recorded.
    pub(crate) fn name(&self) -> Option<KeyName> {
        match self {
            Self::Key(admitted) => Some(admitted.key.clone()),
            Self::Machine => None,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Key(admitted) => format!("the key {:?}", admitted.key.name),
            Self::Machine => "this machine".into(),
        }
    }
}

impl Actor {
    fn with_key(admitted: Arc<AdmittedKey>) -> Self {
        Self {
            tenant: Some(admitted.tenant.clone()),
            role: None,
            permissions: Permissions::of_scopes(admitted.scopes.as_deref()),
            who: Who::Key(admitted),
        }
    }

    /// The refusal of what needs `permission`.
    pub(crate) fn lacks(&self, permission: Permission) -> Problem {
        let detail = format!("this needs the permission {permission}, which {} does not have", self.who.told());
        let hint = "ask an owner or admin of the workspace for it; GET /api/v1/me tells what one has";
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail, hint)
    }
}

/// Who it is: a key in `Authorization: Bearer` or `X-Api-Key`, or, for reading, in the page's cookie, or this
/// machine.
pub(crate) async fn recognise(api: &Api, parts: &Parts) -> Result<Actor, Problem> {
    if let Some(key) = key_in_headers(&parts.headers)? {
        return Ok(Actor::with_key(api.directory.by_key(key).await?.ok_or_else(wrong_key)?));
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(no_key());
    }
    let in_cookie = cookie(&parts.headers, KEY_COOKIE);
    if let Some(key) = in_cookie
        && let Some(admitted) = api.directory.by_key(key).await?
    {
        return Ok(Actor::with_key(admitted));
    }
    if let Some(workspace_id) = api.settings.page_workspace
        && is_from_this_machine(parts)
        && let Some(tenant) = api.directory.by_id(workspace_id).await?
    {
        let permissions = Permissions::of_a_machine();
        return Ok(Actor { who: Who::Machine, tenant: Some(tenant), role: None, permissions });
    }
    Err(if in_cookie.is_some() { wrong_key() } else { no_key() })
}
