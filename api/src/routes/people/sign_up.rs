//! Becoming a user with a workspace. The password is chosen behind the link in the mail: nobody can prepare an account for
//! somebody else's address.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::access::{self, LinkKind, Role, hash_password};
use capstan_domain::quotas::give_plan;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::tries::{MailKind, may_mail};
use super::{BODY_BYTES_MAX, email, link_expired, open, refused, require_strong, unhashed, welcome};
use crate::people::Note;
use crate::problem::Problem;
use crate::{Api, body, in_force, plans};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignUp {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "CompleteSignUp")]
pub(crate) struct Complete {
    token: String,
    name: String,
    password: String,
    workspace: NewWorkspace,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewWorkspace {
    slug: String,
    name: String,
}

/// `POST /sign-up {email}`: 202 in any case. 403 `sign_up_off`, 503 `no_mail`, 422 `bad_email`, 429 `too_many_tries`.
pub(crate) async fn begin(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    require_on(&api)?;
    let said: SignUp = body::typed(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX).await?;
    let email = email(&said.email)?;
    let place = api.people.post.place()?;
    if may_mail(&api, &parts, MailKind::SignUp, &email).await? {
        tokio::spawn(async move {
            let _place = place;
            if let Err(problem) = mail(&api, &email).await {
                tracing::warn!(code = problem.code, cause = problem.internal, "a sign-up was not mailed");
            }
        });
    }
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

async fn mail(api: &Api, email: &str) -> Result<(), Problem> {
    let mut transaction = api.people.pool.begin().await?;
    let is_known = access::find_user(&mut transaction, email).await?.is_some();
    let link = if is_known { None } else { Some(access::make_link(&mut transaction, LinkKind::SignUp, email).await?) };
    transaction.commit().await?;
    let note = match link {
        Some(token) => Note {
            subject: "Your Capstan account".into(),
            text: "Somebody, probably you, wants to sign up for Capstan with this address. Go on here within a day:"
                .into(),
            link: Some(("verify", token)),
            end: "If it was not you, do nothing: there will be no account.",
        },
        None => Note {
            subject: "You have a Capstan account".into(),
            text: "Somebody, probably you, wants to sign up for Capstan with this address, which has an account \
                   already. Log in, or reset the password if you have forgotten it."
                .into(),
            link: None,
            end: "If it was not you, do nothing.",
        },
    };
    api.people.post.deliver(email, note).await;
    Ok(())
}

/// `POST /sign-up/complete {token, name, password, workspace: {slug, name}}`: 201 with who one is, and the cookie. User,
/// workspace, its plan and session are made in one transaction, or nothing is, and the link can be used again. 410 `link_expired`,
/// 409 `slug_taken`, `email_taken`, 422 `bad_slug`, `bad_name`, `weak_password`.
pub(crate) async fn complete(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    require_on(&api)?;
    let said: Complete = body::typed(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX).await?;
    let link = access::look_at_link(&mut *api.people.pool.begin().await?, &said.token).await?;
    let link = link.filter(|link| link.kind == LinkKind::SignUp.as_str()).ok_or_else(link_expired)?;
    require_strong(&said.password, &link.email)?;
    let hash = hash_password(said.password).await.map_err(unhashed)?;
    let mut transaction = api.people.pool.begin().await?;
    let email = access::use_link(&mut transaction, LinkKind::SignUp, &said.token).await?.ok_or_else(link_expired)?;
    let user_id = access::create_user(&mut transaction, &email, &said.name, &hash).await.map_err(refused)?;
    let NewWorkspace { slug, name } = said.workspace;
    let made = access::create_workspace(&mut transaction, &slug, &name, &api.people.first_cell).await;
    let workspace_id = made.map_err(refused)?;
    access::add_member(&mut transaction, workspace_id, user_id, Role::Owner).await.map_err(refused)?;
    let plan = in_force::plan(&api);
    give_plan(&mut transaction, workspace_id, &plan).await.map_err(|error| Problem::internal(error.to_string()))?;
    let token = open(&api, &mut transaction, &parts, user_id).await?;
    transaction.commit().await?;
    plans::bring(&api, workspace_id).await;
    welcome(&api, StatusCode::CREATED, &token).await
}

fn require_on(api: &Api) -> Result<(), Problem> {
    if !in_force::sign_up(api) {
        let detail = "nobody can sign up here";
        let hint = "ask somebody of a workspace to invite you";
        return Err(Problem::new(StatusCode::FORBIDDEN, "sign_up_off", detail, hint));
    }
    api.people.post.require()
}
