//! Files on their way in: each becomes a draft, or is told why not.

use axum::Json;
use axum::extract::{Request, State};
use capstan_domain::quotas;
use capstan_domain::workflow_files::{
    Fate, OnConflict, Present, PresentRow, fate, find_present, left_out, mark_imported, portable, refilled, sum,
    take_all,
};
use capstan_domain::workflows::rename;
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::core::problem::Problem as Flaw;
use capstan_engine::store::workflows;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{About, File};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::openapi::shapes::Id;
use crate::problem::{Finding, Problem};
use crate::routes::workflows::{NAME_CHARS_MAX, check_name};

/// Most files of a request.
const FILES_MAX: usize = 50;
/// Most findings about a file that are told.
const FLAWS_MAX: usize = 20;
/// What is put behind the name of a copy.
const COPY: &str = " (imported)";
/// The version of ids that we make.
const ID_VERSION: usize = 7;

/// Files that come in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WorkflowImport")]
pub(crate) struct Wish {
    /// 1 to 50.
    workflows: Vec<File>,
    #[serde(default)]
    on_conflict: Conflicts,
    /// Only tells what would become of them.
    #[serde(default)]
    dry_run: bool,
}

/// What is done where both a file and the draft here have changed.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WorkflowImportConflicts")]
pub(crate) enum Conflicts {
    /// It is told, and nothing is written.
    #[default]
    Report,
    /// The draft becomes what the file has.
    Overwrite,
    /// The file becomes a workflow of its own.
    Copy,
}

/// What became of the files.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WorkflowImported")]
pub(crate) struct Imported {
    dry_run: bool,
    /// In the order of the request.
    items: Vec<Item>,
}

/// What became of one, or would.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WorkflowImportedItem")]
pub(crate) struct Item {
    /// Of the workflow that it is now; of a copy or a new one that is not made yet, none.
    #[schemars(with = "Option<Id>")]
    id: Option<Uuid>,
    name: String,
    result: Outcome,
    /// Of the draft, if it was written.
    revision: Option<i32>,
    /// Where something was left out when it went out, and is to be filled in: JSON pointers, 20 at most.
    left_out: Vec<String>,
    /// What is wrong with the graph, which is kept as a draft all the same: 20 at most.
    #[schemars(with = "Vec<crate::openapi::shapes::GraphProblem>")]
    problems: Vec<Flaw>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WorkflowImportOutcome")]
pub(crate) enum Outcome {
    /// It is a new workflow, with the id of the file.
    Created,
    /// The draft is what the file has.
    Updated,
    /// It was so already.
    Unchanged,
    /// The draft had changed, and is what the file has all the same.
    Overwritten,
    /// The draft had changed: the file is a workflow of its own.
    Copied,
    /// The draft has changed, and stays.
    Conflict,
    /// The workflow was deleted here: restore it first.
    Deleted,
    /// The plan allows no more workflows.
    NoRoom,
}

/// A file that was looked at.
struct Candidate {
    id: WorkflowId,
    is_known: bool,
    name: String,
    base: Option<String>,
    graph: Value,
}

/// `POST /workflows/import {workflows, on_conflict?, dry_run?}`: what became of each. All that is written is one transaction. A draft is
/// replaced only if it is what the file began from, or what was last imported here. 422 `invalid_file`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Json<Imported>, Problem> {
    let Wish { workflows, on_conflict, dry_run } = body::typed(request, BODY_BYTES_MAX).await?;
    let candidates = looked_at(workflows)?;
    let on_conflict = match on_conflict {
        Conflicts::Report => OnConflict::Report,
        Conflicts::Overwrite => OnConflict::Overwrite,
        Conflicts::Copy => OnConflict::Copy,
    };
    let mut transaction = if dry_run { caller.read().await? } else { caller.write().await? };
    if !dry_run {
        // Files come in one request after the other, so that no two wait for each other's workflows.
        caller.hold(&mut transaction, "files of workflows").await?;
        let ids: Vec<Uuid> = candidates.iter().map(|it| it.id.0).collect();
        take_all(&mut transaction, caller.workspace_id, &ids).await?;
    }
    let (mut items, mut before, mut after) = (Vec::new(), json!({}), json!({}));
    for candidate in candidates {
        let id = candidate.id.to_string();
        let present = find_present(&mut transaction, caller.workspace_id, candidate.id, !dry_run).await?;
        let item = import(&mut transaction, &api, &caller, candidate, present.as_ref(), (on_conflict, dry_run)).await?;
        if let (Some(revision), Some(item_id)) = (item.revision, item.id) {
            let was = present.filter(|_| item_id.to_string() == id);
            before[item_id.to_string()] =
                was.map_or(Value::Null, |row| json!({ "name": row.name, "revision": row.revision }));
            after[item_id.to_string()] = json!({ "name": item.name, "revision": revision });
        }
        items.push(item);
    }
    if !dry_run {
        caller.differs(&mut transaction, &json!({ "workflows": before }), &json!({ "workflows": after })).await?;
    }
    transaction.commit().await?;
    Ok(Json(Imported { dry_run, items }))
}

