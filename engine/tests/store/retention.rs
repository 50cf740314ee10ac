use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::restore;
use capstan_engine::store::retention::{
    self, Retention, close, drop_next, end_parked, is_archived, months, note_archived, old_months, tables_of,
    take_along,
};
use capstan_engine::store::upkeep::make_months;
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::support::{Cell, run};

/// Makes the tables of the month so many months ago, as upkeep does, with an execution of it that has not ended.
const OLD_MONTH: &str = "DO $$
DECLARE
  v_from timestamptz := date_trunc('month', now()) - make_interval(months => AGO);
  v_parent text;
  v_name text;
BEGIN
  FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage'] LOOP
    v_name := v_parent || to_char(v_from, '_YYYY_MM');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', v_name, v_parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_parent, v_name,
      uuid_floor_1(v_from), uuid_floor_1(v_from + interval '1 month'));
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_name);
  END LOOP;
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input)
  VALUES (uuid_floor_1(v_from + interval '3 days'), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'n', '1');
END
$$";
/// Long enough ago that nobody reads them any more.
const ALL_END: &str =
    "UPDATE executions SET status = 'completed', ended_at = now() - interval '2 days' WHERE ended_at IS NULL";

async fn old_month(cell: &Cell, ago: u32) {
    cell.execute(&OLD_MONTH.replace("AGO", &ago.to_string())).await;
}

async fn keep(cell: &Cell, keep_days: Option<i32>, is_archived: bool) {
    let mut owner = cell.connect(Role::Owner).await;
    retention::set(&mut owner, Retention { keep_days, is_archived }).await.unwrap();
}

/// Drops all tables of a month; their names without the month.
async fn dropped(worker: &mut PgConnection, month: NaiveDate) -> Vec<String> {
    let mut gone = Vec::new();
    while let Some(table) = drop_next(worker, month).await.unwrap() {
        gone.push(table[..table.len() - 8].to_owned());
    }
    gone
}

/// Ends what is of this month.
async fn end(cell: &Cell, month: NaiveDate) {
    cell.execute(&format!("{ALL_END} AND {}", of_month("execution_id", month))).await;
}

/// That an id is of this month, as SQL.
fn of_month(column: &str, month: NaiveDate) -> String {
    format!(
        "{column} >= month_floor_1('{month}') AND {column} < month_floor_1(('{month}'::date + interval '1 month')::date)"
    )
}

/// Why a month is kept.
async fn kept(worker: &mut PgConnection, month: NaiveDate) -> String {
    close(worker, month).await.unwrap().expect("it is kept")
}

#[tokio::test]
async fn a_month_goes_once_all_of_it_has_ended_and_one_that_stays_keeps_no_later_one() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    old_month(&cell, 7).await;
    old_month(&cell, 6).await;
    assert!(old_months(&mut worker).await.unwrap().is_empty(), "all is kept unless somebody says so");
    keep(&cell, Some(90), false).await;
    let old = old_months(&mut worker).await.unwrap();
    assert_eq!(old.len(), 2, "not the last months: {old:?}");
    assert!(kept(&mut worker, old[0]).await.contains("has not ended"));
    assert!(kept(&mut worker, old[1]).await.contains("has not ended"));
    assert!(drop_next(&mut worker, old[1]).await.is_err(), "it is not closed");

    // The later one has ended, and goes; what is of the earlier one stays.
    end(&cell, old[1]).await;
    let slots = "INSERT INTO slots (workspace_id, gate, execution_id) SELECT workspace_id, 'workspace', execution_id FROM executions";
    cell.execute(slots).await;
    assert_eq!(close(&mut worker, old[1]).await.unwrap(), None);
    assert_eq!(close(&mut worker, old[1]).await.unwrap(), None, "again, as after a crash");
    assert_eq!(take_along(&mut worker, old[1]).await.unwrap(), 1);
    assert_eq!(take_along(&mut worker, old[1]).await.unwrap(), 0, "a slot of the month before stays");
    assert_eq!(tables_of(&mut worker, old[1]).await.unwrap(), retention::BY_MONTH);
    // Whoever dies here leaves half a month, which is found again.
    assert!(drop_next(&mut worker, old[1]).await.unwrap().unwrap().starts_with("executions_"));
    assert_eq!(tables_of(&mut worker, old[1]).await.unwrap(), ["journal", "execution_logs", "usage"]);
    assert_eq!(old_months(&mut worker).await.unwrap(), old);
    assert_eq!(close(&mut worker, old[1]).await.unwrap(), None);
    assert_eq!(dropped(&mut worker, old[1]).await, ["journal", "execution_logs", "usage"]);
    assert_eq!(old_months(&mut worker).await.unwrap(), old[..1]);
    assert!(kept(&mut worker, old[0]).await.contains("has not ended"));
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 1);

    end(&cell, old[0]).await;
    assert_eq!(close(&mut worker, old[0]).await.unwrap(), None);
    assert_eq!(take_along(&mut worker, old[0]).await.unwrap(), 1);
    assert_eq!(dropped(&mut worker, old[0]).await, retention::BY_MONTH);
    let rows = months(&mut worker, 10).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.dropped_at.is_some()), "{rows:?}");
    make_months(&mut worker).await.unwrap();
    assert!(old_months(&mut worker).await.unwrap().is_empty(), "they are not made again");
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 0);
}

