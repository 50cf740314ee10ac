//! The nightly check of quotas, where its facts do not tell what happened when.

use capstan_engine::store::connect::Role;
use capstan_engine::store::quotas::{Reconciled, reconcile};

use super::support::Cell;

/// What is counted of the last month and of this one, long enough ago to be looked at.
fn counters(last: i32, this: i32) -> String {
    format!(
        "INSERT INTO quota_counters (workspace_id, meter, period, granted, updated_at) \
         SELECT 'WORKSPACE', 'executions', c.period, c.granted, clock_timestamp() - interval '1 hour' \
           FROM (SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date AS this) AS m, \
                LATERAL (VALUES ((this - interval '1 month')::date, {last}), (this, {this})) AS c (period, granted)"
    )
}

#[tokio::test]
async fn what_was_counted_in_the_month_after_its_own_is_mended_and_told_nobody() {
    let cell = Cell::new().await;
    let workspace = cell.workspace.to_string();
    let mut worker = cell.connect(Role::Worker).await;
    let started = "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
                   SELECT uuid_floor_1(date_trunc('month', clock_timestamp(), 'UTC') - interval '1 second'), 'WORKSPACE', \
                     gen_random_uuid(), gen_random_uuid(), 'start', '1'";
    cell.execute(&started.replace("WORKSPACE", &workspace)).await;
    let said = "SELECT count(*) FROM outbox WHERE type = 'quota.reconciled'";
    // Counted where it did not happen; then one that did not happen at all, with it.
    for (counted, is_told, found) in [((0, 1), 0, Reconciled::Right), ((0, 2), 1, Reconciled::Mended)] {
        cell.execute("DELETE FROM quota_counters; UPDATE quota_rounds SET day = day - 1, is_over = true").await;
        cell.execute(&counters(counted.0, counted.1).replace("WORKSPACE", &workspace)).await;
        assert_eq!(reconcile(&mut worker).await.unwrap(), Reconciled::Right);
        assert_eq!(reconcile(&mut worker).await.unwrap(), found);
        assert_eq!(reconcile(&mut worker).await.unwrap(), Reconciled::Over);
        let mended = "SELECT count(*) FROM quota_counters \
                       WHERE granted = (period < date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC'))::int";
        assert_eq!((cell.count(mended).await, cell.count(said).await), (2, is_told));
    }
}
