//! Looks at the tables all the time: who holds which lease, how much is under way, what has been settled so far.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep};
use uuid::Uuid;

use crate::database::Door;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Every so many looks, unended executions are counted, and settled rows are read.
const COUNT_EVERY: u64 = 3;
const SETTLED_EVERY: u64 = 10;
/// Executions that have not ended, among those of the last minutes: to count all would be slow after a while. The check
/// at the end looks at all of them.
const UNENDED: &str = "SELECT count(*) FROM executions WHERE ended_at IS NULL AND status <> 'incident' \
                       AND execution_id >= uuid_floor_1(clock_timestamp() - interval '10 minutes')";
/// Settled rows that are read at a time at most: the youngest executions first.
const SETTLED_MAX: i64 = 1_000;
/// Pause after a look that failed.
const AGAIN: Duration = Duration::from_millis(100);

/// A lease as it was seen.
#[derive(Clone, Copy, Debug)]
pub struct SeenLease {
    /// Whose.
    pub execution: Uuid,
    /// Who held it.
    pub worker_no: i32,
    /// When it was seen last.
    pub last: DateTime<Utc>,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// By lease number.
    pub leases: HashMap<i64, SeenLease>,
    /// What the row of a settled step (execution, node, scope) looked like when it was first seen, as a digest.
    pub settled: HashMap<(Uuid, String, String), String>,
}

/// A task that looks.
#[derive(Debug)]
pub(crate) struct Observer {
    seen: Arc<Mutex<Seen>>,
    /// Executions that have not ended.
    pub(crate) unended: watch::Receiver<i64>,
    task: JoinHandle<()>,
}

impl Observer {
    pub(crate) fn start(door: Door) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let (sender, unended) = watch::channel(0);
        let shared = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                if let Ok(mut connection) = door.enter().await {
                    // It fails when the database goes away.
                    let _ = look(&mut connection, &shared, &sender).await;
                }
                sleep(AGAIN).await;
            }
        });
        Self { seen, unended, task }
    }

    /// Executions that had not ended at the last look.
    pub(crate) fn unended(&self) -> i64 {
        *self.unended.borrow()
    }

    /// Waits until nothing is under way, or the time is up.
    pub(crate) async fn until_ended(&self, patience: Duration) {
        let mut unended = self.unended.clone();
        let deadline = Instant::now() + patience;
        // A count from before the last start may be there still: the next ones tell.
        for _ in 0..3 {
            let _ = tokio::time::timeout_at(deadline, unended.changed()).await;
        }
        let _ = tokio::time::timeout_at(deadline, unended.wait_for(|&left| left == 0)).await;
    }

    /// Ends the looks.
    pub(crate) fn end(self) -> Seen {
        self.task.abort();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn look(connection: &mut PgConnection, seen: &Mutex<Seen>, unended: &watch::Sender<i64>) -> anyhow::Result<()> {
    let mut ticks = interval(LOOK_EVERY);
    for round in 0_u64.. {
        ticks.tick().await;
        let leases: Vec<(i64, Uuid, i32)> =
            sqlx::query_as("SELECT lease_no, execution_id, worker_no FROM leases").fetch_all(&mut *connection).await?;
        if round % COUNT_EVERY == 0 {
            unended.send_replace(sqlx::query_scalar(UNENDED).fetch_one(&mut *connection).await?);
        }
        let last = Utc::now();
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            for (lease_no, execution, worker_no) in leases {
                seen.leases.insert(lease_no, SeenLease { execution, worker_no, last });
            }
        }
        if round % SETTLED_EVERY == 0 {
            let rows: Vec<(Uuid, String, String, String)> = sqlx::query_as(&format!(
                "SELECT execution_id, node_id, scope, {DIGEST} FROM journal j WHERE kind = 'settled' \
                 ORDER BY execution_id DESC, position DESC LIMIT $1"
            ))
            .bind(SETTLED_MAX)
            .fetch_all(&mut *connection)
            .await?;
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            for (execution, node, scope, digest) in rows {
                seen.settled.entry((execution, node, scope)).or_insert(digest);
            }
        }
    }
    Ok(())
}

/// A digest of a journal row `j`, with all that this release writes.
pub(crate) const DIGEST: &str = "md5(ROW(position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts, \
                                 output, detail, recorded_at)::text)";