#[tokio::test]
async fn who_keeps_a_month_is_told_and_looked_for_anew_once_it_has_ended() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    old_month(&cell, 7).await;
    old_month(&cell, 6).await;
    keep(&cell, Some(90), false).await;
    let old = old_months(&mut worker).await.unwrap();
    let of_later = of_month("execution_id", old[1]);
    let another = format!(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
         SELECT uuid_floor_1('{}'::timestamptz + interval '9 days'), workspace_id, workflow_id, version_id, 'n', input \
           FROM executions WHERE {of_later}",
        old[1]
    );
    cell.execute(&another).await;
    let told = kept(&mut worker, old[1]).await;
    assert_eq!(kept(&mut worker, old[1]).await, told, "the same one, which is looked at first");
    let mut owner = cell.connect(Role::Owner).await;
    let known = sqlx::query_scalar("SELECT execution_id FROM kept_months").fetch_one(&mut owner).await;
    let known: Uuid = known.unwrap();
    assert!(told.contains(&known.to_string()), "{told} tells {known}");
    cell.execute(&format!("{ALL_END} AND execution_id = '{known}'")).await;
    let next = kept(&mut worker, old[1]).await;
    assert!(next.contains("has not ended") && !next.contains(&known.to_string()), "{next}");

    // All of it has ended, but a parent of the month before still reads what it has called.
    end(&cell, old[1]).await;
    let calls = format!(
        "INSERT INTO children (child_id, workspace_id, parent_id, node_id, root_id, depth) \
         SELECT c.execution_id, p.workspace_id, p.execution_id, 'n', p.execution_id, 1 FROM executions p, executions c \
          WHERE p.ended_at IS NULL AND c.execution_id = '{known}'"
    );
    cell.execute(&calls).await;
    assert!(kept(&mut worker, old[1]).await.contains("who called an execution of it"));
    end(&cell, old[0]).await;
    assert_eq!(close(&mut worker, old[1]).await.unwrap(), None);
    assert_eq!(cell.count("SELECT count(*) FROM kept_months").await, 0);
}

#[tokio::test]
async fn what_has_just_ended_or_is_still_counted_keeps_its_month() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    old_month(&cell, 6).await;
    keep(&cell, Some(90), false).await;
    let month = old_months(&mut worker).await.unwrap()[0];
    // It waited for half a year, then sent a mail and ended: this month's counter has the mail.
    let ends = "UPDATE executions SET status = 'completed', ended_at = now() - interval '1 hour'; \
                INSERT INTO usage (execution_id, position, meter, workspace_id, units, created_at) \
                  SELECT execution_id, 1, 'emails', workspace_id, 1, now() - interval '1 hour' FROM executions";
    cell.execute(ends).await;
    let told = kept(&mut worker, month).await;
    assert!(told.contains("ended within the last day"), "{told}");
    assert_eq!(kept(&mut worker, month).await, told, "the same one, which is looked at first");
    cell.execute("UPDATE executions SET ended_at = now() - interval '2 days'").await;
    assert!(kept(&mut worker, month).await.contains("is still counted"));
    cell.execute("UPDATE usage SET created_at = now() - interval '33 days'").await;
    assert_eq!(close(&mut worker, month).await.unwrap(), None);
}

