//! Who a request comes from, and what they may do in the workspace that it is for.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use capstan_domain::access::{AdmittedKey, KeyName, Level, Membership, Permission, Permissions, Person, Role, Tenant};
use chrono::Utc;

use crate::Api;
use crate::auth::{
    GoesOn, KEY_COOKIE, cookie, is_from_this_machine, key_in_headers, no_key, no_session, no_workspace, wrong_key,
    wrong_token,
};
use crate::people::session::{WORKSPACE, WORKSPACE_COOKIE, refuse_forged};
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
    /// By a session.
    Person(Arc<Person>),
    /// By nothing: `capstan dev` lets its own machine look.
    Machine,
}

impl Who {
    /// Under which name things are recorded: that of a key, or the address of a person.
    pub(crate) fn name(&self) -> Option<KeyName> {
        match self {
            Self::Key(admitted) => Some(admitted.key.clone()),
            Self::Person(person) => Some(KeyName { key_id: person.user_id, name: person.email.clone() }),
            Self::Machine => None,
        }
    }

    /// What kind of somebody is recorded: `user` or `key`.
    pub(crate) fn kind(&self) -> &'static str {
        if matches!(self, Self::Person(_)) { "user" } else { "key" }
    }

    fn told(&self) -> String {
        match self {
            Self::Key(admitted) => format!("the key {:?}", admitted.key.name),
            Self::Person(person) => person.email.clone(),
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

    /// A person in one of their workspaces, or in none.
    pub(crate) fn in_workspace(person: &Arc<Person>, membership: Option<&Membership>) -> Self {
        let role = membership.map(|membership| membership.role);
        Self {
            who: Who::Person(Arc::clone(person)),
            tenant: membership.map(|membership| membership.tenant.clone()),
            role,
            permissions: role.map(Role::permissions).unwrap_or_default(),
        }
    }

    /// The person who is logged in.
    pub(crate) fn person(&self) -> Result<&Arc<Person>, Problem> {
        match &self.who {
            Who::Person(person) => Ok(person),
            Who::Key(_) | Who::Machine => Err(no_session()),
        }
    }

    /// Lets an administrator of the platform in, in a session of the platform. 403 `not_platform`.
    pub(crate) fn require_platform(&self) -> Result<(), Problem> {
        if matches!(&self.who, Who::Person(person) if person.level == Level::Platform && person.is_super_admin) {
            return Ok(());
        }
        let detail = format!("this is for administrators of the platform, which {} is not here", self.who.told());
        let hint = "as one of them, log in without naming a workspace";
        Err(Problem::new(StatusCode::FORBIDDEN, "not_platform", detail, hint))
    }

    /// The refusal of what needs a workspace.
    pub(crate) fn has_no_workspace(&self) -> Problem {
        match &self.who {
            Who::Person(person) if person.level == Level::Platform => {
                let detail = "this is a session of the platform, which is in no workspace";
                Problem::new(StatusCode::FORBIDDEN, "platform_session", detail, "log in with the name of a workspace")
            }
            _ => no_workspace(),
        }
    }

    /// Nobody gives or takes a role that may do more than they may. 403 `more_than_own`.
    pub(crate) fn require_role(&self, role: Role) -> Result<(), Problem> {
        let Some(more) = role.permissions().iter().find(|permission| !self.permissions.has(*permission)) else {
            return Ok(());
        };
        let detail = format!("{role} has {more}, which {} does not have", self.who.told());
        let hint = "ask somebody who has it; GET /api/v1/me tells what one has";
        Err(Problem::new(StatusCode::FORBIDDEN, "more_than_own", detail, hint))
    }

    /// The refusal of what needs `permission`.
    pub(crate) fn lacks(&self, permission: Permission) -> Problem {
        let detail = format!("this needs the permission {permission}, which {} does not have", self.who.told());
        let hint = "ask an owner or admin of the workspace for it; GET /api/v1/me tells what one has";
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail, hint)
    }
}

