//! The page at `/`: the newest executions, and the graph of one of them.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use capstan_domain::trigger_paths::{FORM, list_paths};
use capstan_domain::workflows::names;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::executions::{self, ExecutionRow};
use serde::Deserialize;
use uuid::Uuid;

use super::executions::load_with_outputs;
use crate::Api;
use crate::auth::{Caller, KEY_COOKIE, cookie};
use crate::page::{chosen::Chosen, overview, sign_in};
use crate::problem::Problem;

/// Executions in the list.
const EXECUTIONS_SHOWN: i64 = 30;
/// Forms that are linked.
const FORMS_SHOWN: i64 = 20;

#[derive(Deserialize)]
pub(crate) struct PageQuery {
    execution: Option<String>,
}

/// `GET /?execution`: without a key, a form to sign in.
pub(crate) async fn show(
    State(api): State<Api>,
    caller: Result<Caller, Problem>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) if problem.status == axum::http::StatusCode::UNAUTHORIZED => {
            return Ok((problem.status, sign_in::page(None)).into_response());
        }
        // The editor lets a person choose among their workspaces.
        Err(problem) if problem.code == "workspace_required" => return Ok(Redirect::to("/editor/").into_response()),
        Err(problem) => return Err(problem),
    };
    let mut transaction = caller.read().await?;
    let newest = ExecutionId(Uuid::max());
    let rows =
        executions::list(&mut transaction, caller.workspace_id, None, Some(false), newest, EXECUTIONS_SHOWN).await?;
    let forms = list_paths(&mut transaction, caller.workspace_id, FORM, FORMS_SHOWN).await?;
    transaction.commit().await?;
    let chosen = query.execution.or_else(|| rows.first().map(|row| row.execution_id.to_string()));
    let chosen = match chosen {
        Some(id) => Some(load_with_outputs(&api, &caller, &id).await?.0),
        None => None,
    };
    let names = names_of(&caller, rows.iter().chain(chosen.iter().map(|loaded| &loaded.row))).await?;
    let chosen = chosen
        .map(|loaded| {
            let state = loaded.state()?;
            Ok::<_, Problem>(Chosen::new(loaded.row, loaded.version, &state))
        })
        .transpose()?;
    Ok(overview::page(&overview::Overview {
        slug: &caller.slug,
        executions: &rows,
        names: &names,
        forms: &forms,
        chosen: chosen.as_ref(),
        has_mailbox: api.settings.mail_sandbox,
        is_signed_in: cookie(&headers, KEY_COOKIE).is_some() || api.people.token(&headers).is_some(),
    }))
}

/// The names of the workflows of those executions, by id.
async fn names_of(
    caller: &Caller,
    rows: impl Iterator<Item = &ExecutionRow>,
) -> Result<HashMap<Uuid, String>, Problem> {
    let workflow_ids: Vec<Uuid> = rows.map(|row| row.workflow_id).collect();
    let mut transaction = caller.read().await?;
    let names = names(&mut transaction, caller.workspace_id, &workflow_ids).await?;
    transaction.commit().await?;
    Ok(names)
}