#[tokio::test]
async fn what_an_archived_workspace_has_left_undone_keeps_no_month_and_ends_with_it() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    old_month(&cell, 6).await;
    keep(&cell, Some(90), true).await;
    let month = old_months(&mut worker).await.unwrap()[0];
    let parked = format!(
        "INSERT INTO standings (workspace_id, state, revision) SELECT workspace_id, 'suspended', 1 FROM executions; \
         INSERT INTO timers (execution_id, workspace_id, due_at) SELECT execution_id, workspace_id, now() FROM executions; \
         INSERT INTO timers (execution_id, workspace_id, due_at) \
           SELECT uuid_floor_1('{month}'::timestamptz + interval '40 days'), workspace_id, now() FROM executions; \
         INSERT INTO held (workspace_id, workflow_id, execution_id) SELECT workspace_id, workflow_id, execution_id FROM executions; \
         INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
           SELECT execution_id, gen_random_uuid(), workspace_id, 's', '1' FROM executions; \
         INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, key, \
             input, bytes, vt, priority, first_at, due_at) \
           SELECT uuid_floor_1('{month}'::timestamptz + interval '5 days'), workspace_id, workflow_id, version_id, 'n', \
             'singleton', '', 'k', '1', 1, 0, 0, now(), 'infinity' FROM executions; \
         UPDATE executions SET begun_at = 'infinity'"
    );
    cell.execute(&parked).await;
    assert!(kept(&mut worker, month).await.contains("has not ended"), "it may be resumed");
    cell.execute("UPDATE standings SET state = 'archived', changed_at = now()").await;
    assert!(kept(&mut worker, month).await.contains("has not ended"), "what was at work then may be at it still");
    cell.execute("UPDATE standings SET changed_at = now() - interval '2 days'").await;
    cell.execute("INSERT INTO queue (vt, execution_id, workspace_id, fresh) SELECT 0, execution_id, workspace_id, false FROM executions")
        .await;
    assert!(kept(&mut worker, month).await.contains("a worker has still to look"));
    assert_eq!(end_parked(&mut worker, month).await.unwrap(), 0, "the month is not closed");
    cell.execute("DELETE FROM queue").await;
    assert_eq!(close(&mut worker, month).await.unwrap(), None);

    // What goes to the archive has ended, and comes back out of it.
    assert_eq!(end_parked(&mut worker, month).await.unwrap(), 1);
    assert_eq!(end_parked(&mut worker, month).await.unwrap(), 0, "again, as after a crash");
    let ended = "SELECT count(*) FROM executions WHERE status = 'cancelled' AND ended_at IS NOT NULL AND begun_at IS NULL \
                    AND error ->> 'class' = 'cancelled'";
    assert_eq!(cell.count(ended).await, 1);
    let mut sink: Vec<u8> = Vec::new();
    retention::archive(&mut worker, "executions", month, &mut sink).await.unwrap();
    note_archived(&mut worker, month).await.unwrap();

    assert_eq!(take_along(&mut worker, month).await.unwrap(), 4, "its timer, and what else it waited for");
    assert_eq!(take_along(&mut worker, month).await.unwrap(), 0, "again, as after a crash");
    assert_eq!(cell.count("SELECT count(*) FROM timers").await, 1, "that of a later month stays");
    assert_eq!(dropped(&mut worker, month).await, retention::BY_MONTH);
    keep(&cell, None, false).await;
    let mut owner = cell.connect(Role::Owner).await;
    restore::begin(&mut owner, month, &["executions"], None).await.unwrap();
    let loaded = restore::load(&mut owner, "executions", month, &mut &sink[..], |_| ()).await.unwrap();
    assert_eq!(loaded.rows, 1);
}

