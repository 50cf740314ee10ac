//! Who acts on leads and records, and why these are not moved.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use capstan_domain::by::{By, ByKind};
use capstan_domain::machine::Refused;

use crate::Api;
use crate::actor::{Actor, Who};
use crate::auth::{Caller, no_key};
use crate::problem::Problem;

/// A caller who acts.
pub(crate) struct Author {
    pub(super) caller: Caller,
    pub(super) by: By,
}

impl FromRequestParts<Api> for Author {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let actor = parts.extensions.get::<Arc<Actor>>().ok_or_else(no_key)?;
        let kind = if matches!(actor.who, Who::Person(_)) { ByKind::User } else { ByKind::Key };
        let name = actor.who.name().ok_or_else(no_key)?.name;
        Ok(Self { caller, by: By { kind, name, role: actor.role, execution_id: None, once: None, depth: 0 } })
    }
}

/// Why a machine does not let something move; `unknown` is the code where there is no such state, and `hint` says where the
/// states are listed.
pub(super) fn not_moved(refused: &Refused, unknown: &'static str, hint: &'static str) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::UnknownState(..) => Problem::unprocessable(unknown, detail, hint),
        Refused::UnknownName { .. } => Problem::unprocessable("unknown_transition", detail, hint),
        Refused::NoReason { .. } => Problem::unprocessable("reason_required", detail, "say why, in reason"),
        Refused::NotBy { .. } => {
            Problem::new(StatusCode::FORBIDDEN, "transition_not_yours", detail, "ask one of those to do it")
        }
        Refused::Forbidden { .. } | Refused::Guarded { .. } => {
            let hint = "go another way, or have an admin change the states and the ways between them";
            Problem::conflict("transition_forbidden", detail, hint)
        }
    }
}
