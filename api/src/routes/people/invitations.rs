//! Inviting somebody into the workspace, and following the invitation.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, InvitationRow, OpenInvitation, Permission, Person, Role, hash_password};
use capstan_domain::audit::{self, Difference};
use capstan_engine::core::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    BODY_BYTES_MAX, email, link_expired, open, refused, require_still, require_strong, tries, unhashed, welcome,
};
use crate::actor::{Actor, Who};
use crate::audit::Change;
use crate::auth::Caller;
use crate::people::Note;
use crate::people::session::refuse_forged;
use crate::problem::Problem;
use crate::routes::id;
use crate::standing::{self, Deed};
use crate::{Api, body, news, tenant};

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewInvitation")]
pub(crate) struct Invite {
    email: String,
    #[schemars(with = "crate::openapi::shapes::RoleName")]
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "AcceptInvitation")]
pub(crate) struct Accept {
    token: String,
    name: Option<String>,
    password: Option<String>,
}

/// `GET /invitations`: those that are open.
pub(crate) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let mut transaction = tenant::read(&api.people.pool, caller.workspace_id).await?;
    let items = access::list_invitations(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "items": items })).into_response())
}

/// `POST /invitations {email, role}`: 201 with the invitation, whose link goes to that mailbox only. Once more for the same
/// address renews it. Nobody invites into a role that may do more than they may. 403 `more_than_own`, 409 `already_member`,
/// `owner_stays`, 422 `bad_email`, `too_many`, 429 `too_many_tries`, 503 `no_mail`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(change): Extension<Arc<Change>>,
    request: Request,
) -> Result<Response, Problem> {
    let said: Invite = body::typed(request, BODY_BYTES_MAX).await?;
    if said.role == Role::Owner {
        let detail = "a workspace has exactly one owner";
        return Err(Problem::conflict("owner_stays", detail, "invite an admin, and give the workspace away then"));
    }
    actor.require_role(said.role)?;
    let email = email(&said.email)?;
    let place = api.people.post.place()?;
    tries::invite(&api, caller.workspace_id, &email).await?;
    let by = actor.who.name().ok_or_else(crate::auth::no_key)?;
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    let wanted = said.role.permissions();
    require_still(&mut transaction, &caller, &actor, Permission::MembersWrite, wanted).await?;
    audit::hold(&mut transaction, caller.workspace_id, &format!("invitation {email}")).await?;
    let before = open_one(&mut transaction, &caller, |row| row.email == email).await?;
    let invited = access::invite(&mut transaction, caller.workspace_id, &email, said.role, &by).await;
    let (row, token) = invited.map_err(refused)?;
    let difference = Difference::between(&before, &shown(&row));
    change.note(&mut transaction, StatusCode::CREATED, difference).await?;
    transaction.commit().await?;
    let answer = (StatusCode::CREATED, Json(&row)).into_response();
    // A person's address is proved; a key's name is whatever somebody wrote, and is not mailed to strangers.
    let text = match &actor.who {
        Who::Person(person) => format!("{} invites you to the workspace {} of Capstan.", person.email, caller.slug),
        Who::Key(_) | Who::Machine => format!("You are invited to the workspace {} of Capstan.", caller.slug),
    };
    let text = format!("{text} Go on here within a week:");
    tokio::spawn(async move {
        let _place = place;
        let note = Note {
            subject: format!("You are invited to {}", caller.slug),
            text,
            link: Some(("invitation", token)),
            end: "If you do not know what this is about, do nothing.",
        };
        api.people.post.deliver(&email, note).await;
    });
    Ok(answer)
}

