//! Which executions have used a credential.

use axum::Json;
use axum::extract::Path;
use capstan_domain::credentials::{self, UseRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::found;
use crate::auth::Caller;
use crate::openapi::shapes::{Id, Time};
use crate::paging::{Page, Paging};
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::id;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// An execution that has used a credential.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CredentialUsed")]
pub(crate) struct UseView {
    #[schemars(with = "Id")]
    execution_id: Uuid,
    #[schemars(with = "Id")]
    workflow_id: Uuid,
    /// Null of a trial.
    #[schemars(with = "Option<Id>")]
    version_id: Option<Uuid>,
    /// Whether it was a trial of a draft.
    trial: bool,
    /// The nodes that name it, of which a step has ended.
    node_ids: Vec<String>,
    /// Attempts of these steps.
    attempts: i64,
    #[schemars(with = "Time")]
    first_at: DateTime<Utc>,
    #[schemars(with = "Time")]
    last_at: DateTime<Utc>,
}

impl From<UseRow> for UseView {
    fn from(row: UseRow) -> Self {
        Self {
            execution_id: row.execution_id,
            workflow_id: row.workflow_id,
            version_id: Some(row.version_id).filter(|_| !row.is_trial),
            trial: row.is_trial,
            node_ids: row.node_ids,
            attempts: row.attempts,
            first_at: row.first_at,
            last_at: row.last_at,
        }
    }
}

/// `GET /credentials/{id}/uses?limit&cursor`: newest first. They are looked for among 200 executions at a time: a page may be short, or
/// empty, and have a cursor to go on with. 404 unknown.
pub(crate) async fn list(
    caller: Caller,
    Path(credential_id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<UseView>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let row = found(&mut transaction, &caller, id(&credential_id, "credential")?).await?;
    let (before, limit) = (paging.before, paging.rows());
    let (rows, then) = credentials::used(&mut transaction, caller.workspace_id, &row.name, before, limit).await?;
    transaction.commit().await?;
    Ok(Json(paging.page_of_looked_at(rows, |row: &UseRow| row.execution_id, UseView::from, then)))
}
