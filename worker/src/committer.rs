//! Group commit: a few connections, each with one flush in flight, no timer.
//!
//! A committer takes whatever waits, writes it in one round trip, and does so again as soon as the answer is
//! there: idle means at once, busy means large groups.

use std::time::Duration;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::faults::{Bug, Point, ask, pass, planted, told};
use capstan_engine::store::commit::{Commit, Reply, already_written, commit};
use capstan_engine::store::connect::{Place, answered};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::link::Link;
use capstan_engine::store::workers::{exclude_self, register, timeline};
use futures::future::BoxFuture;
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Commits that one group holds at most.
const GROUP_MAX: usize = 500;
/// Commits that wait for one committer at most; their executions wait with them.
const WAITING_MAX: usize = 10_000;
/// Bytes of outputs that one group holds at most, unless a single commit is larger.
const GROUP_BYTES_MAX: usize = 16 << 20;
/// Failures in a row after which a group is halved, in case that it is the group which fails.
const FAILURES_MAX: u32 = 10;
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
    pub(crate) fn spawn(place: &Place, worker_no: i32, timeline: &str, count: usize, over: &CancellationToken) -> Self {
        let lanes = (0..count.clamp(1, 16)).map(|_| {
            let (sender, inbox) = mpsc::channel(WAITING_MAX);
            let (place, timeline, over) = (place.clone(), timeline.to_owned(), over.clone());
            let committer = Committer { worker_no, timeline, inbox, link: Link::new(place), over };
            tokio::spawn(committer.run());
            sender
        });
        Self { lanes: lanes.collect() }
    }

    /// Writes one commit with whatever else is waiting; returns when its fate is known.
    pub(crate) async fn commit(&self, commit: Commit) -> Committed {
        let lane = (commit.execution_id.0.as_u128() % self.lanes.len() as u128) as usize;
        let (reply, answer) = oneshot::channel();
        match self.lanes[lane].reserve().await {
            Ok(place) => place.send(Item { commit, reply }),
            Err(_) => return Committed::Lost,
        }
        answer.await.unwrap_or(Committed::Lost)
    }
}

struct Committer {
    worker_no: i32,
    timeline: String,
    inbox: mpsc::Receiver<Item>,
    link: Link,
    over: CancellationToken,
}

impl Committer {
    async fn run(mut self) {
        let over = if planted(Bug::ResumeReaped) { CancellationToken::new() } else { self.over.clone() };
        // Items that are dropped with the committer answer their senders with `Lost`.
        over.run_until_cancelled(async {
            let mut group = Vec::new();
            while self.inbox.recv_many(&mut group, GROUP_MAX).await > 0 {
                metrics::histogram!("capstan_commit_group_items").record(group.len() as f64);
                for group in by_size(&mut group) {
                    self.flush(group, false).await;
                }
            }
        })
        .await;
    }

    /// Settles the fate of every item, however long the database is away. `doubtful`: some may be written already.
    async fn flush(&mut self, mut items: Vec<Item>, mut doubtful: bool) {
        let mut failures = 0_u32;
        while !items.is_empty() {
            let commits: Vec<&Commit> = items.iter().map(|item| &item.commit).collect();
            items = match answered(self.write(&commits, doubtful)).await {
                Ok(Reply::Written(woken)) => {
                    return answer(items, |id| Committed::Written { woken: woken.contains(&id) });
                }
                Ok(Reply::Lost(lost)) => {
                    let (gone, rest) = items.into_iter().partition(|item| lost.contains(&item.commit.execution_id));
                    answer(gone, |_| Committed::Lost);
                    rest
                }
                Err(StoreError::Fenced) if planted(Bug::ResumeReaped) => {
                    self.worker_no = self.register_again().await.unwrap_or(self.worker_no);
                    items
                }
                Err(StoreError::Fenced) => return self.over.cancel(),
                Err(StoreError::Data(error)) => return self.bisect(items, doubtful, &error.to_string()).await,
                Err(error) => {
                    doubtful = true;
                    failures += 1;
                    if failures.is_power_of_two() {
                        warn!(%error, failures, commits = items.len(), "a commit's fate is unknown; asking the database");
                    }
                    if failures >= FAILURES_MAX && items.len() > 1 {
                        return self.bisect(items, doubtful, &error.to_string()).await;
                    }
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                    items
                }
            };
        }
    }

