//! Group commit: what several executions of one worker have come to, in one round trip.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::children::{Family, family};
use super::codec::Row;
use super::error::StoreError;
use super::moment::id_at;
use crate::core::ids::{ExecutionId, SignalId, WorkspaceId};
use crate::faults::{Bug, planted};

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
    /// The entries, in order; may be none.
    pub rows: Vec<Row>,
    /// Metered units that no row is yet, as meter and units.
    pub usage: Vec<(&'static str, i64)>,
    /// What it does to other executions: children that start or are cancelled, only with rows that tell of it; and what it tells.
    pub family: Family,
    /// Whether it gives back slots, or a place in line for them, if it parks or ends.
    pub leaves: bool,
    /// Signals that lead to nothing, and go.
    pub dropped: Vec<SignalId>,
    /// Rough size of the rows.
    pub bytes: usize,
    /// What becomes of the lease.
    pub then: Then,
}

impl Commit {
    /// The same without what is written already: only the fate of the lease is left.
    #[must_use]
    pub fn without_rows(&self) -> Self {
        let dropped = self.dropped.clone();
        Self {
            rows: Vec::new(),
            usage: Vec::new(),
            family: Family::default(),
            dropped,
            then: self.then.clone(),
            ..*self
        }
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
        /// Its result, as JSON.
        output: Option<String>,
        /// Why it failed, as JSON.
        error: Option<String>,
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

const CALL: &str = "SELECT execution_id, verdict FROM commit_2(\
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, \
    $25, $26, $27, $28, $29)";
/// The same where children start, are cancelled, or end, slots are given back, or something is told.
const CALL_WITH_FAMILY: &str = "SELECT execution_id, verdict FROM commit_3(\
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, \
    $25, $26, $27, $28, $29, $30)";

/// Writes a group of commits of one worker, at most one for each execution.
///
/// # Errors
/// [`StoreError::Fenced`], [`StoreError::Data`] if one of them cannot be stored (bisect the group), else
/// [`StoreError::Database`]: then it is not known whether it was written.
pub async fn commit(connection: &mut PgConnection, worker_no: i32, commits: &[&Commit]) -> Result<Reply, StoreError> {
    let mut commits = commits.to_vec();
    commits.sort_unstable_by_key(|commit| commit.execution_id);
    let family = family(&commits);
    let mut columns = Columns::with_room_for(&commits);
    for (place, commit) in (1..).zip(commits) {
        columns.add(place, commit);
    }
    let call = sqlx::query_as(if family.is_some() { CALL_WITH_FAMILY } else { CALL }).bind(worker_no);
    let call = columns.bind(call);
    let call = if let Some(family) = family { call.bind(family) } else { call };
    let verdicts: Vec<(Uuid, String)> = call.fetch_all(connection).await?;
    let (lost, woken): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|(_, verdict)| verdict == "lost");
    let ids = |verdicts: Vec<(Uuid, String)>| verdicts.into_iter().map(|(id, _)| ExecutionId(id)).collect();
    Ok(if lost.is_empty() { Reply::Written(ids(woken)) } else { Reply::Lost(ids(lost)) })
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
    let other = i64::from(planted(Bug::NewLeaseNumber));
    let leases: Vec<i64> = commits.iter().map(|commit| commit.lease_no + other).collect();
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

/// The arrays of one call: a struct for each letter of `commit_2`. All name executions by their place in `x`.
#[derive(Default)]
struct Columns<'a> {
    x: Executions,
    j: Journal<'a>,
    e: Ends<'a>,
    s: (Vec<i32>, Vec<Uuid>),
    k: (Vec<i32>, Vec<Option<DateTime<Utc>>>),
    t: Vec<i32>,
    u: Usage,
}

#[derive(Default)]
struct Executions {
    ids: Vec<Uuid>,
    workspaces: Vec<Uuid>,
    leases: Vec<i64>,
}

#[derive(Default)]
struct Journal<'a> {
    x: Vec<i32>,
    positions: Vec<i32>,
    kinds: Vec<&'static str>,
    nodes: Vec<Option<&'a str>>,
    scopes: Vec<&'a str>,
    statuses: Vec<Option<&'static str>>,
    ports: Vec<Option<&'a str>>,
    attempts: Vec<Option<i32>>,
    outputs: Vec<Option<&'a str>>,
    details: Vec<Option<&'a str>>,
    ats: Vec<DateTime<Utc>>,
}

#[derive(Default)]
struct Ends<'a> {
    x: Vec<i32>,
    statuses: Vec<&'static str>,
    outputs: Vec<Option<&'a str>>,
    errors: Vec<Option<&'a str>>,
    events: Vec<Uuid>,
}

#[derive(Default)]
struct Usage {
    x: Vec<i32>,
    positions: Vec<i32>,
    meters: Vec<&'static str>,
    units: Vec<i64>,
}

