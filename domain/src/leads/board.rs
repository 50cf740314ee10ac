//! Leads by state.

use std::collections::HashSet;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::find::Filter;
use super::lead::{COLUMNS, LeadRow};
use super::pipeline::pipeline;
use crate::machine::{MachineState, StateKind};

/// Up to how many leads of a column are counted.
pub const BOARD_COUNT_MAX: i64 = 1_000;

/// Most leads of a board. With many columns each has fewer.
const BOARD_LEADS_MAX: i64 = 1_000;

const LAST_ACTIVE: &str = "l.last_activity_at DESC, l.lead_id DESC";

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its state.
    pub state: MachineState,
    /// Where its leads may go.
    pub allowed: Vec<String>,
    /// How many leads are in it, at most [`BOARD_COUNT_MAX`].
    pub count: i64,
    /// Those where something was done last.
    pub leads: Vec<LeadRow>,
}

/// The columns of the pipeline in its order, and those of states that it has no more and that hold leads. Each is read by the
/// index on state and activity, up to `limit`.
///
/// # Errors
/// If the database does.
pub async fn board(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Column>, StoreError> {
    let machine = pipeline(&mut *connection, workspace_id).await?.machine;
    let mut states = machine.states.clone();
    for name in left_over(&mut *connection, workspace_id, &states).await? {
        states.push(MachineState { label: name.clone(), name, kind: StateKind::Open, is_final: false });
    }
    let limit = limit.min(i64::try_from(states.len()).map_or(1, |columns| BOARD_LEADS_MAX / columns.max(1))).max(1);
    let mut columns = Vec::with_capacity(states.len());
    for state in states {
        let filter = Filter { status: Some(state.name.clone()), ..filter.clone() };
        let leads = last_active(&mut *connection, workspace_id, &filter, limit).await?;
        let count = match usize::try_from(limit).is_ok_and(|limit| leads.len() < limit) {
            true => i64::try_from(leads.len()).unwrap_or(i64::MAX),
            false => count(&mut *connection, workspace_id, &filter).await?,
        };
        columns.push(Column { allowed: machine.allowed(&state.name), state, count, leads });
    }
    Ok(columns)
}

/// States that hold leads and are not among these: by jumps along the index, one for each state.
async fn left_over(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    known: &[MachineState],
) -> Result<Vec<String>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE seen (status) AS ( \
           (SELECT l.status FROM leads l WHERE l.workspace_id = $1 AND l.deleted_at IS NULL ORDER BY l.status LIMIT 1) \
           UNION ALL \
           SELECT (SELECT l.status FROM leads l WHERE l.workspace_id = $1 AND l.deleted_at IS NULL AND l.status > s.status \
                    ORDER BY l.status LIMIT 1) FROM seen s WHERE s.status IS NOT NULL \
         ) SELECT status FROM seen WHERE status IS NOT NULL LIMIT 100",
    )
    .bind(workspace_id.0)
    .fetch_all(connection)
    .await?;
    let known: HashSet<&str> = known.iter().map(|state| state.name.as_str()).collect();
    Ok(names.into_iter().filter(|name| !known.contains(name.as_str())).collect())
}

async fn last_active(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<LeadRow>, StoreError> {
    let mut query = filter.select(COLUMNS, workspace_id, None, LAST_ACTIVE);
    query.push(" LIMIT ").push_bind(limit);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

async fn count(connection: &mut PgConnection, workspace_id: WorkspaceId, filter: &Filter) -> Result<i64, StoreError> {
    let mut query = filter.select("l.lead_id", workspace_id, None, LAST_ACTIVE);
    query.push(" LIMIT ").push_bind(BOARD_COUNT_MAX);
    let counted: Vec<Uuid> = query.build_query_scalar().fetch_all(connection).await?;
    Ok(i64::try_from(counted.len()).unwrap_or(i64::MAX))
}
