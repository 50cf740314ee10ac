//! Server-sent events of a workspace.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::sse::Sse;
use axum::response::{IntoResponse, Response};
use capstan_domain::changes::{NoPosition, Position};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::query::Query;
use crate::stream::{Allowed, EVENTS_WAITING_MAX, Listener};

const LAST_EVENT_ID: &str = "last-event-id";

/// It takes no parameters.
#[derive(Deserialize)]
pub(crate) struct StreamQuery {}

/// `GET /stream`: `ready`, from where on nothing is missed (unless `Last-Event-ID` names a position to go on from), then `execution`,
/// `lead`, `record`, `workflow`, `approval` and `alert` as something is new of one, as far as the caller may read them and the workspace
/// has their pages; `beat` where
/// nothing is, with the position; `reset` where it is not known what was missed: everything is to be loaded anew. Positions hold in
/// each process. 400 `unknown_parameter`, 503 `too_many_listeners`.
pub(crate) async fn listen(
    State(api): State<Api>,
    caller: Caller,
    Query(StreamQuery {}): Query<StreamQuery>,
    parts: Parts,
) -> Result<Response, Problem> {
    let allowed = Allowed::now(&api, &parts, caller.workspace_id).await?;
    let seat = api.listeners.seats.take(caller.workspace_id)?;
    let subscription = api.listeners.subscribe(seat, &caller.cell, caller.workspace_id);
    let (out, events) = mpsc::channel(EVENTS_WAITING_MAX);
    let listener = Listener {
        allowed,
        last: last_position(&parts.headers),
        workspace_id: caller.workspace_id,
        cell: caller.cell,
        subscription,
        parts,
        api,
    };
    tokio::spawn(listener.run(out));
    Ok(Sse::new(ReceiverStream::new(events).map(Ok::<_, Infallible>)).into_response())
}

/// A header that is empty names none.
fn last_position(headers: &HeaderMap) -> Option<Result<Position, NoPosition>> {
    let last = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty())?;
    Some(last.to_str().map_err(|_| NoPosition).and_then(|last| last.trim().parse()))
}
