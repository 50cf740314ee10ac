//! The board: leads by state.

use axum::Json;
use capstan_domain::leads::{BOARD_COUNT_MAX, Column, Filter, board};
use capstan_domain::machine::StateKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LeadView;
use super::list::words;
use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

/// Leads of a column when none are asked for.
const LIMIT_DEFAULT: &str = "20";

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BoardQuery {
    /// Words, each of which begins one of name, company, address or number.
    q: Option<String>,
    /// From there.
    source: Option<String>,
    /// Leads of each column, 20 if absent.
    limit: Option<String>,
}

/// The board.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeadBoard")]
pub(crate) struct BoardView {
    columns: Vec<ColumnView>,
}

/// One column of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeadColumn")]
pub(crate) struct ColumnView {
    status: String,
    label: String,
    kind: StateKind,
    /// How many leads are in it, at most 1,000.
    count: i64,
    /// Whether there may be more than that.
    count_is_capped: bool,
    /// Where a lead of it may go, conditions aside.
    allowed: Vec<String>,
    /// Those where something was done last.
    leads: Vec<LeadView>,
}

impl From<Column> for ColumnView {
    fn from(column: Column) -> Self {
        Self {
            status: column.state.name,
            label: column.state.label,
            kind: column.state.kind,
            count: column.count,
            count_is_capped: column.count >= BOARD_COUNT_MAX,
            allowed: column.allowed,
            leads: column.leads.into_iter().map(LeadView::from).collect(),
        }
    }
}

/// `GET /lead-board?q=&source=&limit=`: the columns of the pipeline, each with the leads where something was done last.
pub(crate) async fn show(caller: Caller, Query(query): Query<BoardQuery>) -> Result<Json<BoardView>, Problem> {
    let limit = Paging::new(Some(query.limit.as_deref().unwrap_or(LIMIT_DEFAULT)), None)?.limit;
    let found = words(query.q);
    let nothing = found.is_none();
    let filter = Filter { source: query.source, words: found.flatten(), ..Filter::default() };
    let mut transaction = caller.read().await?;
    let mut columns = board(&mut transaction, caller.workspace_id, &filter, limit).await?;
    transaction.commit().await?;
    if nothing {
        columns.iter_mut().for_each(|column| (column.count, column.leads) = (0, Vec::new()));
    }
    Ok(Json(BoardView { columns: columns.into_iter().map(ColumnView::from).collect() }))
}
