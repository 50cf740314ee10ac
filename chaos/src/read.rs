//! Reads what the tables know when a run is over.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use crate::facts::{Child, Execution, Facts, Row};
use crate::observer::DIGEST;

/// Tables that are empty when nothing is to do.
const WORK_TABLES: [&str; 8] = ["queue", "leases", "timers", "signals", "gated", "slots", "held", "pending_starts"];
/// Signals that have come for an incident wait for the person who resumes it.
const NOT_SET_ASIDE: &str = "execution_id NOT IN (SELECT execution_id FROM executions WHERE status = 'incident')";
/// Rows of each of them that are looked at, at most.
const LEFTOVERS_MAX: i64 = 5;
/// What belongs to tenants, partitions and views too, as far as a role may read it: of the rest it sees nothing.
const TENANT_TABLES: &str = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE c.relnamespace::regnamespace::text = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p', 'v', 'm') \
       AND a.attname = 'workspace_id' AND NOT a.attisdropped AND has_column_privilege($1, c.oid, a.attnum, 'SELECT') \
     ORDER BY 1";
/// The role under which the API reads.
const API_ROLE: &str = "capstan_api";

#[derive(FromRow)]
struct JournalRow {
    execution_id: Uuid,
    position: i32,
    workspace_id: Uuid,
    lease_no: i64,
    kind: String,
    node_id: Option<String>,
    scope: String,
    status: Option<String>,
    port: Option<String>,
    attempts: Option<i32>,
    due: Option<DateTime<Utc>>,
    heard: Option<String>,
    is_forced: bool,
    recorded_at: DateTime<Utc>,
    /// Absent where the database does not remember.
    committed_at: Option<DateTime<Utc>>,
    digest: String,
}

impl TryFrom<JournalRow> for Row {
    type Error = anyhow::Error;

    fn try_from(row: JournalRow) -> anyhow::Result<Self> {
        let position = row.position;
        let forgotten = || format!("position {position} of {}: its commit is not remembered", row.execution_id);
        let committed_at = row.committed_at.with_context(forgotten)?;
        Ok(Self {
            position: row.position,
            workspace: row.workspace_id,
            lease_no: row.lease_no,
            kind: row.kind,
            node: row.node_id.unwrap_or_default(),
            scope: row.scope,
            status: row.status,
            port: row.port,
            attempts: row.attempts,
            due: row.due,
            heard: row.heard,
            is_forced: row.is_forced,
            recorded_at: row.recorded_at,
            committed_at,
            digest: row.digest,
        })
    }
}

/// The first rows that are left to do, by table.
pub(crate) async fn leftovers(connection: &mut PgConnection) -> anyhow::Result<Vec<(String, Uuid)>> {
    let mut left = Vec::new();
    for table in WORK_TABLES {
        let others = if table == "signals" { NOT_SET_ASIDE } else { "true" };
        let first: Vec<Uuid> = sqlx::query_scalar(&format!("SELECT execution_id FROM {table} WHERE {others} LIMIT $1"))
            .bind(LEFTOVERS_MAX)
            .fetch_all(&mut *connection)
            .await?;
        left.extend(first.into_iter().map(|execution| (table.to_owned(), execution)));
    }
    Ok(left)
}

/// Whether signals are left, be it for an incident.
pub(crate) async fn has_signals(connection: &mut PgConnection) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("SELECT count(*) > 0 FROM signals").fetch_one(connection).await?)
}

/// Id, workspace, tag, status, and when it was started.
type ExecutionRow = (Uuid, Uuid, Option<String>, String, DateTime<Utc>);

