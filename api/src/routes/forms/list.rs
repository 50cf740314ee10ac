//! The forms of a workspace.

use axum::Json;
use axum::response::{IntoResponse, Response};
use capstan_domain::trigger_paths::{FormRow, PATH_BYTES_MAX, list_forms};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::query::Query;

/// Forms of one answer.
const FORMS_MAX: i64 = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// The path to go on behind, as `next` told it.
    #[serde(default)]
    after: String,
}

/// Forms, and where to go on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Forms {
    items: Vec<FormView>,
    /// What to ask for with `after`, if there are more.
    next: Option<String>,
}

/// A form that answers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Form")]
pub(crate) struct FormView {
    path: String,
    /// Where its page is, on this server.
    url: String,
    /// What its page is headed; empty if it says none.
    title: String,
    /// Whether it writes leads.
    takes_leads: bool,
    #[schemars(with = "crate::openapi::shapes::Id")]
    workflow_id: Uuid,
    workflow_name: String,
    node_id: String,
    /// The number of the version that answers.
    version: i32,
    /// What it has started, of the newest 2,000 executions of the workspace.
    started: i64,
    /// The newest of those.
    last: Option<LastStart>,
    /// Of a form that asks for a proven address: how that goes.
    verification: Option<Verification>,
}

/// What a form has started last.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LastStart {
    #[schemars(with = "crate::openapi::shapes::Id")]
    execution_id: Uuid,
    #[schemars(with = "crate::openapi::shapes::Time")]
    at: DateTime<Utc>,
}

/// How proving addresses goes, of the newest 1,000 submissions of a form that are kept.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FormVerification")]
pub(crate) struct Verification {
    /// The field with the address.
    field: String,
    /// Submissions whose button was not pressed yet.
    waiting: i64,
    /// Why the newest of their mails that failed was not sent.
    mail_error: Option<String>,
}

impl FormView {
    fn new(slug: &str, row: FormRow) -> Self {
        let (waiting, mail_error) = (row.waiting, row.mail_error);
        let verification = row.verify_email.map(|field| Verification { field, waiting, mail_error });
        let last = row.execution_id.zip(row.started_at).map(|(execution_id, at)| LastStart { execution_id, at });
        Self {
            url: format!("/p/{slug}/{}", row.path),
            path: row.path,
            title: row.title,
            takes_leads: row.takes_leads,
            workflow_id: row.workflow_id,
            workflow_name: row.workflow_name,
            node_id: row.node_id,
            version: row.version,
            started: row.started,
            last,
            verification,
        }
    }
}

/// `GET /forms?after`: 200 `{items, next}`, by path, at most [`FORMS_MAX`] at a time.
pub(crate) async fn list(caller: Caller, Query(ListQuery { after }): Query<ListQuery>) -> Result<Response, Problem> {
    if after.len() > PATH_BYTES_MAX || after.contains('\0') {
        return Err(Problem::bad_request("bad_cursor", "after is no path of a form", "use \"next\" as it was given"));
    }
    let mut transaction = caller.read().await?;
    let rows = list_forms(&mut transaction, caller.workspace_id, &after, FORMS_MAX).await?;
    transaction.commit().await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == FORMS_MAX);
    let next = rows.last().filter(|_| is_full).map(|row| row.path.clone());
    let items = rows.into_iter().map(|row| FormView::new(&caller.slug, row)).collect();
    Ok(Json(Forms { items, next }).into_response())
}