#[tokio::test]
async fn calls_approvals_and_slots_go_with_the_month_of_their_executions_and_no_others() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    old_month(&cell, 6).await;
    keep(&cell, Some(90), false).await;
    cell.execute(ALL_END).await;
    let month = old_months(&mut worker).await.unwrap()[0];
    let beside = format!(
        "WITH of AS (SELECT uuid_floor_1(f.at) AS id FROM (VALUES (timestamptz '{month}' + interval '3 days'), \
             (timestamptz '{month}' - interval '1 year'), (timestamptz '{month}' + interval '40 days')) AS f (at)), \
         calls AS (INSERT INTO children (child_id, workspace_id, parent_id, node_id, root_id, depth) \
           SELECT id, gen_random_uuid(), id, 'n', id, 1 FROM of), \
         asked AS (INSERT INTO approvals (workspace_id, approval_id, execution_id, node_id, title, fields, by_api_key, by_link) \
           SELECT gen_random_uuid(), gen_random_uuid(), id, 'n', 't', '[]', true, true FROM of) \
         INSERT INTO slots (workspace_id, gate, execution_id) SELECT gen_random_uuid(), 'workspace', id FROM of"
    );
    cell.execute(&beside).await;
    assert_eq!(take_along(&mut worker, month).await.unwrap(), 0, "the month is not closed");
    assert_eq!(close(&mut worker, month).await.unwrap(), None);
    assert_eq!(take_along(&mut worker, month).await.unwrap(), 6, "those of the month, and what was left of one before");
    assert_eq!(take_along(&mut worker, month).await.unwrap(), 0, "again, as after a crash");
    assert_eq!(dropped(&mut worker, month).await, retention::BY_MONTH);
    for table in ["children", "approvals", "slots"] {
        assert_eq!(cell.count(&format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
}

#[tokio::test]
async fn what_is_to_be_archived_is_not_dropped_before_and_no_worker_makes_the_time_shorter() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    old_month(&cell, 5).await;
    cell.execute(ALL_END).await;
    keep(&cell, Some(90), true).await;
    let month = old_months(&mut worker).await.unwrap()[0];
    assert_eq!(close(&mut worker, month).await.unwrap(), None);
    assert!(drop_next(&mut worker, month).await.is_err(), "it is in no archive");
    let refused = retention::set(&mut worker, Retention { keep_days: Some(31), is_archived: false }).await;
    assert!(refused.is_err(), "the operator alone says how long");
    for forbidden in ["INSERT INTO history_months (month) VALUES ('2020-01-01')", "DROP TABLE journal"] {
        assert!(sqlx::query(forbidden).execute(&mut worker).await.is_err(), "{forbidden}");
    }
    let mut owner = cell.connect(Role::Owner).await;
    let too_short = retention::set(&mut owner, Retention { keep_days: Some(30), is_archived: false }).await;
    assert!(matches!(too_short, Err(StoreError::Data(_))), "{too_short:?}");

    // Rows come as one line of JSON each, whatever is in them.
    let text = "a\\tb\"c\"\u{1f600}\\\\ \\u0001";
    sqlx::query("UPDATE executions SET input = to_jsonb($1::text)").bind(text).execute(&mut owner).await.unwrap();
    let mut sink = Vec::new();
    // On the last day, too: days are read one by one.
    let late = format!(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
         SELECT uuid_floor_1('{month}'::timestamptz + interval '1 month' - interval '1 second'), workspace_id, workflow_id, \
           version_id, 'n', input FROM executions"
    );
    sqlx::query(&late).execute(&mut owner).await.unwrap();
    let bytes = retention::archive(&mut worker, "executions", month, &mut sink).await.unwrap();
    assert_eq!(bytes, sink.len() as u64);
    let lines: Vec<serde_json::Value> = sink
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(
        (lines.len(), &lines[0]["input"], &lines[1]["input"]),
        (2, &serde_json::json!(text), &serde_json::json!(text))
    );

    assert!(!is_archived(&mut worker, month).await.unwrap());
    note_archived(&mut worker, month).await.unwrap();
    assert!(is_archived(&mut worker, month).await.unwrap());
    // Kept after all: nothing is dropped, and it is closed and archived anew once it is its time.
    keep(&cell, Some(36_500), true).await;
    assert_eq!(drop_next(&mut worker, month).await.unwrap(), None);
    assert_eq!(tables_of(&mut worker, month).await.unwrap().len(), 4);
    keep(&cell, Some(90), true).await;
    assert!(drop_next(&mut worker, month).await.is_err());
}

#[tokio::test]
async fn nobody_queues_for_long_behind_a_drop_that_waits_for_a_reader() {
    let cell = Cell::new().await;
    let (mut worker, mut reader) = (cell.connect(Role::Worker).await, cell.connect(Role::Worker).await);
    old_month(&cell, 5).await;
    cell.execute(ALL_END).await;
    keep(&cell, Some(90), false).await;
    let month = old_months(&mut worker).await.unwrap()[0];
    assert_eq!(close(&mut worker, month).await.unwrap(), None);
    run(&mut reader, "BEGIN; SELECT FROM executions").await;
    let given_up = drop_next(&mut worker, month).await;
    assert!(matches!(given_up, Err(StoreError::LockTimeout)), "{given_up:?}");
    // It gave its place up, so others come by.
    run(&mut cell.connect(Role::Worker).await, "SELECT FROM executions").await;
    run(&mut reader, "COMMIT").await;
    assert_eq!(dropped(&mut worker, month).await, retention::BY_MONTH);
}
