//! Server-sent events of one execution.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use capstan_domain::access::Permission;
use capstan_domain::history;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::journal::Entry;
use capstan_engine::store::executions::ExecutionRow;
use futures::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::executions::{Loaded, load};
use crate::Api;
use crate::auth::{self, Caller};
use crate::live::{News, Story, Told, Watch};
use crate::problem::Problem;
use crate::view::ExecutionView;

/// How often a comment keeps a quiet stream open.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked whether who watches still may: workspaces are suspended, keys revoked, sessions ended.
const ADMITTED_EVERY: Duration = Duration::from_secs(5);
/// Longest life of a stream; clients come back by themselves with `Last-Event-ID`, if their key still opens.
const STREAM_LIFE_MAX: Duration = Duration::from_secs(600);
const LAST_EVENT_ID: &str = "last-event-id";

/// `GET /executions/{id}/events`: `snapshot` with null for inputs and outputs (unless `Last-Event-ID` names a journal position to go on from), then
/// `step` for each change of a step, `status` if the execution becomes an incident or paused, or goes on, `ending` once it is settled that it fails or is cancelled
/// and its clean-up still runs, at last `end`. The id of an event
/// is its journal position; of several events of one position only the last has it, so that none is lost. Who may not watch any
/// more is cut off within seconds.
pub(crate) async fn follow(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    let loaded = load(&api, &caller, &execution_id).await?;
    let id = ExecutionId(loaded.row.execution_id);
    let ended = loaded.row.ended_at.is_some().then(|| loaded.row.status.clone());
    let (mut story, mut events) = begin(loaded, last_position(&parts.headers))?;
    let news = match ended {
        Some(status) => {
            events.push(end(&status));
            stream::empty().boxed()
        }
        None => {
            let seat = api.hub.watchers.take(caller.workspace_id)?;
            let watch = api.hub.watch(seat, &caller.cell, caller.workspace_id, id, story.position());
            if watch.position > story.position() {
                let mut transaction = caller.read().await?;
                let missed = history::outline(&mut transaction, caller.workspace_id, id, story.position()).await?;
                transaction.commit().await?;
                events.extend(tell_all(&mut story, &missed)?);
            }
            follow_up(story, watch).boxed()
        }
    };
    let (closing, workspace_id) = (api.closing.clone(), caller.workspace_id);
    let over = async move {
        let shut_out = timeout(STREAM_LIFE_MAX, shut_out(&api, &parts, workspace_id));
        let _ = closing.run_until_cancelled(shut_out).await;
    };
    let stream = stream::iter(events).chain(news).take_until(over).map(Ok::<_, Infallible>);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_EVERY)).into_response())
}

/// Waits until whoever watches may not do so any more. That nobody can tell just now shuts nobody out.
async fn shut_out(api: &Api, parts: &Parts, workspace_id: WorkspaceId) {
    loop {
        sleep(ADMITTED_EVERY).await;
        let admitted = auth::admit_again(api, &mut parts.clone(), Permission::ExecutionsRead, workspace_id).await;
        if admitted.is_err_and(|problem| problem.status.is_client_error()) {
            return;
        }
    }
}

/// Folds what there is; answers what the client has not seen of it.
fn begin(loaded: Loaded, last: Option<i32>) -> Result<(Story, Vec<Event>), Problem> {
    let Loaded { row, version, entries, .. } = &loaded;
    let newest = entries.last().map_or(0, |&(position, _)| position);
    // A position from the future is none of ours: begin anew.
    let seen = last.filter(|&last| last <= newest);
    let upto = seen.unwrap_or(newest);
    let known = entries.partition_point(|&(position, _)| position <= upto);
    let state = history::state(row, &version.graph, entries[..known].iter().map(|(_, entry)| entry))?;
    let ending = loaded.ending(&state);
    let Loaded { row, version, entries, .. } = loaded;
    // A watcher may stay long and read slowly, so it holds nothing large.
    let row = ExecutionRow { input: Value::Null, output: None, ..row };
    let mut events = Vec::new();
    if seen.is_none() {
        let mut snapshot = ExecutionView::new(row, &version.graph, &state);
        snapshot.summary.ending = ending;
        events.push(event("snapshot", &snapshot).id(newest.to_string()));
    }
    let mut story = Story::new(Arc::clone(&version), state, upto);
    events.extend(tell_all(&mut story, &entries[known..])?);
    Ok((story, events))
}

fn tell_all(story: &mut Story, entries: &[(i32, Entry)]) -> Result<Vec<Event>, Problem> {
    let mut events = Vec::new();
    for (position, entry) in entries {
        events.extend(tell(story, *position, entry)?);
    }
    Ok(events)
}

fn tell(story: &mut Story, position: i32, entry: &Entry) -> Result<Vec<Event>, Problem> {
    let (before, was_ending) = (story.standing(), story.is_ending());
    let told: Vec<Told> = story.tell(position, entry)?;
    let mut events: Vec<Event> = told.iter().map(|step| event("step", step)).collect();
    if let Some(status) = story.standing().filter(|_| story.standing() != before) {
        events.push(event("status", &json!({ "status": status })));
    }
    if !was_ending
        && story.is_ending()
        && let Some(ending) = story.ending(entry)
    {
        events.push(event("ending", &ending));
    }
    if let Some(last) = events.pop() {
        events.push(last.id(position.to_string()));
    }
    Ok(events)
}

/// Events as they come; ends with the execution, or when the client is too slow: it resumes where it was.
fn follow_up(story: Story, watch: Watch) -> impl Stream<Item = Event> {
    let told = stream::unfold(Some((story, watch)), |following| async {
        let (mut story, mut watch) = following?;
        match watch.news.recv().await {
            Ok(News::Entry(position, entry)) => match tell(&mut story, position, &entry) {
                Ok(events) => Some((events, Some((story, watch)))),
                Err(problem) => {
                    tracing::error!(cause = problem.internal, "a live stream was given up");
                    None
                }
            },
            Ok(News::Ended(status)) => Some((vec![end(&status)], None)),
            Err(_) => None,
        }
    });
    told.flat_map(stream::iter)
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Views hold no maps with keys other than text, so they always are JSON.
    Event::default().event(name).json_data(data).unwrap_or_else(|_| Event::default().comment("unreadable"))
}

fn end(status: &str) -> Event {
    event("end", &json!({ "status": status }))
}

fn last_position(headers: &HeaderMap) -> Option<i32> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.trim().parse().ok().filter(|&position| position >= 0)
}
