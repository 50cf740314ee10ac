//! A month that was archived and dropped comes back whole, or not at all.

use capstan_engine::store::connect::Role;
use capstan_engine::store::export::export;
use capstan_engine::store::restore::{
    self, LINE_BYTES_MAX, Loaded, RestoreError, attach, begin, check, check_whole, discard, load, workspaces,
};
use capstan_engine::store::retention::{
    self, BY_MONTH, Retention, archive, close, drop_next, note_archived, old_months,
};
use capstan_engine::store::vitals::unguarded;
use chrono::{NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use tokio::io::{AsyncWriteExt, BufReader, duplex};
use tokio::sync::Notify;
use uuid::Uuid;

use super::support::{Cell, run};

mod reasons;

/// More than are written at a time.
const LOGS: usize = 1_100;
/// Rows of all kinds in the month half a year ago: an input that is null, numbers and texts that a careless way would change.
const OLD_MONTH: &str = "DO $$
DECLARE
  v_from timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '6 months';
  v_id uuid := uuid_floor_1(v_from + interval '3 days');
  v_other uuid := uuid_floor_1(v_from + interval '1 month' - interval '1 millisecond');
  v_parent text;
BEGIN
  FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage', 'execution_words'] LOOP
    PERFORM make_month_1(v_parent, v_parent || to_char(v_from, '_YYYY_MM'), v_from);
  END LOOP;
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, output, status, created_at, ended_at)
  VALUES (v_id, 'WORKSPACE', gen_random_uuid(), gen_random_uuid(), 'n', 'null', NULL, 'failed', v_from, v_from + interval '1.000001 s'),
         (v_other, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'ü\"\\', '{\"a\": 1.10, \"b\": 1e30, \"c\": \"\\\\ \\n\"}',
          '[1, {\"x\": null}]', 'completed', v_from, v_from + interval '1 day');
  INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, output, recorded_at)
  VALUES (v_id, 1, 'WORKSPACE', 9007199254740993, 'settled', 'n', 'completed', 'out', 1, '{\"n\": 0.30}', v_from);
  INSERT INTO execution_logs (execution_id, log_id, workspace_id, node_id, attempt, level, message, created_at)
  SELECT v_id, gen_random_uuid(), 'WORKSPACE', 'n', 1, 'info', E'line\\n' || n, v_from FROM generate_series(1, LOGS) AS n;
  INSERT INTO usage (execution_id, position, meter, workspace_id, units, created_at)
  VALUES (v_id, 1, 'sms', 'WORKSPACE', 9007199254740993, v_from);
END
$$";

/// A month that is in an archive and nowhere else.
struct Archived {
    cell: Cell,
    month: NaiveDate,
    /// What the archive has of each of [`BY_MONTH`].
    lines: Vec<Vec<u8>>,
    /// All rows as they were.
    rows: Vec<String>,
}

impl Archived {
    async fn new() -> Self {
        let cell = Cell::new().await;
        let sql = OLD_MONTH.replace("WORKSPACE", &cell.workspace.to_string()).replace("LOGS", &LOGS.to_string());
        cell.execute(&sql).await;
        keep(&cell, Some(90)).await;
        let mut worker = cell.connect(Role::Worker).await;
        let month = old_months(&mut worker).await.unwrap()[0];
        assert_eq!(close(&mut worker, month).await.unwrap(), None);
        let (mut lines, rows) = (Vec::new(), rows(&cell).await);
        for table in BY_MONTH {
            let mut sink: Vec<u8> = Vec::new();
            archive(&mut worker, table, month, &mut sink).await.unwrap();
            lines.push(sink);
        }
        note_archived(&mut worker, month).await.unwrap();
        while drop_next(&mut worker, month).await.unwrap().is_some() {}
        cell.execute("UPDATE word_cursor SET walked_to = NULL").await;
        let archived = Self { cell, month, lines, rows };
        archived.assert_unseen().await;
        archived
    }

    fn lines(&self, table: &str) -> &[u8] {
        &self.lines[BY_MONTH.iter().position(|name| *name == table).unwrap()]
    }

