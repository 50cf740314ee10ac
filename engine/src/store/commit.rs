//! Group commit: what several executions of one worker have come to, in one round trip.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::codec::encode;
use super::error::StoreError;
use crate::core::ids::{ExecutionId, WorkspaceId};
use crate::core::journal::{Entry, Event};

/// What is written for one execution.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its tenant.
    pub workspace_id: WorkspaceId,
    /// The lease under which it is written.
    pub lease_no: i64,
    /// Position of the first entry.
    pub position: u32,
    /// In order; may be empty.
    pub entries: Vec<Entry>,
    /// Metered units that no row is yet, as meter and units.
    pub usage: Vec<(&'static str, i64)>,
    /// Rough size of the entries.
    pub bytes: usize,
    /// What becomes of the lease.
    pub then: Then,
}

impl Commit {
    /// The same without what is written already: only the fate of the lease is left.
    #[must_use]
    pub fn without_entries(&self) -> Self {
        Self { entries: Vec::new(), usage: Vec::new(), then: self.then.clone(), ..*self }
    }
}

/// What becomes of the lease after a commit.
#[derive(Clone, Debug)]
pub enum Then {
    /// The worker goes on.
    Hold,
    /// The lease goes, until a signal or `due_at`. Refused, and the lease kept, if a signal is there.
    Park {
        /// The earliest deadline, if there is one.
        due_at: Option<DateTime<Utc>>,
    },
    /// The execution is over, or, with status `incident`, waits for a person.
    End {
        /// `completed`, `failed`, `cancelled` or `incident`.
        status: &'static str,
        /// Its result.
        output: Option<Value>,
        /// Why it failed.
        error: Option<Value>,
        /// Whether it ever parked or got signals, so that timers or signals may be left.
        leftovers: bool,
    },
}

/// What the database made of a group.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// All of it is durable. For these executions a signal is there; a park of theirs was not done.
    Written(Vec<ExecutionId>),
    /// None of it was written, because these are no longer this worker's.
    Lost(Vec<ExecutionId>),
}

const CALL: &str = "SELECT execution_id, verdict FROM commit_1(\
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, \
    $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)";

/// Writes a group of commits of one worker, at most one for each execution.
///
/// # Errors
/// [`StoreError::Fenced`], [`StoreError::Data`] if one of them cannot be stored (bisect the group), else
/// [`StoreError::Database`]: then it is not known whether it was written.
pub async fn commit(connection: &mut PgConnection, worker_no: i32, commits: &[&Commit]) -> Result<Reply, StoreError> {
    let mut commits = commits.to_vec();
    commits.sort_unstable_by_key(|commit| commit.execution_id);
    let mut rows = Columns::default();
    for commit in commits {
        rows.add(commit);
    }
    let answer = rows.bind(sqlx::query(CALL).bind(worker_no)).fetch_all(connection).await?;
    let mut lost = Vec::new();
    let mut woken = Vec::new();
    for row in answer {
        let id = ExecutionId(row.try_get(0)?);
        match row.try_get::<String, _>(1)?.as_str() {
            "lost" => lost.push(id),
            _ => woken.push(id),
        }
    }
    Ok(if lost.is_empty() { Reply::Written(woken) } else { Reply::Lost(lost) })
}

/// Which of these commits are already on disk, after a reply was lost. Run under the worker's own exclusive
/// lock, so that nothing of it is still in flight.
///
/// # Errors
/// If the database does.
pub async fn already_written(
    connection: &mut PgConnection,
    commits: &[&Commit],
) -> Result<Vec<ExecutionId>, StoreError> {
    let ids: Vec<Uuid> = commits.iter().map(|commit| commit.execution_id.0).collect();
    let positions: Vec<i32> = commits.iter().map(|commit| position(commit.position)).collect();
    let leases: Vec<i64> = commits.iter().map(|commit| commit.lease_no).collect();
    let written: Vec<Uuid> = sqlx::query_scalar(
        "SELECT c.id FROM unnest($1::uuid[], $2::int[], $3::bigint[]) AS c (id, position, lease_no) \
         JOIN journal j ON j.execution_id = c.id AND j.position = c.position AND j.lease_no = c.lease_no",
    )
    .bind(ids)
    .bind(positions)
    .bind(leases)
    .fetch_all(connection)
    .await?;
    Ok(written.into_iter().map(ExecutionId).collect())
}

fn position(position: u32) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}

/// The arrays of one call.
#[derive(Default)]
struct Columns {
    x: (Vec<Uuid>, Vec<i64>),
    j: JournalColumns,
    e: EndColumns,
    s: (Vec<Uuid>, Vec<Uuid>),
    k: (Vec<Uuid>, Vec<Option<DateTime<Utc>>>),
    t: Vec<Uuid>,
    o: OutboxColumns,
    u: UsageColumns,
}

#[derive(Default)]
struct EndColumns {
    ids: Vec<Uuid>,
    statuses: Vec<&'static str>,
    outputs: Vec<Option<String>>,
    errors: Vec<Option<String>>,
}

