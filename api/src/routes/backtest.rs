//! Backtest of a draft: what it would have made of the last executions of its workflow.

pub(crate) mod judge;
pub(crate) mod totals;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use capstan_domain::recording;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_engine::core::simulate::{Stubs, Unstubbed};
use capstan_node_types::simulate::Wish;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::record;
use super::simulate::{in_turn, runner};
use super::workflows::{find, invalid_graph};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::problem::Problem;
use judge::{Judged, judge};
use totals::totals;

/// Most executions of one backtest.
const EXECUTIONS_MAX: usize = 100;
const EXECUTIONS_DEFAULT: usize = 20;
/// No execution is begun with after that time, so that the answer comes within that of a request.
const TIME_MAX: Duration = Duration::from_secs(15);
/// Problems of one execution that do not end the backtest.
const UNCLEAR: [&str; 3] = [record::TOO_LARGE, "needs_newer_build", "not_found"];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Backtest")]
pub(crate) struct Asked {
    /// How many of the last executions that ended.
    executions: Option<usize>,
    /// What stands for effects of which there is no record, and before those of which there is.
    #[serde(default)]
    stubs: Map<String, Value>,
    #[serde(default)]
    #[schemars(with = "crate::openapi::shapes::Unstubbed")]
    unstubbed: Unstubbed,
}

/// What past executions are held against.
struct Draft {
    graph: Graph,
    document: Value,
    wish: Wish,
}

/// `POST /workflows/{id}/draft/backtest {executions?, stubs?, unstubbed?}`: 200 with what would have changed in each of
/// the last executions, newest first, and totals. 422 `invalid_graph`, `bad_stub`, `bad_executions`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let begun = Instant::now();
    let asked: Asked = body::typed(request, BODY_BYTES_MAX).await?;
    let count = asked.executions.unwrap_or(EXECUTIONS_DEFAULT);
    if !(1..=EXECUTIONS_MAX).contains(&count) {
        let (detail, hint) = ("executions is not in range", format!("ask for 1 to {EXECUTIONS_MAX}, or leave it out"));
        return Err(Problem::unprocessable("bad_executions", detail, hint));
    }
    let row = find(&caller, &workflow_id).await?;
    let (document, compiled) = api.graphs.compile(row.graph).await?;
    let graph = compiled.map_err(|problems| invalid_graph(&problems))?;
    let wish = Wish { stubs: asked.stubs, unstubbed: asked.unstubbed, ..Wish::default() };
    let draft = Arc::new(Draft { graph, document, wish });
    draft.check(&api)?;
    let ids = ended(&caller, WorkflowId(row.workflow_id), count).await?;
    let mut judged = Vec::new();
    for &id in &ids {
        if begun.elapsed() >= TIME_MAX {
            break;
        }
        judged.push(one(&api, &caller, &draft, id).await?);
    }
    let totals = totals(&judged, ids.len() - judged.len());
    Ok(Json(json!({ "totals": totals, "executions": judged })).into_response())
}

impl Draft {
    /// Whether what is given as stubs, or pinned, fits the draft.
    fn check(&self, api: &Api) -> Result<(), Problem> {
        let stubs = Stubs::read(&self.wish.stubs)?.or(Stubs::pinned(&self.document)?);
        Ok(stubs.check(&self.graph, &runner(&api.registry)?)?)
    }
}

async fn ended(caller: &Caller, workflow_id: WorkflowId, count: usize) -> Result<Vec<ExecutionId>, Problem> {
    let limit = i64::try_from(count).unwrap_or(i64::MAX);
    let mut transaction = caller.read().await?;
    let ids = recording::ended(&mut transaction, caller.workspace_id, workflow_id, limit).await?;
    transaction.commit().await?;
    Ok(ids)
}

/// One execution at a time is read and simulated, so that no more than that is in memory.
async fn one(api: &Api, caller: &Caller, draft: &Arc<Draft>, id: ExecutionId) -> Result<Judged, Problem> {
    let past = match record::load(api, caller, id).await {
        Ok(past) => past,
        Err(problem) if UNCLEAR.contains(&problem.code) => return Ok(Judged::unclear(id, &problem)),
        Err(problem) => return Err(problem),
    };
    let (registry, draft) = (Arc::clone(&api.registry), Arc::clone(draft));
    in_turn(move || judge(&registry, &past, &draft)).await?
}