type Call<'q> = sqlx::query::QueryAs<'q, sqlx::Postgres, (Uuid, String), sqlx::postgres::PgArguments>;

impl<'a> Columns<'a> {
    fn with_room_for(commits: &[&Commit]) -> Self {
        let rows = commits.iter().map(|commit| commit.rows.len()).sum();
        Self { x: Executions::with_capacity(commits.len()), j: Journal::with_capacity(rows), ..Self::default() }
    }

    fn add(&mut self, place: i32, commit: &'a Commit) {
        self.x.add(commit);
        for (offset, row) in (0..).zip(&commit.rows) {
            self.j.add(place, position(commit.position + offset), row);
            if let Some(signal_id) = row.signal_id {
                self.s.0.push(place);
                self.s.1.push(signal_id.0);
            }
        }
        for signal_id in &commit.dropped {
            self.s.0.push(place);
            self.s.1.push(signal_id.0);
        }
        for &(meter, units) in &commit.usage {
            self.u.add(place, position(commit.position), meter, units);
        }
        match &commit.then {
            Then::Hold => {}
            Then::Park { due_at } => {
                self.k.0.push(place);
                self.k.1.push(*due_at);
            }
            Then::End { status, output, error, leftovers } => {
                let event_id = commit.rows.last().map_or_else(Uuid::now_v7, |row| id_at(row.at));
                self.e.add(place, event_id, status, output.as_deref(), error.as_deref());
                if *leftovers && *status != "incident" {
                    self.t.push(place);
                }
            }
        }
    }

    fn bind(self, call: Call<'a>) -> Call<'a> {
        let call = self.e.bind(self.j.bind(self.x.bind(call)));
        let call = call.bind(self.s.0).bind(self.s.1).bind(self.k.0).bind(self.k.1).bind(self.t);
        call.bind(self.u.x).bind(self.u.positions).bind(self.u.meters).bind(self.u.units)
    }
}

impl Executions {
    fn with_capacity(executions: usize) -> Self {
        Self {
            ids: Vec::with_capacity(executions),
            workspaces: Vec::with_capacity(executions),
            leases: Vec::with_capacity(executions),
        }
    }

    fn add(&mut self, commit: &Commit) {
        self.ids.push(commit.execution_id.0);
        self.workspaces.push(commit.workspace_id.0);
        self.leases.push(commit.lease_no);
    }

    fn bind(self, call: Call<'_>) -> Call<'_> {
        call.bind(self.ids).bind(self.workspaces).bind(self.leases)
    }
}

impl<'a> Journal<'a> {
    fn with_capacity(rows: usize) -> Self {
        Self {
            x: Vec::with_capacity(rows),
            positions: Vec::with_capacity(rows),
            kinds: Vec::with_capacity(rows),
            nodes: Vec::with_capacity(rows),
            scopes: Vec::with_capacity(rows),
            statuses: Vec::with_capacity(rows),
            ports: Vec::with_capacity(rows),
            attempts: Vec::with_capacity(rows),
            outputs: Vec::with_capacity(rows),
            details: Vec::with_capacity(rows),
            ats: Vec::with_capacity(rows),
        }
    }

    fn add(&mut self, place: i32, position: i32, row: &'a Row) {
        self.x.push(place);
        self.positions.push(position);
        self.kinds.push(row.kind);
        self.nodes.push(row.step.as_ref().map(|step| step.node_id.as_str()));
        self.scopes.push(row.step.as_ref().map_or("", |step| step.scope.as_str()));
        self.statuses.push(row.status);
        self.ports.push(row.port.as_deref());
        self.attempts.push(row.attempts);
        self.outputs.push(row.output.as_deref());
        self.details.push(row.detail.as_deref());
        self.ats.push(row.at);
    }

    fn bind(self, call: Call<'a>) -> Call<'a> {
        let call = call.bind(self.x).bind(self.positions).bind(self.kinds).bind(self.nodes).bind(self.scopes);
        let call = call.bind(self.statuses).bind(self.ports).bind(self.attempts);
        call.bind(self.outputs).bind(self.details).bind(self.ats)
    }
}

impl<'a> Ends<'a> {
    fn add(
        &mut self,
        place: i32,
        event_id: Uuid,
        status: &'static str,
        output: Option<&'a str>,
        error: Option<&'a str>,
    ) {
        self.x.push(place);
        self.statuses.push(status);
        self.outputs.push(output);
        self.errors.push(error);
        self.events.push(event_id);
    }

    fn bind(self, call: Call<'a>) -> Call<'a> {
        call.bind(self.x).bind(self.statuses).bind(self.outputs).bind(self.errors).bind(self.events)
    }
}

impl Usage {
    fn add(&mut self, place: i32, position: i32, meter: &'static str, units: i64) {
        self.x.push(place);
        self.positions.push(position);
        self.meters.push(meter);
        self.units.push(units);
    }
}
