//! Workflows as files: out of a workspace, and into one.

pub(crate) mod export;
pub(crate) mod import;

use capstan_domain::workflow_files::{ABOUT, portable, sum};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::openapi::shapes::Id;

/// Which workflow a file is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WorkflowFileAboutWish")]
pub(crate) struct About {
    /// The same wherever it is imported; a new one if absent.
    #[serde(default)]
    #[schemars(with = "Option<Id>")]
    id: Option<Uuid>,
    name: String,
    /// The sum of what it was when it went out: so is known what it began from.
    #[serde(default)]
    base: Option<String>,
}

/// A file that comes in: a graph, and which workflow it is.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WorkflowFileWish")]
pub(crate) struct File {
    workflow: About,
    /// The graph, as drafts have it.
    #[serde(flatten)]
    graph: Map<String, Value>,
}

/// The file of a workflow as it is now.
fn file(id: Uuid, name: &str, graph: Value) -> Value {
    let mut file = portable(graph);
    let base = sum(name, &file);
    if let Some(members) = file.as_object_mut() {
        members.insert(ABOUT.to_owned(), json!({ "id": id, "name": name, "base": base }));
    }
    file
}
