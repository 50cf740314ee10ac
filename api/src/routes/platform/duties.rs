//! Upkeep of the databases, for administrators of the platform.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_domain::access::cell_schemas;
use capstan_domain::cells::{CellAddress, ServedCell, served_page};
use capstan_engine::store::duties::{self, DutyRow};
use capstan_engine::store::{reports, retention};
use futures::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Connection;
use tokio::time::timeout;
use uuid::Uuid;

use crate::Api;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

/// Statements and indexes that are told.
const MOST: i32 = 10;
/// Size from which on an index that nobody reads is told.
const INDEX_BYTES_MIN: i64 = 1 << 20;
/// Months that are told.
const MONTHS_MAX: i64 = 24;
/// Cells that a request looks into at a time: each is a connection, of which a process has a bound as well. A page has a hundred at most,
/// so that the request ends in time though all of them hang.
const AT_A_TIME: usize = 10;
/// Longest look into one cell.
const LOOK_MAX: Duration = Duration::from_secs(2);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct DutiesQuery {
    /// Most dedicated cells of the page: 1 to 100, 50 if absent.
    limit: Option<String>,
    cursor: Option<String>,
}

/// Whose duties they are.
#[derive(Clone, Serialize)]
struct Of {
    cell: String,
    workspace_id: Option<Uuid>,
    workspace: Option<String>,
}

#[derive(Serialize)]
struct Item {
    #[serde(flatten)]
    of: Of,
    #[serde(flatten)]
    duty: DutyRow,
}

#[derive(Serialize)]
struct Unreachable {
    #[serde(flatten)]
    of: Of,
    reason: String,
}

/// `GET /platform/duties?limit&cursor`: duties of upkeep with what came of them last, of all pooled cells and, by pages, of the dedicated
/// ones that a worker serves: nobody looks into one that is asleep. Cells that do not answer in time are told beside. Of the first cell
/// also what is kept, months on their way out, statements that take most time (null where the database does not count them) and indexes
/// that nobody reads.
pub(crate) async fn list(State(api): State<Api>, Query(query): Query<DutiesQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let (seen, next_cursor) = seen(&api, paging, query.cursor.is_none()).await?;
    let looks: Vec<_> = seen.into_iter().map(|cell| look(Api::clone(&api), cell)).collect();
    let looked: Vec<(Of, Result<Vec<DutyRow>, String>)> = stream::iter(looks).buffered(AT_A_TIME).collect().await;
    let (mut items, mut unreachable) = (Vec::new(), Vec::new());
    for (of, rows) in looked {
        match rows {
            Ok(rows) => items.extend(rows.into_iter().map(|duty| Item { of: of.clone(), duty })),
            Err(reason) => unreachable.push(Unreachable { of, reason }),
        }
    }
    let schema = &api.settings.cell.schema;
    let mut transaction = api.cells.pooled(schema).pool.begin().await?;
    let told = json!({
        "cell": schema,
        "items": items,
        "unreachable": unreachable,
        "next_cursor": next_cursor,
        "retention": retention::retention(&mut transaction).await?,
        "months": retention::months(&mut transaction, MONTHS_MAX).await?,
        "slow_statements": reports::slow_statements(&mut transaction, MOST).await?,
        "unused_indexes": reports::unused_indexes(&mut transaction, INDEX_BYTES_MIN, i64::from(MOST)).await?,
    });
    Ok(Json(told).into_response())
}

/// The cells of a page: pooled ones on the first, that of this process before all, and dedicated ones by their ids.
async fn seen(api: &Api, paging: Paging, is_first: bool) -> Result<(Vec<ServedCell>, Option<String>), Problem> {
    let mut control = api.people.pool.begin().await?;
    let mut cells = Vec::new();
    if is_first {
        let first = &api.settings.cell.schema;
        let mut schemas = cell_schemas(&mut control).await?;
        schemas.retain(|schema| schema != first);
        schemas.insert(0, first.clone());
        cells.extend(schemas.iter().map(|schema| ServedCell { address: CellAddress::pooled(schema), slug: None }));
    }
    let served = served_page(&mut control, paging.before, paging.rows()).await?;
    control.commit().await?;
    let (served, next_cursor) = paging.page(served, |cell| cell.address.cell_id, |cell| cell).into_parts();
    cells.extend(served);
    Ok((cells, next_cursor))
}

/// What is known of one cell, or why nothing is.
async fn look(api: Api, cell: ServedCell) -> (Of, Result<Vec<DutyRow>, String>) {
    let ServedCell { address, slug } = cell;
    let workspace_id = address.is_dedicated().then_some(address.cell_id);
    let of = Of { cell: address.name().to_owned(), workspace_id, workspace: slug };
    let looked = match timeout(LOOK_MAX, look_into(&api, &address)).await {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(problem)) => {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, cell = of.cell, "the duties of a cell cannot be told");
            Err(problem.detail.into())
        }
        Err(_) => Err(format!("there was no answer within {} s", LOOK_MAX.as_secs())),
    };
    (of, looked)
}

async fn look_into(api: &Api, address: &CellAddress) -> Result<Vec<DutyRow>, Problem> {
    let _turn = api.cells.looks.acquire().await;
    let mut connection = api.cells.connect(address).await?;
    let rows = duties::list(&mut connection).await?;
    connection.close().await?;
    Ok(rows)
}
