//! Everything that the checker knows when a run is over, from three sides: clients, the effect server, the tables.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::graphs::GraphSpec;
pub use crate::inject::Injected;
pub use crate::ledger::{Cancel, Start};
pub use crate::observer::Seen;
use crate::plan::Fault;
pub use crate::site::Call;
use crate::toxic::TOXIC;
use crate::trace::Replay;

/// A lease that was seen so shortly before its worker was fenced counts as lost with it.
const SEEN_BEFORE_FENCE_MAX: TimeDelta = TimeDelta::milliseconds(700);
/// Lost workers in a row that make an execution an incident.
pub(crate) const LOSSES_MAX: usize = 3;

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Tenants.
    pub workspaces: Vec<Uuid>,
    /// Workflows, with the number of the workspace.
    pub workflows: Vec<(usize, GraphSpec)>,
    /// From the clients.
    pub starts: Vec<Start>,
    /// From the effect server, in the order of arrival.
    pub calls: Vec<Call>,
    /// From the tables.
    pub executions: HashMap<Uuid, Execution>,
    /// From the tables, by position.
    pub journal: HashMap<Uuid, Vec<Row>>,
    /// From the tables: who was called, by which step.
    pub children: Vec<Child>,
    /// Keys under which there are several events.
    pub events_twice: Vec<String>,
    /// When workers were fenced, by number; those that were not are missing.
    pub fenced_at: HashMap<i32, DateTime<Utc>>,
    /// Tables that are empty when nothing is to do, and the executions of the first rows that are left there.
    pub leftovers: Vec<(String, Uuid)>,
    /// Rows of `usage`.
    pub usage_rows: i64,
    /// Units of started executions that were granted to each workspace.
    pub granted: HashMap<Uuid, i64>,
    /// The same once the counters were compared with their facts.
    pub reconciled: HashMap<Uuid, i64>,
    /// What somebody could see of another tenant.
    pub crossings: Vec<String>,
    /// Where a secret was found.
    pub leaks: Vec<String>,
    /// What the observer saw on the way.
    pub seen: Seen,
    /// Executions and the leases that they lost with their workers, as the tables tell it: a neighbour may take over before
    /// the observer has looked.
    pub told_losses: Vec<(Uuid, i64)>,
    /// Workers that were given up with something in their hands, by number, and when.
    pub given_up: Vec<(i32, DateTime<Utc>)>,
    /// The leases whose losses counted against each incident since it last wrote something, in their order.
    pub incident_losses: HashMap<Uuid, Vec<i64>>,
    /// What was done to it all.
    pub injected: Injected,
    /// What the model makes of what the processes have recorded, if they have.
    pub replay: Option<Replay>,
}

/// An execution's row.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its tenant.
    pub workspace: Uuid,
    /// From its input.
    pub tag: String,
    /// As it is stored.
    pub status: String,
    /// When it was started.
    pub created_at: DateTime<Utc>,
}

/// A row of the journal.
#[derive(Clone, Debug)]
pub struct Row {
    /// From 1.
    pub position: i32,
    /// Its tenant.
    pub workspace: Uuid,
    /// The lease under which it was written.
    pub lease_no: i64,
    /// `settled`, `waiting` and so on.
    pub kind: String,
    /// Empty for entries about the whole execution.
    pub node: String,
    /// Empty at the top level.
    pub scope: String,
    /// Of settled steps.
    pub status: Option<String>,
    /// Of completed steps.
    pub port: Option<String>,
    /// Attempts so far.
    pub attempts: Option<i32>,
    /// When a waiting step, or the next attempt, is due.
    pub due: Option<DateTime<Utc>>,
    /// The key of the event that a settled step took.
    pub heard: Option<String>,
    /// Whether it is a cancel that leaves nothing to run.
    pub is_forced: bool,
    /// When it was decided.
    pub recorded_at: DateTime<Utc>,
    /// When its transaction was committed, as the database remembers.
    pub committed_at: DateTime<Utc>,
    /// Of the whole row.
    pub digest: String,
}

/// An execution that a step of another one has called.
#[derive(Clone, Debug)]
pub struct Child {
    /// The execution that was called.
    pub id: Uuid,
    /// The one that calls.
    pub parent: Uuid,
    /// The step that calls.
    pub node: String,
    /// The place of that step.
    pub scope: String,
}

impl Execution {
    /// Whether it has come to its end.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        ["completed", "failed", "cancelled"].contains(&self.status.as_str())
    }
}

impl Row {
    /// Whether it settles a step.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.kind == "settled"
    }

    /// Whether it settles a step that did what it should.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.is_settled() && self.status.as_deref() == Some("completed")
    }
}

