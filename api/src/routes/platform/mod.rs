//! The platform: workspaces as tenants, for its administrators.

pub(crate) mod audit;
pub(crate) mod billing;
pub(crate) mod duties;
pub(crate) mod health;
mod moves;
pub(crate) mod pages;
pub(crate) mod servers;
pub(crate) mod settings;
mod tenants;

pub(crate) use moves::{Wish as MoveWish, archive, resume, suspend, transitions};
pub(crate) use tenants::{ListQuery, create, get, list};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use capstan_domain::access::{self, Mover, TenantRow};
use capstan_engine::core::ids::WorkspaceId;

use crate::Api;
use crate::actor::Actor;
use crate::edge::RequestId;
use crate::people::address;
use crate::problem::Problem;

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Who moves a workspace, as its history tells.
pub(super) fn mover(api: &Api, parts: &Parts, actor: &Actor) -> Result<Mover, Problem> {
    let person = actor.person()?;
    let address = address::client(parts, &api.people.settings.trusted_proxies);
    Ok(Mover {
        user_id: Some(person.user_id),
        name: person.email.clone(),
        address: address.map(|address| address.to_string()),
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
    })
}

/// Who asks, as histories tell, and the request.
fn who(api: &Api, actor: &Actor, request: Request) -> Result<(Mover, Request), Problem> {
    let (parts, body) = request.into_parts();
    let by = mover(api, &parts, actor)?;
    Ok((by, Request::from_parts(parts, body)))
}

/// The workspace as it is now. 404 `not_found`.
async fn tenant(api: &Api, workspace_id: WorkspaceId) -> Result<TenantRow, Problem> {
    let row = access::get_tenant(&mut *api.people.pool.begin().await?, workspace_id).await?;
    row.ok_or_else(|| unknown(&workspace_id.to_string()))
}

fn unknown(id: &str) -> Problem {
    let detail = format!("there is no workspace \"{}\"", id.chars().take(100).collect::<String>());
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail, "list the tenants to find the id")
}
