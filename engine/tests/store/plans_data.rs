//! Tables in the states that plans have to be good in: as empty as the planner last saw them, full, and analysed.

use capstan_engine::store::connect::Role;

use super::support::{Cell, run};

/// Executions of the full tables, this month and last month each; tokens, timers, leases and signals are as many.
pub(crate) const ROWS: i64 = 5_000;
/// Journal rows and log lines of each execution.
pub(crate) const ROWS_EACH: i64 = 5;

/// Ids of executions by month: `n` from 1 to [`ROWS`], last month's with `m` = -1.
const IDS: &str = "(SELECT (substr(uuid_floor_1(date_trunc('month', now(), 'UTC') + interval '10 days' + m * interval '25 days')::text, \
    1, 24) || lpad(to_hex(n), 12, '0'))::uuid AS id, n, m FROM generate_series(1, 5000) n, generate_series(-1, 0) m) AS ids";

/// A cell whose tables were analysed when empty, and in which autovacuum does not look again.
pub(crate) async fn empty() -> Cell {
    let cell = Cell::new().await;
    cell.execute(
        "DO $$ DECLARE v regclass; BEGIN FOR v IN SELECT c.oid FROM pg_class c \
           WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind = 'r' LOOP \
             EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', v); \
         END LOOP; END $$; ANALYZE",
    )
    .await;
    cell
}

/// Fills executions, history, tokens and timers behind the planner's back.
///
/// Tokens are stamped from [`ROWS`] + 1 on; as many dead ones lie below. Timers are due in a day, and a tenth is due
/// already. Every hundredth execution is the cell's workspace's. All is one transaction: `now()` is the same in each
/// statement, also where a month ends meanwhile.
pub(crate) async fn fill(cell: &Cell) {
    let workspace = format!(
        "CASE WHEN n % 100 = 0 THEN '{}'::uuid ELSE uuid_floor_1(now() + (n % 100) * interval '1 hour') END",
        cell.workspace
    );
    let mut owner = cell.connect(Role::Owner).await;
    for sql in [
        "BEGIN".to_owned(),
        format!(
            "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
             SELECT id, {workspace}, id, id, 'start', '1' FROM {IDS}"
        ),
        format!(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, recorded_at) \
             SELECT id, p, {workspace}, 0, 'timed_out', now() FROM {IDS}, generate_series(1, {ROWS_EACH}) p"
        ),
        format!(
            "INSERT INTO execution_logs (execution_id, log_id, workspace_id, node_id, attempt, level, message, created_at) \
             SELECT id, uuid_floor_1(now() + p * interval '1 ms'), {workspace}, 'a', 1, 'info', 'hello', now() \
             FROM {IDS}, generate_series(1, {ROWS_EACH}) p"
        ),
        format!(
            "INSERT INTO queue (vt, execution_id, workspace_id, fresh) SELECT n, id, {workspace}, true FROM {IDS} WHERE m = 0"
        ),
        "DELETE FROM queue".to_owned(),
        format!(
            "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
             SELECT {ROWS} + n, id, {workspace}, n % 2 = 0 FROM {IDS} WHERE m = 0"
        ),
        format!(
            "INSERT INTO timers SELECT id, {workspace}, \
             CASE WHEN n % 10 = 0 THEN now() - n * interval '1 ms' ELSE now() + interval '1 day' + n * interval '1 ms' END \
             FROM {IDS} WHERE m = -1"
        ),
        format!(
            "INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
             SELECT id, id, {workspace}, 'go', '1' FROM {IDS} WHERE m = -1"
        ),
        format!(
            "INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses) \
             SELECT id, {workspace}, 1000 + n % 3, n, 0 FROM {IDS} WHERE m = -1"
        ),
        "COMMIT".to_owned(),
    ] {
        run(&mut owner, &sql).await;
    }
}