impl Facts {
    /// The rows of an execution.
    #[must_use]
    pub fn rows(&self, execution: Uuid) -> &[Row] {
        self.journal.get(&execution).map_or(&[], Vec::as_slice)
    }

    /// The row that settles a step.
    #[must_use]
    pub fn settled(&self, execution: Uuid, node: &str, scope: &str) -> Option<&Row> {
        self.rows(execution).iter().find(|row| row.is_settled() && row.node == node && row.scope == scope)
    }

    /// The graph of a start.
    #[must_use]
    pub fn spec(&self, start: &Start) -> &GraphSpec {
        &self.workflows[start.workflow].1
    }

    /// Whether a step may be cancelled, so that nothing comes of what it waited for: its client asked for that, or what
    /// is beside it may.
    pub(crate) fn may_be_cut(&self, start: &Start, node: &str) -> bool {
        start.cancel.is_some() || self.spec(start).node(node).is_some_and(|node| !node.is_certain)
    }

    /// Whether it was paused, or told to try again at once: it goes by the times of a person then.
    pub(crate) fn was_ordered(&self, execution: Uuid) -> bool {
        self.rows(execution).iter().any(|row| ["paused", "hastened"].contains(&row.kind.as_str()))
    }

    /// Starts by execution.
    #[must_use]
    pub fn by_id(&self) -> HashMap<Uuid, &Start> {
        self.starts.iter().filter_map(|start| Some((*start.acknowledged.first()?, start))).collect()
    }

    /// Starts by tag.
    #[must_use]
    pub fn by_tag(&self) -> HashMap<&str, &Start> {
        self.starts.iter().map(|start| (start.tag.as_str(), start)).collect()
    }

    /// Who holds, or held, each lease.
    #[must_use]
    pub fn holders(&self) -> HashMap<i64, i32> {
        let seen = self.seen.leases.iter().map(|(&lease_no, seen)| (lease_no, seen.worker_no));
        let struck = self.injected.struck.iter().flat_map(|struck| &struck.held);
        seen.chain(struck.map(|held| (held.lease_no, held.worker_no))).collect()
    }

    /// The leases that each execution has lost with their workers.
    #[must_use]
    pub fn lost_leases(&self) -> HashMap<Uuid, HashSet<i64>> {
        let struck = self.injected.struck.iter().filter(|struck| struck.loses_workers());
        let struck = struck.flat_map(|struck| &struck.held).map(|held| (held.execution, held.lease_no));
        let fenced = self.seen.leases.iter().filter(|(_, seen)| {
            self.fenced_at.get(&seen.worker_no).is_some_and(|&at| seen.last >= at - SEEN_BEFORE_FENCE_MAX)
        });
        let fenced = fenced.map(|(&lease_no, seen)| (seen.execution, lease_no));
        let mut lost = HashMap::<Uuid, HashSet<i64>>::new();
        for (execution, lease_no) in struck.chain(fenced).chain(self.told_losses.iter().copied()) {
            lost.entry(execution).or_default().insert(lease_no);
        }
        lost
    }

    /// Executions that ended every worker which ran them, as their input asked for.
    #[must_use]
    pub fn poisoned(&self) -> HashSet<Uuid> {
        let starts = self.starts.iter().filter(|start| start.variant == TOXIC);
        starts.filter_map(|start| start.acknowledged.first().copied()).collect()
    }

    /// Whether an incident names the three losses that made it one, and no more. A fault may end the very worker that
    /// was to set it aside: then it names that one, too.
    pub(crate) fn names_three_losses(&self, incident: Uuid) -> bool {
        let Some((_, more)) = self.incident_losses.get(&incident).and_then(|named| named.split_at_checked(LOSSES_MAX))
        else {
            return false;
        };
        let struck = self.injected.struck.iter().filter(|struck| struck.loses_workers());
        let others = struck.filter(|struck| !matches!(struck.fault, Fault::Poison { .. }));
        let hit: HashSet<i64> = others.flat_map(|struck| &struck.held).map(|held| held.lease_no).collect();
        more.iter().all(|lease_no| hit.contains(lease_no))
    }

    /// Executions that are rightly set aside: poison, and incidents each of whose three losses is known otherwise.
    #[must_use]
    pub fn set_aside(&self) -> HashSet<Uuid> {
        let (lost, poisoned) = (self.lost_leases(), self.poisoned());
        let is_known = |id: &Uuid| {
            let (named, lost) = (self.incident_losses.get(id), lost.get(id));
            named.zip(lost).is_some_and(|(named, lost)| named.iter().all(|lease_no| lost.contains(lease_no)))
        };
        let is_right = |id: &Uuid| poisoned.contains(id) || self.names_three_losses(*id) && is_known(id);
        self.executions.iter().filter(|(id, row)| row.status == "incident" && is_right(id)).map(|(&id, _)| id).collect()
    }
}
