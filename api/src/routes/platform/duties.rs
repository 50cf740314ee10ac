//! Upkeep of the database, for administrators of the platform.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_engine::store::{duties, reports, retention};
use serde_json::json;

use crate::Api;
use crate::problem::Problem;

/// Statements and indexes that are told.
const MOST: i32 = 10;
/// Size from which on an index that nobody reads is told.
const INDEX_BYTES_MIN: i64 = 1 << 20;
/// Months that are told.
const MONTHS_MAX: i64 = 24;

/// `GET /platform/duties`: duties of upkeep of the first cell with what came of them last, what is kept, months on their way out, statements
/// that take most time (null where the database does not count them) and indexes that nobody reads.
pub(crate) async fn list(State(api): State<Api>) -> Result<Response, Problem> {
    let schema = &api.settings.cell.schema;
    let cell = api.cells.pooled(schema);
    let mut transaction = cell.pool.begin().await?;
    let told = json!({
        "cell": schema,
        "items": duties::list(&mut transaction).await?,
        "retention": retention::retention(&mut transaction).await?,
        "months": retention::months(&mut transaction, MONTHS_MAX).await?,
        "slow_statements": reports::slow_statements(&mut transaction, MOST).await?,
        "unused_indexes": reports::unused_indexes(&mut transaction, INDEX_BYTES_MIN, i64::from(MOST)).await?,
    });
    Ok(Json(told).into_response())
}