/// `DELETE /invitations/{id}`: 204; its link opens nothing any more.
pub(crate) async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Extension(change): Extension<Arc<Change>>,
    Path(invitation_id): Path<String>,
) -> Result<Response, Problem> {
    let wanted: Uuid = id(&invitation_id, "invitation")?;
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    let before = open_one(&mut transaction, &caller, |row| row.id == wanted).await?;
    let revoked = access::revoke_invitation(&mut transaction, caller.workspace_id, wanted).await?;
    if !revoked {
        return Err(Problem::not_found("invitation", &invitation_id));
    }
    let gone = Difference::between(&before, &Value::Null);
    change.note(&mut transaction, StatusCode::NO_CONTENT, gone).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /invitations/accept {token, name?, password?}`: a new user needs name and password, and is logged in with 201; one
/// who has an account has to be logged in under the address that was invited, and gets 200. 401 `log_in_first`, 403
/// `other_address`, 410 `link_expired`, 422 `bad_name`, `weak_password`.
pub(crate) async fn accept(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let said: Accept = body::typed(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX).await?;
    let mut transaction = api.people.pool.begin().await?;
    let invitation = access::look_at_invitation(&mut transaction, &said.token).await?.ok_or_else(link_expired)?;
    let user = access::find_user(&mut transaction, &invitation.email).await?;
    transaction.commit().await?;
    // Nobody joins a workspace that is not active.
    let tenant = api.directory.by_id(WorkspaceId(invitation.workspace_id)).await?.ok_or_else(link_expired)?;
    standing::require(&tenant, Deed::Trigger)?;
    // Which cell it lives in is known by its slug.
    let tenant = api.directory.by_slug(&tenant.slug).await?.ok_or_else(link_expired)?;
    let token = api.people.token(&parts.headers).map(str::to_owned).unwrap_or_default();
    if user.is_some() {
        refuse_forged(&parts)?;
        let person = api.people.by_session(&token).await?.ok_or_else(log_in_first)?;
        let change = Change::of_person(&api, &parts, tenant, person.user_id, &person.email);
        join(&api, &said.token, &invitation, &person, &change).await?;
        change.made(&api, StatusCode::OK).await;
        api.people.forget_session(&token).await;
        return welcome(&api, StatusCode::OK, &token).await;
    }
    let password = said.password.unwrap_or_default();
    require_strong(&password, &invitation.email)?;
    let hash = hash_password(password).await.map_err(unhashed)?;
    let (workspace_id, role) = place_of(&invitation)?;
    let mut transaction = tenant::write(&api.people.pool, workspace_id).await?;
    if !access::use_invitation(&mut transaction, &said.token).await? {
        return Err(link_expired());
    }
    let name = said.name.unwrap_or_default();
    let user_id = access::create_user(&mut transaction, &invitation.email, &name, &hash).await.map_err(refused)?;
    access::add_member(&mut transaction, workspace_id, user_id, role).await.map_err(refused)?;
    news::of_member(&mut transaction, workspace_id, user_id, &invitation).await?;
    let token = open(&api, &mut transaction, &parts, user_id).await?;
    let change = Change::of_person(&api, &parts, tenant, user_id, &invitation.email);
    change.note(&mut transaction, StatusCode::CREATED, joined(user_id, &invitation)).await?;
    transaction.commit().await?;
    change.made(&api, StatusCode::CREATED).await;
    welcome(&api, StatusCode::CREATED, &token).await
}

async fn join(
    api: &Api,
    token: &str,
    invitation: &OpenInvitation,
    person: &Person,
    change: &Change,
) -> Result<(), Problem> {
    if person.email != invitation.email {
        let detail = format!("{} is invited, and you are logged in as {}", invitation.email, person.email);
        let hint = "log out, and in as who is invited";
        return Err(Problem::new(StatusCode::FORBIDDEN, "other_address", detail, hint));
    }
    let (workspace_id, role) = place_of(invitation)?;
    let mut transaction = tenant::write(&api.people.pool, workspace_id).await?;
    if !access::use_invitation(&mut transaction, token).await? {
        return Err(link_expired());
    }
    access::add_member(&mut transaction, workspace_id, person.user_id, role).await.map_err(refused)?;
    news::of_member(&mut transaction, workspace_id, person.user_id, invitation).await?;
    change.note(&mut transaction, StatusCode::OK, joined(person.user_id, invitation)).await?;
    transaction.commit().await?;
    Ok(())
}

/// The open invitation that is meant, as the audit log shows it; null if there is none.
async fn open_one(
    transaction: &mut PgConnection,
    caller: &Caller,
    is_meant: impl Fn(&InvitationRow) -> bool,
) -> Result<Value, Problem> {
    let rows = access::list_invitations(transaction, caller.workspace_id).await?;
    Ok(rows.iter().find(|row| is_meant(row)).map_or(Value::Null, shown))
}

fn shown(row: &InvitationRow) -> Value {
    json!({ "id": row.id, "email": row.email, "role": row.role, "expires_at": row.expires_at })
}

/// A member more.
fn joined(user_id: Uuid, invitation: &OpenInvitation) -> Difference {
    let member = json!({ "user_id": user_id, "email": invitation.email, "role": invitation.role });
    Difference::between(&Value::Null, &member)
}

fn place_of(invitation: &OpenInvitation) -> Result<(WorkspaceId, Role), Problem> {
    let role = invitation.role.parse().map_err(|()| Problem::internal("an invitation with an unknown role"))?;
    Ok((WorkspaceId(invitation.workspace_id), role))
}

fn log_in_first() -> Problem {
    let detail = "the address that is invited has an account";
    Problem::new(StatusCode::UNAUTHORIZED, "log_in_first", detail, "log in, and follow the link again")
}
