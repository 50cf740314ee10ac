//! Hearing of ends, once they are durable.
//!
//! A worker in this process tells, as the raw loop's does. Of one elsewhere the database tells: a trigger on the bench's
//! own cell sends a NOTIFY with the commit that ends an execution. It adds a little to our side only; reading again and
//! again would take a core from both.

use std::time::Duration;

use anyhow::Context;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use capstan_worker::Worker;
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::cell::Cell;

/// Longest wait for one end.
const PATIENCE: Duration = Duration::from_secs(60);
const TRIGGER: &str = "
    CREATE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('bench_ended', NEW.execution_id::text);
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER bench_tell AFTER UPDATE ON executions FOR EACH ROW
      WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION bench_tell();";

/// Ears for the ends of one cell.
pub(crate) enum Ends {
    Here(Receiver<ExecutionId>),
    Elsewhere(PgListener),
}

impl Ends {
    /// Those of a worker in this process.
    pub(crate) fn of_worker(worker: &Worker) -> Self {
        Self::Here(worker.ends())
    }

    /// Makes the cell tell, and listens.
    pub(crate) async fn of_cell(cell: &Cell) -> anyhow::Result<Self> {
        cell.owner().await?.execute(TRIGGER).await?;
        let pool = PgPoolOptions::new().max_connections(1).connect_with(cell.place.options(Role::Owner)).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen("bench_ended").await?;
        Ok(Self::Elsewhere(listener))
    }

    /// Waits until that execution has ended.
    pub(crate) async fn of_execution(&mut self, id: ExecutionId) -> anyhow::Result<()> {
        let heard = async {
            match self {
                Self::Here(ends) => while ends.recv().await? != id {},
                Self::Elsewhere(listener) => while listener.recv().await?.payload() != id.to_string() {},
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, heard).await.with_context(|| format!("execution {id} did not end in time"))?
    }
}
