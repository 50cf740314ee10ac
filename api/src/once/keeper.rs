//! Where keys of requests are kept: those of a workspace in its cell, those that a person sends for none in `control`.

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::request::Parts;
use capstan_domain::access::Tenant;
use capstan_domain::request_keys::{Owner, tidy_of_persons};
use capstan_engine::core::ids::WorkspaceId;
use sqlx::PgTransaction;
use tokio::time::sleep;
use uuid::Uuid;

use crate::actor::Actor;
use crate::auth::Caller;
use crate::permit::Access;
use crate::problem::Problem;
use crate::{Api, Parts as ApiParts};

/// Time between two rounds in which persons' keys that are past their time go; one that finds none is one statement.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// What answers of persons are sealed for: no workspace.
const NOBODY: WorkspaceId = WorkspaceId(Uuid::nil());

/// Who sends a key.
pub(super) struct Asker {
    /// Of their key, or of the person.
    pub(super) id: Uuid,
    /// The workspace that the request changes; nothing where its route needs none.
    pub(super) tenant: Option<Tenant>,
}

impl Asker {
    /// Whom the route's guard let in.
    pub(super) fn of(parts: &Parts, access: Access) -> Option<Self> {
        let actor = parts.extensions.get::<Arc<Actor>>()?;
        let id = actor.who.name()?.key_id;
        match access {
            Access::Needs(_) => Some(Self { id, tenant: Some(actor.tenant.clone()?) }),
            Access::Public | Access::User | Access::Platform | Access::Anyone => Some(Self { id, tenant: None }),
        }
    }
}

/// Where keys are kept.
pub(super) enum Keeper {
    /// In the cell of a workspace.
    Workspace(Caller),
    /// In `control`, for this person.
    Person(Uuid),
}

impl Keeper {
    pub(super) async fn of(api: &Api, asker: Asker) -> Result<Self, Problem> {
        match asker.tenant {
            Some(tenant) => Ok(Self::Workspace(Caller::new(api, tenant).await?)),
            None => Ok(Self::Person(asker.id)),
        }
    }

    pub(super) async fn write(&self, api: &Api) -> Result<PgTransaction<'static>, Problem> {
        match self {
            Self::Workspace(caller) => caller.write().await,
            Self::Person(_) => Ok(api.people.pool.begin().await?),
        }
    }

    pub(super) fn owner(&self) -> Owner {
        match self {
            Self::Workspace(caller) => Owner::Workspace(caller.workspace_id),
            Self::Person(user_id) => Owner::Person(*user_id),
        }
    }

    /// What answers are sealed for: workspace and kind.
    pub(super) fn sealed_for(&self) -> (WorkspaceId, &'static str) {
        match self {
            Self::Workspace(caller) => (caller.workspace_id, "request_answer"),
            Self::Person(_) => (NOBODY, "person_answer"),
        }
    }
}

/// Removes persons' keys that are past their time, as long as the API exists. Those of workspaces go with the upkeep of their cells.
pub(crate) async fn tend(api: Weak<ApiParts>) {
    loop {
        sleep(TIDY_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        if let Err(problem) = tidy(&api).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "old idempotency keys of persons are still there; it will be tried again");
        }
    }
}

/// Processes that come together take different rows.
async fn tidy(api: &ApiParts) -> Result<(), Problem> {
    loop {
        let mut transaction = api.people.pool.begin().await?;
        let gone = tidy_of_persons(&mut transaction).await?;
        transaction.commit().await?;
        if gone == 0 {
            return Ok(());
        }
    }
}
