//! From a draft to a version.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::rules;
use capstan_domain::trigger_paths::{BOOKING, EMAIL, FORM, trigger_paths};
use capstan_domain::triggers::{Triggers, keep_in_step};
use capstan_domain::workflows as names;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::core::problem::Problem as Finding;
use capstan_engine::core::prove::{CODES, Proof};
use capstan_engine::store::workflows::{self, About, PathTaken, VersionRow};
use capstan_node_types::triggers::triggers_of;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::credentials::{credential_findings, require_use};
use super::execution_triggers::source_findings;
use super::leads::form_findings;
use super::workflows::{find, invalid_graph, require_object};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::mail_in::address::of as of_mails;
use crate::problem::Problem;
use crate::query::Query;

/// Most versions that a list shows: the newest.
const VERSIONS_MAX: i64 = 100;
/// Most characters of what a version is called, and of what is said of it.
const NAME_CHARS_MAX: usize = 100;
const NOTE_CHARS_MAX: usize = 2_000;
/// Most bytes of both.
const ABOUT_BYTES_MAX: usize = 32 * 1024;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    graph: Value,
}

/// What an author accepts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishQuery {
    /// Codes of findings that are errors and may stay, with commas between them.
    #[serde(default)]
    accept: String,
}

/// What people say of the version that they publish.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// What to call it, at most 100 characters.
    name: Option<String>,
    /// What is new in it, at most 2,000 characters.
    note: Option<String>,
}

/// `POST /workflows/validate {graph}`: 200 `{valid, problems, proof}`.
pub(crate) async fn validate(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let candidate: Candidate = body::typed(request, BODY_BYTES_MAX).await?;
    require_object(&candidate.graph)?;
    let (document, proved) = api.graphs.prove(candidate.graph).await?;
    Ok(verdict(in_workspace(&caller, None, &document, proved).await?))
}

/// `POST /workflows/{id}/validate`: the same for the draft.
pub(crate) async fn validate_draft(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
) -> Result<Response, Problem> {
    let row = find(&caller, &workflow_id).await?;
    let own = Some(WorkflowId(row.workflow_id));
    let (document, proved) = api.graphs.prove(row.graph).await?;
    Ok(verdict(in_workspace(&caller, own, &document, proved).await?))
}

/// `POST /workflows/{id}/publish {name?, note?}`: the draft becomes the next version (201), and its forms and hooks answer from now
/// on. 422 `invalid_graph` with all problems; 422 `never_right` with all findings that are errors and not accepted; 422 `unknown_accept`; 409
/// `path_taken` if another workflow has a path of it, or `too_many_triggers`.
pub(crate) async fn publish(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Path(workflow_id): Path<String>,
    Query(query): Query<PublishQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let about = about(body::typed_or_default(request, ABOUT_BYTES_MAX).await?)?;
    let row = find(&caller, &workflow_id).await?;
    let id = WorkflowId(row.workflow_id);
    let (document, proved) = api.graphs.prove(row.graph).await?;
    let (graph, proof) = proved.map_err(|problems| invalid_graph(&problems))?;
    refuse_errors(&proof, &query.accept)?;
    require_use(&actor, &graph)?;
    let mut proven = Proven { document, graph, proof };
    let mut transaction = caller.write().await?;
    let (version, paths) = put_forth(&mut transaction, &caller, id, &mut proven, &about).await?;
    let before = json!({ "published": Some(version.number - 1).filter(|number| *number > 0) });
    let told = json!({ "name": version.name, "note": version.note });
    caller.differs(&mut transaction, &before, &json!({ "published": version.number, "version": told })).await?;
    transaction.commit().await?;
    api.graphs.current.forget(&(caller.workspace_id, id, None)).await;
    let location = format!("/api/v1/workflows/{id}/versions");
    let mut shown = show(&version);
    shown["proof"] = json!(proven.proof);
    shown["triggers"] = paths.iter().map(|path| address(&api, &caller, path)).collect();
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown)).into_response())
}

