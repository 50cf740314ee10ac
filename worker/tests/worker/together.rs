//! Events that come together, of which some start what cannot be started: the others start once, and once is paid for each.

use serde_json::json;

use crate::arrivals::{at_order, many, send};
use crate::support::Cell;

const COMPLETED: &str = "SELECT count(*) FROM executions WHERE status = 'completed'";
const SPENT: &str = "SELECT granted FROM quota_counters WHERE meter = 'executions'";
const REFUSED: &str = "SELECT count(*) FROM trigger_starts WHERE status = 'due' AND tries > 0";

async fn limit(cell: &Cell, units: i64) {
    cell.within_a_day().await;
    let limit = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'executions', $2, $2) \
        ON CONFLICT (workspace_id, meter) DO UPDATE SET units_max = excluded.units_max, hard_max = excluded.hard_max";
    let limited = sqlx::query(limit).bind(cell.workspace_id.0).bind(units).execute(&mut cell.owner().await).await;
    limited.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_holds_up_nothing_that_starts_with_it_and_costs_nothing() {
    let cell = Cell::new().await;
    let mut ruled = at_order();
    ruled["settings"] = json!({ "flow": { "rate_limit": { "limit": 1, "per_ms": 3_600_000 } } });
    cell.publish_as("ruled", &ruled).await;
    for name in ["plain", "gone", "lost"] {
        cell.publish_as(name, &at_order()).await;
    }
    limit(&cell, 1_000).await;
    // One is deleted while events are on their way, of one the version is not there, and one start is refused by the database.
    cell.run(
        "UPDATE workflows SET deleted_at = now() WHERE name = 'gone'; \
         UPDATE event_triggers t SET version_id = gen_random_uuid() FROM workflows w \
           WHERE w.workflow_id = t.workflow_id AND w.name = 'lost'; \
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
           $$ BEGIN IF NEW.input #>> '{data,n}' = '7' THEN RAISE data_exception; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON executions FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    .await;
    let mut events = many("order.paid", 20);
    // Too large to go with the others, also where it is small as it is stored.
    events[3].data = json!({ "n": 3, "text": "x".repeat(20_000) });
    send(&cell, &events).await;
    let worker = cell.worker().await;
    cell.until_count(COMPLETED, 20).await;
    cell.until_count("SELECT count(*) FROM trigger_starts WHERE reason = 'its workflow was deleted'", 20).await;
    cell.until_count(REFUSED, 40).await;
    worker.drain().await;
    let of_plain = "SELECT count(DISTINCT e.input ->> 'id') FROM executions e JOIN workflows w USING (workspace_id, workflow_id) \
        WHERE w.name = 'plain'";
    assert_eq!((cell.count("SELECT count(*) FROM executions").await, cell.count(of_plain).await), (20, 19));
    assert_eq!((cell.count(SPENT).await, cell.count("SELECT count(*) FROM quota_slices").await), (20, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_starts_than_a_quota_has_units_for_those_are_made_that_it_has() {
    let cell = Cell::new().await;
    cell.publish(&at_order()).await;
    limit(&cell, 5).await;
    send(&cell, &many("order.paid", 20)).await;
    let worker = cell.worker().await;
    cell.until_count(COMPLETED, 5).await;
    cell.until_count(REFUSED, 15).await;
    limit(&cell, 30).await;
    cell.run("UPDATE trigger_starts SET due_at = clock_timestamp() WHERE status = 'due'").await;
    cell.until_count(COMPLETED, 20).await;
    worker.drain().await;
    assert_eq!(cell.count("SELECT count(DISTINCT input ->> 'id') FROM executions").await, 20);
    assert_eq!((cell.count(SPENT).await, cell.count("SELECT count(*) FROM quota_slices").await), (20, 0));
}
