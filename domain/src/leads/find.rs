//! Finding leads.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::lead::{COLUMNS, LeadRow};
use super::patch::email_key;
use super::store;
use super::words::sought;

/// Leads among which words are sought: the first, in the order of the list, of those that meet all other conditions.
pub const SOUGHT_AMONG_MAX: i64 = 50_000;

/// Which leads are wanted; all of what is said has to be so.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This one.
    pub lead_id: Option<Uuid>,
    /// In this state.
    pub status: Option<String>,
    /// In one of these.
    pub statuses: Option<Vec<String>>,
    /// From there.
    pub source: Option<String>,
    /// With this address, whatever the case.
    pub email: Option<String>,
    /// Words, each of which begins one of name, company, address or number.
    pub words: Option<String>,
    /// A custom field, and its value.
    pub field: Option<(String, Value)>,
}

/// A lead that is not deleted.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
) -> Result<Option<LeadRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM leads l WHERE l.workspace_id = $1 AND l.lead_id = $2 AND l.deleted_at IS NULL");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(lead_id).fetch_optional(connection).await?)
}

/// Whether a lead has that address.
///
/// # Errors
/// If the database does.
pub async fn is_known(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    email: &str,
) -> Result<bool, StoreError> {
    let key = email_key(email.trim());
    Ok(store::of_key(connection, workspace_id, Some(&key)).await?.is_some())
}

/// The same, if it is deleted, too.
pub(super) async fn any(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
) -> Result<Option<LeadRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM leads l WHERE l.workspace_id = $1 AND l.lead_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(lead_id).fetch_optional(connection).await?)
}

/// Leads before `before`, newest first.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    before: Uuid,
    limit: i64,
) -> Result<Vec<LeadRow>, StoreError> {
    let mut query = filter.select(COLUMNS, workspace_id, Some(before), "l.lead_id DESC");
    query.push(" LIMIT ").push_bind(limit);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// What [`COLUMNS`] and the search for words need of a lead.
const OF_A_LEAD: &str = "l.workspace_id, l.lead_id, l.email, l.name, l.phone, l.company, l.status, l.source, \
    l.consented_at, l.last_email_at, l.last_activity_at, l.created_at, l.updated_at, l.words";

impl Filter {
    /// Begins a statement for `columns` of the leads that meet the conditions, in that order; to be given a limit. Words are
    /// sought among [`SOUGHT_AMONG_MAX`]: under row-level security no index serves them, and nobody makes the database read a
    /// workspace of millions from end to end.
    pub(super) fn select<'a>(
        &'a self,
        columns: &str,
        workspace_id: WorkspaceId,
        before: Option<Uuid>,
        order: &str,
    ) -> QueryBuilder<'a, Postgres> {
        let words = self.words.as_deref().and_then(sought);
        let mut query = match &words {
            Some(_) => QueryBuilder::new(format!("SELECT {columns} FROM (SELECT {OF_A_LEAD} FROM leads l")),
            None => QueryBuilder::new(format!("SELECT {columns} FROM leads l")),
        };
        query.push(" WHERE l.workspace_id = ").push_bind(workspace_id.0).push(" AND l.deleted_at IS NULL");
        if let Some(before) = before {
            query.push(" AND l.lead_id < ").push_bind(before);
        }
        self.push(&mut query);
        query.push(" ORDER BY ").push(order);
        if let Some(words) = words {
            query.push(" LIMIT ").push_bind(SOUGHT_AMONG_MAX).push(") AS l WHERE l.words @@ ").push_bind(words);
            query.push("::text::tsquery ORDER BY ").push(order);
        }
        query
    }

    /// Adds the conditions, but the words, each with `AND` before it.
    fn push<'a>(&'a self, query: &mut QueryBuilder<'a, Postgres>) {
        if let Some(lead_id) = self.lead_id {
            query.push(" AND l.lead_id = ").push_bind(lead_id);
        }
        if let Some(status) = &self.status {
            query.push(" AND l.status = ").push_bind(status);
        }
        if let Some(statuses) = &self.statuses {
            query.push(" AND l.status = ANY(").push_bind(statuses).push(")");
        }
        if let Some(source) = &self.source {
            query.push(" AND l.source = ").push_bind(source);
        }
        if let Some(email) = &self.email {
            query.push(" AND l.email_key = ").push_bind(email_key(email.trim()));
        }
        if let Some((name, value)) = &self.field {
            query.push(
                " AND EXISTS (SELECT FROM lead_field_data d WHERE d.workspace_id = l.workspace_id \
                   AND d.lead_id = l.lead_id AND d.name = ",
            );
            query.push_bind(name).push(" AND ");
            match value {
                Value::String(text) => {
                    query.push("left(d.text_value, 100) = left(").push_bind(text).push(", 100) AND d.text_value = ");
                    query.push_bind(text);
                }
                Value::Bool(flag) => _ = query.push("d.boolean_value = ").push_bind(*flag),
                other => _ = query.push("d.number_value = ").push_bind(other.to_string()).push("::numeric"),
            }
            query.push(")");
        }
    }
}
