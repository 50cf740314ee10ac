//! Who holds what, as the database knows it.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::bystanders;
use crate::database::Door;
use crate::inject::Held;

/// What a killed worker has sent may still be on its way for so long; far below the time after which it is given up.
pub(crate) const IN_FLIGHT: Duration = Duration::from_millis(250);
/// Longest wait for a look while the database is away.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// Pause between two looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(40);

/// A worker that holds something.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) worker_no: i32,
    pub(crate) name: String,
    pub(crate) held: Vec<Held>,
    /// The most workers that were lost in a row with an execution of its.
    pub(crate) losses_max: i16,
}

/// Looks at leases, over one connection as long as it lasts.
pub(crate) struct Leases {
    door: Door,
    connection: Option<PgConnection>,
}

impl Leases {
    pub(crate) fn new(door: Door) -> Self {
        Self { door, connection: None }
    }

    /// All workers that hold something and are not fenced, by number.
    pub(crate) async fn holders(&mut self) -> anyhow::Result<Vec<Holder>> {
        let mut connection = self.connect().await?;
        let rows: Vec<(i32, String, Uuid, i64, i16)> = sqlx::query_as(
            "SELECT worker_no, w.name, l.execution_id, l.lease_no, l.losses \
               FROM leases l JOIN workers w USING (worker_no) WHERE NOT w.fenced ORDER BY worker_no",
        )
        .fetch_all(&mut connection)
        .await?;
        self.connection = Some(connection);
        let mut holders = Vec::<Holder>::new();
        for (worker_no, name, execution, lease_no, losses) in rows {
            if holders.last().is_none_or(|last| last.worker_no != worker_no) {
                holders.push(Holder { worker_no, name, held: Vec::new(), losses_max: 0 });
            }
            if let Some(holder) = holders.last_mut() {
                holder.held.push(Held { execution, lease_no, worker_no });
                holder.losses_max = holder.losses_max.max(losses);
            }
        }
        Ok(holders)
    }

    /// Whether a worker of that name holds something.
    pub(crate) async fn has_work(&mut self, name: &str) -> bool {
        self.holders().await.is_ok_and(|holders| holders.iter().any(|holder| holder.name == name))
    }

    /// What a worker holds that does nothing more since a time, and once what it had sent has arrived; none if the
    /// database was away for too long.
    pub(crate) async fn left_by(&mut self, name: &str, since: DateTime<Utc>) -> Option<Vec<Held>> {
        let mut all = None::<HashSet<Held>>;
        for pause in [Duration::ZERO, IN_FLIGHT] {
            sleep(pause).await;
            if let Some(held) = self.left_soon(name, since).await {
                all.get_or_insert_default().extend(held);
            }
        }
        all.map(|all| all.into_iter().collect())
    }

    /// The latest number of the worker of that name: a neighbour may have given it up already.
    pub(crate) async fn number_of(&mut self, name: &str) -> anyhow::Result<Option<i32>> {
        let mut connection = self.connect().await?;
        let number =
            sqlx::query_scalar("SELECT worker_no FROM workers WHERE name = $1 ORDER BY worker_no DESC LIMIT 1");
        let number = number.bind(name).fetch_optional(&mut connection).await?;
        self.connection = Some(connection);
        Ok(number)
    }

    /// Those of some workers that are not fenced.
    pub(crate) async fn not_fenced(&mut self, workers: &[i32]) -> anyhow::Result<Vec<i32>> {
        let mut connection = self.connect().await?;
        let left = sqlx::query_scalar("SELECT worker_no FROM workers WHERE worker_no = ANY ($1) AND NOT fenced");
        let left = left.bind(workers).fetch_all(&mut connection).await?;
        self.connection = Some(connection);
        Ok(left)
    }

    /// What is to be seen of a silent worker and of those who are to give it up, a line each.
    pub(crate) async fn bystanders(&mut self, worker_no: i32) -> anyhow::Result<Vec<String>> {
        let mut connection = self.connect().await?;
        let seen = bystanders::seen(&mut connection, worker_no).await?;
        self.connection = Some(connection);
        Ok(seen)
    }

    /// Whether a peer has the locks of a worker that it gives up, and has not committed that yet.
    pub(crate) async fn is_being_reaped(&mut self, worker_no: i32) -> anyhow::Result<bool> {
        let mut connection = self.connect().await?;
        let locked = sqlx::query_scalar(
            "SELECT count(*) > 0 FROM pg_locks \
              WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' AND objid::bigint = $1",
        );
        let locked = locked.bind(i64::from(worker_no)).fetch_one(&mut connection).await?;
        self.connection = Some(connection);
        Ok(locked)
    }

    async fn left_soon(&mut self, name: &str, since: DateTime<Utc>) -> Option<Vec<Held>> {
        let deadline = Instant::now() + LOOK_MAX;
        loop {
            match self.left(name, since).await {
                Ok(held) => return Some(held),
                Err(_) if Instant::now() < deadline => sleep(LOOK_EVERY).await,
                Err(_) => return None,
            }
        }
    }

    /// What a worker holds, or has held until it was given up: a neighbour may have been quicker than this look.
    async fn left(&mut self, name: &str, since: DateTime<Utc>) -> anyhow::Result<Vec<Held>> {
        let mut connection = self.connect().await?;
        let rows: Vec<(Uuid, i64, i32)> = sqlx::query_as(
            "SELECT l.execution_id, l.lease_no, l.worker_no \
               FROM leases l JOIN workers w USING (worker_no) WHERE w.name = $1 AND NOT w.fenced \
             UNION \
             SELECT l.execution_id, l.lease_no, w.worker_no \
               FROM losses l JOIN (SELECT max(worker_no) AS worker_no FROM workers WHERE name = $1) w \
                 ON w.worker_no IS NOT NULL \
              WHERE l.worker_name = $1 AND l.lost_at >= $2",
        )
        .bind(name)
        .bind(since)
        .fetch_all(&mut connection)
        .await?;
        self.connection = Some(connection);
        let held = |(execution, lease_no, worker_no)| Held { execution, lease_no, worker_no };
        Ok(rows.into_iter().map(held).collect())
    }

    /// The connection of before, unless it is gone.
    async fn connect(&mut self) -> anyhow::Result<PgConnection> {
        if let Some(mut connection) = self.connection.take()
            && connection.ping().await.is_ok()
        {
            return Ok(connection);
        }
        self.door.enter().await
    }
}