/// Adds what the tables know to `facts`, whose workspaces are known.
pub(crate) async fn tables(connection: &mut PgConnection, facts: &mut Facts) -> anyhow::Result<()> {
    facts.leftovers = leftovers(connection).await?;
    let executions: Vec<ExecutionRow> =
        sqlx::query_as("SELECT execution_id, workspace_id, input ->> 'tag', status, created_at FROM executions")
            .fetch_all(&mut *connection)
            .await?;
    for (id, workspace, tag, status, created_at) in executions {
        facts.executions.insert(id, Execution { workspace, tag: tag.unwrap_or_default(), status, created_at });
    }
    let rows: Vec<JournalRow> = sqlx::query_as(&format!(
        "SELECT execution_id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts, \
                coalesce(detail ->> 'time', detail ->> 'retry_at')::timestamptz AS due, \
                CASE WHEN kind = 'settled' THEN output ->> 'key' END AS heard, \
                coalesce((detail ->> 'forced')::boolean, false) AS is_forced, recorded_at, \
                pg_xact_commit_timestamp(xmin) AS committed_at, {DIGEST} AS digest \
           FROM journal j ORDER BY execution_id, position"
    ))
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        facts.journal.entry(row.execution_id).or_default().push(row.try_into()?);
    }
    talks(connection, facts).await?;
    // A fenced worker's row may be changed once more, by who finds its process dead.
    let fenced: Vec<(i32, Option<DateTime<Utc>>)> = sqlx::query_as(
        "SELECT worker_no, coalesce(fenced_at, pg_xact_commit_timestamp(xmin)) FROM workers WHERE fenced",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (worker_no, at) in fenced {
        let at = at.with_context(|| format!("worker {worker_no}: the commit that fenced it is not remembered"))?;
        facts.fenced_at.insert(worker_no, at);
    }
    // Whoever wrote something begins the count anew, by its own loss. Its own record does not. Numbers of leases tell no
    // order.
    let losses: Vec<(Uuid, Vec<i64>)> = sqlx::query_as(
        "SELECT e.execution_id, ARRAY (SELECT l.lease_no FROM losses l WHERE l.execution_id = e.execution_id \
                AND l.blamed AND l.lost_at >= coalesce((SELECT max(pg_xact_commit_timestamp(j.xmin)) \
                                   FROM journal j WHERE j.execution_id = e.execution_id AND j.kind <> 'poisoned'), e.created_at) \
                ORDER BY l.lost_at) \
           FROM executions e WHERE status = 'incident'",
    )
    .fetch_all(&mut *connection)
    .await?;
    facts.incident_losses = losses.into_iter().collect();
    facts.told_losses = sqlx::query_as("SELECT execution_id, lease_no FROM losses").fetch_all(&mut *connection).await?;
    // A process has one number after the other.
    facts.given_up = sqlx::query_as(
        "SELECT worker_no, min(lost_at) \
           FROM (SELECT (SELECT max(w.worker_no) FROM workers w \
                          WHERE w.name = l.worker_name AND w.created_at <= l.lost_at) AS worker_no, lost_at \
                   FROM losses l) AS given_up GROUP BY worker_no",
    )
    .fetch_all(&mut *connection)
    .await?;
    facts.usage_rows = sqlx::query_scalar("SELECT count(*) FROM usage").fetch_one(&mut *connection).await?;
    facts.granted = granted(connection).await?;
    // As each night: by then nothing is under way, and what nobody has given back has come back.
    sqlx::query(
        "SELECT reconcile_quota_1(clock_timestamp() + interval '5 minutes', workspace_id, meter, period) \
           FROM quota_counters",
    )
    .execute(&mut *connection)
    .await?;
    facts.reconciled = granted(connection).await?;
    facts.crossings = crossings(connection, &facts.workspaces).await?;
    Ok(())
}

/// What the counters of each workspace say.
async fn granted(connection: &mut PgConnection) -> anyhow::Result<HashMap<Uuid, i64>> {
    let granted: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT workspace_id, sum(granted)::bigint FROM quota_counters GROUP BY workspace_id")
            .fetch_all(connection)
            .await?;
    Ok(granted.into_iter().collect())
}

/// Who called whom, and what was sent twice.
async fn talks(connection: &mut PgConnection, facts: &mut Facts) -> anyhow::Result<()> {
    let children: Vec<(Uuid, Uuid, String, String)> =
        sqlx::query_as("SELECT child_id, parent_id, node_id, scope FROM children").fetch_all(&mut *connection).await?;
    let child = |(id, parent, node, scope)| Child { id, parent, node, scope };
    facts.children = children.into_iter().map(child).collect();
    facts.events_twice =
        sqlx::query_scalar("SELECT key FROM events GROUP BY workspace_id, type, key HAVING count(*) > 1")
            .fetch_all(connection)
            .await?;
    Ok(())
}

/// What the API's role sees of other workspaces; it must see something of its own.
async fn crossings(connection: &mut PgConnection, workspaces: &[Uuid]) -> anyhow::Result<Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(TENANT_TABLES).bind(API_ROLE).fetch_all(&mut *connection).await?;
    anyhow::ensure!(tables.iter().any(|table| table == "executions"), "the API's role cannot read executions");
    let mut found = Vec::new();
    for workspace in workspaces {
        let mut transaction = connection.begin().await?;
        sqlx::query(&format!("SET LOCAL ROLE {API_ROLE}")).execute(&mut *transaction).await?;
        sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
            .bind(workspace.to_string())
            .execute(&mut *transaction)
            .await?;
        for table in &tables {
            let sql = format!(
                "SELECT count(*) FILTER (WHERE workspace_id = $1), count(*) FILTER (WHERE workspace_id <> $1) FROM {table}"
            );
            let counts: (i64, i64) = sqlx::query_as(&sql)
                .bind(workspace)
                .fetch_one(&mut *transaction)
                .await
                .with_context(|| format!("the API's role cannot read {table}"))?;
            match counts {
                (0, _) if table == "executions" => found.push(format!("{workspace} sees none of its own executions")),
                (_, 0) => {}
                (_, foreign) => found.push(format!("{workspace} sees {foreign} rows of others in {table}")),
            }
        }
        transaction.rollback().await?;
    }
    Ok(found)
}
