//! Duties of upkeep: one worker at a time, whoever dies at one; months go to an archive before they are dropped.

use std::path::Path;
use std::time::Duration;

use capstan_engine::store::retention::{self, Retention};
use capstan_engine::store::vitals::missing_months;
use capstan_worker::{UpkeepSettings, Worker, WorkerSettings};
use serde_json::Value;
use tokio::time::{Instant, interval};

use crate::support::{Cell, PATIENCE};

/// Makes the tables of the month five months ago, as upkeep does, with an execution of it that has ended.
const OLD_MONTH: &str = "DO $$
DECLARE
  v_from timestamptz := date_trunc('month', now()) - interval '5 months';
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
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status, ended_at)
  VALUES (uuid_floor_1(v_from + interval '3 days'), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'n',
          '{\"text\": \"a\\\\b\"}', 'completed', now() - interval '2 days');
END
$$";

async fn worker(cell: &Cell, name: &str, archive_command: Option<String>) -> Worker {
    let look_every = Duration::from_millis(20);
    let upkeep = UpkeepSettings { look_every, archive_command, ..UpkeepSettings::default() };
    let drain_timeout = Duration::from_secs(5);
    let settings = WorkerSettings { name: name.into(), drain_timeout, upkeep, ..WorkerSettings::default() };
    cell.worker_of(cell.place.clone(), settings).await
}

async fn run(cell: &Cell, sql: &str) {
    sqlx::raw_sql(sql).execute(&mut cell.owner().await).await.unwrap();
}

