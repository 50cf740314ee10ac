//! Having an execution that stands still go on with another version of its workflow.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::core::migrate::Misfit;
use capstan_engine::store::bulk::Onto;
use capstan_engine::store::migration::{Migrated, migrate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::executions::{Loaded, load};
use super::signals::check_reason;
use super::which_version::version;
use crate::Api;
use crate::auth::Holder;
use crate::body;
use crate::problem::{Finding, Problem};

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 16 * 1024;
/// How long a lease is waited for that somebody is about to take, or to give up.
const LEASE_WAIT_MS: u32 = 1_000;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Migrate")]
pub(crate) struct Wish {
    /// An id, or `latest`, as if it is absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    version_id: Onto,
    /// Why, for people.
    reason: Option<String>,
    /// Only tells whether it fits.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MigrationPlan")]
pub(crate) struct Planned {
    #[schemars(with = "crate::openapi::shapes::Id")]
    from_version_id: VersionId,
    #[schemars(with = "crate::openapi::shapes::Id")]
    version_id: VersionId,
    /// Whether the execution can go on with the version.
    fits: bool,
    /// Whether it does from now on.
    migrated: bool,
    /// Why it cannot.
    #[schemars(with = "Vec<crate::openapi::shapes::Misfit>")]
    reasons: Vec<Misfit>,
}

/// `POST /executions/{id}/migrate {version_id?, reason?, dry_run?}`: 200 with the plan; without `dry_run` the execution goes on with
/// the version, the newest one if none is named. 409 `does_not_fit` with all reasons, `same_version`, `is_trial`, `execution_running`,
/// `execution_changed`, `execution_ended`.
pub(crate) async fn create(
    State(api): State<Api>,
    holder: Holder,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let wish: Wish = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    check_reason(wish.reason.as_deref().unwrap_or_default())?;
    let loaded = load(&api, &caller, &execution_id).await?;
    let wanted = match wish.version_id {
        Onto::Named(version_id) => Some(version_id),
        Onto::Own | Onto::Latest => None,
    };
    let (to, version) = version(&api, &caller, WorkflowId(loaded.row.workflow_id), wanted).await?;
    check(&loaded, to)?;
    let reasons = loaded.recorded().misfits(&version.graph.begun_at(&loaded.row.trigger_node_id))?;
    let mut planned = Planned {
        from_version_id: VersionId(loaded.row.version_id),
        version_id: to,
        fits: reasons.is_empty(),
        migrated: false,
        reasons,
    };
    if wish.dry_run {
        return Ok(Json(planned).into_response());
    }
    if !planned.fits {
        return Err(misfit(&planned.reasons));
    }
    let migration = loaded.recorded().migration(to, &key.name, wish.reason.as_deref());
    let mut transaction = caller.write().await?;
    let migrated = migrate(&mut transaction, &[migration], LEASE_WAIT_MS).await?;
    transaction.commit().await?;
    match migrated.first() {
        Some(Migrated::Done) => planned.migrated = true,
        Some(Migrated::Running) => return Err(running()),
        Some(Migrated::Changed) => return Err(changed()),
        Some(Migrated::Unknown) | None => return Err(Problem::not_found("execution", &execution_id)),
    }
    Ok(Json(planned).into_response())
}

fn check(loaded: &Loaded, to: VersionId) -> Result<(), Problem> {
    if loaded.row.ended_at.is_some() {
        let detail = format!("the execution has ended: it is {}", loaded.row.status);
        return Err(Problem::conflict("execution_ended", detail, "restart it on the other version"));
    }
    if loaded.row.trial {
        let detail = "the execution is a trial of a draft, which no version takes over";
        return Err(Problem::conflict("is_trial", detail, "run the draft again, or start the version"));
    }
    if loaded.row.version_id == to.0 {
        let detail = format!("the execution has version \"{to}\" already");
        return Err(Problem::conflict("same_version", detail, "publish another version, or name one"));
    }
    Ok(())
}

fn misfit(reasons: &[Misfit]) -> Problem {
    let findings = reasons.iter().map(|reason| Finding {
        code: "misfit",
        pointer: "/version_id".into(),
        detail: reason.to_string(),
        hint: "keep what has run as it was; what has not may differ".into(),
    });
    let detail = "the execution cannot go on with that version: its journal would lead to another state";
    let hint = "each entry of errors names a step; let it end on its own version, or restart it on the other one";
    Problem::conflict("does_not_fit", detail, hint).findings(findings)
}

fn running() -> Problem {
    let detail = "a worker holds the execution, and nobody exchanges its version meanwhile";
    Problem::conflict("execution_running", detail, "pause it, and come again once it stands still")
}

fn changed() -> Problem {
    let detail = "the execution has got on since it was looked at";
    Problem::conflict("execution_changed", detail, "come again, or pause it before")
}
