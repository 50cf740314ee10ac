//! A month goes into an archive and out of the database, and comes back by the command.

use std::path::Path;

use serde_json::{Value, json};

use crate::graphs::row;
use crate::process::Process;
use crate::site::Site;
use crate::world::World;

const TABLES: [&str; 4] = ["executions", "journal", "execution_logs", "usage"];
/// Has what was executed now happen half a year ago as well, with a log.
const LONG_AGO: &str = "DO $$
DECLARE
  v_from timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '6 months';
  v_at timestamptz := v_from + interval '3 days';
  v_id uuid := overlay(overlay(uuid_floor_1(v_at)::text PLACING '7' FROM 15) PLACING '8' FROM 20)::uuid;
  v_then jsonb := jsonb_build_object('execution_id', v_id, 'created_at', v_at, 'begun_at', v_at, 'ended_at', v_at + interval '1 second');
  v_parent text;
BEGIN
  FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage', 'execution_words'] LOOP
    PERFORM make_month_1(v_parent, v_parent || to_char(v_from, '_YYYY_MM'), v_from);
  END LOOP;
  INSERT INTO executions SELECT r.* FROM executions e, jsonb_populate_record(e, v_then) AS r;
  INSERT INTO journal SELECT r.* FROM journal j, jsonb_populate_record(j, v_then) AS r;
  INSERT INTO usage (execution_id, position, meter, workspace_id, units, created_at)
  SELECT v_id, 1, 'm', e.workspace_id, 7, v_at FROM executions e WHERE e.execution_id = v_id;
  INSERT INTO execution_logs (execution_id, log_id, workspace_id, node_id, attempt, level, message, created_at)
  SELECT v_id, gen_random_uuid(), e.workspace_id, 'only', 1, 'info', 'line ' || n, v_at + n * interval '1 ms'
    FROM executions e, generate_series(1, 3) AS n WHERE e.execution_id = v_id;
END
$$";
const IS_OLD: &str = "execution_id < uuid_floor_1(now() - interval '100 days')";

impl Site {
    /// All rows of that month, as JSON.
    async fn old_rows(&self) -> Vec<String> {
        let (mut owner, mut all) = (self.owner().await, Vec::new());
        for table in TABLES {
            let rows = "coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]')::text";
            let sql = format!("SELECT {rows} FROM {table} t WHERE {IS_OLD}");
            all.push(sqlx::query_scalar(&sql).fetch_one(&mut owner).await.unwrap());
        }
        all
    }

    /// What the API shows: the list, the execution, its time line and its log.
    async fn shown(&self, url: &str, id: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for of_it in ["", "/timeline", "/logs"] {
            all.push(self.page(url, &format!("executions/{id}{of_it}")).await);
        }
        all.push(self.page(url, "executions").await);
        all
    }