    /// Loads some of the tables as the command does, each out of its lines.
    async fn load(&self, owner: &mut PgConnection, tables: &[&'static str]) -> Result<Vec<Loaded>, RestoreError> {
        check(owner, self.month, tables).await?;
        begin(owner, self.month, tables, None).await?;
        let mut done = Vec::new();
        for &table in tables {
            done.push(load(owner, table, self.month, &mut self.lines(table), |_| ()).await?);
        }
        attach(owner, self.month, tables, || false).await?;
        Ok(done)
    }

    /// Why one table is refused that has these lines.
    async fn refused(&self, table: &'static str, lines: &str) -> String {
        self.refused_in(None, table, lines).await
    }

    /// The same in a cell that holds `only` this workspace.
    async fn refused_in(&self, only: Option<Uuid>, table: &'static str, lines: &str) -> String {
        let mut owner = self.cell.connect(Role::Owner).await;
        begin(&mut owner, self.month, &[table], only).await.unwrap();
        load(&mut owner, table, self.month, &mut lines.as_bytes(), |_| ()).await.unwrap_err().to_string()
    }

    async fn assert_unseen(&self) {
        assert_eq!(rows(&self.cell).await, ["[]"; 4]);
    }
}

/// Loading is allowed only where history is kept.
async fn keep(cell: &Cell, keep_days: Option<i32>) {
    let wish = Retention { keep_days, is_archived: keep_days.is_some() };
    retention::set(&mut cell.connect(Role::Owner).await, wish).await.unwrap();
}

/// All rows of each table, as JSON.
async fn rows(cell: &Cell) -> Vec<String> {
    let mut owner = cell.connect(Role::Owner).await;
    let mut all = Vec::new();
    for table in BY_MONTH {
        let sql =
            format!("SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]')::text FROM {table} t");
        all.push(sqlx::query_scalar(&sql).fetch_one(&mut owner).await.unwrap());
    }
    all
}

#[tokio::test]
async fn all_rows_of_a_month_come_back_as_they_were_and_others_see_what_they_may() {
    let archived = Archived::new().await;
    let (cell, month) = (&archived.cell, archived.month);
    let mut owner = cell.connect(Role::Owner).await;
    let refused = archived.load(&mut owner, &BY_MONTH).await.unwrap_err();
    assert!(refused.to_string().contains("kept for 90 days"), "{refused}");
    keep(cell, None).await;

    let done = archived.load(&mut owner, &BY_MONTH).await.unwrap();
    assert_eq!(done.iter().map(|loaded| loaded.rows).collect::<Vec<_>>(), [2, 1, LOGS as u64, 1]);
    let bytes = archived.lines.iter().map(|lines| lines.len() as u64);
    assert!(done.iter().map(|loaded| loaded.bytes).eq(bytes));
    assert_eq!(rows(cell).await, archived.rows);
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE input = 'null'").await, 1, "it is a value");

    // Its tables are as those of any other month.
    assert_eq!(unguarded(&mut owner).await.unwrap(), Vec::<String>::new());
    let of_month = format!("relname ~ '{}'", month.format("_%Y_%m"));
    let count = |what: &str| format!("SELECT count(*) FROM pg_class WHERE {of_month} AND {what}");
    assert_eq!(cell.count(&count("relispartition AND relkind = 'r'")).await, 5, "with the one of words");
    assert_eq!(cell.count(&count("relname ~ 'loading'")).await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM pg_policies WHERE policyname = 'loading'").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM pg_constraint WHERE conname ~ '^loading'").await, 0);
    assert_eq!(
        cell.count(&count("array_to_string(reloptions, ',') ~ 'autovacuum_enabled'")).await,
        0,
        "autovacuum takes care of them"
    );
    assert_eq!(cell.count("SELECT count(*) FROM history_months").await, 0, "it is not gone any more");
    let days = format!(
        "SELECT extract(day FROM '{month}'::date + interval '1 month -1 day')::bigint - count(*) FROM stats_days \
          WHERE due_at IS NULL AND date_trunc('month', day) = '{month}'"
    );
    assert_eq!(cell.count(&days).await, 0, "the sums of its days stay");
    let mut worker = cell.connect(Role::Worker).await;
    let walked =
        format!("SELECT walked_to = month_floor_1(('{month}'::date + interval '1 month')::date) FROM word_cursor");
    let walked: Option<bool> = sqlx::query_scalar(&walked).fetch_one(&mut worker).await.unwrap();
    assert_eq!(walked, Some(true), "workers write its words");
    let mut api = cell.connect(Role::Api).await;
    run(&mut api, &format!("SELECT set_config('app.workspace_id', '{}', false)", cell.workspace)).await;
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM executions").fetch_one(&mut api).await.unwrap();
    assert_eq!(seen, 1, "of its workspace");

