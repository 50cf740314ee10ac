//! What cells are to be told of billing: an event and a line in the audit log of the workspace, each once.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::event::{Event, Invoice};
use crate::audit::{self, Difference, NewAudit};
use crate::cells::CellAddress;

/// A plan was changed.
pub(super) const PLAN_CHANGED: &str = "tenant.plan_changed";
/// An invoice was paid.
const INVOICE_PAID: &str = "tenant.invoice_paid";
/// A payment has failed.
const PAYMENT_FAILED: &str = "tenant.payment_failed";
/// Most news of a workspace that wait for its cell; those beyond are in billing's own tables only.
const NEWS_MAX: i64 = 1_000;
/// Who is said to have done it, in the audit log.
const BY: &str = "billing";

/// Something that the cell of a workspace does not know yet.
#[derive(Clone, Debug, FromRow)]
pub struct NewsRow {
    /// Which workspace.
    pub workspace_id: Uuid,
    /// Its cell.
    #[sqlx(flatten)]
    pub cell: CellAddress,
    /// Orders by time.
    pub news_id: Uuid,
    /// The type of the event.
    #[sqlx(rename = "type")]
    pub type_name: String,
    /// What it is about, for the audit log.
    pub subject: String,
    /// Of the event.
    pub payload: Value,
}

/// What an event says of an invoice.
pub(super) struct Fact<'a> {
    pub(super) invoice_id: &'a str,
    pub(super) is_paid: bool,
    pub(super) amount: i64,
    pub(super) currency: &'a str,
    pub(super) attempts: Option<i32>,
    pub(super) next_attempt_at: Option<DateTime<Utc>>,
    pub(super) at: DateTime<Utc>,
}

impl<'a> Fact<'a> {
    pub(super) fn of(event: &Event, it: &'a Invoice) -> Self {
        Self {
            invoice_id: &it.invoice_id,
            is_paid: it.is_paid,
            amount: it.amount,
            currency: &it.currency,
            attempts: it.attempts,
            next_attempt_at: it.next_attempt_at,
            at: event.at,
        }
    }
}

/// Has the cell told of an invoice.
pub(super) async fn add_invoice(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    fact: &Fact<'_>,
) -> Result<(), StoreError> {
    let type_name = if fact.is_paid { INVOICE_PAID } else { PAYMENT_FAILED };
    let payload = json!({
        "workspace_id": workspace_id.0, "invoice_id": fact.invoice_id, "amount": fact.amount, "currency": fact.currency,
        "attempts": fact.attempts, "next_attempt_at": fact.next_attempt_at, "at": fact.at,
    });
    add(connection, workspace_id, type_name, fact.invoice_id, &payload).await
}

/// Has the cell told of something, in the transaction that does it.
pub(super) async fn add(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    type_name: &str,
    subject: &str,
    payload: &Value,
) -> Result<(), StoreError> {
    let added = sqlx::query(
        "INSERT INTO billing_news (workspace_id, news_id, type, subject, payload) SELECT $1, $2, $3, $4, $5 \
          WHERE (SELECT count(*) FROM billing_news WHERE workspace_id = $1) < $6",
    )
    .bind(workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(type_name)
    .bind(subject)
    .bind(payload)
    .bind(NEWS_MAX)
    .execute(connection)
    .await?;
    if added.rows_affected() == 0 {
        tracing::warn!(%workspace_id, type_name, "the cell of a workspace is told nothing more of billing until it answers");
    }
    Ok(())
}

/// What cells do not know, of each workspace in its order: of one workspace if it is named, else of `most`, those first that were
/// longest not tried. For the access role.
///
/// # Errors
/// If the database does.
pub async fn untold(
    control: &mut PgConnection,
    workspace_id: Option<WorkspaceId>,
    most: i64,
) -> Result<Vec<NewsRow>, StoreError> {
    let rows = sqlx::query_as(
        "WITH n AS MATERIALIZED ( \
           SELECT x.workspace_id, x.news_id, x.type, x.subject, x.payload FROM billing_news x \
            WHERE $1::uuid IS NULL OR x.workspace_id = $1 ORDER BY x.tried_at, x.news_id LIMIT $2 \
         ) \
         SELECT n.workspace_id, c.cell_id, c.schema_name, c.database_name, c.server_id, n.news_id, n.type, n.subject, \
                n.payload \
           FROM n JOIN workspaces w ON w.workspace_id = n.workspace_id JOIN cells c ON c.cell_id = w.cell_id \
          ORDER BY n.workspace_id, n.news_id",
    );
    Ok(rows.bind(workspace_id.map(|id| id.0)).bind(most).fetch_all(control).await?)
}

/// Tells the cell, once however often it is done: the line in the audit log has the id of the news, and the event is written with it.
/// For the API's role, in a transaction for the workspace.
///
/// # Errors
/// If the database does.
pub async fn tell_cell(cell: &mut PgConnection, news: &NewsRow) -> Result<(), StoreError> {
    let new = NewAudit {
        by_kind: BY,
        by_id: Uuid::nil(),
        by_name: BY,
        action: &news.type_name,
        subject: &news.subject,
        status: 200,
        address: None,
        request_id: "",
        changes: (news.type_name == PLAN_CHANGED).then(|| plan_changed(&news.payload).into_json()),
    };
    if audit::record(cell, WorkspaceId(news.workspace_id), news.news_id, &new).await? {
        let told = sqlx::query("SELECT tell_billing_1($1, $2)").bind(&news.type_name).bind(&news.payload);
        told.execute(cell).await?;
    }
    Ok(())
}

/// The plan before and after, as the news tell it.
fn plan_changed(payload: &Value) -> Difference {
    Difference::between(&json!({ "plan": payload["from"] }), &json!({ "plan": payload["to"] }))
}

/// Forgets what the cell knows for good. For the access role.
///
/// # Errors
/// If the database does.
pub async fn mark_told(control: &mut PgConnection, news: &NewsRow) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM billing_news WHERE workspace_id = $1 AND news_id = $2")
        .bind(news.workspace_id)
        .bind(news.news_id)
        .execute(control)
        .await?;
    Ok(())
}

/// Notes that the cell of a workspace could not be told, so that others come first. All that waits has the same time then, and stays
/// in its order. For the access role.
///
/// # Errors
/// If the database does.
pub async fn mark_tried(control: &mut PgConnection, workspace_id: Uuid) -> Result<(), StoreError> {
    sqlx::query("UPDATE billing_news SET tried_at = now() WHERE workspace_id = $1")
        .bind(workspace_id)
        .execute(control)
        .await?;
    Ok(())
}