    /// Writes what is not written yet; with `doubtful` some may be.
    async fn write(&mut self, commits: &[&Commit], doubtful: bool) -> Result<Reply, StoreError> {
        pass(Point::BeforeCommit);
        let is_new = !self.link.is_open();
        let connection = self.link.begin().await?;
        // After a failover the database may lack what this life has written: nothing may be put on top.
        if is_new && timeline(connection).await? != self.timeline {
            // The link is not done with, so that every other attempt looks again.
            return Err(StoreError::Fenced);
        }
        let result = match doubtful {
            true => write_the_rest(connection, self.worker_no, commits).await,
            false => {
                let question = ask::Commit { worker_no: self.worker_no, commits };
                told(question, commit(connection, self.worker_no, commits)).await
            }
        };
        pass(Point::AfterCommit);
        self.link.done(result)
    }

    /// Part of a planted bug.
    async fn register_again(&mut self) -> Result<i32, StoreError> {
        warn!(worker_no = self.worker_no, "going on under a fresh number");
        let result = register(self.link.begin().await?, "resumed").await;
        Ok(self.link.done(result)?.worker_no)
    }

    /// The group as a whole cannot be stored: halves it until what cannot be stored stands alone.
    fn bisect<'a>(&'a mut self, mut items: Vec<Item>, doubtful: bool, reason: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if items.len() == 1 {
                return answer(items, |_| Committed::Refused(reason.to_owned()));
            }
            let rest = items.split_off(items.len() / 2);
            self.flush(items, doubtful).await;
            self.flush(rest, doubtful).await;
        })
    }
}

/// Finds out what is written already, under the worker's own lock, and writes the rest; of what is written only the fate
/// of the lease is asked again, so that one which is gone is told as lost.
async fn write_the_rest(
    connection: &mut PgConnection,
    worker_no: i32,
    commits: &[&Commit],
) -> Result<Reply, StoreError> {
    let mut transaction = connection.begin().await?;
    exclude_self(&mut transaction, worker_no).await?;
    let written = told(ask::Find { commits }, already_written(&mut transaction, commits)).await?;
    debug!(written = written.len(), of = commits.len(), "commits found again");
    let left = |commit: &&Commit| match written.contains(&commit.execution_id) {
        true => commit.without_rows(),
        false => (*commit).clone(),
    };
    let left: Vec<Commit> = commits.iter().map(left).collect();
    let left: Vec<&Commit> = left.iter().collect();
    told(ask::Commit { worker_no, commits: &left }, async {
        let reply = commit(&mut transaction, worker_no, &left).await?;
        transaction.commit().await?;
        Ok(reply)
    })
    .await
}

/// Groups of at most [`GROUP_BYTES_MAX`], in order.
fn by_size(items: &mut Vec<Item>) -> Vec<Vec<Item>> {
    if items.iter().map(|item| item.commit.bytes).sum::<usize>() <= GROUP_BYTES_MAX {
        return vec![std::mem::take(items)];
    }
    let (mut groups, mut bytes) = (vec![Vec::new()], 0);
    for item in items.drain(..) {
        bytes += item.commit.bytes;
        if bytes > GROUP_BYTES_MAX && groups.last().is_some_and(|group| !group.is_empty()) {
            bytes = item.commit.bytes;
            groups.push(Vec::new());
        }
        if let Some(group) = groups.last_mut() {
            group.push(item);
        }
    }
    groups
}

fn answer(items: Vec<Item>, committed: impl Fn(ExecutionId) -> Committed) {
    for item in items {
        // A receiver that is gone belongs to an activation that was aborted; it needs no answer.
        let _ = item.reply.send(committed(item.commit.execution_id));
    }
}