/// A graph that may be published.
pub(super) struct Proven {
    pub(super) document: Value,
    pub(super) graph: Graph,
    pub(super) proof: Proof,
}

/// Makes a draft the next version of its workflow, whose triggers are those of that from now on; unless a rule that is disabled
/// made the workflow: then it has none. The version, and the paths of its forms and hooks.
pub(super) async fn put_forth(
    transaction: &mut PgConnection,
    caller: &Caller,
    id: WorkflowId,
    proven: &mut Proven,
    about: &About,
) -> Result<(VersionRow, Vec<TriggerAt>), Problem> {
    let Proven { document, graph, proof } = proven;
    let is_off = rules::is_off(transaction, caller.workspace_id, id).await?;
    let mut missing = credential_findings(transaction, caller.workspace_id, graph, document).await?;
    missing.extend(source_findings(transaction, caller.workspace_id, Some(id), graph, document).await?);
    if !missing.is_empty() {
        return Err(invalid_graph(&missing));
    }
    form_findings(transaction, caller.workspace_id, graph, proof).await?;
    let (paths, triggers) = triggers(graph, id, !is_off);
    let published = workflows::publish(transaction, caller.workspace_id, id, document, graph, &paths, about).await?;
    let version = published.map_err(|taken| path_taken(&taken))?;
    // It is locked now: whoever deletes its rule either has hidden it, or takes these triggers from it.
    if !names::is_there(transaction, caller.workspace_id, id).await? {
        return Err(Problem::not_found("workflow", &id.to_string()));
    }
    super::hooks::require_secrets(transaction, caller.workspace_id, graph).await?;
    keep_triggers(transaction, caller, &version, &triggers).await?;
    Ok((version, paths))
}

/// Where a trigger answers: kind, path and node.
pub(super) type TriggerAt = (&'static str, String, String);

/// What starts a graph by itself, if anything may.
pub(super) fn triggers(graph: &Graph, id: WorkflowId, may_start: bool) -> (Vec<TriggerAt>, Triggers) {
    if may_start { (trigger_paths(graph, id), triggers_of(graph)) } else { (Vec::new(), Triggers::default()) }
}

pub(super) async fn keep_triggers(
    transaction: &mut PgConnection,
    caller: &Caller,
    version: &VersionRow,
    triggers: &Triggers,
) -> Result<(), Problem> {
    let (workflow_id, version_id) = (WorkflowId(version.workflow_id), VersionId(version.version_id));
    let kept = keep_in_step(transaction, caller.workspace_id, workflow_id, version_id, triggers).await?;
    kept.map_err(|flaw| {
        Problem::conflict("too_many_triggers", flaw.to_string(), "publish workflows without theirs first")
    })
}

pub(super) fn path_taken(taken: &PathTaken) -> Problem {
    let detail = format!("another {} of this workspace already answers at \"{}\"", taken.kind, taken.path);
    Problem::conflict("path_taken", detail, "give the trigger another path")
}

/// `GET /workflows/{id}/versions`: newest first.
pub(crate) async fn versions(caller: Caller, Path(workflow_id): Path<String>) -> Result<Response, Problem> {
    let id = WorkflowId(find(&caller, &workflow_id).await?.workflow_id);
    let mut transaction = caller.read().await?;
    let rows = workflows::versions(&mut transaction, caller.workspace_id, id, VERSIONS_MAX).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "items": rows.iter().map(show).collect::<Vec<_>>() })).into_response())
}

/// Blank is as good as absent.
fn about(NewVersion { name, note }: NewVersion) -> Result<About, Problem> {
    let fitting = |what: &str, text: Option<String>, chars_max: usize| {
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > chars_max) {
            let hint = format!("write at most {chars_max} characters");
            return Err(Problem::unprocessable(
                "text_too_long",
                format!("the {what} of the version is too long"),
                hint,
            ));
        }
        Ok(text)
    };
    Ok(About { name: fitting("name", name, NAME_CHARS_MAX)?, note: fitting("note", note, NOTE_CHARS_MAX)? })
}