    // What is there does not come twice, and goes again as any other month.
    let refused = archived.load(&mut owner, &["journal"]).await.unwrap_err();
    assert!(refused.to_string().contains("has rows"), "{refused}");
    keep(cell, Some(90)).await;
    assert_eq!(close(&mut worker, month).await.unwrap(), None);
    note_archived(&mut worker, month).await.unwrap();
    let mut gone = 0;
    while drop_next(&mut worker, month).await.unwrap().is_some() {
        gone += 1;
    }
    assert_eq!(gone, 5);
    archived.assert_unseen().await;
}

#[tokio::test]
async fn a_load_that_dies_half_way_leaves_nothing_that_is_seen_and_is_begun_anew() {
    let archived = Archived::new().await;
    let (cell, month) = (&archived.cell, archived.month);
    keep(cell, None).await;
    let mut owner = cell.connect(Role::Owner).await;
    begin(&mut owner, month, &BY_MONTH, None).await.unwrap();
    // The last line of the logs does not come, and then the process is gone.
    let logs = archived.lines("execution_logs");
    let (mut gives, takes) = duplex(logs.len());
    gives.write_all(&logs[..logs.len() - 1]).await.unwrap();
    let (mut takes, some) = (BufReader::new(takes), Notify::new());
    tokio::select! {
        done = load(&mut owner, "execution_logs", month, &mut takes, |_| some.notify_one()) => panic!("{done:?}"),
        () = some.notified() => {}
    }
    let beside = format!("SELECT count(*) FROM loading_execution_logs{}", month.format("_%Y_%m"));
    assert!(cell.count(&beside).await > 0);
    let calm = "SELECT count(*) FROM pg_class WHERE relname ~ '^loading' AND reloptions = '{autovacuum_enabled=false}'";
    assert_eq!(cell.count(calm).await, 4, "nobody is at them for hours when they are to be attached");
    drop(owner);
    archived.assert_unseen().await;
    let mut owner = cell.connect(Role::Owner).await;
    assert_eq!(unguarded(&mut owner).await.unwrap(), Vec::<String>::new());
    export(&mut owner, cell.workspace, |_| Ok(())).await.expect("it knows nothing of it");

    archived.load(&mut owner, &BY_MONTH).await.unwrap();
    assert_eq!(rows(cell).await, archived.rows);
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_is_loaded() {
    let archived = Archived::new().await;
    let cell = &archived.cell;
    keep(cell, None).await;
    let good = String::from_utf8(archived.lines("execution_logs").to_vec()).unwrap();
    let with = |number: usize, line: &str| {
        let lines = good.lines().enumerate().map(|(at, good)| if at + 1 == number { line } else { good });
        lines.collect::<Vec<_>>().join("\n")
    };
    let line = good.lines().next().unwrap();
    for (number, line, reason) in [
        (1, "{\"execution_id\":".to_owned(), "it cannot be read as JSON: EOF while parsing a value at column 16"),
        (LOGS, "[1]".to_owned(), "it is no JSON object"),
        (700, String::new(), "it cannot be read as JSON: EOF"),
        (1_050, line.replace("\"info\"", "\"loud\""), "its level is \"loud\", which such a row cannot have"),
        (3, line.replace("{\"", "{\"loudness\":1,\""), "a column \"loudness\", which execution_logs has not"),
        (4, line.replace("execution_id", "execution"), "a column \"execution\""),
        (5, line.replace("\"info\"", "null"), "it has no level"),
        (2, line.to_owned(), "the same row has come before"),
    ] {
        let said = archived.refused("execution_logs", &with(number, &line)).await;
        let begins = format!("line {number} of execution_logs cannot be taken: ");
        assert!(said.starts_with(&begins) && said.contains(reason), "{said}");
    }
    let execution = String::from_utf8(archived.lines("executions").to_vec()).unwrap();
    let execution = execution.lines().next().unwrap();
    let id = execution.split('"').nth(3).unwrap();
    let of_today = execution.replace(id, &Uuid::now_v7().to_string());
    let said = archived.refused("executions", &of_today).await;
    assert!(
        said.contains(&format!(
            "line 1 of executions cannot be taken: it is not of {}",
            archived.month.format("%Y-%m")
        )),
        "{said}"
    );
    let runs =
        execution.replace("\"failed\"", "\"queued\"").replace("\"ended_at\":\"", "\"ended_at\":null,\"trace\":\"");
    let said = archived.refused("executions", &runs).await;
    assert!(said.contains("the execution has not ended"), "{said}");
    // A column that came after the month was archived is as in new rows.
    let early = execution.replace("\"begun\":false,", "");
    let mut owner = cell.connect(Role::Owner).await;
    begin(&mut owner, archived.month, &["executions"], None).await.unwrap();
    let loaded = load(&mut owner, "executions", archived.month, &mut early.as_bytes(), |_| ()).await.unwrap();
    assert_eq!(loaded, Loaded { rows: 1, bytes: early.len() as u64 });

    discard(&mut owner, archived.month).await.unwrap();
    assert_eq!(cell.count("SELECT count(*) FROM pg_class WHERE relname ~ 'loading'").await, 0);
    archived.assert_unseen().await;
}

#[tokio::test]
async fn times_that_cannot_be_shown_are_bad_lines() {
    let archived = Archived::new().await;
    let day = |days: i64| (archived.month + TimeDelta::days(days)).format("%Y-%m-%dT00:00:00Z").to_string();
    let today = Utc::now().date_naive();
    for (table, column, time) in [
        ("executions", "created_at", "infinity"),
        ("executions", "created_at", &*day(-2)),
        ("executions", "created_at", &*(today + TimeDelta::days(3)).to_string()),
        ("executions", "ended_at", "294000-01-01T00:00:00Z"),
        ("executions", "deadline_at", "-infinity"),
        ("executions", "begun_at", "1999-12-31T00:00:00Z"),
        ("journal", "recorded_at", "infinity"),
        ("execution_logs", "created_at", "294000-01-01T00:00:00Z"),
        ("usage", "created_at", "4713-01-01 00:00:00 BC"),
    ] {
        let said = archived.refused(table, &with_time(archived.lines(table), column, time)).await;
        let told = format!("line 1 of {table} cannot be taken: its {column} is no time that such a row can have");
        assert_eq!(said, told, "{time}");
    }
    // A start may be held, and then be begun after the month, and clocks may differ by some hours.
    let mut owner = archived.cell.connect(Role::Owner).await;
    for (column, time) in [("created_at", day(40)), ("created_at", day(-1)), ("deadline_at", day(1_800))] {
        begin(&mut owner, archived.month, &["executions"], None).await.unwrap();
        let line = with_time(archived.lines("executions"), column, &time);
        load(&mut owner, "executions", archived.month, &mut line.as_bytes(), |_| ()).await.unwrap();
    }
}

/// The first of these lines with another time in a column.
fn with_time(lines: &[u8], column: &str, time: &str) -> String {
    let first = lines.split(|byte| *byte == b'\n').next().unwrap();
    let mut row: Value = serde_json::from_slice(first).unwrap();
    row[column] = time.into();
    row.to_string()
}

#[tokio::test]
async fn a_cell_of_one_workspace_takes_rows_of_no_other_and_a_pooled_one_knows_whose_it_took() {
    let archived = Archived::new().await;
    let (cell, month) = (&archived.cell, archived.month);
    keep(cell, None).await;
    let lines = String::from_utf8(archived.lines("executions").to_vec()).unwrap();
    let own = cell.workspace.to_string();
    let other = 1 + lines.lines().position(|line| !line.contains(&own)).unwrap();
    let said = archived.refused_in(Some(cell.workspace.0), "executions", &lines).await;
    let told = "cannot be taken: it is of another workspace than the one of this cell";
    assert_eq!(said, format!("line {other} of executions {told}"));

    let mut owner = cell.connect(Role::Owner).await;
    begin(&mut owner, month, &["executions"], None).await.unwrap();
    load(&mut owner, "executions", month, &mut lines.as_bytes(), |_| ()).await.unwrap();
    let found = workspaces(&mut owner, "executions", month).await.unwrap();
    assert!(found.len() == 2 && found.contains(&(cell.workspace.0, 1)), "{found:?}");
    // Told to stop, it changes nothing; then all of it is taken that is of the one workspace, and nothing of the limits stays.
    let stopped = attach(&mut owner, month, &["executions"], || true).await;
    assert!(matches!(stopped, Err(RestoreError::Stopped)), "{stopped:?}");
    archived.assert_unseen().await;
    let lines = lines.lines().find(|line| line.contains(&own)).unwrap();
    begin(&mut owner, month, &["executions"], Some(cell.workspace.0)).await.unwrap();
    load(&mut owner, "executions", month, &mut lines.as_bytes(), |_| ()).await.unwrap();
    attach(&mut owner, month, &["executions"], || false).await.unwrap();
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM pg_constraint WHERE conname ~ '^loading'").await, 0);
}

#[test]
fn executions_without_any_journal_are_refused_unless_it_was_left_out() {
    let given = |rows: [(&'static str, u64); 4]| rows.map(|(table, rows)| (table, Loaded { rows, bytes: rows }));
    let [executions, journal, logs, usage] = BY_MONTH;
    let refused = check_whole(&given([(executions, 2), (journal, 0), (logs, 0), (usage, 1)])).unwrap_err().to_string();
    let hint = "by --table executions --table execution_logs --table usage";
    assert!(refused.contains("not one row of their journal") && refused.ends_with(hint), "{refused}");
    let whole = given([(executions, 2), (journal, 1), (logs, 0), (usage, 0)]);
    check_whole(&whole).unwrap();
    check_whole(&given([(executions, 0), (journal, 0), (logs, 0), (usage, 0)])).unwrap();
    check_whole(&whole[..1]).unwrap();
    check_whole(&given([(executions, 2), (journal, 0), (logs, 0), (usage, 0)])[1..2]).unwrap();
}

#[tokio::test]
async fn tables_of_a_month_may_come_one_after_the_other_as_long_as_they_are_empty() {
    let archived = Archived::new().await;
    let cell = &archived.cell;
    keep(cell, None).await;
    let mut owner = cell.connect(Role::Owner).await;
    archived.load(&mut owner, &["executions"]).await.unwrap();
    assert_eq!(rows(cell).await[1..], ["[]"; 3]);
    // What is not here does not take the place of what the archive has.
    assert!(retention::is_archived(&mut owner, archived.month).await.unwrap());
    archived.load(&mut owner, &["journal", "execution_logs", "usage"]).await.unwrap();
    assert_eq!(rows(cell).await, archived.rows);
    keep(cell, Some(90)).await;
    let mut worker = cell.connect(Role::Worker).await;
    assert_eq!(close(&mut worker, archived.month).await.unwrap(), None);
    assert!(retention::is_archived(&mut worker, archived.month).await.unwrap());
    assert!(drop_next(&mut worker, archived.month).await.unwrap().is_some());

    // What is not over is in no archive.
    let months = "SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date";
    let this: NaiveDate = sqlx::query_scalar(months).fetch_one(&mut owner).await.unwrap();
    let refused = check(&mut owner, this, &BY_MONTH).await.unwrap_err();
    assert!(refused.to_string().contains("is not over"), "{refused}");
}

#[tokio::test]
async fn one_process_loads_a_month_at_a_time() {
    let archived = Archived::new().await;
    let (cell, month) = (&archived.cell, archived.month);
    keep(cell, None).await;
    let (mut one, mut other) = (cell.connect(Role::Owner).await, cell.connect(Role::Owner).await);
    begin(&mut one, month, &["usage"], None).await.unwrap();
    let pid = super::support::pid(&mut other).await;
    let tables = ["usage"];
    let waits = async { begin(&mut other, month, &tables, None).await.unwrap() };
    let goes = async {
        cell.until_blocked(pid).await;
        drop(one);
    };
    tokio::join!(waits, goes);
    let far_too_long = vec![b' '; usize::try_from(LINE_BYTES_MAX).unwrap() + 1];
    let said = restore::load(&mut other, "usage", month, &mut &far_too_long[..], |_| ()).await.unwrap_err();
    assert!(said.to_string().contains("it is longer than"), "{said}");
}
