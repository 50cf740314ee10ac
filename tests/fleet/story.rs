//! What must be true of every fleet that has come to rest, whatever happened to it.

use std::collections::BTreeMap;

use capstan_engine::core::ids::ExecutionId;
use serde_json::Value;

use crate::site::Site;

impl Site {
    /// Waits until that many executions have ended; all of them must have completed.
    pub(crate) async fn until_completed(&self, executions: i64) {
        self.until_count(
            "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL OR status = 'incident'",
            executions,
        )
        .await;
        let rows: Vec<(String, i64, Option<Value>)> =
            sqlx::query_as("SELECT status, count(*), (array_agg(error))[1] FROM executions GROUP BY status")
                .fetch_all(&mut self.owner().await)
                .await
                .unwrap();
        assert_eq!(rows, [("completed".to_owned(), executions, None)]);
    }

    /// Exactly so many steps are settled, none of them twice, and nothing is left to do. Some worker must live still.
    pub(crate) async fn assert_settled_once(&self, steps: i64) {
        let twice = "SELECT count(*) FROM (SELECT FROM journal WHERE kind = 'settled' \
                     GROUP BY execution_id, node_id, scope HAVING count(*) > 1) AS t";
        assert_eq!(self.count(twice).await, 0, "steps are settled twice");
        assert_eq!(self.count("SELECT count(*) FROM journal WHERE kind = 'settled'").await, steps);
        // The next claim takes away a token that came for an execution which has just ended.
        self.until_count("SELECT (NOT EXISTS (SELECT FROM queue))::int::bigint", 1).await;
        for table in ["leases", "timers", "signals"] {
            assert_eq!(self.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table} are left");
        }
    }

    /// How many executions left a step by each of its ports.
    pub(crate) async fn ports(&self, node: &str) -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT port, count(*) FROM execution_steps WHERE node_id = $1 GROUP BY port")
                .bind(node)
                .fetch_all(&mut self.owner().await)
                .await
                .unwrap();
        rows.into_iter().collect()
    }

    /// Waits until that execution has ended; answers its status and error.
    pub(crate) async fn until_ended(&self, id: ExecutionId) -> (String, Option<Value>) {
        let ended = format!("SELECT count(*) FROM executions WHERE execution_id = '{id}' AND ended_at IS NOT NULL");
        self.until_count(&ended, 1).await;
        sqlx::query_as("SELECT status, error FROM executions WHERE execution_id = $1")
            .bind(id.0)
            .fetch_one(&mut self.owner().await)
            .await
            .unwrap()
    }
}