/// Who it is: a key, or a token for one, in `Authorization: Bearer` or `X-Api-Key`, a session in its cookie, or, for
/// reading, a key in the page's cookie, or this machine.
pub(crate) async fn recognise(api: &Api, parts: &Parts) -> Result<Actor, Problem> {
    if let Some(text) = key_in_headers(&parts.headers)? {
        let admitted = if is_token(text) { by_token(api, text).await? } else { api.directory.by_key(text).await? };
        let actor = Actor::with_key(admitted.ok_or_else(wrong_key)?);
        refuse_elsewhere(&parts.headers, &actor)?;
        return Ok(actor);
    }
    let token = api.people.token(&parts.headers);
    if let Some(token) = token
        && let Some(person) = person(api, parts, token).await?
    {
        refuse_forged(parts)?;
        let membership = chosen(&parts.headers, &person)?;
        return Ok(Actor::in_workspace(&person, membership));
    }
    let refusal = || if token.is_some() { no_session() } else { no_key() };
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(refusal());
    }
    let in_cookie = cookie(&parts.headers, KEY_COOKIE);
    if let Some(key) = in_cookie
        && let Some(admitted) = api.directory.by_key(key).await?
    {
        let actor = Actor::with_key(admitted);
        refuse_elsewhere(&parts.headers, &actor)?;
        return Ok(actor);
    }
    // Who brings what has ended is told so, and not shown what others may look at.
    if let Some(workspace_id) = api.settings.page_workspace
        && token.is_none()
        && is_from_this_machine(parts)
        && let Some(tenant) = api.directory.by_id(workspace_id).await?
    {
        let permissions = Permissions::of_a_machine();
        return Ok(Actor { who: Who::Machine, tenant: Some(tenant), role: None, permissions });
    }
    Err(if in_cookie.is_some() { wrong_key() } else { refusal() })
}

async fn person(api: &Api, parts: &Parts, token: &str) -> Result<Option<Arc<Person>>, Problem> {
    if parts.extensions.get::<GoesOn>().is_some() {
        return api.people.by_session_of_absent(token).await;
    }
    api.people.by_session(token).await
}

/// Whether it has the form of a JSON Web Token; a key has no dots.
fn is_token(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

async fn by_token(api: &Api, token: &str) -> Result<Option<Arc<AdmittedKey>>, Problem> {
    let claims = api.tokens.verify(token, Utc::now()).map_err(wrong_token)?;
    api.directory.by_token(&claims).await
}

/// A key opens one workspace; whoever means another one shall not act in this one. 403 `other_workspace`.
fn refuse_elsewhere(headers: &HeaderMap, actor: &Actor) -> Result<(), Problem> {
    let (Some(named), Some(tenant)) = (headers.get(WORKSPACE), &actor.tenant) else { return Ok(()) };
    if named.as_bytes().trim_ascii() == tenant.slug.as_bytes() {
        return Ok(());
    }
    let named: String = String::from_utf8_lossy(named.as_bytes()).chars().take(100).collect();
    let detail = format!("{} opens the workspace \"{}\", not \"{named}\"", actor.who.told(), tenant.slug);
    let hint = "use a key of that workspace, or leave the header Capstan-Workspace out";
    Err(Problem::new(StatusCode::FORBIDDEN, "other_workspace", detail, hint))
}

/// The workspace that a person means: by the header, else by the cookie, else the only one.
fn chosen<'a>(headers: &HeaderMap, person: &'a Person) -> Result<Option<&'a Membership>, Problem> {
    let of_slug = |slug: &str| person.memberships.iter().find(|it| it.tenant.slug == slug);
    if let Some(named) = headers.get(WORKSPACE) {
        let slug = named.to_str().unwrap_or_default().trim();
        return of_slug(slug).map(Some).ok_or_else(|| {
            let detail = format!("you belong to no workspace \"{}\"", slug.chars().take(100).collect::<String>());
            Problem::new(StatusCode::NOT_FOUND, "not_found", detail, "GET /api/v1/me lists your workspaces")
        });
    }
    let in_cookie = cookie(headers, WORKSPACE_COOKIE).and_then(of_slug);
    let only = if let [only] = person.memberships.as_slice() { Some(only) } else { None };
    Ok(in_cookie.or(only))
}
