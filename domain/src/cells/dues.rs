//! Which dedicated cells have something to do, and who serves them. On connections to `control`.

use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{CellAddress, RuntimeServer};

/// Most characters of the name of a worker process that has a hand at a cell.
pub const HAND_WORKER_CHARS_MAX: usize = 100;

/// A cell that a worker has to come to.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DueCell {
    /// Where it is.
    #[sqlx(flatten)]
    pub address: CellAddress,
    /// Rises with each announcement.
    pub generation: i64,
}

/// What came of asking for a hand.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Attached {
    /// Whether the worker has one now; if not, others have all there may be.
    pub is_attached: bool,
    /// Rises with each announcement.
    pub generation: i64,
    /// When somebody has to come; absent if nothing is planned.
    pub due_at: Option<DateTime<Utc>>,
}

/// The channel of hints at announcements.
#[must_use]
pub fn cells_channel(control: &Place) -> String {
    format!("{}_cells", control.channel())
}

/// Cells that have something to do, fewer than `hands_max` workers, and not `worker` among them; at most `most`. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn due_cells(
    control: &mut PgConnection,
    worker: &str,
    hands_max: i32,
    most: i32,
) -> Result<Vec<DueCell>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT cell_id, schema_name, database_name, server_id, generation FROM cells_due_1($1, $2, $3)",
    );
    Ok(rows.bind(worker).bind(hands_max).bind(most).fetch_all(control).await?)
}

/// Time until a cell has something to do, none of it where one has already or is served; nothing if nothing is planned. For the
/// worker's role.
///
/// # Errors
/// If the database does.
pub async fn next_cell_due(control: &mut PgConnection) -> Result<Option<Duration>, StoreError> {
    let ms: Option<i64> = sqlx::query_scalar("SELECT next_cell_due_1()").fetch_one(control).await?;
    Ok(ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
}

/// Takes a hand at a cell, or renews it, for `lease_s` seconds; nothing if there is no such cell. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn attach(
    control: &mut PgConnection,
    cell_id: Uuid,
    worker: &str,
    hands_max: i32,
    lease_s: i32,
) -> Result<Option<Attached>, StoreError> {
    let row = sqlx::query_as("SELECT is_attached, generation, due_at FROM attach_cell_1($1, $2, $3, $4)");
    Ok(row.bind(cell_id).bind(worker).bind(hands_max).bind(lease_s).fetch_optional(control).await?)
}

/// Gives a hand back, once nothing of the worker is under way in the cell. `due_at` is what is planned there, asked after that; absent
/// for nothing. False, and the hand stays, if something was announced since `generation`; also if the hand is gone: then the cell is to
/// be announced. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn rest(
    control: &mut PgConnection,
    cell_id: Uuid,
    worker: &str,
    generation: i64,
    due_at: Option<DateTime<Utc>>,
) -> Result<bool, StoreError> {
    let rested = sqlx::query_scalar("SELECT rest_cell_1($1, $2, $3, $4)");
    Ok(rested.bind(cell_id).bind(worker).bind(generation).bind(due_at).fetch_one(control).await?)
}

/// Says that somebody is about to write in a cell; false if there is no such dedicated cell, or it is not ready yet. For the roles of
/// API, starter, access and worker.
///
/// # Errors
/// If the database does.
pub async fn announce(control: &mut PgConnection, cell_id: Uuid) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT announce_cell_1($1)").bind(cell_id).fetch_one(control).await?)
}

/// Where the rows of a workspace live. For the access role.
///
/// # Errors
/// If the database does.
pub async fn cell_of(control: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Option<CellAddress>, StoreError> {
    let row = sqlx::query_as(
        "SELECT c.cell_id, c.schema_name, c.database_name, c.server_id FROM workspaces w \
         JOIN cells c ON c.cell_id = w.cell_id WHERE w.workspace_id = $1",
    );
    Ok(row.bind(workspace_id.0).fetch_optional(control).await?)
}

/// Those of some workspaces that do not live in the pooled cell of that schema, or are not there at all. For the access role, or the owner
/// of `control`.
///
/// # Errors
/// If the database does.
pub async fn strangers(control: &mut PgConnection, schema: &str, among: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let rows = sqlx::query_scalar(
        "SELECT a.id FROM unnest($2::uuid[]) AS a (id) WHERE NOT EXISTS ( \
           SELECT FROM workspaces w JOIN cells c ON c.cell_id = w.cell_id \
            WHERE w.workspace_id = a.id AND c.schema_name = $1 AND c.database_name IS NULL)",
    );
    Ok(rows.bind(schema).bind(among).fetch_all(control).await?)
}

/// A dedicated cell is ready: workers come to it from now on, and do so at once. Changes nothing the second time. For the access role.
///
/// # Errors
/// If the database does.
pub async fn open_cell(control: &mut PgConnection, cell_id: Uuid) -> Result<(), StoreError> {
    let opened = sqlx::query("INSERT INTO cell_dues (cell_id) VALUES ($1) ON CONFLICT (cell_id) DO NOTHING");
    opened.bind(cell_id).execute(control).await?;
    Ok(())
}

/// Dedicated cells that a worker serves, at most `most`, in turns. Those whose server is away are not among them, or for a moment only.
/// For the access role.
///
/// # Errors
/// If the database does.
pub async fn served_cells(control: &mut PgConnection, most: i64) -> Result<Vec<CellAddress>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT c.cell_id, c.schema_name, c.database_name, c.server_id FROM cells c JOIN ( \
           SELECT h.cell_id, max(h.held_until) AS held_until FROM cell_hands h WHERE h.held_until > clock_timestamp() \
            GROUP BY h.cell_id) AS l ON l.cell_id = c.cell_id ORDER BY l.held_until LIMIT $1",
    );
    Ok(rows.bind(most).fetch_all(control).await?)
}

/// A dedicated cell that a worker serves.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ServedCell {
    /// Where it is.
    #[sqlx(flatten)]
    pub address: CellAddress,
    /// The slug of its workspace; absent if that is not written down.
    pub slug: Option<String>,
}

/// Dedicated cells that a worker serves and whose id is before `before`, at most `most`, newest first. For the access role, or the owner
/// of `control`.
///
/// # Errors
/// If the database does.
pub async fn served_page(control: &mut PgConnection, before: Uuid, most: i64) -> Result<Vec<ServedCell>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT c.cell_id, c.schema_name, c.database_name, c.server_id, w.slug FROM cells c \
           LEFT JOIN workspaces w ON w.workspace_id = c.cell_id \
          WHERE c.cell_id < $1 \
            AND EXISTS (SELECT FROM cell_hands h WHERE h.cell_id = c.cell_id AND h.held_until > clock_timestamp()) \
          ORDER BY c.cell_id DESC LIMIT $2",
    );
    Ok(rows.bind(before).bind(most).fetch_all(control).await?)
}

/// How the server of a cell is reached. For the roles of API, access and worker.
///
/// # Errors
/// If the database does.
pub async fn server_of(control: &mut PgConnection, server_id: Uuid) -> Result<Option<RuntimeServer>, StoreError> {
    let row = sqlx::query_as(
        "SELECT server_id, host, port, tls, login, password_sealed, password_key_id FROM database_server_1($1)",
    );
    Ok(row.bind(server_id).fetch_optional(control).await?)
}
