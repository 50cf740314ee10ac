//! Another password: one that was forgotten, or one that is to be changed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, LinkKind, hash_password, is_password};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::tries::{MailKind, Tries, may_mail};
use super::{BODY_BYTES_MAX, email, link_expired, open, require_strong, unhashed};
use crate::actor::Actor;
use crate::people::Note;
use crate::problem::Problem;
use crate::{Api, body};

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ForgotPassword")]
pub(crate) struct Forgot {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ResetPassword")]
pub(crate) struct Reset {
    token: String,
    password: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ChangePassword")]
pub(crate) struct Change {
    current_password: String,
    password: String,
}

/// `POST /password/forgot {email}`: 202 in any case. 503 `no_mail`, 422 `bad_email`, 429 `too_many_tries`.
pub(crate) async fn forgot(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let said: Forgot = body::typed(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX).await?;
    let email = email(&said.email)?;
    let place = api.people.post.place()?;
    if may_mail(&api, &parts, MailKind::Reset, &email).await? {
        tokio::spawn(async move {
            let _place = place;
            if let Err(problem) = mail(&api, &email).await {
                tracing::warn!(code = problem.code, cause = problem.internal, "a reset was not mailed");
            }
        });
    }
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

async fn mail(api: &Api, email: &str) -> Result<(), Problem> {
    let mut transaction = api.people.pool.begin().await?;
    if access::find_user(&mut transaction, email).await?.is_none() {
        return Ok(());
    }
    let token = access::make_link(&mut transaction, LinkKind::Reset, email).await?;
    transaction.commit().await?;
    let note = Note {
        subject: "Another password for Capstan".into(),
        text: "Somebody, probably you, wants another password for your Capstan account. Choose it here within an hour:"
            .into(),
        link: Some(("reset", token)),
        end: "If it was not you, do nothing: your password stays.",
    };
    api.people.post.deliver(email, note).await;
    Ok(())
}

/// `POST /password/reset {token, password}`: 204; all sessions of the user end. 410 `link_expired`, 422 `weak_password`.
pub(crate) async fn reset(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let said: Reset = body::typed(request, BODY_BYTES_MAX).await?;
    let link = access::look_at_link(&mut *api.people.pool.begin().await?, &said.token).await?;
    let link = link.filter(|link| link.kind == LinkKind::Reset.as_str()).ok_or_else(link_expired)?;
    require_strong(&said.password, &link.email)?;
    let hash = hash_password(said.password).await.map_err(unhashed)?;
    let mut transaction = api.people.pool.begin().await?;
    let email = access::use_link(&mut transaction, LinkKind::Reset, &said.token).await?.ok_or_else(link_expired)?;
    let user = access::find_user(&mut transaction, &email).await?.ok_or_else(link_expired)?;
    access::set_password(&mut transaction, user.user_id, &hash).await?;
    access::end_sessions(&mut transaction, user.user_id, None).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PUT /me/password {current_password, password}`: 204 with a new cookie; all other sessions end. 403 `wrong_password`,
/// 422 `weak_password`, 429 `too_many_tries`.
pub(crate) async fn change(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let person = actor.person()?;
    let said: Change = body::typed(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX).await?;
    require_strong(&said.password, &person.email)?;
    let tries = Tries::log_in(&api, &parts, &person.email).await?;
    let user = access::find_user(&mut *api.people.pool.begin().await?, &person.email).await?;
    let before = user.map(|user| user.password_hash);
    if !is_password(said.current_password, before.clone()).await.map_err(unhashed)? {
        return Err(wrong_password());
    }
    tries.forgive(&api).await?;
    let hash = hash_password(said.password).await.map_err(unhashed)?;
    let mut transaction = api.people.pool.begin().await?;
    // A reset may have come meanwhile: who knew the password before it does not change the one after it.
    if !access::hold_password(&mut transaction, person.user_id, &before.unwrap_or_default()).await? {
        return Err(wrong_password());
    }
    access::set_password(&mut transaction, person.user_id, &hash).await?;
    access::end_sessions(&mut transaction, person.user_id, None).await?;
    let token = open(&api, &mut transaction, &parts, person.user_id).await?;
    transaction.commit().await?;
    if let Some(before) = api.people.token(&parts.headers) {
        api.people.forget_session(before).await;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    api.people.give(&mut response, &token);
    Ok(response)
}

fn wrong_password() -> Problem {
    let detail = "the current password is another one";
    Problem::new(StatusCode::FORBIDDEN, "wrong_password", detail, "try again, or reset it")
}