    async fn page(&self, url: &str, path: &str) -> Value {
        let answer = self.get(url, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }
}

/// The settings of those who archive into a folder and load out of it, with such an end of what they load by.
fn with_archive(env: &[(&'static str, String)], folder: &Path, end: &str) -> Vec<(&'static str, String)> {
    let name = format!("{}/$CAPSTAN_ARCHIVE_SCHEMA.$CAPSTAN_ARCHIVE_MONTH.$CAPSTAN_ARCHIVE_TABLE", folder.display());
    let archive = format!("set -e; name={name}; gzip > $name.part; mv $name.part $name.gz");
    let restore = format!("gzip -dc {name}.gz{end}");
    [env, &[("CAPSTAN_ARCHIVE_COMMAND", archive), ("CAPSTAN_RESTORE_COMMAND", restore)][..]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_workers_archived_and_dropped_is_shown_as_before_once_it_is_loaded() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let folder = tempfile::tempdir().unwrap();
    let env = with_archive(&site.worker_env(&world), folder.path(), "");
    let version = site.publish(&row(&[("only", "debug.noop", json!({}))])).await;
    site.start(&version, json!({ "order": 7 })).await;
    let worker = Process::start(&["worker"], &env).await;
    site.until_completed(1).await;
    worker.end().await;
    sqlx::raw_sql(LONG_AGO).execute(&mut site.owner().await).await.unwrap();
    let (server, url) = site.serve().await;
    let id: String = sqlx::query_scalar(&format!("SELECT execution_id::text FROM executions WHERE {IS_OLD}"))
        .fetch_one(&mut site.owner().await)
        .await
        .unwrap();
    let (rows, shown) = (site.old_rows().await, site.shown(&url, &id).await);

    Process::result(&["retention", "set", "--days", "90", "--archive"], &env).await;
    sqlx::raw_sql("UPDATE duties SET next_due_at = now()").execute(&mut site.owner().await).await.unwrap();
    let worker = Process::start(&["worker"], &env).await;
    site.until_count("SELECT count(*) FROM history_months WHERE archived_at < dropped_at", 1).await;
    worker.end().await;
    assert_eq!(site.get(&url, &format!("executions/{id}")).await.status, 404);
    let month: String = sqlx::query_scalar("SELECT to_char(month, 'YYYY-MM') FROM history_months")
        .fetch_one(&mut site.owner().await)
        .await
        .unwrap();

    // Where it would be dropped again, and where the archive does not give it all, nothing comes back.
    let refused = async |env: &[(&str, String)], reason: &str| {
        let (status, result) = Process::outcome(&["archive", "load", &month], env).await;
        assert!(!status.success() && result["error"].as_str().unwrap().contains(reason), "{result}");
        assert_eq!(site.old_rows().await, ["[]"; 4]);
    };
    refused(&env, "history is kept for 90 days").await;
    Process::result(&["retention", "off"], &env).await;
    refused(&with_archive(&env, folder.path(), "; exit 3"), "did not give all rows of executions (exit status: 3")
        .await;
    refused(&with_archive(&env, folder.path(), " | head -c 20"), "line 1 of executions cannot be taken").await;
    refused(&with_archive(&env, folder.path(), " > /dev/null"), "the archive gave no execution").await;
    refused(&site.worker_env(&world), "set CAPSTAN_RESTORE_COMMAND").await;
    let without_journal = with_archive(
        &env,
        folder.path(),
        " | if [ $CAPSTAN_ARCHIVE_TABLE = journal ]; then cat > /dev/null; else cat; fi",
    );
    refused(&without_journal, "not one row of their journal").await;
    // Told to end while it loads, it leaves nothing beside.
    let ends = ["archive", "load", &month, "--command", "kill -TERM $PPID; exec sleep 600"];
    let (status, result) = Process::outcome(&ends, &env).await;
    assert_eq!(
        (status.code(), &result["error"]),
        (Some(130), &json!(format!("interrupted: nothing of {month} was loaded")))
    );
    assert_eq!(site.rows("pg_class WHERE relname ~ '^loading'").await, 0);

    let tried = Process::result(&["archive", "load", &month, "--dry-run"], &env).await;
    assert_eq!((&tried["is_loaded"], site.old_rows().await[0].as_str()), (&json!(false), "[]"));
    let loaded = Process::result(&["archive", "load", &month], &env).await;
    assert_eq!((&loaded["month"], &loaded["is_loaded"]), (&json!(month), &json!(true)));
    assert_eq!((&loaded["tables"], &loaded["unseen_rows"]), (&tried["tables"], &json!(0)));
    let counts: Vec<&Value> = loaded["tables"].as_array().unwrap().iter().map(|table| &table["rows"]).collect();
    assert_eq!((counts[0], counts[2], counts[3]), (&json!(1), &json!(3), &json!(1)), "{loaded}");
    assert_eq!(site.old_rows().await, rows);
    assert_eq!(site.shown(&url, &id).await, shown);
    let (again, _) = Process::outcome(&["archive", "load", &month], &env).await;
    assert!(!again.success(), "it is there");
    server.end().await;
}
