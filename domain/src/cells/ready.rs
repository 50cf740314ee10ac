//! All dedicated cells that are ready, for commands of an operator.

use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::CellAddress;

/// Most cells that are told of together.
const PAGE: i64 = 1_000;

/// Where all of them are that have their tables, by id; also those that are still being made. For the owner of `control`, or the access
/// role.
///
/// # Errors
/// If the database does.
pub async fn ready_cells(control: &mut PgConnection) -> Result<Vec<CellAddress>, StoreError> {
    let mut all: Vec<CellAddress> = Vec::new();
    loop {
        let after = all.last().map_or(Uuid::nil(), |cell| cell.cell_id);
        let page: Vec<CellAddress> = sqlx::query_as(
            "SELECT c.cell_id, c.schema_name, c.database_name, c.server_id FROM cells c \
              WHERE c.placement = 'dedicated' AND c.cell_id > $1 \
                AND (EXISTS (SELECT FROM cell_dues d WHERE d.cell_id = c.cell_id) \
                     OR EXISTS (SELECT FROM operations o WHERE o.workspace_id = c.cell_id AND o.steps ? 'schema')) \
              ORDER BY c.cell_id LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *control)
        .await?;
        let is_more = i64::try_from(page.len()).is_ok_and(|count| count == PAGE);
        all.extend(page);
        if !is_more {
            return Ok(all);
        }
    }
}

/// How dedicated cells are served.
#[derive(Clone, Debug, FromRow)]
pub struct Service {
    /// How many there are.
    pub cells: i64,
    /// Those that a worker serves.
    pub served: i64,
    /// Since when, in seconds, the one waits for a worker that waits longest; none if none waits.
    pub waits_s: Option<f64>,
}

/// Reads that. For the owner of `control`, or the access role.
///
/// # Errors
/// If the database does.
pub async fn service(control: &mut PgConnection) -> Result<Service, StoreError> {
    let sql = "SELECT count(*) AS cells, count(*) FILTER (WHERE l.is_served) AS served, \
           (extract(epoch FROM clock_timestamp() \
              - min(d.due_at) FILTER (WHERE NOT l.is_served AND d.due_at <= clock_timestamp())))::float8 AS waits_s \
         FROM cell_dues d CROSS JOIN LATERAL ( \
           SELECT EXISTS (SELECT FROM cell_hands h WHERE h.cell_id = d.cell_id AND h.held_until > clock_timestamp()) \
             AS is_served) AS l";
    Ok(sqlx::query_as(sql).fetch_one(control).await?)
}