/// All of them, or what is wrong with each.
fn looked_at(files: Vec<File>) -> Result<Vec<Candidate>, Problem> {
    if files.is_empty() || files.len() > FILES_MAX {
        let detail = format!("the request has {} files", files.len());
        return Err(Problem::unprocessable(
            "invalid_file",
            detail,
            format!("send 1 to {FILES_MAX}, and more in another"),
        ));
    }
    let (mut candidates, mut findings): (Vec<Candidate>, Vec<Finding<'static>>) = (Vec::new(), Vec::new());
    for (no, File { workflow: About { id, name, base }, graph }) in files.into_iter().enumerate() {
        let mut flaw = |at: &str, detail: String, hint: String| {
            let pointer = format!("/workflows/{no}/{at}");
            findings.push(Finding { code: "invalid_file", pointer, detail, hint });
        };
        if id.is_some_and(|id| id.get_version_num() != ID_VERSION) {
            flaw("workflow/id", "this is no id of a workflow".into(), "leave it as it was exported, or out".into());
        }
        if candidates.iter().any(|other: &Candidate| id == Some(other.id.0)) {
            flaw("workflow/id", "two files have this id".into(), "send one of them".into());
        }
        let name = match check_name(&name) {
            Ok(name) => name.to_owned(),
            Err(problem) => {
                flaw("workflow/name", problem.detail.into_string(), problem.hint.into_string());
                continue;
            }
        };
        let (is_known, id) = (id.is_some(), id.map_or_else(WorkflowId::new, WorkflowId));
        candidates.push(Candidate { id, is_known, name, base, graph: Value::Object(graph) });
    }
    if findings.is_empty() {
        return Ok(candidates);
    }
    let detail = findings[0].detail.clone();
    let hint = "each entry of errors names a file; nothing was imported";
    Err(Problem::unprocessable("invalid_file", detail, hint).findings(findings))
}

/// Does with one what is to be done.
async fn import(
    transaction: &mut PgConnection,
    api: &Api,
    caller: &Caller,
    candidate: Candidate,
    present: Option<&PresentRow>,
    (on_conflict, dry_run): (OnConflict, bool),
) -> Result<Item, Problem> {
    let Candidate { id, is_known, name, base, graph } = candidate;
    let file = sum(&name, &portable(graph.clone()));
    let here = present.map(|row| sum(&row.name, &portable(row.graph.clone())));
    let seen = present.zip(here.as_deref()).map(|(row, sum)| Present {
        is_deleted: row.is_deleted,
        sum,
        imported: row.imported.as_deref(),
    });
    let fate = fate(seen, &file, base.as_deref(), on_conflict);
    let graph = match present {
        Some(row) if fate != Fate::Copy => refilled(graph, &row.graph),
        _ => graph,
    };
    let fate = match present {
        Some(row) if fate == Fate::Unchanged && fills_in(&graph, &row.graph) => Fate::Update,
        _ => fate,
    };
    let (name, id) = if fate == Fate::Copy { (copied(&name), WorkflowId::new()) } else { (name, id) };
    let makes = matches!(fate, Fate::Create | Fate::Copy);
    let has_room = !makes || quotas::make_room(transaction, caller.workspace_id).await?.is_ok();
    let (graph, compiled) = api.graphs.compile(graph).await?;
    let mut result = if has_room { outcome(fate) } else { Outcome::NoRoom };
    let mut revision = None;
    if has_room && fate.writes() && !dry_run {
        revision = write(transaction, caller, (id, &name, &graph, &file), present.filter(|_| !makes)).await?;
        if revision.is_none() {
            // Somebody has saved it in this moment.
            result = Outcome::Conflict;
        }
    }
    let is_there = !makes || revision.is_some() || (is_known && fate == Fate::Create);
    Ok(Item {
        id: is_there.then_some(id.0),
        name,
        result,
        revision,
        left_out: left_out(&graph),
        problems: compiled.err().unwrap_or_default().into_iter().take(FLAWS_MAX).collect(),
    })
}

/// Whether a file that is otherwise as the draft has something in it that sums do not know of, such as a secret, and nothing less.
fn fills_in(graph: &Value, draft: &Value) -> bool {
    sum("", graph) != sum("", draft) && left_out(graph).len() <= left_out(draft).len()
}

/// Makes the workflow, or replaces the draft; the revision that it has then, none if it has moved on.
async fn write(
    transaction: &mut PgConnection,
    caller: &Caller,
    (id, name, graph, sum): (WorkflowId, &str, &Value, &str),
    present: Option<&PresentRow>,
) -> Result<Option<i32>, Problem> {
    let workspace_id = caller.workspace_id;
    let revision = match present {
        None => {
            workflows::create(transaction, workspace_id, id, name, graph).await?;
            Some(1)
        }
        Some(row) => {
            let saved = workflows::save_draft(transaction, workspace_id, id, row.revision, graph).await?;
            if saved.is_some() {
                rename(transaction, workspace_id, id, name).await?;
            }
            saved
        }
    };
    if revision.is_some() {
        mark_imported(transaction, workspace_id, id, sum).await?;
    }
    Ok(revision)
}

const fn outcome(fate: Fate) -> Outcome {
    match fate {
        Fate::Create => Outcome::Created,
        Fate::Update => Outcome::Updated,
        Fate::Unchanged => Outcome::Unchanged,
        Fate::Overwrite => Outcome::Overwritten,
        Fate::Copy => Outcome::Copied,
        Fate::Conflict => Outcome::Conflict,
        Fate::Deleted => Outcome::Deleted,
    }
}

/// The name with what tells it from the other one's, as far as there is room.
fn copied(name: &str) -> String {
    let kept: String = name.chars().take(NAME_CHARS_MAX - COPY.len()).collect();
    kept + COPY
}
