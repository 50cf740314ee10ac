//! Where a record may go, and moving it.

use axum::Json;
use axum::extract::{Path, Request};
use axum::response::Response;
use capstan_domain::machine::{Doer, Transition};
use capstan_domain::records::{Act, Goal, find, record_type};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::doing::{act, no_such, wished_revision};
use super::view::shown;
use super::{RECORD, RECORD_BYTES_MAX};
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;
use crate::routes::author::Author;
use crate::routes::id;

/// The ways that lead on from where a record is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordWays")]
pub(crate) struct WaysView {
    /// Where it is.
    state: String,
    items: Vec<WayView>,
}

/// One of them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordWay")]
pub(crate) struct WayView {
    /// What it is called, if it has a name.
    name: Option<String>,
    /// The state to which it leads.
    to: String,
    /// Whether who takes it has to say why.
    needs_reason: bool,
    /// Who may take it; everybody who may write, if nobody is listed.
    by: Vec<Doer>,
    /// Why its condition does not let the record pass; null if it does.
    why_not: Option<String>,
}

impl WayView {
    fn new(way: &Transition, record: &Value) -> Self {
        Self {
            name: way.name.clone(),
            to: way.to.clone(),
            needs_reason: way.needs_reason,
            by: way.by.clone(),
            why_not: way.holds(record).err(),
        }
    }
}

/// Where a record is to go: a state, or the name of a way.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordMove")]
pub(crate) struct RecordMove {
    /// A state of its type.
    to: Option<String>,
    /// The name of a way out of its state, in place of `to`.
    name: Option<String>,
    /// Why, for the history.
    reason: Option<String>,
    /// Only if it is still in that state.
    from: Option<String>,
}

/// `GET /records/{id}/transitions`: the ways out of its state, and which of them are open. 404 unknown. There may be dozens of
/// conditions, each of which may take its time, so none is looked at on a thread that serves others.
pub(crate) async fn list(caller: Caller, Path(record_id): Path<String>) -> Result<Json<WaysView>, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    let mut transaction = caller.read().await?;
    let row = find(&mut transaction, caller.workspace_id, record_id).await?.ok_or_else(|| no_such(record_id))?;
    let of = record_type(&mut transaction, caller.workspace_id, &row.type_name).await?;
    transaction.commit().await?;
    let (record, state) = (row.shown(), row.state.clone());
    let judged = spawn_blocking(move || {
        let ways = of.iter().flat_map(|of| of.machine.ways(&state));
        let items = ways.map(|way| WayView::new(way, &record)).collect();
        WaysView { state: state.clone(), items }
    });
    let ways = judged.await.map_err(|error| Problem::internal(format!("ways could not be judged: {error}")))?;
    Ok(Json(ways))
}

/// `POST /records/{id}/transitions {to | name, reason?, from?}`, perhaps with `If-Match`: the record. 403
/// `transition_not_yours`; 404 unknown; 409 `transition_forbidden`, `state_changed`; 412 if it has another revision; 422
/// `unknown_state`, `unknown_transition`, `reason_required`, `invalid_record`, `no_goal`; 429 `too_many_events`.
pub(crate) async fn create(
    author: Author,
    Path(record_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    let expected = wished_revision(request.headers())?;
    let RecordMove { to, name, reason, from } = body::typed(request, RECORD_BYTES_MAX).await?;
    let goal = match (to, name) {
        (Some(to), None) => Goal::State(to),
        (None, Some(name)) => Goal::Called(name),
        _ => {
            let detail = "the body says with one of to and name where the record is to go";
            return Err(Problem::unprocessable("no_goal", detail, "send a state in to, or the name of a way in name"));
        }
    };
    let what = Act::Transition { record_id, goal, from, reason, expected };
    Ok(shown(act(&author, what).await?.record))
}
