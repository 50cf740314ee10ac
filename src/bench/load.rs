//! Loads many executions by SQL: copies of ones that the engine has really brought so far.

use anyhow::ensure;
use capstan_engine::core::ids::ExecutionId;
use futures::future::try_join_all;
use sqlx::{Executor, PgConnection};

use super::cell::Cell;

/// Copies that one statement makes, and connections that make them side by side.
const CHUNK: usize = 50_000;
const LANES: usize = 2;
/// How far back the copies' ids reach, in days; the partition of the last month is there.
const DAYS: i64 = 28;

/// All tables with rows of executions, and the columns of each but the id; months count as their table.
const TABLES: &str = "
    SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attname <> 'execution_id')
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname NOT IN ('queue', 'leases')
     GROUP BY c.relname HAVING bool_or(a.attname = 'execution_id')
     ORDER BY c.relname";

impl Cell {
    /// Makes `count` copies of the rows of `template`, spread over the last weeks, and tidies up after.
    pub(crate) async fn load_copies(&self, template: ExecutionId, count: usize) -> anyhow::Result<()> {
        let tables = self.tables_with(template).await?;
        let copy = copy_statement(&tables);
        try_join_all((0..LANES).map(|lane| {
            let copy = &copy;
            async move {
                let mut owner = self.owner().await?;
                owner.execute("SET synchronous_commit = off").await?;
                for first in (lane * CHUNK..count).step_by(LANES * CHUNK) {
                    let last = count.min(first + CHUNK);
                    load_chunk(&mut owner, copy, template, count, first..last).await?;
                }
                anyhow::Ok(())
            }
        }))
        .await?;
        let mut owner = self.owner().await?;
        for (table, _) in tables {
            owner.execute(format!("VACUUM ANALYZE {table}").as_str()).await?;
        }
        owner.execute("CHECKPOINT").await?;
        Ok(())
    }

    /// The tables that hold rows of an execution, with their columns.
    async fn tables_with(&self, template: ExecutionId) -> anyhow::Result<Vec<(String, Vec<String>)>> {
        let mut owner = self.owner().await?;
        let all: Vec<(String, Vec<String>)> = sqlx::query_as(TABLES).fetch_all(&mut owner).await?;
        let mut found = Vec::new();
        for (table, columns) in all {
            let sql = format!("SELECT EXISTS (SELECT FROM {table} WHERE execution_id = $1)");
            if sqlx::query_scalar(&sql).bind(template.0).fetch_one(&mut owner).await? {
                found.push((table, columns));
            }
        }
        ensure!(!found.is_empty(), "the execution to copy has no rows");
        Ok(found)
    }
}

async fn load_chunk(
    owner: &mut PgConnection,
    copy: &str,
    template: ExecutionId,
    count: usize,
    chunk: std::ops::Range<usize>,
) -> anyhow::Result<()> {
    let step_ms = DAYS as f64 * 86_400_000.0 / count as f64;
    sqlx::query(copy)
        .bind(template.0)
        .bind(chunk.start as i64)
        .bind(chunk.end as i64)
        .bind(step_ms)
        .bind(DAYS)
        .execute(owner)
        .await?;
    Ok(())
}

/// Copies rows of execution `$1` for the numbers from `$2` to before `$3`, one id each `$4` ms from `$5` days ago on.
fn copy_statement(tables: &[(String, Vec<String>)]) -> String {
    let inserts = tables.iter().map(|(table, columns)| {
        let (into, from) =
            (columns.join(", "), columns.iter().map(|it| format!("t.{it}")).collect::<Vec<_>>().join(", "));
        format!(
            "{table}_copied AS (INSERT INTO {table} (execution_id, {into}) \
             SELECT i.id, {from} FROM ids i CROSS JOIN {table} t WHERE t.execution_id = $1 ORDER BY i.id)"
        )
    });
    format!(
        "WITH ids AS MATERIALIZED (
           SELECT (lpad(to_hex((extract(epoch FROM now() - make_interval(days => $5::int)) * 1000 + n * $4)::bigint), 12, '0')
                   || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid AS id
             FROM generate_series($2::bigint, $3::bigint - 1) AS n CROSS JOIN LATERAL md5($1::text || n) AS h
         ), {} SELECT",
        inserts.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_all_columns_and_an_id_of_its_own() {
        let sql = copy_statement(&[("timers".into(), vec!["workspace_id".into(), "due_at".into()])]);
        let insert = "INSERT INTO timers (execution_id, workspace_id, due_at) \
                      SELECT i.id, t.workspace_id, t.due_at FROM ids i CROSS JOIN timers t";
        assert!(sql.contains(insert), "{sql}");
    }
}
