//! Lines of deliveries, for endpoints that are ordered: of what an event is of, one delivery goes after the other. One of each line is
//! on its way; the others wait, due in the year 9999, until the database makes the next one due at the end of the one before.

use std::collections::HashMap;

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::lane::Lane;

/// When a delivery is due that waits in line, as SQL.
pub(super) const WAITS: &str = "timestamptz '9999-01-01 00:00:00+00'";
/// The year of it.
pub(super) const WAITS_YEAR: i32 = 9999;
/// Deliveries of an endpoint that is not ordered any more that are let go at a time.
const LET_GO_BITE: i64 = 1_000;

/// What places in a line go by.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    /// What the event is of.
    pub(super) line: String,
    /// The transaction that it came with.
    pub(super) xid: String,
    /// When it was told, by the database's clock.
    pub(super) at: DateTime<Utc>,
}

/// The places of deliveries that are made together, counted from 1; `None` for those that stand in no line. Events of one
/// transaction stay together, in their order; of transactions that ran at the same time the one goes first that told of the thing
/// first, as it had the lock of it.
pub(super) fn places<'a>(stands: impl Iterator<Item = Option<&'a Stand>>) -> Vec<Option<i32>> {
    let stands: Vec<Option<&Stand>> = stands.collect();
    let mut begun: HashMap<(&str, &str), DateTime<Utc>> = HashMap::new();
    for Stand { line, xid, at } in stands.iter().flatten() {
        begun.entry((line.as_str(), xid.as_str())).and_modify(|first| *first = (*first).min(*at)).or_insert(*at);
    }
    let begun = |stand: &Stand| begun.get(&(stand.line.as_str(), stand.xid.as_str())).copied();
    let mut order: Vec<(usize, Option<DateTime<Utc>>)> =
        stands.iter().enumerate().filter_map(|(nth, stand)| Some((nth, begun((*stand)?)))).collect();
    order.sort_by_key(|&(_, at)| at);
    let mut places = vec![None; stands.len()];
    for (place, (nth, _)) in (1..).zip(order) {
        places[nth] = Some(place);
    }
    places
}

/// Whether an endpoint is ordered.
///
/// # Errors
/// If the database does.
pub(super) async fn is_ordered(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    endpoint_id: Uuid,
) -> Result<bool, StoreError> {
    let sql = "SELECT is_ordered FROM webhook_endpoints WHERE workspace_id = $1 AND endpoint_id = $2";
    let found: Option<bool> =
        sqlx::query_scalar(sql).bind(workspace_id).bind(endpoint_id).fetch_optional(connection).await?;
    Ok(found.unwrap_or(false))
}

/// Makes the first of each of these lines of an endpoint due where none is on its way. The caller holds the row of the lane.
///
/// # Errors
/// If the database does.
pub(super) async fn begin(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    endpoint_id: Uuid,
    lines: &[String],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query("SELECT begin_lines_1($1, $2, $3)")
        .bind(vec![workspace_id; lines.len()])
        .bind(vec![endpoint_id; lines.len()])
        .bind(lines)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps deliveries from being added to an endpoint until the transaction has ended: nobody joins a line of which the one on its way
/// ends meanwhile.
///
/// # Errors
/// If the database does.
pub(super) async fn hold(connection: &mut PgConnection, lane: &Lane) -> Result<(), StoreError> {
    sqlx::query("SELECT FROM webhook_lanes WHERE workspace_id = $1 AND endpoint_id = $2 FOR SHARE")
        .bind(lane.workspace_id)
        .bind(lane.endpoint_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets some of the deliveries go that wait in lines of an endpoint which is not ordered any more; whether there may be more. They keep
/// their lines, so that none is without one that is due if the endpoint is ordered again before all are let go. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn let_go(connection: &mut PgConnection, lane: &Lane) -> Result<bool, StoreError> {
    let mut transaction = connection.begin().await?;
    hold(&mut transaction, lane).await?;
    let let_go = sqlx::query(&format!(
        "UPDATE webhook_deliveries SET due_at = clock_timestamp() \
         WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM webhook_deliveries d \
           WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.status = 'pending' AND d.due_at = {WAITS} LIMIT $3 \
           FOR UPDATE))"
    ))
    .bind(lane.workspace_id)
    .bind(lane.endpoint_id)
    .bind(LET_GO_BITE)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    if let_go.rows_affected() > 0 {
        return Ok(true);
    }
    let none = "UPDATE webhook_endpoints SET has_lines = false WHERE workspace_id = $1 AND endpoint_id = $2 AND NOT is_ordered";
    sqlx::query(none).bind(lane.workspace_id).bind(lane.endpoint_id).execute(connection).await?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(line: &str, xid: &str, at_s: i64) -> Option<Stand> {
        let at = DateTime::from_timestamp(at_s, 0).unwrap_or_default();
        Some(Stand { line: line.into(), xid: xid.into(), at })
    }

    fn placed(stands: &[Option<Stand>]) -> Vec<Option<i32>> {
        places(stands.iter().map(Option::as_ref))
    }

    #[test]
    fn what_was_told_first_goes_first_and_what_stands_in_no_line_has_no_place() {
        assert_eq!(placed(&[]), []);
        // The transaction that began first waited for the other one.
        assert_eq!(placed(&[stand("a", "5", 20), None, stand("a", "6", 10)]), [Some(2), None, Some(1)]);
    }

    #[test]
    fn events_of_one_transaction_keep_their_order_whatever_their_times_are() {
        let told = [stand("a", "5", 12), stand("a", "5", 10), stand("a", "6", 11), stand("b", "6", 1)];
        assert_eq!(placed(&told), [Some(2), Some(3), Some(4), Some(1)]);
        let same = [stand("a", "5", 10), stand("a", "6", 10), stand("a", "7", 10)];
        assert_eq!(placed(&same), [Some(1), Some(2), Some(3)]);
    }
}