pub(super) fn refuse_errors(proof: &Proof, accept: &str) -> Result<(), Problem> {
    let accepted: Vec<&str> = accept.split(',').map(str::trim).filter(|code| !code.is_empty()).collect();
    refuse_unknown(&accepted)?;
    let errors = proof.errors(&accepted);
    let Some(first) = errors.first() else { return Ok(()) };
    let detail = format!("the graph holds what can never be right: {}", first.detail);
    let hint = format!("correct it, or publish with ?accept={} to leave it as it is", first.code);
    Err(Problem::unprocessable("never_right", detail, hint).findings(errors))
}

/// 422 `unknown_accept` with the codes that no finding has, so that one which was mistyped is not taken in silence.
fn refuse_unknown(accepted: &[&str]) -> Result<(), Problem> {
    let unknown: Vec<String> = accepted
        .iter()
        .filter(|code| !CODES.contains(code))
        .map(|code| format!("{:?}", code.chars().take(NAME_CHARS_MAX).collect::<String>()))
        .take(CODES.len())
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let detail = format!("accept names {}, which no finding has as its code", unknown.join(", "));
    let hint =
        format!("name codes of findings that are errors, with commas between them; there are {}", CODES.join(", "));
    Err(Problem::unprocessable("unknown_accept", detail, hint))
}

/// The same with what is found with the workspace as it is: problems if a node names a credential that is missing or does not
/// fit, or a trigger a workflow that is missing, else findings about leads of forms.
async fn in_workspace(
    caller: &Caller,
    own: Option<WorkflowId>,
    document: &Value,
    proved: Result<(Graph, Proof), Vec<Finding>>,
) -> Result<Result<(Graph, Proof), Vec<Finding>>, Problem> {
    let (graph, mut proof) = match proved {
        Ok(proved) => proved,
        Err(problems) => return Ok(Err(problems)),
    };
    // It locks rows for a moment, and changes nothing.
    let mut transaction = caller.write().await?;
    let mut missing = credential_findings(&mut transaction, caller.workspace_id, &graph, document).await?;
    missing.extend(source_findings(&mut transaction, caller.workspace_id, own, &graph, document).await?);
    form_findings(&mut transaction, caller.workspace_id, &graph, &mut proof).await?;
    transaction.rollback().await?;
    Ok(if missing.is_empty() { Ok((graph, proof)) } else { Err(missing) })
}

fn verdict(proved: Result<(Graph, Proof), Vec<Finding>>) -> Response {
    let (problems, proof) = match proved {
        Ok((_, proof)) => (Vec::new(), Some(proof)),
        Err(problems) => (problems, None),
    };
    Json(json!({ "valid": problems.is_empty(), "problems": problems, "proof": proof })).into_response()
}

/// Where a trigger answers. Mails come to an address, once the server takes any: null before.
fn address(api: &Api, caller: &Caller, (kind, path, node_id): &TriggerAt) -> Value {
    let slug = &caller.slug;
    let url = match *kind {
        EMAIL => {
            let url = api.settings.mail_in.as_ref().map(|mails| of_mails(path, caller.workspace_id, &mails.domain));
            return json!({ "kind": kind, "node_id": node_id, "url": url.map(|address| format!("mailto:{address}")) });
        }
        FORM => format!("/p/{slug}/{path}"),
        BOOKING => format!("/api/webhook/calendly/{slug}/{path}"),
        _ => format!("/hooks/{slug}/{path}"),
    };
    json!({ "kind": kind, "node_id": node_id, "url": url })
}

pub(super) fn show(row: &VersionRow) -> Value {
    json!({
        "id": row.version_id,
        "workflow_id": row.workflow_id,
        "number": row.number,
        "semantics": row.semantics,
        "name": row.name,
        "note": row.note,
        "created_at": row.created_at,
    })
}
