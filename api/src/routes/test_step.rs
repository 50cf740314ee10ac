//! Running one step of a draft for real: a graph of that step alone is tried out by the fleet, so that it runs where every
//! step runs, with the same guards, limits and metering, and leaves an execution to look at (docs/decisions/0028).

mod given;
mod show;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, WorkflowId};
use capstan_engine::store::start::IdempotencyKey;
use capstan_node_types::trial::{Given, OneStep, UNDER_TEST_MS_MAX, Untestable};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::Place;
use super::credentials::require_use;
use super::executions::{check_form, trigger};
use super::launch::{Launch, launch};
use super::trial::freeze;
use super::workflows::{find, invalid_graph};
use super::{idempotency_key, record};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::limit::Limit;
use crate::problem::Problem;
use crate::query::Query;
use crate::waiting::Wish;

/// How long the answer waits for the step, unless the request says otherwise.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TestStep")]
pub(crate) struct Asked {
    /// The step.
    node_id: String,
    /// Where the execution would have begun; the only trigger if absent.
    trigger: Option<String>,
    /// What the trigger gave.
    input: Option<Value>,
    /// What other steps gave, by node, as stubs.
    #[serde(default)]
    steps: Map<String, Value>,
    /// An execution whose record stands for what is absent here.
    #[schemars(with = "Option<crate::openapi::shapes::Id>")]
    of_execution: Option<ExecutionId>,
    /// The item of the container around it.
    item: Option<Value>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct TestQuery {
    wait: Option<String>,
}

/// What is to be run.
struct Prepared {
    node: NodeId,
    document: Value,
    graph: Graph,
    trigger: NodeId,
    input: Value,
    /// That of the step, filled in.
    config: Value,
}

/// `POST /workflows/{id}/draft/test-step {node_id, trigger?, input?, steps?, of_execution?, item?}` with an optional
/// `Idempotency-Key`: 200 with the outcome of one attempt, or with what it waits for; 202 if it takes longer than
/// `?wait`, 20 s. 422 `unknown_node`, `not_a_step`, `missing_input`, `bad_stub`, `given_too_large`, `invalid_graph`,
/// `other_workflow`; 409 `too_many_trials`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(limit): Extension<Limit>,
    Path(workflow_id): Path<String>,
    Query(query): Query<TestQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let wish = Wish::read(query.wait.as_deref(), request.headers())?;
    let key = idempotency_key(request.headers())?.map(str::to_owned);
    let asked: Asked = body::typed(request, BODY_BYTES_MAX).await?;
    let row = find(&caller, &workflow_id).await?;
    let workflow_id = WorkflowId(row.workflow_id);
    let past = match asked.of_execution {
        Some(id) => Some(record::of_workflow(&api, &caller, &actor, id, workflow_id).await?),
        None => None,
    };
    let prepared = prepare(&api, asked, &row.graph, past.as_ref()).await?;
    require_use(&actor, &prepared.graph)?;
    let wishes = json!([prepared.document, prepared.node]).to_string();
    let idempotency_key = key.map(|key| IdempotencyKey { key: format!("test-step:{key}"), wishes, content: None });
    let place = Place::take(&api, &caller, wish.map_or(WAIT, |wish| wish.span), limit)?;
    let version_id = freeze(&caller, workflow_id, &prepared.document, &prepared.graph).await?;
    let Prepared { node, trigger, input, config, .. } = prepared;
    let timeout_ms = Some(UNDER_TEST_MS_MAX);
    let launched =
        launch(&caller, Launch { workflow_id, version_id, trigger, input, timeout_ms, flow: None, idempotency_key })
            .await?;
    place.hear_of_step(&api, &caller, &launched).await;
    show::answer(&api, &caller, &launched, (&node, config)).await
}

/// The graph of the step alone, with all that it reads; refused if something is missing.
async fn prepare(
    api: &Api,
    asked: Asked,
    draft: &Value,
    past: Option<&super::executions::Loaded>,
) -> Result<Prepared, Problem> {
    let registry = Arc::clone(&api.registry);
    let step = OneStep::find(draft, &registry, &asked.node_id)?;
    let given: BTreeMap<String, Given> = given::find(&step, draft, &asked.steps, past)?;
    let item = asked.item.as_ref();
    let document = step.document(&given, item);
    let (document, compiled) = api.graphs.compile(document).await?;
    let graph = compiled.map_err(|problems| invalid_graph(&problems))?;
    let began = asked.trigger.or_else(|| past.map(|past| past.row.trigger_node_id.clone()));
    let trigger = trigger(&graph, began.as_deref())?;
    let input = asked.input.or_else(|| past.map(|past| past.row.input.clone()));
    let input = check_form(&graph, &trigger, input.unwrap_or_else(|| json!({})))?;
    let prepared =
        Prepared { node: NodeId::from(asked.node_id.as_str()), document, graph, trigger, input, config: Value::Null };
    let config = given::try_out(&prepared, &registry)?;
    Ok(Prepared { config, ..prepared })
}

impl From<Untestable> for Problem {
    fn from(untestable: Untestable) -> Self {
        let (code, hint) = match &untestable {
            Untestable::UnknownNode(..) => ("unknown_node", "name a node of the draft as \"node_id\""),
            Untestable::UnknownType(..) => ("unknown_node_type", "GET /api/v1/node-types lists those that there are"),
            Untestable::Trigger(_) => ("not_a_step", "run the draft with that trigger and an input instead"),
            Untestable::Container(_) => ("not_a_step", "test a node in it, with \"item\", or run the draft"),
        };
        Self::unprocessable(code, untestable.to_string(), hint)
    }
}
