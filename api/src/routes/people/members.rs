//! Who belongs to the workspace.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, Changed, MemberRow, Role};
use capstan_domain::audit::Difference;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::BODY_BYTES_MAX;
use crate::actor::Actor;
use crate::audit::Change;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::id;
use crate::standing::{self, Deed};
use crate::{Api, body, tenant};

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ChangeMember")]
pub(crate) struct Wish {
    #[schemars(with = "crate::openapi::shapes::RoleName")]
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "TransferWorkspace")]
pub(crate) struct Transfer {
    #[schemars(with = "crate::openapi::shapes::Id")]
    user_id: Uuid,
}

/// `GET /members`: who joined first at the top.
pub(crate) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let mut transaction = tenant::read(&api.people.pool, caller.workspace_id).await?;
    let items = access::list_members(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "items": items })).into_response())
}

/// `PUT /members/{user_id} {role}`: 204. Neither the role before nor the one after may do more than who changes it may. 403
/// `more_than_own`, 409 `owner_stays`.
pub(crate) async fn change(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(change): Extension<Arc<Change>>,
    Path(user_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let member = id(&user_id, "member")?;
    let said: Wish = body::typed(request, BODY_BYTES_MAX).await?;
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    if said.role != Role::Owner {
        actor.require_role(said.role)?;
        require_over(&mut transaction, &caller, &actor, member).await?;
    }
    let before = shown(&mut transaction, &caller, member).await?;
    let changed = access::change_role(&mut transaction, caller.workspace_id, member, said.role).await?;
    let after = shown(&mut transaction, &caller, member).await?;
    end(transaction, changed, &change, Difference::between(&before, &after)).await?;
    told(changed, &user_id)
}

/// `DELETE /members/{user_id}`: 204. 403 `more_than_own`, 409 `owner_stays`.
pub(crate) async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(change): Extension<Arc<Change>>,
    Path(user_id): Path<String>,
) -> Result<Response, Problem> {
    let member = id(&user_id, "member")?;
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    require_over(&mut transaction, &caller, &actor, member).await?;
    let before = shown(&mut transaction, &caller, member).await?;
    let removed = access::remove_member(&mut transaction, caller.workspace_id, member).await?;
    end(transaction, removed, &change, Difference::between(&before, &Value::Null)).await?;
    told(removed, &user_id)
}

/// `POST /members/leave`: 204. 409 `owner_stays`.
pub(crate) async fn leave(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (user_id, email) = (actor.person()?.user_id, &actor.person()?.email);
    let tenant = actor.tenant.clone().ok_or_else(|| actor.has_no_workspace())?;
    standing::require(&tenant, Deed::Withdraw)?;
    let change = Change::of_person(&api, &parts, tenant, user_id, email);
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    access::hold_role(&mut transaction, caller.workspace_id, user_id).await?;
    let before = shown(&mut transaction, &caller, user_id).await?;
    let removed = access::remove_member(&mut transaction, caller.workspace_id, user_id).await?;
    end(transaction, removed, &change, Difference::between(&before, &Value::Null)).await?;
    if let Some(token) = api.people.token(&parts.headers) {
        api.people.forget_session(token).await;
    }
    let answer = told(removed, &user_id.to_string())?;
    change.made(&api, answer.status()).await;
    Ok(answer)
}

/// `POST /workspace/transfer {user_id}`: 204; who was the owner is an admin then, in the same transaction.
pub(crate) async fn transfer(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(change): Extension<Arc<Change>>,
    request: Request,
) -> Result<Response, Problem> {
    let owner = actor.person()?.user_id;
    let token = api.people.token(request.headers()).map(str::to_owned).unwrap_or_default();
    let said: Transfer = body::typed(request, BODY_BYTES_MAX).await?;
    if said.user_id == owner {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    let changed = access::transfer(&mut transaction, caller.workspace_id, owner, said.user_id).await?;
    let [before, after] = [
        json!({ "owner": shown(&mut transaction, &caller, owner).await?["email"] }),
        json!({ "owner": shown(&mut transaction, &caller, said.user_id).await?["email"] }),
    ];
    end(transaction, changed, &change, Difference::between(&before, &after)).await?;
    if changed == Changed::Done {
        api.people.forget_session(&token).await;
    }
    told(changed, &said.user_id.to_string())
}

/// Commits what was done, with its record; what was not done leaves none.
async fn end(
    mut transaction: PgTransaction<'_>,
    changed: Changed,
    change: &Change,
    difference: Difference,
) -> Result<(), Problem> {
    if changed == Changed::Done {
        change.note(&mut transaction, StatusCode::NO_CONTENT, difference).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// A member as the audit log shows them; null if they are none.
async fn shown(transaction: &mut PgConnection, caller: &Caller, user_id: Uuid) -> Result<Value, Problem> {
    let row = access::find_member(transaction, caller.workspace_id, user_id).await?;
    let view = |row: MemberRow| json!({ "user_id": row.user_id, "email": row.email, "role": row.role });
    Ok(row.map_or(Value::Null, view))
}

/// Refuses who may do less than the member whom they would change. The owner is refused to all, in other words.
async fn require_over(
    transaction: &mut PgConnection,
    caller: &Caller,
    actor: &Actor,
    member: Uuid,
) -> Result<(), Problem> {
    let role = access::hold_role(transaction, caller.workspace_id, member).await?;
    role.filter(|role| *role != Role::Owner).map_or(Ok(()), |role| actor.require_role(role))
}

fn told(changed: Changed, user_id: &str) -> Result<Response, Problem> {
    match changed {
        Changed::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Changed::Unknown => Err(Problem::not_found("member", user_id)),
        Changed::OwnerStays => {
            let detail = "a workspace has exactly one owner, who is made by giving the workspace away";
            let hint = "let the owner use POST /api/v1/workspace/transfer";
            Err(Problem::conflict("owner_stays", detail, hint))
        }
    }
}