#[derive(Default)]
struct OutboxColumns {
    ids: Vec<Uuid>,
    workspaces: Vec<Uuid>,
    types: Vec<String>,
    aggregates: Vec<Uuid>,
    payloads: Vec<String>,
}

#[derive(Default)]
struct UsageColumns {
    ids: Vec<Uuid>,
    positions: Vec<i32>,
    meters: Vec<&'static str>,
    workspaces: Vec<Uuid>,
    units: Vec<i64>,
}

#[derive(Default)]
struct JournalColumns {
    ids: Vec<Uuid>,
    positions: Vec<i32>,
    workspaces: Vec<Uuid>,
    leases: Vec<i64>,
    kinds: Vec<&'static str>,
    nodes: Vec<Option<String>>,
    scopes: Vec<String>,
    statuses: Vec<Option<&'static str>>,
    ports: Vec<Option<String>>,
    attempts: Vec<Option<i32>>,
    outputs: Vec<Option<String>>,
    details: Vec<Option<String>>,
    ats: Vec<DateTime<Utc>>,
}

type Call<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

impl Columns {
    fn add(&mut self, commit: &Commit) {
        let id = commit.execution_id.0;
        self.x.0.push(id);
        self.x.1.push(commit.lease_no);
        for (offset, entry) in (0..).zip(&commit.entries) {
            self.j.add(commit, position(commit.position + offset), entry);
            if let Event::Signalled { signal_id, .. } = &entry.event {
                self.s.0.push(id);
                self.s.1.push(signal_id.0);
            }
        }
        for &(meter, units) in &commit.usage {
            self.u.ids.push(id);
            self.u.positions.push(position(commit.position));
            self.u.meters.push(meter);
            self.u.workspaces.push(commit.workspace_id.0);
            self.u.units.push(units);
        }
        match &commit.then {
            Then::Hold => {}
            Then::Park { due_at } => {
                self.k.0.push(id);
                self.k.1.push(*due_at);
            }
            Then::End { status, output, error, leftovers } => {
                self.end(commit, status, output.as_ref(), error.as_ref());
                if *leftovers && *status != "incident" {
                    self.t.push(id);
                }
            }
        }
    }

    fn end(&mut self, commit: &Commit, status: &'static str, output: Option<&Value>, error: Option<&Value>) {
        let id = commit.execution_id.0;
        self.e.ids.push(id);
        self.e.statuses.push(status);
        self.e.outputs.push(output.map(Value::to_string));
        self.e.errors.push(error.map(Value::to_string));
        self.o.ids.push(Uuid::now_v7());
        self.o.workspaces.push(commit.workspace_id.0);
        self.o.types.push(format!("execution.{status}"));
        self.o.aggregates.push(id);
        self.o.payloads.push(json!({ "execution_id": commit.execution_id, "status": status }).to_string());
    }

    fn bind<'q>(self, call: Call<'q>) -> Call<'q> {
        let j = self.j;
        call.bind(self.x.0)
            .bind(self.x.1)
            .bind(j.ids)
            .bind(j.positions)
            .bind(j.workspaces)
            .bind(j.leases)
            .bind(j.kinds)
            .bind(j.nodes)
            .bind(j.scopes)
            .bind(j.statuses)
            .bind(j.ports)
            .bind(j.attempts)
            .bind(j.outputs)
            .bind(j.details)
            .bind(j.ats)
            .bind(self.e.ids)
            .bind(self.e.statuses)
            .bind(self.e.outputs)
            .bind(self.e.errors)
            .bind(self.s.0)
            .bind(self.s.1)
            .bind(self.k.0)
            .bind(self.k.1)
            .bind(self.t)
            .bind(self.o.ids)
            .bind(self.o.workspaces)
            .bind(self.o.types)
            .bind(self.o.aggregates)
            .bind(self.o.payloads)
            .bind(self.u.ids)
            .bind(self.u.positions)
            .bind(self.u.meters)
            .bind(self.u.workspaces)
            .bind(self.u.units)
    }
}

impl JournalColumns {
    fn add(&mut self, commit: &Commit, position: i32, entry: &Entry) {
        let row = encode(&entry.event);
        self.ids.push(commit.execution_id.0);
        self.positions.push(position);
        self.workspaces.push(commit.workspace_id.0);
        self.leases.push(commit.lease_no);
        self.kinds.push(row.kind);
        self.nodes.push(row.step.map(|step| step.node_id.as_str().to_owned()));
        self.scopes.push(row.step.map(|step| step.scope.as_str().to_owned()).unwrap_or_default());
        self.statuses.push(row.status);
        self.ports.push(row.port.map(str::to_owned));
        self.attempts.push(row.attempts);
        self.outputs.push(row.output.map(Value::to_string));
        self.details.push(row.detail.map(|detail| detail.to_string()));
        self.ats.push(entry.at);
    }
}
