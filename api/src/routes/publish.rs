//! From a draft to a version.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::trigger_paths::{BOOKING, EMAIL, FORM, trigger_paths};
use capstan_domain::triggers::keep_in_step;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::core::problem::Problem as Finding;
use capstan_engine::core::prove::{CODES, Proof};
use capstan_engine::store::workflows::{self, About, VersionRow};
use capstan_node_types::triggers::triggers_of;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

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
    let (graph, mut proof) = proved.map_err(|problems| invalid_graph(&problems))?;
    refuse_errors(&proof, &query.accept)?;
    require_use(&actor, &graph)?;
    let paths = trigger_paths(&graph, id);
    let mut transaction = caller.write().await?;
    let mut missing = credential_findings(&mut transaction, caller.workspace_id, &graph, &document).await?;
    missing.extend(source_findings(&mut transaction, caller.workspace_id, Some(id), &graph, &document).await?);
    if !missing.is_empty() {
        return Err(invalid_graph(&missing));
    }
    form_findings(&mut transaction, caller.workspace_id, &graph, &mut proof).await?;
    let published =
        workflows::publish(&mut transaction, caller.workspace_id, id, &document, &graph, &paths, &about).await?;
    let version = published.map_err(|taken| {
        let detail = format!("another {} of this workspace already answers at \"{}\"", taken.kind, taken.path);
        Problem::conflict("path_taken", detail, "give the trigger another path")
    })?;
    let version_id = VersionId(version.version_id);
    super::hooks::require_secrets(&mut transaction, caller.workspace_id, &graph).await?;
    let triggers = triggers_of(&graph);
    let kept = keep_in_step(&mut transaction, caller.workspace_id, id, version_id, &triggers).await?;
    kept.map_err(|flaw| {
        Problem::conflict("too_many_triggers", flaw.to_string(), "publish workflows without theirs first")
    })?;
    transaction.commit().await?;
    api.graphs.current.forget(&(caller.workspace_id, id, None)).await;
    let location = format!("/api/v1/workflows/{id}/versions");
    let mut shown = show(&version);
    shown["proof"] = json!(proof);
    shown["triggers"] = paths.iter().map(|path| address(&api, &caller, path)).collect();
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown)).into_response())
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
fn address(api: &Api, caller: &Caller, (kind, path, node_id): &(&'static str, String, String)) -> Value {
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