async fn until_there(path: &Path) {
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(10)));
    while !path.exists() {
        ticks.tick().await;
        assert!(Instant::now() < deadline, "{} was not made", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_workers_does_a_duty_and_takes_it_over_from_one_that_died() {
    let cell = Cell::new().await;
    run(
        &cell,
        "INSERT INTO duties (name, holder, take_no, leased_until, last_begun_at, next_due_at) \
         VALUES ('tidying', 'dead', 7, now() + interval '1 hour', now(), now())",
    )
    .await;
    let (one, two) = (worker(&cell, "one", None).await, worker(&cell, "two", None).await);
    // Duties are looked at in this order, so that both have passed by the one that a dead worker has.
    cell.until_count("SELECT count(*) FROM duties WHERE name IN ('partitions', 'retention') AND is_done", 2).await;
    assert_eq!(cell.count("SELECT count(*) FROM duties WHERE name = 'tidying' AND holder = 'dead'").await, 1);
    run(&cell, "UPDATE duties SET leased_until = now() WHERE name = 'tidying'").await;
    cell.until_count("SELECT count(*) FROM duties WHERE name = 'tidying' AND is_done AND holder <> 'dead'", 1).await;
    let taken = "SELECT sum(take_no)::bigint FROM duties WHERE name IN ('partitions', 'tidying', 'retention')";
    assert_eq!(cell.count(taken).await, 1 + 8 + 1, "each was taken once more");
    let kept = "SELECT count(*) FROM duties WHERE name = 'retention' AND outcome = 'history is kept for good'";
    assert_eq!(cell.count(kept).await, 1);
    one.drain().await;
    two.drain().await;
    assert_eq!(cell.count("SELECT count(*) FROM duties WHERE leased_until IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_makes_the_months_before_it_begins_even_if_the_duty_is_not_its_own() {
    let cell = Cell::new().await;
    run(
        &cell,
        "DO $$ DECLARE v_table regclass; BEGIN \
           FOR v_table IN SELECT i.inhrelid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent AND c.relkind = 'p' LOOP \
             EXECUTE format('DROP TABLE %s', v_table); END LOOP; END $$; \
         INSERT INTO duties (name, holder, take_no, leased_until, last_begun_at, next_due_at) \
         VALUES ('partitions', 'dead', 7, now() + interval '1 hour', now(), now())",
    )
    .await;
    let first = worker(&cell, "first", None).await;
    assert_eq!(missing_months(&mut cell.owner().await).await.unwrap(), Vec::<String>::new());
    first.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_in_the_archive_before_it_is_dropped_whatever_becomes_of_the_worker() {
    let cell = Cell::new().await;
    run(&cell, OLD_MONTH).await;
    let set = Retention { keep_days: Some(90), is_archived: true };
    retention::set(&mut cell.owner().await, set).await.unwrap();
    let expected: String = sqlx::query_scalar("SELECT to_jsonb(e)::text FROM executions e")
        .fetch_one(&mut cell.owner().await)
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let failed = |words: &str| {
        format!("SELECT count(*) FROM duties WHERE name = 'retention' AND NOT is_done AND outcome LIKE '%{words}%'")
    };

    // Without a command, and with one that refuses, everything stays.
    let none = worker(&cell, "none", None).await;
    cell.until_count(&failed("no CAPSTAN_ARCHIVE_COMMAND"), 1).await;
    none.drain().await;
    run(&cell, "UPDATE duties SET next_due_at = now()").await;
    let refuses = worker(&cell, "refuses", Some("exit 3".into())).await;
    cell.until_count(&failed("executions of %: %exit status: 3"), 1).await;
    refuses.drain().await;

    // A worker that dies while the command is at it.
    run(&cell, "UPDATE duties SET next_due_at = now()").await;
    let dies = worker(&cell, "dies", Some(format!("cat > /dev/null; touch {at}/begun; exec sleep 600"))).await;
    until_there(&folder.path().join("begun")).await;
    drop(dies);
    let months = "SELECT count(*) FROM history_months WHERE archived_at IS NULL AND dropped_at IS NULL";
    assert_eq!((cell.count(months).await, cell.count("SELECT count(*) FROM executions").await), (1, 1));

    // Its lease runs out, and another one does all of it.
    run(&cell, "UPDATE duties SET leased_until = now() WHERE name = 'retention'").await;
    let takes = format!(
        "set -e; name={at}/$CAPSTAN_ARCHIVE_SCHEMA.$CAPSTAN_ARCHIVE_TABLE.json; cat > $name.part; mv $name.part $name; \
         echo $CAPSTAN_ARCHIVE_MONTH > {at}/month"
    );
    let takes = worker(&cell, "takes", Some(takes)).await;
    let gone = "SELECT count(*) FROM history_months WHERE archived_at < dropped_at";
    cell.until_count(gone, 1).await;
    cell.until_count(
        "SELECT count(*) FROM duties WHERE name = 'retention' AND is_done AND outcome LIKE 'dropped: %'",
        1,
    )
    .await;
    takes.drain().await;
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 0);
    // Its days had never been summed up: the fleet stood still meanwhile.
    let summed = "SELECT count(*) FROM workspace_daily_stats WHERE executions_started = 1 AND executions_completed = 1";
    assert_eq!(cell.count(summed).await, 1);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let lines: Vec<Value> =
        read("cell_1.executions.json").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    let expected: Value = serde_json::from_str(&expected).unwrap();
    assert_eq!((&lines[0], lines[0]["input"]["text"].as_str()), (&expected, Some("a\\b")));
    for empty in ["journal", "execution_logs", "usage"] {
        assert_eq!(read(&format!("cell_1.{empty}.json")), "");
    }
    let month = read("month");
    let named = format!("SELECT count(*) FROM history_months WHERE to_char(month, 'YYYY-MM') = '{}'", month.trim());
    assert_eq!(cell.count(&named).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_execution_that_goes_on_keeps_its_month_and_what_an_archived_workspace_left_keeps_none() {
    let cell = Cell::new().await;
    let live = OLD_MONTH.replace("'completed', now() - interval '2 days'", "'queued', NULL");
    run(&cell, &live).await;
    run(
        &cell,
        "INSERT INTO standings (workspace_id, state, revision, changed_at) \
                SELECT workspace_id, 'archived', 1, now() - interval '2 days' FROM executions",
    )
    .await;
    run(&cell, &live.replace("5 months", "6 months")).await;
    let set = Retention { keep_days: Some(90), is_archived: false };
    retention::set(&mut cell.owner().await, set).await.unwrap();
    let worker = worker(&cell, "one", None).await;
    let told = "SELECT count(*) FROM duties WHERE name = 'retention' AND is_done \
                   AND outcome LIKE 'dropped: %; % is kept: an execution of it has not ended (%'";
    cell.until_count(told, 1).await;
    worker.drain().await;
    let left = "SELECT count(*) FROM executions e WHERE e.ended_at IS NULL \
                   AND NOT EXISTS (SELECT FROM standings s WHERE s.workspace_id = e.workspace_id)";
    assert_eq!((cell.count(left).await, cell.count("SELECT count(*) FROM executions").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_out_of_one_kind_hinders_no_other_and_is_told() {
    let cell = Cell::new().await;
    // A start of long ago that nobody can remove, and a submission of a form, which comes behind it.
    let old = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'it stays'; END$$; \
        CREATE TRIGGER refuse BEFORE DELETE ON trigger_starts FOR EACH ROW EXECUTE FUNCTION refuse(); \
        INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, due_at, until_at, status, \
          settled_at, reason) \
        SELECT gen_random_uuid(), gen_random_uuid(), 'n', 's', gen_random_uuid(), 'event', t.at, t.at, t.at, 'missed', t.at, 'r' \
          FROM (SELECT now() - interval '1 year' AS at) AS t; \
        INSERT INTO form_submissions (workspace_id, submission_id, once, workflow_id, node_id, path, title, email, input, expires_at) \
        VALUES (gen_random_uuid(), gen_random_uuid(), 'o', gen_random_uuid(), 'n', 'p', 't', 'a@b.c', '1', now() - interval '1 year')";
    run(&cell, old).await;
    let worker = worker(&cell, "one", None).await;
    let told = "SELECT count(*) FROM duties WHERE name = 'tidying' AND NOT is_done AND outcome LIKE 'starts of triggers: %it stays%'";
    cell.until_count(told, 1).await;
    assert_eq!(cell.count("SELECT count(*) FROM form_submissions").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM trigger_starts").await, 1);
    worker.drain().await;
}
