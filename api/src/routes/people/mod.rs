//! People: logging in, signing up, members, invitations, keys.

pub(crate) mod identities;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod login;
pub(crate) mod members;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod sign_up;
pub(crate) mod tokens;
pub(super) mod tries;

use axum::Json;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::access::{
    self, AccessError, KeyId, Level, PASSWORD_CHARS, PasswordError, Permission, Permissions, Role, is_strong,
    normal_email,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::me;
use crate::Api;
use crate::actor::{Actor, Who};
use crate::auth::Caller;
use crate::problem::Problem;

/// Most bytes of a body about people.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;

/// A refusal of the domain, as clients see it.
pub(in crate::routes) fn refused(error: AccessError) -> Problem {
    let detail = error.to_string();
    match error {
        AccessError::BadSlug(_) | AccessError::SlugReserved(_) => {
            Problem::unprocessable("bad_slug", detail, "choose another one")
        }
        AccessError::Blocked(_) => Problem::unprocessable("blocked_word", detail, "choose another one"),
        AccessError::Placement(_) => {
            Problem::unprocessable("placement_unsupported", detail, "write pooled or dedicated")
        }
        AccessError::BadName { .. } => Problem::unprocessable("bad_name", detail, "choose another one"),
        AccessError::SlugTaken(_) => Problem::conflict("slug_taken", detail, "choose another one"),
        AccessError::EmailTaken => Problem::conflict("email_taken", detail, "log in instead"),
        AccessError::AlreadyMember => Problem::conflict("already_member", detail, "change their role instead"),
        AccessError::TooMany { .. } => Problem::unprocessable("too_many", detail, "remove some first"),
        AccessError::SecondOwner | AccessError::UnknownCell(_) | AccessError::UnknownWorkspace(_) => {
            Problem::internal(detail)
        }
        AccessError::Store(error) => error.into(),
    }
}

fn unhashed(error: PasswordError) -> Problem {
    match error {
        PasswordError::Busy => Problem::unavailable("busy", error.to_string(), "try again in a moment"),
        PasswordError::Hash(_) => Problem::internal(error.to_string()),
    }
}

/// The address in its normal form. 422 `bad_email`.
fn email(text: &str) -> Result<String, Problem> {
    normal_email(text).ok_or_else(|| {
        let detail = "that is no e-mail address";
        Problem::unprocessable("bad_email", detail, "write it as ada@example.com")
    })
}

/// 422 `weak_password`.
fn require_strong(password: &str, email: &str) -> Result<(), Problem> {
    if is_strong(password, email) {
        return Ok(());
    }
    let (least, most) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
    let detail = format!("the password needs {least} to {most} characters, and must not be the address");
    Err(Problem::unprocessable("weak_password", detail, "a few words that nobody else would put together are good"))
}

fn link_expired() -> Problem {
    let detail = "this link opens nothing: it was used, has expired, or never was one";
    Problem::new(StatusCode::GONE, "link_expired", detail, "ask for a new one")
}

/// Holds who gives `wanted` away, for which one needs `needed`, to what they may do now, until the transaction has ended:
/// what is remembered of them may be a second old, and what a role gave is taken back with it. 403 `more_than_own`, 401
/// `wrong_key`.
async fn require_still(
    transaction: &mut PgConnection,
    caller: &Caller,
    actor: &Actor,
    needed: Permission,
    wanted: Permissions,
) -> Result<(), Problem> {
    let workspace_id = caller.workspace_id;
    let is_so = match &actor.who {
        Who::Person(person) => {
            let role = access::hold_role(transaction, workspace_id, person.user_id).await?;
            role.map(Role::permissions).is_some_and(|own| own.has(needed) && own.covers(wanted))
        }
        Who::Key(own) if access::hold_key(transaction, workspace_id, KeyId(own.key.key_id)).await? => true,
        Who::Key(_) => return Err(crate::auth::wrong_key()),
        Who::Machine => false,
    };
    if is_so {
        return Ok(());
    }
    let detail = "this would give more than you may do yourself by now";
    let hint = "GET /api/v1/me tells what one has";
    Err(Problem::new(StatusCode::FORBIDDEN, "more_than_own", detail, hint))
}

/// Opens a session in the transaction of what led to it; answers its token.
async fn open(api: &Api, connection: &mut PgConnection, parts: &Parts, user_id: Uuid) -> Result<String, Problem> {
    open_at(api, connection, parts, user_id, Level::Workspace).await
}

async fn open_at(
    api: &Api,
    connection: &mut PgConnection,
    parts: &Parts,
    user_id: Uuid,
    level: Level,
) -> Result<String, Problem> {
    // Somebody else's session, or an older one of one's own, does not go on under the new one.
    if let Some(token) = api.people.token(&parts.headers)
        && let Some(before) = access::find_person(connection, token).await?
    {
        access::end_session(connection, before.user_id, before.session_id).await?;
    }
    Ok(access::open_session_at(connection, user_id, &api.people.origin(parts), level).await?)
}

/// Tells a person who they are, and gives them the session.
async fn welcome(api: &Api, status: StatusCode, token: &str) -> Result<Response, Problem> {
    welcome_to(api, status, token, None).await
}

/// The same, in the workspace of that slug, if it is theirs.
async fn welcome_to(api: &Api, status: StatusCode, token: &str, slug: Option<&str>) -> Result<Response, Problem> {
    let person = api.people.by_session(token).await?.ok_or_else(crate::auth::no_session)?;
    let only = if let [only] = person.memberships.as_slice() { Some(only) } else { None };
    let named = person.memberships.iter().find(|it| Some(it.tenant.slug.as_str()) == slug);
    let actor = Actor::in_workspace(&person, named.or(only));
    let mut response = (status, Json(me::view(api, &actor).await?)).into_response();
    api.people.give(&mut response, token);
    response.headers_mut().insert("vary", HeaderValue::from_static("cookie"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn who_finds_too_many_logging_in_is_told_when_to_come_again() {
        let response = unhashed(PasswordError::Busy).into_response();
        assert_eq!((response.status().as_u16(), response.headers()[RETRY_AFTER].to_str().unwrap()), (503, "2"));
    }
}
