//! Group commit: a few connections, each with one flush in flight, no timer.
//!
//! A committer takes whatever waits, writes it in one round trip, and does so again as soon as the answer is
//! there: idle means at once, busy means large groups.

use std::time::Duration;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::commit::{Commit, Reply, already_written, commit};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::exclude_self;
use futures::future::BoxFuture;
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Commits that one group holds at most.
const GROUP_MAX: usize = 500;
/// Commits that wait for one committer at most; their executions wait with them.
const WAITING_MAX: usize = 10_000;
/// Pause between attempts to reach the database again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// What became of one commit.
#[derive(Debug)]
pub(crate) enum Committed {
    /// Durable. `woken`: a signal is there, and a park was not done.
    Written {
        /// Whether a signal is there.
        woken: bool,
    },
    /// The execution is no longer this worker's; nothing was written.
    Lost,
    /// The database cannot hold this data; nothing was written.
    Refused(String),
}

struct Item {
    commit: Commit,
    reply: oneshot::Sender<Committed>,
}

/// The committers of one life. An execution always goes to the same one.
#[derive(Clone)]
pub(crate) struct Committers {
    lanes: Vec<mpsc::Sender<Item>>,
}

impl Committers {
    /// Starts `count` committers for `worker_no`, which end with `over`.
    pub(crate) fn spawn(place: &Place, worker_no: i32, count: usize, over: &CancellationToken) -> Self {
        let lanes = (0..count.clamp(1, 16)).map(|_| {
            let (sender, inbox) = mpsc::channel(WAITING_MAX);
            let committer = Committer { place: place.clone(), worker_no, inbox, connection: None, over: over.clone() };
            tokio::spawn(committer.run());
            sender
        });
        Self { lanes: lanes.collect() }
    }

    /// Writes one commit with whatever else is waiting; returns when its fate is known.
    pub(crate) async fn commit(&self, commit: Commit) -> Committed {
        let lane = (commit.execution_id.0.as_u128() % self.lanes.len() as u128) as usize;
        let (reply, answer) = oneshot::channel();
        if self.lanes[lane].send(Item { commit, reply }).await.is_err() {
            return Committed::Lost;
        }
        answer.await.unwrap_or(Committed::Lost)
    }
}

struct Committer {
    place: Place,
    worker_no: i32,
    inbox: mpsc::Receiver<Item>,
    connection: Option<PgConnection>,
    over: CancellationToken,
}

impl Committer {
    async fn run(mut self) {
        let over = self.over.clone();
        // Items that are dropped with the committer answer their senders with `Lost`.
        over.run_until_cancelled(async {
            let mut group = Vec::new();
            while self.inbox.recv_many(&mut group, GROUP_MAX).await > 0 {
                metrics::histogram!("capstan_commit_group_size").record(group.len() as f64);
                self.flush(std::mem::take(&mut group)).await;
            }
        })
        .await;
    }

    /// Settles the fate of every item, however long the database is away.
    async fn flush(&mut self, mut items: Vec<Item>) {
        let mut doubtful = false;
        while !items.is_empty() {
            let commits: Vec<&Commit> = items.iter().map(|item| &item.commit).collect();
            items = match self.write(commits, doubtful).await {
                Ok((written, Reply::Written(woken))) => {
                    // Whether a park that was found again had been refused is not known: those look again.
                    answer(items, |id| Committed::Written { woken: woken.contains(&id) || written.contains(&id) });
                    return;
                }
                Ok((written, Reply::Refused(lost))) => {
                    let (done, rest) = items.into_iter().partition(|item| {
                        lost.contains(&item.commit.execution_id) || written.contains(&item.commit.execution_id)
                    });
                    answer(done, |id| match lost.contains(&id) {
                        true => Committed::Lost,
                        false => Committed::Written { woken: true },
                    });
                    rest
                }
                Err(StoreError::Fenced) => {
                    self.over.cancel();
                    return;
                }
                Err(StoreError::Data(error)) => return self.bisect(items, &error).await,
                Err(error) => {
                    warn!(%error, commits = items.len(), "a commit's fate is unknown; asking the database");
                    self.connection = None;
                    doubtful = true;
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                    items
                }
            };
        }
    }

    /// Writes what is not written yet. With `doubtful`, first finds out what is, under the worker's own lock.
    async fn write(
        &mut self,
        mut commits: Vec<&Commit>,
        doubtful: bool,
    ) -> Result<(Vec<ExecutionId>, Reply), StoreError> {
        let worker_no = self.worker_no;
        let connection = self.connection().await?;
        if !doubtful {
            return Ok((Vec::new(), commit(connection, worker_no, &commits).await?));
        }
        let mut transaction = connection.begin().await?;
        exclude_self(&mut transaction, worker_no).await?;
        let written = already_written(&mut transaction, &commits).await?;
        debug!(written = written.len(), of = commits.len(), "commits found again");
        commits.retain(|commit| !written.contains(&commit.execution_id));
        let reply = commit(&mut transaction, worker_no, &commits).await?;
        transaction.commit().await?;
        Ok((written, reply))
    }

    /// One of the items cannot be stored: halves the group until it stands alone.
    fn bisect<'a>(&'a mut self, mut items: Vec<Item>, error: &'a sqlx::Error) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if items.len() == 1 {
                let reason = error.to_string();
                return answer(items, |_| Committed::Refused(reason.clone()));
            }
            let rest = items.split_off(items.len() / 2);
            self.flush(items).await;
            self.flush(rest).await;
        })
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.connection.is_none() {
            self.connection = Some(self.place.connect(Role::Worker).await?);
        }
        self.connection.as_mut().ok_or_else(|| StoreError::Corrupt("no connection".into()))
    }
}

fn answer(items: Vec<Item>, committed: impl Fn(ExecutionId) -> Committed) {
    for item in items {
        // A receiver that is gone belongs to an activation that was aborted; it needs no answer.
        let _ = item.reply.send(committed(item.commit.execution_id));
    }
}
